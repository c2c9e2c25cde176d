/* fuzz_body_frame: whatever comes as a sealed body is looked at and opened without harm; what the target sealed itself
 * opens to the same bytes. The input is a body, and at once the bytes that are taken for a sealed one. */
#include "fuzz.h"

#include "seal/body_frame.h"

#include <stdlib.h>

static const uint8_t KEY[DAY_KEY_BYTES] = { 1 };
static const struct day_key_id ID = { 20260901, { 1 } };

static int open_one(const struct body_place *place, struct slice value, struct slice want)
{
	char *p = NULL;
	size_t n = 0;
	struct err err;
	int rc = body_frame_open(KEY, place, value, &p, &n, &err);

	if (rc == 0 && want.p)
		FUZZ_EXPECT(slice_equal(slice_make(p, n), want));
	free(p);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make(data, size);
	struct message_header header = { "instroom-kind", input };
	struct body_place place = { "instroom.raw.1", slice_make(data, size / 2), &header, 1 };
	struct day_key_id id;
	struct strbuf out;
	struct err err;

	if (body_frame_look(input, &id) == BODY_FRAME_SEALED) {
		FUZZ_DEEP();
		int rc = open_one(&place, input, (struct slice){ 0 });

		FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA || rc == -ERR_RETRY);
	}
	strbuf_init(&out, 2 * size + 4096);
	FUZZ_EXPECT(body_frame_seal(&ID, KEY, &place, input, size % 2 == 0, &out, &err) == 0);
	FUZZ_EXPECT(body_frame_look(strbuf_slice(&out), &id) == BODY_FRAME_SEALED);
	FUZZ_EXPECT(open_one(&place, strbuf_slice(&out), input) == 0);
	strbuf_release(&out);
	return 0;
}
