#include "model/reference.h"

#include "base/num.h"
#include "model/csv.h"
#include "model/teacher_key.h"

#include <criterion/criterion.h>

/* Small tables; boards, schools and codes are invented. */
static const char *const SMALL[REFERENCE_TABLES] = {
	[REFERENCE_BOARDS] =
		"bestuur;naam;geldig_van;geldig_tot\n"
		"00001;Stichting Een;19000101;\n"
		"99901;Stichting Twee;20100101;20150101\n"
		"99901;Stichting Twee;20160101;\n",
	[REFERENCE_SCHOOLS] =
		"brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n"
		"00AA;School Een;PO;BO;19750801;\n"
		"99ZZ;\"School; Twee\";VO;VO;19750801;20180801\n"
		"99EX;School Drie;WEC;VSO_EXAMEN;19750801;\n"
		"99WE;School Vier;WEC;SO;19750801;\n"
		"99MB;School Vijf;MBO;ROC;19750801;\n",
	[REFERENCE_SITES] =
		"brin;vestiging;naam;geldig_van;geldig_tot\n"
		"99ZZ;01;Dependance;19750801;20180801\n"
		"00AA;00;Hoofd;19750801;\n"
		"99ZZ;00;Hoofd;19750801;\n"
		"99ZZ;99;Laatste;19750801;\n",
	[REFERENCE_BOARD_SCHOOL] =
		"bestuur;brin;geldig_van;geldig_tot\n"
		"00001;00AA;19000101;20180101\n"
		"99901;00AA;20180101;\n"
		"99901;99ZZ;19000101;\n",
	[REFERENCE_GROUNDS] =
		"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;"
		"max_maanden;verleng_maanden;geldig_van;geldig_tot;herkomst\n"
		"000;PO;;nul;REGISTER;N;N;;;19000101;;test\n"
		"915;VO;WVO 33.3;vervanging;VOORPORTAAL;J;J;12;24;19000101;;test\n"
		"912;VO;;lio;VOORPORTAAL;J;N;5;;19000101;20180101;test\n"
		"999;MBO;;gast;GEEN;N;N;;3;19000101;;test\n",
	[REFERENCE_FIELDS] =
		"code;sector;omschrijving;geldig_van;geldig_tot\n"
		"V1002;VO;Wiskunde;19000101;\n"
		"V1002;MBO;Wiskunde;20180101;\n"
		"ABCDEFGHIJ;PO;lang;19000101;\n"
		"0;PO;nul;19000101;20180101\n",
};

/* The small tables with one of them replaced. */
static int build_with(enum reference_table table, struct slice text, struct reference **ret, struct err *err)
{
	struct slice csv[REFERENCE_TABLES];

	for (int i = 0; i < REFERENCE_TABLES; i++)
		csv[i] = slice_of(SMALL[i]);
	csv[table] = text;
	return reference_build(csv, ret, err);
}

static struct reference *build_small(void)
{
	struct reference *reference = NULL;
	struct err err = { 0 };

	cr_assert_eq(build_with(REFERENCE_BOARDS, slice_of(SMALL[REFERENCE_BOARDS]), &reference, &err), 0, "%s",
		     err.text);
	return reference;
}

Test(reference, keeps_every_row_of_every_table)
{
	struct reference *reference = build_small();

	cr_expect_eq(reference_rows(reference, REFERENCE_BOARDS), 3);
	cr_expect_eq(reference_rows(reference, REFERENCE_SCHOOLS), 5);
	cr_expect_eq(reference_rows(reference, REFERENCE_SITES), 4);
	cr_expect_eq(reference_rows(reference, REFERENCE_BOARD_SCHOOL), 3);
	cr_expect_eq(reference_rows(reference, REFERENCE_GROUNDS), 4);
	cr_expect_eq(reference_rows(reference, REFERENCE_FIELDS), 4);
	cr_expect_eq(reference_rows(reference, REFERENCE_TABLES), 0);
	reference_free(reference);
}

