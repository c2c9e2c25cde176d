#include "ctl/prove/verify_log.h"

#include "ctl/base/raw_log.h"
#include "ctl/base/topic_walk.h"
#include "ctl/prove/verify_retained.h"
#include "protocol/admission.h"
#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "protocol/outcomes.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"
#include "protocol/verdict_class.h"
#include "wire/gen/confirm.h"
#include "wire/gen/replay.h"
#include "wire/gen/set_back.h"
#include "wire/gen/verdict.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 64 << 20 };

/* What the verdict that counts says of a raw message. */
enum mark { MARK_NONE, MARK_JUDGED, MARK_GIVEN_UP, MARK_FOREIGN };

/* Beside the mark: the verdict has an admission. One of a validator of before had none, whatever the raw message says.
 */
enum { MARK_HAS_ADMISSION = 0x80 };

/* An operator's refill took these out of the chain. */
static bool is_refilled(const struct verify_log *log, int64_t offset)
{
	for (size_t i = 0; i < pg_rows_count(log->refills); i++)
		if (offset >= pg_get_i64(log->refills, i, 0) && offset < pg_get_i64(log->refills, i, 1))
			return true;
	return false;
}

/* It passes over raw messages that an operator accepted as lost (ctl/repair/loss.c): no message has a digest of
 * zeros. */
static bool is_of_lost(const struct wire_verdict *verdict)
{
	static const uint8_t NONE[sizeof verdict->raw_digest];

	return verdict->kind == VERDICT_KIND_FOREIGN && memcmp(verdict->raw_digest, NONE, sizeof NONE) == 0;
}

/* ---- the raw log ---- */

struct verify_board *verify_log_board(struct verify_log *log, uint32_t number)
{
	if (!log->derived[number]) {
		log->derived[number] = calloc(1, sizeof(struct verify_board));
		if (log->derived[number]) {
			log->derived[number]->number = number;
			log->derived[number]->keeps_feedback = log->keeps_feedback;
			log->derived[number]->key_before = log->has_key_before ? &log->key_before : NULL;
		}
	}
	return log->derived[number];
}

static int judge(struct verify_log *log, const struct wire_delivery *delivery, const uint32_t *record_nos,
		 struct judged *ret, struct err *err)
{
	const struct reference *reference = NULL;
	int rc = reference_versions_find(log->versions, delivery->header.reference_version, &reference, err);

	if (rc != 0)
		return rc;
	return raw_delivery_judge(delivery, reference, &log->key, record_nos, &log->arena, ret, err);
}

static int read_standing(struct verify_log *log, const struct pg_params *params, struct verify_known *ret,
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	uint8_t *outcomes = NULL;
	int rc = pg_exec(log->link, "verify_known",
			 "select outcomes, lines from register.delivery"
			 " where position = $1 and $2 >= position and quarantaine > 0",
			 params, &rows, NULL, err);

	if (rc != 0 || pg_rows_count(rows) == 0)
		return rc;
	struct err unreadable; /* which is a difference: the comparison finds it */

	if (outcomes_decode(pg_get_bytes(rows, 0, 0), (size_t)pg_get_i32(rows, 0, 1), &log->arena, &outcomes,
			    &ret->standing_count, &unreadable) == 0)
		ret->standing = outcomes;
	return 0;
}

/* Replays that changed nothing decided nothing. */
static int read_replayed(struct verify_log *log, const struct pg_params *params, struct verify_known *ret,
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(log->link, "verify_replayed",
			 "select distinct r from register.replay_change c"
			 " join register.replay_item i on i.position = c.position and i.attempt = c.attempt"
			 " cross join lateral unnest(i.records) r"
			 " where c.position = $1 and c.replay_position > $2 and c.lines > 0 order by r",
			 params, &rows, NULL, err);
	size_t count = rc == 0 ? pg_rows_count(rows) : 0;

	if (count == 0)
		return rc;
	uint32_t *numbers = arena_take(&log->arena, count, sizeof *numbers);

	if (!numbers)
		return err_set(err, ERR_FULL, "arena", "a delivery has too many lines that were replayed");
	for (size_t i = 0; i < count; i++)
		numbers[i] = (uint32_t)pg_get_i32(rows, i, 0);
	ret->replayed = numbers;
	ret->replayed_count = count;
	return 0;
}

