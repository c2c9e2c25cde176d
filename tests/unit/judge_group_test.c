/* The rules across lines (specification 5.6), grouping, and what a group carries onward. */
#include "judge_fixture.h"
#include "model/content.h"
#include "model/judge_internal.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { ROW_LINES_MAX = 5 };

static struct judge_fixture *fixture;

static void open_fixture(void)
{
	fixture = judge_fixture_new();
}

static void close_fixture(void)
{
	judge_fixture_free(fixture);
}

TestSuite(judge_group, .init = open_fixture, .fini = close_fixture);

struct group_row {
	const char *why;
	const char *changes[ROW_LINES_MAX];
	const char *want[ROW_LINES_MAX];
};

static void expect_rows(const struct group_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		judge_fixture_reset(fixture);
		for (size_t line = 0; line < ROW_LINES_MAX && rows[i].changes[line]; line++)
			judge_fixture_add(fixture, rows[i].changes[line]);
		judge_fixture_judge(fixture);
		for (size_t line = 0; line < fixture->input.line_count; line++)
			cr_expect_str_eq(judge_fixture_findings(fixture, line), rows[i].want[line],
					 "%s, line %zu\n  want: %s\n  have: %s", rows[i].why, line + 2,
					 rows[i].want[line], fixture->findings);
	}
}

#define LINE(n) "benoemingssleutel=A-" n ";begin_benoeming=2010080" n ";"
#define OTHER	"bsn=123456782;"

static const struct group_row KEY_ROWS[] = {
	{ "two keys", { LINE("1"), LINE("2") }, { "", "" } },
	{ "the same key twice",
	  { LINE("1"), LINE("2") "benoemingssleutel=A-1" },
	  { "LR-X01 benoemingssleutel 2 3", "LR-X01 benoemingssleutel 2 3" } },
	{ "three times: the lowest names the second, the others themselves",
	  { LINE("9"), LINE("1"), LINE("2") "benoemingssleutel=A-1", LINE("3") "benoemingssleutel=A-1" },
	  { "LR-X04", "LR-X01 benoemingssleutel 3 4", "LR-X01 benoemingssleutel 3 4",
	    "LR-X01 benoemingssleutel 3 5" } },
	{ "compared after trimming, case counts",
	  { LINE("1"), LINE("2") "benoemingssleutel= A-1 ", LINE("3") "benoemingssleutel=a-1" },
	  { "LR-X01 benoemingssleutel 2 3", "LR-X01 benoemingssleutel 2 3", "LR-X04" } },
	{ "a key that is not good is not compared",
	  { LINE("1") "benoemingssleutel=?", LINE("2") "benoemingssleutel=?" },
	  { "LR-B13 benoemingssleutel", "LR-B13 benoemingssleutel" } },
	{ "one that holds a BSN is",
	  { LINE("1") "benoemingssleutel=123456782", LINE("2") "benoemingssleutel=123456782" },
	  { "LR-P14 benoemingssleutel, LR-X01 benoemingssleutel 2 3",
	    "LR-P14 benoemingssleutel, LR-X01 benoemingssleutel 2 3" } },
	{ "two teachers may have the same key", { LINE("1"), OTHER LINE("1") }, { "", "" } },
	{ "lines without a BSN are no group", { "bsn=1", "bsn=1" }, { "LR-P01 bsn", "LR-P01 bsn" } },
	{ "nor are those that fail the 11-test",
	  { "bsn=111222334", "bsn=111222334;geslacht=M" },
	  { "LR-P02 bsn", "LR-P02 bsn" } },
};

Test(judge_group, finds_a_key_that_stands_twice)
{
	expect_rows(KEY_ROWS, ARRAY_LEN(KEY_ROWS));
}

