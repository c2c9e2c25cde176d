/* findings: what is wrong in the country now: code x board x the value that the text names.
 *
 *   1. Of each board's newest delivery that is no proef the ledger has the lines of each code, and the day since which
 *      the board's deliveries had that code without a break: one statement.
 *   2. Which school, ground or field a text names stands in the feedback of that delivery, packed: those bodies are
 *      streamed board by board and each finding's value is counted, once per line. A code whose text names nothing
 *      keeps the one row of the ledger.
 *   3. --by value and --by code sum the rows over boards. The most lines come first.
 *
 * Nothing here is personal: a finding holds no more than codes, numbers and dates (specification 12).
 *
 * No header: run_findings stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "ctl/base/question.h"
#include "model/date.h"
#include "model/delivery.h"
#include "model/rule.h"
#include "wire/gen/feedback.h"

#include <stdlib.h>

enum { VALUE_BYTES = 48, ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 32 << 20, ROWS_FIRST = 1024, TEXT_COLUMNS = 44 };

#define NEWEST                                                                                                   \
	"with newest as ("                                                                                       \
	"  select b.board, d.position, d.delivery_id, d.feedback from register.board b"                          \
	"  cross join lateral (select position, delivery_id, feedback from register.delivery"                    \
	"    where board = b.board and not dry_run order by position desc limit 1) d"                            \
	"  where ($1::int is null or b.board = $1)"                                                              \
	"    and ($2::text is null or b.board in (select board from register.bestuur_sector where sector = $2))" \
	") "

static const char CODES_SQL[] = NEWEST
	"select n.board, n.delivery_id, f.rule, f.lines, s.since from newest n"
	" join register.finding f on f.position = n.position and ($3::int is null or f.rule = $3)"
	" cross join lateral ("
	"   select d.received_on as since from register.delivery d where d.board = n.board and not d.dry_run"
	"     and d.position > coalesce((select e.position from register.delivery e"
	"       where e.board = n.board and not e.dry_run and e.position < n.position and not exists"
	"         (select from register.finding g where g.position = e.position and g.rule = f.rule)"
	"       order by e.position desc limit 1), -1)"
	"   order by d.position limit 1) s"
	" where $4::int is null or s.since >= $4 order by n.board, f.rule";

static const char BODIES_SQL[] = NEWEST
	"select n.board, b.body from newest n join register.feedback b on b.board = n.board and b.digest = n.feedback"
	" where exists (select from register.finding f"
	"   where f.position = n.position and ($3::int is null or f.rule = $3))"
	" and ($4::int is null or $4 is not null) order by n.board";

struct finding_row {
	uint16_t rule;
	uint32_t board;
	int64_t lines, boards;
	int32_t since;
	uint32_t line; /* while its board is counted: the record it was seen in */
	char value[VALUE_BYTES];
	char delivery[DELIVERY_ID_BYTES_MAX + 1];
};

struct finding_rows {
	struct finding_row *items;
	size_t count, capacity;
};

struct findings {
	struct ctl *ctl;
	struct pg_link *link;
	struct pg_params params;
	struct finding_rows codes, seen, rows; /* of the ledger; of the board at hand; of the answer */
	size_t next_code;
	struct arena arena; /* of one body */
	struct strbuf value;
};

