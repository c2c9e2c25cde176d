#include "model/rule.h"

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
	cr_expect_str_eq(text_of(&buf, RULE_R08, FIELD_NONE, INT64_MAX, 0, 0),
			 "Met volgnummer 9223372036854775807 leverde u voor deze leraar al andere gegevens. Gebruik een "
			 "hoger volgnummer.");
	cr_expect_str_eq(text_of(&buf, RULE_F05, FIELD_NONE, 12, 15, 16),
			 "Regel 12 heeft 15 velden in plaats van 16. Controleer puntkomma's en aanhalingstekens.");
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
	cr_expect_str_eq(text_of(&buf, RULE_R08, FIELD_NONE, INT64_MIN, 0, 0),
			 "Met volgnummer -9223372036854775808 leverde u voor deze leraar al andere gegevens. Gebruik een "
			 "hoger volgnummer.");
	cr_expect_str_eq(text_of(&buf, RULE_NONE, FIELD_NONE, 1, 2, 3), "");
	cr_expect_str_eq(text_of(&buf, (enum rule)0xffff, (enum field)0xff, 1, 2, 3), "");
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
	enum rule rules[100];
	size_t count = known_rules(rules, ARRAY_LEN(rules));

	cr_expect_eq(count, 57);
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
					     "LR-K03",
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

/* The tables of the specification, where it lies beside this checkout. */

static const char *read_text_file(const char *path)
{
	static char text[100000];
	FILE *file = fopen(path, "r");

	if (!file)
		return NULL;
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* The text of the specification with its <..> written as the finding of the test has them. */
static void add_filled(struct strbuf *out, struct slice text, const struct finding *finding)
{
	static const struct {
		const char *name, *format;
	} FORMATS[] = {
		{ "n", "%lld" },	   { "m", "%lld" },	 { "a", "%lld" },
		{ "b", "%lld" },	   { "regel", "%lld" },	 { "bestuur", "%05lld" },
		{ "vestiging", "%02lld" }, { "code", "%03lld" }, { "datum", "%08lld" },
	};
	size_t used = 0;

	while (text.n > 0) {
		if (text.p[0] != '<') {
			strbuf_add(out, slice_cut(&text, 1));
			continue;
		}
		struct slice name =
			slice_make(text.p + 1, (size_t)((const char *)memchr(text.p, '>', text.n) - text.p) - 1);

		text = slice_from(text, name.n + 2);
		if (slice_equal_text(name, "veld") || slice_equal_text(name, "kolom"))
			strbuf_add_text(out, "straat");
		else if (slice_equal_text(name, "brin") && ++used)
			strbuf_add_text(out, "99ZZ");
		for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
			char number[32];

			if (!slice_equal_text(name, FORMATS[i].name))
				continue;
			snprintf(number, sizeof number, FORMATS[i].format, (long long)finding->values[used++]);
			strbuf_add_text(out, number);
		}
	}
}

static void expect_row(struct slice code, char ernst, struct slice text)
{
	CLEANUP(strbuf_drop) struct strbuf want, got;
	enum rule rule = rule_of_code(code);
	struct finding finding = { .rule = (uint16_t)rule, .field = FIELD_STREET, .values = { 1, 2, 3 } };

	cr_assert_neq(rule, RULE_NONE, "%.*s", (int)code.n, code.p);
	cr_expect_eq(rule_rejects(rule), ernst == 'A', "%s", rule_code(rule));
	if (rule == RULE_S02 || rule == RULE_S03)
		finding.values[0] = rule_brin_value(slice_of("99ZZ"));
	if (rule == RULE_S04)
		finding.values[1] = rule_brin_value(slice_of("99ZZ"));
	strbuf_init(&want, 1000);
	strbuf_init(&got, 1000);
	add_filled(&want, text, &finding);
	rule_add_text(&got, &finding);
	cr_expect_str_eq(strbuf_text(&got), strbuf_text(&want), "%s", rule_code(rule));
}

Test(rule, texts_are_those_of_the_specification_byte_for_byte)
{
	const char *rest = read_text_file(TEST_DATA_DIR "/../docs/specification.md");
	size_t rows = 0;

	if (!rest)
		cr_skip_test("the specification does not lie beside this checkout");
	for (; (rest = strstr(rest, "\n| LR-")) != NULL; rest++) {
		const char *ernst = rest + 12, *line_end = strchr(rest + 1, '\n');
		const char *text = memchr(rest + 1, '`', (size_t)(line_end - rest - 1)), *last = line_end;

		if (strncmp(rest + 3, "LR-K03", 6) == 0 || strncmp(rest + 3, "LR-P04", 6) == 0 ||
		    memcmp(line_end - 3, "` |", 3) != 0)
			continue; /* of chapter 10: not built */
		while (*--last != '`')
			;
		for (const char *p = text; p < last; p++) /* forms in the test's column are marked the same way */
			text = *p == '`' ? p : text;
		expect_row(slice_make(rest + 3, 6), *ernst, slice_make(text + 1, (size_t)(last - text - 1)));
		rows++;
	}
	cr_expect_eq(rows, 56, "all but LR-T01, whose text stands without marks");
}

Test(rule, of_our_own_fault_says_so)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 1000);
	cr_expect_str_eq(text_of(&buf, RULE_T01, FIELD_NONE, 0, 0, 0),
			 "Er is bij ons een storing. U hoeft niets te wijzigen. Wij verwerken deze regel opnieuw of vragen u "
			 "om een nieuwe levering.");
	cr_expect(rule_rejects(RULE_T01));
}
