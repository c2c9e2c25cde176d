/* day-keys list: each key once, with what the topic says of it last.
 *
 * No header: the command stands in key_commands.h. */
#include "base/num.h"
#include "ctl/key/day_key_store.h"
#include "ctl/key/key_commands.h"
#include "encryption/day_key_topic.h"
#include "model/date.h"
#include "seal/body_seal.h"

#include <stdlib.h>
#include <time.h>

enum { AHEAD_NEEDED = 3, TIME_BYTES = 32 };

static const struct output_column COLUMNS[] = {
	{ "day", "day", COLUMN_TEXT },	     { "key", "key", COLUMN_TEXT }, { "state", "state", COLUMN_TEXT },
	{ "master", "master", COLUMN_TEXT }, { "at", "at", COLUMN_TEXT },   { "by", "by", COLUMN_TEXT },
	{ "left", "left", COLUMN_FLAG },     { "why", "why", COLUMN_TEXT },
};

/* How many wrapped forms of each key stand in the log. */
struct looking {
	const struct day_key_store *store;
	uint32_t *wrapped; /* beside store->records */
};

static void count_wrapped(void *self, const struct day_key_record *record, int64_t offset)
{
	struct looking *looking = self;

	(void)offset;
	for (size_t i = 0; !record->is_shredded && i < looking->store->count; i++)
		if (day_key_id_compare(&looking->store->records[i].id, &record->id) == 0)
			looking->wrapped[i]++;
}

static const char *state_of(struct day_keys *keys, const struct day_key_record *record)
{
	uint8_t key[DAY_KEY_BYTES];

	if (record->is_deleted)
		return "deleted";
	enum day_key_answer found = day_keys_find(keys, &record->id, key);

	explicit_bzero(key, sizeof key);
	return found == DAY_KEY_HERE ? "here" : found == DAY_KEY_SHREDDED ? "shredded" : "locked";
}

static void add_time(struct output *out, int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	char text[TIME_BYTES] = "";
	struct tm utc;

	if (gmtime_r(&at, &utc))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
	output_text(out, slice_of(text));
}

static void add_row(struct output *out, struct day_keys *keys, const struct day_key_record *record, bool is_left)
{
	char day[11], id[DAY_KEY_ID_TEXT_BYTES + 1], master[2 * MASTER_KEY_ID_BYTES + 1] = "";

	date_to_iso(record->id.day, day);
	output_text(out, slice_of(day));
	output_text(out, day_key_id_text(&record->id, id));
	output_text(out, slice_of(state_of(keys, record)));
	num_to_hex(record->master_id, sizeof record->master_id, master);
	if (record->is_shredded)
		output_absent(out);
	else
		output_text(out, slice_of(master));
	add_time(out, record->at_ms);
	output_text(out, slice_of(record->by));
	output_flag(out, record->is_shredded && is_left);
	output_text(out, slice_of(record->why));
}

static int print_all(struct ctl *ctl, const struct day_key_store *store, const uint32_t *wrapped, struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, ctl->output, COLUMNS, ARRAY_LEN(COLUMNS));
	for (size_t i = 0; i < store->count; i++)
		add_row(&out, store->keys, &store->records[i], wrapped[i] > 0);
	return output_print(&out, stdout, err);
}

static bool has_days_ahead(struct day_keys *keys)
{
	int32_t today = body_seal_today();

	for (int i = 0; i <= AHEAD_NEEDED; i++)
		if (!day_keys_has_day(keys, date_add_days(today, i)))
			return false;
	return true;
}

int run_day_keys_list(struct ctl *ctl)
{
	struct day_key_store store = { 0 };
	struct looking looking = { &store, NULL };
	struct day_key_topic_look look = { count_wrapped, &looking };
	struct err err = { 0 };
	int rc = day_key_store_open(ctl, &store, &err);

	if (rc == 0) {
		looking.wrapped = calloc(MAX(store.count, (size_t)1), sizeof *looking.wrapped);
		rc = looking.wrapped ? 0
				     : err_set(&err, ERR_FATAL, "memory", "no memory for %zu day keys", store.count);
	}
	if (rc == 0)
		rc = day_key_topic_read(&ctl->kafka, ctl->config.topic.day_keys, NULL, &look, &err);
	if (rc == 0)
		rc = print_all(ctl, &store, looking.wrapped, &err);
	bool is_ahead = rc == 0 && has_days_ahead(store.keys);

	free(looking.wrapped);
	day_key_store_close(&store);
	if (rc != 0)
		return ctl_fail(&err);
	return is_ahead ? 0 : EXIT_ANSWER_IS_NO;
}
