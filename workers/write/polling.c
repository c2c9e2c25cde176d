#include "write/polling.h"

#include "base/clock.h"
#include "base/log.h"
#include "write/write_metrics.h"

enum { POLL_MS = 200, NO_KEY_PAUSE_MS = 500 };

void polling_count_partitions(const struct writer *writer)
{
	int64_t owned = 0, waiting = 0, parked = 0;

	for (int32_t i = 0; i < writer->inbox.partition_end; i++) {
		owned += writer->inbox.partitions[i].state != PARTITION_OTHERS;
		waiting += writer->inbox.partitions[i].state == PARTITION_ASSIGNED ||
			   (writer->inbox.partitions[i].state == PARTITION_PAUSED &&
			    writer->inbox.partitions[i].rests_until_ms > 0);
		parked += writer->inbox.partitions[i].state == PARTITION_PARKED;
	}
	write_gauge(GAUGE_PARTITIONS, owned);
	write_gauge(GAUGE_WAITING, waiting);
	write_gauge(GAUGE_PARKED, parked);
}

/* ERR_RETRY of a steering call: the partition has left us, and the revocation comes with a poll. */
static int unless_gone(int rc)
{
	return rc == -ERR_RETRY ? 0 : rc;
}

void polling_pause(struct writer *writer)
{
	struct err err;

	for (int32_t i = 0; i < writer->inbox.partition_end; i++) {
		struct partition *partition = &writer->inbox.partitions[i];

		if (partition->state != PARTITION_RUNNING)
			continue;
		int rc = kafka_consumer_pause(writer->consumer, i, &err);

		if (rc == 0)
			partition_change(partition, PARTITION_PAUSED);
		else if (rc != -ERR_RETRY)
			log_event(LOG_WARN, "partition.not-paused", "partition=%d code=%s why=%s effect=%s", i,
				  LOG_QUOTED(err.code), LOG_QUOTED(err.text), LOG_QUOTED("it is rewound"));
	}
}

static int resume(struct writer *writer, struct err *err)
{
	for (int32_t i = 0; i < writer->inbox.partition_end; i++) {
		struct partition *partition = &writer->inbox.partitions[i];

		if (partition->state != PARTITION_PAUSED || clock_ms() < partition->rests_until_ms)
			continue;
		partition->rests_until_ms = 0;
		int rc = unless_gone(kafka_consumer_resume(writer->consumer, i, err));

		if (rc != 0)
			return rc;
		partition_change(partition, PARTITION_RUNNING);
	}
	return 0;
}

int polling_rewind(struct writer *writer, struct err *err)
{
	struct kafka_message raw;
	bool came;
	int rc = kafka_consumer_poll(writer->consumer, 0, &raw, &came, err);

	if (rc != 0 || !came)
		return rc;
	struct partition *partition = &writer->inbox.partitions[raw.partition];

	rc = kafka_consumer_start(writer->consumer, raw.partition, raw.offset, err);

	if (rc == 0)
		rc = kafka_consumer_pause(writer->consumer, raw.partition, err);
	if (rc == 0 && partition->state == PARTITION_RUNNING)
		partition_change(partition, PARTITION_PAUSED);
	kafka_message_drop(&raw);
	return rc;
}

/* The next message of the partition is the one that did not fit. */
static int fetch_again(struct writer *writer, int32_t partition, struct err *err)
{
	return unless_gone(kafka_consumer_start(writer->consumer, partition,
						writer->inbox.partitions[partition].ahead.at.next_verdict, err));
}

enum gap_answer { GAP_PASSED = 1, GAP_PARKED };

/* The offsets missing before the message never were messages (kafka/kafka_gap.h), or the partition is parked: what the
 * lost verdicts decided would never be applied, and nobody would see it. ERR_RETRY: Kafka does not say now; the message
 * is fetched again. */
