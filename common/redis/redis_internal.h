/* redis_internal: what the files of this module share. It shows hiredis.
 *
 *   redis_place.c  "host:port,.." to socket addresses
 *   redis_node.c   one connection: connect, TLS, log in, load the scripts, send, receive
 *   redis_error.c  what an error reply means
 *   redis_cluster.c Redis Cluster: key to slot, slot to node
 *   redis_link.c   a call: its node, and what happens when that does not serve it
 *   redis_cache.c  the calls of redis_cache.h
 *   redis_trial.c  whether our user may what the calls need
 *
 * A call, from top to bottom:
 *   1. redis_cache.c makes the words of a script, and the slot of the partition's keys.
 *   2. redis_link.c takes the node of that slot. A single Redis has one node, at the places of the settings; that it is
 *      a cluster we learn from its first MOVED. It sends the words, and the script's text when the node has lost it.
 *   3. redis_node.c connects if it has to: it resolves the places anew, reads the password again, and tries each
 *      address with a deadline of its own. The address we left last comes last.
 *   4. An answer goes up. MOVED and ASK are followed within the call, HOPS_MAX times; MOVED, a broken line and a
 *      refusal make the map of slots old, and the next call asks for it first: so a failover is followed. A broken line
 *      and every other refusal end the call as ERR_RETRY, and the connection: who answered READONLY, LOADING or NOAUTH
 *      may be the wrong server, and the next call asks the name again. A missing script alone is no reason to leave. */
#ifndef REDIS_REDIS_INTERNAL_H
#define REDIS_REDIS_INTERNAL_H

#include "redis/redis_cache.h"
#include "redis/redis_script.h"

#include "tls/tls_client.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>

enum {
	REDIS_SLOTS = 16384,
	REDIS_NODES_MAX = 64, /* masters of a cluster; with more, calls to the others fail */
	REDIS_ARGS_MAX = 4 * CACHE_BOARDS_MAX + 32,
	REDIS_RECEIVE_BYTES = 256 << 10,
	REDIS_REPLY_BYTES_MAX = 256 << 20,
	REDIS_ELEMENTS_MAX = 1 << 20, /* of an array in a reply */
	REDIS_PLACE_BYTES = 272,      /* host:port or a path */
	REDIS_ADDRESSES_MAX = 16,
};

/* ---- places ---- */

struct redis_address {
	struct sockaddr_storage at;
	socklen_t bytes;
	char host[REDIS_PLACE_BYTES]; /* as the place calls it, which its certificate must be of; empty: a path */
};

/* Whether each place of the list is a host:port or a path. */
bool redis_places_are_sound(const char *places);
/* All addresses of all places, as the resolver gives them now. *ret_count may be 0: no name is known. Blocks as long as
 * the resolver does. */
void redis_places_resolve(const char *places, struct redis_address ret[REDIS_ADDRESSES_MAX], size_t *ret_count);

/* host:port or path; empty: of none. */
void redis_address_name(const struct redis_address *address, char *buf, size_t buf_bytes);

/* ---- a command ---- */

/* Words of a command; the bytes are the caller's and last until the call. */
struct redis_args {
	int count;
	const char *p[REDIS_ARGS_MAX];
	size_t n[REDIS_ARGS_MAX];
};
void redis_args_add(struct redis_args *args, struct slice word);

/* ---- error replies ---- */

/* Is the reply an error with this code? */
bool redis_reply_is(const redisReply *reply, const char *code);
struct redis_node;
/* ERR_RETRY with the code of the error reply of the node. Of its other words, which may quote an argument, only the
 * name of a command that our user may not goes further. */
MUSTUSE int redis_reply_fail(const struct redis_node *node, const redisReply *reply, struct err *err);

/* ---- a node ---- */

