/* The specification: specification 6 and 7 and the repeats of 2.1, message by message in the order of the log, on the
 * verdicts that count. It knows no cache, no list, no batch. It hears whom the register refused. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

struct spec {
	struct teacher_state rows[BOARDS][TEACHERS];
	int16_t max[BOARDS], full[BOARDS];
	struct ledger ledgers[DELIVERIES_MAX];
	struct result results[PARTITIONS][RAWS_MAX];
};
static struct spec spec;

static unsigned absent_of(const struct spec *s, int board, int sequence, unsigned named)
{
	unsigned absent = 0;

	if (s->full[board] > sequence)
		return 0;
	for (int t = 0; t < TEACHERS; t++)
		if (s->rows[board][t].status == STATUS_ACTIEF && s->rows[board][t].sequence < sequence &&
		    !has_bit(named, t))
			absent |= bit(t);
	return absent;
}

static int active_of(const struct spec *s, int board)
{
	int active = 0;

	for (int t = 0; t < TEACHERS; t++)
		active += s->rows[board][t].status == STATUS_ACTIEF;
	return active;
}

static int lapse(struct spec *s, int board, unsigned absent, int sequence)
{
	for (int t = 0; t < TEACHERS; t++)
		if (has_bit(absent, t)) {
			s->rows[board][t].status = STATUS_VERVALLEN;
			s->rows[board][t].sequence = (int16_t)sequence;
		}
	return count_bits(absent);
}

static void fold_confirm(struct spec *s, const struct raw *raw, struct result *result)
{
	struct ledger *ledger = &s->ledgers[raw->delivery];
	int sequence = world.deliveries[raw->delivery].sequence;

	if (!ledger->waits)
		return;
	ledger->waits = false;
	ledger->lapsed = (uint8_t)lapse(s, raw->board, absent_of(s, raw->board, sequence, ledger->named), sequence);
	result->is_confirmed = true;
	result->confirmed_lapsed = ledger->lapsed;
}

/* specification 7.6 */
static void fold_set_back(struct spec *s, const struct raw *raw, struct result *result)
{
	int16_t sequence = (int16_t)raw->sequence;

	if (sequence >= s->max[raw->board])
		return;
	result->is_set_back = true;
	for (int d = 0; d < world.delivery_count; d++)
		if (s->ledgers[d].waits && world.deliveries[d].board == raw->board &&
		    world.deliveries[d].sequence > sequence) {
			s->ledgers[d].waits = false;
			s->ledgers[d].was_cancelled = true;
		}
	for (int t = 0; t < TEACHERS; t++)
		if (s->rows[raw->board][t].sequence > sequence)
			s->rows[raw->board][t].sequence = sequence;
	s->max[raw->board] = sequence;
	if (s->full[raw->board] > sequence)
		s->full[raw->board] = sequence;
}

/* A Replay from before a set-back counts with the highest there is. */
static int sequence_of(const struct spec *s, const struct raw *raw)
{
	int sequence = world.deliveries[raw->delivery].sequence;

	return raw->kind == RAW_REPLAY && sequence > s->max[raw->board] ? s->max[raw->board] : sequence;
}

static void fold_groups(struct spec *s, const struct raw *raw, const struct verdict *verdict, unsigned refused,
			struct result *result)
{
	const struct delivery *delivery = &world.deliveries[raw->delivery];
	struct ledger *ledger = &s->ledgers[raw->delivery];

	for (int t = 0; t < TEACHERS; t++) {
		enum outcome outcome = OUTCOME_QUARANTAINE;
		uint8_t class = verdict->classes[t], standing = ledger->outcomes[t];
		int content = delivery->kind == DELIVERY_INTREKKING ? 0 : verdict->content[t];

		if (!has_bit(raw_teachers(raw), t) ||
		    (raw->kind == RAW_REPLAY && standing != OUTCOME_AFGEKEURD && standing != OUTCOME_QUARANTAINE))
			continue;
		if (!verdict->body_unreadable)
			ledger->named |= (uint8_t)bit(t);
		if (class == VERDICT_REJECTED)
			outcome = OUTCOME_AFGEKEURD;
		else if (!verdict->body_unreadable && class != VERDICT_QUARANTINE && !has_bit(refused, t))
			outcome = outcome_decide(&s->rows[raw->board][t], sequence_of(s, raw), content);
		result->outcomes[t] = ledger->outcomes[t] = (uint8_t)outcome;
	}
}

static void cancel_older(struct spec *s, int board, int sequence)
{
	for (int d = 0; d < world.delivery_count; d++)
		if (s->ledgers[d].waits && world.deliveries[d].board == board &&
		    world.deliveries[d].sequence < sequence) {
			s->ledgers[d].waits = false;
			s->ledgers[d].was_cancelled = true;
		}
}