Test(reference, board_holds_from_its_first_day_until_the_day_before_its_end)
{
	static const struct {
		uint32_t board;
		int32_t date;
		bool want;
		const char *why;
	} ROWS[] = {
		{ 99901, 20091231, false, "the day before" },
		{ 99901, 20100101, true, "the first day" },
		{ 99901, 20141231, true, "the last day" },
		{ 99901, 20150101, false, "geldig_tot is the first day it no longer holds" },
		{ 99901, 20151231, false, "between two periods" },
		{ 99901, 20160101, true, "the second period" },
		{ 99901, 21991231, true, "open" },
		{ 1, 20180101, true, "leading zeros" },
		{ 2, 20180101, false, "no such board" },
		{ 0, 20180101, false, "nor this" },
		{ 99999, 20180101, false, "nor the last number" },
		{ 100000, 20180101, false, "no number of a board" },
		{ UINT32_MAX, 20180101, false, "nor this" },
	};
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(reference_has_board(reference, ROWS[i].board, ROWS[i].date), ROWS[i].want, "%s",
			     ROWS[i].why);
	reference_free(reference);
}

Test(reference, row_without_a_begin_holds_from_the_first_day_on)
{
	static const char BOARDS[] =
		"bestuur;naam;geldig_van;geldig_tot\n00001;x;20000101;20100101\n00001;x;;20000101\n"
		"00002;x;;\n";
	struct reference *reference = NULL;
	struct err err = { 0 };

	cr_assert_eq(build_with(REFERENCE_BOARDS, slice_of(BOARDS), &reference, &err), 0, "%s", err.text);
	cr_expect(reference_has_board(reference, 1, 19000101), "the first day there is");
	cr_expect(reference_has_board(reference, 1, 19991231), "the last day of the open row");
	cr_expect(reference_has_board(reference, 1, 20000101), "the row behind it");
	cr_expect_not(reference_has_board(reference, 1, 20100101), "which ends");
	cr_expect(reference_has_board(reference, 2, 19000101), "open on both sides");
	cr_expect(reference_has_board(reference, 2, 21991231), "open on both sides");
	reference_free(reference);
}

Test(reference, school_has_the_ground_codes_of_its_sector)
{
	static const struct {
		const char *brin;
		uint8_t sector, ground_sector;
	} ROWS[] = {
		{ "00AA", SECTOR_PO, SECTOR_PO },   { "99ZZ", SECTOR_VO, SECTOR_VO },
		{ "99EX", SECTOR_WEC, SECTOR_VO },  { "99WE", SECTOR_WEC, SECTOR_PO },
		{ "99MB", SECTOR_MBO, SECTOR_MBO },
	};
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct school *school = reference_school(reference, slice_of(ROWS[i].brin), 20180701);

		cr_assert_not_null(school, "%s", ROWS[i].brin);
		cr_expect_eq(school->sector, ROWS[i].sector, "%s", ROWS[i].brin);
		cr_expect_eq(school->ground_sector, ROWS[i].ground_sector, "%s", ROWS[i].brin);
	}
	const struct school *closed = reference_school(reference, slice_of("99ZZ"), 20180731);

	cr_assert_not_null(closed);
	cr_expect_eq(closed->valid_from, 19750801);
	cr_expect_eq(closed->valid_until, 20180801);
	cr_expect_null(reference_school(reference, slice_of("99ZZ"), 20180801), "closed");
	cr_expect_null(reference_school(reference, slice_of("99ZZ"), 19750731), "not yet open");
	reference_free(reference);
}

Test(reference, answers_no_for_anything_that_is_no_brin)
{
	static const char *const TEXTS[] = { "",     "00A",  "00AAA", "0AAA", "00aa",	   "00A0",
					     "0/AA", "0:AA", "00A@",  "00A[", "00\xc3\x84" };
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		struct slice brin = slice_of(TEXTS[i]);

		cr_expect_null(reference_school(reference, brin, 20180101), "%s", TEXTS[i]);
		cr_expect_not(reference_has_site(reference, brin, 0, 20180101), "%s", TEXTS[i]);
		cr_expect_not(reference_has_board_school(reference, 1, brin, 20180101), "%s", TEXTS[i]);
	}
	cr_expect_null(reference_school(reference, (struct slice){ NULL, 0 }, 20180101));
	reference_free(reference);
}

