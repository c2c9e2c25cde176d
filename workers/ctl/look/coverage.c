/* coverage: which boards have delivered, and what still wants a telephone call.
 *
 * No header: run_coverage stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "ctl/base/question.h"
#include "model/date.h"

enum { BEHIND_DAYS = 31, PERCENT = 100 };

/* Boards of the reference tables that are valid on day $1, so that those who never delivered show too. */
static const char *const COVERAGE_SQL =
	"select b.board, d.board is not null, exists (select from register.contact c where c.board = b.board)"
	"   or exists (select from register.contact_person p where p.board = b.board and p.number ="
	"     (select max(l.number) from register.contact_list l where l.board = b.board)),"
	"  exists (select from register.delivery w where w.board = b.board and w.state = 2), coalesce(d.afgekeurd, 0),"
	"  coalesce(d.received_on, 0), coalesce(d.lines, 0)"
	" from (select distinct board from register.bestuur where geldig_van <= $1 and (geldig_tot is null or"
	" geldig_tot > $1)"
	"     and ($2::text is null or board in (select board from register.bestuur_sector where sector = $2))) b"
	" left join lateral (select board, afgekeurd, received_on, lines from register.delivery"
	"   where board = b.board and not dry_run order by position desc limit 1) d on true order by b.board";

struct tally {
	int64_t boards, delivered, behind, without_contact, waiting, with_rejected, lines, rejected;
};

static const struct output_column BOARD_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },
	{ "delivered", NULL, COLUMN_FLAG },
	{ "received_on", "last delivery", COLUMN_TEXT },
	{ "contact", "contact", COLUMN_FLAG },
	{ "waiting", "waits", COLUMN_FLAG },
	{ "rejected_lines", "lines rejected", COLUMN_NUMBER },
	{ "lines", NULL, COLUMN_NUMBER },
	{ "behind", "behind", COLUMN_FLAG },
};

struct board {
	uint32_t number;
	bool has_delivered, has_contact, is_waiting, is_behind;
	int32_t rejected_lines, lines;
	int32_t received_on; /* JJJJMMDD */
};

/* behind_before: who delivered last before this day is behind. */
static struct board board_of(const struct pg_rows *rows, size_t i, int32_t behind_before)
{
	return (struct board){ .number = (uint32_t)pg_get_i32(rows, i, 0),
			       .has_delivered = pg_get_bool(rows, i, 1),
			       .has_contact = pg_get_bool(rows, i, 2),
			       .is_waiting = pg_get_bool(rows, i, 3),
			       .rejected_lines = pg_get_i32(rows, i, 4),
			       .received_on = pg_get_i32(rows, i, 5),
			       .is_behind = pg_get_i32(rows, i, 5) < behind_before,
			       .lines = pg_get_i32(rows, i, 6) };
}

/* Those that never delivered are hundreds before the deadline: text counts them. */
static bool wants_attention(const struct board *board)
{
	return board->has_delivered &&
	       (!board->has_contact || board->is_waiting || board->is_behind || board->rejected_lines > 0);
}

static void count_board(const struct board *board, struct tally *tally)
{
	tally->boards++;
	tally->delivered += board->has_delivered;
	tally->behind += board->has_delivered && board->is_behind;
	tally->lines += board->lines;
	tally->rejected += board->rejected_lines;
	tally->without_contact += board->has_delivered && !board->has_contact;
	tally->waiting += board->is_waiting;
	tally->with_rejected += board->rejected_lines > 0;
}

static void add_board(struct output *out, const struct board *board)
{
	char date[11];

	output_board(out, board->number);
	output_flag(out, board->has_delivered);
	date_to_iso(board->received_on, date);
	if (board->has_delivered)
		output_text(out, slice_of(date));
	else
		output_absent(out);
	output_flag(out, board->has_contact);
	output_flag(out, board->is_waiting);
	output_number(out, board->rejected_lines);
	output_number(out, board->lines);
	output_flag(out, board->is_behind);
}

static void print_tally(const struct tally *tally)
{
	printf("%lld boards are valid: %lld delivered, %lld never did\n", (long long)tally->boards,
	       (long long)tally->delivered, (long long)(tally->boards - tally->delivered));
	printf("of the delivered %lld have no contact person, %lld wait for confirmation,\n",
	       (long long)tally->without_contact, (long long)tally->waiting);
	printf("%lld are more than %d days behind, %lld have rejected lines:\n", (long long)tally->behind, BEHIND_DAYS,
	       (long long)tally->with_rejected);
	printf("%lld of %lld lines of the newest deliveries (%.2f %%)\n", (long long)tally->rejected,
	       (long long)tally->lines,
	       tally->lines > 0 ? (double)tally->rejected * PERCENT / (double)tally->lines : 0.0);
}

/* By the register's clock. */
static int today(struct pg_link *link, int32_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL, "select to_char(now() at time zone 'Europe/Amsterdam', 'YYYYMMDD')::int", NULL,
			 &rows, NULL, err);

	if (rc == 0)
		*ret = pg_get_i32(rows, 0, 0);
	return rc;
}

static int ask(struct pg_link *link, const char *sector, int32_t day, struct pg_rows **ret, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, day);
	question_add_text(&params, sector);
	return pg_exec(link, NULL, COVERAGE_SQL, &params, ret, NULL, err);
}

int run_coverage(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	struct tally tally = { 0 };
	struct err err = { 0 };
	int32_t day = 0;

	if (!question_day(ctl, OPTION_DAY, &day))
		return ctl_usage("a day is EEJJ-MM-DD");
	output_init(&out, ctl->output, BOARD_COLUMNS, ARRAY_LEN(BOARD_COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0 && day == 0)
		rc = today(link, &day, &err);
	if (rc == 0)
		rc = ask(link, ctl->options[OPTION_SECTOR], day, &rows, &err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct board board = board_of(rows, i, date_add_days(day, -BEHIND_DAYS));

		count_board(&board, &tally);
		if (ctl->output != OUTPUT_TEXT || wants_attention(&board))
			add_board(&out, &board);
	}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (ctl->output == OUTPUT_TEXT)
		print_tally(&tally);
	return 0;
}
