#include "ctl/prove/verify_fold.h"

#include "model/bsn.h"
#include "model/date.h"
#include "protocol/confirm_condition.h"
#include "protocol/delivery_state.h"
#include "protocol/feedback_build.h"
#include "render/stand_rows.h"
#include "wire/wire.h"

#include <assert.h>
#include <stdlib.h>

enum { DATA_DAYS_MAX = 31, FIRST_RECORD = 2, CAPACITY_FIRST = 64, ATTEMPTS = 64 };
enum { FEEDBACK_BYTES_MAX = 64 << 20, FEEDBACK_TEXT_BYTES_MAX = 1 << 20, ABSENT_BYTES_MAX = 512 << 20 };

static int no_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for a board");
}

/* ---- teachers ---- */

/* Made if it is not there, without a state. NULL: no memory. */
static struct verify_teacher *teacher_of(struct verify_board *board, const uint8_t *key)
{
	size_t low = 0, high = board->teacher_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(board->teachers[middle].key, key, TEACHER_KEY_BYTES);

		if (order == 0)
			return &board->teachers[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (board->teacher_count == board->teacher_capacity) {
		size_t capacity = MAX(board->teacher_capacity * 2, (size_t)CAPACITY_FIRST);
		struct verify_teacher *grown = reallocarray(board->teachers, capacity, sizeof *grown);

		if (!grown)
			return NULL;
		board->teachers = grown;
		board->teacher_capacity = capacity;
	}
	struct verify_teacher *at = &board->teachers[low];

	memmove(at + 1, at, (board->teacher_count++ - low) * sizeof *at);
	*at = (struct verify_teacher){ 0 };
	memcpy(at->key, key, TEACHER_KEY_BYTES);
	return at;
}

/* What the group brings becomes his; what he was goes to history. */
static int set_teacher(struct verify_board *board, struct verify_teacher *teacher, int64_t position,
		       const struct judged_group *group, bool is_withdrawal, struct err *err)
{
	int rc = 0;

	teacher->since = position;
	teacher->set_sequence = teacher->state.sequence;
	teacher->lapsed_on = 0;
	teacher->bsn = group->bsn;
	teacher->content = teacher->targets = (struct slice){ 0 };
	if (is_withdrawal) {
		verify_board_erase(board, teacher);
		return 0;
	}
	rc = verify_board_text(board, group->content, &teacher->content, err);
	return rc != 0 ? rc : verify_board_text(board, group->targets, &teacher->targets, err);
}

static int decide(struct verify_board *board, struct verify_teacher *teacher, int64_t position,
		  const struct wire_header *header, const struct judged_group *group, uint8_t *ret, struct err *err)
{
	bool is_withdrawal = header->kind == DELIVERY_INTREKKING;
	struct teacher_state after = teacher->state;
	enum outcome outcome = outcome_decide(&after, header->sequence, is_withdrawal ? NULL : group->content_hash);
	bool is_set = outcome == OUTCOME_NIEUW || outcome == OUTCOME_GEWIJZIGD || outcome == OUTCOME_INGETROKKEN;
	int rc = is_set ? verify_board_archive(board, teacher, position, err) : 0;

	*ret = (uint8_t)outcome;
	teacher->state = after;
	return rc == 0 && is_set ? set_teacher(board, teacher, position, group, is_withdrawal, err) : rc;
}

/* ---- deliveries ---- */

static struct verify_delivery *find_delivery(const struct verify_board *board, const struct wire_header *header)
{
	assert(board->deliveries || board->delivery_count == 0);
	for (size_t i = 0; i < board->delivery_count; i++)
		if (slice_equal_text(header->delivery_id, board->deliveries[i].id) &&
		    memcmp(board->deliveries[i].fingerprint, header->fingerprint, FINGERPRINT_BYTES) == 0)
			return &board->deliveries[i];
	return NULL;
}

static struct verify_delivery *add_delivery(struct verify_board *board, int64_t position,
					    const struct wire_header *header)
{
	if (board->delivery_count == board->delivery_capacity) {
		size_t capacity = MAX(board->delivery_capacity * 2, (size_t)CAPACITY_FIRST);
		struct verify_delivery *grown = reallocarray(board->deliveries, capacity, sizeof *grown);

		if (!grown)
			return NULL;
		board->deliveries = grown;
		board->delivery_capacity = capacity;
	}
	struct verify_line *lines = calloc((size_t)header->line_count, sizeof *lines);

	if (!lines)
		return NULL;
	struct verify_delivery *delivery = &board->deliveries[board->delivery_count++];

	*delivery = (struct verify_delivery){ .position = position,
					      .kind = (enum delivery_kind)header->kind,
					      .is_dry_run = header->dry_run,
					      .sequence = header->sequence,
					      .extraction_date = header->extraction_date,
					      .received_on = header->received_on,
					      .lines = lines,
					      .line_count = (size_t)header->line_count };
	snprintf(delivery->id, sizeof delivery->id, "%.*s", (int)header->delivery_id.n, header->delivery_id.p);
	memcpy(delivery->fingerprint, header->fingerprint, FINGERPRINT_BYTES);
	memcpy(delivery->reference_version, header->reference_version, REFERENCE_VERSION_BYTES);
	if (header->sequence <= board->sequence_max)
		delivery->notices |= NOTICE_K04;
	if (date_add_days(header->extraction_date, DATA_DAYS_MAX) < header->received_on)
		delivery->notices |= NOTICE_K05;
	return delivery;
}

static bool is_named(const struct verify_delivery *delivery, const uint8_t *key)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (delivery->lines[i].is_readable && !delivery->lines[i].is_erased &&
		    memcmp(delivery->lines[i].key, key, TEACHER_KEY_BYTES) == 0)
			return true;
	return false;
}

