"""mutants: the protections, each with the edit that takes it out and the trial, or test, that must go red without it.

An edit is (file, text that stands there once, what comes in its place). A trial is what tests/chaos/walk.py makes of
faults and a theme, with other sizes of turns and batches where the row says so; no faults: the undisturbed run,
compared with that of the build with all protections. tests: names of tests of ctest instead, where no run of the whole
machine can see it soon enough. Some protections need a sequence of events too rare for either: those are variants of
tests/model, see the table in tests/README.md.
"""
from dataclasses import dataclass, field

from .cache_faults import RedisEntriesBack
from .faults import (CommitCut, Crash, Garbage, Hangup, KafkaKill, KafkaPause, Kill, LogReplaced, Markers, PgAwayIdle,
                     PgConnections, PgDeadlock, PgKill, PgLimit, PgLocked, PgMoved, PgMuteHost, PgOld, PgPassword,
                     PgPooled, PgReadOnly, RedisAway, RedisFlush, RedisStaysFull, StopAt, TwoOwners, WireCuts)
from .rotation_faults import HmacRotated, KafkaRotated, PgRotated, RedisRotated, TokensRotated
from .standby_faults import PgSplit, PgStandbyLost
from .topic_faults import SizeRefused, TopicCompacted

GATHERS = {"validate": {"batch.messages.max": "2000"}, "write": {"batch.rows.max": "20k", "batch.linger.max": "1s"}}


NO_SET_BACK_CHECK = (
    "workers/write/write.c",
    "\tif (clock_ms() < writer->check_at_ms || writer_state_has_batch(writer->state) || writer->inbox.count > "
    "0)\n\t\treturn 0;",
    "\tif (clock_ms() < INT64_MAX)\n\t\treturn 0;")


@dataclass
class Mutant:
    name: str
    protection: str
    edits: list
    faults: object = list     # makes new ones for each try
    theme: str = "mixed"
    tests: str = ""           # regular expression of ctest
    settings: dict = field(default_factory=dict)
    seeds: tuple = (1, 2, 3, 4)  # of the workload, one a try


def retried(name, prefix, faults):
    entry = f'{{ "{prefix}", ERR_RETRY }}'
    return Mutant(f"sqlstate-{prefix.lower()}",
                  f"the writer waits at SQLSTATE {prefix}{' ..' if len(prefix) == 2 else ''}: {name}",
                  [("common/pg/pg_sqlstate.c", entry, '{ "?????", ERR_RETRY }')], faults)


def kept_secret(peer, faults):
    return Mutant(f"rotated-{peer.lower()}", f"the password of {peer} is read from its file again",
                  [("common/base/secret_file.c", "\tif (secret->path && *secret->path) {",
                    "\tif (secret->path && *secret->path && secret->bytes.n == 0) {")], faults)


def passing_refusal(topic):
    return Mutant(f"refused-{topic}", f"a refusal of the {topic} topic that lasts is known from one that passes",
                  [("common/kafka/kafka_refusal.c", "\treturn error == ERR_DATA || error == ERR_FATAL;",
                    "\treturn error == ERR_FATAL;")], lambda: [SizeRefused(topic, at=0.2, lasts_s=3.0)])


