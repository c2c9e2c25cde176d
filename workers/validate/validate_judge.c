/* A lane's messages of one turn, design 4: read, judge, produce, advance.
 *
 * DESIGN. A message that kills us must not do so for ever, nor take others with it. A lane begins with one message a turn and
 * doubles with each turn that worked, so each crash leaves fewer messages before the one to blame until it is alone; and the
 * attempts at the first message of a lane are counted in Redis, before it is looked at. The attempt after the third that
 * did not come back gives it up. A restart of another cause counts too, but only when it hits the same first message. */
#include "validate/validate.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/frame.h"
#include "run/app.h"
#include "run/crash.h"
#include "validate/cache_fold.h"
#include "validate/validate_metrics.h"
#include "wire/gen/quarantine.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

enum {
	CRASHES_MAX = 3,
	LATE_RETRY_MS = 1000,
	REFUSED_RETRY_MS = 500, /* Kafka does not take a message, or there is no memory: perhaps for good */
	REPORT_WAIT_MS = 200,
	TURN_ARENA_BYTES = 32 << 20, /* boards of the turn; beyond this a lane leaves its further messages to the next */
};

/* ---- random ids ---- */

static int draw_id(struct validate *self, uint8_t id[VERDICT_ID_BYTES], struct err *err)
{
	if (self->ids_left == 0) {
		ssize_t n = getrandom(self->ids, sizeof self->ids, 0);

		if (n != (ssize_t)sizeof self->ids)
			return err_set(err, ERR_FATAL, "random", "the system gives no random bytes: %s",
				       strerrorname_np(errno));
		self->ids_left = VALIDATE_IDS;
	}
	memcpy(id, self->ids[--self->ids_left], VERDICT_ID_BYTES);
	return 0;
}

/* ---- boards ---- */

static bool slot_is_of(const struct validate *self, const struct lane *lane, uint32_t board)
{
	uint32_t slot = self->board_slots[board];

	return slot > 0 && slot <= lane->board_count && lane->boards[slot - 1].board == board;
}

static struct cache_board *find_board(const struct validate *self, const struct lane *lane, const struct intake *intake)
{
	if (!intake->has_headers || !slot_is_of(self, lane, intake->headers.board))
		return NULL;
	return &lane->boards[self->board_slots[intake->headers.board] - 1];
}

/* The boards the lane's messages name, as far as one call to the cache carries; later messages wait for the next turn. */
static int list_boards(struct validate *self, struct lane *lane, struct err *err)
{
	size_t room = MIN((size_t)lane->taken_count, (size_t)CACHE_BOARDS_MAX);

	lane->board_count = 0;
	lane->boards = arena_take(&self->turn, room, sizeof *lane->boards);
	if (!lane->boards)
		return err_set(err, ERR_FULL, "arena", "no room for the boards of a turn");
	for (const struct taken *taken = lane->first; taken && lane->board_count < room; taken = taken->next) {
		struct intake intake;

		intake_open(&taken->message, &intake);
		if (!intake.has_headers || slot_is_of(self, lane, intake.headers.board))
			continue;
		lane->boards[lane->board_count++] = (struct cache_board){ .board = intake.headers.board };
		self->board_slots[intake.headers.board] = (uint32_t)lane->board_count;
	}
	return 0;
}

/* ---- what lacks ---- */

static int find_reference(struct validate *self, const struct intake *intake, const struct reference **ret, struct err *err)
{
	const uint8_t *version = intake->headers.reference_version;
	int rc = reference_shelf_find(self->shelf, version, ret, err);

	if (rc != 0 && rc != -ERR_RETRY)
		return rc;
	rc = reference_shelf_refresh(self->shelf, err); /* it may also stand elsewhere by now */
	return rc < 0 ? rc : reference_shelf_find(self->shelf, version, ret, err);
}

static bool has_lines(const struct intake *intake)
{
	return intake->state == INTAKE_READY &&
	       (intake->headers.kind == RAW_DELIVERY || intake->headers.kind == RAW_REPLAY);
}

