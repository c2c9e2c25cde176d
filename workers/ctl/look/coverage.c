/* coverage: which boards have delivered, and what still wants a telephone call. */
#include "ctl/look/look_commands.h"

#include "model/date.h"

#include <jansson.h>

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
	" from (select board from boards union select board from last) b left join last l on l.board = b.board order by b.board";

struct tally {
	int64_t boards, delivered, without_contact, waiting, with_rejected;
};

static void print_board(const struct pg_rows *rows, size_t i)
{
	bool is_delivered = pg_get_bool(rows, i, 1);

	if (is_delivered && pg_get_bool(rows, i, 2) && !pg_get_bool(rows, i, 3) && pg_get_i32(rows, i, 4) == 0)
		return;
	if (!is_delivered)
		return; /* counted: there are hundreds of them before the deadline */
	char date[11];

	date_to_iso(pg_get_i32(rows, i, 5), date);
	printf("%05d  last delivery %s%s%s", pg_get_i32(rows, i, 0), date,
	       pg_get_bool(rows, i, 2) ? "" : ", no contact person",
	       pg_get_bool(rows, i, 3) ? ", waits for confirmation" : "");
	if (pg_get_i32(rows, i, 4) > 0)
		printf(", %d lines rejected", pg_get_i32(rows, i, 4));
	putchar('\n');
}

static json_t *board_json(const struct pg_rows *rows, size_t i)
{
	return json_pack("{s:i, s:b, s:b, s:b, s:i}", "board", pg_get_i32(rows, i, 0), "delivered",
			 pg_get_bool(rows, i, 1), "contact", pg_get_bool(rows, i, 2), "waiting",
			 pg_get_bool(rows, i, 3), "rejected_lines", pg_get_i32(rows, i, 4));
}

int run_coverage(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct tally tally = { 0 };
	struct err err = { 0 };

	if (ctl_options(ctl, argc, argv, NULL, 0, 0, 0) < 0)
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, COVERAGE_SQL, NULL, &rows, NULL, &err);
	if (rc != 0)
		return ctl_fail(&err);
	json_t *list = json_array();

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		tally.boards++;
		tally.delivered += pg_get_bool(rows, i, 1);
		tally.without_contact += pg_get_bool(rows, i, 1) && !pg_get_bool(rows, i, 2);
		tally.waiting += pg_get_bool(rows, i, 3);
		tally.with_rejected += pg_get_i32(rows, i, 4) > 0;
		if (ctl->wants_json)
			json_array_append_new(list, board_json(rows, i));
		else
			print_board(rows, i);
	}
	if (ctl->wants_json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		printf("%lld boards: %lld delivered, %lld never did; of the delivered %lld without contact person, %lld wait for "
		       "confirmation, %lld have rejected lines in their last delivery\n",
		       (long long)tally.boards, (long long)tally.delivered, (long long)(tally.boards - tally.delivered),
		       (long long)tally.without_contact, (long long)tally.waiting, (long long)tally.with_rejected);
	}
	json_decref(list);
	return 0;
}
