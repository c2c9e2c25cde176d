/* Random logs, judged by the writer in batches of every size, against specification 6 and 7 folded message by message.
 *
 * The verdicts are those a sound validator makes (design 4, its table is small enough to stand here once more), with
 * rejections, quarantine, dry runs, repeats, late deliveries, confirmations, Forgets, and teachers or whole messages
 * that the register refuses. Checked: every outcome, ledger row and teacher is that of the specification, and rows and
 * history are the same wherever the batches end. The seed is in the message. */
#include "write_log.h"

#include "write/spot_check.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

enum { SPLITS = 4 };

/* The specification. */

struct spec_delivery {
	int board;
	const struct message *message;
	enum delivery_state state;
	uint32_t notices;
	int64_t lines[OUTCOMES + 1];
	int64_t absent, active, lapsed;
	uint8_t outcomes[FAKE_TEACHERS + 8];
};

struct spec_board {
	struct fake_row rows[FAKE_TEACHERS];
	int64_t sequence_max, sequence_full;
	bool is_disowned[FAKE_TEACHERS];
};

struct spec {
	struct spec_board boards[FAKE_BOARDS];
	struct spec_delivery deliveries[LOG_MESSAGES_MAX];
	size_t delivery_count;
};

static bool names(const struct message *message, int teacher)
{
	size_t at;

	return keys_find(message->verdict.keys, fake_key(teacher), &at);
}

static bool is_absent(const struct spec_board *board, const struct message *message, int t)
{
	const struct fake_row *row = &board->rows[t];

	return board->sequence_full <= message->verdict.header.sequence && row->status == STATUS_ACTIEF &&
	       row->sequence < message->verdict.header.sequence && !names(message, t);
}

static int64_t lapse(struct spec_board *board, const struct message *message)
{
	int64_t count = 0;

	for (int t = 0; t < FAKE_TEACHERS; t++)
		if (is_absent(board, message, t)) {
			board->rows[t].status = STATUS_VERVALLEN;
			board->rows[t].sequence = message->verdict.header.sequence;
			board->rows[t].lapsed_on = message->verdict.header.extraction_date;
			count++;
		}
	return count;
}

/* specification 6, from its table. */
static enum outcome decide(struct fake_row *row, int64_t s, bool is_withdrawal, int content)
{
	if (row->status == STATUS_NONE && is_withdrawal)
		return OUTCOME_AFGEKEURD_R01;
	if (row->status != STATUS_NONE && s < row->sequence)
		return OUTCOME_VEROUDERD;
	if (is_withdrawal) {
		if (s == row->sequence)
			return row->status == STATUS_INGETROKKEN ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD_R08;
		if (row->status != STATUS_ACTIEF)
			return OUTCOME_AFGEKEURD_R01;
		*row = (struct fake_row){ .status = STATUS_INGETROKKEN, .sequence = s };
		return OUTCOME_INGETROKKEN;
	}
	bool is_active = row->status == STATUS_ACTIEF, is_equal = is_active && row->content == content;

	if (row->status != STATUS_NONE && s == row->sequence)
		return is_equal ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD_R08;
	*row = (struct fake_row){ .status = STATUS_ACTIEF, .sequence = s, .content = content };
	return is_equal ? OUTCOME_ONGEWIJZIGD : is_active ? OUTCOME_GEWIJZIGD : OUTCOME_NIEUW;
}

