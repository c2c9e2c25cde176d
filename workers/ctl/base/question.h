/* question: an answer that is the rows of one statement, column by column, and pages of it.
 *
 * The statement gives the columns of the answer in their order: text for COLUMN_TEXT (a board by CTL_SQL_BOARD, a time
 * by CTL_SQL_TIME, a day by CTL_SQL_DAY), a number for COLUMN_NUMBER, a boolean for COLUMN_FLAG. NULL is an absent
 * value. */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

#include "ctl/base/ctl.h"

#define CTL_SQL_BOARD(expression) "lpad((" expression ")::text, 5, '0')"
/* JJJJMMDD, as the ledger has days; 0 and null are none. */
#define CTL_SQL_DAY(expression) "to_char(to_date(nullif(" expression ", 0)::text, 'YYYYMMDD'), 'YYYY-MM-DD')"

enum { QUESTION_LIMIT_MAX = 1000000, QUESTION_LIMIT_ANY = 0 };

struct question {
	const struct output_column *columns;
	size_t column_count;
	const char *sql;
	bool is_record; /* one row: what there is, or nothing */
	/* Rows of a page; the statement gives one more when there are more, and its last column, which --after
	 * takes, is text. QUESTION_LIMIT_ANY: all rows are one page. */
	int64_t limit;
};

/* Prints the answer; where there are more rows, says to stderr how to go on. *ret_rows: how many were printed; may be
 * NULL. */
MUSTUSE int question_answer(const struct ctl *ctl, struct pg_link *link, const struct question *question,
			    const struct pg_params *params, size_t *ret_rows, struct err *err);
/* A command that asks one thing of the board of its first argument, the only parameter. Its exit status. */
MUSTUSE int question_run_board(struct ctl *ctl, const struct question *question);

/* The value of --limit, else fallback. false: it is no number of rows. */
MUSTUSE bool question_limit(const struct ctl *ctl, int64_t fallback, int64_t *ret);
/* The value of an option that is a day, EEJJ-MM-DD or JJJJMMDD, as the ledger has it; 0 when it is not given. false: it
 * is no day. */
MUSTUSE bool question_day(const struct ctl *ctl, enum option option, int32_t *ret);
/* The value of --board. *ret_is_given false: all boards. false: it is no board number. */
MUSTUSE bool question_board(const struct ctl *ctl, uint32_t *ret, bool *ret_is_given);

/* NULL unless given. */
void question_add_board(struct pg_params *params, uint32_t board, bool is_given);
void question_add_text(struct pg_params *params, const char *text); /* NULL: null */
void question_add_day(struct pg_params *params, int32_t day);	    /* 0: null */

#endif
