#include "validate/raw_input.h"

#include "model/field.h"
#include "model/teacher_key.h"
#include "protocol/confirm_condition.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/forget.h"
#include "wire/gen/replay.h"
#include "wire/gen/set_back.h"

void raw_input_give_up(struct raw_input *input, const char *reason)
{
	input->state = input->has_headers && input->headers.kind == RAW_DELIVERY ? RAW_INPUT_UNREADABLE
										 : RAW_INPUT_FOREIGN;
	input->reason = reason;
}

void raw_input_open(const struct kafka_message *message, struct raw_input *ret)
{
	*ret = (struct raw_input){ .state = RAW_INPUT_READY };
	ret->has_headers = raw_headers_read(message->headers, message->header_count, &ret->headers);
	if (!ret->has_headers)
		raw_input_give_up(ret, REASON_NO_HEADERS);
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

static bool delivery_is_good(const struct wire_delivery *delivery, const struct raw_headers *headers)
{
	return header_is_as_announced(&delivery->header, headers) && delivery->attempt == headers->attempt &&
	       field_columns_are_sound(delivery->columns) &&
	       delivery->cells.count == (size_t)delivery->header.line_count * delivery->columns.n;
}

static bool decode_delivery(uint64_t schema, struct slice body, struct arena *arena, struct raw_input *input)
{
	return wire_delivery_decode_as(schema, body, arena, &input->delivery, NULL) == 0 &&
	       delivery_is_good(&input->delivery, &input->headers);
}

static bool record_numbers_are_good(const int32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] <= (i > 0 ? numbers[i - 1] : 0))
			return false;
	return true;
}

static bool decode_replay(uint64_t schema, struct slice body, struct arena *arena, struct raw_input *input)
{
	struct wire_replay replay;

	if (wire_replay_decode_as(schema, body, arena, &replay, NULL) != 0 ||
	    !delivery_is_good(&replay.delivery, &input->headers) ||
	    replay.replay_dry_run != input->headers.is_replay_dry_run ||
	    replay.record_numbers.count != (size_t)replay.delivery.header.line_count ||
	    !record_numbers_are_good(replay.record_numbers.items, replay.record_numbers.count))
		return false;
	input->delivery = replay.delivery;
	input->record_nos = (const uint32_t *)replay.record_numbers.items; /* all above zero: the same bytes */
	memcpy(input->request_id, replay.job_id, sizeof input->request_id);
	return true;
}

static bool decode_confirm(uint64_t schema, struct slice body, struct arena *arena, struct raw_input *input)
{
	struct wire_confirm confirm;

	if (wire_confirm_decode_as(schema, body, arena, &confirm, NULL) != 0 ||
	    confirm.board != (int32_t)input->headers.board ||
	    !slice_equal(confirm.delivery_id, input->headers.delivery_id) || !condition_is_good(confirm.condition))
		return false;
	memcpy(input->request_id, confirm.request_id, sizeof input->request_id);
	input->condition = confirm.condition;
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

static bool decode_forget(uint64_t schema, struct slice body, struct arena *arena, struct raw_input *input)
{
	struct wire_forget forget;

	if (wire_forget_decode_as(schema, body, arena, &forget, NULL) != 0 ||
	    forget.board != (int32_t)input->headers.board || !keys_are_good(forget.keys))
		return false;
	input->forget_keys = forget.keys;
	return true;
}

static bool decode_set_back(uint64_t schema, struct slice body, struct arena *arena, struct raw_input *input)
{
	struct wire_set_back set_back;

	if (wire_set_back_decode_as(schema, body, arena, &set_back, NULL) != 0 ||
	    set_back.board != (int32_t)input->headers.board || set_back.sequence < 0)
		return false;
	memcpy(input->request_id, set_back.request_id, sizeof input->request_id);
	input->set_back_to = set_back.sequence;
	return true;
}

void raw_input_decode(const struct kafka_message *message, struct arena *arena, struct raw_input *input)
{
	static bool (*const DECODERS[])(uint64_t, struct slice, struct arena *, struct raw_input *) = {
		[RAW_DELIVERY] = decode_delivery, [RAW_CONFIRM] = decode_confirm,   [RAW_REPLAY] = decode_replay,
		[RAW_FORGET] = decode_forget,	  [RAW_SET_BACK] = decode_set_back,
	};
	uint64_t schema;
	struct slice body;

	if (input->state != RAW_INPUT_READY)
		return;
	if (message->body == BODY_NO_KEY) {
		input->state = RAW_INPUT_WAITING;
		input->reason = REASON_NO_DAY_KEY;
	} else if (message->body == BODY_SHREDDED || message->body == BODY_BROKEN) {
		raw_input_give_up(input, message->body == BODY_SHREDDED ? REASON_SHREDDED : REASON_TAMPERED);
	} else if (frame_open(message->value, &schema, &body, NULL) != 0) {
		raw_input_give_up(input, REASON_UNDECODABLE);
	} else if (!wire_schema_find(schema)) {
		input->state = RAW_INPUT_WAITING;
		input->reason = REASON_UNKNOWN_SCHEMA;
	} else if (!DECODERS[input->headers.kind](schema, body, arena, input)) {
		raw_input_give_up(input, REASON_UNDECODABLE);
	}
}
