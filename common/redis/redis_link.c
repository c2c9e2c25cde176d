#include "redis/redis_internal.h"

#include "base/clock.h"

#include <assert.h>

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
	link->node = (struct redis_node){
		.options = &link->options, .places = link->options.address, .fd = -1, .receive_buffer = link->receive_buffer
	};
}

void redis_link_release(struct redis_link *link)
{
	redis_node_leave(&link->node);
}

/* Sends the words as they are; *ret may be an error. */
static int ask(struct redis_link *link, const struct redis_args *args, redisReply **ret, struct err *err)
{
	int rc = redis_node_connect(&link->node, err);

	return rc == 0 ? redis_node_exchange(&link->node, args, clock_ms() + link->options.wait_ms, ret, err) : rc;
}

/* Whoever refuses is left, whatever the reason: see redis_internal.h, 4. */
static int take_answer(struct redis_link *link, redisReply **reply, redisReply **ret, struct err *err)
{
	if ((*reply)->type == REDIS_REPLY_ERROR) {
		redis_node_leave(&link->node);
		return redis_reply_fail(*reply, err);
	}
	*ret = *reply;
	*reply = NULL;
	return 0;
}

int redis_link_command(struct redis_link *link, const struct redis_args *args, redisReply **ret, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	int rc = ask(link, args, &reply, err);

	return rc == 0 ? take_answer(link, &reply, ret, err) : rc;
}

int redis_link_run(struct redis_link *link, enum redis_script script, struct redis_args *args, redisReply **ret,
		   struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	int rc = redis_node_connect(&link->node, err);

	if (rc != 0)
		return rc;
	set_word(args, 0, "EVALSHA");
	set_word(args, 1, link->node.sha[script]);
	rc = ask(link, args, &reply, err);
	if (rc == 0 && redis_reply_is(reply, "NOSCRIPT")) { /* a restart or SCRIPT FLUSH: its text loads it anew */
		drop_reply(&reply);
		reply = NULL;
		set_word(args, 0, "EVAL");
		set_word(args, 1, redis_script_text(script));
		rc = ask(link, args, &reply, err);
	}
	return rc == 0 ? take_answer(link, &reply, ret, err) : rc;
}