/* The body, and the reference version it names. In the end it is READY with what it needs, given up, or LATE. */
static int open_message(struct validate *self, const struct taken *taken, struct intake *intake,
			const struct reference **ret_reference, struct err *err)
{
	intake_open(&taken->message, intake);
	intake_decode(&taken->message, &self->message, intake);
	if (!has_lines(intake))
		return 0;
	int rc = find_reference(self, intake, ret_reference, err);

	if (rc == 0) {
		intake->state = INTAKE_LATE;
		intake->reason = REASON_MISSING_REFERENCE;
	}
	return MIN(rc, 0);
}

/* true: it still waits, and the lane with it. */
static bool wait_for_late(const struct validate *self, struct lane *lane, const struct taken *taken, struct intake *intake)
{
	int64_t now_ms = clock_ms();

	if (lane->late_offset != taken->message.offset) {
		lane->late_offset = taken->message.offset;
		lane->late_since_ms = now_ms;
		log_event(LOG_ERROR, "message.late", "partition=%d offset=%lld why=%s then=\"the partition waits\"",
			  lane->partition, (long long)taken->message.offset, intake->reason);
	}
	int64_t max_ms = self->config.missing_wait_ms_max;

	if (max_ms > 0 && now_ms - lane->late_since_ms >= max_ms) {
		intake_give_up(intake, intake->reason);
		return false;
	}
	return true;
}

static int count_attempt(struct validate *self, struct lane *lane, const struct taken *taken, bool *ret_is_poison,
			 struct err *err)
{
	int64_t attempts = 0;

	*ret_is_poison = false;
	if (lane->is_tried || lane->mode != LANE_RUN)
		return 0;
	int rc = redis_cache_try(self->cache, lane->partition, taken->message.offset, &attempts, err);

	if (rc == -ERR_RETRY) /* it may still read, but takes no writes: the lane goes on without it */
		validate_redis_failed(self, err);
	if (rc < 0)
		return rc;
	lane->is_tried = lane->is_trying = true;
	lane->tried_offset = taken->message.offset;
	*ret_is_poison = attempts > CRASHES_MAX;
	return 0;
}

void validate_attempt_came_back(struct validate *self, struct lane *lane)
{
	struct err err;

	if (lane->is_trying && redis_cache_came_back(self->cache, lane->partition, lane->tried_offset, &err) != 0)
		log_event(LOG_DEBUG, "attempt.kept", "partition=%d code=%s", lane->partition, err.code);
	lane->is_trying = false;
}

/* ---- putting ---- */

static int put(struct validate *self, const char *topic, const struct taken *taken, struct slice value, void *token,
	       struct err *err)
{
	for (;;) {
		int rc = kafka_producer_put(self->producer, topic, taken->message.partition, taken->message.key, value,
					    NULL, 0, token, err);

		if (rc != -ERR_FULL)
			return rc;
		status_beat();
		kafka_producer_poll(self->producer, REPORT_WAIT_MS);
		if (stop_poll() == STOP_NOW)
			return err_set(err, ERR_STOP, "stop", "a second signal came while verdicts were under way");
	}
}

static void fill_quarantine(const struct validate *self, const struct taken *taken, const struct intake *intake,
			    struct slice names[KAFKA_HEADERS_MAX], struct slice values[KAFKA_HEADERS_MAX],
			    struct wire_quarantine *ret)
{
	const struct kafka_message *message = &taken->message;
	size_t count = MIN(message->header_count, (size_t)KAFKA_HEADERS_MAX);

	for (size_t i = 0; i < count; i++) {
		names[i] = slice_of(message->headers[i].name);
		values[i] = message->headers[i].value;
	}
	*ret = (struct wire_quarantine){ .topic = slice_of(self->config.topic.raw),
					 .partition = message->partition,
					 .offset = message->offset,
					 .reason = slice_of(intake->reason),
					 .header_names = { names, count },
					 .header_values = { values, count },
					 .body = message->value };
}

