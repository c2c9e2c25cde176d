#include "write/assignment.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_reader.h"

enum {
	READER_FETCH_BYTES = 33 << 20, /* the largest raw message, and a header */
	NO_KEY_PAUSE_MS = 2000,
};

static bool is_due(const struct partition *partition)
{
	return partition->state == PARTITION_ASSIGNED && clock_ms() >= partition->rests_until_ms;
}

bool assignment_is_due(const struct inbox *inbox)
{
	for (int32_t i = 0; i < inbox->partition_end; i++)
		if (is_due(&inbox->partitions[i]))
			return true;
	return false;
}

void assignment_again(struct inbox *inbox)
{
	for (int32_t i = 0; i < inbox->partition_end; i++) {
		struct partition *partition = &inbox->partitions[i];

		if (partition->state == PARTITION_OTHERS)
			continue;
		partition_change(partition, PARTITION_ASSIGNED);
		partition->ahead = partition->committed;
		partition->rests_until_ms = 0;
	}
}

static int read_cursors(struct assignment *assignment, struct cursor *cursors, size_t *ret_count, struct err *err)
{
	struct inbox *inbox = assignment->inbox;

	*ret_count = 0;
	for (int32_t i = 0; i < inbox->partition_end; i++)
		if (is_due(&inbox->partitions[i]))
			cursors[(*ret_count)++].partition = i;
	return cursor_find(assignment->session, slice_of(assignment->topic_raw), cursors, *ret_count, err);
}

/* Whether the log goes with the register's cursor. When it does not, the partition is PARKED; RESTS: nobody can say,
 * and the others are opened. */
enum match { MATCHES = 1, PARKED, RESTS };

static enum match match_verdict_log(struct partition *partition, const struct cursor *cursor,
				    const struct kafka_topic_range *range)
{
	int64_t next = cursor->chain.at.next_verdict;

	if (next >= range->low && next <= range->high)
		return MATCHES;
	if (next < range->low)
		partition_park(partition, cursor->partition,
			       "the verdict log begins at %lld, but %lld is the next to apply: run instroomctl refill",
			       (long long)range->low, (long long)next);
	else
		partition_park(partition, cursor->partition,
			       "the verdict log ends at %lld, but all below %lld is applied: "
			       "it is another log than the register's",
			       (long long)range->high, (long long)next);
	return PARKED;
}

/* Logged, and noted in the register for status, once, and not before the topic of day keys was read to its end. */
static int rest_unopened(struct assignment *assignment, int32_t number, const struct kafka_message *message,
			 struct err *err)
{
	struct partition *partition = &assignment->inbox->partitions[number];
	const struct body_seal *seal = assignment->kafka->bodies;
	char why[160], note[sizeof partition->why];

	partition->rests_until_ms = clock_ms() + NO_KEY_PAUSE_MS;
	if (!body_seal_is_sure(seal) || partition->sealed_offset == message->offset + 1)
		return 0;
	partition->sealed_offset = message->offset + 1;
	body_seal_explain(seal, message->value, why, sizeof why);
	log_event(LOG_ERROR, "partition.waiting", "partition=%d raw_offset=%lld why=%s effect=%s", number,
		  (long long)message->offset, LOG_QUOTED(why),
		  LOG_QUOTED(
			  "it is the message that was applied last, and says whether this is the register's log: the "
			  "partition waits, the others go on; instroomctl day-keys check"));
	snprintf(note, sizeof note, "waits: raw message %lld %s", (long long)message->offset, why);
	return cursor_note_parked(assignment->session, slice_of(assignment->topic_raw), number, slice_of(note), err);
}

/* The raw message we applied last against the digest in the cursor. One that the log keeps no more, or whose
 * day key is shredded, counts as the same. */
static int match_digest(struct assignment *assignment, struct kafka_reader *reader, const struct cursor *cursor,
			enum match *ret, struct err *err)
{
	int64_t last = cursor->chain.at.next_raw - 1;
	struct kafka_message message = { 0 };
	bool came = false;
	uint8_t digest[32];
	int rc = kafka_reader_begin(reader, assignment->topic_raw, cursor->partition, last, last + 1, err);

	if (rc == 0)
		rc = kafka_reader_next(reader, assignment->wait_ms, &message, &came, err);
	if (rc != 0)
		return rc;
	bool is_readable = came && message.body != BODY_SHREDDED && message.body != BODY_NO_KEY;

	if (is_readable)
		sha256_of(message.value, digest);
	*ret = !is_readable || memcmp(digest, cursor->chain.digest, VERDICT_ID_BYTES) == 0 ? MATCHES : PARKED;
	if (came && message.body == BODY_NO_KEY) {
		*ret = RESTS;
		rc = rest_unopened(assignment, cursor->partition, &message, err);
	}
	kafka_message_drop(&message);
	return rc;
}

static int match_raw_log(struct assignment *assignment, struct kafka_reader *reader, const struct cursor *cursor,
			 enum match *ret, struct err *err)
{
	struct partition *partition = &assignment->inbox->partitions[cursor->partition];
	int64_t next = cursor->chain.at.next_raw;
	struct kafka_topic_range range;
	int rc = kafka_reader_range(reader, assignment->topic_raw, cursor->partition, assignment->wait_ms, &range, err);

