/* person_log: the messages of the three topics in which a person stands.
 *
 * No header: person_look_in_logs stands in person.h. */
#include "ctl/person/person.h"

#include "base/clock.h"
#include "ctl/base/raw_log.h"
#include "ctl/base/topic_walk.h"
#include "model/field.h"
#include "protocol/frame.h"
#include "protocol/raw_headers.h"
#include "protocol/verdict_class.h"
#include "wire/gen/quarantine.h"
#include "wire/gen/replay.h"
#include "wire/gen/verdict.h"

#include <unistd.h>

enum { SHOW_EVERY_MS = 200, PLACE_BYTES = 300, VALUE_BYTES_MAX = 1 << 20, FIRST_RECORD = 2 };

struct scan {
	struct ctl *ctl;
	const struct person *person;
	struct person_findings *findings;
	struct kafka_reader *reader;
	const char *topic;
	int64_t begun_ms, shown_ms, done, all; /* the last two: offsets */
};

static void show_progress(struct scan *scan, int64_t add)
{
	int64_t now_ms = clock_ms(), took_ms = MAX(now_ms - scan->begun_ms, INT64_C(1));

	scan->done += add;
	if (!isatty(STDERR_FILENO) || (now_ms - scan->shown_ms < SHOW_EVERY_MS && scan->done < scan->all))
		return;
	scan->shown_ms = now_ms;
	fprintf(stderr, "\r  %lld of %lld messages of the logs, %lld/s, ready in %lld s   ", (long long)scan->done,
		(long long)scan->all, (long long)(scan->done * 1000 / took_ms),
		(long long)((scan->all - scan->done) * took_ms / MAX(scan->done, INT64_C(1)) / 1000));
	if (scan->done >= scan->all)
		fputs("\n", stderr);
}

/* Where the message stands; it is one with him. */
static void place_of(const struct scan *scan, enum person_store store, const struct kafka_message *message,
		     char ret[PLACE_BYTES])
{
	int64_t *newest_ms = &scan->findings->newest_ms[store];

	*newest_ms = MAX(*newest_ms, message->timestamp_ms);
	snprintf(ret, PLACE_BYTES, "%s/%d/%lld", scan->topic, message->partition, (long long)message->offset);
}

/* Whether the digits of his BSN stand anywhere in bytes that cannot be read. */
static bool holds_digits(const struct person *person, struct slice bytes)
{
	return person->has_bsn && bytes.n > 0 && memmem(bytes.p, bytes.n, person->bsn, BSN_DIGITS);
}

/* ---- raw ---- */

/* The record numbers of his lines; how many. */
static size_t add_records(const struct person *person, const struct wire_delivery *delivery, const int32_t *numbers,
			  struct strbuf *out)
{
	const char *column = delivery->columns.n > 0 ? memchr(delivery->columns.p, FIELD_BSN, delivery->columns.n)
						     : NULL;
	size_t count = 0, columns = delivery->columns.n;

	for (size_t i = 0; column && i < (size_t)delivery->header.line_count; i++) {
		struct slice bsn = delivery->cells.items[i * columns + (size_t)(column - delivery->columns.p)];

		if (!person_has_line(person, (uint32_t)delivery->header.board, bsn))
			continue;
		strbuf_add_printf(out, "%s%d", count > 0 ? " " : "", numbers ? numbers[i] : (int32_t)i + FIRST_RECORD);
		count++;
	}
	return count;
}

/* Body of a raw message; false: it is no delivery, no replay of one, or cannot be read. */
static bool read_lines(struct scan *scan, struct slice value, struct wire_delivery *ret, const int32_t **ret_numbers)
{
	struct wire_replay replay;
	struct slice body;
	uint64_t schema;

	*ret_numbers = NULL;
	if (raw_log_decode(value, &scan->ctl->arena, ret))
		return true;
	if (frame_open(value, &schema, &body, NULL) != 0 ||
	    wire_replay_decode_as(schema, body, &scan->ctl->arena, &replay, NULL) != 0 ||
	    !raw_delivery_is_good(&replay.delivery) ||
	    replay.record_numbers.count != (size_t)replay.delivery.header.line_count)
		return false;
	*ret = replay.delivery;
	*ret_numbers = replay.record_numbers.items;
	return true;
}

/* A delivery or replay in value: his lines go into findings. */
static void look_at_lines(struct scan *scan, enum person_store store, const struct kafka_message *message,
			  struct slice value, uint32_t board)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	struct wire_delivery delivery;
	const int32_t *numbers;
	char place[PLACE_BYTES];

	strbuf_init(&text, VALUE_BYTES_MAX);
	if (!read_lines(scan, value, &delivery, &numbers)) {
		if (!holds_digits(scan->person, value))
			return;
		place_of(scan, store, message, place);
		person_found(scan->findings, store, board, slice_of(place), slice_of("onleesbaar"),
			     slice_of("bevat het BSN"));
		return;
	}
	if (add_records(scan->person, &delivery, numbers, &text) == 0)
		return;
	CLEANUP(strbuf_drop) struct strbuf field;

	place_of(scan, store, message, place);
	strbuf_init(&field, PLACE_BYTES);
	strbuf_add_printf(&field, "regels van %.*s%s", (int)delivery.header.delivery_id.n,
			  delivery.header.delivery_id.p, delivery.attempt > 0 ? " (herhaling)" : "");
	person_found(scan->findings, store, (uint32_t)delivery.header.board, slice_of(place), strbuf_slice(&field),
		     strbuf_slice(&text));
}

