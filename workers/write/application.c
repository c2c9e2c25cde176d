#include "write/application.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/crash.h"
#include "write/isolation.h"
#include "write/commit_span.h"
#include "write/polling.h"
#include "write/write_metrics.h"

/* After COMMIT. */

static void count_messages(struct message *const *messages, size_t count)
{
	int64_t now_ms = clock_wall_ms(), lines = 0;

	for (size_t i = 0; i < count; i++) {
		const struct message *message = messages[i];

		lines += message->verdict.header.line_count;
		if (message->is_entered && message->accepted_at_ms >= 0)
			write_observe(OBSERVE_DELIVERY_US, (now_ms - message->accepted_at_ms) * 1000);
		if (message->is_entered || message->replay == REPLAY_ENTERED)
			write_count_lines(&message->ledger);
		else if (message->verdict.kind == VERDICT_KIND_DELIVERY || message->replay == REPLAY_REPEATED)
			write_count(COUNT_REPEATS, 1);
	}
	write_count(COUNT_MESSAGES, (int64_t)count);
	write_count(COUNT_BATCHES, 1);
	write_observe(OBSERVE_BATCH_LINES, lines);
}

static void report_checks(struct message *const *messages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *message = messages[i];

		write_count(COUNT_CHECKED, message->checked);
		if (message->differing == 0)
			continue;
		write_count(COUNT_DIFFERING, message->differing);
		log_event(LOG_ERROR, "cache.contradicted",
			  "partition=%d offset=%lld board=%05d checked=%u differing=%u why=%s effect=%s",
			  message->partition, (long long)message->verdict.raw_offset, message->verdict.header.board,
			  message->checked, message->differing,
			  LOG_QUOTED("the register has another content than the cache believed"),
			  LOG_QUOTED("quarantaine, and the cache forgets them"));
	}
}

/* An operator asked for a replay, so one that did nothing must not go unseen. */
static void report_replays(struct message *const *messages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *message = messages[i];

		write_count(COUNT_REPLAYS, message->replay == REPLAY_ENTERED);
		if (message->replay != REPLAY_UNKNOWN && message->replay != REPLAY_UNFIT)
			continue;
		write_count(COUNT_REPLAYS_SKIPPED, 1);
		log_event(LOG_ERROR, "replay.skipped",
			  "partition=%d offset=%lld board=%05d attempt=%d why=%s effect=%s", message->partition,
			  (long long)message->verdict.raw_offset, message->verdict.header.board,
			  message->verdict.attempt,
			  LOG_QUOTED(message->replay == REPLAY_UNKNOWN ? "the ledger has no such delivery"
								       : "its lines do not fit those of the delivery"),
			  LOG_QUOTED("nothing is changed"));
	}
}

static void on_committed(void *opaque, struct message **messages, size_t count, const struct cursor_move *moves,
			 size_t move_count)
{
	struct writer *writer = opaque;

	crash_point("write.committed");
	forgets_publish(&writer->forgets, messages, count);
	count_messages(messages, count);
	commit_span_add(writer, messages, count);
	report_checks(messages, count);
	report_replays(messages, count);
	for (size_t i = 0; i < move_count; i++) {
		writer->inbox.partitions[moves[i].partition].committed = moves[i].to;
		kafka_consumer_commit(writer->consumer, moves[i].partition, moves[i].to.at.next_verdict, NULL);
	}
}

/* The batch. */

static int apply_whole(struct writer *writer, enum transaction_end *ret, struct err *err)
{
	struct transaction_work work = {
		.messages = writer->inbox.messages,
		.message_count = writer->inbox.count,
		.moves = writer->moves,
		.move_count = inbox_moves(&writer->inbox, writer->moves),
	};
	int rc = transaction_run(&writer->transaction, &work, ret, err);

	if (rc == 0 && *ret == TRANSACTION_COMMITTED)
		on_committed(writer, work.messages, work.message_count, work.moves, work.move_count);
	return rc;
}