static const struct group_row PERSON_ROWS[] = {
	{ "a different sex", { LINE("1"), LINE("2") "geslacht=M" }, { "LR-X02 geslacht 2 3", "LR-X02 geslacht 2 3" } },
	{ "the first line is the measure; it names the lowest that differs",
	  { LINE("1"), LINE("2"), LINE("3") "geslacht=M", LINE("4") "voorvoegsel=" },
	  { "LR-X02 geslacht 2 4", "LR-X04", "LR-X02 geslacht 2 4", "LR-X02 voorvoegsel 2 5" } },
	{ "the first differing column in column order",
	  { LINE("1"), LINE("2") "geslacht=M;geslachtsnaam=Bakker" },
	  { "LR-X02 geslachtsnaam 2 3", "LR-X02 geslachtsnaam 2 3" } },
	{ "the last person column",
	  { LINE("1") "land=6030;adresregel1=a;adresregel3=b", LINE("2") "land=6030;adresregel1=a" },
	  { "LR-X02 adresregel3 2 3", "LR-X02 adresregel3 2 3" } },
	{ "compared after trimming", { LINE("1"), LINE("2") "geslachtsnaam= Vries " }, { "", "" } },
	{ "a wrong value that is equal does not differ",
	  { LINE("1") "geslacht=x", LINE("2") "geslacht=x" },
	  { "LR-P07 geslacht", "LR-P07 geslacht" } },
	{ "as written: a partial date differs",
	  { LINE("1") "geboortedatum=19800200", LINE("2") "geboortedatum=19800201" },
	  { "LR-X02 geboortedatum 2 3", "LR-X02 geboortedatum 2 3" } },
	{ "the personnel number is not the person", { LINE("1"), LINE("2") "personeelsnummer=9" }, { "", "" } },
};

Test(judge_group, finds_lines_of_two_persons)
{
	expect_rows(PERSON_ROWS, ARRAY_LEN(PERSON_ROWS));
}

#define KEY(n) "benoemingssleutel=A-" n ";"
#define FIELDS "brin=99VO;benoemingsgrondslag=917;onderwijsterrein="

static const struct group_row DOUBLE_ROWS[] = {
	{ "the same appointment twice",
	  { KEY("1"), KEY("2") },
	  { "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 3" } },
	{ "three times",
	  { KEY("1"), KEY("2"), KEY("3") },
	  { "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 4" } },
	{ "an absent site is 00, and 0 is too",
	  { KEY("1") "vestiging=", KEY("2") "vestiging=0", KEY("3") "vestiging=00" },
	  { "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 4" } },
	{ "another site", { KEY("1"), KEY("2") "vestiging=1" }, { "", "" } },
	{ "another begin", { KEY("1"), KEY("2") "begin_benoeming=20100802" }, { "", "" } },
	{ "another ground", { KEY("1") "brin=99VO;benoemingsgrondslag=901", KEY("2") FIELDS "V1" }, { "", "" } },
	{ "the end does not matter",
	  { KEY("1"), KEY("2") "einde_benoeming=20180731" },
	  { "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 3" } },
	{ "fields are a set",
	  { KEY("1") FIELDS "V1|V2", KEY("2") FIELDS "V2 | V1" },
	  { "LR-X06 begin_benoeming 2 3", "LR-X06 begin_benoeming 2 3" } },
	{ "another set", { KEY("1") FIELDS "V1|V2", KEY("2") FIELDS "V1" }, { "", "" } },
	{ "a wrong form skips",
	  { KEY("1") "onderwijsterrein=?", KEY("2") "onderwijsterrein=?" },
	  { "LR-B07 onderwijsterrein, LR-B08 onderwijsterrein", "LR-B07 onderwijsterrein, LR-B08 onderwijsterrein" } },
	{ "an unknown field does not",
	  { KEY("1") FIELDS "V9", KEY("2") FIELDS "V9" },
	  { "LR-B08 onderwijsterrein, LR-X06 begin_benoeming 2 3",
	    "LR-B08 onderwijsterrein, LR-X06 begin_benoeming 2 3" } },
	{ "an unknown school does not",
	  { KEY("1") "brin=98ZZ", KEY("2") "brin=98ZZ" },
	  { "LR-S02 brin 98ZZ 20180629, LR-X06 begin_benoeming 2 3",
	    "LR-S02 brin 98ZZ 20180629, LR-X06 begin_benoeming 2 3" } },
	{ "a brin of wrong form does", { KEY("1") "brin=x", KEY("2") "brin=x" }, { "LR-S01 brin", "LR-S01 brin" } },
	{ "a site of wrong form does",
	  { KEY("1") "vestiging=x", KEY("2") "vestiging=x" },
	  { "LR-S05 vestiging", "LR-S05 vestiging" } },
	{ "a begin that is no date does",
	  { KEY("1") "begin_benoeming=x", KEY("2") "begin_benoeming=x" },
	  { "LR-B01 begin_benoeming", "LR-B01 begin_benoeming" } },
};

