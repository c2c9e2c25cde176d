#include "validate/intake.h"

#include "model/field.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/forget.h"
#include "wire/gen/replay.h"

void intake_give_up(struct intake *intake, const char *reason)
{
	intake->state = intake->has_headers && intake->headers.kind == RAW_DELIVERY ? INTAKE_UNREADABLE : INTAKE_FOREIGN;
	intake->reason = reason;
}

void intake_open(const struct kafka_message *message, struct intake *ret)
{
	struct raw_header headers[KAFKA_HEADERS_MAX];
	size_t count = MIN(message->header_count, (size_t)KAFKA_HEADERS_MAX);

	for (size_t i = 0; i < count; i++)
		headers[i] = (struct raw_header){ message->headers[i].name, message->headers[i].value };
	*ret = (struct intake){ .state = INTAKE_READY };
	ret->has_headers = raw_headers_read(headers, count, &ret->headers);
	if (!ret->has_headers)
		intake_give_up(ret, REASON_NO_HEADERS);
}

static bool header_is_as_announced(const struct wire_header *header, const struct raw_headers *headers)
{
	return header->board == (int32_t)headers->board && slice_equal(header->delivery_id, headers->delivery_id) &&
	       memcmp(header->fingerprint, headers->fingerprint, sizeof headers->fingerprint) == 0 &&
	       header->kind == (int32_t)headers->delivery_kind && header->dry_run == headers->is_dry_run &&
	       header->sequence == headers->sequence && header->extraction_date == headers->extraction_date &&
	       header->received_on == headers->received_on && header->line_count == headers->line_count &&
	       memcmp(header->reference_version, headers->reference_version, sizeof headers->reference_version) == 0;
}

static bool columns_are_good(struct slice columns)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < columns.n; i++) {
		unsigned column = (uint8_t)columns.p[i];

		if (column < 1 || column > COLUMNS || seen >> column & 1)
			return false;
		seen |= 1u << column;
	}
	return columns.n > 0;
}

static bool delivery_is_good(const struct wire_delivery *delivery, const struct raw_headers *headers)
{
	return header_is_as_announced(&delivery->header, headers) && delivery->attempt == headers->attempt &&
	       columns_are_good(delivery->columns) &&
	       delivery->cells.count == (size_t)delivery->header.line_count * delivery->columns.n;
}

static bool decode_delivery(uint64_t schema, struct slice body, struct arena *arena, struct intake *intake)
{
	return wire_delivery_decode_as(schema, body, arena, &intake->delivery, NULL) == 0 &&
	       delivery_is_good(&intake->delivery, &intake->headers);
}

static bool record_numbers_are_good(const int32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] <= (i > 0 ? numbers[i - 1] : 0))
			return false;
	return true;
}

static bool decode_replay(uint64_t schema, struct slice body, struct arena *arena, struct intake *intake)
{
	struct wire_replay replay;

	if (wire_replay_decode_as(schema, body, arena, &replay, NULL) != 0 ||
	    !delivery_is_good(&replay.delivery, &intake->headers) ||
	    replay.replay_dry_run != intake->headers.is_replay_dry_run ||
	    replay.record_numbers.count != (size_t)replay.delivery.header.line_count ||
	    !record_numbers_are_good(replay.record_numbers.items, replay.record_numbers.count))
		return false;
	intake->delivery = replay.delivery;
	intake->record_nos = (const uint32_t *)replay.record_numbers.items; /* all above zero: the same bytes */
	memcpy(intake->request_id, replay.job_id, sizeof intake->request_id);
	return true;
}

static bool decode_confirm(uint64_t schema, struct slice body, struct arena *arena, struct intake *intake)
{
	struct wire_confirm confirm;

	if (wire_confirm_decode_as(schema, body, arena, &confirm, NULL) != 0 ||
	    confirm.board != (int32_t)intake->headers.board ||
	    !slice_equal(confirm.delivery_id, intake->headers.delivery_id))
		return false;
	memcpy(intake->request_id, confirm.request_id, sizeof intake->request_id);
	return true;
}

static bool keys_are_good(struct slice keys)
{
	for (size_t at = TEACHER_KEY_BYTES; at < keys.n; at += TEACHER_KEY_BYTES)
		if (keys.n - at < TEACHER_KEY_BYTES ||
		    memcmp(keys.p + at - TEACHER_KEY_BYTES, keys.p + at, TEACHER_KEY_BYTES) >= 0)
			return false;
	return keys.n == 0 || keys.n >= TEACHER_KEY_BYTES;
}

static bool decode_forget(uint64_t schema, struct slice body, struct arena *arena, struct intake *intake)
{
	struct wire_forget forget;

	if (wire_forget_decode_as(schema, body, arena, &forget, NULL) != 0 ||
	    forget.board != (int32_t)intake->headers.board || !keys_are_good(forget.keys))
		return false;
	intake->forget_keys = forget.keys;
	return true;
}

void intake_decode(const struct kafka_message *message, struct arena *arena, struct intake *intake)
{
	static bool (*const DECODERS[])(uint64_t, struct slice, struct arena *, struct intake *) = {
		[RAW_DELIVERY] = decode_delivery,
		[RAW_CONFIRM] = decode_confirm,
		[RAW_REPLAY] = decode_replay,
		[RAW_FORGET] = decode_forget,
	};
	uint64_t schema;
	struct slice body;

	if (intake->state != INTAKE_READY)
		return;
	if (frame_open(message->value, &schema, &body, NULL) != 0) {
		intake_give_up(intake, REASON_UNDECODABLE);
	} else if (!wire_schema_find(schema)) {
		intake->state = INTAKE_LATE;
		intake->reason = REASON_UNKNOWN_SCHEMA;
	} else if (!DECODERS[intake->headers.kind](schema, body, arena, intake)) {
		intake_give_up(intake, REASON_UNDECODABLE);
	}
}