Test(reference, site_belongs_to_its_school)
{
	static const struct {
		const char *brin;
		unsigned site;
		int32_t date;
		bool want;
		const char *why;
	} ROWS[] = {
		{ "99ZZ", 0, 20180701, true, "the main site" },
		{ "99ZZ", 1, 20180731, true, "another on its last day" },
		{ "99ZZ", 1, 20180801, false, "a day later" },
		{ "99ZZ", 99, 20180701, true, "the last number" },
		{ "99ZZ", 2, 20180701, false, "no such site" },
		{ "99ZZ", 100, 20180701, false, "no number of a site" },
		{ "00AA", 1, 20180701, false, "a site of another school" },
		{ "00AB", 0, 20180701, false, "no such school" },
	};
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(reference_has_site(reference, slice_of(ROWS[i].brin), ROWS[i].site, ROWS[i].date),
			     ROWS[i].want, "%s", ROWS[i].why);
	reference_free(reference);
}

Test(reference, school_goes_from_one_board_to_another)
{
	static const struct {
		uint32_t board;
		const char *brin;
		int32_t date;
		bool want;
		const char *why;
	} ROWS[] = {
		{ 1, "00AA", 20171231, true, "the last day at the first board" },
		{ 1, "00AA", 20180101, false, "the first day elsewhere" },
		{ 99901, "00AA", 20171231, false, "not yet" },
		{ 99901, "00AA", 20180101, true, "the first day at the second board" },
		{ 99901, "99ZZ", 20180101, true, "two schools of one board" },
		{ 1, "99ZZ", 20180101, false, "a school of another board" },
		{ 100000, "99ZZ", 20180101, false, "no number of a board" },
	};
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(reference_has_board_school(reference, ROWS[i].board, slice_of(ROWS[i].brin), ROWS[i].date),
			     ROWS[i].want, "%s", ROWS[i].why);
	reference_free(reference);
}

Test(reference, ground_has_target_needs_and_limit)
{
	struct reference *reference = build_small();
	const struct ground *temporary = reference_ground(reference, 915, 20180701);
	const struct ground *unlimited = reference_ground(reference, 999, 20180701);
	const struct ground *without_more = reference_ground(reference, 912, 20171231);

	cr_assert(temporary && unlimited && without_more && reference_ground(reference, 0, 20180701));
	cr_expect_eq(temporary->code, 915);
	cr_expect_eq(temporary->sector, SECTOR_VO);
	cr_expect_eq(temporary->target, TARGET_VOORPORTAAL);
	cr_expect(temporary->needs_field && temporary->needs_end && temporary->has_limit);
	cr_expect_eq(temporary->limit_months, 36);
	cr_expect_eq(unlimited->target, TARGET_GEEN);
	cr_expect_not(unlimited->needs_field || unlimited->needs_end || unlimited->has_limit);
	cr_expect_eq(unlimited->limit_months, 0, "months more than nothing are no limit");
	cr_expect(without_more->has_limit && without_more->needs_field && !without_more->needs_end);
	cr_expect_eq(without_more->limit_months, 5, "empty counts as 0");
	cr_expect_null(reference_ground(reference, 912, 20180101), "expired");
	cr_expect_null(reference_ground(reference, 1, 20180101), "no such code");
	cr_expect_null(reference_ground(reference, 1000, 20180101), "no code");
	cr_expect_null(reference_ground(reference, UINT32_MAX, 20180101), "no code");
	reference_free(reference);
}

