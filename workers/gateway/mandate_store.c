#include "gateway/mandate_store.h"

#include "gateway/grant_params.h"
#include "render/rights_snapshot.h"

static void add_day(struct pg_params *params, int32_t day)
{
	if (day)
		pg_add_i32(params, day);
	else
		pg_add_null(params, PG_I32);
}

int mandate_store_list(struct pg_link *link, uint32_t board, int32_t day, struct strbuf *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	add_day(&params, day);
	int rc = pg_ask(link, "mandate_list", "select rights.mandates_json($1, $2)", "=T", &params, &rows, err);

	if (rc != 0)
		return rc;
	strbuf_add(out, pg_get_bytes(rows, 0, 0));
	return strbuf_check(out, "mandates", err);
}

int mandate_store_might(struct pg_link *link, uint32_t board, const struct mandate_question *question, bool *ret,
			struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_text(&params, slice_of(question->numbers));
	pg_add_text(&params, slice_of(question->token));
	pg_add_text(&params, slice_of(question->service));
	pg_add_i32(&params, question->day);
	int rc = pg_ask(link, "mandate_might",
			"select rights.might($1, string_to_array($2, ' '), nullif($3, ''), $4, $5)", "=B", &params,
			&rows, err);

	if (rc == 0)
		*ret = pg_get_bool(rows, 0, 0);
	return rc;
}

/* ---- a change ---- */

static int read_outcome(struct slice word, enum mandate_outcome *ret, struct err *err)
{
	static const struct {
		const char *word;
		enum mandate_outcome outcome;
	} WORDS[] = { { "made", MANDATE_MADE },		{ "same", MANDATE_SAME },      { "unknown", MANDATE_UNKNOWN },
		      { "party", MANDATE_OTHER_PARTY }, { "right", MANDATE_NO_RIGHT }, { "beheer", MANDATE_BOARD_ONLY },
		      { "day", MANDATE_OTHER_DAY },	{ "many", MANDATE_TOO_MANY } };

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (slice_equal_text(word, WORDS[i].word)) {
			*ret = WORDS[i].outcome;
			return 0;
		}
	return err_set(err, ERR_DATA, "answer", "the register answers a change of a mandate with another word");
}

static int change_row(struct pg_link *link, uint32_t board, const struct mandate_wish *wish,
		      const struct mandate_actor *actor, enum mandate_outcome *ret, struct strbuf *out, struct err *err)
{
	static const char GIVE_SQL[] =
		"select a.what, a.mandate from rights.give_mandate($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
		" $11) a";
	static const char END_SQL[] =
		"select a.what, a.mandate from rights.end_mandate($1, $2, $3, $4, $5, $6, $7, $8) a";
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	if (wish->is_new) {
		pg_add_i32(&params, wish->party.kind);
		pg_add_text(&params, slice_of(wish->party.digits));
		pg_add_text(&params, slice_of(wish->service));
		pg_add_i32(&params, wish->from);
	} else {
		pg_add_i32(&params, wish->number);
	}
	add_day(&params, wish->until);
	grant_params_add(&params, actor->grant, actor->trace);
	int rc = pg_ask(link, wish->is_new ? "mandate_give" : "mandate_end", wish->is_new ? GIVE_SQL : END_SQL, "=tT",
			&params, &rows, err);

	if (rc != 0)
		return rc;
	strbuf_add(out, pg_get_bytes(rows, 0, 1));
	rc = strbuf_check(out, "a mandate", err);
	return rc == 0 ? read_outcome(pg_get_bytes(rows, 0, 0), ret, err) : rc;
}

int mandate_store_change(struct pg_link *link, struct arena *arena, uint32_t board, const struct mandate_wish *wish,
			 const struct mandate_actor *actor, enum mandate_outcome *ret, struct strbuf *out,
			 struct err *err)
{
	struct rights_snapshot snapshot;
	struct err later;
	int rc = pg_begin(link, err);

	if (rc != 0)
		return rc;
	rights_snapshot_init(&snapshot);
	rc = rights_snapshot_lock(link, err);
	if (rc == 0)
		rc = change_row(link, board, wish, actor, ret, out, err);
	if (rc == 0 && *ret == MANDATE_MADE)
		rc = rights_snapshot_make(link, arena, false, &snapshot, err);
	rights_snapshot_release(&snapshot);
	if (rc == 0)
		return pg_script(link, "commit", err);
	if (pg_link_is_up(link) && pg_script(link, "rollback", &later) != 0)
		pg_link_drop(link);
	return rc;
}
