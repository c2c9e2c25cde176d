/* status: where each partition stands. */
#include "ctl/look/look_commands.h"

#include "kafka/kafka_reader.h"

#include <jansson.h>

struct standing {
	int32_t partition;
	int64_t raw_end, verdict_end, next_raw, next_verdict;
	struct slice parked;
	struct slice moved;
};

static int read_ends(struct ctl *ctl, struct kafka_reader *reader, struct standing *standing, struct err *err)
{
	struct kafka_topic_range raw, verdict;
	int rc = kafka_reader_range(reader, ctl->config.topic.raw, standing->partition, CTL_WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_range(reader, ctl->config.topic.verdict, standing->partition, CTL_WAIT_MS, &verdict, err);
	if (rc == 0) {
		standing->raw_end = raw.high;
		standing->verdict_end = verdict.high;
	}
	return rc;
}

static json_t *standing_json(const struct standing *s)
{
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:o, s:s%}", "partition", s->partition, "raw_end",
			 (json_int_t)s->raw_end, "raw_applied", (json_int_t)s->next_raw, "verdict_end",
			 (json_int_t)s->verdict_end, "verdict_applied", (json_int_t)s->next_verdict, "parked",
			 s->parked.n > 0 ? json_stringn(s->parked.p, s->parked.n) : json_null(), "moved_at", s->moved.p,
			 s->moved.n);
}

static void print_standing(const struct standing *s, bool is_first)
{
	if (is_first) /* not before Kafka has answered too */
		puts("partition      raw end  not written  verdict end  not written  last moved");
	printf("%9d %12lld %12lld %12lld %12lld  %.19s%s%.*s\n", s->partition, (long long)s->raw_end,
	       (long long)(s->raw_end - s->next_raw), (long long)s->verdict_end,
	       (long long)(s->verdict_end - s->next_verdict), s->moved.p, s->parked.n > 0 ? "  " : "", (int)s->parked.n,
	       s->parked.n > 0 ? s->parked.p : "");
}

int run_status(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct kafka_reader *reader = NULL;
	struct pg_params params;
	struct err err = { 0 };

	if (ctl_options(ctl, argc, argv, NULL, 0, 0, 0) < 0)
		return EXIT_USAGE;
	json_t *list = json_array();

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "select partition, next_raw, next_verdict, coalesce(parked, ''), moved_at::text from register.cursor"
			     " where topic = $1 order by partition",
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
		if (rc == 0 && ctl->wants_json)
			json_array_append_new(list, standing_json(&standing));
		else if (rc == 0)
			print_standing(&standing, i == 0);
	}
	if (reader)
		kafka_reader_close(reader);
	if (rc == 0 && ctl->wants_json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	return rc == 0 ? 0 : ctl_fail(&err);
}