static int pass_gap(struct writer *writer, const struct kafka_message *raw, enum gap_answer *ret, struct err *err)
{
	struct partition *partition = &writer->inbox.partitions[raw->partition];
	int64_t next = partition->ahead.at.next_verdict;
	enum kafka_gap gap = KAFKA_GAP_EMPTY;
	struct err second;
	int rc = 0;

	*ret = GAP_PASSED;
	if (raw->offset <= next || partition->state != PARTITION_RUNNING)
		return 0;
	rc = kafka_consumer_gap(writer->consumer, raw->partition, next, (uint32_t)writer->config.kafka_wait_ms, &gap,
				err);
	if (rc != 0 && fetch_again(writer, raw->partition, &second) != 0)
		*err = second;
	if (rc != 0 || gap == KAFKA_GAP_EMPTY)
		return rc;
	*ret = GAP_PARKED;
	partition_park(partition, raw->partition, "verdicts %lld to %lld %s: run instroomctl refill", (long long)next,
		       (long long)raw->offset - 1, kafka_gap_text(gap));
	polling_count_partitions(writer);
	return unless_gone(kafka_consumer_pause(writer->consumer, raw->partition, err));
}

/* The partition rests before a verdict that cannot be opened yet; the others go on. */
static int rest_before(struct writer *writer, const struct kafka_message *raw, struct err *err)
{
	struct partition *partition = &writer->inbox.partitions[raw->partition];
	char why[256];

	if (partition->state != PARTITION_RUNNING)
		return 0;
	if (body_seal_is_sure(writer->kafka.bodies) && partition->sealed_offset != raw->offset + 1) {
		body_seal_explain(writer->kafka.bodies, raw->value, why, sizeof why);
		log_event(LOG_ERROR, "verdict.waiting", "partition=%d offset=%lld why=%s effect=%s", raw->partition,
			  (long long)raw->offset, LOG_QUOTED(why),
			  LOG_QUOTED("the partition waits, the others go on; instroomctl day-keys check"));
		partition->sealed_offset = raw->offset + 1;
	}
	int rc = fetch_again(writer, raw->partition, err);

	if (rc == 0)
		rc = unless_gone(kafka_consumer_pause(writer->consumer, raw->partition, err));
	partition_change(partition, PARTITION_PAUSED);
	partition->rests_until_ms = clock_ms() + NO_KEY_PAUSE_MS;
	polling_count_partitions(writer);
	return rc;
}

static int add_one(struct writer *writer, struct kafka_message *raw, bool *ret_is_full, struct err *err)
{
	int64_t appended_ms = raw->timestamp_ms;
	int32_t partition = raw->partition;
	enum gap_answer gap;
	int rc = pass_gap(writer, raw, &gap, err);

	if (rc != 0 || gap == GAP_PARKED) {
		kafka_message_drop(raw);
		return rc;
	}
	if (raw->body == BODY_NO_KEY) {
		rc = rest_before(writer, raw, err);
		kafka_message_drop(raw);
		return rc;
	}
	switch (inbox_add(&writer->inbox, raw)) {
	case INBOX_VOID:
		write_count(COUNT_VOID, 1);
		break;
	case INBOX_PARKED:
		polling_count_partitions(writer);
		rc = unless_gone(kafka_consumer_pause(writer->consumer, partition, err));
		break;
	case INBOX_FULL:
		*ret_is_full = true;
		return fetch_again(writer, partition, err);
	case INBOX_ADDED:
		if (appended_ms >= 0)
			write_observe(OBSERVE_LOG_WAIT_US, (clock_wall_ms() - appended_ms) * 1000);
		break;
	}
	*ret_is_full = inbox_is_full(&writer->inbox);
	return rc;
}

int polling_linger(struct writer *writer, struct err *err)
{
	int64_t linger_ms = writer->config.batch_linger_ms;
	int64_t end_ms = clock_ms() + POLL_MS + linger_ms;
	int64_t next_ms = writer->lingered_at_ms + linger_ms;
	bool is_full = false;
	int rc = resume(writer, err);

	while (rc == 0 && !is_full && clock_ms() <= end_ms) {
		struct kafka_message raw;
		int64_t wait_ms = writer->inbox.count > 0 ? MAX(next_ms - clock_ms(), (int64_t)0) : POLL_MS;
		bool came;

		rc = kafka_consumer_poll(writer->consumer, (uint32_t)wait_ms, &raw, &came, err);
		if (rc != 0 || !came)
			break;
		if (writer->inbox.count == 0)
			end_ms = clock_ms() + linger_ms;
		rc = add_one(writer, &raw, &is_full, err);
	}
	if (writer->inbox.count > 0)
		writer->lingered_at_ms = clock_ms();
	return rc;
}
