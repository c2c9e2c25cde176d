/* feedback: a delivery's terugmelding, for the operator (specification 8).
 *
 * No header: run_report stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "model/date.h"
#include "render/terugmelding.h"
#include "render/terugmelding_stream.h"

#include <jansson.h>

enum { REPORT_BYTES_MAX = 512 << 20, PART_BYTES = 1 << 20, FINDING_BYTES_MAX = 2048 };

/* Prints a header line by line and each finding as a sentence. */
static void print_summary(const struct summary *summary)
{
	char date[11];

	date_to_iso(summary->extraction_date, date);
	printf("Levering %.*s van bestuur %05u: %s%s, volgnummer %lld, gegevens van %s\n", (int)summary->delivery_id.n,
	       summary->delivery_id.p, summary->board, delivery_kind_name(summary->kind),
	       summary->is_dry_run ? " (proef)" : "", (long long)summary->sequence, date);
	printf("Status: %s. Regels: %lld.\n", delivery_state_name(summary->state), (long long)summary->lines);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOME_QUARANTAINE; outcome++)
		if (summary->counts[outcome] > 0)
			printf("  %-12s %7lld\n", outcome_name((enum outcome)outcome),
			       (long long)summary->counts[outcome]);
	if (summary->kind == DELIVERY_VOLLEDIG)
		printf("  ontbrekend %lld van %lld actief, vervallen %lld\n", (long long)summary->absent,
		       (long long)summary->active, (long long)summary->lapsed);
}

static int print_finding(const struct finding *finding, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	char code[RULE_CODE_BYTES];

	rule_show_code(finding->rule, code);
	strbuf_init(&text, FINDING_BYTES_MAX);
	rule_add_text(&text, finding);
	int rc = strbuf_check(&text, "a finding", err);

	if (rc == 0)
		printf("  %s %s\n", code, strbuf_text(&text));
	return rc;
}

/* Appends the whole text: to stdout for CSV, else to out. */
static int print_stream(struct terugmelding_stream *stream, struct strbuf *out, bool is_kept, struct err *err)
{
	bool is_end = false;
	int rc = 0;

	while (rc == 0 && !is_end) {
		rc = terugmelding_stream_next(stream, out, out->n + PART_BYTES, &is_end, err);
		if (rc == 0 && !is_kept) {
			fwrite(out->p, 1, out->n, stdout);
			strbuf_reset(out);
		}
	}
	return rc;
}

static int print_csv(struct pg_link *link, uint32_t board, int64_t position, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf part;
	struct terugmelding_stream *stream = NULL;
	int rc = terugmelding_stream_open(link, board, position, TERUGMELDING_CSV, &stream, err);

	strbuf_init(&part, PART_BYTES + TERUGMELDING_LINE_BYTES_MAX);
	if (rc == 0)
		rc = print_stream(stream, &part, false, err);
	terugmelding_stream_free(stream);
	return rc;
}

static int print_text(struct ctl *ctl, struct pg_link *link, uint32_t board, int64_t position, struct err *err)
{
	struct summary summary;
	int rc = terugmelding_summary(link, board, position, &ctl->arena, &summary, err);

	if (rc == 0)
		print_summary(&summary);
	for (size_t i = 0; rc == 0 && i < summary.finding_count; i++)
		rc = print_finding(&summary.findings[i], err);
	if (rc != 0)
		return rc;
	putchar('\n');
	return print_csv(link, board, position, err);
}

static int print_json(struct pg_link *link, uint32_t board, int64_t position, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;
	struct terugmelding_stream *stream = NULL;
	int rc = terugmelding_stream_open(link, board, position, TERUGMELDING_JSON, &stream, err);

	strbuf_init(&text, REPORT_BYTES_MAX);
	if (rc == 0)
		rc = print_stream(stream, &text, true, err);
	terugmelding_stream_free(stream);
	if (rc != 0)
		return rc;
	return output_print_json(json_loadb(text.p, text.n, 0, NULL), err);
}

int run_report(struct ctl *ctl)
{
	const char *id = ctl->arguments[1];
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct terugmelding_found found[TERUGMELDING_FOUND_MAX];
	struct err err = { 0 };
	char what[64]; /* a leveringsid has at most 36 characters, and holds no personal data */
	size_t count = 0;
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = terugmelding_find(link, board, slice_of(id), found, &count, &err);
	if (rc == 0 && count == 0)
		rc = err_set(&err, ERR_DATA, "unknown", "the ledger knows no delivery %s of board %05u", id, board);
	snprintf(what, sizeof what, "report %s", id);
	if (rc == 0)
		rc = ctl_record_access(link, what, &board, NULL, &err);
	if (rc == 0)
		rc = ctl->output == OUTPUT_CSV	  ? print_csv(link, board, found[0].position, &err)
		     : ctl->output == OUTPUT_JSON ? print_json(link, board, found[0].position, &err)
						  : print_text(ctl, link, board, found[0].position, &err);
	if (rc == 0 && count > 1)
		fprintf(stderr, "instroomctl: %zu deliveries have this id; this is the first\n", count);
	return rc == 0 ? 0 : ctl_fail(&err);
}
