/* redis_cache: the dedup cache of design 4 in Redis, one raw partition at a time. The one module that includes hiredis.
 *
 * Keys of partition p, all under the hash tag {<raw topic>/<partition>}:
 *   {..}:<format>:<key id>:head         hash: gen and tip in hex, wm and vp in digits, their seal, and per board
 *                                        b<number> = max, full (8 bytes big-endian each), seal of the
 *                                        board's entries, seal of these three (redis_seal.h)
 *   {..}:<format>:<key id>:<gen>:<board> string: the board's entries, 40 bytes each, sorted by teacher key:
 *                                        teacher key 16, content hash 16, sequence 8 big-endian
 *   {..}:<format>:<key id>:tries        hash: raw offset in 20 digits -> attempts
 * One string per board instead of one hash per teacher: a nightly VOLLEDIG needs all entries of its board, so one GET
 * of 6 KB replaces 160 fields; measured in ARCHITECTURE.md. Losing a string, or the head, costs time only.
 *
 * Owner: the worker thread. Every call is bounded by wait_ms of the options, and by connect_ms for each address it has
 * to try when the line is made anew (but for the look-up of a host name). It is a cache: whatever Redis says or does
 * not say, be it away, loading, read-only, full, or refusing our password, is ERR_RETRY: go on without it. The code
 * then is "connection", "name" (no address known), a cause of TLS (base/peer_cause.h; "tls-files"), "answer" (another
 * kind than asked for) or the first word of its error reply. After it the connection is left; the next call resolves
 * the name again, begins behind the address that was left, and reads the password again. Scripts compare and copy byte
 * strings only. A user needs EVAL, EVALSHA,
 * SCRIPT LOAD, UNLINK, and the hash and string commands on the keys above; in a Redis Cluster CLUSTER SLOTS and ASKING
 * too.
 *
 * A Redis Cluster is found out by its first MOVED; all keys of a partition lie in one slot, so a script stays atomic.
 * While a slot moves its scripts may fail, as its keys are apart: ERR_RETRY until it has moved. */
#ifndef REDIS_REDIS_CACHE_H
#define REDIS_REDIS_CACHE_H

#include "base/arena.h"
#include "base/secret_file.h"

#include "model/teacher_key.h"

#include <stdbool.h>

struct redis_options {
	const char *address; /* host:port or a socket path; several with commas between them: each is tried; of a
			      * Redis Cluster some of its nodes */
	const char *user;
	struct secret password; /* its file is read again at each connection */
	uint32_t connect_ms, wait_ms;
	bool has_tls;			  /* not for the path of a socket */
	const char *ca_file;		  /* empty: the CAs of the system */
	const char *cert_file, *key_file; /* ours, when Redis wants one; files are read again at each connection */
};

enum { REDIS_PASSWORD_BYTES_MAX = 1024 + 3 }; /* a line break and a byte that shows a longer one included */

enum {
	CACHE_GEN_BYTES = 16,
	CACHE_ID_BYTES = 16,
	CACHE_ENTRY_BYTES = 40,
	CACHE_BOARDS_MAX = 4096,	 /* of one call: more is ERR_FULL; the country has 1,450 */
	CACHE_CALL_BYTES_MAX = 32 << 20, /* entries of one advance: more is ERR_FULL; the country has 9 MB */
};
#define CACHE_FORMAT "3" /* of what stands under the keys: a binary of another format does not see it */

struct cache_head {
	bool is_cold; /* no head, or one that is not whole: the rest is not set */
	uint8_t gen[CACHE_GEN_BYTES];
	int64_t next_raw;     /* wm */
	int64_t next_verdict; /* vp */
	uint8_t tip[CACHE_ID_BYTES];
	uint32_t board_count; /* that have a field: sealed with the rest, so that one which was removed is missed. Of an
			       * advance: of the head that is expected; begin and advance count what they write */
};

struct cache_board {
	uint32_t board;
	int64_t sequence_max; /* 0: none seen */
	int64_t sequence_full;
	struct slice entries; /* count * CACHE_ENTRY_BYTES, in the arena; empty: nothing certain */
	bool has_field;	      /* read: the head has one of this board; for the advance that follows */
	bool is_refused;      /* read: entries stood there that are not those the head speaks of; not believed */
	bool is_changed;      /* advance writes its sequences and entries; the others it leaves alone */
};

