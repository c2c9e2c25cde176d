#include "protocol/raw_message.h"

#include "protocol/frame.h"

#include <criterion/criterion.h>

#define ID SLICE_LITERAL("G-0123456789abcdef0123456789abcdef")

static struct raw_message message;
static struct strbuf value;
static struct arena arena;

static void open_memory(void)
{
	struct err err;

	strbuf_init(&value, 1 << 16);
	strbuf_add_text(&value, "of the message before");
	cr_assert_eq(arena_init(&arena, 1 << 16, 0, &err), 0);
}

static void close_memory(void)
{
	strbuf_release(&value);
	arena_release(&arena);
}

TestSuite(raw_message, .init = open_memory, .fini = close_memory);

static struct wire_delivery some_delivery(void)
{
	static struct slice CELLS[] = { SLICE_LITERAL("a"), SLICE_LITERAL("b") };
	struct wire_delivery delivery = {
		.header = { .board = 123,
			    .delivery_id = ID,
			    .kind = DELIVERY_MUTATIE,
			    .sequence = INT64_MAX,
			    .extraction_date = 20170901,
			    .received_on = 20170902,
			    .line_count = 2,
			    .contact_name = SLICE_LITERAL("Contact") },
		.columns = SLICE_LITERAL("\1"),
		.cells = { CELLS, 2 },
	};

	memset(delivery.header.fingerprint, 0xab, sizeof delivery.header.fingerprint);
	memset(delivery.header.reference_version, 0xcd, sizeof delivery.header.reference_version);
	return delivery;
}

/* What every message has: the board's key, headers that can be read, a frame of this schema. */
static struct raw_headers read_message(uint64_t want_schema, struct slice *ret_body)
{
	struct raw_headers headers = { .kind = 0 };
	uint64_t schema = 0;
	struct err err;

	cr_assert(strbuf_ok(&value));
	cr_expect(slice_equal_text(message.key, "00123"));
	cr_assert(raw_headers_read(message.headers.items, message.headers.count, &headers));
	cr_expect_eq(headers.board, 123u);
	cr_assert_eq(frame_open(message.value, &schema, ret_body, &err), 0, "%s", err.text);
	cr_expect_eq(schema, want_schema);
	return headers;
}

static void expect_headers_of(const struct wire_header *header, const struct raw_headers *headers)
{
	cr_expect(slice_equal(headers->delivery_id, header->delivery_id));
	cr_expect_arr_eq(headers->fingerprint, header->fingerprint, sizeof headers->fingerprint);
	cr_expect_arr_eq(headers->reference_version, header->reference_version, sizeof headers->reference_version);
	cr_expect_eq((int32_t)headers->delivery_kind, header->kind);
	cr_expect_eq(headers->is_dry_run, header->dry_run);
	cr_expect_eq(headers->sequence, header->sequence);
	cr_expect_eq(headers->extraction_date, header->extraction_date);
	cr_expect_eq(headers->received_on, header->received_on);
	cr_expect_eq(headers->line_count, header->line_count);
}

Test(raw_message, of_a_delivery_says_what_its_header_says)
{
	struct wire_delivery delivery = some_delivery(), read;
	struct slice body;
	struct err err;

	for (int is_dry = 0; is_dry <= 1; is_dry++) {
		delivery.header.dry_run = is_dry;
		raw_message_of_delivery(&message, &delivery, &value);
		struct raw_headers headers = read_message(WIRE_DELIVERY_SCHEMA, &body);

		cr_expect_eq(headers.kind, RAW_DELIVERY);
		expect_headers_of(&delivery.header, &headers);
		cr_assert_eq(wire_delivery_decode(body, &arena, &read, &err), 0, "%s", err.text);
		cr_expect(slice_equal_text(read.header.contact_name, "Contact"));
	}
}

Test(raw_message, of_a_replay_says_attempt_and_dry_run)
{
	static int32_t NUMBERS[] = { 3, 9 };
	struct wire_replay replay = { .delivery = some_delivery(), .record_numbers = { NUMBERS, 2 } };
	struct slice body;

	replay.delivery.attempt = 4;
	for (int is_dry = 0; is_dry <= 1; is_dry++) {
		replay.replay_dry_run = is_dry;
		raw_message_of_replay(&message, &replay, &value);
		struct raw_headers headers = read_message(WIRE_REPLAY_SCHEMA, &body);

		cr_expect_eq(headers.kind, RAW_REPLAY);
		cr_expect_eq(headers.attempt, 4);
		cr_expect_eq(headers.is_replay_dry_run, is_dry);
		expect_headers_of(&replay.delivery.header, &headers);
	}
}

Test(raw_message, of_a_confirm_names_the_delivery)
{
	struct wire_confirm confirm = { .board = 123, .delivery_id = ID, .request_id = { 9 } };
	struct slice body;

	raw_message_of_confirm(&message, &confirm, &value);
	struct raw_headers headers = read_message(WIRE_CONFIRM_SCHEMA, &body);

	cr_expect_eq(headers.kind, RAW_CONFIRM);
	cr_expect(slice_equal(headers.delivery_id, ID));
}

Test(raw_message, of_a_forget_names_the_board_alone)
{
	struct wire_forget forget = { .board = 123, .keys = SLICE_LITERAL("0123456789abcdef") };
	struct slice body;

	raw_message_of_forget(&message, &forget, &value);
	struct raw_headers headers = read_message(WIRE_FORGET_SCHEMA, &body);

	cr_expect_eq(headers.kind, RAW_FORGET);
	cr_expect_eq(message.headers.count, 2u);
	cr_expect_eq(body.n, 2u + 1u + 16u);
}

Test(raw_message, of_a_set_back_names_the_board_alone)
{
	struct wire_set_back set_back = { .board = 123, .sequence = 7, .request_id = { 9 } };
	struct slice body;

	raw_message_of_set_back(&message, &set_back, &value);
	struct raw_headers headers = read_message(WIRE_SET_BACK_SCHEMA, &body);

	cr_expect_eq(headers.kind, RAW_SET_BACK);
	cr_expect_eq(headers.board, 123);
	cr_expect_eq(message.headers.count, 2u);
	cr_expect_eq(body.n, 2u + 1u + 16u);
}
