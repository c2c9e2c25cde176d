/* ledger: deliveries, lines and outcomes, and the proof that they balance.
 *
 * Every check is one SQL statement that returns the rows which do not balance; the register is right when all are
 * empty.
 *
 * No header: run_ledger stands in look_commands.h. */
#include "ctl/look/look_commands.h"

static const char *const SUM_SQL =
	"select count(*), coalesce(sum(lines), 0)::bigint, coalesce(sum(nieuw), 0)::bigint,"
	" coalesce(sum(gewijzigd), 0)::bigint, coalesce(sum(ongewijzigd), 0)::bigint,"
	" coalesce(sum(verouderd), 0)::bigint, coalesce(sum(afgekeurd), 0)::bigint,"
	" coalesce(sum(ingetrokken), 0)::bigint, coalesce(sum(quarantaine), 0)::bigint,"
	" coalesce(sum(lapsed), 0)::bigint, count(*) filter (where state = 2), count(*) filter (where dry_run)"
	" from register.delivery where $1::int is null or board = $1";

struct ledger_check {
	const char *what; /* those that fail it, behind their number */
	const char *sql;  /* one row, one bigint: how many do not balance */
};

static const struct ledger_check CHECKS[] = {
	{ "deliveries whose seven outcomes do not add up to their lines",
	  "select count(*) from register.delivery"
	  " where lines <> nieuw + gewijzigd + ongewijzigd + verouderd + afgekeurd + ingetrokken + quarantaine" },
	{ "deliveries that stand twice (board, leveringsid, fingerprint)",
	  "select count(*) from (select 1 from register.delivery group by board, delivery_id, fingerprint"
	  " having count(*) > 1) x" },
	{ "boards whose number of teachers or active teachers differs from their rows",
	  "select count(*) from register.board b"
	  " full join (select board, count(*) as n, count(*) filter (where status = 1) as a"
	  " from register.teacher group by board) t on t.board = b.board"
	  " where coalesce(b.teachers, 0) <> coalesce(t.n, 0) or coalesce(b.active, 0) <> coalesce(t.a, 0)" },
	{ "boards whose highest volgnummer differs from their deliveries",
	  "select count(*) from register.board b"
	  /* what came before a set-back is at most what it was set back to */
	  " left join (select board, max(v) filter (where not dry_run) as s,"
	  "  max(v) filter (where not dry_run and kind = 1) as f"
	  "  from (select d.board, d.kind, d.dry_run, least(d.sequence, min(x.sequence)) as v from register.delivery d"
	  "   left join register.set_back x on x.board = d.board and x.executed and x.position > d.position"
	  "   group by d.position) d group by board) d on d.board = b.board"
	  " where b.sequence_max <> coalesce(d.s, 0) or b.sequence_full <> coalesce(d.f, 0)" },
	{ "boards whose number of disowned teachers differs from their rows",
	  "select count(*) from register.board b"
	  " left join (select board, count(*) as n from register.disowned group by board) d on d.board = b.board"
	  " where b.disowned <> coalesce(d.n, 0)" },
	{ "pending lists without their key list, or with bits of another number",
	  "select count(*) from register.board b"
	  " left join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	  " where b.pending_key_list is not null"
	  "  and (l.keys is null or length(b.pending_members) <> (length(l.keys) / 16 + 7) / 8)" },
	{ "teachers with a volgnummer above the highest of their board",
	  "select count(*) from register.teacher t join register.board b on b.board = t.board"
	  " where greatest(t.sequence, b.pending_sequence) > b.sequence_max" },
	{ "teachers whose content is there when withdrawn, or missing when not",
	  "select count(*) from register.teacher where (status = 2) <> (content is null)"
	  " or (status = 2) <> (hash is null) or (status = 3) <> (lapsed_on is not null)" },
	{ "teachers made by a delivery the ledger does not know",
	  "select count(*) from register.teacher t"
	  " where not exists (select from register.delivery d where d.position = t.since and d.board = t.board)"
	  " and not exists (select from register.confirmation c where c.position = t.since and c.board = t.board)"
	  " and not exists (select from register.replay_change r where r.replay_position = t.since)" },
	{ "replays whose counts do not add up to the lines of their delivery",
	  "select count(*) from register.replay_change c join register.delivery d on d.position = c.position"
	  " where (select sum(n) from unnest(c.before) n) <> d.lines"
	  " or (select sum(n) from unnest(c.after) n) <> d.lines" },
	{ "history rows that do not join up with the row after them",
	  "select count(*) from (select h.board, h.key, h.until, coalesce(lead(h.since) over w, t.since) as next"
	  " from register.teacher_history h join register.teacher t on t.board = h.board and t.key = h.key"
	  " window w as (partition by h.board, h.key order by h.since, h.until)) x where x.until <> x.next" },
	{ "deliveries without the feedback or key list they name",
	  "select count(*) from register.delivery d"
	  " where (d.feedback is not null and register.is_retained('feedback', d.position)"
	  " and not exists (select from register.feedback f where f.board = d.board and f.digest = d.feedback))"
	  " or (length(d.outcomes) > 0 and d.feedback is not null and not exists"
	  " (select from register.key_list l where l.board = d.board and l.digest = d.key_list) and d.key_list not in"
	  " ('e3b0c442-98fc-1c14-9afb-f4c8996fb924'))" },
	{ "lines in quarantaine that nobody decided about: quarantine list, replay plan --quarantine",
	  "select coalesce(sum(quarantaine), 0)::bigint from register.delivery d"
	  " where not exists (select from register.loss l"
	  "  where d.position >= l.from_position and d.position < l.below_position)"
	  " and not exists (select from register.quarantine_decision q where q.position = d.position)" },
};

