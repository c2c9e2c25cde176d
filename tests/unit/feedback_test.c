/* The rows of a terugmelding (specification 8.1). */
#include "model/feedback.h"

#include <criterion/criterion.h>

static struct strbuf out;

static void open_buffer(void)
{
	strbuf_init(&out, 1 << 16);
}

static void close_buffer(void)
{
	strbuf_release(&out);
}

TestSuite(feedback, .init = open_buffer, .fini = close_buffer);

static const struct finding NO_FIELD[] = { { .rule = RULE_B07, .field = FIELD_TEACHING_FIELDS } };
static const struct finding SCHOOL[] = {
	{ .rule = RULE_S03, .field = FIELD_BRIN, .values = { 0x39395a5a, 20180629 } }
};
static const struct finding SIGNAL[] = { { .rule = RULE_P06, .field = FIELD_BIRTH_DATE } };
static const struct finding SIGNAL_BEHIND[] = { { .rule = RULE_P06, .field = FIELD_BIRTH_DATE },
						{ .rule = RULE_X03, .field = FIELD_APPOINTMENT_END } };

#define P06_TEXT \
	"De leeftijd is ongebruikelijk voor een leraar. Controleer de geboortedatum en de datums van de benoeming."
#define R08_TEXT                                                                             \
	"Met volgnummer 9223372036854775807 leverde u voor deze leraar al andere gegevens. " \
	"Gebruik een hoger volgnummer."

static const struct {
	struct feedback_line line;
	const char *want;
	const char *why;
} ROWS[] = {
	{ { .record_no = 2,
	    .employee_ref = SLICE_LITERAL("1001"),
	    .appointment_key = SLICE_LITERAL("A-1"),
	    .target = TARGET_REGISTER,
	    .outcome = OUTCOME_NIEUW },
	  "2;1001;A-1;nieuw;REGISTER;;;;\n",
	  "no findings" },
	{ { .record_no = 50001, .outcome = OUTCOME_INGETROKKEN }, "50001;;;ingetrokken;;;;;\n", "nothing to echo" },
	{ { .record_no = 4294967295, .outcome = OUTCOME_VEROUDERD, .target = TARGET_VOORPORTAAL },
	  "4294967295;;;verouderd;VOORPORTAAL;;;;\n",
	  "the largest number" },
	{ { .record_no = 5,
	    .outcome = OUTCOME_AFGEKEURD,
	    .target = TARGET_REGISTER,
	    .findings = NO_FIELD,
	    .finding_count = 1 },
	  "5;;;afgekeurd;REGISTER;LR-B07;A;onderwijsterrein;Bij een bevoegde benoeming levert u geen onderwijsterrein. "
	  "Laat dit veld leeg.\n",
	  "one finding" },
	{ { .record_no = 6,
	    .outcome = OUTCOME_AFGEKEURD,
	    .target = TARGET_GEEN,
	    .findings = SCHOOL,
	    .finding_count = 1 },
	  "6;;;afgekeurd;GEEN;LR-S03;A;brin;School 99ZZ hoort op 20180629 niet bij uw bestuur.\n",
	  "values are filled in" },
	{ { .record_no = 8,
	    .outcome = OUTCOME_NIEUW,
	    .target = TARGET_REGISTER,
	    .findings = SIGNAL,
	    .finding_count = 1 },
	  "8;;;nieuw;REGISTER;LR-P06;S;geboortedatum;" P06_TEXT "\n",
	  "a signal" },
	{ { .record_no = 3, .outcome = OUTCOME_AFGEKEURD_R01 },
	  "3;;;afgekeurd;;LR-R01;A;;Deze leraar is bij ons niet (meer) bekend voor uw bestuur. "
	  "Er is niets om in te trekken.\n",
	  "what the state machine found" },
	{ { .record_no = 3, .outcome = OUTCOME_AFGEKEURD_R08, .findings = SIGNAL_BEHIND, .finding_count = 2 },
	  "3;;;afgekeurd;;LR-P06;S;geboortedatum;" P06_TEXT "\n"
	  "3;;;afgekeurd;;LR-R08;A;;" R08_TEXT "\n"
	  "3;;;afgekeurd;;LR-X03;S;einde_benoeming;Deze leraar is inmiddels bevoegd benoemd. Geef een einddatum voor "
	  "de tijdelijke benoeming als die niet meer geldt.\n",
	  "in its place among the others" },
	{ { .record_no = 3, .outcome = OUTCOME_QUARANTAINE, .findings = SIGNAL, .finding_count = 1 },
	  "3;;;quarantaine;;LR-P06;S;geboortedatum;" P06_TEXT "\n"
	  "3;;;quarantaine;;LR-T01;A;;Er is bij ons een storing. U hoeft niets te wijzigen. Wij verwerken deze regel "
	  "opnieuw of vragen u om een nieuwe levering.\n",
	  "our fault" },
};

Test(feedback, writes_one_row_per_finding_or_one_without)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		strbuf_reset(&out);
		feedback_add_line(&out, &ROWS[i].line, INT64_MAX);
		cr_expect_str_eq(strbuf_text(&out), ROWS[i].want, "%s\n%s", ROWS[i].why, strbuf_text(&out));
	}
}

Test(feedback, begins_with_the_names_of_its_columns)
{
	feedback_add_header(&out);
	cr_expect_str_eq(strbuf_text(&out),
			 "regel;personeelsnummer;benoemingssleutel;uitkomst;doel;code;ernst;veld;melding\n");
}

Test(feedback, lists_the_same_findings_as_values)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct feedback_line *line = &ROWS[i].line;
		struct finding findings[3];
		size_t count = feedback_findings(line, 7, findings);
		bool has_own = line->outcome >= OUTCOME_QUARANTAINE;

		cr_assert_eq(count, line->finding_count + has_own, "%s", ROWS[i].why);
		for (size_t k = 0; k < count; k++) {
			if (findings[k].rule == RULE_R08)
				cr_expect_eq(findings[k].values[0], 7);
			if (k > 0)
				cr_expect_lt(finding_compare(&findings[k - 1], &findings[k]), 0, "%s", ROWS[i].why);
		}
	}
}

/* The rows are written without looking for what needs quotes, which holds as long as this does. */
Test(feedback, needs_no_quotes_around_a_text)
{
	for (unsigned rule = 1; rule < 1 << 16; rule++) {
		struct finding finding = { .rule = (uint16_t)rule,
					   .field = FIELD_BRIN,
					   .values = { 20180629, 20180629, 20180629 } };

		if (!rule_is_known(rule))
			continue;
		strbuf_reset(&out);
		rule_add_text(&out, &finding);
		cr_expect_null(strpbrk(strbuf_text(&out), ";\"\r\n"), "%s", rule_code((enum rule)rule));
	}
}

Test(feedback, shows_a_finding_of_a_newer_program_by_its_code)
{
	static const struct finding FINDINGS[] = { { .rule = RULE_ID('B', 20), .field = 200, .values = { 1, 2, 3 } } };
	const struct feedback_line line = { .record_no = 7,
					    .outcome = OUTCOME_AFGEKEURD,
					    .target = TARGET_REGISTER,
					    .findings = FINDINGS,
					    .finding_count = 1 };
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1 << 16);
	feedback_add_line(&out, &line, 5);
	cr_expect_str_eq(strbuf_text(&out),
			 "7;;;afgekeurd;REGISTER;LR-B20;;;"
			 "De omschrijving van deze code is hier nog niet bekend.\n");
}