static void fold_ending(struct spec *s, const struct raw *raw, const struct verdict *verdict, struct result *result)
{
	const struct delivery *delivery = &world.deliveries[raw->delivery];
	struct ledger *ledger = &s->ledgers[raw->delivery];
	int sequence = delivery->sequence;

	result->is_ended = ledger->is_ended = true;
	result->is_late = sequence <= s->max[raw->board];
	if (delivery->kind == DELIVERY_VOLLEDIG) {
		bool is_left_out = verdict->body_unreadable; /* nobody can say whom it named: specification 7.1 */
		unsigned absent = is_left_out ? 0 : absent_of(s, raw->board, sequence, ledger->named);

		result->absent = (uint8_t)count_bits(absent);
		result->active = (uint8_t)(is_left_out ? 0 : active_of(s, raw->board));
		result->waits = outcome_must_wait(result->absent, result->active, delivery->has_unreadable);
		ledger->waits = result->waits;
		if (!result->waits)
			ledger->lapsed = (uint8_t)lapse(s, raw->board, absent, sequence);
		cancel_older(s, raw->board, sequence);
		if (sequence > s->full[raw->board])
			s->full[raw->board] = (int16_t)sequence;
	}
	if (sequence > s->max[raw->board])
		s->max[raw->board] = (int16_t)sequence;
}

static void fold_delivery(struct spec *s, const struct raw *raw, const struct verdict *verdict, unsigned refused,
			  struct result *result)
{
	static struct spec as_if;
	struct spec *on = s;
	bool is_dry_replay = raw->kind == RAW_REPLAY && raw->is_dry;

	if (!is_dry_replay && has_bit(s->ledgers[raw->delivery].attempts_seen, raw->attempt))
		return;
	if (!is_dry_replay)
		s->ledgers[raw->delivery].attempts_seen |= (uint16_t)bit(raw->attempt);
	if (raw->is_dry) { /* all of it as if, none of it kept */
		as_if = *s;
		on = &as_if;
	}
	fold_groups(on, raw, verdict, refused, result);
	if (raw->kind == RAW_DELIVERY)
		fold_ending(on, raw, verdict, result);
}

static void fold(struct spec *s, int partition, int at)
{
	const struct partition_log *log = &world.logs[partition];
	const struct verdict *verdict = &log->verdicts[log->counted[at]];
	struct result *result = &s->results[partition][at];

	switch (verdict->kind) {
	case VERDICT_KIND_CONFIRM:
		fold_confirm(s, &log->raws[at], result);
		break;
	case VERDICT_KIND_SET_BACK:
		fold_set_back(s, &log->raws[at], result);
		break;
	case VERDICT_KIND_DELIVERY:
	case VERDICT_KIND_REPLAY:
		fold_delivery(s, &log->raws[at], verdict, reg.refused[partition][at], result);
		break;
	default:
		break;
	}
}

/* ---- claims ---- */

static void check_messages(int partition)
{
	const struct partition_log *log = &world.logs[partition];

	for (int r = 0; r < reg.cursors[partition].position.next_raw; r++) {
		if (log->raws[r].kind == RAW_MARKER || (log->is_accepted[r] && log->counted[r] < 0))
			continue;
		if (log->counted[r] < 0) {
			violate("a message without a verdict that counts");
			return;
		}
		fold(&spec, partition, r);
		if (reg.applied[partition][r] != 1)
			violate("a message takes effect not just once");
		if (memcmp(&reg.results[partition][r], &spec.results[partition][r], sizeof spec.results[0][0]) != 0)
			violate("outcomes differ from the specification");
	}
}

static bool is_row(const struct board *board, int row, const struct teacher_state *state)
{
	const struct teacher_state *is = &board->rows[row];

	return is->status == state->status && is->content == state->content &&
	       pending_sequence_of(&board->pending, row, is->sequence) == state->sequence;
}

static void check_board(int b)
{
	static const struct teacher_state NOBODY = { 0 };
	const struct board *board = &reg.boards[b];
	int key_id = reg.cursors[partition_of(b)].key_id, other = 1 - key_id;

	for (int t = 0; t < TEACHERS; t++)
		if (!is_row(board, t + key_id * TEACHERS, &spec.rows[b][t]) ||
		    !is_row(board, t + other * TEACHERS, &NOBODY))
			violate("the register differs from the specification");
	if (board->sequence_max != spec.max[b] || board->sequence_full != spec.full[b])
		violate("the board's sequences differ from the specification");
}

static void check_ledgers(void)
{
	for (int d = 0; d < world.delivery_count; d++) {
		const struct ledger *is = &reg.ledgers[d], *want = &spec.ledgers[d];

		if (is->waits != want->waits || is->is_ended != want->is_ended || is->lapsed != want->lapsed ||
		    is->was_cancelled != want->was_cancelled || memcmp(is->outcomes, want->outcomes, TEACHERS) != 0)
			violate("the ledger differs from the specification");
	}
}

/* All folded, the cache of the register's key holds no entry that contradicts the register, but for teachers whose
 * Forget never came into the log. */
