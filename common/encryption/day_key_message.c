#include "encryption/day_key_message.h"

#include "protocol/frame.h"
#include "wire/gen/day_key.h"

#include <stdio.h>

enum { ARENA_BYTES = 64 << 10 };

void day_key_message_write(const struct day_key_record *record, struct strbuf *value)
{
	struct wire_day_key wire = { .at_ms = record->at_ms, .by = slice_of(record->by), .why = slice_of(record->why) };

	if (!record->is_shredded) {
		wire.master_id = slice_make(record->master_id, sizeof record->master_id);
		wire.wrapped = slice_make(record->wrapped, sizeof record->wrapped);
	}
	strbuf_reset(value);
	frame_put(value, WIRE_DAY_KEY_SCHEMA);
	wire_day_key_encode(value, &wire);
}

static int fail(struct err *err)
{
	return err_set(err, ERR_DATA, "day_key", "a message of the topic of day keys is none of ours");
}

static int take(const struct wire_day_key *wire, struct day_key_record *ret, struct err *err)
{
	bool is_shredded = wire->wrapped.n == 0 && wire->master_id.n == 0;
	bool is_whole = wire->wrapped.n == sizeof ret->wrapped && wire->master_id.n == sizeof ret->master_id;

	if (!is_shredded && !is_whole)
		return fail(err);
	ret->at_ms = wire->at_ms;
	ret->is_shredded = is_shredded;
	snprintf(ret->by, sizeof ret->by, "%.*s", (int)MIN(wire->by.n, sizeof ret->by - 1), wire->by.p);
	snprintf(ret->why, sizeof ret->why, "%.*s", (int)MIN(wire->why.n, sizeof ret->why - 1), wire->why.p);
	if (is_whole) {
		memcpy(ret->master_id, wire->master_id.p, sizeof ret->master_id);
		memcpy(ret->wrapped, wire->wrapped.p, sizeof ret->wrapped);
	}
	return 0;
}

int day_key_message_read(struct slice key, struct slice value, struct day_key_record *ret, struct err *err)
{
	struct day_key_record record = { 0 };
	struct wire_day_key wire;
	struct arena arena;
	struct slice body;
	uint64_t schema;

	if (!day_key_id_parse(key, &record.id) || frame_open(value, &schema, &body, NULL) != 0)
		return fail(err);
	int rc = arena_init(&arena, ARENA_BYTES, ARENA_BYTES, err);

	if (rc != 0)
		return rc;
	if (wire_day_key_decode_as(schema, body, &arena, &wire, NULL) != 0)
		rc = fail(err);
	if (rc == 0)
		rc = take(&wire, &record, err);
	arena_release(&arena);
	if (rc == 0)
		*ret = record;
	return rc;
}
