#include "render/summary.h"

#include "base/strbuf.h"
#include "model/date.h"
#include "render/json_build.h"

#include <jansson.h>

enum { MELDING_BYTES_MAX = 1024 };

void summary_count(struct summary *summary, enum rule rule, int64_t n)
{
	size_t at = 0;

	while (at < summary->code_count && summary->codes[at].rule < rule)
		at++;
	if (at < summary->code_count && summary->codes[at].rule == rule) {
		summary->codes[at].count += n;
		return;
	}
	if (summary->code_count == SUMMARY_CODES_MAX)
		return; /* there are fewer rules */
	memmove(&summary->codes[at + 1], &summary->codes[at], (summary->code_count - at) * sizeof summary->codes[0]);
	summary->codes[at].rule = rule;
	summary->codes[at].count = n;
	summary->code_count++;
}

void summary_add_finding(struct summary *summary, const struct finding *finding)
{
	if (summary->finding_count < SUMMARY_FINDINGS_MAX)
		summary->findings[summary->finding_count++] = *finding;
	summary_count(summary, (enum rule)finding->rule, 1);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

json_t *finding_json(const struct finding *finding)
{
	CLEANUP(strbuf_drop) struct strbuf melding;
	char code[RULE_CODE_BYTES];

	rule_show_code(finding->rule, code);
	strbuf_init(&melding, MELDING_BYTES_MAX);
	rule_add_text(&melding, finding);
	if (!strbuf_ok(&melding))
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s%}", "code", code, "ernst", rule_ernst((enum rule)finding->rule), "veld",
			 field_name((enum field)finding->field), "melding", melding.p ? melding.p : "", melding.n);
}

static json_t *counts_json(const struct summary *summary)
{
	json_t *counts = json_object();

	/* the order of specification 4.3 */
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOME_QUARANTAINE; outcome++)
		json_build_put(&counts, outcome_name((enum outcome)outcome), json_integer(summary->counts[outcome]));
	return counts;
}

json_t *summary_json(const struct summary *summary)
{
	char board[16] = "", date[11] = "";
	json_t *codes = json_object(), *findings = json_array();

	if (summary->has_board)
		snprintf(board, sizeof board, "%05u", summary->board);
	if (summary->extraction_date > 0)
		date_to_iso(summary->extraction_date, date);
	for (size_t i = 0; i < summary->code_count; i++) {
		char code[RULE_CODE_BYTES];

		rule_show_code(summary->codes[i].rule, code);
		json_build_put(&codes, code, json_integer(summary->codes[i].count));
	}
	for (size_t i = 0; i < summary->finding_count; i++)
		json_build_append(&findings, finding_json(&summary->findings[i]));
	return json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:s, s:I, s:o, s:I, s:I, s:I, s:o, s:o}", "leveringsid",
			 summary->delivery_id.n > 0 ? json_stringn(summary->delivery_id.p, summary->delivery_id.n)
						    : json_null(),
			 "bestuur", text_or_null(board), "soort",
			 summary->kind ? json_string(delivery_kind_name(summary->kind)) : json_null(), "proef",
			 summary->is_dry_run, "volgnummer",
			 summary->sequence > 0 ? json_integer(summary->sequence) : json_null(), "extractiedatum",
			 text_or_null(date), "status", delivery_state_name(summary->state), "regels",
			 (json_int_t)summary->lines, "tellingen", counts_json(summary), "ontbrekend",
			 (json_int_t)summary->absent, "actief", (json_int_t)summary->active, "vervallen",
			 (json_int_t)summary->lapsed, "codes", codes, "bevindingen", findings);
}

static int put_piece(const char *text, size_t n, void *self)
{
	strbuf_add_bytes(self, text, n);
	return 0;
}

void summary_put_json(struct strbuf *out, json_t *json)
{
	if (json_dump_callback(json, put_piece, out, JSON_COMPACT) != 0 && strbuf_ok(out))
		out->is_full = out->is_out_of_memory = true;
	json_decref(json);
}
