/* status: where each partition stands.
 *
 * No header: run_status stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "kafka/kafka_reader.h"

struct standing {
	int32_t partition;
	int64_t raw_end, verdict_end, next_raw, next_verdict;
	struct slice parked;
	struct slice moved;
};

/* Below the end there may be markers of transactions only: then nothing is left to apply. */
static int pass_empty(struct kafka_reader *reader, const char *topic, int32_t partition,
		      const struct kafka_topic_range *range, int64_t *next, struct err *err)
{
	bool holds = true;

	if (*next < range->low || *next >= range->high)
		return 0;
	int rc = kafka_reader_holds(reader, topic, partition, *next, range->high, CTL_WAIT_MS, &holds, err);

	if (rc == 0 && !holds)
		*next = range->high;
	return rc;
}

static int read_ends(struct ctl *ctl, struct kafka_reader *reader, struct standing *standing, struct err *err)
{
	struct kafka_topic_range raw, verdict;
	int rc = kafka_reader_range(reader, ctl->config.topic.raw, standing->partition, CTL_WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_range(reader, ctl->config.topic.verdict, standing->partition, CTL_WAIT_MS, &verdict,
					err);
	if (rc != 0)
		return rc;
	standing->raw_end = raw.high;
	standing->verdict_end = verdict.high;
	rc = pass_empty(reader, ctl->config.topic.raw, standing->partition, &raw, &standing->next_raw, err);
	return rc != 0 ? rc
		       : pass_empty(reader, ctl->config.topic.verdict, standing->partition, &verdict,
				    &standing->next_verdict, err);
}

static const struct output_column STANDING_COLUMNS[] = {
	{ "partition", "partition", COLUMN_NUMBER },	 { "raw_end", "raw end", COLUMN_NUMBER },
	{ "raw_applied", NULL, COLUMN_NUMBER },		 { NULL, "not written", COLUMN_NUMBER },
	{ "verdict_end", "verdict end", COLUMN_NUMBER }, { "verdict_applied", NULL, COLUMN_NUMBER },
	{ NULL, "not written", COLUMN_NUMBER },		 { "parked", NULL, COLUMN_TEXT },
	{ "moved_at", "last moved", COLUMN_TEXT },	 { NULL, "parked", COLUMN_TEXT },
};

static void add_standing(struct output *out, const struct standing *s)
{
	output_number(out, s->partition);
	output_number(out, s->raw_end);
	output_number(out, s->next_raw);
	output_number(out, s->raw_end - s->next_raw);
	output_number(out, s->verdict_end);
	output_number(out, s->next_verdict);
	output_number(out, s->verdict_end - s->next_verdict);
	if (s->parked.n > 0)
		output_text(out, s->parked);
	else
		output_absent(out);
	output_text(out, s->moved);
	output_text(out, s->parked);
}

int run_status(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	struct kafka_reader *reader = NULL;
	struct pg_params params;
	struct err err = { 0 };

	output_init(&out, ctl->output, STANDING_COLUMNS, ARRAY_LEN(STANDING_COLUMNS));
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "select partition, next_raw, next_verdict, coalesce(parked, ''), " CTL_SQL_TIME(
				     "moved_at") " from register.cursor where topic = $1 order by partition",
			     &params, &rows, NULL, &err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct standing standing = { .partition = pg_get_i32(rows, i, 0),
					     .next_raw = pg_get_i64(rows, i, 1),
					     .next_verdict = pg_get_i64(rows, i, 2),
					     .parked = pg_get_bytes(rows, i, 3),
					     .moved = pg_get_bytes(rows, i, 4) };

		rc = read_ends(ctl, reader, &standing, &err);
		if (rc == 0)
			add_standing(&out, &standing);
	}
	if (reader)
		kafka_reader_close(reader);
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}
