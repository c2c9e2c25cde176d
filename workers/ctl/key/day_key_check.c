/* day-keys check and lost: the messages in Kafka whose key is not as it must be, and the end of one that nobody has.
 *
 * check reads the shells of all messages of raw, verdict and quarantine, which say which key sealed them; nothing is
 * opened. Those of one key that follow each other in a partition are one row.
 *
 * lost puts what says "shredded" where there is no key, or one that nobody unwraps: validators quarantine what is
 * sealed with it, and writers go on. Until somebody says so they wait: a key that is missing may come back. A locked
 * one is given up only where the file opens today's: with a file that is not the others' all keys of theirs are locked.
 *
 * No header: these commands stand in key_commands.h. */
#include "ctl/base/topic_walk.h"
#include "ctl/key/day_key_store.h"
#include "ctl/key/key_commands.h"
#include "seal/body_seal.h"

#include <stdlib.h>

enum state { STATE_HERE, STATE_DELETED, STATE_MISSING, STATE_LOCKED, STATE_SHREDDED, STATES };

static const struct {
	const char *name;
	const char *advice;
} STATE_WORDS[STATES] = {
	[STATE_DELETED] = { "deleted",
			    "deleted: somebody deleted the record of this key, and Kafka still has it: "
			    "instroomctl day-keys make puts it back" },
	[STATE_MISSING] = { "missing",
			    "missing: no record of the topic has this key. Who needs these messages waits, the other "
			    "partitions go on. Programs that started before still open them: end none. The record "
			    "comes back from a copy of the topic; if there is none, the messages cannot be read by "
			    "anybody: instroomctl day-keys lost KEY --reason TEXT. RUNBOOK.md, A day key is gone" },
	[STATE_LOCKED] = { "locked",
			   "locked: this key is wrapped by a master that encrypt.key.file does not hold: take the "
			   "file of the other machines" },
	[STATE_SHREDDED] = { "shredded",
			     "shredded: nobody has this key any more, and day-keys list says by whom and why: what "
			     "was not judged yet comes into quarantine, and its board delivers again" },
};

static const struct output_column COLUMNS[] = {
	{ "key", "key", COLUMN_TEXT },
	{ "state", "state", COLUMN_TEXT },
	{ "topic", "topic", COLUMN_TEXT },
	{ "partition", "partition", COLUMN_NUMBER },
	{ "first", "first offset", COLUMN_NUMBER },
	{ "last", "last offset", COLUMN_NUMBER },
	{ "messages", "messages", COLUMN_NUMBER },
};

/* Messages of a partition, one behind the other, of one key that is not as it must be. */
struct run {
	struct day_key_id id;
	enum state state;
	const char *topic;
	int32_t partition;
	int64_t first, last, messages;
};

struct checking {
	struct ctl *ctl;
	struct day_keys *keys;
	const struct day_key_store *store;
	struct run *runs;
	size_t count, capacity;
	const char *topic; /* that is walked */
	struct kafka_reader *reader;
};

/* ---- looking ---- */

static bool is_deleted(const struct day_key_store *store, const struct day_key_id *id)
{
	for (size_t i = 0; i < store->count; i++)
		if (day_key_id_compare(&store->records[i].id, id) == 0)
			return store->records[i].is_deleted;
	return false;
}

static enum state state_of(const struct checking *checking, const struct day_key_id *id)
{
	uint8_t key[DAY_KEY_BYTES];
	enum day_key_answer found = day_keys_find(checking->keys, id, key);

	explicit_bzero(key, sizeof key);
	switch (found) {
	case DAY_KEY_HERE:
		return is_deleted(checking->store, id) ? STATE_DELETED : STATE_HERE;
	case DAY_KEY_LOCKED:
		return STATE_LOCKED;
	case DAY_KEY_SHREDDED:
		return STATE_SHREDDED;
	default:
		return STATE_MISSING;
	}
}

static struct run *add_run(struct checking *checking)
{
	if (checking->count == checking->capacity) {
		size_t capacity = checking->capacity * 2 + 64;
		struct run *runs = realloc(checking->runs, capacity * sizeof *runs);

		if (!runs)
			return NULL;
		checking->runs = runs;
		checking->capacity = capacity;
	}
	return &checking->runs[checking->count++];
}

static int look_at(void *self, const struct kafka_message *message, struct err *err)
{
	struct checking *checking = self;
	struct run *run = checking->count > 0 ? &checking->runs[checking->count - 1] : NULL;
	struct day_key_id id;

	if (body_frame_look(message->value, &id) != BODY_FRAME_SEALED)
		return 0;
	if (!run || run->topic != checking->topic || run->partition != message->partition ||
	    day_key_id_compare(&run->id, &id) != 0) {
		run = add_run(checking);
		if (!run)
			return err_set(err, ERR_FATAL, "memory", "no memory for what is found");
		*run = (struct run){ .id = id,
				     .state = state_of(checking, &id),
				     .topic = checking->topic,
				     .partition = message->partition,
				     .first = message->offset };
	}
	run->last = message->offset;
	run->messages++;
	return 0;
}