static int add_row(struct finding_rows *rows, const struct finding_row *row, struct err *err)
{
	if (rows->count == rows->capacity) {
		size_t capacity = MAX(rows->capacity * 2, (size_t)ROWS_FIRST);
		struct finding_row *grown = reallocarray(rows->items, capacity, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for the findings");
		rows->items = grown;
		rows->capacity = capacity;
	}
	rows->items[rows->count++] = *row;
	return 0;
}

/* ---- codes, of the ledger ---- */

static int read_codes(struct findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(findings->link, NULL, CODES_SQL, &findings->params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct slice id = pg_get_bytes(rows, i, 1);
		struct finding_row row = { .rule = (uint16_t)pg_get_i16(rows, i, 2),
					   .board = (uint32_t)pg_get_i32(rows, i, 0),
					   .lines = pg_get_i32(rows, i, 3),
					   .boards = 1,
					   .since = pg_get_i32(rows, i, 4) };

		snprintf(row.delivery, sizeof row.delivery, "%.*s", (int)id.n, id.p);
		rc = add_row(&findings->codes, &row, err);
	}
	return rc;
}

/* ---- values, of the feedback ---- */

static int compare_seen(const void *a, const void *b)
{
	const struct finding_row *left = a, *right = b;
	int order = (left->rule > right->rule) - (left->rule < right->rule);

	order = order != 0 ? order : strcmp(left->value, right->value);
	return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

static int see_finding(struct findings *findings, int32_t record_number, const struct wire_line_finding *wire,
		       struct err *err)
{
	struct finding finding = { .rule = (uint16_t)wire->rule, .field = (uint8_t)wire->field };
	struct finding_row row = { .rule = finding.rule, .line = (uint32_t)record_number };

	for (size_t i = 0; i < MIN(wire->values.count, (size_t)FINDING_VALUES); i++)
		finding.values[i] = wire->values.items[i];
	strbuf_reset(&findings->value);
	rule_add_value(&findings->value, &finding);
	if (findings->value.n == 0)
		return 0;
	snprintf(row.value, sizeof row.value, "%s", strbuf_text(&findings->value));
	return add_row(&findings->seen, &row, err);
}

/* The rows of one code of one board: one for each value; the ledger's own when the text names nothing. */
static int add_values(struct findings *findings, const struct finding_row *code, struct err *err)
{
	const struct finding_row *seen = findings->seen.items;
	struct finding_row row = *code;
	size_t added = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < findings->seen.count; i++) {
		if (seen[i].rule != code->rule)
			continue;
		bool is_first = added == 0 || strcmp(seen[i].value, row.value) != 0;

		if (!is_first) { /* behind the row that was added last */
			findings->rows.items[findings->rows.count - 1].lines += seen[i].line != seen[i - 1].line;
			continue;
		}
		memcpy(row.value, seen[i].value, sizeof row.value);
		row.lines = 1;
		rc = add_row(&findings->rows, &row, err);
		added++;
	}
	return rc != 0 || added > 0 ? rc : add_row(&findings->rows, code, err);
}

/* The codes of the boards before this one have no feedback; those of this one get their values. */
static int add_board(struct findings *findings, uint32_t board, struct err *err)
{
	int rc = 0;

	for (; rc == 0 && findings->next_code < findings->codes.count; findings->next_code++) {
		const struct finding_row *code = &findings->codes.items[findings->next_code];

		if (code->board > board)
			break;
		rc = code->board == board ? add_values(findings, code, err) : add_row(&findings->rows, code, err);
	}
	return rc;
}

static int count_body(void *self, const struct pg_rows *row, struct err *err)
{
	struct findings *findings = self;
	struct wire_feedback feedback;

	arena_reset(&findings->arena);
	findings->seen.count = 0;
	int rc = wire_feedback_decode(pg_get_bytes(row, 0, 1), &findings->arena, &feedback, err);

	for (size_t i = 0; rc == 0 && i < feedback.lines.count; i++)
		for (size_t f = 0; rc == 0 && f < feedback.lines.items[i].findings.count; f++)
			rc = see_finding(findings, feedback.lines.items[i].record_number,
					 &feedback.lines.items[i].findings.items[f], err);
	if (rc == 0 && findings->seen.count > 0)
		qsort(findings->seen.items, findings->seen.count, sizeof *findings->seen.items, compare_seen);
	return rc == 0 ? add_board(findings, (uint32_t)pg_get_i32(row, 0, 0), err) : rc;
}

static int read_values(struct findings *findings, struct err *err)
{
	int rc = arena_init(&findings->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	strbuf_init(&findings->value, VALUE_BYTES * 4);
	if (rc == 0)
		rc = pg_stream(findings->link, BODIES_SQL, NULL, &findings->params, count_body, findings, err);
	findings->seen.count = 0;
	if (rc == 0)
		rc = add_board(findings, UINT32_MAX, err);
	strbuf_release(&findings->value);
	arena_release(&findings->arena);
	return rc;
}

/* ---- sums ---- */

static int compare_causes(const void *a, const void *b)
{
	const struct finding_row *left = a, *right = b;
	int order = (left->rule > right->rule) - (left->rule < right->rule);

	order = order != 0 ? order : strcmp(left->value, right->value);
	return order != 0 ? order : (left->board > right->board) - (left->board < right->board);
}

static int compare_lines(const void *a, const void *b)
{
	const struct finding_row *left = a, *right = b;
	int order = (left->lines < right->lines) - (left->lines > right->lines);

	return order != 0 ? order : compare_causes(a, b);
}

/* Rows of one code and value become one. */
static void sum_boards(struct finding_rows *rows)
{
	size_t kept = 0;

	if (rows->count > 0)
		qsort(rows->items, rows->count, sizeof *rows->items, compare_causes);
	for (size_t i = 0; i < rows->count; i++) {
		struct finding_row *last = kept > 0 ? &rows->items[kept - 1] : NULL;
		const struct finding_row *row = &rows->items[i];

		if (!last || last->rule != row->rule || strcmp(last->value, row->value) != 0) {
			rows->items[kept++] = *row;
			continue;
		}
		last->lines += row->lines;
		last->boards += row->boards;
		last->since = MIN(last->since, row->since);
	}
	rows->count = kept;
}

/* ---- the answer ---- */

static const struct output_column BOARD_COLUMNS[] = {
	{ "code", "code", COLUMN_TEXT },     { "value", "value", COLUMN_TEXT }, { "board", "board", COLUMN_TEXT },
	{ "lines", "lines", COLUMN_NUMBER }, { "since", "since", COLUMN_TEXT }, { "delivery_id", NULL, COLUMN_TEXT },
	{ "severity", NULL, COLUMN_TEXT },   { "text", NULL, COLUMN_TEXT },
};
static const struct output_column SUM_COLUMNS[] = {
	{ "code", "code", COLUMN_TEXT },       { "value", "value", COLUMN_TEXT }, { "lines", "lines", COLUMN_NUMBER },
	{ "boards", "boards", COLUMN_NUMBER }, { "since", "since", COLUMN_TEXT }, { "severity", NULL, COLUMN_TEXT },
	{ "text", NULL, COLUMN_TEXT },
};
static const struct output_column CODE_COLUMNS[] = {
	{ "code", "code", COLUMN_TEXT },   { "lines", "lines", COLUMN_NUMBER }, { "boards", "boards", COLUMN_NUMBER },
	{ "since", "since", COLUMN_TEXT }, { "severity", NULL, COLUMN_TEXT },	{ "text", NULL, COLUMN_TEXT },
	{ NULL, "text", COLUMN_TEXT },
};

enum by { BY_BOARD, BY_VALUE, BY_CODE };

static enum by by_of(const struct ctl *ctl)
{
	const char *text = ctl_has(ctl, OPTION_BY) ? ctl->options[OPTION_BY] : "board";

	return strcmp(text, "code") == 0 ? BY_CODE : strcmp(text, "value") == 0 ? BY_VALUE : BY_BOARD;
}

static void add_answer(struct output *out, enum by by, const struct finding_row *row)
{
	const char *text = rule_text((enum rule)row->rule);
	char code[RULE_CODE_BYTES], since[11];

	rule_show_code(row->rule, code);
	date_to_iso(row->since, since);
	output_text(out, slice_of(code));
	if (by != BY_CODE)
		output_text(out, slice_of(row->value));
	if (by == BY_BOARD)
		output_board(out, row->board);
	output_number(out, row->lines);
	if (by != BY_BOARD)
		output_number(out, row->boards);
	output_text(out, slice_of(since));
	if (by == BY_BOARD)
		output_text(out, slice_of(row->delivery));
	output_text(out, slice_of(rule_ernst((enum rule)row->rule)));
	output_text(out, slice_of(text));
	if (by == BY_CODE)
		output_text(out,
			    slice_cut(&(struct slice){ text, strlen(text) }, MIN(strlen(text), (size_t)TEXT_COLUMNS)));
}

static int print_findings(struct findings *findings, enum by by, int64_t limit, struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };
	struct finding_rows *rows = &findings->rows;
	size_t shown = limit == QUESTION_LIMIT_ANY ? rows->count : MIN(rows->count, (size_t)limit);

	if (by == BY_CODE)
		output_init(&out, findings->ctl->output, CODE_COLUMNS, ARRAY_LEN(CODE_COLUMNS));
	else if (by == BY_VALUE)
		output_init(&out, findings->ctl->output, SUM_COLUMNS, ARRAY_LEN(SUM_COLUMNS));
	else
		output_init(&out, findings->ctl->output, BOARD_COLUMNS, ARRAY_LEN(BOARD_COLUMNS));
	if (rows->count > 0)
		qsort(rows->items, rows->count, sizeof *rows->items, compare_lines);
	for (size_t i = 0; i < shown; i++)
		add_answer(&out, by, &rows->items[i]);
	int rc = output_print(&out, stdout, err);

	if (rc == 0 && shown < rows->count)
		fprintf(stderr, "instroomctl: %zu of %zu rows are shown, those with the most lines\n", shown,
			rows->count);
	return rc;
}

static int read_findings(struct findings *findings, enum by by, struct err *err)
{
	int rc = pg_script(findings->link, "begin isolation level repeatable read read only", err);

	if (rc == 0)
		rc = read_codes(findings, err);
	if (rc == 0 && by != BY_CODE)
		rc = read_values(findings, err);
	if (rc == 0 && by == BY_CODE) {
		findings->rows = findings->codes;
		findings->codes = (struct finding_rows){ 0 };
	}
	if (rc == 0 && by != BY_BOARD)
		sum_boards(&findings->rows);
	return rc != 0 ? rc : pg_script(findings->link, "commit", err);
}

/* false: an option has a wrong value, which has been said. */
static bool take_filters(struct findings *findings)
{
	const struct ctl *ctl = findings->ctl;
	const char *code = ctl->options[OPTION_CODE];
	enum rule rule = code ? rule_of_code(slice_of(code)) : RULE_NONE;
	bool is_one_board = false;
	uint32_t board = 0;
	int32_t since = 0;

	if (!question_board(ctl, &board, &is_one_board) || !question_day(ctl, OPTION_SINCE, &since) ||
	    (code && rule == RULE_NONE)) {
		ctl_usage("findings wants a board of 5 digits, a code such as LR-S02 and a day EEJJ-MM-DD");
		return false;
	}
	pg_params_reset(&findings->params);
	question_add_board(&findings->params, board, is_one_board);
	question_add_text(&findings->params, ctl->options[OPTION_SECTOR]);
	question_add_day(&findings->params, (int32_t)rule);
	question_add_day(&findings->params, since);
	return true;
}

int run_findings(struct ctl *ctl)
{
	struct findings findings = { .ctl = ctl };
	enum by by = by_of(ctl);
	struct err err = { 0 };
	int64_t limit = QUESTION_LIMIT_ANY;

	if (!question_limit(ctl, QUESTION_LIMIT_ANY, &limit))
		return ctl_usage("--limit is a number of rows");
	if (!take_filters(&findings))
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, false, &findings.link, &err);

	if (rc == 0)
		rc = read_findings(&findings, by, &err);
	if (rc == 0)
		rc = print_findings(&findings, by, limit, &err);
	pg_link_close(findings.link);
	free(findings.codes.items);
	free(findings.seen.items);
	free(findings.rows.items);
	return rc == 0 ? 0 : ctl_fail(&err);
}
