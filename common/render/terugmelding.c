#include "render/terugmelding.h"

enum { QUERY_BYTES_MAX = 1 << 20, PARTITION_MAX = 4095 };

static const char *const FIND_SQL =
	"select position, fingerprint from register.ask_named(array[$1], array[$2]) order by position limit 16";

static const char *const FIND_ALL_SQL =
	"select nr, position, fingerprint from register.ask_named($1, $2) order by position";

static const char *const SUMMARY_SQL =
	"select delivery_id, board, kind, dry_run, sequence, extraction_date, state, lines, nieuw, gewijzigd,"
	" ongewijzigd, verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices"
	" from register.ask_summary($1, $2)";

static const char *const CODES_SQL = "select rule, lines from register.ask_codes($1, $2)";

static struct terugmelding_found take_found(const struct pg_rows *rows, size_t row, int first_column)
{
	struct slice fingerprint = pg_get_bytes(rows, row, first_column + 1);
	struct terugmelding_found found = { .position = pg_get_i64(rows, row, first_column) };

	memcpy(found.fingerprint, fingerprint.p, MIN(fingerprint.n, sizeof found.fingerprint));
	return found;
}

int terugmelding_find(struct pg_link *link, uint32_t board, struct slice id,
		      struct terugmelding_found ret[TERUGMELDING_FOUND_MAX], size_t *ret_count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_text(&params, id);
	int rc = pg_ask(link, "terugmelding_find", FIND_SQL, "lx32", &params, &rows, err);

	if (rc != 0)
		return rc;
	*ret_count = MIN(pg_rows_count(rows), (size_t)TERUGMELDING_FOUND_MAX);
	for (size_t i = 0; i < *ret_count; i++)
		ret[i] = take_found(rows, i, 0);
	return 0;
}

static void add_names(const struct terugmelding_name *names, size_t count, struct strbuf *boards, struct strbuf *ids)
{
	pg_array_begin(boards, PG_I32);
	pg_array_begin(ids, PG_TEXT);
	for (size_t i = 0; i < count; i++) {
		pg_array_add_i32(boards, (int32_t)names[i].board);
		pg_array_add_text(ids, names[i].id);
	}
	pg_array_end(boards, 0, (int32_t)count);
	pg_array_end(ids, 0, (int32_t)count);
}

int terugmelding_find_all(struct pg_link *link, const struct terugmelding_name *names, size_t count,
			  struct arena *arena, struct terugmelding_match **ret, size_t *ret_count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_drop) struct strbuf boards, ids;
	struct pg_params params;

	strbuf_init(&boards, QUERY_BYTES_MAX);
	strbuf_init(&ids, QUERY_BYTES_MAX);
	add_names(names, count, &boards, &ids);
	if ((!strbuf_ok(&boards) || !strbuf_ok(&ids)) && !boards.is_out_of_memory && !ids.is_out_of_memory)
		return err_set(err, ERR_FULL, "names", "%zu names are too many for one question", count);
	pg_params_reset(&params);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&boards));
	pg_add_array(&params, PG_TEXT_ARRAY, strbuf_slice(&ids));
	int rc = pg_ask(link, "terugmelding_find_all", FIND_ALL_SQL, "ilx32", &params, &rows, err);

	if (rc != 0)
		return rc;
	*ret_count = pg_rows_count(rows);
	*ret = arena_take(arena, *ret_count, sizeof **ret);
	if (!*ret)
		return err_set(err, ERR_FULL, "arena", "no memory for %zu deliveries", *ret_count);
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = (struct terugmelding_match){ .name = (size_t)pg_get_i32(rows, i, 0),
							 .found = take_found(rows, i, 1) };
	return 0;
}