/* Behind a replay its change says so; behind the delivery itself what the first replay found, or what stands. */
static int read_quarantined(struct verify_log *log, const struct pg_params *params, struct verify_known *ret,
			    struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(log->link, "verify_quarantined",
			 "select coalesce("
			 "(select after[7] from register.replay_change where position = $1 and replay_position = $2"
			 " order by attempt limit 1),"
			 " case when $1 = $2 then coalesce("
			 "(select before[7] from register.replay_change where position = $1"
			 " order by replay_position limit 1),"
			 " (select quarantaine from register.delivery where position = $1)) end, -1)::bigint",
			 params, &rows, NULL, err);

	if (rc == 0)
		ret->quarantined = pg_get_i64(rows, 0, 0);
	return rc;
}

/* What only the register can say: see verify_fold.h. */
static int ask_register(void *self, int64_t delivery, int64_t message, struct verify_known *ret, struct err *err)
{
	struct verify_log *log = self;
	struct pg_params params;

	*ret = (struct verify_known){ 0 };
	pg_params_reset(&params);
	pg_add_i64(&params, delivery);
	pg_add_i64(&params, message);
	int rc = read_quarantined(log, &params, ret, err);

	if (rc == 0)
		rc = read_standing(log, &params, ret, err);
	if (rc == 0)
		rc = read_replayed(log, &params, ret, err);
	if (rc != -ERR_DATA)
		return rc;
	err->kind = ERR_FATAL; /* the register's, not the log's: its snapshot is lost to the other partitions, too */
	return -ERR_FATAL;
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
	memcpy(header.reference_version, headers->reference_version, sizeof header.reference_version);
	return header;
}

static int fold_delivery(struct verify_log *log, struct verify_board *board, int64_t position, struct slice value,
			 const struct raw_headers *headers, bool is_given_up, struct err *err)
{
	struct wire_header header = header_of(headers);
	struct wire_delivery delivery;
	struct judged judged;

	if (is_given_up)
		return verify_deliver(board, position, &header, NULL, ask_register, log, err);
	if (!raw_log_decode(value, &log->arena, &delivery))
		return err_set(err, ERR_DATA, "raw", "a body that was judged cannot be read by this program");
	int rc = judge(log, &delivery, NULL, &judged, err);

	return rc != 0 ? rc : verify_deliver(board, position, &delivery.header, &judged, ask_register, log, err);
}

/* Its raw message is gone, and so are those before it: the verdict has its header, and nothing of the log comes before
 * it that is not folded yet. */
static int fold_lost(struct verify_log *log, int32_t partition, const struct wire_verdict *verdict, struct err *err)
{
	struct verify_board *board;
	int64_t position;

	if (verdict->header.board < 0 || verdict->header.board >= VERIFY_BOARDS ||
	    !log->is_wanted[verdict->header.board])
		return 0;
	if (!log_position_make(log->generation, partition, verdict->raw_offset, &position))
		return err_set(err, ERR_DATA, "raw", "raw offset %lld is above what the register can number",
			       (long long)verdict->raw_offset);
	board = verify_log_board(log, (uint32_t)verdict->header.board);
	if (!board)
		return err_set(err, ERR_FATAL, "memory", "no memory for a board");
	verify_removed_apply(log->removed, board, position);
	return verify_deliver(board, position, &verdict->header, NULL, ask_register, log, err);
}

/* ---- the verdict log ---- */

/* Which verdict counts, written a second time on purpose: verify proves what validators and writers made of the log, so
 * it may not follow the chain with their code (protocol/chain_position). */
static int follow_verdict(void *self, const struct kafka_message *message, struct err *err)
{
	struct verify_log *log = self;
	struct admission admission;
	struct wire_verdict verdict;
	struct slice body;
	uint64_t schema;

	if (is_refilled(log, message->offset))
		return 0;
	arena_reset(&log->arena);
	if (frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_verdict_decode_as(schema, body, &log->arena, &verdict, NULL) != 0 ||
	    memcmp(verdict.parent, log->tip, sizeof log->tip) != 0)
		return 0;
	memcpy(log->tip, verdict.id, sizeof log->tip);
	memcpy(log->digest, verdict.raw_digest, sizeof log->digest);
	log->chain_raw = verdict.raw_offset + 1;
	if (verdict.raw_offset < log->from_raw || verdict.raw_offset >= log->next_raw)
		return 0;
	if (is_of_lost(&verdict))
		return 0;
	admission_read(message->headers, message->header_count, &admission);
	enum mark mark = verdict.kind == VERDICT_KIND_FOREIGN ? MARK_FOREIGN
			 : verdict.body_unreadable	      ? MARK_GIVEN_UP
							      : MARK_JUDGED;

	if (verdict.raw_offset < log->held_raw && mark == MARK_GIVEN_UP)
		return fold_lost(log, message->partition, &verdict, err);
	log->marks[verdict.raw_offset - log->from_raw] =
		(uint8_t)((unsigned)mark | (admission.access.basis.n > 0 ? MARK_HAS_ADMISSION : 0U));
	return 0;
}