Test(reference, teaching_field_is_known_per_sector)
{
	static const struct {
		const char *code;
		enum sector sector;
		int32_t date;
		bool want;
		const char *why;
	} ROWS[] = {
		{ "V1002", SECTOR_VO, 20170101, true, "in its sector" },
		{ "V1002", SECTOR_MBO, 20170101, false, "not yet in the other" },
		{ "V1002", SECTOR_MBO, 20180101, true, "now in the other, too" },
		{ "V1002", SECTOR_PO, 20180101, false, "never in the third" },
		{ "ABCDEFGHIJ", SECTOR_PO, 20180101, true, "ten characters" },
		{ "ABCDEFGHIJK", SECTOR_PO, 20180101, false, "eleven are no code" },
		{ "0", SECTOR_PO, 20171231, true, "one character" },
		{ "0", SECTOR_PO, 20180101, false, "expired" },
		{ "00", SECTOR_PO, 20171231, false, "another code" },
		{ "", SECTOR_PO, 20171231, false, "no code" },
		{ "v1002", SECTOR_VO, 20170101, false, "the case counts" },
		{ "V1002", SECTOR_NONE, 20170101, false, "no sector" },
		{ "V1002", (enum sector)255, 20170101, false, "no sector" },
	};
	struct reference *reference = build_small();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(reference_has_field(reference, slice_of(ROWS[i].code), ROWS[i].sector, ROWS[i].date),
			     ROWS[i].want, "%s", ROWS[i].why);
	reference_free(reference);
}

