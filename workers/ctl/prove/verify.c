#include "ctl/prove/verify.h"

#include "base/num.h"
#include "ctl/base/ctl.h"
#include "ctl/base/raw_log.h"
#include "ctl/reference/reference_versions.h"
#include "ctl/prove/prove_commands.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/replay.h"
#include "wire/gen/verdict.h"
#include "protocol/log_position.h"
#include "protocol/outcomes.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"
#include "protocol/verdict_class.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { BOARDS = 100000, ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 64 << 20 };

/* What the verdict that counts says of a raw message. */
enum mark { MARK_NONE, MARK_JUDGED, MARK_GIVEN_UP, MARK_FOREIGN };

struct verify {
	struct ctl *ctl;
	struct pg_link *link;
	struct kafka_reader *reader, *reference_reader; /* snapshots are read in the middle of the log */
	struct reference_versions *versions;
	struct hmac_key key;
	struct arena arena; /* of one message */
	int32_t generation, partitions;
	bool *is_wanted;	       /* by board number */
	struct verify_board **derived; /* by board number; NULL: nothing of it came yet */
	struct pg_rows *refills;       /* of the partition at hand */
	uint8_t *marks;		       /* enum mark by raw offset, of the partition at hand */
	int64_t next_raw;
	int64_t boards, messages, refused;
	struct verify_findings findings;
};

/* ---- the verdict log ---- */

/* An operator's refill took these out of the chain. */
static bool is_refilled(const struct verify *verify, int64_t offset)
{
	for (size_t i = 0; i < pg_rows_count(verify->refills); i++)
		if (offset >= pg_get_i64(verify->refills, i, 0) && offset < pg_get_i64(verify->refills, i, 1))
			return true;
	return false;
}

/* Which verdict counts, written a second time on purpose: verify proves what validators and writers made of the log, so it
 * may not follow the chain with their code (protocol/chain_position). */
static int follow_verdict(struct verify *verify, const struct kafka_message *message, uint8_t tip[16])
{
	struct wire_verdict verdict;
	struct slice body;
	uint64_t schema;

	if (is_refilled(verify, message->offset))
		return 0;
	arena_reset(&verify->arena);
	if (frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_verdict_decode_as(schema, body, &verify->arena, &verdict, NULL) != 0 ||
	    memcmp(verdict.parent, tip, 16) != 0)
		return 0;
	memcpy(tip, verdict.id, 16);
	if (verdict.raw_offset < 0 || verdict.raw_offset >= verify->next_raw)
		return 0;
	verify->marks[verdict.raw_offset] = verdict.kind == VERDICT_KIND_FOREIGN ? MARK_FOREIGN
					    : verdict.body_unreadable		 ? MARK_GIVEN_UP
										 : MARK_JUDGED;
	return 0;
}

static int follow_raw(struct verify *verify, const struct kafka_message *message, struct err *err);

/* Hands the messages below end to one of the two, from the log's beginning, which must still be there. */
static int read_log(struct verify *verify, const char *topic, int32_t partition, int64_t end, bool is_raw, struct err *err)
{
	struct kafka_topic_range range;
	uint8_t tip[16] = { 0 };
	int rc = kafka_reader_range(verify->reader, topic, partition, CTL_WAIT_MS, &range, err);

	if (rc == 0 && range.low > 0)
		rc = err_set(err, ERR_DATA, "log", "%s/%d begins at %lld: what was before cannot be derived any more",
			     topic, partition, (long long)range.low);
	if (rc == 0 && range.high < end)
		rc = err_set(err, ERR_DATA, "log", "%s/%d ends at %lld, but the register has applied %lld", topic,
			     partition, (long long)range.high, (long long)end);
	if (rc == 0 && end > 0)
		rc = kafka_reader_seek(verify->reader, topic, partition, 0, err);
	for (int64_t next = 0; rc == 0 && next < end;) {
		struct kafka_message message;

		if (stop_poll() != STOP_NONE)
			return err_set(err, ERR_STOP, "stop", "stopped");
		rc = kafka_reader_next(verify->reader, CTL_WAIT_MS, &message, err);
		if (rc <= 0)
			return rc < 0 ? rc : err_set(err, ERR_RETRY, "log", "%s gives nothing below its end", topic);
		next = message.offset + 1;
		rc = next > end ? 0
		     : is_raw	? follow_raw(verify, &message, err)
				: follow_verdict(verify, &message, tip);
		kafka_message_drop(&message);
	}
	return rc;
}