static enum outcome decide_group(struct spec_board *board, struct fake_row *rows, const struct message *message,
				 size_t g, int t, int content)
{
	const struct wire_header *header = &message->verdict.header;
	bool is_refused = message->refusal.is_whole ||
			  (message->refusal.groups && bit_is_set(message->refusal.groups, g));

	switch ((enum verdict_class)message->verdict.classes.p[g]) {
	case VERDICT_REJECTED:
		return OUTCOME_AFGEKEURD;
	case VERDICT_QUARANTINE:
		return OUTCOME_QUARANTAINE;
	case VERDICT_UNCHANGED:
		if (is_refused || board->is_disowned[t])
			break;
		cr_assert(rows[t].status == STATUS_ACTIEF && rows[t].content == content &&
				  rows[t].sequence < header->sequence,
			  "the test made an UNCHANGED that is not true");
		rows[t].sequence = header->sequence;
		return OUTCOME_ONGEWIJZIGD;
	default:
		if (is_refused)
			break;
		int64_t before = rows[t].status == STATUS_NONE ? 0 : rows[t].sequence;
		enum outcome outcome = decide(&rows[t], header->sequence, header->kind == DELIVERY_INTREKKING, content);

		if (!header->dry_run && rows[t].status != STATUS_NONE && rows[t].sequence > before)
			board->is_disowned[t] = false;
		return outcome;
	}
	if (!header->dry_run && is_refused)
		board->is_disowned[t] = true;
	return OUTCOME_QUARANTAINE;
}

static int teacher_at(const struct message *message, size_t g)
{
	for (int t = 0; t < FAKE_TEACHERS; t++)
		if (g < keys_count(message->verdict.keys) &&
		    memcmp(keys_at(message->verdict.keys, g), fake_key(t), TEACHER_KEY_BYTES) == 0)
			return t;
	return -1;
}

static void specify_lines(struct spec_board *board, struct fake_row *rows, struct spec_delivery *delivery)
{
	const struct wire_verdict *verdict = &delivery->message->verdict;
	size_t hash = 0;

	if (verdict->body_unreadable) {
		delivery->outcomes[0] = OUTCOME_QUARANTAINE;
		delivery->lines[OUTCOME_QUARANTAINE] = verdict->header.line_count;
		return;
	}
	for (size_t g = 0; g < verdict->classes.n; g++) {
		bool has_hash = verdict->classes.p[g] == VERDICT_CANDIDATE ||
				verdict->classes.p[g] == VERDICT_UNCHANGED;
		int content = has_hash ? verdict->hashes.p[CONTENT_HASH_BYTES * hash++] : 0;
		enum outcome outcome =
			decide_group(board, rows, delivery->message, g, teacher_at(delivery->message, g), content);

		delivery->outcomes[g] = (uint8_t)outcome;
		delivery->lines[outcome_counted_as(outcome)] += verdict->group_lines.items[g];
	}
}

/* A line in quarantaine that is nobody's (specification 7.1). */
static bool hides_teacher(const struct wire_verdict *verdict)
{
	for (size_t g = keys_count(verdict->keys); g < verdict->classes.n; g++)
		if (verdict->classes.p[g] == VERDICT_QUARANTINE)
			return true;
	return verdict->body_unreadable;
}

static void specify_end(struct spec *spec, struct spec_board *board, const struct fake_row *rows,
			struct spec_delivery *delivery)
{
	const struct message *message = delivery->message;
	const struct wire_verdict *verdict = &message->verdict;
	struct spec_board after = *board;

	memcpy(after.rows, rows, sizeof after.rows);
	bool is_left_out = hides_teacher(verdict);

	for (int t = 0; t < FAKE_TEACHERS && !is_left_out; t++) {
		delivery->active += after.rows[t].status == STATUS_ACTIEF;
		delivery->absent += is_absent(&after, message, t);
	}
	int64_t n = delivery->absent, m = delivery->active;
	bool waits = n > 0 && (verdict->unreadable_lines > 0 || n * 2 > m || (n > 5 && n * 10 > m));

	delivery->notices |= waits ? NOTICE_K06 : n > 0 ? NOTICE_R06 : 0;
	delivery->lapsed = waits ? 0 : n;
	if (verdict->header.dry_run)
		return;
	if (waits)
		delivery->state = DELIVERY_WACHT;
	else if (!is_left_out)
		lapse(board, message);
	for (size_t i = 0; i < spec->delivery_count; i++) {
		struct spec_delivery *other = &spec->deliveries[i];

		if (other->board == delivery->board && other->state == DELIVERY_WACHT &&
		    other->message->verdict.header.sequence < verdict->header.sequence) {
			other->state = DELIVERY_VERWERKT;
			other->notices |= NOTICE_K10;
		}
	}
	board->sequence_full = MAX(board->sequence_full, verdict->header.sequence);
}