Test(judge_group, finds_an_appointment_that_stands_twice)
{
	expect_rows(DOUBLE_ROWS, ARRAY_LEN(DOUBLE_ROWS));
}

#define TRAINING(begin, end) \
	"brin=99ZZ;benoemingsgrondslag=708;onderwijsterrein=P001;begin_benoeming=" begin ";einde_benoeming=" end ";"
#define QUALIFIED(begin) KEY("Q") "begin_benoeming=" begin ";"

static const struct group_row SUPERSEDED_ROWS[] = {
	{ "qualified while the temporary one runs",
	  { TRAINING("20160801", "20180731"), QUALIFIED("20170801") },
	  { "LR-X03 einde_benoeming", "" } },
	{ "in any order of lines",
	  { QUALIFIED("20170801"), TRAINING("20160801", "20180731") },
	  { "", "LR-X03 einde_benoeming" } },
	{ "it ended the day before", { TRAINING("20160801", "20170731"), QUALIFIED("20170801") }, { "", "" } },
	{ "it ends on the day",
	  { TRAINING("20160801", "20170801"), QUALIFIED("20170801") },
	  { "LR-X03 einde_benoeming", "" } },
	{ "it has no end",
	  { TRAINING("20160801", ""), QUALIFIED("20170801") },
	  { "LR-B10 einde_benoeming, LR-X03 einde_benoeming", "LR-X04" } },
	{ "begun on the same day", { TRAINING("20170801", "20180731"), QUALIFIED("20170801") }, { "", "" } },
	{ "qualified before", { TRAINING("20170801", "20180731"), QUALIFIED("20160801") }, { "", "" } },
	{ "the earliest later begin decides, whatever comes after",
	  { TRAINING("20160801", "20170901"), QUALIFIED("20180101"), KEY("R") "begin_benoeming=20170901",
	    KEY("S") "begin_benoeming=20150101" },
	  { "LR-X03 einde_benoeming", "", "", "" } },
	{ "another school", { TRAINING("20160801", "20180731"), QUALIFIED("20170801") "brin=99NW" }, { "", "" } },
	{ "another school, whatever their order",
	  { TRAINING("20160801", "20180731") "brin=99NW", QUALIFIED("20170801") },
	  { "", "" } },
	{ "schools are compared as texts, also wrong ones",
	  { TRAINING("20160801", "20180731") "brin=x", QUALIFIED("20170801") "brin= x" },
	  { "LR-S01 brin, LR-X03 einde_benoeming", "LR-S01 brin" } },
	{ "a ground that needs no end",
	  { FIELDS "V1", QUALIFIED("20170801") "brin=99VO;benoemingsgrondslag=901" },
	  { "", "" } },
	{ "two teachers", { TRAINING("20160801", "20180731"), OTHER QUALIFIED("20170801") }, { "", "" } },
};

Test(judge_group, tells_when_a_temporary_appointment_is_superseded)
{
	expect_rows(SUPERSEDED_ROWS, ARRAY_LEN(SUPERSEDED_ROWS));
}

#define FIVE(n, begin, end) \
	KEY(n)              \
	"brin=99VO;benoemingsgrondslag=912;onderwijsterrein=V1;begin_benoeming=" begin ";einde_benoeming=" end ";"
