#include "ctl/repair/lost_messages.h"

#include "ctl/base/topic_walk.h"
#include "protocol/verdict_class.h"

#include <jansson.h>
#include <stdlib.h>

enum {
	COUNT_FIRST = 64,
	ARENA_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 1 << 20,
	RECEIPTS_BYTES_MAX = 256 << 20,
};

struct search {
	struct ctl *ctl;
	const struct chain_end *end;
	struct lost_messages *lost;
};

static bool is_lost(const struct chain_end *end, int64_t offset)
{
	return offset >= end->from_raw && offset < end->below_raw;
}

/* Where offset stands, or would. */
static size_t place_of(const struct lost_messages *lost, int64_t offset)
{
	size_t low = 0, high = lost->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lost->items[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#ifdef INSTROOM_ANALYZE
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak" /* it loses sight of what search->lost points to */
#endif

static int grow(struct lost_messages *lost, struct err *err)
{
	size_t capacity = lost->capacity ? 2 * lost->capacity : COUNT_FIRST;
	struct lost_message *items = reallocarray(lost->items, capacity, sizeof *items);

	if (!items)
		return err_set(err, ERR_FATAL, "memory", "no memory for what is lost");
	lost->items = items;
	lost->capacity = capacity;
	return 0;
}

/* Who knows more of an offset holds. */
static int add(struct lost_messages *lost, const struct lost_message *message, struct err *err)
{
	size_t at = place_of(lost, message->offset);
	bool is_known = at < lost->count && lost->items[at].offset == message->offset;
	struct slice id;

	if (is_known && lost->items[at].known_by >= message->known_by)
		return 0;
	if (!is_known && lost->count == lost->capacity) {
		int rc = grow(lost, err);

		if (rc != 0)
			return rc;
	}
	if (!arena_copy(&lost->arena, message->header.delivery_id, &id))
		return err_set(err, ERR_FULL, "arena", "more is lost than fits in memory");
	if (!is_known) {
		memmove(lost->items + at + 1, lost->items + at, (lost->count - at) * sizeof lost->items[0]);
		lost->count++;
	}
	lost->items[at] = *message;
	lost->items[at].header.delivery_id = id;
	return 0;
}

/* ---- verdicts ---- */

static int add_verdict(void *self, const struct kafka_message *message, struct err *err)
{
	struct search *search = self;
	struct lost_message lost = { .known_by = KNOWN_BY_VERDICT };
	struct wire_verdict verdict;

	arena_reset(&search->ctl->arena);
	if (!chain_end_decode(message, &search->ctl->arena, &verdict) || !is_lost(search->end, verdict.raw_offset) ||
	    verdict.kind != VERDICT_KIND_DELIVERY)
		return 0;
	lost.offset = verdict.raw_offset;
	lost.header = verdict.header;
	/* as of a body that cannot be read: a contact is not in the headers of a message */
	lost.header.contact_name = lost.header.contact_phone = lost.header.contact_email = (struct slice){ 0 };
	memcpy(lost.digest, verdict.raw_digest, sizeof lost.digest);
	return add(search->lost, &lost, err);
}

/* ---- receipts ---- */

/* A line that is no receipt of this partition says nothing here. */
static int add_receipt(struct search *search, struct slice line, struct err *err)
{
	json_t *receipt = json_loadb(line.p, line.n, 0, NULL);
	const char *id = json_string_value(json_object_get(receipt, "leveringsid"));
	json_t *offset = json_object_get(receipt, "offset"), *partition = json_object_get(receipt, "partitie");
	json_int_t lines = json_integer_value(json_object_get(receipt, "regels"));
	int rc = 0;

	if (id && json_is_integer(offset) && json_is_integer(partition) && lines >= 0 && lines <= INT32_MAX &&
	    json_integer_value(partition) == search->end->partition &&
	    is_lost(search->end, json_integer_value(offset))) {
		struct lost_message lost = { .offset = json_integer_value(offset),
					     .known_by = KNOWN_BY_RECEIPT,
					     .header = { .delivery_id = slice_of(id), .line_count = (int32_t)lines } };

		rc = add(search->lost, &lost, err);
	}
	json_decref(receipt);
	return rc;
}

static int add_receipts(struct search *search, const char *path, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text = { 0 };

	strbuf_init(&text, RECEIPTS_BYTES_MAX);
	int rc = ctl_read_file(path, &text, err);
	struct slice rest = strbuf_slice(&text);

	while (rc == 0 && rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);

		rc = add_receipt(search, slice_cut(&rest, end ? (size_t)(end - rest.p) : rest.n), err);
		if (end)
			slice_cut(&rest, 1);
	}
	return rc;
}

/* ---- both ---- */

int lost_messages_find(struct ctl *ctl, struct kafka_reader *reader, const struct chain_end *end, const char *receipts,
		       struct lost_messages *ret, struct err *err)
{
	struct search search = { ctl, end, ret };
	int rc = arena_init(&ret->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0 && receipts)
		rc = add_receipts(&search, receipts, err);
	if (rc == 0 && end->raw_gap)
		rc = topic_walk(reader, ctl->config.topic.verdict, end->partition, end->verdict.low, end->verdict.high,
				add_verdict, &search, err);
	return rc;
}

void lost_messages_release(struct lost_messages *lost)
{
	arena_release(&lost->arena);
	free(lost->items);
}

void lost_messages_count(const struct lost_messages *lost, int32_t *ret_deliveries, int64_t *ret_lines)
{
	*ret_deliveries = 0;
	*ret_lines = 0;
	for (size_t i = 0; i < lost->count; i++) {
		if (lost->items[i].known_by != KNOWN_BY_VERDICT)
			continue;
		(*ret_deliveries)++;
		*ret_lines += lost->items[i].header.line_count;
	}
}