/* ---- the raw log ---- */

static struct verify_board *board_of(struct verify *verify, uint32_t number)
{
	if (!verify->derived[number]) {
		verify->derived[number] = calloc(1, sizeof(struct verify_board));
		if (verify->derived[number])
			verify->derived[number]->number = number;
	}
	return verify->derived[number];
}

static int judge(struct verify *verify, const struct wire_delivery *delivery, const uint32_t *record_nos,
		 struct judged *ret, struct err *err)
{
	const struct reference *reference = NULL;
	int rc = reference_versions_find(verify->versions, delivery->header.reference_version, &reference, err);

	if (rc != 0)
		return rc;
	struct judge_input input = {
		.reference = reference,
		.key = &verify->key,
		.board = (uint32_t)delivery->header.board,
		.kind = (enum delivery_kind)delivery->header.kind,
		.extraction_date = delivery->header.extraction_date,
		.received_on = delivery->header.received_on,
		.columns = (const uint8_t *)delivery->columns.p,
		.column_count = delivery->columns.n,
		.cells = delivery->cells.items,
		.line_count = (size_t)delivery->header.line_count,
		.record_nos = record_nos,
	};

	return judge_delivery(&input, &verify->arena, ret, err);
}

/* What the register's own row says of the groups when nothing was replayed since: see verify.h. */
static const uint8_t *known_outcomes(void *self, int64_t position, size_t *ret_count)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct verify *verify = self;
	struct pg_params params;
	uint8_t *outcomes = NULL;
	struct err err;

	pg_params_reset(&params);
	pg_add_i64(&params, position);
	if (pg_exec(verify->link, "verify_known",
		    "select outcomes, lines from register.delivery where position = $1 and attempt = 0 and quarantaine > 0",
		    &params, &rows, NULL, &err) != 0 ||
	    pg_rows_count(rows) == 0 ||
	    outcomes_decode(pg_get_bytes(rows, 0, 0), (size_t)pg_get_i32(rows, 0, 1), &verify->arena, &outcomes,
			    ret_count, &err) != 0)
		return NULL;
	return outcomes;
}

static struct wire_header header_of(const struct raw_headers *headers)
{
	struct wire_header header = { .board = (int32_t)headers->board,
				      .delivery_id = headers->delivery_id,
				      .kind = (int32_t)headers->delivery_kind,
				      .dry_run = headers->is_dry_run,
				      .sequence = headers->sequence,
				      .extraction_date = headers->extraction_date,
				      .received_on = headers->received_on,
				      .line_count = headers->line_count };

	memcpy(header.fingerprint, headers->fingerprint, sizeof header.fingerprint);
	return header;
}

static int fold_delivery(struct verify *verify, struct verify_board *board, int64_t position, struct slice value,
			 const struct raw_headers *headers, bool is_given_up, struct err *err)
{
	struct wire_header header = header_of(headers);
	struct wire_delivery delivery;
	struct judged judged;

	if (is_given_up)
		return verify_deliver(board, position, &header, NULL, known_outcomes, verify, err);
	if (!raw_log_decode(value, &verify->arena, &delivery))
		return err_set(err, ERR_DATA, "raw", "a body that was judged cannot be read by this program");
	int rc = judge(verify, &delivery, NULL, &judged, err);

	return rc != 0 ? rc : verify_deliver(board, position, &delivery.header, &judged, known_outcomes, verify, err);
}

static int fold_replay(struct verify *verify, struct verify_board *board, int64_t position, struct slice body,
		       uint64_t schema, struct err *err)
{
	struct wire_replay replay;
	struct judged judged;

	if (wire_replay_decode_as(schema, body, &verify->arena, &replay, NULL) != 0 ||
	    !raw_delivery_is_good(&replay.delivery) ||
	    replay.record_numbers.count != (size_t)replay.delivery.header.line_count)
		return err_set(err, ERR_DATA, "raw", "a replay that was judged cannot be read by this program");
	if (replay.replay_dry_run)
		return 0;
	int rc = judge(verify, &replay.delivery, (const uint32_t *)replay.record_numbers.items, &judged, err);

	return rc != 0 ? rc
		       : verify_replay(board, position, &replay.delivery.header, replay.delivery.attempt, &judged, err);
}