#define TWO_YEARS(n, begin, end) FIVE(n, begin, end) "benoemingsgrondslag=914;"
#define LONG_5			 "LR-B11 einde_benoeming 5"
#define LONG_24			 "LR-B11 einde_benoeming 24"

static const struct group_row PERIOD_ROWS[] = {
	{ "five months less a day", { FIVE("1", "20170801", "20171231") }, { "" } },
	{ "five months and a day", { FIVE("1", "20170801", "20180101") }, { LONG_5 } },
	{ "the month is shorter: the last day counts", { FIVE("1", "20170930", "20180227") }, { "" } },
	{ "and is too long", { FIVE("1", "20170930", "20180228") }, { LONG_5 } },
	{ "max and extension add up", { TWO_YEARS("1", "20160801", "20180731") }, { "" } },
	{ "and a day more", { TWO_YEARS("1", "20160801", "20180801") }, { LONG_24 } },
	{ "a line without BSN is a group too",
	  { "bsn=1;" FIVE("1", "20170801", "20180101") },
	  { LONG_5 ", LR-P01 bsn" } },
	{ "lines with an A finding take part",
	  { "geslacht=x;" FIVE("1", "20170801", "20171130"), "geslacht=x;" FIVE("2", "20171201", "20180131") },
	  { LONG_5 ", LR-P07 geslacht", LONG_5 ", LR-P07 geslacht" } },
	{ "two that together are too long",
	  { FIVE("1", "20170801", "20170930"), FIVE("2", "20171001", "20180101") },
	  { LONG_5, LONG_5 } },
	{ "a gap of three months goes on",
	  { FIVE("1", "20170801", "20170831"), FIVE("2", "20171201", "20180101") },
	  { LONG_5, LONG_5 } },
	{ "a day more begins anew",
	  { FIVE("1", "20170801", "20170831"), FIVE("2", "20171202", "20180101") },
	  { "", "" } },
	{ "from the 30th of November three months are until the last of February",
	  { FIVE("1", "20171001", "20171129"), FIVE("2", "20180228", "20180331") },
	  { LONG_5, LONG_5 } },
	{ "and not a day more", { FIVE("1", "20171001", "20171129"), FIVE("2", "20180301", "20180331") }, { "", "" } },
	{ "the latest end of the chain counts, not the last line's",
	  { FIVE("1", "20170801", "20180101"), FIVE("2", "20170901", "20170930"), FIVE("3", "20180401", "20180430") },
	  { LONG_5, LONG_5, LONG_5 } },
	{ "in any order of lines",
	  { FIVE("1", "20171001", "20180101"), FIVE("2", "20170801", "20170930") },
	  { LONG_5, LONG_5 } },
	{ "each ground has its own chain",
	  { FIVE("1", "20170801", "20170930"), TWO_YEARS("2", "20171001", "20180131") },
	  { "", "" } },
	{ "schools do not matter",
	  { FIVE("1", "20170801", "20170930"), FIVE("2", "20171001", "20180101") "brin=99VO;vestiging=0" },
	  { LONG_5, LONG_5 } },
	{ "an end before the begin does not take part",
	  { FIVE("1", "20170801", "20170731") },
	  { "LR-B02 einde_benoeming" } },
	{ "and begins no chain",
	  { FIVE("1", "20170801", "20170731"), FIVE("2", "20171001", "20180101") },
	  { "LR-B02 einde_benoeming", "LR-X04" } },
	{ "no end does not take part", { FIVE("1", "20100801", "") }, { "LR-B10 einde_benoeming" } },
	{ "a ground without a limit", { TRAINING("20100801", "20190731") }, { "" } },
	{ "at the end of the calendar",
	  { FIVE("1", "20190101", "21991231"), FIVE("2", "20190102", "21991231") },
	  { LONG_5, LONG_5 } },
};

Test(judge_group, tells_when_a_ground_lasts_longer_than_it_may)
{
	expect_rows(PERIOD_ROWS, ARRAY_LEN(PERIOD_ROWS));
}