static bool has_unreadable(const struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (!delivery->lines[i].is_readable)
			return true;
	return false;
}

/* specification 7.1: a line is quarantaine and nobody can say whose. */
static bool hides_teacher(const struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (!delivery->lines[i].is_readable && delivery->lines[i].outcome == OUTCOME_QUARANTAINE)
			return true;
	return false;
}

/* ---- the end of a delivery ---- */

static bool is_absent(const struct verify_board *board, const struct verify_delivery *delivery,
		      const struct verify_teacher *teacher)
{
	return board->sequence_full <= delivery->sequence && teacher->state.status == STATUS_ACTIEF &&
	       teacher->state.sequence < delivery->sequence && !is_named(delivery, teacher->key);
}

static int lapse(struct verify_board *board, const struct verify_delivery *delivery, int64_t position,
		 int64_t *ret_count, struct err *err)
{
	int rc = 0;

	*ret_count = 0;
	for (size_t i = 0; rc == 0 && i < board->teacher_count; i++) {
		struct verify_teacher *teacher = &board->teachers[i];

		if (!is_absent(board, delivery, teacher))
			continue;
		rc = verify_board_archive(board, teacher, position, err);
		teacher->state.status = STATUS_VERVALLEN;
		teacher->state.sequence = teacher->set_sequence = delivery->sequence;
		teacher->lapsed_on = delivery->extraction_date;
		teacher->since = position;
		++*ret_count;
	}
	return rc;
}

