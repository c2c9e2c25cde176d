#include "ctl/base/raw_log.h"

#include "ctl/base/topic_walk.h"
#include "model/field.h"
#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "wire/wire.h"

bool raw_delivery_is_good(const struct wire_delivery *delivery)
{
	return field_columns_are_sound(delivery->columns) && delivery->header.line_count > 0 &&
	       delivery->cells.count == (size_t)delivery->header.line_count * delivery->columns.n;
}

bool raw_log_decode(struct slice value, struct arena *arena, struct wire_delivery *ret)
{
	struct slice body;
	uint64_t schema;

	return frame_open(value, &schema, &body, NULL) == 0 &&
	       wire_delivery_decode_as(schema, body, arena, ret, NULL) == 0 && raw_delivery_is_good(ret);
}

static int topic_of(const struct ctl *ctl, int64_t position, char *out, size_t bytes, struct err *err)
{
	struct slice stem;
	int32_t generation;

	if (!log_position_split_topic(slice_of(ctl->config.topic.raw), &stem, &generation))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	snprintf(out, bytes, "%.*s%d", (int)stem.n, stem.p, log_position_generation(position));
	return 0;
}

int raw_log_partitions(struct ctl *ctl, struct pg_link *link, int32_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = pg_exec(link, NULL,
			 "select coalesce(max(partition) + 1, 0)::bigint from register.cursor where topic = $1",
			 &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret = (int32_t)pg_get_i64(rows, 0, 0);
	return *ret > 0 ? 0
			: err_set(err, ERR_CONFIG, "cursor",
				  "the register has no cursor for %s: run instroomctl migrate", ctl->config.topic.raw);
}

int raw_log_read(struct ctl *ctl, struct kafka_reader *reader, int64_t position, struct arena *arena,
		 enum raw_found *ret_found, struct wire_delivery *ret, struct err *err)
{
	struct kafka_message message = { 0 };
	enum topic_found found = TOPIC_GONE;
	struct slice value;
	char topic[256];
	int rc = topic_of(ctl, position, topic, sizeof topic, err);

	if (rc != 0)
		return rc;
	rc = topic_message_at(reader, topic, log_position_partition(position), log_position_offset(position), &found,
			      &message, err);
	if (rc != 0)
		return rc;
	if (found == TOPIC_GONE) {
		*ret_found = RAW_GONE;
		return 0;
	}
	bool is_kept = arena_copy(arena, message.value, &value);

	kafka_message_drop(&message);
	if (!is_kept)
		return err_set(err, ERR_FULL, "arena", "a delivery is larger than fits in memory");
	*ret_found = raw_log_decode(value, arena, ret) ? RAW_FOUND : RAW_UNREADABLE;
	return 0;
}

int raw_delivery_judge(const struct wire_delivery *delivery, const struct reference *reference,
		       const struct hmac_key *key, const uint32_t *record_nos, struct arena *arena, struct judged *ret,
		       struct err *err)
{
	struct judge_input input = {
		.reference = reference,
		.key = key,
		.board = (uint32_t)delivery->header.board,
		.kind = (enum delivery_kind)delivery->header.kind,
		.extraction_date = delivery->header.extraction_date,
		.received_on = delivery->header.received_on,
		.columns = (const uint8_t *)delivery->columns.p,
		.column_count = delivery->columns.n,
		.cells = delivery->cells.items,
		.line_count = (size_t)delivery->header.line_count,
		.record_nos = record_nos,
	};

	return judge_delivery(&input, arena, ret, err);
}
