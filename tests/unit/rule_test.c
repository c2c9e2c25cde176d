#include "model/rule.h"
#include "rule_values.h"

#include <criterion/criterion.h>

static const char *text_of(struct strbuf *buf, enum rule rule, enum field field, int64_t a, int64_t b, int64_t c)
{
	const struct finding finding = { .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { a, b, c } };

	strbuf_reset(buf);
	rule_add_text(buf, &finding);
	return strbuf_text(buf);
}

Test(rule, fills_its_text_with_typed_values)
{
	CLEANUP(strbuf_drop) struct strbuf buf;
	int64_t brin = rule_brin_value(slice_of("99ZZ"));

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(text_of(&buf, RULE_K02, FIELD_BOARD, 819, 0, 0),
			 "Het bestuursnummer 00819 is niet bekend of niet geldig op de extractiedatum.");
	cr_expect_str_eq(text_of(&buf, RULE_B05, FIELD_APPOINTMENT_GROUND, 7, 20180629, 0),
			 "De benoemingsgrondslag 007 is niet bekend of is op 20180629 niet geldig.");
	cr_expect_str_eq(text_of(&buf, RULE_S04, FIELD_SITE, 1, brin, 20180629),
			 "Vestiging 01 is niet bekend bij school 99ZZ of niet geldig op 20180629.");
	cr_expect_str_eq(text_of(&buf, RULE_S03, FIELD_BRIN, brin, 20180629, 0),
			 "School 99ZZ hoort op 20180629 niet bij uw bestuur.");
	cr_expect_str_eq(text_of(&buf, RULE_X01, FIELD_APPOINTMENT_KEY, 2, 50001, 0),
			 "De benoemingssleutel staat meer dan een keer bij deze leraar (regel 2 en 50001).");
	cr_expect_str_eq(
		text_of(&buf, RULE_R08, FIELD_NONE, INT64_MAX, 0, 0),
		"Met volgnummer 9223372036854775807 leverde u voor deze leraar al andere gegevens. Gebruik een "
		"hoger volgnummer.");
	cr_expect_str_eq(text_of(&buf, RULE_F05, FIELD_NONE, 12, 15, 16),
			 "Regel 12 heeft 15 velden in plaats van 16. Controleer puntkomma's en aanhalingstekens.");
}

static const char *value_of(struct strbuf *buf, enum rule rule, enum field field, int64_t a, int64_t b, int64_t c)
{
	const struct finding finding = { .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { a, b, c } };

	strbuf_reset(buf);
	rule_add_value(buf, &finding);
	return strbuf_text(buf);
}

Test(rule, the_value_is_what_findings_of_one_cause_share)
{
	CLEANUP(strbuf_drop) struct strbuf buf;
	int64_t brin = rule_brin_value(slice_of("99ZZ"));

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(value_of(&buf, RULE_S02, FIELD_BRIN, brin, 20180629, 0), "99ZZ");
	cr_expect_str_eq(value_of(&buf, RULE_S04, FIELD_SITE, 1, brin, 20180629), "01 99ZZ");
	cr_expect_str_eq(value_of(&buf, RULE_B05, FIELD_APPOINTMENT_GROUND, 7, 20180629, 0), "007");
	cr_expect_str_eq(value_of(&buf, RULE_B11, FIELD_APPOINTMENT_END, 24, 0, 0), "24");
	cr_expect_str_eq(value_of(&buf, RULE_P08, FIELD_GIVEN_NAMES, 0, 0, 0), "voornamen");
	cr_expect_str_eq(value_of(&buf, RULE_X01, FIELD_APPOINTMENT_KEY, 2, 3, 0), "");
	cr_expect_str_eq(value_of(&buf, RULE_X04, FIELD_NONE, 0, 0, 0), "");
}

Test(rule, names_the_field_of_the_finding_in_its_text)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(text_of(&buf, RULE_B01, FIELD_APPOINTMENT_END, 0, 0, 0),
			 "Het veld einde_benoeming ontbreekt of is geen geldige datum (JJJJMMDD).");
	cr_expect_str_eq(text_of(&buf, RULE_F03, FIELD_BSN, 0, 0, 0),
			 "De kolom bsn ontbreekt of staat er dubbel in. Gebruik het voorbeeldbestand.");
	cr_expect_str_eq(text_of(&buf, RULE_K08, FIELD_SEQUENCE, 0, 0, 0),
			 "Het veld volgnummer in de kop van de levering ontbreekt of heeft niet de juiste vorm.");
}