static int end_full(struct verify_board *board, struct verify_delivery *delivery, struct err *err)
{
	int64_t lapsed = 0;
	int rc = 0;
	bool is_left_out = hides_teacher(delivery);

	for (size_t i = 0; i < board->teacher_count && !is_left_out; i++) {
		delivery->active += board->teachers[i].state.status == STATUS_ACTIEF;
		delivery->absent += is_absent(board, delivery, &board->teachers[i]);
	}
	bool must_wait = outcome_must_wait(delivery->absent, delivery->active, has_unreadable(delivery));

	delivery->notices |= must_wait ? NOTICE_K06 : delivery->absent > 0 ? NOTICE_R06 : 0;
	delivery->lapsed = must_wait ? 0 : delivery->absent;
	if (delivery->is_dry_run)
		return 0;
	delivery->is_waiting = must_wait;
	if (!must_wait && !is_left_out)
		rc = lapse(board, delivery, delivery->position, &lapsed, err);
	for (size_t i = 0; i < board->delivery_count; i++) {
		struct verify_delivery *older = &board->deliveries[i];

		if (!older->is_waiting || older->sequence >= delivery->sequence)
			continue;
		older->is_waiting = false;
		older->notices |= NOTICE_K10;
	}
	board->sequence_full = MAX(board->sequence_full, delivery->sequence);
	return rc;
}

/* ---- messages ---- */

static void set_line(const struct verify_board *board, struct verify_line *line, const struct judged *judged, size_t i,
		     uint8_t outcome)
{
	const struct judged_group *group = &judged->groups[judged->lines[i].group];

	if (!line) /* a replay of a line that the delivery does not have: the writer skips it too */
		return;
	line->record_number = (int32_t)judged->lines[i].record_no;
	line->outcome = outcome;
	line->is_readable = group->is_readable;
	line->bsn = group->is_readable ? group->bsn : 0;
	memcpy(line->key, group->key, TEACHER_KEY_BYTES);
	if (!board->key_before || !group->is_readable)
		return;
	char digits[BSN_DIGITS + 1];

	snprintf(digits, sizeof digits, "%09u", group->bsn % 1000000000);
	hmac_key_teacher(board->key_before, board->number, slice_make(digits, BSN_DIGITS), line->key_before);
}

void verify_feedback_digest(const struct feedback_line *line, uint8_t ret[TEACHER_KEY_BYTES])
{
	CLEANUP(strbuf_drop) struct strbuf text;
	uint8_t sha256[32];

	strbuf_init(&text, FEEDBACK_TEXT_BYTES_MAX);
	strbuf_add_printf(&text, "%u %d %zu ", line->record_no, (int)line->target, line->employee_ref.n);
	strbuf_add(&text, line->employee_ref);
	strbuf_add_printf(&text, " %zu ", line->appointment_key.n);
	strbuf_add(&text, line->appointment_key);
	for (size_t i = 0; i < line->finding_count; i++)
		strbuf_add_printf(&text, " %u %u %lld %lld %lld", line->findings[i].rule, line->findings[i].field,
				  (long long)line->findings[i].values[0], (long long)line->findings[i].values[1],
				  (long long)line->findings[i].values[2]);
	sha256_of(strbuf_slice(&text), sha256);
	memcpy(ret, sha256, TEACHER_KEY_BYTES);
}

static struct verify_line *line_of(const struct verify_delivery *delivery, uint32_t record_no);

/* guess: where a delivery's own message has it. */
static struct verify_line *line_near(const struct verify_delivery *delivery, size_t guess, uint32_t record_no)
{
	bool is_there = guess < delivery->line_count && delivery->lines[guess].record_number == (int32_t)record_no;

	return is_there ? &delivery->lines[guess] : line_of(delivery, record_no);
}

