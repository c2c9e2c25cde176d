#include "write/transaction.h"

#include "run/app.h"
#include "run/crash.h"
#include "write/register_ledger.h"
#include "write/register_read.h"
#include "write/register_restatement.h"
#include "write/register_set_back.h"
#include "write/register_teachers.h"
#include "write/rounds.h"

int transaction_init(struct transaction *transaction, struct pg_link *link, struct slice topic, size_t arena_bytes_max,
		     size_t arena_bytes_kept, struct err *err)
{
	*transaction = (struct transaction){ .topic = topic };
	register_session_init(&transaction->session, link);
	return arena_init(&transaction->arena, arena_bytes_max, arena_bytes_kept, err);
}

void transaction_release(struct transaction *transaction)
{
	register_session_release(&transaction->session);
	arena_release(&transaction->arena);
}

void transaction_forget(struct transaction *transaction)
{
	transaction->is_commit_in_doubt = false;
}

static bool is_at(const struct chain *chain, const struct chain *other)
{
	return chain->at.next_verdict == other->at.next_verdict &&
	       memcmp(chain->at.tip, other->at.tip, VERDICT_ID_BYTES) == 0;
}

/* Whether the COMMIT whose answer was lost went through. Another owner may have gone on since: then it did not hold, as
 * far as we are concerned, and the fence will say so. */
static int ask_cursor(struct transaction *transaction, const struct transaction_work *work, bool *ret_is_done,
		      struct err *err)
{
	size_t mark = transaction->arena.used_bytes;
	struct cursor *cursors = arena_take(&transaction->arena, work->move_count, sizeof *cursors);

	if (!cursors)
		return batch_full(err);
	for (size_t i = 0; i < work->move_count; i++)
		cursors[i].partition = work->moves[i].partition;
	int rc = cursor_read(&transaction->session, transaction->topic, cursors, work->move_count, err);

	transaction->arena.used_bytes = mark; /* it may be asked again */
	if (rc != 0)
		return rc;
	*ret_is_done = true;
	for (size_t i = 0; i < work->move_count; i++)
		*ret_is_done &= is_at(&cursors[i].chain, &work->moves[i].to);
	transaction->is_commit_in_doubt = false;
	return 0;
}

static int judge_and_write(struct transaction *transaction, const struct transaction_work *work, struct err *err)
{
	struct register_session *session = &transaction->session;
	struct batch *batch = &transaction->batch;
	struct batch_port port = register_read_port(session);
	int rc = batch_init(batch, &transaction->arena, work->messages, work->message_count, err);

	batch->check_share = transaction->check_share;
	if (rc == 0)
		rc = rounds_run(batch, &port, err);
	if (rc == 0)
		rc = register_write_teachers(session, batch, err);
	crash_point("write.teachers-written");
	if (rc == 0)
		rc = register_write_set_backs(session, batch, err);
	if (rc == 0)
		rc = register_write_ledger(session, batch, err);
	return rc != 0 ? rc : register_write_restatements(session, batch, err);
}

static int commit(struct transaction *transaction, struct err *err)
{
	crash_point("write.before-commit");
	transaction->is_commit_in_doubt = true;
	int rc = register_session_script(&transaction->session, "commit", err);

	if (rc == 0 || pg_link_is_up(transaction->session.link)) /* an answer came, whatever it was */
		transaction->is_commit_in_doubt = false;
	if (rc == 0)
		pg_link_settle(transaction->session.link);
	return rc;
}

/* Between begin and the end. */
static int run_open(struct transaction *transaction, const struct transaction_work *work, enum transaction_end *ret,
		    struct err *err)
{
	bool is_held = false;
	int rc = cursor_fence(&transaction->session, transaction->topic, work->moves, work->move_count, &is_held, err);

	if (rc != 0)
		return rc;
	if (!is_held) {
		*ret = TRANSACTION_FENCED;
		return register_session_script(&transaction->session, "rollback", err);
	}
	crash_point("write.fenced");
	rc = judge_and_write(transaction, work, err);
	if (rc != 0)
		return rc;
	*ret = work->is_trial ? TRANSACTION_TRIED : TRANSACTION_COMMITTED;
	return work->is_trial ? register_session_script(&transaction->session, "rollback", err)
			      : commit(transaction, err);
}

int transaction_run(struct transaction *transaction, const struct transaction_work *work, enum transaction_end *ret,
		    struct err *err)
{
	bool is_done = false;
	int rc;

	app_heartbeat(); /* isolating a large delivery is many transactions in one iteration */
	rc = pg_link_connect(transaction->session.link, err);
	if (rc == 0 && transaction->is_commit_in_doubt)
		rc = ask_cursor(transaction, work, &is_done, err);
	if (rc != 0)
		return rc; /* still in doubt: the batch as judged by the run before stands in the arena */
	if (is_done) {
		*ret = TRANSACTION_COMMITTED;
		return 0;
	}
	arena_reset(&transaction->arena);
	rc = register_session_begin(&transaction->session, err);
	if (rc != 0)
		return rc;
	rc = run_open(transaction, work, ret, err);
	if (rc != 0 && pg_link_is_up(transaction->session.link)) {
		struct err second;

		if (register_session_script(&transaction->session, "rollback", &second) != 0)
			pg_link_drop(transaction->session.link); /* the server ends it with the line */
	}
	return rc;
}