static int look_through(struct checking *checking, int32_t partition, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(checking->reader, checking->topic, partition, CTL_WAIT_MS, &range, err);

	return rc == 0 ? topic_walk(checking->reader, checking->topic, partition, range.low, range.high, look_at,
				    checking, err)
		       : rc;
}

static int look_everywhere(struct checking *checking, struct err *err)
{
	const struct topic_settings *topics = &checking->ctl->config.topic;
	const char *const names[] = { topics->raw, topics->verdict, topics->quarantine };
	struct kafka_options shells = checking->ctl->kafka;

	shells.ignores_bodies = true;
	int rc = kafka_reader_open(&shells, CTL_MESSAGE_BYTES_MAX, &checking->reader, err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names); i++) {
		int32_t partitions = 0;

		checking->topic = names[i];
		rc = kafka_reader_partitions(checking->reader, names[i], CTL_WAIT_MS, &partitions, err);
		for (int32_t partition = 0; rc == 0 && partition < partitions; partition++)
			rc = look_through(checking, partition, err);
	}
	kafka_reader_close(checking->reader);
	return rc;
}

/* ---- saying ---- */

static int print_runs(const struct checking *checking, bool seen[STATES], struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };
	char id[DAY_KEY_ID_TEXT_BYTES + 1];

	output_init(&out, checking->ctl->output, COLUMNS, ARRAY_LEN(COLUMNS));
	for (size_t i = 0; i < checking->count; i++) {
		const struct run *run = &checking->runs[i];

		seen[run->state] = true;
		if (run->state == STATE_HERE)
			continue;
		output_text(&out, day_key_id_text(&run->id, id));
		output_text(&out, slice_of(STATE_WORDS[run->state].name));
		output_text(&out, slice_of(run->topic));
		output_number(&out, run->partition);
		output_number(&out, run->first);
		output_number(&out, run->last);
		output_number(&out, run->messages);
	}
	return output_print(&out, stdout, err);
}

/* Whether every message can be opened by whoever starts now. */
static int check(struct checking *checking, bool *ret_is_well, struct err *err)
{
	bool seen[STATES] = { false };
	int rc = look_everywhere(checking, err);

	if (rc == 0)
		rc = print_runs(checking, seen, err);
	*ret_is_well = true;
	for (enum state state = STATE_DELETED; rc == 0 && state < STATES; state++) {
		*ret_is_well = *ret_is_well && !seen[state];
		if (seen[state])
			fprintf(stderr, "instroomctl: %s\n", STATE_WORDS[state].advice);
	}
	return rc;
}

int run_day_keys_check(struct ctl *ctl)
{
	struct day_key_store store = { 0 };
	struct checking checking = { .ctl = ctl, .store = &store };
	struct err err = { 0 };
	bool is_well = false;
	int rc = day_key_store_open(ctl, &store, &err);

	checking.keys = store.keys;
	if (rc == 0)
		rc = check(&checking, &is_well, &err);
	free(checking.runs);
	day_key_store_close(&store);
	if (rc != 0)
		return ctl_fail(&err);
	return is_well ? 0 : EXIT_ANSWER_IS_NO;
}

/* ---- lost ---- */

static int give_up(struct day_key_store *store, const struct day_key_id *id, bool *ret_is_there, struct err *err)
{
	struct day_key_record record = { .id = *id, .is_shredded = true };
	struct checking checking = { .ctl = store->ctl, .keys = store->keys, .store = store };
	enum state state = state_of(&checking, id);

	*ret_is_there = state == STATE_HERE || state == STATE_DELETED;
	if (*ret_is_there || state == STATE_SHREDDED)
		return 0;
	if (state == STATE_LOCKED && day_keys_look_at_day(store->keys, body_seal_today()) != DAY_KEY_HERE)
		return err_set(err, ERR_CONFIG, "encrypt.key.file",
			       "encrypt.key.file opens no key of today either: take the file that the other machines "
			       "have. If nobody has that master any more, day-keys make --reason TEXT first");
	day_key_store_sign(&record, store->ctl->options[OPTION_REASON]);
	int rc = day_key_store_publish(store, &record, 1, err);

	if (rc == 0)
		puts("the key counts as shredded: what is sealed with it and was not judged comes into quarantine");
	return rc;
}

int run_day_keys_lost(struct ctl *ctl)
{
	struct day_key_store store = { 0 };
	struct day_key_id id;
	struct err err = { 0 };
	bool is_there = false;

	if (!day_key_id_parse(slice_of(ctl->arguments[0]), &id))
		return ctl_usage("KEY is a day and 16 hex digits, as day-keys check shows it");
	int rc = day_key_store_open(ctl, &store, &err);

	if (rc == 0)
		rc = give_up(&store, &id, &is_there, &err);
	day_key_store_close(&store);
	if (rc != 0)
		return ctl_fail(&err);
	if (is_there)
		fprintf(stderr, "instroomctl: this key is here and opens what it sealed: nothing is given up\n");
	return is_there ? EXIT_ANSWER_IS_NO : 0;
}