/* The line's datum behind its group, as feedback_build writes it, and its rules. */
static int keep_feedback(struct verify_board *board, const struct feedback_line *line, struct verify_line *kept,
			 struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf body;
	CLEANUP(strbuf_drop) struct strbuf rules;

	strbuf_init(&body, FEEDBACK_TEXT_BYTES_MAX);
	strbuf_init(&rules, FEEDBACK_TEXT_BYTES_MAX);
	wire_put_slice(&body, line->employee_ref);
	wire_put_slice(&body, line->appointment_key);
	size_t echo_bytes = body.n;

	wire_put_long(&body, (int64_t)line->target);
	if (line->finding_count > 0)
		wire_put_long(&body, (int64_t)line->finding_count);
	for (size_t i = 0; i < line->finding_count; i++) {
		const struct finding *finding = &line->findings[i];
		uint16_t rule = (uint16_t)finding->rule;
		size_t values = FINDING_VALUES;

		while (values > 0 && finding->values[values - 1] == 0)
			values--;
		wire_put_long(&body, finding->rule);
		wire_put_long(&body, finding->field);
		wire_put_longs(&body, finding->values, values);
		strbuf_add_bytes(&rules, &rule, sizeof rule);
	}
	wire_put_long(&body, 0);
	if (!strbuf_ok(&body) || !strbuf_ok(&rules))
		return no_memory(err);
	int rc = verify_board_text(board, strbuf_slice(&body), &kept->feedback_body, err);

	if (rc == 0) /* two empty texts, and what stands behind the two that he has */
		rc = verify_board_text(board, slice_from(strbuf_slice(&body), echo_bytes - 2), &kept->blank_body, err);
	if (rc == 0)
		memset((char *)(uintptr_t)kept->blank_body.p, 0, 2);
	return rc == 0 ? verify_board_text(board, strbuf_slice(&rules), &kept->rules, err) : rc;
}

/* The feedback of the lines whose group was decided, as the validator makes it. outcomes: by group; none: not it. */
static int set_feedback(struct verify_board *board, const struct verify_delivery *delivery, const struct judged *judged,
			size_t line_count, const uint8_t *outcomes, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct feedback_reader *reader = calloc(1, sizeof *reader);
	uint8_t *any = calloc(judged->group_count, 1);
	struct feedback_line line;
	bool is_end = false;

	strbuf_init(&bytes, FEEDBACK_BYTES_MAX);
	feedback_build(&bytes, judged, line_count);
	int rc = reader && any && strbuf_ok(&bytes) ? 0 : no_memory(err);

	if (rc == 0) {
		memset(any, OUTCOME_ONGEWIJZIGD, judged->group_count);
		feedback_reader_init(reader, strbuf_slice(&bytes), any, judged->group_count);
	}
	for (size_t i = 0; rc == 0 && i < line_count; i++) {
		rc = feedback_reader_next(reader, &line, &is_end, err);
		if (rc != 0 || is_end || outcomes[judged->lines[i].group] == OUTCOME_NONE)
			continue;
		struct verify_line *kept = line_near(delivery, i, line.record_no);

		if (!kept)
			continue;
		kept->has_feedback = true;
		verify_feedback_digest(&line, kept->feedback);
		if (board->keeps_feedback)
			rc = keep_feedback(board, &line, kept, err);
		line.employee_ref = line.appointment_key = (struct slice){ 0 };
		verify_feedback_digest(&line, kept->blank_feedback);
	}
	free(reader);
	free(any);
	return rc;
}

