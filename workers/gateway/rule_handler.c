#include "gateway/rule_handler.h"

#include "gateway/fixed_answer.h"
#include "gateway/request.h"

#include <jansson.h>

enum { PAGE_BYTES_MAX = 64 << 10 };

/* made at build, by scripts/cmake/embed.cmake */
extern const unsigned char RULE_PAGES_TEXT[];
extern const size_t RULE_PAGES_BYTES;

struct slice rule_pages_text(void)
{
	return slice_make(RULE_PAGES_TEXT, RULE_PAGES_BYTES);
}

/* ---- what stands in the file ---- */

/* Read for each page: a page is asked for by a person. NULL: no memory. */
static json_t *read_pages(void)
{
	struct slice text = rule_pages_text();

	return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
}

static enum rule next_rule(enum rule rule)
{
	unsigned next = rule;

	do
		next++;
	while (next <= RULE_ID('Z', RULE_NUMBERS - 1) && !rule_is_known(next));
	return next <= RULE_ID('Z', RULE_NUMBERS - 1) ? (enum rule)next : RULE_NONE;
}

static enum rule first_rule(void)
{
	return next_rule((enum rule)RULE_ID('A', 0));
}

/* ---- as a page ---- */

static void add_escaped(struct strbuf *out, const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c == '<')
			strbuf_add_text(out, "&lt;");
		else if (*c == '>')
			strbuf_add_text(out, "&gt;");
		else if (*c == '&')
			strbuf_add_text(out, "&amp;");
		else
			strbuf_add_char(out, *c);
}

static void add_head(struct strbuf *out, const char *title)
{
	strbuf_add_printf(
		out,
		"<!DOCTYPE html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n</head>\n<body>\n"
		"<main>\n<h1>%s</h1>\n",
		title, title);
}

static void add_paragraph(struct strbuf *out, const char *text)
{
	strbuf_add_text(out, "<p>");
	add_escaped(out, text);
	strbuf_add_text(out, "</p>\n");
}

static void add_foot(struct strbuf *out)
{
	if (*reply_helpdesk()) {
		strbuf_add_text(out, "<p>Komt u er niet uit? De helpdesk: ");
		add_escaped(out, reply_helpdesk());
		strbuf_add_text(out, "</p>\n");
	}
	strbuf_add_text(out, "</main>\n</body>\n</html>\n");
}

static void add_examples(struct strbuf *out, const char *title, const json_t *examples)
{
	const json_t *each;
	size_t i;

	strbuf_add_printf(out, "<h2>%s</h2>\n<ul>\n", title);
	json_array_foreach(examples, i, each)
	{
		strbuf_add_text(out, "<li><code>");
		add_escaped(out, json_string_value(each));
		strbuf_add_text(out, "</code></li>\n");
	}
	strbuf_add_text(out, "</ul>\n");
}

static bool is_about_a_line(const json_t *page)
{
	return strcmp(json_string_value(json_object_get(page, "soort")), "tekst") != 0;
}

void rule_page(enum rule rule, struct strbuf *out)
{
	json_t *pages = read_pages();
	const json_t *page = json_object_get(pages, rule_code(rule));

	if (!page) {
		out->is_full = true;
		json_decref(pages);
		return;
	}
	add_head(out, rule_code(rule));
	add_paragraph(out, rule_text(rule));
	add_paragraph(out, rule_rejects(rule) ? "Ernst A: wat dit treft, is niet verwerkt."
					      : "Ernst S: een signaal. Wat dit treft, is wel verwerkt.");
	strbuf_add_text(out, "<h2>Wat betekent dit en wat doet u</h2>\n");
	add_paragraph(out, json_string_value(json_object_get(page, "uitleg")));
	add_examples(out, "Zo niet", json_object_get(page, "fout"));
	add_examples(out, "Zo wel", json_object_get(page, "goed"));
	if (is_about_a_line(page))
		add_paragraph(out,
			      "In de voorbeelden staan alleen de kolommen waar het om gaat, elke regel van het "
			      "bestand op een eigen regel. Alle gegevens zijn verzonnen.");
	strbuf_add_text(out, "<p><a href=\"/v1/regels\">Alle codes</a></p>\n");
	add_foot(out);
	json_decref(pages);
}

void rule_list_page(struct strbuf *out)
{
	add_head(out, "Codes in de terugmelding");
	add_paragraph(out,
		      "A: wat dit treft, is niet verwerkt. S: een signaal, wat dit treft is wel verwerkt. Wat tussen "
		      "punthaken staat, vult de terugmelding in.");
	strbuf_add_text(out, "<table>\n<tr><th>code</th><th>ernst</th><th>melding</th></tr>\n");
	for (enum rule rule = first_rule(); rule != RULE_NONE; rule = next_rule(rule)) {
		strbuf_add_printf(out, "<tr><td><a href=\"/v1/regels/%s\">%s</a></td><td>%s</td><td>", rule_code(rule),
				  rule_code(rule), rule_ernst(rule));
		add_escaped(out, rule_text(rule));
		strbuf_add_text(out, "</td></tr>\n");
	}
	strbuf_add_text(out, "</table>\n");
	add_foot(out);
}

/* ---- for programs ---- */

/* NULL: no memory. */
static json_t *rule_json(enum rule rule, const json_t *pages)
{
	const json_t *page = json_object_get(pages, rule_code(rule));

	return json_pack("{s:s, s:s, s:s, s:O, s:O, s:O}", "code", rule_code(rule), "ernst", rule_ernst(rule),
			 "melding", rule_text(rule), "uitleg", json_object_get(page, "uitleg"), "fout",
			 json_object_get(page, "fout"), "goed", json_object_get(page, "goed"));
}

static json_t *all_rules_json(const json_t *pages)
{
	json_t *list = json_array();

	for (enum rule rule = first_rule(); list && rule != RULE_NONE; rule = next_rule(rule))
		if (json_array_append_new(list, rule_json(rule, pages)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* rule: RULE_NONE means all. Takes no memory that out does not have. */
static void add_json(enum rule rule, struct strbuf *out)
{
	json_t *pages = read_pages();
	json_t *json = !pages ? NULL : rule == RULE_NONE ? all_rules_json(pages) : rule_json(rule, pages);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		strbuf_add_text(out, text);
	else
		out->is_full = true;
	free(text);
	json_decref(json);
	json_decref(pages);
}

/* ---- requests ---- */

static void answer(struct request *request, enum rule rule)
{
	bool wants_json = slice_equal_text(request->type, "application/json");
	struct strbuf out;

	strbuf_init(&out, PAGE_BYTES_MAX);
	if (wants_json)
		add_json(rule, &out);
	else if (rule == RULE_NONE)
		rule_list_page(&out);
	else
		rule_page(rule, &out);
	fixed_answer(request, wants_json ? "application/json" : "text/html; charset=utf-8", &out);
}

static void rules_begin(struct request *request)
{
	answer(request, RULE_NONE);
}

static void rule_begin(struct request *request)
{
	answer(request, request->values.rule);
}

const struct handler RULES_HANDLER = { .begin = rules_begin };
const struct handler RULE_HANDLER = { .begin = rule_begin };
