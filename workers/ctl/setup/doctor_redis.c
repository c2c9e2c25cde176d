#include "ctl/setup/doctor_redis.h"

#include "base/num.h"

enum { FAULTS_MAX = 8, SILENCES_MAX = 3, PERCENT_FULL = 90, PERCENT = 100 };

/* What Redis says in one way, of how many partitions and of which commands. */
struct fault {
	char code[CACHE_CODE_BYTES];
	uint32_t commands; /* bit of CACHE_COMMAND_NAMES */
	int32_t partitions, first, last;
};

struct faults {
	struct fault items[FAULTS_MAX];
	size_t count;
	int32_t silent, first_silent; /* partitions of which nothing was said */
	struct err silence;
};

static struct fault *fault_of(struct faults *faults, const char *code, int32_t partition)
{
	struct fault *fault = faults->items;

	while (fault < faults->items + faults->count && strcmp(fault->code, code) != 0)
		fault++;
	if (fault == faults->items + faults->count) {
		if (faults->count == FAULTS_MAX)
			return &faults->items[FAULTS_MAX - 1];
		faults->count++;
		*fault = (struct fault){ .first = partition };
		snprintf(fault->code, sizeof fault->code, "%s", code);
	}
	return fault;
}

static void note_trial(struct faults *faults, const struct cache_trial *trial, int32_t partition)
{
	for (size_t i = 0; i < CACHE_COMMANDS; i++) {
		const char *code = trial->codes[i];

		if (!code[0])
			continue;
		struct fault *fault = fault_of(faults, code, partition);

		fault->commands |= 1u << i;
		fault->partitions += fault->partitions == 0 || fault->last != partition;
		fault->last = partition;
	}
}

/* A node of a cluster that is away costs a deadline for each of its partitions: some will do. */
static void try_partitions(struct redis_cache *cache, int32_t partitions, struct faults *ret)
{
	for (int32_t p = 0; p < partitions && ret->silent < SILENCES_MAX; p++) {
		struct cache_trial trial;
		struct err err = { 0 };

		if (redis_cache_try_commands(cache, p, &trial, &err) == 0) {
			note_trial(ret, &trial, p);
			continue;
		}
		if (ret->silent++ == 0) {
			ret->silence = err;
			ret->first_silent = p;
		}
	}
}

static const char *advice_of(const char *code)
{
	static const struct {
		const char *code, *advice;
	} ADVICE[] = {
		{ "NOPERM", "ACL SETUSER of redis.user: deploy/compose/secrets/redis.users has the line" },
		{ CACHE_NOT_THERE, "take the rename-command of these out of Redis' settings, and restart it" },
		{ "READONLY", "redis.address must name the master; if this one should be it: REPLICAOF NO ONE" },
		{ "OOM",
		  "raise maxmemory; ARCHITECTURE.md, Memory, and docs/capacity.md say how much a country takes" },
		{ "MISCONF", "make room on Redis' disk and let it write there: its log says why BGSAVE fails" },
		{ "NOREPLICAS", "start its replicas, or lower min-replicas-to-write" },
		{ "CLUSTERDOWN", "redis-cli --cluster check; --cluster fix gives slots an owner" },
		{ "LOADING", "wait until it has loaded" },
		{ "MASTERDOWN", "start its master, or REPLICAOF NO ONE" },
		{ "BUSY", "SCRIPT KILL" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ADVICE); i++)
		if (strcmp(ADVICE[i].code, code) == 0)
			return ADVICE[i].advice;
	return "RUNBOOK.md, Without the cache";
}

static void say_fault(const struct fault *fault, int32_t partitions, struct diagnosis *diagnosis)
{
	char commands[128] = "", where[80] = "";
	size_t n = 0;

	for (size_t i = 0; i < CACHE_COMMANDS && n < sizeof commands; i++)
		if (fault->commands & (1u << i))
			n += (size_t)snprintf(commands + n, sizeof commands - n, "%s%s", n > 0 ? " " : "",
					      CACHE_COMMAND_NAMES[i]);
	if (fault->partitions < partitions)
		snprintf(where, sizeof where, ", for %d of %d partitions (%d is one)", fault->partitions, partitions,
			 fault->first);
	bool is_absent = strcmp(fault->code, CACHE_NOT_THERE) == 0;

	diagnosis_say(diagnosis, DIAGNOSIS_FAIL, "redis cache", advice_of(fault->code), "Redis %s (%s): %s%s",
		      is_absent ? "has no such command" : redis_meaning_of(fault->code), fault->code, commands, where);
}