static const struct group_row REST_ROWS[] = {
	{ "one rejected line rejects all, also those with a signal",
	  { LINE("1") "geslachtsnaam=1", LINE("2") "geslachtsnaam=1;personeelsnummer=?", LINE("3") },
	  { "LR-P08 geslachtsnaam, LR-X02 geslachtsnaam 2 4", "LR-P08 geslachtsnaam, LR-P12 personeelsnummer",
	    "LR-X02 geslachtsnaam 2 4" } },
	{ "a signal is no rejection",
	  { LINE("1"), LINE("2") "personeelsnummer=?" },
	  { "", "LR-P12 personeelsnummer" } },
	{ "a line with a signal gets it too",
	  { LINE("1") "vestiging=x", LINE("2") "personeelsnummer=?" },
	  { "LR-S05 vestiging", "LR-P12 personeelsnummer, LR-X04" } },
	{ "other teachers do not", { LINE("1") "vestiging=x", OTHER LINE("1") }, { "LR-S05 vestiging", "" } },
};

Test(judge_group, rejects_all_lines_of_a_teacher_or_none)
{
	expect_rows(REST_ROWS, ARRAY_LEN(REST_ROWS));
}

#define NOTHING                                                                                   \
	"geslachtsnaam=;voornamen=;geslacht=;geboortedatum=;benoemingssleutel=;brin=;vestiging=;" \
	"begin_arbeidsovereenkomst=;begin_benoeming=;benoemingsgrondslag=;"

static const struct group_row WITHDRAWAL_ROWS[] = {
	{ "no rule across lines but LR-X04",
	  { NOTHING, NOTHING "geslacht=M", NOTHING "brin=99ZZ" },
	  { "LR-X04", "LR-X04", "LR-X05 brin" } },
};

Test(judge_group, rejects_a_withdrawal_as_a_whole_too)
{
	fixture->input.kind = DELIVERY_INTREKKING;
	expect_rows(WITHDRAWAL_ROWS, ARRAY_LEN(WITHDRAWAL_ROWS));
}

/* --- groups --- */

static void add_teachers(size_t count) /* BSNs that pass the 11-test, two lines for each third teacher, all mixed */
{
	char changes[128];
	size_t made = 0, first = fixture->input.line_count;

	for (uint32_t number = 300000000; made < count; number += 7) {
		uint32_t bsn;
		char digits[10];

		snprintf(digits, sizeof digits, "%u", number);
		if (bsn_read(slice_of(digits), &bsn) != RULE_NONE)
			continue;
		snprintf(changes, sizeof changes, "bsn=%s;benoemingssleutel=A-1", digits);
		judge_fixture_add(fixture, changes);
		made++;
	}
	for (size_t i = 0; i < count; i += 3) {
		struct slice bsn = fixture->cells[(first + i) * COLUMNS + FIELD_BSN - 1];

		snprintf(changes, sizeof changes, "bsn=%.*s;benoemingssleutel=A-0;begin_benoeming=20110801", (int)bsn.n,
			 bsn.p);
		judge_fixture_add(fixture, changes);
	}
}

Test(judge_group, come_sorted_by_teacher_key_with_the_unreadable_ones_behind_in_record_order)
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, "bsn=x");
	add_teachers(600);
	judge_fixture_add(fixture, "bsn=y");
	judge_fixture_judge(fixture);
	const struct judged *judged = &fixture->judged;

	cr_assert_eq(judged->readable_count, 600);
	cr_assert_eq(judged->group_count, 602);
	for (size_t i = 0; i < judged->readable_count; i++) {
		const struct judged_group *group = &judged->groups[i];
		uint8_t key[TEACHER_KEY_BYTES];
		char bsn[10];

		snprintf(bsn, sizeof bsn, "%09u", group->bsn);
		hmac_key_teacher(&fixture->key, fixture->input.board, slice_of(bsn), key);
		cr_expect(memcmp(key, group->key, sizeof key) == 0);
		cr_expect(group->is_readable && group->is_valid);
		if (i > 0)
			cr_expect_lt(memcmp(judged->groups[i - 1].key, group->key, TEACHER_KEY_BYTES), 0, "group %zu",
				     i);
	}
	cr_expect_not(judged->groups[600].is_readable || judged->groups[601].is_readable);
	cr_expect_eq(judged->lines[0].group, 600);
	cr_expect_eq(judged->lines[fixture->input.line_count - 1].group, 601);
}