struct redis_cache;

MUSTUSE int redis_cache_open(const struct redis_options *options, const char *raw_topic, const struct hmac_key *key,
			     struct redis_cache **ret,
			     /* key: of the teacher keys; copied. Does not connect yet; ERR_CONFIG: the address */
			     struct err *err);
void redis_cache_close(struct redis_cache *cache);

/* Head and the boards asked for, in one atomic step. boards[i].board is given, the rest is filled. Entries that the
 * head does not vouch for (damaged, old, of another board) come back empty and the board is_refused; a head whose own
 * seals do not hold is removed: cold. */
MUSTUSE int redis_cache_read(struct redis_cache *cache, int32_t partition, struct cache_head *ret_head,
			     struct cache_board *boards, size_t count, struct arena *arena, struct err *err);

/* Compares gen and vp with what stands; if they are equal, writes the changed boards, then the head. One script, all or
 * nothing. expected and next have the same gen. Not done: another wrote, or the head is gone; the lane goes to its
 * start. After ERR_RETRY it may have been done: read, and compare. */
MUSTUSE int redis_cache_advance(struct redis_cache *cache, int32_t partition, const struct cache_head *expected,
				const struct cache_head *next, const struct cache_board *boards, size_t count,
				bool *ret_is_done, struct err *err);

/* Takes the head away: the partition is cold. For an operator's refill. */
MUSTUSE int redis_cache_drop(struct redis_cache *cache, int32_t partition, struct err *err);

/* The clock of the server that has this partition, in ms since 1970. A user needs the command TIME for it, which no
 * worker does. */
MUSTUSE int redis_cache_clock(struct redis_cache *cache, int32_t partition, int64_t *ret_ms, struct err *err);

/* For an operator's question: what Redis does when it is asked for each command of the cache, on keys of this partition
 * that are gone afterwards (at the latest in ten seconds). A user needs none but the rights of the cache for it. */
enum { CACHE_COMMANDS = 11, CACHE_CODE_BYTES = 24 };
extern const char *const CACHE_COMMAND_NAMES[CACHE_COMMANDS]; /* in lower case, as an ACL has them */
struct cache_trial {
	/* "": done. CACHE_NOT_THERE: there is no such command (renamed, disabled); else the code of its error */
	char codes[CACHE_COMMANDS][CACHE_CODE_BYTES];
};
#define CACHE_NOT_THERE "unknown"
MUSTUSE int redis_cache_try_commands(struct redis_cache *cache, int32_t partition, struct cache_trial *ret,
				     struct err *err);
const char *redis_meaning_of(const char *code); /* of an error's code: goes on after "Redis " */

/* What INFO says of the server that has this partition, in the arena. A user needs INFO for it, which no worker
 * does. */
MUSTUSE int redis_cache_info(struct redis_cache *cache, int32_t partition, struct arena *arena, struct slice *ret,
			     struct err *err);

/* Cold start: sets a head that does not exist, with gen, positions and all boards' max and full. Not done: one
 * stands. */
MUSTUSE int redis_cache_begin(struct redis_cache *cache, int32_t partition, const struct cache_head *head,
			      const struct cache_board *boards, size_t count, bool *ret_is_done, struct err *err);

/* Counts an attempt at a raw offset, beside the head; returns in *ret how often it was tried, this one included. An
 * advance beyond the offset removes the counter. */
MUSTUSE int redis_cache_try(struct redis_cache *cache, int32_t partition, int64_t raw_offset, int64_t *ret,
			    struct err *err);
/* How often it was tried without coming back; counts nothing. */
MUSTUSE int redis_cache_attempts(struct redis_cache *cache, int32_t partition, int64_t raw_offset, int64_t *ret,
				 struct err *err);
/* Takes the attempt back: it ended without an advance, but the process lives. So the counter holds the attempts that
 * did not come back, and waiting or a change of owner makes no message look like poison. */
MUSTUSE int redis_cache_came_back(struct redis_cache *cache, int32_t partition, int64_t raw_offset, struct err *err);

#endif