/* The bytes with their coordinates, before the verdict that says so: once that counts, nobody would put them aside again. */
static int put_aside(struct validate *self, const struct taken *taken, const struct intake *intake, struct err *err)
{
	struct slice names[KAFKA_HEADERS_MAX], values[KAFKA_HEADERS_MAX];
	struct wire_quarantine quarantine;
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };

	strbuf_init(&value, VALIDATE_MESSAGE_BYTES_MAX);
	fill_quarantine(self, taken, intake, names, values, &quarantine);
	frame_put(&value, WIRE_QUARANTINE_SCHEMA);
	wire_quarantine_encode(&value, &quarantine);
	int rc = strbuf_check(&value, "a message of the quarantine", err);

	if (rc < 0)
		return rc;
	self->is_quarantine_failed = false;
	self->quarantine_open = 1;
	rc = put(self, self->config.topic.quarantine, taken, strbuf_slice(&value), &self->quarantine_open, err);

	if (rc < 0) {
		self->quarantine_open = 0;
		return rc;
	}
	rc = validate_await_reports(self, err);
	if (rc == 0 && self->is_quarantine_failed)
		return err_set(err, ERR_RETRY, "quarantine", "%s did not take a message", self->config.topic.quarantine);
	validate_metric_add(METRIC_QUARANTINED, 1);
	log_event(intake->state == INTAKE_FOREIGN ? LOG_ERROR : LOG_WARN, "message.quarantined",
		  "topic=%s partition=%d offset=%lld why=%s foreign=%s", self->config.topic.raw, taken->message.partition,
		  (long long)taken->message.offset, intake->reason, intake->state == INTAKE_FOREIGN ? "yes" : "no");
	return rc;
}

static void lane_behind(struct lane *lane, const struct wire_verdict *verdict)
{
	lane->next.next_raw = verdict->raw_offset + 1;
	lane->next.next_verdict++;
	memcpy(lane->next.tip, verdict->id, sizeof lane->next.tip);
}

static int put_verdict(struct validate *self, struct lane *lane, struct taken *taken,
		       const struct wire_verdict *verdict, struct err *err)
{
	assert(taken->message.offset == lane->next.next_raw);
	taken->verdict_offset_expected = lane->next.next_verdict;
	int rc = put(self, self->config.topic.verdict, taken, strbuf_slice(&self->maker.message), taken, err);

	if (rc < 0)
		return rc;
	lane->put_count++;
	lane->open_count++;
	lane_behind(lane, verdict);
	validate_metric_add(METRIC_BYTES, (int64_t)self->maker.message.n);
	return 0;
}

void validate_reported(void *ours, const struct kafka_report *report)
{
	struct validate *self = ours;

	if (report->token == &self->quarantine_open) {
		self->quarantine_open = 0;
		self->is_quarantine_failed = report->error != 0;
		return;
	}
	const struct taken *taken = report->token;

	taken->lane->open_count--;
	if (report->error != 0) {
		taken->lane->refusal = report->code;
		taken->lane->pause_ms = REFUSED_RETRY_MS;
	}
	if (report->error != 0 || report->offset != taken->verdict_offset_expected)
		taken->lane->is_void = true;
}

static bool reports_are_open(const struct validate *self)
{
	if (self->quarantine_open > 0)
		return true;
	for (int32_t i = 0; i < self->lane_end; i++)
		if (self->lanes[i] && self->lanes[i]->open_count > 0)
			return true;
	return false;
}

int validate_await_reports(struct validate *self, struct err *err)
{
	while (reports_are_open(self)) {
		kafka_producer_poll(self->producer, REPORT_WAIT_MS);
		status_beat();
		if (stop_poll() == STOP_NOW)
			return err_set(err, ERR_STOP, "stop", "a second signal came while verdicts were under way");
	}
	if (kafka_producer_is_dead(self->producer))
		return err_set(err, ERR_FATAL, "producer", "the producer of verdicts is dead: start again");
	return 0;
}

/* ---- judging ---- */

enum judge_step { JUDGE_DONE, JUDGE_WAITS, JUDGE_FULL };

/* One message, on the fold of those before it. */
static int judge_message(struct validate *self, struct lane *lane, struct taken *taken, bool is_poison,
			 enum judge_step *ret, struct err *err)
{
	const struct reference *reference = NULL;
	struct verdict_link link = { .raw_offset = taken->message.offset };
	struct wire_verdict verdict;
	struct intake intake;

