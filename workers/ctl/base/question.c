#include "ctl/base/question.h"

#include "base/num.h"
#include "model/date.h"

static void add_cell(struct output *out, const struct pg_rows *rows, size_t row, int column)
{
	if (pg_is_null(rows, row, column))
		output_absent(out);
	else if (out->columns[column].type == COLUMN_NUMBER)
		output_number(out, pg_get_i64(rows, row, column));
	else if (out->columns[column].type == COLUMN_FLAG)
		output_flag(out, pg_get_bool(rows, row, column));
	else
		output_text(out, pg_get_bytes(rows, row, column));
}

int question_answer(const struct ctl *ctl, struct pg_link *link, const struct question *question,
		    const struct pg_params *params, size_t *ret_rows, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	int rc = pg_exec(link, NULL, question->sql, params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	size_t count = pg_rows_count(rows);
	bool has_more = question->limit != QUESTION_LIMIT_ANY && count > (size_t)question->limit;

	count = has_more ? (size_t)question->limit : count;
	output_init(&out, ctl->output, question->columns, question->column_count);
	out.is_record = question->is_record;
	for (size_t row = 0; row < count; row++)
		for (int column = 0; column < (int)question->column_count; column++)
			add_cell(&out, rows, row, column);
	/* who asks for the count says himself that there is none */
	rc = question->is_record && count == 0 && ret_rows ? 0 : output_print(&out, stdout, err);
	if (rc == 0 && has_more) {
		struct slice last = pg_get_bytes(rows, count - 1, (int)question->column_count - 1);

		fprintf(stderr, "instroomctl: there are more: --after %.*s goes on\n", (int)last.n, last.p);
	}
	if (ret_rows)
		*ret_rows = count;
	return rc;
}

int question_run_board(struct ctl *ctl, const struct question *question)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = question_answer(ctl, link, question, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

bool question_limit(const struct ctl *ctl, int64_t fallback, int64_t *ret)
{
	const char *text = ctl->options[OPTION_LIMIT];
	uint64_t limit = 0;

	*ret = fallback;
	if (!text)
		return true;
	if (!num_parse_u64(slice_of(text), QUESTION_LIMIT_MAX, &limit) || limit == 0)
		return false;
	*ret = (int64_t)limit;
	return true;
}

bool question_day(const struct ctl *ctl, enum option option, int32_t *ret)
{
	const char *text = ctl->options[option];

	*ret = 0;
	if (!text)
		return true;
	*ret = strchr(text, '-') ? date_parse_iso(slice_of(text)) : date_parse(slice_of(text));
	return *ret != DATE_BAD && *ret != DATE_ABSENT;
}

bool question_board(const struct ctl *ctl, uint32_t *ret, bool *ret_is_given)
{
	const char *text = ctl->options[OPTION_BOARD];

	*ret = 0;
	*ret_is_given = text != NULL;
	return !text || ctl_board(text, ret);
}

void question_add_board(struct pg_params *params, uint32_t board, bool is_given)
{
	if (is_given)
		pg_add_i32(params, (int32_t)board);
	else
		pg_add_null(params, PG_I32);
}

void question_add_text(struct pg_params *params, const char *text)
{
	if (text)
		pg_add_text(params, slice_of(text));
	else
		pg_add_null(params, PG_TEXT);
}

void question_add_day(struct pg_params *params, int32_t day)
{
	if (day != 0)
		pg_add_i32(params, day);
	else
		pg_add_null(params, PG_I32);
}