MUTANTS = [
    # --- gateway ---
    Mutant("receipt", "the receipt waits for Kafka's acknowledgement",
           [("workers/gateway/upload_handler.c", "\tif (report->error != 0) {\n\t\tanswer_not_recorded(",
             "\tif (report->error == 1) {\n\t\tanswer_not_recorded(")],
           lambda: [KafkaPause(at=0.2, lasts_s=9.0)]),
    Mutant("acks", "acks=all: the broker has the message when the receipt goes out",
           [("common/kafka/kafka_producer.c", '"enable.idempotence", "true"', '"enable.idempotence", "false"'),
            ("common/kafka/kafka_producer.c", '"acks", "all"', '"acks", "0"')],
           lambda: [KafkaKill(at=0.3, lasts_s=0.5)]),
    passing_refusal("raw"),
    Mutant("tokens", "tokens are read again when their file changes",
           [("workers/gateway/gateway.c", "\tif (token_watch_has_changed(", "\tif (false && token_watch_has_changed(")],
           lambda: [TokensRotated(at=0.3, lasts_s=0.1)]),
    # --- each worker ---
    Mutant("topic-settings", "a topic that is compacted ends whoever uses it",
           [("common/settings/topic_guard.c", "\tif (difference->is_vital && !guard->vital[0])",
             "\tif (false && difference->is_vital && !guard->vital[0])")],
           lambda: [TopicCompacted(at=0.0, lasts_s=3.0)]),
    Mutant("hangup", "SIGHUP ends no worker",
           [("common/run/app.c", "\t\tif (signal == SIGHUP && !atomic_load(&hangup_stops))",
             "\t\tif (false && !atomic_load(&hangup_stops))")],
           lambda: [Hangup(at=0.15, lasts_s=1.2)]),
    Mutant("mute-host", "a host that accepts and says nothing is left after its deadline",
           [("common/pg/pg_connect.c", "\tint64_t end_ms = clock_ms() + link->options.connect_ms;",
             "\tint64_t end_ms = clock_ms() + INT32_MAX;")],
           lambda: [PgMuteHost()]),
    kept_secret("PostgreSQL", lambda: [PgRotated(at=0.2, lasts_s=0.1)]),
    kept_secret("Redis", lambda: [RedisRotated(at=0.2, lasts_s=0.1)]),
    kept_secret("Kafka", lambda: [KafkaRotated(at=0.2, lasts_s=0.1)]),
    Mutant("refused-later", "a client of Kafka that begins in the middle of a rotation is no start of the worker",
           [("common/kafka/kafka.c", "peer_has_answered(PEER_KAFKA) ? ERR_RETRY : ERR_CONFIG", "ERR_CONFIG")],
           tests="adapters_test"),
    Mutant("markers", "what Kafka never hands out in a topic that is not compacted never was a message",
           [("common/kafka/kafka_gap.c", "KAFKA_GAP_COMPACTED : KAFKA_GAP_EMPTY;",
             "KAFKA_GAP_COMPACTED : KAFKA_GAP_HIDDEN;")],
           lambda: [Markers(at=0.2, lasts_s=0.1), Markers(at=0.9, lasts_s=0.1), Kill("validate", at=0.95)]),
    # --- validator: the chain ---
    passing_refusal("verdict"),
    Mutant("parent-in-cache", "the cache folds only verdicts whose parent is the last that counts",
           [("workers/validate/verdict_chunk.c", "\tswitch (chain_position_follow(&chunk->next,",
             "\tmemcpy(memory->parent, chunk->next.tip, sizeof memory->parent);\n\tswitch "
             "(chain_position_follow(&chunk->next,")],
           lambda: [TwoOwners("validate")]),
    Mutant("row-of-verdicts", "the cache advances only when the verdicts stand in a row behind the last one",
           [("workers/validate/batch_output.c",
             "report->error != 0 || report->offset != message->verdict_offset_expected",
             "report->error != 0")],
           lambda: [TwoOwners("validate")]),
    Mutant("fold-at-start", "a start folds what the verdict log has beyond the cache",
           [("workers/validate/lane_start.c",
             "if (lane->position.next_verdict == range->high)",
             "if (judging == LANE_RUN || lane->position.next_verdict == range->high)")],
           lambda: [Crash("validate.delivered", 1)]),
    Mutant("bypass", "without Redis judging goes on, everything a candidate",
           [("workers/validate/lane_start.c", "\tint rc = find_position(self, lane, &position, &why, err);\n",
             '\tint rc = err_set(err, ERR_RETRY, "redis", "is away");\n\twhy = "";\n')],
           lambda: [RedisAway()]),
    Mutant("read-only-cache", "a cache that takes no writes counts as away",
           [("workers/validate/lane_attempt.c",
             "\tif (rc == -ERR_RETRY) /* it may still read, but takes no writes: the lane goes on without it */\n"
             "\t\tpeers_cache_failed(peers, err);\n", "")],
           lambda: [RedisStaysFull()]),
    Mutant("seal", "entries are believed only when the head vouches for them",
           [("common/redis/redis_cache.c",
             "if (!is_sealed(seal, slice_make(marks.p + MARK_ENTRIES_AT, REDIS_SEAL_BYTES)))", "if (false)")],
           lambda: [RedisEntriesBack(at=0.05, lasts_s=8.0)], "aba"),
    Mutant("cold-sequences", "a cold start knows the highest volgnummer of each board",
           [("workers/validate/register_state.c", "\t\t.sequence_max = sequence_max,\n",
             "\t\t.sequence_max = sequence_max * 0,\n")],
           lambda: [RedisFlush(at=0.4, lasts_s=0.1), RedisFlush(at=0.6, lasts_s=0.1)], "late"),
    # --- validator: the cache's table ---
    Mutant("full", "UNCHANGED only if no VOLLEDIG since may have lapsed the teacher",
           [("workers/validate/cache_fold.c", " &&\n\t       entry_sequence(entry) >= board->sequence_full", "")],
           theme="absent"),
    Mutant("late", "a volgnummer at or below the highest is late: never UNCHANGED",
           [("workers/validate/cache_fold.c", "!is_dry && sequence > board->sequence_max", "!is_dry && sequence > 0")],
           theme="late"),
    Mutant("late-equal", "an equal volgnummer is late too",
           [("workers/validate/cache_fold.c", "!is_dry && sequence > board->sequence_max",
             "!is_dry && sequence >= board->sequence_max")], theme="late"),
    Mutant("late-removes", "a late candidate removes the entry",
           [("workers/validate/cache_fold.c", "is_late ? CHANGE_REMOVE : CHANGE_SET",
             "is_late ? CHANGE_SET : CHANGE_SET")],
           theme="late"),
    Mutant("withdrawal-removes", "a withdrawal removes the entry",
           [("workers/validate/cache_fold.c", "\tcase VERDICT_WITHDRAW:\n\t\treturn CHANGE_REMOVE;",
             "\tcase VERDICT_WITHDRAW:\n\t\treturn CHANGE_NONE;")], theme="withdrawals"),
    Mutant("dry-run", "a proef folds to nothing",
           [("workers/validate/cache_fold.c", "if (verdict->header.dry_run || verdict->replay_dry_run)",
             "if (verdict->replay_dry_run)")], theme="dry"),
    Mutant("full-late", "a late VOLLEDIG raises `full` too",
           [("workers/validate/cache_fold.c", "\tif (verdict->header.kind == DELIVERY_VOLLEDIG)",
             "\tif (verdict->header.kind == DELIVERY_VOLLEDIG && verdict->header.sequence >= board->sequence_max)")],
           tests="validate_fold_test"),
    # --- hostile bytes ---
    Mutant("foreign", "a message without readable headers is put aside",
           [("workers/validate/raw_input.c", "\tif (!ret->has_headers)\n\t\traw_input_give_up(ret, REASON_NO_HEADERS);",
             "")],
           lambda: [Garbage(11, at=0.1, lasts_s=0.1), Garbage(12, at=0.5, lasts_s=0.1)]),
    Mutant("no-verdict", "bytes that are no verdict are skipped",
           [("workers/write/inbox.c", "\t\treturn skip(partition, raw, &err);\n\tcase DECODED_UNKNOWN:",
             "\tcase DECODED_UNKNOWN:")],
           lambda: [Garbage(11, at=0.1, lasts_s=0.1), Garbage(12, at=0.5, lasts_s=0.1)]),
    Mutant("bounds", "a length is compared with what is there",
           [("common/wire/wire.c", "if ((bytes & 1) != 0 || bytes >> 1 > (size_t)(end - p))", "if ((bytes & 1) != 0)")],
           tests="codec_message_test|wire_test|fuzz_decode_delivery"),
    # --- writer: positions ---
    Mutant("parent-in-register", "the writer applies only verdicts whose parent is the last that counts",
           [("workers/write/inbox.c", "\tenum chain_step step = chain_follow(&ahead,",
             "\tmemcpy(message->verdict.parent, ahead.at.tip, VERDICT_ID_BYTES);\n\tenum chain_step step = "
             "chain_follow(&ahead,")],
           lambda: [TwoOwners("validate")]),
    Mutant("fence", "the cursor moves only from where the batch began",
           [("workers/write/cursor.c", "where c.topic = $1 and c.next_verdict = m.expected order by",
             "where c.topic = $1 order by"),
            ("workers/write/cursor.c", "c.partition = held.partition and c.next_verdict = m.expected",
             "c.partition = held.partition")],
           lambda: [TwoOwners("write")], "absent"),
    # what the fence of a later batch or the check of an idle writer finds out as well: the last commits, and no check
    Mutant("doubt", "after a lost answer to COMMIT the cursor shows whether it went through",
           [("workers/write/transaction.c", "\t\t*ret_is_done &= is_at(&cursors[i].chain, &work->moves[i].to);",
             "\t\t(void)is_at;"),
            NO_SET_BACK_CHECK],
           lambda: [CommitCut("before", times=20, at=0.9, lasts_s=4.0)], settings=GATHERS, seeds=(4, 1, 2, 3)),
    Mutant("set-back", "a writer without work notices that the register was set back",
           [NO_SET_BACK_CHECK],
           lambda: [PgOld(at=0.9, lasts_s=4.0)]),
    Mutant("held", "what came while the register was away is fetched when it is back",
           [("workers/write/polling.c",
             "\tif (rc == 0 && partition->state == PARTITION_RUNNING)\n\t\tpartition_change(partition, "
             "PARTITION_PAUSED);\n",
             "\t(void)partition;\n")],
           lambda: [PgAwayIdle(at=0.0, lasts_s=3.0)]),
    Mutant("cursor-row", "a partition begins at the register's cursor and not at the group's offset",
           [("workers/write/assignment.c",
             "rc = kafka_consumer_start(assignment->consumer, cursor->partition, cursor->chain.at.next_verdict, err);",
             "rc = kafka_consumer_start(assignment->consumer, cursor->partition, -1000, err);")],
           lambda: [PgOld(at=0.3, lasts_s=1.5)]),
    Mutant("same-log", "the last message applied is compared with the log's",
           [("workers/write/assignment.c", "*ret = !is_readable ||",
             "*ret = true ||")],
           lambda: [LogReplaced()]),
    Mutant("singly", "a message applied alone moves the cursor behind itself only",
           [("workers/write/inbox.c", "inbox->after[i] };",
             "inbox->partitions[inbox->messages[i]->partition].ahead };")],
           lambda: [Crash("write.committed", 2)], "refused", settings=GATHERS),
    Mutant("withdrawal-apart", "a content is written before its withdrawal erases it",
           [("workers/write/inbox.c", " || (is_behind_contents && other->candidates.count > 0)", "")],
           tests="write_inbox_test"),
    Mutant("fenced-trial", "a trial that finds the cursor moved ends the isolation",
           [("workers/write/isolation.c", "\t*ret_can = rc == 0;\n\tif (rc != -ERR_DATA)",
             "\t*ret_can = rc == 0;\n\tif (search->end == TRANSACTION_FENCED)\n\t\treturn 1;\n"
             "\tif (rc != -ERR_DATA)")],
           lambda: [StopAt("write.isolating", 1)], "refused"),
    Mutant("key-of-before", "a writer waits at the first verdict of another key",
           [("workers/write/chain.c", "\treturn !chain->has_key_id || verdict->key_id == chain->key_id;",
             "\treturn true || !chain->has_key_id || verdict->key_id == chain->key_id;")],
           lambda: [HmacRotated(at=0.3, lasts_s=0.1)]),
    # --- writer: what a message does ---
    Mutant("repeat", "a message that came before changes nothing",
           [("workers/write/processing.c",
             "return board_state_knows(board, &message->verdict.header, message->verdict.attempt);",
             "return board_state_knows(board, &message->verdict.header, message->verdict.attempt) && false;")],
           lambda: [Crash("gateway.acknowledged", 3)]),
    Mutant("disowned", "UNCHANGED of a teacher the register refused is not believed",
           [("workers/write/decision.c", "return !teacher || !(teacher->flags & TEACHER_DISOWNED);",
             "return true || teacher;")],
           lambda: [PgLocked(at=0.1, lasts_s=3.0)], "refused"),
    Mutant("disowned-no-more", "an accepted content ends it",
           [("workers/write/decision.c", "\t\tteacher->flags &= ~(uint32_t)TEACHER_DISOWNED;\n\t\tboard->disowned--;",
             "\t\tteacher->flags |= 0;")],
           theme="refused"),
    Mutant("raise", "UNCHANGED raises the volgnummer",
           [("workers/write/unchanged.c", "\tif (message->unchanged_count == 0)\n",
             "\tif (message->unchanged_count + 1 > 0)\n")], theme="late"),
    Mutant("list-before-late", "the list of the unchanged is read before a late message",
           [("workers/write/decision.c", "\tif (walk->is_late) /* above", "\tif (walk->is_late && false) /* above")],
           theme="late"),
    Mutant("list-before-confirm", "the list of the unchanged is read before a bevestiging",
           [("workers/write/completion.c", "\t\t.is_late = true,\n", "\t\t.is_late = false,\n")],
           tests="write_completion_test|write_rounds_test"),
    Mutant("remainder", "who stands in the old list only gets it in his row",
           [("workers/write/unchanged.c", "\tif (pending->sequence > 0) {\n\t\tint rc = raise_remainder(",
             "\tif (pending->sequence < 0) {\n\t\tint rc = raise_remainder(")],
           tests="write_rounds_test|write_decision_test|write_completion_test"),
    Mutant("volgnummer-list", "a volgnummer that is set back falls in the list of the unchanged too",
           [("workers/write/set_back.c",
             "\tboard->pending.sequence = MIN(board->pending.sequence, sequence);\n", "")],
           theme="volgnummer"),
    Mutant("volgnummer-waiting", "what waits above a volgnummer that is set back ends",
           [("workers/write/set_back.c", "if (waiting->is_over || waiting->sequence <= sequence)", "if (waiting)")],
           theme="volgnummer"),
    Mutant("replay-scope", "a replay decides only what stands as afgekeurd or quarantaine",
           [("workers/write/restatement.c",
             "\tif (!may_change(standing->outcomes[standing_group]))\n\t\treturn false;\n", "\t(void)may_change;\n")],
           tests="write_restatement_test"),
    # --- writer: which errors pass ---
    retried("read-only", "25006", lambda: [PgReadOnly(at=0.15, lasts_s=1.5)]),
    Mutant("sqlstate-28", "what accepted us before and refuses us now is waited for",
           [("common/pg/pg_link.c", "at_start == ERR_DATA || !may_pass(link, sqlstate))",
             "at_start == ERR_DATA || true || !may_pass(link, sqlstate))")],
           lambda: [PgPassword(at=0.1, lasts_s=6.0)]),
    Mutant("limit", "a limit the server meets where nothing was delivered is nobody's data",
           [("workers/write/register_session.c", "\tif (rc != -ERR_DATA || values == VALUES_DELIVERED)",
             "\tif (rc != 0 || values == VALUES_DELIVERED)")],
           lambda: [PgLimit(at=0.0, lasts_s=3.0)]),
    Mutant("pooler", "behind a pooler statements are not prepared",
           [("common/pg/pg_link.c", "\tlink->has_pooler = true;", "\tlink->has_pooler = false;")],
           lambda: [PgPooled()]),
    Mutant("moved", "who finds itself with a server that takes no writes leaves it",
           [("common/pg/pg_link.c", " || is_wrong_server(sqlstate))", " || (false && is_wrong_server(sqlstate)))"),
            ("common/pg/pg_link.c", "\treturn PQtransactionStatus(link->conn) == PQTRANS_IDLE &&",
             "\treturn false && PQtransactionStatus(link->conn) == PQTRANS_IDLE &&")],
           lambda: [PgMoved(at=0.15, lasts_s=1.2)]),
    Mutant("old-primary", "an old primary that comes back is left alone",
           [("common/pg/pg_connect.c", "\tif (link->timeline.number == 0 || pg_timeline_meet(&link->timeline))",
             "\tif (link->timeline.number == 0 || pg_timeline_meet(&link->timeline) || true)"),
            ("common/pg/pg_connect.c", "\t\telse if (link->timeline.number == 0 || pg_timeline_is_settled(",
             "\t\telse if (link->timeline.number < UINT32_MAX || pg_timeline_is_settled(")],
           lambda: [PgSplit(at=0.3, lasts_s=0.1)]),
    Mutant("late-commit", "a writer whose COMMIT waits for a standby says so",
           [("workers/write/write.c", "\tif (waited_ms < COMMIT_LATE_MS ||", "\tif (waited_ms < INT64_MAX ||")],
           lambda: [PgStandbyLost(at=0.2, lasts_s=0.1)]),
    Mutant("overdue", "a server that hangs is left",
           [("common/pg/pg_link.c", "\t       (options->statement_ms > 0 &&",
             "\t       (options->statement_ms == 1 &&")],
           lambda: [PgSplit(at=0.3, lasts_s=0.1)]),
    retried("deadlock", "40", lambda: [PgDeadlock(at=0.0, lasts_s=3.0)]),
    retried("no connection left", "53", lambda: [PgConnections(at=0.15, lasts_s=1.5)]),
    retried("a lock", "55P03", lambda: [PgLocked(at=0.1, lasts_s=3.0)]),
    retried("starting, stopping", "57", lambda: [PgKill(at=0.15, lasts_s=1.2)]),
    Mutant("broken-line", "the writer waits when its line breaks",
           [("common/pg/pg_link.c", 'return err_set(err, ERR_RETRY, "connection", "the connection to PostgreSQL broke',
             'return err_set(err, ERR_FATAL, "connection", "the connection to PostgreSQL broke')],
           lambda: [WireCuts("pg-write", at=0.15, lasts_s=1.2)]),
    Mutant("zombie", "killed in the middle it begins again: the transaction holds position and effect",
           [("workers/write/transaction.c", "\tcrash_point(\"write.fenced\");\n",
             "\tif (pg_script(transaction->session.link, \"commit\", err) != 0 || pg_script(transaction->session.link, "
             "\"begin\", err) != 0)\n\t\treturn -(int)err->kind;\n\tcrash_point(\"write.fenced\");\n")],
           lambda: [Crash("write.teachers-written", 2), Kill("write", at=0.5, lasts_s=0.5)]),
]