static void key_of(uint32_t bsn, uint8_t key[TEACHER_KEY_BYTES])
{
	char digits[10];

	snprintf(digits, sizeof digits, "%09u", bsn);
	hmac_key_teacher(&fixture->key, fixture->input.board, slice_of(digits), key);
}

/* Two BSNs whose teacher keys begin with the same four bytes, by which groups are sorted at first, the lower BSN having
 * the higher key: only the whole keys differ. */
static void find_equal_heads(uint32_t ret[2])
{
	enum { BSNS_MAX = 400000 };
	uint64_t *items = calloc(2 * BSNS_MAX, sizeof *items);
	size_t count = 0;

	for (uint32_t number = 200000000; count < BSNS_MAX; number++) {
		uint8_t key[TEACHER_KEY_BYTES];
		uint32_t bsn;
		char digits[10];

		snprintf(digits, sizeof digits, "%u", number);
		if (bsn_read(slice_of(digits), &bsn) != RULE_NONE)
			continue;
		key_of(bsn, key);
		items[count++] = (uint64_t)key[0] << 56 | (uint64_t)key[1] << 48 | (uint64_t)key[2] << 40 |
				 (uint64_t)key[3] << 32 | bsn;
	}
	sort_by_high_word(items, items + count, count);
	for (size_t i = 1; i < count; i++) {
		uint8_t key[TEACHER_KEY_BYTES], next[TEACHER_KEY_BYTES];

		if (items[i] >> 32 != items[i - 1] >> 32)
			continue;
		ret[0] = (uint32_t)items[i - 1];
		ret[1] = (uint32_t)items[i];
		key_of(ret[0], key);
		key_of(ret[1], next);
		if (memcmp(key, next, sizeof key) < 0)
			continue;
		free(items);
		return;
	}
	cr_assert_fail("no two of %d keys begin alike", BSNS_MAX);
}

Test(judge_group, are_sorted_by_all_bytes_of_the_key)
{
	uint32_t bsns[2];

	find_equal_heads(bsns);
	for (uint32_t company = 0; company <= 600; company += 600) { /* few and many are sorted in different ways */
		uint8_t before[TEACHER_KEY_BYTES] = { 0 };
		char changes[32];

		judge_fixture_reset(fixture);
		for (size_t i = 0; i < ARRAY_LEN(bsns); i++) {
			snprintf(changes, sizeof changes, "bsn=%u", bsns[i]);
			judge_fixture_add(fixture, changes);
		}
		add_teachers(company);
		judge_fixture_judge(fixture);
		for (size_t i = 0; i < fixture->judged.readable_count; i++) {
			cr_expect_lt(memcmp(before, fixture->judged.groups[i].key, sizeof before), 0, "group %zu", i);
			memcpy(before, fixture->judged.groups[i].key, sizeof before);
		}
	}
}

Test(judge_group, count_their_lines_and_every_line_names_its_group)
{
	size_t counts[FIXTURE_LINES_MAX] = { 0 };

	judge_fixture_reset(fixture);
	add_teachers(600);
	judge_fixture_judge(fixture);
	for (size_t i = 0; i < fixture->input.line_count; i++) {
		const struct judged_line *line = &fixture->judged.lines[i];
		uint32_t bsn;

		cr_assert_eq(bsn_read(fixture->cells[i * COLUMNS], &bsn), RULE_NONE);
		cr_expect_eq(fixture->judged.groups[line->group].bsn, bsn);
		cr_expect_eq(line->record_no, i + 2);
		counts[line->group]++;
	}
	for (size_t i = 0; i < fixture->judged.group_count; i++)
		cr_expect_eq(counts[i], fixture->judged.groups[i].line_count);
}

