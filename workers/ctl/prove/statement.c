/* statement: what the ledger took in since the day before, by board and for the nation, in a chain of hashes
 * (schemas/sql/0015-statement.sql).
 *
 *   1. Without an option it makes the statement of today, unless there is one, and prints its sums. All of it is one
 *      snapshot of the register: position and effect move in one transaction, so cursors and rows belong together.
 *   2. --check derives every statement again from the ledger, and every hash from its rows and the hash before it.
 *
 * Who can write the tables can make a chain anew: the hash that was printed, in a journal elsewhere, is the proof.
 *
 * No header: run_statement stands in prove_commands.h. */
#include "ctl/prove/prove_commands.h"

#include "ctl/base/question.h"

#define DAY_SQL(expression) "to_char(" expression ", 'YYYY-MM-DD')"

/* 0 on a day on which no board delivered. */
#define TOTAL(column) "coalesce(sum(b." column "), 0)::bigint"
#define OUTCOMES_SQL                                                                              \
	TOTAL("outcomes[1]")                                                                      \
	", " TOTAL("outcomes[2]") ", " TOTAL("outcomes[3]") ", " TOTAL("outcomes[4]") ", " TOTAL( \
		"outcomes[5]") ", " TOTAL("outcomes[6]") ", " TOTAL("outcomes[7]")
#define SUMS_SQL                                                                                              \
	" " TOTAL("deliveries") ", " TOTAL("lines") ", " OUTCOMES_SQL ", " TOTAL("confirmations") ", " TOTAL( \
		"replays") ", " TOTAL("teachers") ", " TOTAL("active")

static const struct output_column DAY_COLUMNS[] = {
	{ "day", "day", COLUMN_TEXT },
	{ "boards", "boards", COLUMN_NUMBER },
	{ "deliveries", "deliveries", COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },
	{ "nieuw", "nieuw", COLUMN_NUMBER },
	{ "gewijzigd", "gewijzigd", COLUMN_NUMBER },
	{ "ongewijzigd", "ongewijzigd", COLUMN_NUMBER },
	{ "verouderd", "verouderd", COLUMN_NUMBER },
	{ "afgekeurd", "afgekeurd", COLUMN_NUMBER },
	{ "ingetrokken", "ingetrokken", COLUMN_NUMBER },
	{ "quarantaine", "quarantaine", COLUMN_NUMBER },
	{ "confirmations", "confirmations", COLUMN_NUMBER },
	{ "replays", "replays", COLUMN_NUMBER },
	{ "teachers", "teachers", COLUMN_NUMBER },
	{ "active", "active", COLUMN_NUMBER },
	{ "hash", "hash", COLUMN_TEXT },
};
/* Text has what a line has place for. */
static const struct output_column BOARD_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },	     { "deliveries", "deliveries", COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },	     { "nieuw", "nieuw", COLUMN_NUMBER },
	{ "gewijzigd", "gewijzigd", COLUMN_NUMBER }, { "ongewijzigd", "ongewijzigd", COLUMN_NUMBER },
	{ "verouderd", NULL, COLUMN_NUMBER },	     { "afgekeurd", "afgekeurd", COLUMN_NUMBER },
	{ "ingetrokken", NULL, COLUMN_NUMBER },	     { "quarantaine", NULL, COLUMN_NUMBER },
	{ "confirmations", NULL, COLUMN_NUMBER },    { "replays", NULL, COLUMN_NUMBER },
	{ "teachers", NULL, COLUMN_NUMBER },	     { "active", "active", COLUMN_NUMBER },
};
static const struct output_column LIST_COLUMNS[] = {
	{ "day", "day", COLUMN_TEXT },
	{ "boards", "boards", COLUMN_NUMBER },
	{ "deliveries", "deliveries", COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },
	{ "made_at", "made at", COLUMN_TEXT },
	{ "who", NULL, COLUMN_TEXT },
	{ "hash", NULL, COLUMN_TEXT },
	{ NULL, "hash", COLUMN_TEXT },
};
static const struct output_column FAULT_COLUMNS[] = { { "day", "day", COLUMN_TEXT },
						      { "board", "board", COLUMN_TEXT },
						      { "what", "what", COLUMN_TEXT } };

static const char TODAY_SQL[] =
	"select " DAY_SQL("s.day") ", count(b.board)," SUMS_SQL
				   ", encode(s.hash, 'hex')"
				   " from register.statement s left join register.statement_board b on b.day = s.day"
				   " group by s.day order by s.day desc limit 1";

