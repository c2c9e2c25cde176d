#include "protocol/raw_message.h"

#include "protocol/frame.h"

static struct raw_headers headers_of(enum raw_kind kind, const struct wire_delivery *delivery)
{
	const struct wire_header *header = &delivery->header;
	struct raw_headers headers = {
		.kind = kind,
		.board = (uint32_t)header->board,
		.delivery_id = header->delivery_id,
		.attempt = delivery->attempt,
		.is_dry_run = header->dry_run,
		.sequence = header->sequence,
		.line_count = header->line_count,
		.delivery_kind = (enum delivery_kind)header->kind,
		.extraction_date = header->extraction_date,
		.received_on = header->received_on,
	};

	memcpy(headers.fingerprint, header->fingerprint, sizeof headers.fingerprint);
	memcpy(headers.reference_version, header->reference_version, sizeof headers.reference_version);
	return headers;
}

static void begin(struct strbuf *value, uint64_t schema)
{
	strbuf_reset(value);
	frame_put(value, schema);
}

static void finish(struct raw_message *ret, const struct raw_headers *headers, const struct strbuf *value)
{
	ret->key = partitioning_key(headers->board, ret->key_text);
	raw_headers_write(headers, &ret->headers);
	ret->value = strbuf_slice(value);
}

void raw_message_of_delivery(struct raw_message *ret, const struct wire_delivery *body, struct strbuf *value)
{
	struct raw_headers headers = headers_of(RAW_DELIVERY, body);

	begin(value, WIRE_DELIVERY_SCHEMA);
	wire_delivery_encode(value, body);
	finish(ret, &headers, value);
}

void raw_message_of_replay(struct raw_message *ret, const struct wire_replay *body, struct strbuf *value)
{
	struct raw_headers headers = headers_of(RAW_REPLAY, &body->delivery);

	headers.is_replay_dry_run = body->replay_dry_run;
	begin(value, WIRE_REPLAY_SCHEMA);
	wire_replay_encode(value, body);
	finish(ret, &headers, value);
}

void raw_message_of_confirm(struct raw_message *ret, const struct wire_confirm *body, struct strbuf *value)
{
	struct raw_headers headers = { .kind = RAW_CONFIRM,
				       .board = (uint32_t)body->board,
				       .delivery_id = body->delivery_id };

	begin(value, WIRE_CONFIRM_SCHEMA);
	wire_confirm_encode(value, body);
	finish(ret, &headers, value);
}

void raw_message_of_forget(struct raw_message *ret, const struct wire_forget *body, struct strbuf *value)
{
	struct raw_headers headers = { .kind = RAW_FORGET, .board = (uint32_t)body->board };

	begin(value, WIRE_FORGET_SCHEMA);
	wire_forget_encode(value, body);
	finish(ret, &headers, value);
}

void raw_message_of_set_back(struct raw_message *ret, const struct wire_set_back *body, struct strbuf *value)
{
	struct raw_headers headers = { .kind = RAW_SET_BACK, .board = (uint32_t)body->board };

	begin(value, WIRE_SET_BACK_SCHEMA);
	wire_set_back_encode(value, body);
	finish(ret, &headers, value);
}