Test(rule, shows_no_byte_of_a_damaged_value_that_could_break_a_line)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(text_of(&buf, RULE_S03, FIELD_BRIN, rule_brin_value(slice_of("9\n;\"")), 0, 0),
			 "School 9??? hoort op 00000000 niet bij uw bestuur.");
	cr_expect_str_eq(
		text_of(&buf, RULE_R08, FIELD_NONE, INT64_MIN, 0, 0),
		"Met volgnummer -9223372036854775808 leverde u voor deze leraar al andere gegevens. Gebruik een "
		"hoger volgnummer.");
	cr_expect_str_eq(text_of(&buf, (enum rule)0xffff, (enum field)0xff, 1, 2, 3),
			 "De omschrijving van deze code is hier nog niet bekend.");
	cr_expect_eq(rule_brin_value(slice_of("99Z")), 0, "three bytes are no BRIN");
}

/* Every number an enum rule may come in with: those in the header are known, all others are not. */
static size_t known_rules(enum rule *ret, size_t max)
{
	size_t count = 0;

	for (unsigned number = 0; number <= 0x10000; number++)
		if (rule_is_known(number) && count < max)
			ret[count++] = (enum rule)number;
	return count;
}

Test(rule, has_a_code_that_leads_back_to_it_and_numbers_that_sort_as_codes_do)
{
	enum rule rules[RULE_LETTERS * RULE_NUMBERS];
	size_t count = known_rules(rules, ARRAY_LEN(rules));

	cr_expect_gt(count, 0, "which they are, the tables of the specification say: below");
	for (size_t i = 0; i < count; i++) {
		char want[8];

		snprintf(want, sizeof want, "LR-%c%02u", (char)(rules[i] >> 8), (unsigned)rules[i] & 0xff);
		cr_expect_str_eq(rule_code(rules[i]), want);
		cr_expect_eq(rule_of_code(slice_of(want)), rules[i], "%s", want);
		cr_expect(i == 0 || strcmp(rule_code(rules[i - 1]), want) < 0, "%s", want);
		cr_expect_leq(rule_value_count(rules[i]), FINDING_VALUES, "%s", want);
	}
}

Test(rule, is_not_found_by_anything_that_is_no_code)
{
	static const char *const TEXTS[] = { "",
					     "LR-B0",
					     "LR-B011",
					     "LR-B00",
					     "LR-B15",
					     "LR-F14",
					     "LR-P16",
					     "LR-K07",
					     "LR-R02",
					     "lr-b01",
					     "LR-b01",
					     "XX-B01",
					     "LR-B1/",
					     "LR-A01",
					     "LR-Z01",
					     "LR-\xff"
					     "01" };

	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++)
		cr_expect_eq(rule_of_code(slice_of(TEXTS[i])), RULE_NONE, "%s", TEXTS[i]);
	cr_expect_eq(rule_of_code((struct slice){ NULL, 0 }), RULE_NONE);
	cr_expect_str_eq(rule_code(RULE_NONE), "");
	cr_expect_not(rule_rejects(RULE_NONE));
	cr_expect_eq(rule_value_count(RULE_NONE), 0);
}

