#include "base/strbuf.h"
#include "render/summary.h"

#include <criterion/criterion.h>
#include <jansson.h>

Test(report, json_that_does_not_fit_shows_in_the_buffer)
{
	static const char TEXT[] = "{\"regel\":2,\"bevindingen\":[]}";
	static const struct {
		size_t cap_bytes;
		bool fits;
		const char *why;
	} ROWS[] = {
		{ sizeof TEXT - 1, true, "just enough" },
		{ sizeof TEXT - 2, false, "one byte short" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct strbuf out;

		strbuf_init(&out, ROWS[i].cap_bytes);
		summary_put_json(&out, json_pack("{s:i, s:[]}", "regel", 2, "bevindingen"));
		cr_expect_eq(strbuf_ok(&out), ROWS[i].fits, "%s", ROWS[i].why);
		cr_expect(!ROWS[i].fits || slice_equal_text(strbuf_slice(&out), TEXT));
		strbuf_release(&out);
	}
}

Test(report, json_that_could_not_be_made_leaves_no_empty_answer)
{
	struct strbuf out;

	strbuf_init(&out, 64);
	summary_put_json(&out, NULL);
	cr_expect_not(strbuf_ok(&out));
	strbuf_release(&out);
}