static struct spec_delivery *find_delivery(struct spec *spec, const struct message *message, bool must_wait)
{
	for (size_t i = 0; i < spec->delivery_count; i++)
		if (spec->deliveries[i].board == message->verdict.header.board &&
		    slice_equal(spec->deliveries[i].message->verdict.header.delivery_id,
				message->verdict.header.delivery_id) &&
		    (!must_wait || spec->deliveries[i].state == DELIVERY_WACHT))
			return &spec->deliveries[i];
	return NULL;
}

static void specify(struct spec *spec, const struct message *message)
{
	const struct wire_header *header = &message->verdict.header;
	struct spec_board *board = &spec->boards[header->board];
	struct fake_row rows[FAKE_TEACHERS];

	if (message->verdict.kind == VERDICT_KIND_CONFIRM) {
		struct spec_delivery *waiting = find_delivery(spec, message, true);

		if (!waiting)
			return;
		waiting->state = DELIVERY_VERWERKT;
		waiting->lapsed = lapse(board, waiting->message);
		waiting->notices |= waiting->lapsed > 0 ? NOTICE_R06 : 0;
		return;
	}
	if (message->verdict.kind != VERDICT_KIND_DELIVERY || find_delivery(spec, message, false))
		return;
	struct spec_delivery *delivery = &spec->deliveries[spec->delivery_count];

	*delivery = (struct spec_delivery){ .board = header->board, .message = message, .state = DELIVERY_VERWERKT };
	delivery->notices = header->sequence <= board->sequence_max ? NOTICE_K04 : 0;
	memcpy(rows, board->rows, sizeof rows);
	specify_lines(board, rows, delivery);
	if (!header->dry_run)
		memcpy(board->rows, rows, sizeof rows);
	if (header->kind == DELIVERY_VOLLEDIG)
		specify_end(spec, board, rows, delivery);
	if (!header->dry_run)
		board->sequence_max = MAX(board->sequence_max, header->sequence);
	spec->delivery_count++;
}

/* The check. */

static void check_delivery(const struct fake_delivery *got, const struct spec_delivery *want, uint64_t seed)
{
	cr_assert_eq(got->position, want->message->position, "seed=%" PRIu64, seed);
	for (size_t g = 0; g < got->group_count; g++)
		cr_assert_eq(got->outcomes[g], want->outcomes[g],
			     "seed=%" PRIu64 " position=%" PRId64 " group=%zu: %d, not %d", seed, got->position, g,
			     got->outcomes[g], want->outcomes[g]);
	cr_assert_eq(got->state, want->state, "seed=%" PRIu64 " position=%" PRId64, seed, got->position);
	cr_assert_eq(got->notices, want->notices, "seed=%" PRIu64 " position=%" PRId64 ": notices %u, not %u", seed,
		     got->position, got->notices, want->notices);
	cr_assert_eq(memcmp(got->lines, want->lines, sizeof got->lines), 0, "seed=%" PRIu64, seed);
	cr_assert(got->absent == want->absent && got->active == want->active && got->lapsed == want->lapsed,
		  "seed=%" PRIu64 " position=%" PRId64 ": n %" PRId64 " m %" PRId64 " lapsed %" PRId64 ", not %" PRId64
		  " %" PRId64 " %" PRId64,
		  seed, got->position, got->absent, got->active, got->lapsed, want->absent, want->active, want->lapsed);
}

