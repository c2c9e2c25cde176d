#include "ctl/replay/approval.h"

#include "base/num.h"
#include "ctl/base/question.h"
#include "ctl/replay/replay_commands.h"

enum { LINES_MAX = 1000000000 };

int approval_explain(int rc, struct err *err)
{
	if (rc == 0 || strcmp(err->code, "23514") != 0) /* of a check constraint */
		return rc;
	return err_set(err, ERR_DATA, "approval",
		       "so many lines want another's approval now, which its plan does not know of: plan it again");
}

int run_approval_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "at", "at", COLUMN_TEXT },	  { "who", "who", COLUMN_TEXT },
		{ "lines", NULL, COLUMN_NUMBER }, { NULL, "approval wanted", COLUMN_TEXT },
		{ "reason", NULL, COLUMN_TEXT },  { NULL, "reason", COLUMN_TEXT },
	};
	static const struct question QUESTION = { COLUMNS, ARRAY_LEN(COLUMNS),
						  "select " CTL_SQL_TIME("set_at") ", set_by, lines, case lines when 0"
						  " then 'of nothing' else 'from ' || lines || ' lines' end, reason,"
						  " left(reason, 20)"
						  " from register.approval_limit order by id desc",
						  false, QUESTION_LIMIT_ANY };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct pg_params params;
	struct err err = { 0 };
	int rc = ctl_connect(ctl, false, &link, &err);

	pg_params_reset(&params);
	if (rc == 0)
		rc = question_answer(ctl, link, &QUESTION, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_approval_set(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct pg_params params;
	struct err err = { 0 };
	int64_t lines = 0;

	if (!num_parse_i64(slice_of(ctl->arguments[0]), 0, LINES_MAX, &lines))
		return ctl_usage("LINES is a number up to %d; 0: nothing wants approval", LINES_MAX);
	int rc = ctl_connect(ctl, true, &link, &err);

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_i64(&params, lines);
	pg_add_text(&params, slice_of(ctl->options[OPTION_REASON]));
	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "insert into register.approval_limit (set_by, lines, reason)"
			     " values (register.actor($1), $2, $3)",
			     &params, NULL, NULL, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (lines == 0)
		puts("no plan wants approval any more; your own plans go by what another set last");
	else
		printf("a plan of %lld lines or more wants approval; your own plans go by what another set last, if "
		       "that is less\n",
		       (long long)lines);
	return 0;
}