static int fold(struct verify *verify, struct verify_board *board, const struct kafka_message *message,
		const struct raw_headers *headers, enum mark mark, struct err *err)
{
	struct slice body = { 0 };
	struct wire_confirm confirm;
	uint64_t schema = 0;
	int64_t position;

	if (!log_position_make(verify->generation, message->partition, message->offset, &position))
		return err_set(err, ERR_DATA, "raw", "raw offset %lld is above what the register can number",
			       (long long)message->offset);
	if (headers->kind == RAW_DELIVERY)
		return fold_delivery(verify, board, position, message->value, headers, mark == MARK_GIVEN_UP, err);
	if (headers->kind == RAW_FORGET || frame_open(message->value, &schema, &body, NULL) != 0)
		return 0;
	if (headers->kind == RAW_REPLAY)
		return fold_replay(verify, board, position, body, schema, err);
	if (wire_confirm_decode_as(schema, body, &verify->arena, &confirm, NULL) == 0)
		verify_confirm(board, position, confirm.delivery_id);
	return 0;
}

static int follow_raw(struct verify *verify, const struct kafka_message *message, struct err *err)
{
	enum mark mark = (enum mark)verify->marks[message->offset];
	struct raw_headers read;

	if (mark == MARK_NONE)
		return err_set(err, ERR_DATA, "verdict",
			       "no verdict that counts speaks of raw message %lld of partition %d",
			       (long long)message->offset, message->partition);
	if (mark == MARK_FOREIGN || !raw_headers_read(message->headers, message->header_count, &read) ||
	    !verify->is_wanted[read.board])
		return 0;
	struct verify_board *board = board_of(verify, read.board);

	if (!board)
		return err_set(err, ERR_FATAL, "memory", "no memory for a board");
	arena_reset(&verify->arena);
	verify->messages++;
	return fold(verify, board, message, &read, mark, err);
}

/* ---- partitions ---- */

static int32_t partition_of(const struct verify *verify, uint32_t board)
{
	return partitioning_partition(board, verify->partitions);
}

static bool is_wanted_in(const struct verify *verify, int32_t partition)
{
	for (uint32_t board = 0; board < BOARDS; board++)
		if (verify->is_wanted[board] && partition_of(verify, board) == partition)
			return true;
	return false;
}

static int compare_boards(struct verify *verify, int32_t partition, struct err *err)
{
	int rc = 0;

	for (uint32_t number = 0; rc == 0 && number < BOARDS; number++) {
		if (!verify->is_wanted[number] || partition_of(verify, number) != partition)
			continue;
		struct verify_board none = { .number = number }, *board = verify->derived[number];

		rc = verify_compare(verify->link, board ? board : &none, &verify->findings, err);
		verify->boards++;
		if (!board)
			continue;
		verify->refused += board->refused;
		verify_board_release(board);
		free(board);
		verify->derived[number] = NULL;
	}
	return rc;
}

static int verify_partition(struct verify *verify, int32_t partition, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	if (!is_wanted_in(verify, partition))
		return 0;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(verify->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(verify->link, NULL,
			 "select next_raw, next_verdict from register.cursor where topic = $1 and partition = $2",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_CONFIG, "cursor", "the register has no cursor for partition %d", partition);
	if (rc != 0)
		return rc;
	verify->next_raw = pg_get_i64(rows, 0, 0);
	rc = pg_exec(verify->link, NULL,
		     "select from_verdict, to_verdict from register.refill where topic = $1 and partition = $2",
		     &params, &verify->refills, NULL, err);
	if (rc != 0)
		return rc;
	verify->marks = calloc((size_t)verify->next_raw + 1, 1);
	rc = verify->marks ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for a partition");
	if (rc == 0)
		rc = read_log(verify, verify->ctl->config.topic.verdict, partition, pg_get_i64(rows, 0, 1), false, err);
	if (rc == 0)
		rc = read_log(verify, verify->ctl->config.topic.raw, partition, verify->next_raw, true, err);
	free(verify->marks);
	verify->marks = NULL;
	pg_rows_free(verify->refills);
	verify->refills = NULL;
	return rc != 0 ? rc : compare_boards(verify, partition, err);
}

/* ---- the command ---- */

static int want_boards(struct verify *verify, const char *board, const char *sample, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	uint64_t count = BOARDS;
	uint32_t number;

	if (board) {
		if (!ctl_board(board, &number))
			return err_set(err, ERR_DATA, "board", "a board number has 5 digits");
		verify->is_wanted[number] = true;
		return 0;
	}
	if (sample && (!num_parse_u64(slice_of(sample), BOARDS, &count) || count == 0))
		return err_set(err, ERR_DATA, "sample", "--sample is a number of boards");
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)count);
	int rc = pg_exec(verify->link, NULL, "select board from register.board order by random() limit $1", &params,
			 &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		verify->is_wanted[pg_get_i32(rows, i, 0)] = true;
	return rc;
}