static void check_board(const struct fake_register *got, const struct spec_board *want, int b, uint64_t seed)
{
	const struct fake_board *board = &got->boards[b];
	int64_t teachers = 0, active = 0, disowned = 0;

	for (int t = 0; t < FAKE_TEACHERS; t++) {
		const struct fake_row *row = &board->teachers[t], *spec = &want->rows[t];

		teachers += row->status != STATUS_NONE;
		active += row->status == STATUS_ACTIEF;
		disowned += board->is_disowned[t];
		cr_assert(row->status == spec->status && row->content == spec->content &&
				  row->lapsed_on == spec->lapsed_on,
			  "seed=%" PRIu64 " board=%d teacher=%d: status %d content %d, not %d %d", seed, b, t,
			  row->status, row->content, spec->status, spec->content);
		cr_assert_eq(board->is_disowned[t], want->is_disowned[t], "seed=%" PRIu64 " board=%d teacher=%d", seed,
			     b, t);
		cr_assert(row->status == STATUS_NONE || fake_sequence(got, b, t) == spec->sequence,
			  "seed=%" PRIu64 " board=%d teacher=%d: sequence %" PRId64 ", not %" PRId64, seed, b, t,
			  fake_sequence(got, b, t), spec->sequence);
	}
	cr_assert(board->row.sequence_max == want->sequence_max && board->row.sequence_full == want->sequence_full);
	cr_assert(board->row.teachers == teachers && board->row.active == active && board->row.disowned == disowned,
		  "seed=%" PRIu64 " board=%d: counts of the board's row", seed, b);
}

static int compare_history(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fake_history));
}

/* Rows as they are stored, not only as they are read, do not depend on where batches end. */
static void check_same_rows(struct fake_register *a, struct fake_register *b, uint64_t seed)
{
	qsort(a->history, a->history_count, sizeof *a->history, compare_history);
	qsort(b->history, b->history_count, sizeof *b->history, compare_history);
	cr_assert(a->history_count == b->history_count &&
			  memcmp(a->history, b->history, a->history_count * sizeof *a->history) == 0,
		  "seed=%" PRIu64 ": history differs", seed);
	for (int i = 0; i < FAKE_BOARDS; i++) {
		cr_assert_eq(memcmp(a->boards[i].teachers, b->boards[i].teachers, sizeof a->boards[i].teachers), 0,
			     "seed=%" PRIu64 " board=%d: rows differ", seed, i);
		cr_assert_eq(a->boards[i].row.pending_sequence, b->boards[i].row.pending_sequence, "seed=%" PRIu64,
			     seed);
	}
}

static void run_split(struct fake_register *fake, struct log *log, int split)
{
	for (size_t at = 0; at < log->count;) {
		size_t count = split == 0 ? 1 : split == 1 ? log->count : (size_t)log_random(1, 8);

		count = MIN(count, log->count - at);
		fake_run(fake, log->messages + at, count);
		at += count;
	}
}

static void check_log(uint64_t seed)
{
	static struct log log;
	static struct spec spec;
	struct fake_register fakes[SPLITS];

	memset(&spec, 0, sizeof spec);
	log_make(&log, seed);
	for (size_t i = 0; i < log.count; i++)
		specify(&spec, log.messages[i]);
	for (int split = 0; split < SPLITS; split++) {
		fake_register_init(&fakes[split]);
		run_split(&fakes[split], &log, split);
		cr_assert_eq(fakes[split].delivery_count, spec.delivery_count, "seed=%" PRIu64, seed);
		for (size_t i = 0; i < spec.delivery_count; i++)
			check_delivery(&fakes[split].deliveries[i], &spec.deliveries[i], seed);
		for (int b = 0; b < FAKE_BOARDS; b++)
			check_board(&fakes[split], &spec.boards[b], b, seed);
	}
	for (int split = 1; split < SPLITS; split++)
		check_same_rows(&fakes[0], &fakes[split], seed);
	for (int split = 0; split < SPLITS; split++)
		fake_register_release(&fakes[split]);
}

Test(write_rounds, outcomes_and_rows_are_those_of_the_specification_wherever_batches_end)
{
	const char *only = getenv("INSTROOM_TEST_SEED");

	if (only) {
		check_log(strtoull(only, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		fake_check_share = seed % 3 == 0 ? SPOT_CHECK_WHOLE : seed % 3 == 1 ? SPOT_CHECK_WHOLE / 4 : 0;
		check_log(seed);
	}
}