/* Findings of the delivery itself are bits and figures in the ledger (specification 2.2). */
static void add_notices(struct summary *summary, unsigned notices)
{
	static const struct {
		unsigned bit;
		enum rule rule;
		enum field field;
	} NOTICES[] = {
		{ NOTICE_K04, RULE_K04, FIELD_SEQUENCE }, { NOTICE_K05, RULE_K05, FIELD_EXTRACTION_DATE },
		{ NOTICE_K06, RULE_K06, FIELD_NONE },	  { NOTICE_K10, RULE_K10, FIELD_NONE },
		{ NOTICE_R06, RULE_R06, FIELD_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(NOTICES); i++) {
		struct finding finding = { .rule = (uint16_t)NOTICES[i].rule, .field = (uint8_t)NOTICES[i].field };

		if (!(notices & NOTICES[i].bit))
			continue;
		if (NOTICES[i].rule == RULE_K06) {
			finding.values[0] = summary->absent;
			finding.values[1] = summary->active;
		} else if (NOTICES[i].rule == RULE_R06) {
			finding.values[0] = summary->lapsed;
		}
		summary_add_finding(summary, &finding);
	}
}

static int fill_codes(struct pg_link *link, const struct pg_params *params, struct summary *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_ask(link, "terugmelding_codes", CODES_SQL, "si", params, &rows, err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		summary_count(ret, (enum rule)pg_get_i16(rows, i, 0), pg_get_i32(rows, i, 1));
	return 0;
}

int terugmelding_summary(struct pg_link *link, uint32_t board, int64_t position, struct arena *arena,
			 struct summary *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_i64(&params, position);
	int rc = pg_ask(link, "terugmelding_summary", SUMMARY_SQL, "tisblisiiiiiiiiiiis", &params, &rows, err);

	if (rc != 0)
		return rc;
	if (pg_rows_count(rows) == 0)
		return err_set(err, ERR_DATA, "unknown", "the ledger holds no delivery at this position");
	*ret = (struct summary){
		.has_board = true,
		.board = (uint32_t)pg_get_i32(rows, 0, 1),
		.kind = (enum delivery_kind)pg_get_i16(rows, 0, 2),
		.is_dry_run = pg_get_bool(rows, 0, 3),
		.sequence = pg_get_i64(rows, 0, 4),
		.extraction_date = pg_get_i32(rows, 0, 5),
		.state = (enum delivery_state)pg_get_i16(rows, 0, 6),
		.lines = pg_get_i32(rows, 0, 7),
		.absent = pg_get_i32(rows, 0, 15),
		.active = pg_get_i32(rows, 0, 16),
		.lapsed = pg_get_i32(rows, 0, 17),
	};
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOME_QUARANTAINE; outcome++)
		ret->counts[outcome] = pg_get_i32(rows, 0, 7 + outcome);
	if (!arena_copy(arena, pg_get_bytes(rows, 0, 0), &ret->delivery_id))
		return err_set(err, ERR_FULL, "arena", "no memory for a summary");
	add_notices(ret, (unsigned)pg_get_i16(rows, 0, 18));
	return fill_codes(link, &params, ret, err);
}

int terugmelding_is_applied(struct pg_link *link, const char *topic, int32_t partition, int64_t offset, bool *ret,
			    struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(topic));
	pg_add_i32(&params, partition);
	pg_add_i64(&params, offset);
	int rc = pg_ask(link, "terugmelding_is_applied", "select register.ask_applied($1, $2, $3)", "=B", &params,
			&rows, err);

	if (rc == 0)
		*ret = pg_get_bool(rows, 0, 0);
	return rc;
}

int terugmelding_partitions(struct pg_link *link, const char *topic, int32_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(topic));
	pg_add_i32(&params, PARTITION_MAX);
	/* the gateway's role does not see the cursors: from -1 on, all of one that is there is applied */
	int rc = pg_ask(link, "terugmelding_partitions",
			"select coalesce(max(p) + 1, 0)::bigint from generate_series(0, $2) p"
			" where register.ask_applied($1, p, -1)",
			"=l", &params, &rows, err);

	if (rc == 0)
		*ret = (int32_t)pg_get_i64(rows, 0, 0);
	return rc;
}

int terugmelding_confirmation(struct pg_link *link, uint32_t board, const uint8_t request_id[16],
			      struct confirmation_answer *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	*ret = (struct confirmation_answer){ 0 };
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_uuid(&params, request_id);
	int rc = pg_ask(link, "terugmelding_confirmation",
			"select executed, lapsed, has_other_absent from register.ask_confirmation($1, $2)", "bib",
			&params, &rows, err);

	if (rc != 0 || pg_rows_count(rows) == 0)
		return rc;
	ret->is_known = true;
	ret->is_executed = pg_get_bool(rows, 0, 0);
	ret->lapsed = pg_get_i32(rows, 0, 1);
	ret->has_other_absent = pg_get_bool(rows, 0, 2);
	return 0;
}