static int look_at_raw(void *self, const struct kafka_message *message, struct err *err)
{
	struct scan *scan = self;
	struct raw_headers headers = { 0 };
	bool has_headers = raw_headers_read(message->headers, message->header_count, &headers);

	(void)err;
	arena_reset(&scan->ctl->arena);
	if (!has_headers || headers.kind == RAW_DELIVERY || headers.kind == RAW_REPLAY)
		look_at_lines(scan, STORE_RAW, message, message->value, has_headers ? headers.board : 0);
	show_progress(scan, 1);
	return 0;
}

/* ---- verdict ---- */

static int look_at_verdict(void *self, const struct kafka_message *message, struct err *err)
{
	static const char *const KINDS[] = { "", "levering", "bevestiging", "herhaling", "Forget", "" };
	struct scan *scan = self;
	struct wire_verdict verdict;
	char place[PLACE_BYTES];
	struct slice body;
	uint64_t schema;
	size_t index;

	(void)err;
	arena_reset(&scan->ctl->arena);
	show_progress(scan, 1);
	if (frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_verdict_decode_as(schema, body, &scan->ctl->arena, &verdict, NULL) != 0 || verdict.header.board < 0 ||
	    !person_is_named(scan->person, (uint32_t)verdict.header.board, verdict.keys, &index))
		return 0;
	place_of(scan, STORE_VERDICT, message, place);
	person_found(scan->findings, STORE_VERDICT, (uint32_t)verdict.header.board, slice_of(place),
		     slice_of(verdict.kind > 0 && (size_t)verdict.kind < ARRAY_LEN(KINDS) ? KINDS[verdict.kind] : ""),
		     verdict.header.delivery_id);
	return 0;
}

/* ---- quarantine ---- */

static int look_at_quarantine(void *self, const struct kafka_message *message, struct err *err)
{
	struct scan *scan = self;
	struct wire_quarantine quarantined;
	struct slice body;
	uint64_t schema;

	(void)err;
	arena_reset(&scan->ctl->arena);
	show_progress(scan, 1);
	if (frame_open(message->value, &schema, &body, NULL) == 0 &&
	    wire_quarantine_decode_as(schema, body, &scan->ctl->arena, &quarantined, NULL) == 0)
		look_at_lines(scan, STORE_QUARANTINE, message, quarantined.body, 0);
	return 0;
}

/* ---- all of them ---- */

static const char *raw_topic(const struct ctl_config *config)
{
	return config->topic.raw;
}

static const char *verdict_topic(const struct ctl_config *config)
{
	return config->topic.verdict;
}

static const char *quarantine_topic(const struct ctl_config *config)
{
	return config->topic.quarantine;
}

enum { TOPICS_SCANNED = 3 };

static const struct {
	const char *(*topic)(const struct ctl_config *config);
	topic_visit *visit;
} TOPICS[TOPICS_SCANNED] = {
	{ raw_topic, look_at_raw },
	{ verdict_topic, look_at_verdict },
	{ quarantine_topic, look_at_quarantine },
};

/* visit NULL: only adds up how much there is. */
static int scan_topic(struct scan *scan, topic_visit *visit, struct err *err)
{
	int32_t partitions = 0;
	int rc = kafka_reader_partitions(scan->reader, scan->topic, CTL_WAIT_MS, &partitions, err);

	for (int32_t partition = 0; rc == 0 && partition < partitions; partition++) {
		struct kafka_topic_range range = { 0 };

		rc = kafka_reader_range(scan->reader, scan->topic, partition, CTL_WAIT_MS, &range, err);
		if (rc == 0 && visit)
			rc = topic_walk(scan->reader, scan->topic, partition, range.low, range.high, visit, scan, err);
		scan->all += visit ? 0 : range.high - range.low;
	}
	return rc;
}

int person_look_in_logs(struct ctl *ctl, const struct person *person, struct person_findings *findings, struct err *err)
{
	struct scan scan = { .ctl = ctl, .person = person, .findings = findings, .begun_ms = clock_ms() };
	int rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &scan.reader, err);

	for (size_t pass = 0; rc == 0 && pass < 2; pass++)
		for (size_t i = 0; rc == 0 && i < TOPICS_SCANNED; i++) {
			scan.topic = TOPICS[i].topic(&ctl->config);
			rc = scan_topic(&scan, pass == 0 ? NULL : TOPICS[i].visit, err);
		}
	if (scan.reader)
		kafka_reader_close(scan.reader);
	return rc;
}