static int apply_singly(struct writer *writer, enum transaction_end *ret, struct err *err)
{
	struct inbox *inbox = &writer->inbox;
	struct isolation isolation = {
		.transaction = &writer->transaction,
		.arena = &inbox->arena,
		.committed = on_committed,
		.self = writer,
	};
	size_t done = 0;

	inbox_moves_each(inbox, writer->moves_each);
	*ret = TRANSACTION_COMMITTED;
	int rc = isolation_run(&isolation, inbox->messages, writer->moves_each, inbox->count, &done, ret, err);

	inbox_drop_first(inbox, done);
	return rc;
}

static int apply(struct writer *writer, enum transaction_end *ret, struct err *err)
{
	if (writer_state_is_singly(writer->state))
		return apply_singly(writer, ret, err);
	int rc = apply_whole(writer, ret, err);

	if (rc != -ERR_DATA && rc != -ERR_FULL)
		return rc;
	log_event(LOG_WARN, "batch.refused", "messages=%zu code=%s why=%s effect=%s", writer->inbox.count,
		  LOG_QUOTED(err->code), LOG_QUOTED("it cannot be stored as one"), LOG_QUOTED("message by message"));
	writer_state_change(&writer->state, WRITER_ISOLATING, "a batch cannot be stored as one");
	return apply_singly(writer, ret, err);
}

static int keep_batch(struct writer *writer, const struct err *err)
{
	bool is_singly = writer_state_is_singly(writer->state);

	write_count(COUNT_RETRIES, 1);
	writer_state_change(&writer->state, is_singly ? WRITER_RETRYING_SINGLY : WRITER_RETRYING,
			    "PostgreSQL to take the batch");
	polling_pause(writer);
	return -(int)err->kind;
}

/* The batch is in. Whether all peers of one that was kept are back, the rest of the iteration shows. */
static void end_batch(struct writer *writer)
{
	inbox_clear(&writer->inbox);
	if (writer->state == WRITER_ISOLATING)
		writer_state_change(&writer->state, WRITER_RUNNING, "the batch is in");
	else if (writer_state_has_batch(writer->state))
		writer_state_change(&writer->state, WRITER_WAITING, "the batch is in");
}

/* Also at the end of a process that failed: then it must not look ready. */
void application_give_up(struct writer *writer)
{
	inbox_clear(&writer->inbox);
	transaction_forget(&writer->transaction);
	if (writer->state == WRITER_ISOLATING || writer_state_has_batch(writer->state))
		writer_state_change(&writer->state, WRITER_WAITING, "the batch was given up");
	assignment_again(&writer->inbox);
}

/* Ready again, or not, at the end of the iteration. */
static void end_commit(struct writer *writer, int rc)
{
	if (writer->is_commit_late)
		log_event(rc == 0 ? LOG_INFO : LOG_WARN, "commit.ended", "is_known=%d effect=%s", rc == 0,
			  LOG_QUOTED(rc == 0 ? "the next batch"
					     : "the batch is kept until the cursor says whether it is in"));
	writer->is_commit_late = false;
}

int application_run(struct writer *writer, struct err *err)
{
	int64_t start_us = clock_us();
	enum transaction_end end = TRANSACTION_COMMITTED;
	int rc;

	if (inbox_is_empty(&writer->inbox))
		return 0;
	rc = apply(writer, &end, err);
	end_commit(writer, rc);
	if (rc == 0 && end == TRANSACTION_COMMITTED)
		write_observe(OBSERVE_BATCH_US, clock_us() - start_us);
	if (rc == -ERR_RETRY)
		return keep_batch(writer, err);
	if (rc != 0)
		return register_session_explain(err);
	if (end != TRANSACTION_FENCED) {
		end_batch(writer);
		return 0;
	}
	write_count(COUNT_FENCED, 1);
	log_event(LOG_WARN, "batch.fenced", "messages=%zu why=%s effect=%s", writer->inbox.count,
		  LOG_QUOTED("another instance moved a cursor"),
		  LOG_QUOTED("partitions begin at the register's cursors"));
	application_give_up(writer);
	return 0;
}
