/* A message of the access topic: used only when it is whole and every row is of the right form. */
#include "protocol/access_snapshot.h"

#include "protocol/frame.h"

#include <criterion/criterion.h>

enum { MESSAGE_BYTES_MAX = 1 << 20, TODAY = 20270301 };

struct example {
	struct wire_party_number party_numbers[2];
	struct wire_board_number board_numbers[1];
	struct wire_mandate mandates[2];
	struct wire_credential credentials[2];
};

static struct example example(void)
{
	return (struct example){
		.party_numbers = { { 1, NUMBER_KVK, SLICE_LITERAL("11111111") },
				   { 2, NUMBER_OIN, SLICE_LITERAL("00000099000000000001") } },
		.board_numbers = { { 41211, NUMBER_KVK, SLICE_LITERAL("41211000"), 20200101, 0 } },
		.mandates = { { 41211, 1, SERVICE_DELIVER, 20200101, 0 }, { 41211, 2, SERVICE_READ, 20200101, TODAY } },
		.credentials = { { { 1 }, SLICE_LITERAL("kantoor-a"), 1, 0, 20271231, false },
				 { { 2 }, SLICE_LITERAL("bestuur"), 0, 41211, 20271231, true } },
	};
}

static void write_tables(struct example *rows, struct strbuf *tables, uint8_t sha256[ACCESS_VERSION_BYTES])
{
	const struct wire_access_tables wire = {
		.party_numbers = { rows->party_numbers, ARRAY_LEN(rows->party_numbers) },
		.board_numbers = { rows->board_numbers, ARRAY_LEN(rows->board_numbers) },
		.mandates = { rows->mandates, ARRAY_LEN(rows->mandates) },
		.credentials = { rows->credentials, ARRAY_LEN(rows->credentials) },
	};

	access_snapshot_tables(&wire, tables, sha256);
}

/* Writes the rows as version sequence and opens them. */
static int pass_on(struct example *rows, int64_t sequence, struct access_data **ret, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf tables, value;
	struct access_version version = { .sequence = sequence, .published_ms = 12 };

	strbuf_init(&tables, MESSAGE_BYTES_MAX);
	strbuf_init(&value, MESSAGE_BYTES_MAX);
	write_tables(rows, &tables, version.sha256);
	access_snapshot_write(&version, strbuf_slice(&tables), &value);
	cr_assert(strbuf_ok(&tables) && strbuf_ok(&value));
	return access_snapshot_open(strbuf_slice(&value), ret, err);
}

Test(access_snapshot, opens_as_it_was_written)
{
	struct example rows = example();
	struct access_data *data = NULL;
	struct err err = { 0 };
	uint32_t board = 41211;
	const struct access_question question = { .board = &board, .service = SERVICE_DELIVER, .today = TODAY };
	const struct access_party office = { .id = 1 }, reader = { .id = 2 };
	const uint8_t withdrawn[32] = { 2 };
	enum access_basis basis;

	cr_assert_eq(pass_on(&rows, 9, &data, &err), 0, "%s", err.text);
	cr_expect_eq(access_data_version(data)->sequence, 9);
	cr_expect_eq(access_data_version(data)->published_ms, 12);
	cr_expect_eq(access_data_decide(data, &office, &question, &basis), ACCESS_GOOD);
	cr_expect_eq(access_data_decide(data, &reader, &question, &basis), ACCESS_OTHER_SERVICE);
	const struct access_credential *credential = access_data_credential(data, withdrawn);

	cr_assert_not_null(credential);
	cr_expect(credential->is_withdrawn && credential->party == 0 && credential->board == 41211);
	cr_expect_str_eq(credential->name, "bestuur");
	access_data_free(data);
}

Test(access_snapshot, one_without_a_row_opens_too)
{
	CLEANUP(strbuf_drop) struct strbuf tables, value;
	const struct wire_access_tables none = { 0 };
	struct access_version version = { .sequence = 1 };
	struct access_data *data = NULL;
	struct err err = { 0 };

	strbuf_init(&tables, MESSAGE_BYTES_MAX);
	strbuf_init(&value, MESSAGE_BYTES_MAX);
	access_snapshot_tables(&none, &tables, version.sha256);
	access_snapshot_write(&version, strbuf_slice(&tables), &value);
	cr_expect_eq(access_snapshot_open(strbuf_slice(&value), &data, &err), 0, "%s", err.text);
	access_data_free(data);
}

#define WRONG(change)                                                                                 \
	do {                                                                                          \
		struct example rows = example();                                                      \
		struct access_data *data = NULL;                                                      \
		struct err err = { 0 };                                                               \
                                                                                                      \
		change;                                                                               \
		cr_expect_eq(pass_on(&rows, 1, &data, &err), -ERR_DATA, "%s: %s", #change, err.text); \
		access_data_free(data);                                                               \
	} while (0)

Test(access_snapshot, is_refused_whole_when_one_row_is_not_of_the_right_form)
{
	WRONG(rows.party_numbers[1].party = 0);
	WRONG(rows.party_numbers[1].kind = 4);
	WRONG(rows.party_numbers[1].kind = -1);
	WRONG(rows.party_numbers[0].digits = slice_of("1111111"));
	WRONG(rows.board_numbers[0].board = 100000);
	WRONG(rows.board_numbers[0].board = -1);
	WRONG(rows.board_numbers[0].from_day = 0);
	WRONG(rows.board_numbers[0].until_day = -1);
	WRONG(rows.mandates[0].service = 0);
	WRONG(rows.mandates[0].service = 3);
	WRONG(rows.mandates[0].service = 16);
	WRONG(rows.mandates[0].party = 0);
	WRONG(rows.mandates[1].until_day = 99999999);
	WRONG(rows.credentials[0].name = slice_of(""));
	WRONG(rows.credentials[0].party = -1);
	WRONG(rows.credentials[1].board = 100000);
	WRONG(rows.credentials[1].until_day = 0);
}

Test(access_snapshot, is_refused_when_a_byte_of_it_is_another)
{
	CLEANUP(strbuf_drop) struct strbuf tables, value;
	struct access_version version = { .sequence = 1 };
	struct example rows = example();

	strbuf_init(&tables, MESSAGE_BYTES_MAX);
	strbuf_init(&value, MESSAGE_BYTES_MAX);
	write_tables(&rows, &tables, version.sha256);
	access_snapshot_write(&version, strbuf_slice(&tables), &value);
	for (size_t at = value.n - tables.n; at < value.n; at++) {
		struct access_data *data = NULL;
		struct err err = { 0 };

		value.p[at] ^= 1;
		cr_expect_eq(access_snapshot_open(strbuf_slice(&value), &data, &err), -ERR_DATA, "byte %zu", at);
		value.p[at] ^= 1;
	}
	for (size_t n = 0; n < value.n; n++) {
		struct access_data *data = NULL;
		struct err err = { 0 };

		cr_expect_eq(access_snapshot_open(slice_make(value.p, n), &data, &err), -ERR_DATA, "%zu bytes", n);
	}
}

Test(access_snapshot, eight_in_a_row_have_keys_of_their_own)
{
	char text[ACCESS_SNAPSHOT_KEY_BYTES + 1];
	unsigned seen = 0;

	for (int32_t slot = 5; slot < 13; slot++)
		seen |= 1U << (access_snapshot_key(slot, text).p[0] - '0');
	cr_expect_eq(seen, 0xffU);
}