static void check_cache(int b)
{
	const struct redis_part *part = &world.redis.parts[0][partition_of(b)];

	for (int t = 0; redis_vouches_for(part, b) && t < TEACHERS; t++) {
		const struct entry *entry = &part->entries[part->gen][b][t];
		struct teacher_state state = { STATUS_ACTIEF, entry->content, entry->sequence };

		if (entry->sequence == 0 || entry->sequence < part->full[b] ||
		    has_bit(reg.boards[b].disowned & world.lost_forgets[b], t))
			continue;
		if (!is_row(&reg.boards[b], t, &state))
			violate("the cache contradicts the register");
	}
}

void spec_check(void)
{
	memset(&spec, 0, sizeof spec);
	for (int p = 0; p < PARTITIONS; p++)
		check_messages(p);
	if (world.violation)
		return;
	check_ledgers();
	for (int b = 0; b < BOARDS; b++) {
		check_board(b);
		if (!is_parked(partition_of(b)))
			check_cache(b);
	}
}

/* ---- a log for people ---- */

static void show_raw(int partition, int at)
{
	static const char *const KINDS[] = {
		"Delivery", "Replay", "Confirm", "Forget", "SetBack", "garbage", "marker"
	};
	static const char *const DELIVERIES[] = { "MUTATIE", "VOLLEDIG", "INTREKKING" };
	const struct raw *raw = &world.logs[partition].raws[at];
	const struct delivery *delivery = &world.deliveries[raw->delivery];

	printf("raw %d/%d board %d %s", partition, at, raw->board, KINDS[raw->kind]);
	if (raw->kind <= RAW_CONFIRM)
		printf(" D%d q%d %s attempt %d%s%s", raw->delivery, delivery->sequence, DELIVERIES[delivery->kind],
		       raw->attempt, raw->is_dry ? " dry" : "", delivery->has_unreadable ? " unreadable" : "");
	if (raw->kind == RAW_SET_BACK)
		printf(" to %d", raw->sequence);
	for (int t = 0; t < TEACHERS; t++)
		if (has_bit(raw_teachers(raw), t))
			printf(" T%d=%c", t, raw->kind == RAW_FORGET ? '-' : "?AB"[delivery->content[t]]);
	printf("%s%s\n", raw->is_poison ? " poison" : "", raw->late_until ? " late" : "");
	const struct result *is = &reg.results[partition][at], *want = &spec.results[partition][at];

	for (int t = 0; t < TEACHERS; t++)
		if (is->outcomes[t] || want->outcomes[t])
			printf("    T%d outcome %d, specified %d%s\n", t, is->outcomes[t], want->outcomes[t],
			       has_bit(reg.refused[partition][at], t) ? ", refused" : "");
	if (is->is_ended || want->is_ended)
		printf("    ended n %d m %d waits %d, specified n %d m %d waits %d\n", is->absent, is->active,
		       is->waits, want->absent, want->active, want->waits);
}

static void show_verdict(int partition, int offset)
{
	static const char *const CLASSES[] = { "-", "CANDIDATE", "UNCHANGED", "REJECTED", "WITHDRAW", "QUARANTINE" };
	const struct partition_log *log = &world.logs[partition];
	const struct verdict *verdict = &log->verdicts[offset];

	printf("verdict %d/%d of raw %d id %d parent %d key %d kind %d %s:", partition, offset, verdict->raw,
	       verdict->id, verdict->parent, verdict->key_id, (int)verdict->kind,
	       log->counts[offset] ? "counts" : "void");
	for (int t = 0; t < TEACHERS; t++)
		if (verdict->classes[t])
			printf(" T%d=%s(%c)", t, CLASSES[verdict->classes[t]], "?AB"[verdict->content[t]]);
	printf("%s\n", verdict->body_unreadable ? " body unreadable" : "");
}

void spec_show(void)
{
	for (int p = 0; p < PARTITIONS; p++) {
		for (int r = 0; r < world.logs[p].raw_count; r++)
			show_raw(p, r);
		for (int o = 0; o < world.logs[p].verdict_count; o++)
			show_verdict(p, o);
	}
	for (int b = 0; b < world.boards; b++) {
		const struct board *board = &reg.boards[b];
		const struct redis_part *part = &world.redis.parts[0][partition_of(b)];

		printf("board %d max %d full %d list q%d of %x\n", b, board->sequence_max, board->sequence_full,
		       board->pending.sequence, board->pending.members);
		for (int t = 0; t < TEACHERS; t++)
			printf("  T%d register %d %d q%d, specified %d %d q%d, cache %d q%d\n", t,
			       board->rows[t].status, board->rows[t].content,
			       pending_sequence_of(&board->pending, t, board->rows[t].sequence), spec.rows[b][t].status,
			       spec.rows[b][t].content, spec.rows[b][t].sequence,
			       part->entries[part->gen][b][t].content, part->entries[part->gen][b][t].sequence);
	}
}
