#include "ctl/repair/chain_end.h"

#include "ctl/base/topic_walk.h"
#include "protocol/frame.h"
#include "protocol/verdict_class.h"
#include "wire/wire.h"

struct follower {
	struct ctl *ctl;
	struct kafka_reader *reader;
	struct chain_end *end;
	bool knows_empty; /* Kafka proved a first gap empty, so all behind it are */
};

static int read_cursor(struct ctl *ctl, struct pg_link *link, struct chain_end *end, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, end->partition);
	int rc = pg_exec(link, "chain_cursor",
			 "select next_raw, next_verdict, tip, key_id from register.cursor"
			 " where topic = $1 and partition = $2",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "cursor", "the register has no cursor for partition %d", end->partition);
	if (rc != 0)
		return rc;
	end->cursor.next_raw = pg_get_i64(rows, 0, 0);
	end->cursor.next_verdict = pg_get_i64(rows, 0, 1);
	memcpy(end->cursor.tip, pg_get_bytes(rows, 0, 2).p, VERDICT_ID_BYTES);
	end->has_key_id = !pg_is_null(rows, 0, 3);
	if (end->has_key_id)
		end->key_id = pg_get_i32(rows, 0, 3);
	end->at = end->cursor;
	return 0;
}

/* ---- the verdict log ---- */

bool chain_end_decode(const struct kafka_message *message, struct arena *arena, struct wire_verdict *ret)
{
	struct slice body;
	uint64_t schema;

	return frame_open(message->value, &schema, &body, NULL) == 0 &&
	       wire_verdict_decode_as(schema, body, arena, ret, NULL) == 0 && verdict_check(ret, NULL) == 0;
}

static bool is_of_newer_schema(const struct kafka_message *message)
{
	struct slice body;
	uint64_t schema;

	return frame_open(message->value, &schema, &body, NULL) == 0 && !wire_schema_find(schema);
}

/* Why the offsets from at.next_verdict up to offset lack, if they do. */
static int look_at_gap(struct follower *follower, int64_t offset, struct err *err)
{
	struct chain_end *end = follower->end;
	enum kafka_gap gap = KAFKA_GAP_EMPTY;

	if (offset == end->at.next_verdict || follower->knows_empty)
		return 0;
	int rc = kafka_reader_gap(follower->reader, follower->ctl->config.topic.verdict, end->partition,
				  end->at.next_verdict, CTL_WAIT_MS, &gap, err);

	follower->knows_empty = rc == 0 && gap == KAFKA_GAP_EMPTY;
	if (rc == 0 && gap != KAFKA_GAP_EMPTY)
		end->break_why = kafka_gap_text(gap);
	return rc;
}

static int follow(void *self, const struct kafka_message *message, struct err *err)
{
	struct follower *follower = self;
	struct chain_end *end = follower->end;
	struct wire_verdict verdict = { 0 };
	int rc = end->break_why ? 0 : look_at_gap(follower, message->offset, err);

	if (rc != 0 || end->break_why)
		return rc;
	if (is_of_newer_schema(message))
		return err_set(err, ERR_CONFIG, "schema", "partition %d holds verdicts of a newer instroom-validate",
			       end->partition);
	arena_reset(&follower->ctl->arena);
	bool is_verdict = chain_end_decode(message, &follower->ctl->arena, &verdict);

	switch (chain_position_follow(&end->at, message->offset, is_verdict ? &verdict : NULL)) {
	case CHAIN_COUNTS:
		end->has_key_id = true;
		end->key_id = verdict.key_id;
		return 0;
	case CHAIN_HOLE:
		end->break_why = "judge what was judged before";
		return 0;
	default:
		return 0;
	}
}

static int follow_chain(struct ctl *ctl, struct kafka_reader *reader, struct chain_end *end, struct err *err)
{
	const char *topic = ctl->config.topic.verdict;
	struct follower follower = { ctl, reader, end, false };

	if (end->at.next_verdict > end->verdict.high)
		end->break_why = "and some before are not in the log: it ends below them";
	else if (end->at.next_verdict < end->verdict.low)
		end->break_why = kafka_gap_text(KAFKA_GAP_DELETED);
	if (end->break_why)
		return 0;
	int rc = topic_walk(reader, topic, end->partition, end->at.next_verdict, end->verdict.high, follow, &follower,
			    err);

	if (rc == 0 && !end->break_why)
		rc = look_at_gap(&follower, end->verdict.high, err);
	if (rc == 0 && !end->break_why)
		end->at.next_verdict = end->verdict.high;
	return rc;
}

/* ---- the raw log ---- */

/* The first message from from_raw on: *ret_offset, or the log's end when there is none. */
static int find_next(struct ctl *ctl, struct kafka_reader *reader, const struct chain_end *end, int64_t *ret_offset,
		     struct err *err)
{
	struct kafka_message message = { 0 };
	bool came = false;
	int rc = kafka_reader_begin(reader, ctl->config.topic.raw, end->partition, end->from_raw, end->raw.high, err);

	if (rc == 0)
		rc = kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, err);
	*ret_offset = came ? message.offset : end->raw.high;
	kafka_message_drop(&message);
	kafka_reader_rest(reader);
	return rc;
}

int chain_end_look_for_raw(struct ctl *ctl, struct kafka_reader *reader, struct chain_end *end, int64_t next_raw,
			   struct err *err)
{
	enum kafka_gap gap = KAFKA_GAP_EMPTY;
	int64_t offset;

	end->raw_gap = (enum kafka_gap)0;
	end->from_raw = end->below_raw = next_raw;
	if (end->raw.low > next_raw) {
		end->raw_gap = KAFKA_GAP_DELETED;
		end->below_raw = end->raw.low;
		return 0;
	}
	if (end->raw.high < next_raw)
		return err_set(err, ERR_DATA, "raw",
			       "the raw log ends at %lld, but all below %lld is judged: it is another log",
			       (long long)end->raw.high, (long long)next_raw);
	int rc = find_next(ctl, reader, end, &offset, err);

	if (rc != 0 || offset == next_raw || offset == end->raw.high)
		return rc; /* the last offsets wait for nobody until something stands behind them */
	rc = kafka_reader_gap(reader, ctl->config.topic.raw, end->partition, next_raw, CTL_WAIT_MS, &gap, err);
	if (rc != 0 || gap == KAFKA_GAP_EMPTY)
		return rc;
	end->raw_gap = gap;
	end->below_raw = offset;
	return 0;
}

int chain_end_read(struct ctl *ctl, struct pg_link *link, struct kafka_reader *reader, int32_t partition,
		   struct chain_end *ret, struct err *err)
{
	const struct topic_settings *topics = &ctl->config.topic;

	*ret = (struct chain_end){ .partition = partition };
	int rc = read_cursor(ctl, link, ret, err);

	if (rc == 0)
		rc = kafka_reader_range(reader, topics->verdict, partition, CTL_WAIT_MS, &ret->verdict, err);
	if (rc == 0)
		rc = follow_chain(ctl, reader, ret, err);
	if (rc == 0) /* behind the verdicts: what they speak of is in it */
		rc = kafka_reader_range(reader, topics->raw, partition, CTL_WAIT_MS, &ret->raw, err);
	return rc == 0 ? chain_end_look_for_raw(ctl, reader, ret, ret->at.next_raw, err) : rc;
}