static void look_at_commands(struct redis_cache *cache, int32_t partitions, struct diagnosis *diagnosis)
{
	struct faults faults = { 0 };

	try_partitions(cache, partitions, &faults);
	for (size_t i = 0; i < faults.count; i++)
		say_fault(&faults.items[i], partitions, diagnosis);
	if (faults.silent > 0)
		diagnosis_say(diagnosis, DIAGNOSIS_FAIL, "redis cache",
			      "is each node of the cluster up? RUNBOOK.md, Without the cache",
			      "partition %d, and perhaps others: %s (%s)", faults.first_silent, faults.silence.text,
			      faults.silence.code);
	if (faults.count == 0 && faults.silent == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, "redis cache", NULL,
			      "each of %d partitions can be read and written, with all commands", partitions);
}

/* ---- INFO ---- */

/* Its line "name:value"; empty: there is none. */
static struct slice value_of(struct slice info, const char *name)
{
	size_t n = strlen(name);

	while (info.n > 0) {
		const char *end = memchr(info.p, '\n', info.n);
		struct slice line = slice_cut(&info, end ? (size_t)(end - info.p) + 1 : info.n);

		while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
			line.n--;
		if (line.n > n && line.p[n] == ':' && memcmp(line.p, name, n) == 0)
			return slice_make(line.p + n + 1, line.n - n - 1);
	}
	return (struct slice){ 0 };
}

static int64_t number_of(struct slice info, const char *name)
{
	int64_t number = 0;

	return num_parse_i64(value_of(info, name), 0, INT64_MAX, &number) ? number : 0;
}

static size_t look_at_memory(struct slice info, struct diagnosis *diagnosis)
{
	int64_t most = number_of(info, "maxmemory"), used = number_of(info, "used_memory");
	struct slice policy = value_of(info, "maxmemory_policy");
	bool evicts = policy.n > 0 && !slice_equal_text(policy, "noeviction");
	size_t before = diagnosis->counts[DIAGNOSIS_WARN];

	if (evicts && most > 0)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "redis server",
			      "maxmemory-policy noeviction, and enough memory",
			      "maxmemory-policy is %.*s: what it evicts is judged anew, and a head that goes makes its "
			      "partition cold",
			      (int)policy.n, policy.p);
	if (most > 0 && used >= most / PERCENT * PERCENT_FULL)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "redis server", "raise maxmemory",
			      "%lld %% of maxmemory is used", (long long)(used / MAX(most / PERCENT, 1)));
	return diagnosis->counts[DIAGNOSIS_WARN] - before;
}

static void look_at_server(struct ctl *ctl, struct redis_cache *cache, struct diagnosis *diagnosis)
{
	static const char *const WRITES[] = { "rdb_last_bgsave_status", "aof_last_write_status",
					      "aof_last_bgrewrite_status" };
	struct slice info = { 0 };
	struct err err = { 0 };
	size_t found = 0;

	/* of a cluster one node: each partition's commands were tried anyhow */
	if (redis_cache_info(cache, 0, &ctl->arena, &info, &err) != 0) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, "redis server",
			      "redis.user of instroomctl may be another than the validators', with +info",
			      "not asked how full it is and what it evicts: INFO: %s (%s)", err.text, err.code);
		return;
	}
	found = look_at_memory(info, diagnosis);
	for (size_t i = 0; i < ARRAY_LEN(WRITES); i++) {
		struct slice status = value_of(info, WRITES[i]);

		if (status.n == 0 || slice_equal_text(status, "ok"))
			continue;
		found++;
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "redis server", advice_of("MISCONF"), "%s is %.*s", WRITES[i],
			      (int)status.n, status.p);
	}
	if (found == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, "redis server", NULL,
			      "evicts nothing, has memory, and can save%s",
			      slice_equal_text(value_of(info, "redis_mode"), "cluster")
				      ? "; of the cluster the node of partition 0 was asked, no other"
				      : "");
}

void doctor_look_at_redis(struct ctl *ctl, struct redis_cache *cache, struct diagnosis *diagnosis)
{
	look_at_commands(cache, (int32_t)ctl->config.topic_partitions, diagnosis);
	look_at_server(ctl, cache, diagnosis);
}