Test(judge_group, names_the_record_numbers_of_a_replay)
{
	static const uint32_t NUMBERS[] = { 17, 40 };

	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, LINE("1"));
	judge_fixture_add(fixture, LINE("2") "geslacht=M");
	fixture->input.record_nos = NUMBERS;
	judge_fixture_judge(fixture);
	cr_expect_eq(fixture->judged.lines[1].record_no, 40);
	cr_expect_str_eq(judge_fixture_findings(fixture, 0), "LR-X02 geslacht 17 40");
}

Test(judge_group, lays_the_findings_of_each_line_side_by_side_without_gaps)
{
	size_t seen = 0;

	judge_fixture_reset(fixture);
	for (size_t i = 0; i < 300; i++)
		judge_fixture_add(fixture, i % 4 == 0	? ""
					   : i % 4 == 1 ? "bsn=x;geslacht=x"
					   : i % 4 == 2 ? OTHER "vestiging=x"
							: OTHER);
	judge_fixture_judge(fixture);
	for (size_t i = 0; i < 300; i++) {
		const struct judged_line *line = &fixture->judged.lines[i];

		cr_expect_leq(line->finding_first + line->finding_count, fixture->judged.finding_count);
		for (uint32_t k = 1; k < line->finding_count; k++)
			cr_expect_lt(finding_compare(&fixture->judged.findings[line->finding_first + k - 1],
						     &fixture->judged.findings[line->finding_first + k]),
				     0);
		seen += line->finding_count;
	}
	cr_expect_eq(seen, fixture->judged.finding_count);
}

/* --- content --- */

#define US "\x1f"
#define RS "\x1e"

Test(judge_group, writes_content_in_canonical_form)
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture,
			  KEY("b") "geslachtsnaam= Vries ;postcode=1234AB;vestiging=1;einde_benoeming=20180731");
	judge_fixture_add(fixture, KEY("a") FIELDS "V2 | V1;postcode=1234AB;vestiging=;geboortedatum=19800214");
	judge_fixture_judge(fixture);
	const struct judged_group *group = &fixture->judged.groups[0];

	cr_assert(group->is_valid);
	cr_expect(slice_equal_text(group->content,
				   "Vries" US "de" US "Anna Maria" US "V" US "19800214" US US US US
				   "1234AB" US US US US US RS "A-a" US "99VO" US "00" US "20100801" US US
				   "20100801" US US "917" US "V1|V2" RS "A-b" US "99ZZ" US "01" US "20100801" US US
				   "20100801" US "20180731" US "701" US),
		  "%.*s", (int)group->content.n, group->content.p);
	cr_expect(slice_equal_text(group->targets, "VR"));
	uint8_t hash[CONTENT_HASH_BYTES];

	hmac_key_content(&fixture->key, group->content, hash);
	cr_expect(memcmp(hash, group->content_hash, sizeof hash) == 0);
}

Test(judge_group, writes_content_that_can_be_read_again)
{
	struct slice person[PERSON_FIELDS];
	struct content_appointment appointment;

	judge_fixture_findings_of(fixture, "");
	struct slice content = fixture->judged.groups[0].content;

	cr_assert(content_read_person(&content, person));
	cr_expect(slice_equal_text(person[FIELD_GIVEN_NAMES - PERSON_FIRST], "Anna Maria"));
	cr_assert_eq(content_next_appointment(&content, &appointment), CONTENT_APPOINTMENT);
	cr_expect(slice_equal_text(appointment.fields[FIELD_APPOINTMENT_GROUND - APPOINTMENT_FIRST], "701"));
	cr_expect_eq(content_next_appointment(&content, &appointment), CONTENT_END);
	cr_expect_eq(content.n, 0);
}

