/* refill: lets a partition go on whose chain of verdicts cannot (design 5.1): verdicts were lost from the log, or one
 * that counts cannot be applied. What it does to cursor and cache stands in chain_reset.h.
 *
 *   1. All is asked before anything is changed: the register's cursor, both logs, whether the validators' group has
 *      members, and Redis.
 *   2. The raw messages that will be judged again are read through and counted. Where one is not there any more, refill
 *      cannot do what it promises: it changes nothing and names the command that accepts a loss.
 *   3. The cache's head goes, then the cursor moves. Killed between the two, refill is run again.
 *
 * No header: run_refill stands in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/num.h"
#include "ctl/base/topic_walk.h"
#include "ctl/repair/chain_reset.h"
#include "protocol/raw_headers.h"

/* What is to be judged again. */
struct recount {
	int64_t next; /* offset behind the last message */
	int64_t messages, deliveries, lines;
	int64_t gap_from, gap_below; /* the first missing offsets on the way; none: equal */
};

static int count_message(void *self, const struct kafka_message *message, struct err *err)
{
	struct recount *recount = self;
	struct raw_headers headers;

	(void)err;
	if (message->offset > recount->next && recount->gap_from == recount->gap_below) {
		recount->gap_from = recount->next;
		recount->gap_below = message->offset;
	}
	recount->next = message->offset + 1;
	recount->messages++;
	if (!raw_headers_read(message->headers, message->header_count, &headers) || headers.kind != RAW_DELIVERY)
		return 0;
	recount->deliveries++;
	recount->lines += headers.line_count;
	return 0;
}

static int refuse_lost(int32_t partition, int64_t from, int64_t below, enum kafka_gap gap, struct err *err)
{
	return err_set(err, ERR_DATA, "raw",
		       "raw messages %lld to %lld %s, and refill cannot bring them back: instroomctl loss show %d names"
		       " what is gone, and loss accept lets the partition go on without",
		       (long long)from, (long long)below - 1, kafka_gap_text(gap), partition);
}

/* All from the cursor on must be there: what is missing would never be judged. */
static int recount_raw(struct ctl *ctl, struct kafka_reader *reader, struct chain_end *end, struct recount *ret,
		       struct err *err)
{
	const char *topic = ctl->config.topic.raw;
	enum kafka_gap gap = KAFKA_GAP_EMPTY;
	int rc = chain_end_look_for_raw(ctl, reader, end, end->cursor.next_raw, err);

	if (rc == 0 && end->raw_gap)
		return refuse_lost(end->partition, end->from_raw, end->below_raw, end->raw_gap, err);
	*ret = (struct recount){ .next = end->cursor.next_raw };
	if (rc == 0)
		rc = topic_walk(reader, topic, end->partition, ret->next, end->raw.high, count_message, ret, err);
	if (rc != 0 || ret->gap_from == ret->gap_below)
		return rc;
	rc = kafka_reader_gap(reader, topic, end->partition, ret->gap_from, CTL_WAIT_MS, &gap, err);
	if (rc == 0 && gap != KAFKA_GAP_EMPTY)
		rc = refuse_lost(end->partition, ret->gap_from, ret->gap_below, gap, err);
	return rc;
}

static void print_result(const struct chain_end *end, const struct recount *recount)
{
	printf("partition %d: ", end->partition);
	if (recount->messages > 0)
		printf("raw messages %lld to %lld will be judged again: %lld deliveries of %lld lines",
		       (long long)end->cursor.next_raw, (long long)end->raw.high - 1, (long long)recount->deliveries,
		       (long long)recount->lines);
	else
		printf("no raw message waits, those from %lld on will be judged", (long long)end->cursor.next_raw);
	puts("; start the validators, restart the writers");
}

static int refill(struct ctl *ctl, struct pg_link *link, struct kafka_reader *reader, int32_t partition,
		  struct chain_reset *reset, struct err *err)
{
	struct chain_end end;
	struct recount recount = { 0 };
	int rc = chain_end_read(ctl, link, reader, partition, &end, err);

	if (rc == 0)
		rc = recount_raw(ctl, reader, &end, &recount, err);
	if (rc == 0)
		rc = chain_reset_prepare(ctl, link, partition, reset, err);
	if (rc == 0)
		rc = chain_reset_run(ctl, link, reset, &end, ctl->options[OPTION_REASON], err);
	if (rc == 0)
		print_result(&end, &recount);
	return rc;
}

int run_refill(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(chain_reset_release) struct chain_reset reset = { 0 };
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };
	uint64_t partition;

	if (!num_parse_u64(slice_of(ctl->arguments[0]), INT32_MAX, &partition))
		return ctl_usage("a partition is a whole number");
	if (ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return ctl_usage("refill needs hmac.key.file, the validators' key: its id names the cache");
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &err);
	if (rc == 0)
		rc = refill(ctl, link, reader, (int32_t)partition, &reset, &err);
	kafka_reader_close(reader);
	return rc == 0 ? 0 : ctl_fail(&err);
}