static const struct {
	enum reference_table table;
	const char *text, *want, *why;
} BAD_ROWS[] = {
	{ REFERENCE_BOARDS, "", "besturen.csv: record 1", "no header row" },
	{ REFERENCE_BOARDS, "bestuur;geldig_van;geldig_tot\n", "column naam", "a missing column" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot;extra\n", "one is unknown", "an unknown column" },
	{ REFERENCE_BOARDS, "bestuur;naam;naam;geldig_van;geldig_tot\n", "column naam", "a doubled column" },
	{ REFERENCE_BOARDS, "Bestuur;naam;geldig_van;geldig_tot\n", "column bestuur", "names are exact" },
	{ REFERENCE_BOARDS, "a;b;c;d;e;f;g;h;i;j;k;l;m;bestuur;naam;geldig_van;geldig_tot\n", "column bestuur",
	  "more columns than any table has" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;19000101\n", "record 2", "a field less" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n\n00001;x;19000101;\n", "record 2",
	  "an empty record" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;\"x;19000101;\n", "record 2", "an open quote" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;19000101;\n\r", "record 3",
	  "a bare CR at the end" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n0001;x;19000101;\n", "record 2: column bestuur",
	  "4 digits" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n000001;x;19000101;\n", "column bestuur", "6 digits" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n0000A;x;19000101;\n", "column bestuur", "a letter" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;-;\n", "column geldig_van", "no date" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;19000229;\n", "column geldig_van",
	  "no real day" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;19000101;2018\n", "column geldig_tot",
	  "no date" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;20180101;20180101\n", "column geldig_tot",
	  "ends as it begins" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;caf\xe9;20180101;\n", "UTF-8", "windows-1252" },
	{ REFERENCE_BOARDS,
	  "bestuur;naam;geldig_van;geldig_tot\n00001;x;19000101;20000101\n00002;x;19000101;\n"
	  "00001;x;19991231;\n",
	  "record 4: column geldig_van: the period overlaps that of record 2", "a day in two rows" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;20000101;\n00001;x;19000101;\n", "record 3",
	  "the earlier row is open" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;20000101;\n00001;y;20000101;\n", "record 3",
	  "the same row twice" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;;20000101\n00001;x;;20000101\n", "record 3",
	  "twice open at its begin" },
	{ REFERENCE_BOARDS, "bestuur;naam;geldig_van;geldig_tot\n00001;x;19991231;\n00001;x;;20000101\n", "record 3",
	  "the open begin reaches a day into the next" },
	{ REFERENCE_SCHOOLS, "brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n00aa;x;PO;BO;19000101;\n",
	  "scholen.csv: record 2: column brin", "small letters" },
	{ REFERENCE_SCHOOLS, "brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n00AA;x;HO;BO;19000101;\n",
	  "column sector", "no sector of ours" },
	{ REFERENCE_SITES, "brin;vestiging;naam;geldig_van;geldig_tot\n00AA;1;x;19000101;\n",
	  "vestigingen.csv: record 2: column vestiging", "one digit" },
	{ REFERENCE_BOARD_SCHOOL, "bestuur;brin;geldig_van;geldig_tot\n00001;AA00;19000101;\n",
	  "bestuur_school.csv: record 2: column brin", "the wrong way round" },
	{ REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot\nV1002;WEC;x;19000101;\n",
	  "onderwijsterreinen.csv: record 2: column sector", "WEC has no fields of its own" },
	{ REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot\nV10 2;VO;x;19000101;\n", "column code",
	  "a blank" },
	{ REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot\n;VO;x;19000101;\n", "column code",
	  "empty" },
	{ REFERENCE_FIELDS, "code;sector;omschrijving;geldig_van;geldig_tot\nABCDEFGHIJK;VO;x;19000101;\n",
	  "column code", "eleven characters" },
};

Test(reference, refuses_a_bad_table_and_names_file_record_and_column)
{
	for (size_t i = 0; i < ARRAY_LEN(BAD_ROWS); i++) {
		struct reference *reference = NULL;
		struct err err = { 0 };
		int rc = build_with(BAD_ROWS[i].table, slice_of(BAD_ROWS[i].text), &reference, &err);

		cr_expect_eq(rc, -ERR_DATA, "%s", BAD_ROWS[i].why);
		cr_expect_null(reference, "%s: the output is written only on success", BAD_ROWS[i].why);
		cr_expect(strstr(err.text, reference_file(BAD_ROWS[i].table)), "%s: %s", BAD_ROWS[i].why, err.text);
		cr_expect(strstr(err.text, BAD_ROWS[i].want), "%s: %s", BAD_ROWS[i].why, err.text);
		reference_free(reference);
	}
}

#define GROUND_HEADER                                                                                   \
	"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;" \
	"verleng_maanden;geldig_van;geldig_tot;herkomst\n"

Test(reference, refuses_a_bad_ground)
{
	static const struct {
		const char *row, *want;
	} ROWS[] = {
		{ "91;VO;;x;REGISTER;N;N;;;19000101;;t", "column code" },
		{ "9111;VO;;x;REGISTER;N;N;;;19000101;;t", "column code" },
		{ "911;WEC;;x;REGISTER;N;N;;;19000101;;t", "column sector" },
		{ "911;VO;;x;register;N;N;;;19000101;;t", "column doel" },
		{ "911;VO;;x;;N;N;;;19000101;;t", "column doel" },
		{ "911;VO;;x;REGISTER;;N;;;19000101;;t", "column onderwijsterrein_nodig" },
		{ "911;VO;;x;REGISTER;N;j;;;19000101;;t", "column einddatum_nodig" },
		{ "911;VO;;x;REGISTER;N;N;1201;;19000101;;t", "column max_maanden" },
		{ "911;VO;;x;REGISTER;N;N;-1;;19000101;;t", "column max_maanden" },
		{ "911;VO;;x;REGISTER;N;N;1;twee;19000101;;t", "column verleng_maanden" },
		{ "911;VO;;x;REGISTER;N;N;1200;1200;19000101;;t", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct reference *reference = NULL;
		struct err err = { 0 };
		char text[600];
		int n = snprintf(text, sizeof text, "%s%s\n", GROUND_HEADER, ROWS[i].row);
		int rc = build_with(REFERENCE_GROUNDS, slice_make(text, (size_t)n), &reference, &err);

		cr_expect_eq(rc, ROWS[i].want ? -ERR_DATA : 0, "%s", ROWS[i].row);
		cr_expect(!ROWS[i].want || strstr(err.text, ROWS[i].want), "%s: %s", ROWS[i].row, err.text);
		reference_free(reference);
	}
}

Test(reference, reads_columns_in_any_order_with_bom_crlf_quotes_and_empty_records_at_the_end)
{
	struct reference *reference = NULL;
	struct err err = { 0 };
	struct slice text = slice_of(
		"\xef\xbb\xbfgeldig_tot;\"naam\";geldig_van;bestuur\r\n"
		"20180101;\"Stichting \"\"Een\"\"\";20000101;00042\r\n\r\n\r\n");

	cr_assert_eq(build_with(REFERENCE_BOARDS, text, &reference, &err), 0, "%s", err.text);
	cr_expect_eq(reference_rows(reference, REFERENCE_BOARDS), 1);
	cr_expect(reference_has_board(reference, 42, 20171231));
	cr_expect_not(reference_has_board(reference, 42, 20180101));
	reference_free(reference);
}

Test(reference, periods_of_one_key_may_touch)
{
	struct reference *reference = NULL;
	struct err err = { 0 };
	struct slice text =
		slice_of("bestuur;naam;geldig_van;geldig_tot\n00001;x;20180101;\n00001;x;20000101;20180101\n");

	cr_assert_eq(build_with(REFERENCE_BOARDS, text, &reference, &err), 0, "%s", err.text);
	cr_expect(reference_has_board(reference, 1, 20171231));
	cr_expect(reference_has_board(reference, 1, 20180101));
	cr_expect_not(reference_has_board(reference, 1, 19991231));
	reference_free(reference);
}

Test(reference, table_may_have_no_rows)
{
	struct reference *reference = NULL;
	struct err err = { 0 };

	cr_assert_eq(build_with(REFERENCE_GROUNDS, slice_of(GROUND_HEADER), &reference, &err), 0, "%s", err.text);
	cr_expect_null(reference_ground(reference, 915, 20180701));
	cr_expect_eq(reference_rows(reference, REFERENCE_GROUNDS), 0);
	reference_free(reference);
	reference_free(NULL);
}

Test(reference, version_is_the_digest_of_the_digests_of_the_files_as_they_are)
{
	uint8_t digests[REFERENCE_TABLES][32], want[32];
	struct reference *small = build_small(), *other = NULL;
	char text[600];

	for (int i = 0; i < REFERENCE_TABLES; i++)
		sha256_of(slice_of(SMALL[i]), digests[i]);
	sha256_of(slice_make(digests, sizeof digests), want);
	cr_expect_arr_eq(reference_version(small), want, 32);

	int n = snprintf(text, sizeof text, "%s\n", SMALL[REFERENCE_FIELDS]);

	cr_assert_eq(build_with(REFERENCE_FIELDS, slice_make(text, (size_t)n), &other, NULL), 0);
	cr_expect_arr_neq(reference_version(other), want, 32, "an empty record more is another file");
	reference_free(small);
	reference_free(other);
}

Test(reference, survives_any_damage_to_a_table) /* every byte of every small table replaced by two of the marks */
{
	static const char MARKS[] = { '\0', ';', '"', '\n', '\r', '9', 'Z', '\xff', ' ' };

	for (int table = 0; table < REFERENCE_TABLES; table++) {
		size_t n = strlen(SMALL[table]);
		char *text = malloc(n);

		for (size_t i = 0; i < 2 * n; i++) {
			struct reference *reference = NULL;
			struct err err = { 0 };

			memcpy(text, SMALL[table], n);
			text[i / 2] = MARKS[i % sizeof MARKS];
			int rc = build_with((enum reference_table)table, slice_make(text, n), &reference, &err);

			cr_assert(rc == 0 || rc == -ERR_DATA, "table=%d i=%zu", table, i);
			reference_free(reference);
		}
		free(text);
	}
}

/* The tables of the cases, where they lie beside this checkout. */

static struct slice read_case_table(enum reference_table table)
{
	char path[300];

	snprintf(path, sizeof path, "%s/../../shared/cases/reference/%s", TEST_DATA_DIR, reference_file(table));
	FILE *file = fopen(path, "r");

	if (!file)
		cr_skip_test("the reference tables of the cases do not lie beside this checkout");
	char *bytes = malloc(1 << 20);
	size_t n = fread(bytes, 1, 1 << 20, file);

	fclose(file);
	return slice_make(bytes, n);
}

static bool holds_on_its_first_day(const struct reference *reference, enum reference_table table,
				   const struct slice *cells)
{
	uint64_t number = 0, from = 0;
	size_t from_column[] = { 2, 4, 3, 2, 9, 3 };

	cr_assert(num_parse_u64(cells[from_column[table]], 21991231, &from));
	int32_t date = (int32_t)from;

	switch (table) {
	case REFERENCE_BOARDS:
		return num_parse_u64(cells[0], 99999, &number) &&
		       reference_has_board(reference, (uint32_t)number, date);
	case REFERENCE_SCHOOLS:
		return reference_school(reference, cells[0], date) != NULL;
	case REFERENCE_SITES:
		return num_parse_u64(cells[1], 99, &number) &&
		       reference_has_site(reference, cells[0], (unsigned)number, date);
	case REFERENCE_BOARD_SCHOOL:
		return num_parse_u64(cells[0], 99999, &number) &&
		       reference_has_board_school(reference, (uint32_t)number, cells[1], date);
	case REFERENCE_GROUNDS:
		return num_parse_u64(cells[0], 999, &number) && reference_ground(reference, (unsigned)number, date);
	default:
		for (enum sector sector = SECTOR_PO; sector <= SECTOR_MBO; sector++)
			if (reference_has_field(reference, cells[0], sector, date))
				return true;
		return false;
	}
}

Test(reference, finds_every_row_of_the_real_tables)
{
	struct slice csv[REFERENCE_TABLES], cells[12];
	struct reference *reference = NULL;
	struct err err = { 0 };

	for (int i = 0; i < REFERENCE_TABLES; i++)
		csv[i] = read_case_table((enum reference_table)i);
	cr_assert_eq(reference_build(csv, &reference, &err), 0, "%s", err.text);
	for (int i = 0; i < REFERENCE_TABLES; i++) {
		struct csv reader;
		size_t count, rows = 0;
		char *scratch = malloc(csv[i].n);

		csv_init(&reader, csv[i], ';', CSV_FIELD_BYTES_MAX, scratch);
		cr_assert_eq(csv_next(&reader, cells, ARRAY_LEN(cells), &count), CSV_RECORD);
		for (; csv_next(&reader, cells, ARRAY_LEN(cells), &count) == CSV_RECORD; rows++)
			cr_assert(holds_on_its_first_day(reference, (enum reference_table)i, cells), "%s: record %u",
				  reference_file((enum reference_table)i), reader.record_no);
		cr_expect_eq(reference_rows(reference, (enum reference_table)i), rows);
		cr_expect_gt(rows, 0);
		free(scratch);
		free((void *)(uintptr_t)csv[i].p);
	}
	reference_free(reference);
}

Test(reference, names_targets_as_the_files_do)
{
	cr_expect_str_eq(target_name(TARGET_NONE), "");
	cr_expect_str_eq(target_name(TARGET_REGISTER), "REGISTER");
	cr_expect_str_eq(target_name(TARGET_VOORPORTAAL), "VOORPORTAAL");
	cr_expect_str_eq(target_name(TARGET_GEEN), "GEEN");
	cr_expect_str_eq(target_name((enum target)4), "");
}

static void write_holding(void *self, const struct reference_holding *holding)
{
	char *text = self, one[96];

	snprintf(one, sizeof one, "%d %s %s %02u %d %d\n", (int)holding->kind, holding->brin,
		 sector_name(holding->sector), holding->site, holding->valid_from, holding->valid_until);
	cr_assert_lt(strlen(text) + strlen(one), 1024);
	memcpy(text + strlen(text), one, strlen(one) + 1);
}

Test(reference, tells_all_that_it_holds_of_one_board)
{
	struct reference *reference = build_small();
	char text[1024] = "";

	reference_walk_board(reference, 99901, write_holding, text);
	cr_expect_str_eq(text,
			 "1   00 20100101 20150101\n"
			 "1   00 20160101 0\n"
			 "2 00AA  00 20180101 0\n"
			 "3 00AA PO 00 19750801 0\n"
			 "4 00AA  00 19750801 0\n"
			 "2 99ZZ  00 19000101 0\n"
			 "3 99ZZ VO 00 19750801 20180801\n"
			 "4 99ZZ  00 19750801 0\n"
			 "4 99ZZ  01 19750801 20180801\n"
			 "4 99ZZ  99 19750801 0\n");
	text[0] = '\0';
	reference_walk_board(reference, 2, write_holding, text);
	reference_walk_board(reference, 100000, write_holding, text);
	cr_expect_str_eq(text, "", "nothing of a board that is in no table, and of what is no board's number");
	reference_free(reference);
}
