#include "protocol/frame.h"

#include <criterion/criterion.h>

static const char GOLDEN[] =
	"\xc3\x01\x8a\x7f\x25\xcc\xe7\x23\xdd\x63"
	"body"; /* the schema "null", lowest byte first */

Test(frame, is_marker_fingerprint_and_body)
{
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 100);
	frame_put(&out, UINT64_C(0x63dd23e7cc257f8a));
	strbuf_add_text(&out, "body");
	cr_expect(slice_equal(strbuf_slice(&out), slice_make(GOLDEN, sizeof GOLDEN - 1)));
}

Test(frame, opens_what_it_put)
{
	uint64_t schema;
	struct slice body;
	struct err err;

	cr_assert_eq(frame_open(slice_make(GOLDEN, sizeof GOLDEN - 1), &schema, &body, &err), 0);
	cr_expect_eq(schema, UINT64_C(0x63dd23e7cc257f8a));
	cr_expect(slice_equal_text(body, "body"));
	cr_assert_eq(frame_open(slice_make(GOLDEN, FRAME_BYTES), &schema, &body, &err), 0, "an empty body is a body");
	cr_expect_eq(body.n, 0);
}

Test(frame, refuses_what_is_short_or_has_another_marker)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} ROWS[] = {
		{ NULL, 0, "nothing: a tombstone" },
		{ GOLDEN, FRAME_BYTES - 1, "a byte short" },
		{ "\xc3\x02\x8a\x7f\x25\xcc\xe7\x23\xdd\x63", 10, "another version of the marker" },
		{ "\x00\x00\x00\x00\x01\x02\x02\x02\x02\x02", 10, "a schema registry's marker" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		uint64_t schema = 7;
		struct slice body = SLICE_LITERAL("untouched");
		struct err err;

		cr_expect_eq(frame_open(slice_make(ROWS[i].bytes, ROWS[i].n), &schema, &body, &err), -ERR_DATA, "%s",
			     ROWS[i].why);
		cr_expect(schema == 7 && body.n == 9, "%s", ROWS[i].why);
	}
}