Test(rule, of_a_newer_program_is_shown_by_its_number)
{
	static const struct {
		unsigned rule;
		const char *code, *ernst;
	} ROWS[] = {
		{ RULE_B07, "LR-B07", "A" },
		{ RULE_B11, "LR-B11", "S" },
		{ RULE_ID('B', 20), "LR-B20", "" },
		{ RULE_ID('Z', 99), "LR-Z99", "" },
		{ RULE_ID('B', 100), "LR-#16996", "" },
		{ RULE_ID('B', 0), "LR-#16896", "" },
		{ 1, "LR-#1", "" },
		{ UINT16_MAX, "LR-#65535", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char code[RULE_CODE_BYTES];

		rule_show_code(ROWS[i].rule, code);
		cr_expect_str_eq(code, ROWS[i].code);
		cr_expect_str_eq(rule_ernst((enum rule)ROWS[i].rule), ROWS[i].ernst, "%s", code);
	}
}

Test(rule, findings_sort_by_code_and_then_by_column)
{
	const struct finding b13_key = { .rule = RULE_B13, .field = FIELD_APPOINTMENT_KEY };
	const struct finding b13_ground = { .rule = RULE_B13, .field = FIELD_APPOINTMENT_GROUND };
	const struct finding p08_none = { .rule = RULE_P08, .field = FIELD_NONE };
	const struct finding p08_name = { .rule = RULE_P08, .field = FIELD_FAMILY_NAME };
	const struct finding p10 = { .rule = RULE_P10, .field = FIELD_BSN };

	cr_expect_lt(finding_compare(&b13_key, &b13_ground), 0);
	cr_expect_gt(finding_compare(&b13_ground, &b13_key), 0);
	cr_expect_lt(finding_compare(&b13_ground, &p08_none), 0, "the code decides first");
	cr_expect_lt(finding_compare(&p08_none, &p08_name), 0, "an empty veld comes first");
	cr_expect_lt(finding_compare(&p08_name, &p10), 0);
	cr_expect_eq(finding_compare(&p10, &p10), 0);
}

/* ---- the tables of the specification ---- */

/* Codes that stand in the text and are not built: each is here because of a chapter that says so. */
static const char *const NOT_BUILT[] = {
	"LR-P04", "LR-P09", "LR-P13", "LR-R03", "LR-R04", "LR-R05", "LR-R07", /* 10 */
};

static bool is_not_built(struct slice code)
{
	for (size_t i = 0; i < ARRAY_LEN(NOT_BUILT); i++)
		if (slice_equal_text(code, NOT_BUILT[i]))
			return true;
	return false;
}

static const char *read_text_file(const char *path)
{
	static char text[200000];
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file, "%s", path);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

enum { CELLS_MAX = 5, TABLE_ROWS_MAX = 100 };

/* A row of a table, as it stands in the text. */
struct table_row {
	struct slice cells[CELLS_MAX]; /* code, ernst, veld, test, text; of chapter 10: code, ernst, text */
	size_t count;
	struct slice more_fields; /* veld of a second row of the same rule */
};

static size_t split_row(struct slice line, struct slice cells[CELLS_MAX])
{
	size_t count = 0;

	for (line = slice_from(line, 1); line.n > 0 && count < CELLS_MAX;) {
		const char *bar = memchr(line.p, '|', line.n);
		size_t n = bar ? (size_t)(bar - line.p) : line.n;

		cells[count++] = slice_trim(slice_cut(&line, n));
		line = slice_from(line, 1);
	}
	return count;
}

static size_t read_tables(struct table_row *rows)
{
	const char *rest = read_text_file(TEST_DATA_DIR "/../docs/specification.md");
	size_t count = 0;

	for (; (rest = strchr(rest, '\n')) != NULL; rest++) {
		struct slice line = slice_make(rest + 1, strcspn(rest + 1, "\n"));
		struct slice cells[CELLS_MAX];

		if (slice_starts_with(line, "| LR-")) {
			cr_assert_lt(count, TABLE_ROWS_MAX);
			rows[count] = (struct table_row){ 0 };
			rows[count].count = split_row(line, rows[count].cells);
			count++;
		} else if (slice_starts_with(line, "| | | ") && count > 0) {
			split_row(line, cells);
			rows[count - 1].more_fields = cells[2];
		}
	}
	return count;
}

static uint64_t fields_between(unsigned first, unsigned last)
{
	uint64_t fields = 0;

	for (unsigned field = first; field <= last; field++)
		fields |= UINT64_C(1) << field;
	return fields;
}

static uint64_t field_named(struct slice name)
{
	for (unsigned field = FIELD_BSN; field <= FIELD_LAST; field++)
		if (slice_equal_text(name, field_name((enum field)field)))
			return UINT64_C(1) << field;
	cr_assert_fail("%.*s is no field", (int)name.n, name.p);
}

/* What column Veld says: "-", names, or words for several. */
static uint64_t fields_of(struct slice veld)
{
	static const struct {
		const char *words;
		unsigned first, last;
	} WORDS[] = {
		{ "-", FIELD_NONE, FIELD_NONE },
		{ "the field", FIELD_DELIVERY_ID, HEADER_LAST },
		{ "column", 1, COLUMNS },
		{ "each date 20-23", 20, 23 },
		{ "see 5.4", 8, 16 },
		{ "first such column", 17, 25 },
		{ "first differing column", 3, 16 },
	};
	uint64_t fields = 0;

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (slice_equal_text(veld, WORDS[i].words))
			return fields_between(WORDS[i].first, WORDS[i].last);
	while (veld.n > 0) {
		const char *end = memchr(veld.p, ';', veld.n);

		fields |= field_named(slice_trim(slice_cut(&veld, end ? (size_t)(end - veld.p) : veld.n)));
		veld = slice_from(veld, 1);
	}
	return fields;
}

static struct slice without_marks(struct slice text)
{
	cr_assert(text.n > 2 && text.p[0] == '`' && text.p[text.n - 1] == '`', "%.*s", (int)text.n, text.p);
	return slice_make(text.p + 1, text.n - 2);
}

/* Chapter 10 has rule and text in one: "quarantaine, our fault: Er is .." */
static struct slice after_colon(struct slice text)
{
	const char *colon = memchr(text.p, ':', text.n);

	cr_assert_not_null(colon);
	return slice_from(text, (size_t)(colon - text.p) + 2);
}

static void expect_row(const struct table_row *row, enum rule rule)
{
	bool has_veld = row->count == CELLS_MAX;
	struct slice text = has_veld ? without_marks(row->cells[4]) : after_colon(row->cells[2]);
	uint64_t fields = has_veld ? fields_of(row->cells[2]) : 1u << FIELD_NONE;

	if (row->more_fields.n > 0)
		fields |= fields_of(row->more_fields);
	cr_expect_str_eq(rule_rejects(rule) ? "A" : "S", row->cells[1].p[0] == 'A' ? "A" : "S", "%s", rule_code(rule));
	cr_expect(slice_equal_text(text, rule_text(rule)), "%s: %s", rule_code(rule), rule_text(rule));
	for (unsigned field = FIELD_NONE; field <= FIELD_LAST; field++)
		cr_expect_eq(rule_has_field(rule, field), (fields >> field & 1) != 0, "%s on %s", rule_code(rule),
			     field_name((enum field)field));
}

Test(rule, is_as_the_specification_has_it_byte_for_byte)
{
	struct table_row rows[TABLE_ROWS_MAX];
	size_t count = read_tables(rows), not_built = 0;
	bool is_seen[0x10000] = { false };

	for (size_t i = 0; i < count; i++) {
		enum rule rule = rule_of_code(rows[i].cells[0]);

		cr_expect_neq(rule == RULE_NONE, !is_not_built(rows[i].cells[0]),
			      "%.*s is built, or listed as not built", (int)rows[i].cells[0].n, rows[i].cells[0].p);
		not_built += rule == RULE_NONE;
		if (rule == RULE_NONE)
			continue;
		cr_expect_not(is_seen[rule], "%s stands once", rule_code(rule));
		is_seen[rule] = true;
		expect_row(&rows[i], rule);
	}
	cr_expect_eq(not_built, ARRAY_LEN(NOT_BUILT), "what is listed as not built stands in the text");
	for (unsigned rule = 0; rule < ARRAY_LEN(is_seen); rule++)
		cr_expect_eq(rule_is_known(rule), is_seen[rule], "%s stands in the text", rule_code((enum rule)rule));
}

Test(rule, text_is_of_the_number_that_the_specification_has)
{
	char want[32];

	snprintf(want, sizeof want, "(text %d)\n", SPECIFICATION_TEXT);
	const char *text = read_text_file(TEST_DATA_DIR "/../docs/specification.md");

	cr_expect_eq(strstr(text, want), strchr(text, '\n') + 1 - strlen(want), "the first line ends with %s", want);
}

Test(rule, of_our_own_fault_says_so)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(
		text_of(&buf, RULE_T01, FIELD_NONE, 0, 0, 0),
		"Er is bij ons een storing. U hoeft niets te wijzigen. Wij verwerken deze regel opnieuw of vragen u "
		"om een nieuwe levering.");
	cr_expect(rule_rejects(RULE_T01));
}