	if (rc != 0)
		return rc;
	if (range.high < next) {
		partition_park(partition, cursor->partition,
			       "the raw log ends at %lld, but all below %lld is applied: "
			       "it is another log than the register's",
			       (long long)range.high, (long long)next);
		*ret = PARKED;
		return 0;
	}
	*ret = MATCHES;
	if (next > 0 && next - 1 >= range.low)
		rc = match_digest(assignment, reader, cursor, ret, err);
	if (rc != 0)
		return rc;
	if (*ret == PARKED)
		partition_park(partition, cursor->partition,
			       "raw message %lld is not the one that was applied: "
			       "it is another log than the register's",
			       (long long)next - 1);
	return 0;
}

/* No note is due: it stands there, and a restore that ends meanwhile takes it away. */
static void park_restoring(struct partition *partition, int32_t number)
{
	partition_park(partition, number, "%s", CURSOR_RESTORING);
	partition->is_why_due = false;
}

static int open_one(struct assignment *assignment, struct kafka_reader *reader, const struct cursor *cursor,
		    struct err *err)
{
	struct partition *partition = &assignment->inbox->partitions[cursor->partition];
	struct kafka_topic_range range;
	enum match match = PARKED;

	partition->has_cursor = cursor->is_there;
	partition->is_restoring = cursor->is_there && cursor->is_restoring;
	if (!cursor->is_there) {
		partition->committed = partition->ahead = (struct chain){ 0 };
		partition_park(partition, cursor->partition,
			       "the register has no cursor for it: somebody added it to the topic. RUNBOOK.md, "
			       "Partitions were added");
		return 0;
	}
	partition->committed = partition->ahead = cursor->chain;
	if (cursor->is_restoring) {
		park_restoring(partition, cursor->partition);
		return 0;
	}
	int rc = kafka_consumer_range(assignment->consumer, cursor->partition, assignment->wait_ms, &range, err);

	if (rc != 0)
		return rc;
	if (match_verdict_log(partition, cursor, &range) == PARKED)
		return 0;
	rc = match_raw_log(assignment, reader, cursor, &match, err);
	if (rc != 0 || match != MATCHES)
		return rc;
	rc = kafka_consumer_start(assignment->consumer, cursor->partition, cursor->chain.at.next_verdict, err);
	if (rc != 0)
		return rc;
	partition_change(partition, PARTITION_RUNNING);
	log_event(LOG_INFO, "partition.opened", "partition=%d next_raw=%lld next_verdict=%lld behind=%lld",
		  cursor->partition, (long long)cursor->chain.at.next_raw, (long long)cursor->chain.at.next_verdict,
		  (long long)(range.high - cursor->chain.at.next_verdict));
	return cursor_note_parked(assignment->session, slice_of(assignment->topic_raw), cursor->partition,
				  (struct slice){ 0 }, err);
}

int assignment_open(struct assignment *assignment, struct err *err)
{
	static struct cursor cursors[INBOX_PARTITIONS_MAX];
	struct kafka_options kafka = *assignment->kafka;
	struct kafka_reader *reader = NULL;
	size_t count;

	kafka.shows_shut = true; /* one that cannot be opened is its partition's matter */
	int rc = pg_link_connect(assignment->session->link, err);

	if (rc == 0)
		rc = read_cursors(assignment, cursors, &count, err);
	if (rc == 0)
		rc = kafka_reader_open(&kafka, READER_FETCH_BYTES, &reader, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = open_one(assignment, reader, &cursors[i], err);
	kafka_reader_close(reader);
	return rc != 0 ? rc : assignment_note_parked(assignment, err);
}

int assignment_check(struct assignment *assignment, enum cursors_found *ret, struct err *err)
{
	static struct cursor cursors[INBOX_PARTITIONS_MAX];
	const struct partition *partitions = assignment->inbox->partitions;
	size_t count = 0;

	for (int32_t i = 0; i < assignment->inbox->partition_end; i++)
		if (partition_is_open(&partitions[i]))
			cursors[count++].partition = i; /* one that is parked, too: an operator may have mended it */
	int rc = cursor_find(assignment->session, slice_of(assignment->topic_raw), cursors, count, err);

	*ret = CURSORS_STAND;
	for (size_t i = 0; rc == 0 && i < count; i++)
		*ret = MAX(*ret, partition_compare(&partitions[cursors[i].partition], &cursors[i]));
	return rc;
}

int assignment_note_parked(struct assignment *assignment, struct err *err)
{
	struct inbox *inbox = assignment->inbox;

	for (int32_t i = 0; i < inbox->partition_end; i++) {
		struct partition *partition = &inbox->partitions[i];

		if (partition->state != PARTITION_PARKED || !partition->is_why_due)
			continue;
		int rc = cursor_note_parked(assignment->session, slice_of(assignment->topic_raw), i,
					    slice_of(partition->why), err);

		if (rc != 0)
			return rc;
		partition->is_why_due = false;
	}
	return 0;
}