	arena_reset(&self->message);
	intake_open(&taken->message, &intake);
	int rc = is_poison ? 0 : open_message(self, taken, &intake, &reference, err);

	if (rc < 0)
		return rc;
	if (is_poison)
		intake_give_up(&intake, intake.has_headers ? REASON_POISON : REASON_NO_HEADERS);
	if (intake.state == INTAKE_LATE && wait_for_late(self, lane, taken, &intake)) {
		*ret = JUDGE_WAITS;
		return 0;
	}
	struct cache_board *board = lane->mode == LANE_RUN ? find_board(self, lane, &intake) : NULL;

	if (lane->mode == LANE_RUN && intake.has_headers && !board) {
		*ret = JUDGE_FULL;
		return 0;
	}
	rc = draw_id(self, link.id, err);
	if (rc < 0)
		return rc;
	memcpy(link.parent, lane->next.tip, sizeof link.parent);
	rc = verdict_make(&self->maker, taken->message.value, &intake, &link, reference, board, &self->message,
			  &verdict, err);
	if (rc < 0) { /* no memory: for the same message there may be some later */
		lane->pause_ms = REFUSED_RETRY_MS;
		return rc;
	}
	crash_point("validate.judged");
	if (intake.state != INTAKE_READY)
		rc = put_aside(self, taken, &intake, err);
	if (rc == 0)
		rc = put_verdict(self, lane, taken, &verdict, err);
	if (rc < 0)
		return rc;
	validate_metrics_count(&verdict);
	*ret = JUDGE_DONE;
	return board ? cache_fold(board, &verdict, self->key.id, &self->turn, err) : 0;
}

static int judge_messages(struct validate *self, struct lane *lane, struct err *err)
{
	enum judge_step step = JUDGE_DONE;
	bool is_poison;
	int rc = count_attempt(self, lane, lane->first, &is_poison, err);

	if (rc < 0)
		return rc;
	for (struct taken *taken = lane->first; taken && step == JUDGE_DONE; taken = taken->next) {
		if (self->turn.used_bytes > TURN_ARENA_BYTES && lane->put_count > 0)
			break;
		rc = judge_message(self, lane, taken, is_poison, &step, err);
		if (rc < 0)
			return rc;
		is_poison = false;
	}
	crash_point("validate.produced");
	if (step == JUDGE_WAITS && lane->put_count == 0) {
		validate_attempt_came_back(self, lane);
		lane->mode = LANE_LATE;
		lane->retry_at_ms = clock_ms() + LATE_RETRY_MS;
		lane->next_fetch = -1;
		return kafka_consumer_pause(self->consumer, lane->partition, err);
	}
	return 0;
}

/* 1: the head stands where we left it. 0: another advanced it, or it is gone. */
static int read_cache(struct validate *self, struct lane *lane, struct err *err)
{
	struct cache_head head;
	int rc = redis_cache_read(self->cache, lane->partition, &head, lane->boards, lane->board_count, &self->turn, err);

	if (rc < 0)
		return rc;
	return lane_is_at(lane, &head);
}

static void restart_after_pause(struct lane *lane)
{
	validate_restart(lane);
	if (lane->pause_ms > 0)
		lane->retry_at_ms = clock_ms() + lane->pause_ms;
}

/* What was taken is fetched again, from where the lane starts next. */
static void lane_forget_taken(struct lane *lane)
{
	lane->next_fetch = -1;
}

/* A lane whose batch cannot go on. What was put is void or stands: the start finds out which. */
static int give_up_batch(struct validate *self, struct lane *lane, int rc, const struct err *err)
{
	if (rc != -ERR_RETRY && rc != -ERR_FULL)
		return rc;
	validate_attempt_came_back(self, lane);
	log_event(LOG_WARN, "batch.dropped", "partition=%d next_raw=%lld code=%s why=%s", lane->partition,
		  (long long)lane->position.next_raw, err->code, LOG_QUOTED(err->text));
	lane_forget_taken(lane);
	lane->is_void = lane->put_count > 0; /* then it starts anew when the reports are in */
	if (!lane->is_void)
		restart_after_pause(lane);
	return 0;
}