static const char BOARDS_SQL[] = "select case when b.board is null then 'nation' else " CTL_SQL_BOARD(
	"b.board") " end," SUMS_SQL
		   " from register.statement_board b"
		   " where b.day = to_date($1::int::text, 'YYYYMMDD')"
		   " group by grouping sets ((), (b.board)) having count(*) > 0 order by b.board";

static const char LIST_SQL[] = "select " DAY_SQL("s.day") ", count(b.board), coalesce(sum(b.deliveries), 0)::bigint,"
			       " coalesce(sum(b.lines), 0)::bigint, " CTL_SQL_TIME("s.made_at") ", s.who,"
			       " encode(s.hash, 'hex'), left(encode(s.hash, 'hex'), 16)"
			       " from register.statement s left join register.statement_board b on b.day = s.day"
			       " group by s.day order by s.day";

static const char FAULTS_SQL[] = "select " DAY_SQL("day") ", case when board is not null then " CTL_SQL_BOARD(
	"board") " end, what from register.statement_faults() order by day, board nulls first, what";

static int make(struct pg_link *link, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	int rc = pg_script(link, "begin isolation level repeatable read", err);

	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "select register.statement_make((now() at time zone 'Europe/Amsterdam')::date, $1)",
			     &params, NULL, NULL, err);
	if (rc == 0)
		rc = pg_script(link, "commit", err);
	if (rc == 0 || strcmp(err->code, "23505") != 0) /* of a unique constraint */
		return rc;
	return pg_script(link, "rollback", err); /* another process made it at this very moment: a day has one */
}

/* A day has one, so after a statement of a day to come there is none until that day is over. */
static int look_ahead(struct pg_link *link, bool *ret_is_ahead, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL,
			 "select count(*) from register.statement"
			 " where day > (now() at time zone 'Europe/Amsterdam')::date",
			 NULL, &rows, NULL, err);

	*ret_is_ahead = rc == 0 && pg_get_i64(rows, 0, 0) > 0;
	if (*ret_is_ahead)
		fputs("instroomctl: the last statement is of a day to come: PostgreSQL's clock was ahead when it was"
		      " made, or is behind now, and no other is made until that day is over\n",
		      stderr);
	return rc;
}

static int answer(struct ctl *ctl, struct pg_link *link, const struct question *question, size_t *ret_rows,
		  struct err *err)
{
	struct pg_params params;
	int32_t day = 0;

	pg_params_reset(&params);
	if (ctl_has(ctl, OPTION_ON) && question_day(ctl, OPTION_ON, &day))
		pg_add_i32(&params, day);
	return question_answer(ctl, link, question, &params, ret_rows, err);
}

int run_statement(struct ctl *ctl)
{
	static const struct question TODAY = { DAY_COLUMNS, ARRAY_LEN(DAY_COLUMNS), TODAY_SQL, true, 0 };
	static const struct question BOARDS = { BOARD_COLUMNS, ARRAY_LEN(BOARD_COLUMNS), BOARDS_SQL, false, 0 };
	static const struct question LIST = { LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS), LIST_SQL, false, 0 };
	static const struct question FAULTS = { FAULT_COLUMNS, ARRAY_LEN(FAULT_COLUMNS), FAULTS_SQL, false, 0 };
	bool is_ahead = false;
	bool checks = ctl_has(ctl, OPTION_CHECK), shows = ctl_has(ctl, OPTION_ON), lists = ctl_has(ctl, OPTION_LIST);
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	size_t rows = 0;
	int32_t day = 0;

	if (checks + shows + lists > 1)
		return ctl_usage("statement takes one of --on DAY, --check, --list");
	if (!question_day(ctl, OPTION_ON, &day))
		return ctl_usage("a day is EEJJ-MM-DD");
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0 && !checks && !shows && !lists)
		rc = make(link, &err);
	if (rc == 0)
		rc = answer(ctl, link, checks ? &FAULTS : shows ? &BOARDS : lists ? &LIST : &TODAY, &rows, &err);
	if (rc == 0 && !checks && !shows && !lists)
		rc = look_ahead(link, &is_ahead, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (checks && rows == 0 && ctl->output == OUTPUT_TEXT)
		puts("every statement is as the ledger has it, and follows the one before");
	return (checks && rows > 0) || (shows && rows == 0) || is_ahead ? EXIT_ANSWER_IS_NO : 0;
}