static int fold_replay(struct verify_log *log, struct verify_board *board, int64_t position, struct slice body,
		       uint64_t schema, struct err *err)
{
	struct wire_replay replay;
	struct judged judged;

	if (wire_replay_decode_as(schema, body, &log->arena, &replay, NULL) != 0 ||
	    !raw_delivery_is_good(&replay.delivery) ||
	    replay.record_numbers.count != (size_t)replay.delivery.header.line_count)
		return err_set(err, ERR_DATA, "raw", "a replay that was judged cannot be read by this program");
	if (replay.replay_dry_run)
		return 0;
	int rc = judge(log, &replay.delivery, (const uint32_t *)replay.record_numbers.items, &judged, err);

	return rc != 0 ? rc : verify_replay(board, position, &replay, &judged, ask_register, log, err);
}

static int fold(struct verify_log *log, struct verify_board *board, const struct kafka_message *message,
		const struct raw_headers *headers, enum mark mark, int64_t *ret_position, struct err *err)
{
	struct slice body = { 0 };
	struct wire_confirm confirm;
	struct wire_set_back set_back;
	uint64_t schema = 0;
	int64_t position;

	if (!log_position_make(log->generation, message->partition, message->offset, &position))
		return err_set(err, ERR_DATA, "raw", "raw offset %lld is above what the register can number",
			       (long long)message->offset);
	*ret_position = position;
	verify_removed_apply(log->removed, board, position);
	if (headers->kind == RAW_DELIVERY)
		return fold_delivery(log, board, position, message->value, headers, mark == MARK_GIVEN_UP, err);
	if (headers->kind == RAW_FORGET || frame_open(message->value, &schema, &body, NULL) != 0)
		return 0;
	if (headers->kind == RAW_REPLAY)
		return fold_replay(log, board, position, body, schema, err);
	if (headers->kind == RAW_SET_BACK)
		return wire_set_back_decode_as(schema, body, &log->arena, &set_back, NULL) == 0
			       ? verify_set_back(board, position, &set_back, err)
			       : 0;
	if (wire_confirm_decode_as(schema, body, &log->arena, &confirm, NULL) == 0)
		return verify_confirm(board, position, &confirm, err);
	return 0;
}

/* What the raw message says of it and not the verdict: a validator copies it, and may not make it up. */
static int fold_admission(struct verify_board *board, int64_t position, const struct kafka_message *message,
			  bool is_confirmation, struct err *err)
{
	struct admission admission;

	admission_read(message->headers, message->header_count, &admission);
	if (admission.access.basis.n == 0)
		return 0;
	return verify_board_admission(board,
				      &(struct verify_admission){ .position = position,
								  .accepted_at_ms = message->timestamp_ms,
								  .is_confirmation = is_confirmation,
								  .basis = admission.access.basis,
								  .version = admission.access.version,
								  .party = admission.access.party,
								  .sender = admission.access.speaker,
								  .trace_id = admission.trace_id },
				      err);
}

/* A repeat enters nothing, and so it leaves the admission of the first. */
static int fold_and_admit(struct verify_log *log, struct verify_board *board, const struct kafka_message *message,
			  const struct raw_headers *headers, enum mark mark, bool has_admission, struct err *err)
{
	size_t deliveries = board->delivery_count, confirmations = board->confirmation_count;
	int64_t position = 0;
	int rc = fold(log, board, message, headers, mark, &position, err);
	bool is_confirmation = board->confirmation_count > confirmations;

	if (rc != 0 || !has_admission || (board->delivery_count == deliveries && !is_confirmation))
		return rc;
	return fold_admission(board, position, message, is_confirmation, err);
}