/* 1: the lane may judge what was taken for it. */
static int prepare(struct validate *self, struct lane *lane, struct err *err)
{
	int rc = list_boards(self, lane, err);

	if (rc < 0 || lane->mode == LANE_THROUGH)
		return rc < 0 ? rc : 1;
	rc = read_cache(self, lane, err);
	if (rc == 1 || (rc < 0 && rc != -ERR_RETRY))
		return rc;
	if (rc == 0)
		validate_metric_add(METRIC_CONFLICTS, 1);
	else
		validate_redis_failed(self, err);
	lane_forget_taken(lane);
	validate_restart(lane);
	return 0;
}

int validate_judge(struct validate *self, struct lane *lane, struct err *err)
{
	if (!lane_is_judging(lane))
		return 0; /* parked or taken from us while the turn was gathered */
	if (lane->first->message.offset != lane->position.next_raw) { /* a turn before this one failed half-way */
		lane_forget_taken(lane);
		return 0;
	}
	lane->next = lane->position;
	lane->is_void = false;
	lane->refusal = NULL;
	lane->pause_ms = 0;
	int rc = prepare(self, lane, err);

	if (rc == 1)
		rc = judge_messages(self, lane, err);
	return rc < 0 ? give_up_batch(self, lane, rc, err) : 0;
}

/* ---- settling ---- */

static int advance(struct validate *self, struct lane *lane, struct err *err)
{
	struct cache_head expected = lane_head(lane, &lane->position), next = lane_head(lane, &lane->next);
	int rc = redis_cache_advance(self->cache, lane->partition, &expected, &next, lane->boards, lane->board_count, err);

	crash_point("validate.advanced");
	return rc;
}

/* The verdicts stand in a row where they were meant to, so they count. */
static void lane_moves(struct validate *self, struct lane *lane)
{
	char text[CHAIN_POSITION_TEXT_BYTES];

	lane->position = lane->next;
	lane->messages_max = (uint32_t)MIN((int64_t)lane->messages_max * 2, self->config.batch_messages_max);
	chain_position_to_text(&lane->position, text);
	kafka_consumer_commit(self->consumer, lane->partition, lane->position.next_raw, text);
}

static void settle_void(struct validate *self, struct lane *lane)
{
	validate_attempt_came_back(self, lane);
	validate_metric_add(METRIC_CONFLICTS, 1);
	lane_forget_taken(lane);
	restart_after_pause(lane);
	if (lane->refusal) {
		log_event(LOG_WARN, "batch.refused",
			  "partition=%d next_raw=%lld code=%s why=\"Kafka did not take a verdict\" then=\"read the log and go on there\"",
			  lane->partition, (long long)lane->position.next_raw, lane->refusal);
		return;
	}
	log_event(LOG_WARN, "batch.void",
		  "partition=%d next_raw=%lld next_verdict=%lld then=\"read the log and go on there\"", lane->partition,
		  (long long)lane->position.next_raw, (long long)lane->position.next_verdict);
}

int validate_settle(struct validate *self, struct lane *lane, struct err *err)
{
	if (lane->put_count > 0 && lane->is_void) {
		settle_void(self, lane);
		return 0;
	}
	if (lane->put_count > 0) {
		int rc = lane->mode == LANE_RUN ? advance(self, lane, err) : 1;

		if (rc < 0 && rc != -ERR_RETRY && rc != -ERR_FULL)
			return rc;
		if (rc == -ERR_RETRY)
			validate_redis_failed(self, err);
		else if (rc != 1)
			validate_metric_add(METRIC_CONFLICTS, 1);
		else if (lane->mode == LANE_THROUGH)
			validate_metric_add(METRIC_THROUGH_TURNS, 1);
		if (rc != 1)
			validate_attempt_came_back(self, lane);
		lane->is_trying = false; /* an advance takes the counter away */
		lane_moves(self, lane);	 /* whatever became of the cache, the verdicts count */
		if (rc != 1)
			validate_restart(lane);
	}
	if (lane_is_judging(lane) && validate_fetch(self, lane, err) < 0)
		validate_restart(lane);
	return 0;
}
