/* Offsets that Kafka never hands out, messages that it loses, and the operator who accepts that
 * (common/kafka/kafka_gap.c, workers/ctl/repair/loss.c).
 *
 * Markers stand anywhere in both topics. Of a raw log the beginning goes, judged or not; a validator that has judged
 * what is lost may still hold those verdicts, and they may land at any time. The operator looks where the chain ends,
 * and puts verdicts there that pass over what is lost, each naming its parent; between any two of his steps anything
 * may come, and he may be killed. */
#include "sim.h"

#include <string.h>

enum operator_state { OPERATOR_AWAY, OPERATOR_HAS_LOOKED };

/* One a partition. */
struct operator
{
	enum operator_state state;
	struct position end; /* of the chain, when he looked */
	int below, key_id;
};

static struct operator operators[PARTITIONS];

void loss_reset(void)
{
	memset(operators, 0, sizeof operators);
	world.losses = 0;
	world.has_markers = false;
}

bool is_loss_open(int partition)
{
	const struct partition_log *log = &world.logs[partition];

	return log->raw_low > log->end.next_raw;
}

void marker_put(void)
{
	static const struct raw RAW = { .kind = RAW_MARKER };
	static const struct verdict VERDICT = { .kind = VERDICT_KIND_MARKER, .raw = -1, .parent = -1 };
	int partition = (int)chance(world.boards > 1 ? PARTITIONS : 1);

	counts[COUNT_MARKERS]++;
	if (one_in(2))
		publish(partition, &RAW);
	else
		verdict_append(partition, &VERDICT);
}

void loss_of_beginning(void)
{
	struct partition_log *log = &world.logs[chance(world.boards > 1 ? PARTITIONS : 1)];
	int left = log->raw_count - log->raw_low;

	if (left == 0)
		return;
	world.losses--;
	log->raw_low += 1 + (int)chance((unsigned)left);
	for (int r = log->end.next_raw; r < log->raw_low; r++)
		counts[COUNT_LOST] += log->raws[r].kind != RAW_MARKER;
}

/* ---- the operator ---- */

/* Of a delivery whose header a verdict has that does not count, something can be said. */
static bool is_known(const struct partition_log *log, int raw)
{
	for (int o = 0; o < log->verdict_count; o++)
		if (log->verdicts[o].raw == raw && log->verdicts[o].kind == VERDICT_KIND_DELIVERY)
			return true;
	return false;
}

/* The key of the last verdict that counts. */
static int key_of_chain(const struct partition_log *log)
{
	for (int o = log->verdict_count - 1; o >= 0; o--)
		if (log->counts[o])
			return log->verdicts[o].key_id;
	return 0;
}

static void put(int partition, struct position *at, int raw, bool is_delivery, int key_id)
{
	struct verdict verdict = {
		.id = ++world.last_id,
		.parent = at->tip,
		.raw = raw,
		.kind = is_delivery ? VERDICT_KIND_DELIVERY : VERDICT_KIND_FOREIGN,
		.key_id = (uint8_t)key_id,
		.body_unreadable = is_delivery,
	};

	verdict_append(partition, &verdict);
	*at = (struct position){ raw + 1, 0, verdict.id };
}

/* Deliveries that are known, and one for the rest. */
static void put_all(int partition, const struct operator* operator)
{
	struct partition_log *log = &world.logs[partition];
	struct position at = operator->end;

	for (int r = operator->end.next_raw; r < operator->below; r++) {
		log->is_accepted[r] = true;
		if (is_known(log, r))
			put(partition, &at, r, true, operator->key_id);
		if (!world.is_calm && one_in(24))
			return; /* killed */
	}
	if (at.next_raw < operator->below)
		put(partition, &at, operator->below - 1, false, operator->key_id);
	counts[COUNT_ACCEPTED]++;
}

/* The variant: no verdict, only positions. */
static void move_cursor(int partition, const struct operator* operator)
{
	struct partition_log *log = &world.logs[partition];

	for (int r = operator->end.next_raw; r < operator->below; r++)
		log->is_accepted[r] = true;
	reg.cursors[partition].position.next_raw = operator->below;
	for (int k = 0; k < HMAC_KEYS; k++)
		world.redis.parts[k][partition].has_head = false;
	log->end.next_raw = operator->below;
	counts[COUNT_ACCEPTED]++;
}

void operator_step(void)
{
	int partition = (int)chance(PARTITIONS);
	struct operator* operator= & operators[partition];
	const struct partition_log *log = &world.logs[partition];

	if (operator->state == OPERATOR_AWAY) {
		if (is_loss_open(partition))
			*operator=(struct operator){ .state = OPERATOR_HAS_LOOKED,
						     .end = log->end,
						     .below = log->raw_low,
						     .key_id = key_of_chain(log) };
		return;
	}
	operator->state = OPERATOR_AWAY; /* he looks again: his verdicts may be void */
	if (!world.is_calm && one_in(8))
		return; /* killed before */
	if (log->raw_low != operator->below)
		return; /* something else is lost than was shown */
	if (without(LOSS_MOVES_CURSOR))
		move_cursor(partition, operator);
	else
		put_all(partition, operator);
}
