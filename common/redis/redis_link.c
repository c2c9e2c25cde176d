#include "redis/redis_internal.h"

#include "base/clock.h"

#include <assert.h>

enum { HOPS_MAX = 4 };

void redis_args_add(struct redis_args *args, struct slice word)
{
	assert(args->count < REDIS_ARGS_MAX);
	args->p[args->count] = word.n > 0 ? word.p : "";
	args->n[args->count++] = word.n;
}

static void set_word(struct redis_args *args, int at, const char *word)
{
	args->p[at] = word;
	args->n[at] = strlen(word);
}

void redis_link_init(struct redis_link *link, const struct redis_options *options)
{
	link->options = *options;
	link->seed = (struct redis_node){ .options = &link->options,
					  .places = link->options.address,
					  .fd = -1,
					  .receive_buffer = link->receive_buffer };
	redis_cluster_init(&link->cluster, &link->seed);
}

void redis_link_release(struct redis_link *link)
{
	redis_cluster_release(&link->cluster);
	redis_node_leave(&link->seed);
}

/* ---- one node ---- */

struct request {
	uint16_t slot;
	bool is_script; /* else the words are the command */
	enum redis_script script;
	struct redis_args *args;
};

static int exchange(struct redis_node *node, const struct redis_args *args, redisReply **ret, struct err *err)
{
	return redis_node_exchange(node, args, clock_ms() + node->options->wait_ms, ret, err);
}

static int exchange_words(struct redis_node *node, const char *first, const char *second, redisReply **ret,
			  struct err *err)
{
	const struct slice words[] = { slice_of(first), slice_of(second) };

	return redis_node_exchange_words(node, words, second ? 2 : 1, clock_ms() + node->options->wait_ms, ret, err);
}

/* The next command is for a slot that is moving to this node. */
static int say_asking(struct redis_node *node, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;

	return exchange_words(node, "ASKING", NULL, &reply, err);
}

static int send_to(struct redis_node *node, const struct redis_args *args, bool is_ask, redisReply **ret,
		   struct err *err)
{
	int rc = is_ask ? say_asking(node, err) : 0;

	return rc == 0 ? exchange(node, args, ret, err) : rc;
}

/* *ret may be an error. */
static int ask(struct redis_node *node, const struct request *request, bool is_ask, redisReply **ret, struct err *err)
{
	struct redis_args *args = request->args;
	int rc = redis_node_connect(node, err);

	if (rc != 0 || !request->is_script)
		return rc == 0 ? send_to(node, args, is_ask, ret, err) : rc;
	set_word(args, 0, "EVALSHA");
	set_word(args, 1, node->sha[request->script]);
	rc = send_to(node, args, is_ask, ret, err);
	if (rc != 0 || !redis_reply_is(*ret, "NOSCRIPT"))
		return rc;
	drop_reply(ret); /* a restart or SCRIPT FLUSH: the text loads it anew */
	*ret = NULL;
	set_word(args, 0, "EVAL");
	set_word(args, 1, redis_script_text(request->script));
	return send_to(node, args, is_ask, ret, err);
}

/* ---- the map ---- */

/* false: this node does not know it. */
static bool ask_map(struct redis_link *link, struct redis_node *node)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	struct err err;

	if (redis_node_connect(node, &err) != 0 || exchange_words(node, "CLUSTER", "SLOTS", &reply, &err) != 0)
		return false;
	if (redis_reply_is(reply, "ERR")) { /* "This instance has cluster support disabled" */
		redis_cluster_release(&link->cluster);
		return true;
	}
	if (reply->type == REDIS_REPLY_ERROR) /* not permitted: what MOVED says has to do */
		link->cluster.is_old = false;
	return reply->type == REDIS_REPLY_ERROR || redis_cluster_take_map(&link->cluster, reply, node);
}

/* From a place of the settings, else from a node we are connected to. The seed's connection is not kept: in a cluster
 * it would be the second to that node. */
static void renew_map(struct redis_link *link)
{
	bool is_known = ask_map(link, &link->seed);

	for (size_t i = 0; !is_known && i < REDIS_NODES_MAX; i++)
		if (link->cluster.nodes[i].fd >= 0)
			is_known = ask_map(link, &link->cluster.nodes[i]);
	if (link->cluster.is_on)
		redis_node_leave(&link->seed);
}

static struct redis_node *node_of(struct redis_link *link, uint16_t slot)
{
	struct redis_cluster *cluster = &link->cluster;

	if (cluster->is_on && cluster->is_old)
		renew_map(link);
	uint8_t owner = cluster->is_on ? cluster->owners[slot] : 0;

	return owner > 0 ? &cluster->nodes[owner - 1] : &link->seed;
}

/* ---- a call ---- */

static int take_answer(const struct redis_node *node, redisReply **reply, redisReply **ret, struct err *err)
{
	if ((*reply)->type == REDIS_REPLY_ERROR)
		return redis_reply_fail(node, *reply, err);
	*ret = *reply;
	*reply = NULL;
	return 0;
}

static int call(struct redis_link *link, const struct request *request, redisReply **ret, struct err *err)
{
	struct redis_redirect to = { .node = node_of(link, request->slot) };
	struct redis_node *node = to.node;
	int rc = 0;

	for (int hop = 0; hop <= HOPS_MAX && to.node; hop++) {
		CLEANUP(drop_reply) redisReply *reply = NULL;

		node = to.node;
		rc = ask(node, request, to.is_ask, &reply, err);
		if (rc != 0)
			break;
		bool is_sent_on = redis_cluster_take_redirect(&link->cluster, reply, node, &to);

		rc = take_answer(node, &reply, ret, err);
		if (rc == 0)
			return 0;
		if (!is_sent_on)
			break;
	}
	redis_node_leave(node); /* whoever does not serve us, whatever the reason: see redis_internal.h, 4 */
	link->cluster.is_old = true;
	return rc;
}

int redis_link_command(struct redis_link *link, uint16_t slot, struct redis_args *args, redisReply **ret,
		       struct err *err)
{
	return call(link, &(struct request){ .slot = slot, .args = args }, ret, err);
}

int redis_link_run(struct redis_link *link, uint16_t slot, enum redis_script script, struct redis_args *args,
		   redisReply **ret, struct err *err)
{
	return call(link, &(struct request){ .slot = slot, .is_script = true, .script = script, .args = args }, ret,
		    err);
}