static void give_up_lines(struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		delivery->lines[i] = (struct verify_line){ .record_number = (int32_t)i + FIRST_RECORD,
							   .outcome = OUTCOME_QUARANTAINE };
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* standing: the group's place among those of the ledger. */
static bool is_refused(const struct verify_known *known, size_t standing, const struct judged *judged,
		       size_t line_count, size_t g)
{
	if (known->standing && standing < known->standing_count && known->standing[standing] == OUTCOME_QUARANTAINE)
		return true;
	for (size_t i = 0; known->replayed_count > 0 && i < line_count; i++)
		if (judged->lines[i].group == g &&
		    bsearch(&judged->lines[i].record_no, known->replayed, known->replayed_count,
			    sizeof *known->replayed, compare_numbers))
			return true;
	return false;
}

/* Outcomes of the groups, in their order, which is that of the ledger. */
static int decide_groups(struct verify_board *board, const struct verify_delivery *delivery,
			 const struct wire_header *header, const struct judged *judged,
			 const struct verify_known *known, uint8_t *outcomes, struct err *err)
{
	for (size_t g = 0; g < judged->group_count; g++) {
		const struct judged_group *group = &judged->groups[g];

		outcomes[g] = OUTCOME_AFGEKEURD;
		if (!group->is_valid)
			continue;
		struct verify_teacher *teacher = teacher_of(board, group->key);

		if (!teacher)
			return no_memory(err);
		bool is_out = is_refused(known, g, judged, delivery->line_count, g);

		board->refused += is_out;
		outcomes[g] = OUTCOME_QUARANTAINE;
		int rc = is_out ? 0 : decide(board, teacher, delivery->position, header, group, &outcomes[g], err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int deliver_lines(struct verify_board *board, struct verify_delivery *delivery, const struct wire_header *header,
			 const struct judged *judged, const struct verify_known *known, struct err *err)
{
	uint8_t *outcomes = calloc(MAX(judged->group_count, (size_t)1), 1);
	int rc = outcomes ? decide_groups(board, delivery, header, judged, known, outcomes, err) : no_memory(err);

	for (size_t i = 0; rc == 0 && i < delivery->line_count; i++)
		set_line(board, &delivery->lines[i], judged, i, outcomes[judged->lines[i].group]);
	if (rc == 0)
		rc = set_feedback(board, delivery, judged, delivery->line_count, outcomes, err);
	free(outcomes);
	return rc;
}

int verify_deliver(struct verify_board *board, int64_t position, const struct wire_header *header,
		   const struct judged *judged, verify_ask *ask, void *self, struct err *err)
{
	struct verify_known known = { 0 };

	if (find_delivery(board, header))
		return 0;
	int rc = judged ? ask(self, position, position, &known, err) : 0;

	if (rc != 0)
		return rc;
	if (known.quarantined == 0)
		known = (struct verify_known){ 0 };
	struct verify_delivery *delivery = add_delivery(board, position, header);
	struct verify_board before = *board;

	if (!delivery)
		return no_memory(err);
	if (header->dry_run) { /* as if it were real, and then as it was */
		struct verify_teacher *copy = calloc(MAX(before.teacher_capacity, (size_t)1), sizeof *copy);

		if (!copy)
			return no_memory(err);
		if (before.teacher_count > 0)
			memcpy(copy, before.teachers, before.teacher_count * sizeof *copy);
		board->teachers = copy;
		board->is_dry_run = true;
	}
	if (judged && known.standing_count != judged->group_count)
		known.standing = NULL; /* they differ: the comparison finds it */
	if (judged)
		rc = deliver_lines(board, delivery, header, judged, &known, err);
	else
		give_up_lines(delivery);
	if (rc == 0 && header->kind == DELIVERY_VOLLEDIG)
		rc = end_full(board, delivery, err);
	board->is_dry_run = false;
	if (header->dry_run) {
		free(board->teachers);
		board->teachers = before.teachers;
		board->teacher_count = before.teacher_count;
		board->teacher_capacity = before.teacher_capacity;
		board->refused = before.refused;
		return rc;
	}
	board->sequence_max = MAX(board->sequence_max, header->sequence);
	return rc == 0 ? verify_board_contact(board, position, header, err) : rc;
}

/* ---- replays ---- */

static struct verify_line *line_of(const struct verify_delivery *delivery, uint32_t record_no)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (delivery->lines[i].record_number == (int32_t)record_no)
			return &delivery->lines[i];
	return NULL;
}

static bool is_failed(const struct verify_line *line)
{
	enum outcome counted = outcome_counted_as((enum outcome)line->outcome);

	return counted == OUTCOME_AFGEKEURD || counted == OUTCOME_QUARANTAINE;
}

/* The group brings every line that stands for its teacher, all of them failed, and none of another's. */
static bool may_decide(const struct verify_delivery *delivery, const struct judged *judged, size_t line_count, size_t g)
{
	const struct judged_group *group = &judged->groups[g];
	size_t held = 0, brought = 0;

	for (size_t i = 0; i < line_count; i++) {
		if (judged->lines[i].group != g)
			continue;
		const struct verify_line *line = line_of(delivery, judged->lines[i].record_no);
		bool is_same = line && line->is_readable && group->is_readable &&
			       memcmp(line->key, group->key, TEACHER_KEY_BYTES) == 0;

		if (!line || !is_failed(line) || (line->is_readable && !is_same))
			return false;
		brought += is_same;
	}
	for (size_t i = 0; i < delivery->line_count && group->is_readable; i++)
		held += delivery->lines[i].is_readable &&
			memcmp(delivery->lines[i].key, group->key, TEACHER_KEY_BYTES) == 0;
	return held == brought;
}

/* A body that was given up: none of its teachers is known. */
static bool is_given_up(const struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (delivery->lines[i].is_readable || delivery->lines[i].outcome != OUTCOME_QUARANTAINE)
			return false;
	return true;
}

/* Lines in quarantaine that the replay does not decide. */
static int64_t quarantined_apart(const struct verify_delivery *delivery, const struct judged *judged, size_t line_count)
{
	int64_t count = 0;

	for (size_t i = 0; i < delivery->line_count; i++)
		count += outcome_counted_as((enum outcome)delivery->lines[i].outcome) == OUTCOME_QUARANTAINE;
	for (size_t i = 0; i < line_count; i++) {
		const struct verify_line *line = line_of(delivery, judged->lines[i].record_no);

		if (line && outcome_counted_as((enum outcome)line->outcome) == OUTCOME_QUARANTAINE &&
		    may_decide(delivery, judged, line_count, judged->lines[i].group))
			count--;
	}
	return count;
}

/* The keys of a delivery's teachers, rising: the order of the ledger's groups. */
struct key_order {
	uint8_t (*keys)[TEACHER_KEY_BYTES];
	size_t count;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, TEACHER_KEY_BYTES);
}

static bool order_keys(const struct verify_delivery *delivery, struct key_order *ret)
{
	size_t kept = 0;

	*ret = (struct key_order){ .keys = calloc(delivery->line_count, sizeof *ret->keys) };
	for (size_t i = 0; ret->keys && i < delivery->line_count; i++)
		if (delivery->lines[i].is_readable)
			memcpy(ret->keys[ret->count++], delivery->lines[i].key, TEACHER_KEY_BYTES);
	if (ret->keys && ret->count > 0)
		qsort(ret->keys, ret->count, sizeof *ret->keys, compare_keys);
	for (size_t i = 0; i < ret->count; i++)
		if (kept == 0 || compare_keys(ret->keys[kept - 1], ret->keys[i]) != 0)
			memmove(ret->keys[kept++], ret->keys[i], TEACHER_KEY_BYTES);
	ret->count = kept;
	return ret->keys != NULL;
}

/* The group's place among those of the ledger. A body that was given up has no keys of its own: its replay brings all
 * groups. */
static size_t standing_of(const struct key_order *order, const struct judged *judged, size_t g)
{
	uint8_t(*keys)[TEACHER_KEY_BYTES] = order->keys, (*found)[TEACHER_KEY_BYTES];

	if (order->count == 0)
		return g;
	found = bsearch(judged->groups[g].key, keys, order->count, sizeof *keys, compare_keys);
	return found ? (size_t)(found - keys) : SIZE_MAX;
}

/* Of one group of a replay; OUTCOME_NONE: it is not the replay's to decide. */
static int replay_group(struct verify_board *board, const struct verify_delivery *delivery, int64_t position,
			const struct wire_header *header, const struct judged *judged, size_t g,
			const struct verify_known *known, const struct key_order *order, uint8_t *ret, struct err *err)
{
	size_t line_count = (size_t)header->line_count;
	const struct judged_group *group = &judged->groups[g];

	if (!may_decide(delivery, judged, line_count, g))
		return 0;
	*ret = OUTCOME_AFGEKEURD;
	if (!group->is_valid)
		return 0;
	struct verify_teacher *teacher = teacher_of(board, group->key);

	if (!teacher)
		return no_memory(err);
	bool is_out = is_refused(known, standing_of(order, judged, g), judged, line_count, g);

	board->refused += is_out;
	*ret = OUTCOME_QUARANTAINE;
	return is_out ? 0 : decide(board, teacher, position, header, group, ret, err);
}

static int replay_groups(struct verify_board *board, struct verify_delivery *delivery, int64_t position,
			 const struct wire_header *header, const struct judged *judged,
			 const struct verify_known *known, int64_t *ret_lines, struct err *err)
{
	uint8_t *outcomes = calloc(judged->group_count, 1);
	struct key_order order;
	int rc = order_keys(delivery, &order) && outcomes ? 0 : no_memory(err);

	for (size_t g = 0; rc == 0 && g < judged->group_count; g++)
		rc = replay_group(board, delivery, position, header, judged, g, known, &order, &outcomes[g], err);
	for (size_t i = 0; rc == 0 && i < (size_t)header->line_count; i++) {
		uint8_t outcome = outcomes[judged->lines[i].group];

		if (outcome == OUTCOME_NONE)
			continue;
		set_line(board, line_of(delivery, judged->lines[i].record_no), judged, i, outcome);
		++*ret_lines;
	}
	if (rc == 0)
		rc = set_feedback(board, delivery, judged, (size_t)header->line_count, outcomes, err);
	free(outcomes);
	free(order.keys);
	return rc;
}

/* The row that each attempt leaves, also when it decided nothing. */
static int add_change(struct verify_board *board, const struct verify_delivery *delivery, int64_t position,
		      const struct wire_replay *replay, struct verify_change *change, struct err *err)
{
	const struct wire_header *header = &replay->delivery.header;

	change->position = delivery->position;
	change->replay_position = position;
	change->attempt = replay->delivery.attempt;
	memcpy(change->job, replay->job_id, sizeof change->job);
	memcpy(change->reference_version, header->reference_version, sizeof change->reference_version);
	verify_delivery_count(delivery, change->after);
	return verify_board_change(board, change, err);
}

int verify_replay(struct verify_board *board, int64_t position, const struct wire_replay *replay,
		  const struct judged *judged, verify_ask *ask, void *self, struct err *err)
{
	struct wire_header bounded = replay->delivery.header;
	const struct wire_header *header = &bounded;
	int32_t attempt = replay->delivery.attempt;
	struct verify_delivery *delivery = find_delivery(board, header);
	struct verify_known known = { 0 };
	struct verify_change change = { 0 };

	if (!delivery || delivery->is_dry_run || attempt <= 0 || attempt >= ATTEMPTS ||
	    delivery->attempts >> attempt & 1)
		return 0;
	bounded.sequence = MIN(header->sequence, board->sequence_max); /* specification 7.6 */
	delivery->attempts |= UINT64_C(1) << attempt;
	verify_delivery_count(delivery, change.before);
	if (is_given_up(delivery) && (size_t)header->line_count != delivery->line_count)
		return add_change(board, delivery, position, replay, &change, err);
	int rc = ask(self, delivery->position, position, &known, err);

	if (rc == 0 && known.quarantined == quarantined_apart(delivery, judged, (size_t)header->line_count))
		known = (struct verify_known){ 0 };
	if (rc == 0)
		rc = replay_groups(board, delivery, position, header, judged, &known, &change.lines, err);
	return rc == 0 ? add_change(board, delivery, position, replay, &change, err) : rc;
}

/* SHA-256 of the file of specification 8.6: rows are made by the one renderer there is, from states derived here. */
static int absent_sha256(const struct verify_board *board, const struct verify_delivery *delivery, uint8_t ret[32],
			 struct err *err)
{
	struct stand_teacher *absent = calloc(MAX(board->teacher_count, (size_t)1), sizeof *absent);
	CLEANUP(strbuf_drop) struct strbuf file;
	size_t count = 0;
	int rc = absent ? 0 : no_memory(err);

	strbuf_init(&file, ABSENT_BYTES_MAX);
	stand_add_header(&file, true);
	for (size_t i = 0; rc == 0 && i < board->teacher_count; i++) {
		const struct verify_teacher *teacher = &board->teachers[i];

		if (!is_absent(board, delivery, teacher))
			continue;
		absent[count] = (struct stand_teacher){ .sequence = teacher->state.sequence,
							.status = teacher->state.status,
							.lapsed_on = teacher->lapsed_on,
							.content = teacher->content,
							.targets = teacher->targets };
		stand_set_bsn(&absent[count++], (int32_t)teacher->bsn);
	}
	if (rc == 0)
		stand_sort(absent, count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = stand_add_teacher(&file, board->number, true, &absent[i], err);
	if (rc == 0)
		rc = strbuf_check(&file, "who would lapse", err);
	if (rc == 0)
		sha256_of(strbuf_slice(&file), ret);
	free(absent);
	return rc;
}

static int confirm_waiting(struct verify_board *board, struct verify_delivery *delivery,
			   const struct wire_confirm *confirm, struct verify_confirmation *made, struct err *err)
{
	uint8_t sha256[32];
	int rc = confirm->condition.n > 0 ? absent_sha256(board, delivery, sha256, err) : 0;

	if (rc != 0)
		return rc;
	if (confirm->condition.n > 0 && !condition_holds(confirm->condition, sha256)) {
		made->has_other_absent = true;
		return 0;
	}
	delivery->is_waiting = false;
	rc = lapse(board, delivery, made->position, &delivery->lapsed, err);
	delivery->notices |= delivery->lapsed > 0 ? NOTICE_R06 : 0;
	made->is_executed = true;
	made->lapsed = delivery->lapsed;
	return rc;
}

int verify_confirm(struct verify_board *board, int64_t position, const struct wire_confirm *confirm, struct err *err)
{
	struct verify_confirmation made = { .position = position };
	int rc = 0;

	memcpy(made.request_id, confirm->request_id, sizeof made.request_id);
	snprintf(made.delivery_id, sizeof made.delivery_id, "%.*s", (int)confirm->delivery_id.n,
		 confirm->delivery_id.p);
	for (size_t i = 0; i < board->delivery_count; i++) {
		struct verify_delivery *delivery = &board->deliveries[i];

		if (!delivery->is_waiting || !slice_equal_text(confirm->delivery_id, delivery->id))
			continue;
		rc = confirm_waiting(board, delivery, confirm, &made, err);
		break; /* the first that waits */
	}
	return rc == 0 ? verify_board_confirmation(board, &made, err) : rc;
}

/* specification 7.6 */
int verify_set_back(struct verify_board *board, int64_t position, const struct wire_set_back *wanted, struct err *err)
{
	int64_t sequence = wanted->sequence;
	struct verify_set_back made = { .position = position,
					.sequence = sequence,
					.sequence_before = board->sequence_max,
					.is_executed = sequence < board->sequence_max };

	memcpy(made.request_id, wanted->request_id, sizeof made.request_id);
	for (size_t i = 0; made.is_executed && i < board->delivery_count; i++) {
		struct verify_delivery *delivery = &board->deliveries[i];

		if (!delivery->is_waiting || delivery->sequence <= sequence)
			continue;
		delivery->is_waiting = false;
		delivery->notices |= NOTICE_K10;
		made.cancelled++;
	}
	for (size_t i = 0; made.is_executed && i < board->teacher_count; i++) {
		struct verify_teacher *teacher = &board->teachers[i];

		made.states += teacher->state.sequence > sequence;
		teacher->state.sequence = MIN(teacher->state.sequence, sequence);
		teacher->set_sequence = MIN(teacher->set_sequence, sequence);
	}
	if (made.is_executed) {
		board->sequence_top = MAX(board->sequence_top, board->sequence_max);
		board->sequence_max = sequence;
		board->sequence_full = MIN(board->sequence_full, sequence);
	}
	return verify_board_set_back(board, &made, err);
}
