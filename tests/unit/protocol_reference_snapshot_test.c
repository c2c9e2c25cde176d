/* A message of the reference topic: used only when its tables are whole and those of its key. */
#include "protocol/reference_snapshot.h"

#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

#include <criterion/criterion.h>

enum { TABLES_MANY = 20000, MESSAGE_BYTES_MAX = 1 << 20 };

/* Boards, schools and codes are invented. */
static const char *const SMALL[REFERENCE_TABLES] = {
	[REFERENCE_BOARDS] = "bestuur;naam;geldig_van;geldig_tot\n99901;Stichting;19000101;\n",
	[REFERENCE_SCHOOLS] = "brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n99ZZ;School;VO;VO;19750801;\n",
	[REFERENCE_SITES] = "brin;vestiging;naam;geldig_van;geldig_tot\n99ZZ;00;Hoofd;19750801;\n",
	[REFERENCE_BOARD_SCHOOL] = "bestuur;brin;geldig_van;geldig_tot\n99901;99ZZ;19000101;\n",
	[REFERENCE_GROUNDS] =
		"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;"
		"max_maanden;verleng_maanden;geldig_van;geldig_tot;herkomst\n"
		"900;VO;;test;REGISTER;N;N;;;19000101;;test\n",
	[REFERENCE_FIELDS] = "code;sector;omschrijving;geldig_van;geldig_tot\nV1002;VO;Wiskunde;19000101;\n",
};

static void version_of_small(uint8_t ret[REFERENCE_VERSION_BYTES])
{
	struct slice csv[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct err err;

	for (int i = 0; i < REFERENCE_TABLES; i++)
		csv[i] = slice_of(SMALL[i]);
	cr_assert_eq(reference_build(csv, &reference, &err), 0, "%s", err.text);
	memcpy(ret, reference_version(reference), REFERENCE_VERSION_BYTES);
	reference_free(reference);
}

/* The small tables, each repeated or left out so that there are count; the version field is not looked at. */
static void put_message(struct strbuf *out, size_t count)
{
	static struct slice csv[TABLES_MANY];
	struct wire_reference_snapshot snapshot = { .tables = { csv, count } };

	for (size_t i = 0; i < count; i++)
		csv[i] = i < REFERENCE_TABLES ? slice_of(SMALL[i]) : (struct slice){ "", 0 };
	strbuf_init(out, MESSAGE_BYTES_MAX);
	frame_put(out, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(out, &snapshot);
	cr_assert(strbuf_ok(out));
}

Test(reference_snapshot, opens_under_its_own_version)
{
	CLEANUP(strbuf_drop) struct strbuf message;
	uint8_t version[REFERENCE_VERSION_BYTES];
	struct reference *reference = NULL;
	struct err err;

	version_of_small(version);
	put_message(&message, REFERENCE_TABLES);
	cr_assert_eq(reference_snapshot_open(strbuf_slice(&message), version, &reference, &err), 0, "%s", err.text);
	cr_expect_arr_eq(reference_version(reference), version, sizeof version);
	strbuf_release(&message); /* nothing of it is kept */
	cr_expect(reference_has_board(reference, 99901, 20180601));
	reference_free(reference);
}

Test(reference_snapshot, is_refused_under_another_version)
{
	CLEANUP(strbuf_drop) struct strbuf message;
	uint8_t version[REFERENCE_VERSION_BYTES];
	struct reference *reference = NULL;
	struct err err;

	version_of_small(version);
	version[REFERENCE_VERSION_BYTES - 1] ^= 1;
	put_message(&message, REFERENCE_TABLES);
	cr_expect_eq(reference_snapshot_open(strbuf_slice(&message), version, &reference, &err), -ERR_DATA);
	cr_expect_null(reference);
}

/* ERR_DATA is for good; with ERR_FULL a reader would come back to the message for ever. */
Test(reference_snapshot, has_six_tables_and_no_other_number)
{
	static const size_t COUNTS[] = { 0, REFERENCE_TABLES - 1, REFERENCE_TABLES + 1, TABLES_MANY };
	uint8_t version[REFERENCE_VERSION_BYTES];

	version_of_small(version);
	for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++) {
		CLEANUP(strbuf_drop) struct strbuf message;
		struct reference *reference = NULL;
		struct err err;

		put_message(&message, COUNTS[i]);
		cr_expect_eq(reference_snapshot_open(strbuf_slice(&message), version, &reference, &err), -ERR_DATA,
			     "%zu tables", COUNTS[i]);
		cr_expect_null(reference);
	}
}

Test(reference_snapshot, is_refused_when_a_byte_is_missing_or_too_many)
{
	CLEANUP(strbuf_drop) struct strbuf message;
	uint8_t version[REFERENCE_VERSION_BYTES];

	version_of_small(version);
	put_message(&message, REFERENCE_TABLES);
	strbuf_add_char(&message, '\0');
	for (size_t n = 0; n <= message.n; n++) {
		struct reference *reference = NULL;
		struct err err;
		int rc = reference_snapshot_open(slice_make(message.p, n), version, &reference, &err);

		cr_expect_eq(rc, n == message.n - 1 ? 0 : -ERR_DATA, "%zu of %zu bytes", n, message.n);
		reference_free(reference);
	}
}

Test(reference_snapshot, key_is_the_version_in_hex)
{
	static const char KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
	uint8_t version[REFERENCE_VERSION_BYTES];

	cr_assert(reference_snapshot_version(slice_of(KEY), version));
	for (uint8_t i = 0; i < REFERENCE_VERSION_BYTES; i++)
		cr_expect_eq(version[i], i);
	cr_expect_not(reference_snapshot_version(slice_make(KEY, 63), version));
	cr_expect_not(reference_snapshot_version(SLICE_LITERAL("g"), version));
	cr_expect_not(reference_snapshot_version((struct slice){ 0 }, version));
}