static int open_verify(struct verify *verify, struct err *err)
{
	struct ctl *ctl = verify->ctl;

	if (ctl->config.hmac_key.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file", "verify needs hmac.key.file, the validators' key");
	if (!log_position_split_topic(slice_of(ctl->config.topic.raw), NULL, &verify->generation))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	hmac_key_init(&verify->key, ctl->config.hmac_key);
	verify->is_wanted = calloc(BOARDS, sizeof *verify->is_wanted);
	verify->derived = calloc(BOARDS, sizeof(struct verify_board *));
	if (!verify->is_wanted || !verify->derived)
		return err_set(err, ERR_FATAL, "memory", "no memory for boards");
	int rc = arena_init(&verify->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0)
		rc = ctl_connect(ctl, false, &verify->link, err);
	if (rc == 0) /* with another key every teacher would differ */
		rc = ctl_check_key(ctl, verify->link, verify->key.id, err);
	if (rc == 0)
		rc = pg_script(verify->link, "set idle_in_transaction_session_timeout = 0", err); /* the log is read meanwhile */
	if (rc == 0)
		rc = pg_script(verify->link, "begin isolation level repeatable read read only", err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &verify->reader, err);
	if (rc == 0)
		rc = kafka_reader_partitions(verify->reader, ctl->config.topic.raw, CTL_WAIT_MS, &verify->partitions, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &verify->reference_reader, err);
	return rc != 0 ? rc : reference_versions_open(ctl, verify->reference_reader, &verify->versions, err);
}

static void close_verify(struct verify *verify)
{
	for (uint32_t number = 0; verify->derived && number < BOARDS; number++)
		if (verify->derived[number]) {
			verify_board_release(verify->derived[number]);
			free(verify->derived[number]);
		}
	reference_versions_close(verify->versions);
	if (verify->reader)
		kafka_reader_close(verify->reader);
	if (verify->reference_reader)
		kafka_reader_close(verify->reference_reader);
	pg_link_close(verify->link);
	arena_release(&verify->arena);
	free(verify->derived);
	free(verify->is_wanted);
}

static int print_sums(const struct verify *verify, struct err *err)
{
	static const struct output_column SUM_COLUMNS[] = { { "boards", NULL, COLUMN_NUMBER },
							    { "messages", NULL, COLUMN_NUMBER },
							    { "refused", NULL, COLUMN_NUMBER },
							    { "differences", NULL, COLUMN_NUMBER } };
	CLEANUP(output_release) struct output out = { 0 };

	if (verify->ctl->output == OUTPUT_TEXT) {
		printf("%lld boards derived from %lld messages: %lld differences%s\n", (long long)verify->boards,
		       (long long)verify->messages, (long long)verify->findings.count,
		       verify->refused > 0 ? "; teachers the register refused are taken as it says" : "");
		return 0;
	}
	output_init(&out, verify->ctl->output, SUM_COLUMNS, ARRAY_LEN(SUM_COLUMNS));
	out.is_record = true;
	output_number(&out, verify->boards);
	output_number(&out, verify->messages);
	output_number(&out, verify->refused);
	output_number(&out, verify->findings.count);
	return output_print(&out, stdout, err);
}

int run_verify(struct ctl *ctl)
{
	const char *board = ctl->options[OPTION_BOARD], *sample = ctl->options[OPTION_SAMPLE];
	struct verify verify = { .ctl = ctl, .findings.out = stdout };
	struct err err = { 0 };

	if (ctl_has(ctl, OPTION_BOARD) + ctl_has(ctl, OPTION_SAMPLE) + ctl_has(ctl, OPTION_ALL) != 1)
		return ctl_usage("verify wants one of --board N, --sample N, --all");
	if (ctl->output != OUTPUT_TEXT)
		verify.findings.out = stderr;
	int rc = open_verify(&verify, &err);

	if (rc == 0)
		rc = want_boards(&verify, board, sample, &err);
	for (int32_t partition = 0; rc == 0 && partition < verify.partitions; partition++)
		rc = verify_partition(&verify, partition, &err);
	if (rc == 0)
		rc = print_sums(&verify, &err);
	close_verify(&verify);
	if (rc != 0)
		return ctl_fail(&err);
	return verify.findings.count == 0 ? 0 : EXIT_ANSWER_IS_NO;
}
