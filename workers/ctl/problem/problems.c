/* problems: what boards reported, for the helpdesk: the list, one of them with its words, and closing it.
 *
 * No header: its commands stand in problem_commands.h. */
#include "ctl/problem/problem_commands.h"

#include "ctl/base/question.h"
#include "model/bsn.h"
#include "model/problem.h"

enum { PAGE_ROWS = 100 };

#define MAIL_SQL                                                                                           \
	"(select string_agg(concat_ws(' ', m.recipient, register.problem_mail_state(m), m.outcome), ', ' " \
	"order by m.at, m.recipient) from register.problem_mail m where m.problem = p.id)"

/* ---- list ---- */

static const char LIST_SQL[] =
	"select " CTL_SQL_TIME("p.at") ", " CTL_SQL_BOARD("p.board") ", register.problem_state(p), p.delivery_id,"
	"  (select string_agg(key || ' ' || value, ' ' order by key) from jsonb_each_text(p.codes)),"
	"  " MAIL_SQL ", (select max(attempts) from register.problem_mail m where m.problem = p.id), p.reference"
	" from register.problem p"
	" where ($1::int is null or p.board = $1) and ($2::text is null or register.problem_state(p) = $2)"
	"  and ($3 or p.closed_at is null or $2 = 'afgehandeld')"
	"  and ($4::int is null or p.at >= to_date($4::text, 'YYYYMMDD')::timestamp at time zone 'UTC')"
	"  and ($5::text is null or p.id < (select id from register.problem where reference = $5))"
	" order by p.id desc limit $6 + 1";

static const struct output_column LIST_COLUMNS[] = {
	{ "at", "at", COLUMN_TEXT },	     { "board", "board", COLUMN_TEXT },
	{ "state", "state", COLUMN_TEXT },   { "delivery_id", NULL, COLUMN_TEXT },
	{ "codes", "codes", COLUMN_TEXT },   { "mail", "mail", COLUMN_TEXT },
	{ "attempts", NULL, COLUMN_NUMBER }, { "reference", "reference", COLUMN_TEXT },
};

int run_problems_list(struct ctl *ctl)
{
	struct question question = { LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS), LIST_SQL, false, PAGE_ROWS };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *state = ctl->options[OPTION_STATE];
	struct pg_params params;
	struct err err = { 0 };
	bool is_one = false;
	uint32_t board = 0;
	int32_t since = 0;

	if (!question_limit(ctl, PAGE_ROWS, &question.limit))
		return ctl_usage("--limit is a number of rows");
	if (!question_board(ctl, &board, &is_one))
		return ctl_usage("a board is a number of 5 digits");
	if (!question_day(ctl, OPTION_SINCE, &since))
		return ctl_usage("a day is EEJJ-MM-DD, and begins at midnight UTC");
	pg_params_reset(&params);
	question_add_board(&params, board, is_one);
	question_add_text(&params, state);
	pg_add_bool(&params, ctl_has(ctl, OPTION_ALL));
	question_add_day(&params, since);
	question_add_text(&params, ctl->options[OPTION_AFTER]);
	pg_add_i64(&params, question.limit);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = question_answer(ctl, link, &question, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- one of them ---- */

static const char SHOW_SQL[] =
	"select p.reference, " CTL_SQL_TIME("p.at") ", " CTL_SQL_BOARD("p.board") ", register.problem_state(p),"
	"  p.delivery_id, (select string_agg(key || ' ' || value, ' ' order by key) from jsonb_each_text(p.codes)),"
	"  p.words, p.sender, p.party, p.basis, p.trace_id, " MAIL_SQL ","
	"  (select string_agg(recipient || ': ' || words, e'\\n' order by at) from register.problem_mail m"
	"   where m.problem = p.id and words is not null),"
	"  " CTL_SQL_TIME("p.closed_at") ", p.closed_by, p.answer"
	" from register.problem p where p.reference = $1";

static const struct output_column SHOW_COLUMNS[] = {
	{ "reference", "reference", COLUMN_TEXT },
	{ "at", "at", COLUMN_TEXT },
	{ "board", "board", COLUMN_TEXT },
	{ "state", "state", COLUMN_TEXT },
	{ "delivery_id", "delivery", COLUMN_TEXT },
	{ "codes", "codes", COLUMN_TEXT },
	{ "words", "words", COLUMN_TEXT },
	{ "sender", "sender", COLUMN_TEXT },
	{ "party", "party", COLUMN_TEXT },
	{ "basis", "basis", COLUMN_TEXT },
	{ "trace_id", "trace id", COLUMN_TEXT },
	{ "mail", "mail", COLUMN_TEXT },
	{ "council_words", "to a council", COLUMN_TEXT },
	{ "closed_at", "closed at", COLUMN_TEXT },
	{ "closed_by", "closed by", COLUMN_TEXT },
	{ "answer", "answer", COLUMN_TEXT },
};

static int find_board(struct pg_link *link, const char *reference, uint32_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(reference));
	int rc = pg_exec(link, NULL, "select board from register.problem where reference = $1", &params, &rows, NULL,
			 err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "unknown", "there is no problem %s", reference);
	if (rc == 0)
		*ret = (uint32_t)pg_get_i32(rows, 0, 0);
	return rc;
}

/* false: it is no reference, which is told. */
static bool is_reference(const struct ctl *ctl)
{
	if (problem_reference_is_good(slice_of(ctl->arguments[0])))
		return true;
	ctl_usage("a problem is named as problems list shows it: P-BCDF-GHJK-LMNP");
	return false;
}

/* A board's own words may be about persons, so reading them leaves a row. */
int run_problems_show(struct ctl *ctl)
{
	const struct question question = { SHOW_COLUMNS, ARRAY_LEN(SHOW_COLUMNS), SHOW_SQL, true, QUESTION_LIMIT_ANY };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board = 0;
	char what[64];

	if (!is_reference(ctl))
		return EXIT_USAGE;
	snprintf(what, sizeof what, "problems show %s", ctl->arguments[0]);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->arguments[0]));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = find_board(link, ctl->arguments[0], &board, &err);
	if (rc == 0)
		rc = ctl_record_access(link, what, &board, NULL, &err);
	if (rc == 0)
		rc = question_answer(ctl, link, &question, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_problems_close(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	const char *reference = ctl->arguments[0], *answer = ctl->options[OPTION_REASON];
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board;

	if (!is_reference(ctl))
		return EXIT_USAGE;
	if (bsn_stands_in(slice_of(answer)))
		return ctl_usage("the answer holds a number that may be a BSN: leave it out");
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(reference));
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(answer));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = find_board(link, reference, &board, &err);
	if (rc == 0)
		rc = pg_exec(link, NULL, "select register.close_problem($1, $2, $3)", &params, &rows, NULL, &err);
	if (rc == 0 && !pg_get_bool(rows, 0, 0))
		rc = err_set(&err, ERR_DATA, "closed", "%s was closed before: its answer stays as it is", reference);
	if (rc != 0)
		return ctl_fail(&err);
	printf("%s is closed\n", reference);
	return 0;
}
