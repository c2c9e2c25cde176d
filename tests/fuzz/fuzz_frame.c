/* fuzz_frame: what opens is put together again to the same bytes. */
#include "fuzz.h"

#include "protocol/frame.h"
#include "wire/gen/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make(data, size), body;
	uint64_t schema;
	struct err err;
	struct strbuf out;
	int rc = frame_open(message, &schema, &body, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA);
	if (rc != 0)
		return 0;
	const struct wire_schema *known = wire_schema_find(schema);

	if (known)
		FUZZ_DEEP();
	FUZZ_EXPECT(!known || known->fingerprint == schema);
	strbuf_init(&out, size);
	frame_put(&out, schema);
	strbuf_add(&out, body);
	FUZZ_EXPECT(slice_equal(strbuf_slice(&out), message));
	strbuf_release(&out);
	return 0;
}
