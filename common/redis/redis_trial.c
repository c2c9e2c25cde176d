#include "redis/redis_internal.h"

const char *const CACHE_COMMAND_NAMES[CACHE_COMMANDS] = { "eval",  "unlink", "exists", "get",  "hget",	 "hmget",
							  "hkeys", "set",    "hdel",   "hset", "hincrby" };
enum { TRIAL_EVAL, TRIAL_UNLINK, TRIAL_IN_SCRIPT, KEY_BYTES_MAX = 416 };

/* KEYS: two that nobody has. An error's text for each command from "exists" on, or "". What needs memory comes before
 * all that writes, as a script that has written is not told that Redis is full. Without HDEL no hash is begun, as it
 * would stay. */
static const char TRIAL[] =
	"local function try(...)\n"
	"  local said = redis.pcall(...)\n"
	"  return type(said) == 'table' and said.err or ''\n"
	"end\n"
	"local out = { try('EXISTS', KEYS[1]), try('GET', KEYS[2]), try('HGET', KEYS[1], 'f'),\n"
	"              try('HMGET', KEYS[1], 'f'), try('HKEYS', KEYS[1]), try('SET', KEYS[2], 'x', 'EX', '10'),\n"
	"              try('HDEL', KEYS[1], 'f') }\n"
	"local may = out[7] == ''\n"
	"out[8] = may and try('HSET', KEYS[1], 'f', '1') or ''\n"
	"out[9] = may and try('HINCRBY', KEYS[1], 'f', '0') or ''\n"
	"if may then try('HDEL', KEYS[1], 'f') end\n"
	"try('DEL', KEYS[2])\n"
	"return out\n";

/* Servers up to 6.2 begin an error within a script with its place: "@user_script: 2: -OOM command not allowed". */
static const char *behind_place(const char *words)
{
	int n = 0;

	(void)sscanf(words, "@%*[^:]: %*d: %n", &n);
	return words + n + (words[n] == '-');
}

/* Of an error within a script. Only the code goes on. */
static void code_of_text(struct slice text, char ret[CACHE_CODE_BYTES])
{
	static const char *const DENIED[] = { "can't run this command", "ACL failure", "No permission", "NOPERM" };
	char words[256];

	snprintf(words, sizeof words, "%.*s", (int)MIN(text.n, sizeof words - 1), text.p);
	if (strcasestr(words, "unknown") && strcasestr(words, "command")) {
		snprintf(ret, CACHE_CODE_BYTES, CACHE_NOT_THERE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(DENIED); i++)
		if (strstr(words, DENIED[i])) {
			snprintf(ret, CACHE_CODE_BYTES, "NOPERM");
			return;
		}
	const char *code = behind_place(words);
	size_t n = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (n > 0)
		snprintf(ret, CACHE_CODE_BYTES, "%.*s", (int)MIN(n, CACHE_CODE_BYTES - 1u), code);
	else
		snprintf(ret, CACHE_CODE_BYTES, "ERR");
}

/* Its own error, when Redis gives one, is an answer to the question; else Redis said nothing at all. */
static int try_words(struct redis_link *link, uint16_t slot, struct redis_args *args, const char *const *words,
		     size_t count, char code[CACHE_CODE_BYTES], redisReply **ret, struct err *err)
{
	struct err own = { 0 };

	args->count = 0;
	for (size_t i = 0; i < count; i++)
		redis_args_add(args, slice_of(words[i]));
	int rc = redis_link_command(link, slot, args, ret, &own);

	if (rc == 0)
		return 0;
	if (own.code[0] < 'A' || own.code[0] > 'Z') {
		*err = own;
		return rc;
	}
	snprintf(code, CACHE_CODE_BYTES, "%.*s", CACHE_CODE_BYTES - 1,
		 strcmp(own.code, "ERR") == 0 ? CACHE_NOT_THERE : own.code);
	return 0;
}

static int take_answers(const redisReply *reply, struct cache_trial *ret, struct err *err)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != CACHE_COMMANDS - TRIAL_IN_SCRIPT)
		return err_set(err, ERR_RETRY, "answer", "Redis gave another kind of answer than asked for");
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *said = reply->element[i];

		if (said->type == REDIS_REPLY_STRING && said->len > 0)
			code_of_text(slice_make(said->str, (size_t)said->len), ret->codes[TRIAL_IN_SCRIPT + i]);
	}
	return 0;
}

int redis_trial_run(struct redis_link *link, uint16_t slot, const char *prefix, struct redis_args *args,
		    struct cache_trial *ret, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL, *unlinked = NULL;
	char hash[KEY_BYTES_MAX], text[KEY_BYTES_MAX];
	const char *const eval[] = { "EVAL", TRIAL, "2", hash, text }, *const unlink[] = { "UNLINK", hash };

	*ret = (struct cache_trial){ 0 };
	snprintf(hash, sizeof hash, "%strial:h", prefix);
	snprintf(text, sizeof text, "%strial:s", prefix);
	int rc = try_words(link, slot, args, eval, ARRAY_LEN(eval), ret->codes[TRIAL_EVAL], &reply, err);

	if (rc == 0 && reply)
		rc = take_answers(reply, ret, err);
	return rc == 0 ? try_words(link, slot, args, unlink, ARRAY_LEN(unlink), ret->codes[TRIAL_UNLINK], &unlinked,
				   err)
		       : rc;
}