static int check_all(struct pg_link *link, bool *ret_is_sound, struct err *err)
{
	*ret_is_sound = true;
	int rc = pg_script(link, "begin isolation level repeatable read read only", err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(CHECKS); i++) {
		CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

		rc = pg_exec(link, NULL, CHECKS[i].sql, NULL, &rows, NULL, err);
		if (rc != 0)
			break;
		int64_t count = pg_get_i64(rows, 0, 0);

		if (count > 0) {
			fprintf(stderr, "instroomctl: does not balance: %lld %s\n", (long long)count, CHECKS[i].what);
			*ret_is_sound = false;
		}
	}
	return rc == 0 ? pg_script(link, "commit", err) : rc;
}

/* What an operator accepted as lost is in no sum, as far as nobody knows it; it is said, and does not count as a
 * fault. */
static int tell_lost(struct pg_link *link, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL,
			 "select coalesce(sum(below_raw - from_raw - deliveries), 0)::bigint,"
			 " coalesce(sum(lines), 0)::bigint from register.loss",
			 NULL, &rows, NULL, err);

	if (rc == 0 && (pg_get_i64(rows, 0, 0) > 0 || pg_get_i64(rows, 0, 1) > 0))
		printf("accepted as lost, see loss list: %lld raw messages that no ledger knows,"
		       " and %lld lines that are quarantaine\n",
		       (long long)pg_get_i64(rows, 0, 0), (long long)pg_get_i64(rows, 0, 1));
	return rc;
}

/* Nor does what an operator decided not to judge again. */
static int tell_discarded(struct pg_link *link, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL,
			 "select coalesce(sum(d.quarantaine), 0)::bigint from register.delivery d"
			 " where exists (select from register.quarantine_decision q where q.position = d.position)",
			 NULL, &rows, NULL, err);

	if (rc == 0 && pg_get_i64(rows, 0, 0) > 0)
		printf("decided, see quarantine list: %lld lines that stay quarantaine\n",
		       (long long)pg_get_i64(rows, 0, 0));
	return rc;
}

static int print_sums(const struct ctl *ctl, const struct pg_rows *rows, struct err *err)
{
	static const struct output_column SUM_COLUMNS[] = {
		{ "deliveries", "deliveries", COLUMN_NUMBER },
		{ "lines", "lines", COLUMN_NUMBER },
		{ "nieuw", "nieuw", COLUMN_NUMBER },
		{ "gewijzigd", "gewijzigd", COLUMN_NUMBER },
		{ "ongewijzigd", "ongewijzigd", COLUMN_NUMBER },
		{ "verouderd", "verouderd", COLUMN_NUMBER },
		{ "afgekeurd", "afgekeurd", COLUMN_NUMBER },
		{ "ingetrokken", "ingetrokken", COLUMN_NUMBER },
		{ "quarantaine", "quarantaine", COLUMN_NUMBER },
		{ "lapsed_teachers", "lapsed_teachers", COLUMN_NUMBER },
		{ "waiting", "waiting", COLUMN_NUMBER },
		{ "dry_runs", "dry_runs", COLUMN_NUMBER },
	};
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, ctl->output, SUM_COLUMNS, ARRAY_LEN(SUM_COLUMNS));
	out.is_record = true;
	for (size_t i = 0; i < ARRAY_LEN(SUM_COLUMNS); i++)
		output_number(&out, pg_get_i64(rows, 0, (int)i));
	return output_print(&out, stdout, err);
}

int run_ledger(struct ctl *ctl)
{
	const char *board_text = ctl->options[OPTION_BOARD];
	bool checks = ctl_has(ctl, OPTION_CHECK), is_sound = true;
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board = 0;

	if (board_text && !ctl_board(board_text, &board))
		return ctl_usage("a board number has 5 digits");
	pg_params_reset(&params);
	if (board_text)
		pg_add_i32(&params, (int32_t)board);
	else
		pg_add_null(&params, PG_I32);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, SUM_SQL, &params, &rows, NULL, &err);
	if (rc == 0 && checks)
		rc = check_all(link, &is_sound, &err);
	if (rc == 0 && checks && ctl->output == OUTPUT_TEXT)
		rc = tell_lost(link, &err);
	if (rc == 0 && checks && ctl->output == OUTPUT_TEXT)
		rc = tell_discarded(link, &err);
	if (rc == 0)
		rc = print_sums(ctl, rows, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (checks && is_sound && ctl->output == OUTPUT_TEXT)
		puts("the ledger balances");
	return is_sound ? 0 : EXIT_ANSWER_IS_NO;
}
