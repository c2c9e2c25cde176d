#include "protocol/reference_snapshot.h"

#include "base/num.h"
#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

enum { SCRATCH_BYTES = 64 << 10 }; /* of the list of tables; their bytes stay in the message */

static int decode(struct slice value, struct arena *scratch, struct wire_reference_snapshot *ret, struct err *err)
{
	struct slice body;
	uint64_t schema;
	int rc = frame_open(value, &schema, &body, err);

	if (rc == 0)
		rc = wire_reference_snapshot_decode_as(schema, body, scratch, ret, err);
	if (rc == -ERR_FULL) /* of six tables it holds all */
		return err_set(err, ERR_DATA, "reference", "a snapshot has far too many tables");
	if (rc == 0 && ret->tables.count != REFERENCE_TABLES)
		return err_set(err, ERR_DATA, "reference", "a snapshot has %zu tables instead of %d", ret->tables.count,
			       (int)REFERENCE_TABLES);
	return rc;
}

bool reference_snapshot_version(struct slice key, uint8_t ret[REFERENCE_VERSION_BYTES])
{
	return num_from_hex(key, ret, REFERENCE_VERSION_BYTES);
}

int reference_snapshot_open(struct slice value, const uint8_t version[REFERENCE_VERSION_BYTES], struct reference **ret,
			    struct err *err)
{
	struct wire_reference_snapshot snapshot;
	struct reference *reference;
	struct arena scratch;
	int rc = arena_init(&scratch, SCRATCH_BYTES, 0, err);

	if (rc != 0)
		return rc;
	rc = decode(value, &scratch, &snapshot, err);
	if (rc == 0)
		rc = reference_build(snapshot.tables.items, &reference, err);
	arena_release(&scratch);
	if (rc != 0)
		return rc;
	if (memcmp(reference_version(reference), version, REFERENCE_VERSION_BYTES) != 0) {
		reference_free(reference);
		return err_set(err, ERR_DATA, "reference", "the tables are not those of the key's version");
	}
	*ret = reference;
	return 0;
}
