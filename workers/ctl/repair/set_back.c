/* set_back: the volgnummer of a board set back (specification 7.6): what would change, then a SetBack message in the
 * board's own order, and the answer of the writer, which alone decides.
 *
 *   1. what would change at this moment is shown; without --reason that is all
 *   2. who and why go into register.access, under the request that the message carries
 *   3. the message goes into the raw log; what came of it stands in register.set_back once the writer is past it
 *
 * Killed behind 2, see volgnummer list before it is run again: what was set back meanwhile is not below the highest,
 * and nothing happens, but for a board that has delivered since.
 *
 * No header: its commands stand in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/random.h"
#include "ctl/base/publish.h"
#include "ctl/base/question.h"
#include "protocol/raw_message.h"
#include "wire/wire.h"

enum { SET_BACK_BYTES_MAX = 1 << 16, POLL_MS = 10, ANSWER_MS_MAX = 60000 };

static const char PREVIEW_SQL[] =
	"select b.sequence_max, b.sequence_full, $2,"
	"  (select count(*) from register.leraar l where l.board = $1 and l.volgnummer > $2),"
	"  (select count(*) from register.delivery d where d.board = $1 and d.state = 2 and d.sequence > $2),"
	"  $2 < b.sequence_max"
	" from register.board b where b.board = $1";

static const struct output_column PREVIEW_COLUMNS[] = {
	{ "highest", "highest volgnummer now", COLUMN_NUMBER },
	{ "highest_full", "highest of a VOLLEDIG", COLUMN_NUMBER },
	{ "to", "set back to", COLUMN_NUMBER },
	{ "teachers", "teachers that get it", COLUMN_NUMBER },
	{ "waiting", "waiting deliveries that end", COLUMN_NUMBER },
	{ "possible", "possible", COLUMN_FLAG },
};

static const char LIST_SQL[] =
	"select " CTL_SQL_TIME("a.at") ", a.who, s.sequence_before, s.sequence, s.states, s.cancelled, s.executed,"
	" a.reason"
	" from register.set_back s left join register.access a on a.request_id = s.request_id"
	" where s.board = $1 order by s.position desc";

static const struct output_column LIST_COLUMNS[] = {
	{ "at", "at", COLUMN_TEXT },
	{ "who", "who", COLUMN_TEXT },
	{ "before", "before", COLUMN_NUMBER },
	{ "to", "to", COLUMN_NUMBER },
	{ "teachers", NULL, COLUMN_NUMBER },
	{ "waiting", NULL, COLUMN_NUMBER },
	{ "executed", "executed", COLUMN_FLAG },
	{ "reason", "reason", COLUMN_TEXT },
};

static int show_preview(struct ctl *ctl, struct pg_link *link, const struct wire_set_back *wanted, struct err *err)
{
	const struct question question = { PREVIEW_COLUMNS, ARRAY_LEN(PREVIEW_COLUMNS), PREVIEW_SQL, true,
					   QUESTION_LIMIT_ANY };
	struct pg_params params;
	size_t rows = 0;

	pg_params_reset(&params);
	pg_add_i32(&params, wanted->board);
	pg_add_i64(&params, wanted->sequence);
	int rc = question_answer(ctl, link, &question, &params, &rows, err);

	if (rc == 0 && rows == 0)
		fputs("instroomctl: this board never delivered\n", stderr);
	return rc;
}

static int publish(struct ctl *ctl, struct pg_link *link, const struct wire_set_back *wanted, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value;
	struct raw_message message;

	strbuf_init(&value, SET_BACK_BYTES_MAX);
	raw_message_of_set_back(&message, wanted, &value);
	return publish_raw(ctl, link, "the message", &message, &value, err);
}

static int ask_answer(struct pg_link *link, const struct wire_set_back *wanted, bool *ret_is_known, bool *ret_executed,
		      struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, wanted->request_id);
	int rc = pg_exec(link, "set_back_answer", "select executed from register.set_back where request_id = $1",
			 &params, &rows, NULL, err);

	if (rc == 0)
		*ret_is_known = pg_rows_count(rows) > 0;
	if (rc == 0 && *ret_is_known)
		*ret_executed = pg_get_bool(rows, 0, 0);
	return rc;
}

static int set_back(struct ctl *ctl, struct pg_link *link, struct wire_set_back *wanted, bool *ret_executed,
		    struct err *err)
{
	bool is_known = false;
	int rc = random_fill(wanted->request_id, sizeof wanted->request_id, err);

	if (rc == 0)
		rc = ctl_record_act(link, "volgnummer set-back", &(uint32_t){ (uint32_t)wanted->board },
				    ctl->options[OPTION_REASON], wanted->request_id, err);
	if (rc == 0)
		rc = publish(ctl, link, wanted, err);
	int64_t end_ms = clock_ms() + ANSWER_MS_MAX;

	while (rc == 0) {
		rc = ask_answer(link, wanted, &is_known, ret_executed, err);
		if (rc != 0 || is_known || clock_ms() >= end_ms || !app_wait(POLL_MS))
			break;
	}
	if (rc == 0 && !is_known)
		rc = err_set(err, ERR_RETRY, "waiting",
			     "the message is in the log, but is not applied yet: are validators and writers of this "
			     "release running? instroomctl volgnummer list shows it once it is");
	return rc;
}

int run_set_back(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *reason = ctl->options[OPTION_REASON];
	struct wire_set_back wanted = { 0 };
	bool is_executed = false;
	struct err err = { 0 };
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	if (!num_parse_i64(slice_of(ctl->arguments[1]), 0, INT64_MAX, &wanted.sequence))
		return ctl_usage("a volgnummer is a whole number, 0 or higher");
	wanted.board = (int32_t)board;
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = show_preview(ctl, link, &wanted, &err);
	if (rc == 0 && !reason) {
		fputs("instroomctl: nothing is set back: --reason TEXT does it\n", stderr);
		return 1;
	}
	if (rc == 0)
		rc = set_back(ctl, link, &wanted, &is_executed, &err);
	if (rc != 0)
		return ctl_fail(&err);
	fprintf(stderr, "instroomctl: %s\n",
		is_executed ? "it is set back"
			    : "nothing happened: it is not below the highest volgnummer of the board");
	return is_executed ? 0 : 1;
}

int run_set_back_list(struct ctl *ctl)
{
	const struct question question = { LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS), LIST_SQL, false, QUESTION_LIMIT_ANY };

	return question_run_board(ctl, &question);
}
