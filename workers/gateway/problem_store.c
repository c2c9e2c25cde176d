#include "gateway/problem_store.h"

#include "gateway/grant_params.h"

int problem_store_add(struct pg_link *link, const struct problem_submission *submission,
		      char ret_reference[PROBLEM_REFERENCE_BYTES], bool *ret_is_new, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	const struct problem_form *form = submission->form;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)submission->board);
	if (form->delivery_id.p)
		pg_add_text(&params, form->delivery_id);
	else
		pg_add_null(&params, PG_TEXT);
	pg_add_text(&params, slice_of(form->codes));
	pg_add_text(&params, form->words);
	grant_params_add(&params, submission->grant, submission->trace);
	int rc = pg_ask(link, "add_problem",
			"select coalesce(reference, ''), coalesce(is_new, false)"
			" from register.add_problem($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), $9)",
			"=tb", &params, &rows, err);

	ret_reference[0] = '\0';
	if (rc != 0)
		return rc;
	struct slice made = pg_get_bytes(rows, 0, 0);

	if (problem_reference_is_good(made))
		snprintf(ret_reference, PROBLEM_REFERENCE_BYTES, "%.*s", (int)made.n, made.p);
	*ret_is_new = pg_get_bool(rows, 0, 1);
	return 0;
}

int problem_store_mail(struct pg_link *link, const struct problem_submission *submission, const char *reference,
		       bool *ret_has_sector, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)submission->board);
	pg_add_text(&params, slice_of(reference));
	pg_add_text(&params, submission->form->sector);
	pg_add_text(&params, submission->form->words);
	grant_params_add(&params, submission->grant, submission->trace);
	int rc = pg_ask(link, "add_problem_mail",
			"select register.add_problem_mail($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), $9)", "=B",
			&params, &rows, err);

	*ret_has_sector = rc == 0 && pg_get_bool(rows, 0, 0);
	return rc;
}
