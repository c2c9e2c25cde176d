/* fuzz_http_parse: a request as bytes. All slices of its head lie within it, and its content is the same in whatever
 * parts the bytes come. */
#include "fuzz.h"

#include "http/http_body.h"
#include "http/http_query.h"

static void expect_inside(struct slice part, struct slice all)
{
	FUZZ_EXPECT(part.n == 0 || (part.p >= all.p && part.p + part.n <= all.p + all.n) ||
		    slice_equal_text(part, "/"));
}

static enum http_body_step decode(struct http_body body, struct slice bytes, size_t step, struct strbuf *out,
				  size_t *ret_used)
{
	enum http_body_step what = HTTP_BODY_WANTS_MORE;
	struct slice content;

	*ret_used = 0;
	do {
		size_t n = MIN(step, bytes.n - *ret_used);
		struct slice part = slice_make(bytes.p + *ret_used, n);

		while ((what = http_body_next(&body, &part, &content)) == HTTP_BODY_BYTES)
			strbuf_add(out, content);
		*ret_used += n - part.n;
	} while (what == HTTP_BODY_WANTS_MORE && *ret_used < bytes.n);
	return what;
}

static void check_body(const struct http_head *head, struct slice bytes)
{
	struct http_body body;
	struct strbuf whole, parts;
	size_t whole_used, parts_used;

	http_body_begin(&body, head);
	strbuf_init(&whole, bytes.n + 1);
	strbuf_init(&parts, bytes.n + 1);
	enum http_body_step at_once = decode(body, bytes, MAX(bytes.n, (size_t)1), &whole, &whole_used);

	FUZZ_EXPECT(decode(body, bytes, 3, &parts, &parts_used) == at_once);
	FUZZ_EXPECT(slice_equal(strbuf_slice(&whole), strbuf_slice(&parts)));
	FUZZ_EXPECT(at_once != HTTP_BODY_END || whole_used == parts_used);
	FUZZ_EXPECT(head->framing != HTTP_BODY_OF_LENGTH || at_once != HTTP_BODY_END ||
		    whole.n == head->content_length);
	strbuf_release(&whole);
	strbuf_release(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size), query, name, value;
	static char decoded[HTTP_TARGET_BYTES_MAX];
	struct http_head head;
	size_t head_bytes = 0;
	const char *why = NULL;

	if (http_head_search(bytes, 0, &head_bytes) != HTTP_HEAD_WHOLE)
		return 0;
	FUZZ_EXPECT(head_bytes >= 4 && head_bytes <= size);
	unsigned status = http_head_parse(slice_make(data, head_bytes), &head, &why);

	FUZZ_EXPECT((status == 0) == (why[0] == '\0'));
	if (status != 0)
		return 0;
	FUZZ_DEEP();
	expect_inside(head.method, bytes);
	expect_inside(head.path, bytes);
	expect_inside(head.query, bytes);
	expect_inside(head.host, bytes);
	for (size_t i = 0; i < head.header_count; i++)
		expect_inside(head.headers[i].value, bytes);
	FUZZ_EXPECT(http_decode(head.path, false, decoded, sizeof decoded, &value));
	for (query = head.query; http_query_next(&query, &name, &value);)
		FUZZ_EXPECT(http_decode(name, true, decoded, sizeof decoded, &name));
	check_body(&head, slice_from(bytes, head_bytes));
	return 0;
}