static int follow_raw(void *self, const struct kafka_message *message, struct err *err)
{
	struct verify_log *log = self;
	uint8_t marked = log->marks[message->offset - log->from_raw];
	enum mark mark = (enum mark)(marked & ~(unsigned)MARK_HAS_ADMISSION);
	struct raw_headers read;

	if (mark == MARK_NONE)
		return err_set(err, ERR_DATA, "verdict",
			       "no verdict that counts speaks of raw message %lld of partition %d",
			       (long long)message->offset, message->partition);
	log->marks[message->offset - log->from_raw] = MARK_NONE; /* it is there */
	if (mark == MARK_FOREIGN || !raw_headers_read(message->headers, message->header_count, &read) ||
	    !log->is_wanted[read.board])
		return 0;
	struct verify_board *board = verify_log_board(log, read.board);

	if (!board)
		return err_set(err, ERR_FATAL, "memory", "no memory for a board");
	arena_reset(&log->arena);
	log->messages++;
	return fold_and_admit(log, board, message, &read, mark, marked & MARK_HAS_ADMISSION, err);
}

/* ---- a partition ---- */

/* Hands the messages from from up to end to visit; all of them must still be there. */
static int read_log(struct verify_log *log, const char *topic, int32_t partition, int64_t from, int64_t end,
		    topic_visit *visit, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(log->reader, topic, partition, CTL_WAIT_MS, &range, err);

	if (rc == 0 && range.low > from)
		rc = err_set(err, ERR_DATA, "log", "%s/%d begins at %lld: what was before cannot be derived any more",
			     topic, partition, (long long)range.low);
	if (rc == 0 && range.high < end)
		rc = err_set(err, ERR_DATA, "log", "%s/%d ends at %lld, but the register has applied %lld", topic,
			     partition, (long long)range.high, (long long)end);
	return rc == 0 ? topic_walk(log->reader, topic, partition, from, end, visit, log, err) : rc;
}

/* A message that was judged and that the raw log no longer holds would be missing in what is derived. */
static int check_all_seen(const struct verify_log *log, int32_t partition, struct err *err)
{
	for (int64_t offset = log->from_raw; offset < log->next_raw; offset++)
		if (log->marks[offset - log->from_raw] != MARK_NONE)
			return err_set(err, ERR_DATA, "raw", "raw message %lld of partition %d was judged, and is gone",
				       (long long)offset, partition);
	return 0;
}

