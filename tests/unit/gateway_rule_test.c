/* The pages of the codes: one for each and no other, with examples that judging agrees with. */
#include "gateway/reply.h"
#include "gateway/rule_handler.h"
#include "judge_fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>

enum { PAGE_BYTES_MAX = 64 << 10 };

static struct judge_fixture *fixture;
static json_t *pages;

static void open_pages(void)
{
	struct slice text = rule_pages_text();

	pages = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	cr_assert(pages, "it is JSON, without a name twice");
	fixture = judge_fixture_new();
}

static void close_pages(void)
{
	judge_fixture_free(fixture);
	json_decref(pages);
}

TestSuite(gateway_rule, .init = open_pages, .fini = close_pages);

Test(gateway_rule, each_code_has_a_page_and_no_other_has)
{
	size_t count = 0;
	const char *code;
	json_t *page;

	for (unsigned rule = 0; rule <= UINT16_MAX; rule++)
		if (rule_is_known(rule)) {
			count++;
			cr_expect(json_object_get(pages, rule_code((enum rule)rule)), "%s", rule_code((enum rule)rule));
		}
	cr_expect_eq(json_object_size(pages), count);
	json_object_foreach(pages, code, page)
	{
		cr_expect_neq(rule_of_code(slice_of(code)), RULE_NONE, "%s", code);
		cr_expect_geq(json_string_length(json_object_get(page, "uitleg")), 20, "%s", code);
		cr_expect_geq(json_array_size(json_object_get(page, "fout")), 1, "%s", code);
		cr_expect_geq(json_array_size(json_object_get(page, "goed")), 1, "%s", code);
	}
}

/* Whether a finding of any line of the example has the code. */
static bool gives(const char *code, const json_t *lines)
{
	bool found = false;
	json_t *line;
	size_t i;

	judge_fixture_reset(fixture);
	json_array_foreach(lines, i, line) judge_fixture_add(fixture, json_string_value(line));
	judge_fixture_judge(fixture);
	for (i = 0; i < fixture->input.line_count; i++)
		found = found || strstr(judge_fixture_findings(fixture, i), code) != NULL;
	return found;
}

static bool gives_anything(const json_t *lines)
{
	return gives("LR-", lines);
}

Test(gateway_rule, the_wrong_example_of_a_line_has_the_code_and_the_right_one_has_no_finding)
{
	const char *code;
	json_t *page;

	json_object_foreach(pages, code, page)
	{
		const char *kind = json_string_value(json_object_get(page, "soort"));

		if (strcmp(kind, "tekst") == 0)
			continue;
		cr_assert(strcmp(kind, "regel") == 0 || strcmp(kind, "intrekking") == 0, "%s", code);
		fixture->input.kind = strcmp(kind, "regel") == 0 ? DELIVERY_VOLLEDIG : DELIVERY_INTREKKING;
		cr_expect(gives(code, json_object_get(page, "fout")), "%s: the wrong example is right", code);
		cr_expect_not(gives_anything(json_object_get(page, "goed")), "%s: the right example is wrong: %s", code,
			      fixture->findings);
	}
}

Test(gateway_rule, rules_of_lines_have_an_example_that_is_judged)
{
	const char *code;
	json_t *page;

	json_object_foreach(pages, code, page)
	{
		bool is_of_a_line = strchr("BPSX", code[3]) != NULL;

		cr_expect_eq(is_of_a_line, strcmp(json_string_value(json_object_get(page, "soort")), "tekst") != 0,
			     "%s", code);
	}
}

Test(gateway_rule, a_page_is_whole_and_what_is_no_markup_is_escaped)
{
	struct strbuf out;

	strbuf_init(&out, PAGE_BYTES_MAX);
	rule_page(RULE_B05, &out);
	cr_assert(strbuf_ok(&out));
	cr_expect(strstr(strbuf_text(&out), "&lt;code&gt; is niet bekend"), "%s", strbuf_text(&out));
	cr_expect(strstr(strbuf_text(&out), "<h1>LR-B05</h1>"));
	cr_expect(strstr(strbuf_text(&out), "</html>"));
	strbuf_reset(&out);
	rule_list_page(&out);
	cr_assert(strbuf_ok(&out));
	cr_expect(strstr(strbuf_text(&out), "<a href=\"/v1/regels/LR-X06\">"));
	strbuf_release(&out);
}

Test(gateway_rule, a_page_names_the_helpdesk_as_a_refusal_does)
{
	struct strbuf out;

	strbuf_init(&out, PAGE_BYTES_MAX);
	rule_page(RULE_B01, &out);
	cr_expect(!strstr(strbuf_text(&out), "De helpdesk"), "without an address there is nothing to say");
	reply_set_helpdesk("0800 <1>");
	strbuf_reset(&out);
	rule_page(RULE_B01, &out);
	cr_expect(strstr(strbuf_text(&out), "De helpdesk: 0800 &lt;1&gt;"), "%s", strbuf_text(&out));
	strbuf_reset(&out);
	rule_list_page(&out);
	cr_expect(strstr(strbuf_text(&out), "De helpdesk: 0800 &lt;1&gt;"), "on the list");
	strbuf_release(&out);
}
