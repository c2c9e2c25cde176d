/* coverage: which boards have delivered, and what still wants a telephone call.
 *
 * No header: run_coverage stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "model/date.h"

/* Boards of the reference table in force, so that those who never delivered show too. The table is CSV in one row. */
static const char *const COVERAGE_SQL =
	"with boards as ("
	"  select split_part(line, ';', 1)::int as board from register.reference_table,"
	"  string_to_table(convert_from(body, 'UTF8'), E'\\n') with ordinality as x(line, n)"
	"  where name = 'besturen.csv' and n > 1 and line ~ '^[0-9]{5};'"
	"), last as ("
	"  select distinct on (board) board, state, afgekeurd, received_on from register.delivery where not dry_run"
	"  order by board, position desc"
	") select b.board, l.board is not null, exists (select from register.contact c where c.board = b.board),"
	"  exists (select from register.delivery d where d.board = b.board and d.state = 2), coalesce(l.afgekeurd, 0),"
	"  coalesce(l.received_on, 0)"
	" from (select board from boards union select board from last) b left join last l on l.board = b.board"
	" order by b.board";

struct tally {
	int64_t boards, delivered, without_contact, waiting, with_rejected;
};

static const struct output_column BOARD_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },
	{ "delivered", NULL, COLUMN_FLAG },
	{ "received_on", "last delivery", COLUMN_TEXT },
	{ "contact", "contact person", COLUMN_FLAG },
	{ "waiting", "waits for confirmation", COLUMN_FLAG },
	{ "rejected_lines", "lines rejected", COLUMN_NUMBER },
};

struct board {
	uint32_t number;
	bool has_delivered, has_contact, is_waiting;
	int32_t rejected_lines;
	int32_t received_on; /* JJJJMMDD */
};

static struct board board_of(const struct pg_rows *rows, size_t i)
{
	return (struct board){ .number = (uint32_t)pg_get_i32(rows, i, 0),
			       .has_delivered = pg_get_bool(rows, i, 1),
			       .has_contact = pg_get_bool(rows, i, 2),
			       .is_waiting = pg_get_bool(rows, i, 3),
			       .rejected_lines = pg_get_i32(rows, i, 4),
			       .received_on = pg_get_i32(rows, i, 5) };
}

/* Those that never delivered are hundreds before the deadline: text counts them. */
static bool wants_attention(const struct board *board)
{
	return board->has_delivered && (!board->has_contact || board->is_waiting || board->rejected_lines > 0);
}

static void count_board(const struct board *board, struct tally *tally)
{
	tally->boards++;
	tally->delivered += board->has_delivered;
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
}

static void print_tally(const struct tally *tally)
{
	printf("%lld boards: %lld delivered, %lld never did; of the delivered %lld without contact person, %lld wait "
	       "for confirmation, %lld have rejected lines in their last delivery\n",
	       (long long)tally->boards, (long long)tally->delivered, (long long)(tally->boards - tally->delivered),
	       (long long)tally->without_contact, (long long)tally->waiting, (long long)tally->with_rejected);
}

int run_coverage(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	struct tally tally = { 0 };
	struct err err = { 0 };

	output_init(&out, ctl->output, BOARD_COLUMNS, ARRAY_LEN(BOARD_COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, COVERAGE_SQL, NULL, &rows, NULL, &err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct board board = board_of(rows, i);

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