int verify_log_lost_to(const struct verify_log *log, int32_t partition, int64_t from, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	*ret = from;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(log->link, "verify_lost",
			 "select from_raw, below_raw from register.loss where topic = $1 and partition = $2"
			 " order by from_raw",
			 &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		if (pg_get_i64(rows, i, 0) <= *ret)
			*ret = MAX(*ret, pg_get_i64(rows, i, 1));
	return rc;
}

static int find_held(struct verify_log *log, int32_t partition, struct err *err)
{
	struct kafka_topic_range raw;
	int64_t lost_to = log->from_raw;
	int rc = kafka_reader_range(log->reader, log->ctl->config.topic.raw, partition, CTL_WAIT_MS, &raw, err);

	log->held_raw = log->from_raw;
	if (rc == 0 && raw.low > log->from_raw)
		rc = verify_log_lost_to(log, partition, log->from_raw, &lost_to, err);
	if (rc == 0 && raw.low > log->from_raw && raw.low <= lost_to)
		log->held_raw = MIN(raw.low, log->next_raw);
	return rc;
}

static int read_logs(struct verify_log *log, int32_t partition, int64_t next_verdict, struct err *err)
{
	const struct ctl_config *config = &log->ctl->config;

	log->marks = calloc((size_t)(log->next_raw - log->from_raw) + 1, 1);
	int rc = log->marks ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for a partition");

	if (rc == 0)
		rc = find_held(log, partition, err);
	if (rc == 0)
		rc = read_log(log, config->topic.verdict, partition, log->from_verdict, next_verdict, follow_verdict,
			      err);
	if (rc == 0)
		rc = read_log(log, config->topic.raw, partition, log->held_raw, log->next_raw, follow_raw, err);
	if (rc == 0)
		rc = check_all_seen(log, partition, err);
	free(log->marks);
	log->marks = NULL;
	return rc;
}

/* Teachers who were removed behind the last message. There may come more at this very position. */
static int remove_at_end(struct verify_log *log, int32_t partition, int64_t position, struct err *err)
{
	int rc = 0;

	for (uint32_t number = 0; rc == 0 && number < VERIFY_BOARDS; number++) {
		if (!log->derived[number] || partitioning_partition(number, log->partitions) != partition)
			continue;
		verify_removed_apply(log->removed, log->derived[number], position);
		log->derived[number]->removed_to = position - 1;
		rc = verify_removed_keep(log->removed, log->derived[number], position, err);
	}
	return rc;
}

int verify_log_advance(struct verify_log *log, int32_t partition, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(log->link, NULL,
			 "select next_raw, next_verdict, tip, digest from register.cursor"
			 " where topic = $1 and partition = $2",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_CONFIG, "cursor", "the register has no cursor for partition %d", partition);
	if (rc != 0)
		return rc;
	log->next_raw = pg_get_i64(rows, 0, 0);
	if (log->next_raw < log->from_raw)
		return err_set(err, ERR_DATA, "cursor", "the cursor of partition %d went back meanwhile", partition);
	rc = pg_exec(log->link, NULL,
		     "select from_verdict, to_verdict from register.refill where topic = $1 and partition = $2",
		     &params, &log->refills, NULL, err);
	int64_t log_number = (int64_t)log->generation << LOG_POSITION_PARTITION_BITS | partition;

	if (rc == 0)
		rc = verify_removed_read(log->link, log_number, &log->removed, err);
	if (rc == 0)
		rc = read_logs(log, partition, pg_get_i64(rows, 0, 1), err);
	if (rc == 0)
		rc = remove_at_end(log, partition, log_number << LOG_POSITION_OFFSET_BITS | log->next_raw, err);
	pg_rows_free(log->refills);
	pg_rows_free(log->removed);
	log->refills = log->removed = NULL;
	if (rc != 0)
		return rc;
	log->from_raw = log->next_raw;
	log->from_verdict = pg_get_i64(rows, 0, 1);
	memcpy(log->register_tip, pg_get_bytes(rows, 0, 2).p, sizeof log->register_tip);
	memcpy(log->register_digest, pg_get_bytes(rows, 0, 3).p, sizeof log->register_digest);
	return 0;
}

void verify_log_begin_at(struct verify_log *log, int64_t raw, int64_t verdict, const uint8_t tip[16],
			 const uint8_t digest[16])
{
	log->from_raw = log->chain_raw = raw;
	log->from_verdict = verdict;
	memcpy(log->tip, tip, sizeof log->tip);
	memcpy(log->digest, digest, sizeof log->digest);
}

void verify_log_drop_board(struct verify_log *log, uint32_t number)
{
	if (!log->derived[number])
		return;
	verify_board_release(log->derived[number]);
	free(log->derived[number]);
	log->derived[number] = NULL;
}

int verify_log_open(struct verify_log *log, struct err *err)
{
	struct ctl *ctl = log->ctl;

	if (ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file", "verify needs hmac.key.file, the validators' key");
	if (!log_position_split_topic(slice_of(ctl->config.topic.raw), NULL, &log->generation))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	hmac_key_init(&log->key, ctl->config.hmac_key.bytes);
	log->has_key_before = ctl->config.hmac_old_key.bytes.n > 0;
	if (log->has_key_before)
		hmac_key_init(&log->key_before, ctl->config.hmac_old_key.bytes);
	log->derived = calloc(VERIFY_BOARDS, sizeof(struct verify_board *));
	if (!log->derived)
		return err_set(err, ERR_FATAL, "memory", "no memory for boards");
	int rc = arena_init(&log->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0) /* with another key every teacher would differ */
		rc = ctl_check_key(ctl, log->link, log->key.id, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &log->reader, err);
	if (rc == 0)
		rc = raw_log_partitions(ctl, log->link, &log->partitions, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &log->reference_reader, err);
	return rc != 0 ? rc : reference_versions_open(ctl, log->reference_reader, &log->versions, err);
}

void verify_log_close(struct verify_log *log)
{
	for (uint32_t number = 0; log->derived && number < VERIFY_BOARDS; number++)
		verify_log_drop_board(log, number);
	reference_versions_close(log->versions);
	if (log->reader)
		kafka_reader_close(log->reader);
	if (log->reference_reader)
		kafka_reader_close(log->reference_reader);
	arena_release(&log->arena);
	free(log->derived);
}