struct redis_node {
	const struct redis_options *options;
	const char *places;
	int fd;			/* -1: not connected */
	struct tls_client *tls; /* NULL: none */
	redisReader *reader;
	const struct redisReplyObjectFunctions *unbounded; /* hiredis' own */
	struct redisReplyObjectFunctions bounded;	   /* the same, but for long arrays */
	struct redis_address left;			   /* the address we left last; bytes 0: none */
	struct redis_address here;			   /* the one we are or were connected to */
	bool has_answered;				   /* on this connection */
	char sha[REDIS_SCRIPT_COUNT][41];
	char *receive_buffer; /* REDIS_RECEIVE_BYTES, the link's */
};

/* HOST:PORT it is connected to, or was last; before that the places of the settings. Returns ret. */
const char *redis_node_where(const struct redis_node *node, char ret[PEER_WHERE_BYTES]);

/* Closes the connection. The next begins with the address behind this one. */
void redis_node_leave(struct redis_node *node);
/* Connects if it is not connected. Each address has connect_ms. */
MUSTUSE int redis_node_connect(struct redis_node *node, struct err *err);
/* Sends a command and waits for its reply, which may be an error. A line that breaks is left. */
MUSTUSE int redis_node_exchange(struct redis_node *node, const struct redis_args *args, int64_t end_ms,
				redisReply **ret, struct err *err);

/* Likewise a short command: up to three words. */
MUSTUSE int redis_node_exchange_words(struct redis_node *node, const struct slice *words, int count, int64_t end_ms,
				      redisReply **ret, struct err *err);

static inline void drop_reply(redisReply **reply)
{
	if (*reply)
		freeReplyObject(*reply);
}

/* ---- a cluster ---- */

struct redis_cluster {
	bool is_on;		     /* some node said MOVED or ASK */
	bool is_old;		     /* the map is to be asked for before it is used */
	uint8_t owners[REDIS_SLOTS]; /* index + 1 of the node; 0: not known */
	struct redis_node nodes[REDIS_NODES_MAX];
	char places[REDIS_NODES_MAX][REDIS_PLACE_BYTES]; /* host:port; empty: no node */
};

/* The slot of a key: CRC16 of what stands between its first { and the next }, or of the whole key. */
uint16_t redis_slot_of(struct slice key);

/* pattern: what all its nodes begin as, but for their places. */
void redis_cluster_init(struct redis_cluster *cluster, const struct redis_node *pattern);
void redis_cluster_release(struct redis_cluster *cluster);
/* An answer to CLUSTER SLOTS becomes the map; nodes without slots are left. asked: who answered, as it may leave out
 * its own host. false: it is none. */
bool redis_cluster_take_map(struct redis_cluster *cluster, const redisReply *reply, const struct redis_node *asked);

struct redis_redirect {
	uint16_t slot;
	struct redis_node *node;
	bool is_ask; /* for this command alone; else the slot has moved */
};
/* Whether the reply is MOVED or ASK; a MOVED changes the map. *ret: where to go; its node is NULL when the reply names
 * none that we could ask. */
bool redis_cluster_take_redirect(struct redis_cluster *cluster, const redisReply *reply, const struct redis_node *asked,
				 struct redis_redirect *ret);

/* ---- the link ---- */

struct redis_link {
	struct redis_options options;
	struct redis_node seed; /* the places of the settings */
	struct redis_cluster cluster;
	char receive_buffer[REDIS_RECEIVE_BYTES];
};

void redis_link_init(struct redis_link *link, const struct redis_options *options);
void redis_link_release(struct redis_link *link);

/* Runs a script. args: two words kept free, then number of keys, keys and arguments. *ret is no error reply; free
 * it. */
MUSTUSE int redis_link_run(struct redis_link *link, uint16_t slot, enum redis_script script, struct redis_args *args,
			   redisReply **ret, struct err *err);
/* Runs a plain command. */
MUSTUSE int redis_link_command(struct redis_link *link, uint16_t slot, struct redis_args *args, redisReply **ret,
			       struct err *err);

/* ---- the trial of redis_cache_try_commands ---- */

/* prefix: of the partition's keys, which lie in slot. args: for its words. */
MUSTUSE int redis_trial_run(struct redis_link *link, uint16_t slot, const char *prefix, struct redis_args *args,
			    struct cache_trial *ret, struct err *err);

#endif
