#include "redis/redis_internal.h"

#include "base/peer_cause.h"

enum { CODE_BYTES = 24 };

/* The first word of an error reply, which is in capitals. */
static void code_of(const redisReply *reply, char ret[CODE_BYTES])
{
	size_t n = 0;

	while (n < (size_t)reply->len && n + 1 < CODE_BYTES && reply->str[n] >= 'A' && reply->str[n] <= 'Z')
		n++;
	memcpy(ret, reply->str, n);
	ret[n] = '\0';
}

bool redis_reply_is(const redisReply *reply, const char *code)
{
	char own[CODE_BYTES];

	if (reply->type != REDIS_REPLY_ERROR)
		return false;
	code_of(reply, own);
	return strcmp(own, code) == 0;
}

/* What the log says of the codes an operator can do something about. */
const char *redis_meaning_of(const char *code)
{
	static const struct {
		const char *code, *meaning;
	} MEANINGS[] = {
		{ "NOAUTH", "wants a password, and redis.password.file holds none" },
		{ "WRONGPASS", "refuses the user or the password of redis.password.file" },
		{ "NOPERM", "does not permit our user the commands of the cache (redis_cache.h lists them)" },
		{ "READONLY", "is a replica, or takes no writes" },
		{ "MASTERDOWN", "is a replica that has lost its master" },
		{ "LOADING", "is loading its data" },
		{ "CLUSTERDOWN", "says that its cluster is down" },
		{ "TRYAGAIN", "is moving our keys to another node" },
		{ "OOM", "is full" },
		{ "MISCONF", "cannot write its snapshot, and takes no writes until it can" },
		{ "NOREPLICAS", "has too few replicas to take writes" },
		{ "BUSY", "runs a script of somebody else that does not end (SCRIPT KILL ends it)" },
		{ "WRONGTYPE", "holds something else under our keys: is it another program's Redis?" },
		{ "DENIED", "is in protected mode: it wants a bind address and a password" },
		{ "ERR",
		  "refuses a command of ours (renamed? not permitted? a Sentinel?), or has too many "
		  "clients (maxclients)" },
		{ "", "answers with what is no error of Redis" },
	};

	for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++)
		if (strcmp(code, MEANINGS[i].code) == 0)
			return MEANINGS[i].meaning;
	return "does not serve us";
}

static bool says(const redisReply *reply, const char *words)
{
	return memmem(reply->str, (size_t)reply->len, words, strlen(words)) != NULL;
}

/* The command, between quotes: lower case letters, with a bar before a subcommand. "": not told. */
static void command_of(const redisReply *reply, char ret[CODE_BYTES])
{
	const char *end = reply->str + reply->len, *p = memchr(reply->str, '\'', (size_t)reply->len);
	size_t n = 0;

	for (p = p ? p + 1 : end; p < end && ((*p >= 'a' && *p <= 'z') || *p == '|') && n + 1 < CODE_BYTES; p++)
		ret[n++] = *p;
	ret[p < end && *p == '\'' ? n : 0] = '\0';
}

static int fail_right(const redisReply *reply, const char *where, struct err *err)
{
	char command[CODE_BYTES];

	command_of(reply, command);
	if (says(reply, "access a key") || says(reply, "access one of the keys"))
		return err_set(
			err, ERR_RETRY, "NOPERM",
			"Redis at %s does not permit our user our keys: its ACL lacks a pattern, ~{instroom.raw.*}*",
			where);
	return err_set(err, ERR_RETRY, "NOPERM", "Redis at %s %s%s%s", where, redis_meaning_of("NOPERM"),
		       *command ? ": not " : "", command);
}

int redis_reply_fail(const struct redis_node *node, const redisReply *reply, struct err *err)
{
	char code[CODE_BYTES], where[PEER_WHERE_BYTES];

	redis_node_where(node, where);
	code_of(reply, code);
	if (strcmp(code, "NOAUTH") == 0 || strcmp(code, "WRONGPASS") == 0)
		peer_failed_at(PEER_REDIS, PEER_LOGIN, where);
	if (strcmp(code, "NOPERM") == 0) {
		peer_failed_at(PEER_REDIS, PEER_RIGHT, where);
		return fail_right(reply, where, err);
	}
	if (says(reply, "max number of clients"))
		return err_set(err, ERR_RETRY, "ERR", "Redis at %s has no connection left for us (maxclients)", where);
	return err_set(err, ERR_RETRY, *code ? code : "ERR", "Redis at %s %s", where, redis_meaning_of(code));
}