static void content_of(const char *first, const char *second, uint8_t out[CONTENT_HASH_BYTES])
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, first);
	judge_fixture_add(fixture, second);
	judge_fixture_judge(fixture);
	cr_assert(fixture->judged.groups[0].is_valid);
	memcpy(out, fixture->judged.groups[0].content_hash, CONTENT_HASH_BYTES);
}

static const struct {
	const char *first, *second;
	bool is_same;
	const char *why;
} HASH_ROWS[] = {
	{ LINE("2"), LINE("1"), true, "the order of lines is no part of it" },
	{ LINE("1") "personeelsnummer=9", LINE("2"), true, "nor is the personnel number" },
	{ LINE("1") "vestiging=", LINE("2") "vestiging=0 ", true, "nor is how the site is written" },
	{ LINE("1") "einde_benoeming=20180731", LINE("2"), false, "an end is" },
	{ LINE("1") "voornamen=Anna", LINE("2") "voornamen=Anna", false, "a name is" },
	{ LINE("1"), LINE("3"), false, "a key and a begin are" },
};

Test(judge_group, hashes_content_and_nothing_else)
{
	uint8_t base[CONTENT_HASH_BYTES], other[CONTENT_HASH_BYTES];

	content_of(LINE("1"), LINE("2"), base);
	for (size_t i = 0; i < ARRAY_LEN(HASH_ROWS); i++) {
		content_of(HASH_ROWS[i].first, HASH_ROWS[i].second, other);
		cr_expect_eq(memcmp(base, other, sizeof base) == 0, HASH_ROWS[i].is_same, "%s", HASH_ROWS[i].why);
	}
}

Test(judge_group, carries_no_content_when_rejected_or_withdrawn)
{
	judge_fixture_findings_of(fixture, "geslacht=x");
	cr_expect_not(fixture->judged.groups[0].is_valid);
	cr_expect_eq(fixture->judged.groups[0].content.n, 0);

	fixture->input.kind = DELIVERY_INTREKKING;
	judge_fixture_findings_of(fixture, NOTHING);
	cr_expect(fixture->judged.groups[0].is_valid);
	cr_expect_eq(fixture->judged.groups[0].content.n, 0);
	cr_expect_eq(fixture->judged.groups[0].targets.n, 0);
}

/* --- sorting --- */

Test(judge_sort, sorts_by_the_high_word_and_keeps_the_order_of_equals)
{
	enum { ITEMS_MAX = 1000 };
	static uint64_t items[ITEMS_MAX], scratch[ITEMS_MAX];

	for (uint64_t seed = 1; seed <= 60; seed++) {
		size_t count = (size_t)(seed * seed * 7 % ITEMS_MAX);
		uint64_t x = seed;

		for (size_t i = 0; i < count; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			items[i] = (x >> (seed % 3 == 0 ? 60 : 32)) << 32 | i;
		}
		sort_by_high_word(items, scratch, count);
		for (size_t i = 1; i < count; i++)
			cr_assert_lt(items[i - 1], items[i], "seed=%" PRIu64, seed);
	}
}

Test(judge_sort, sorts_lines_of_any_number_and_keeps_the_order_of_equals)
{
	enum { LINES_MAX = 200 };
	struct judge_line *lines = calloc(LINES_MAX, sizeof *lines), *order[LINES_MAX], *scratch[LINES_MAX];
	char keys[LINES_MAX];

	for (size_t count = 0; count <= LINES_MAX; count++) {
		for (size_t i = 0; i < count; i++) {
			keys[i] = (char)('a' + (i * 7919 + count) % 5);
			lines[i].value[FIELD_APPOINTMENT_KEY] = slice_make(&keys[i], 1);
			order[i] = &lines[i];
		}
		sort_lines(order, scratch, count, line_order_by_key);
		for (size_t i = 1; i < count; i++) {
			int by_key = line_order_by_key(order[i - 1], order[i]);

			cr_assert(by_key < 0 || (by_key == 0 && order[i - 1] < order[i]), "count=%zu", count);
		}
	}
	free(lines);
}
