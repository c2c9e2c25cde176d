#include "base/num.h"
#include "base/url.h"
#include "trace/span_answer.h"
#include "trace/span_exporter.h"
#include "trace/span_json.h"

#include <criterion/criterion.h>

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static const uint8_t OWN[SPAN_ID_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static struct span a_span(const char *parent)
{
	struct span span;

	cr_assert(span_init(&span, SLICE_LITERAL(ID), slice_of(parent), OWN));
	span.kind = SPAN_CONSUMER;
	span.begin_us = 1528977600000001;
	span.end_us = 1528977600000002;
	return span;
}

static const char *json_of(const struct span *span, struct strbuf *out)
{
	strbuf_init(out, 1 << 20);
	span_json_begin(out, "write", "write/\"1\"");
	span_json_add(out, span, true);
	span_json_end(out);
	return strbuf_text(out);
}

Test(span, is_written_as_otlp_has_it)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct span span = a_span(PARENT);

	span_set_delivery(&span, 1234, SLICE_LITERAL("levering-1"));
	span_add_message(&span, "process", "raw.1", 3, 7);
	span.has_failed = true;
	cr_expect_str_eq(json_of(&span, &out),
			 "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
			 "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"instroom-write\"}},"
			 "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"write/\\\"1\\\"\"}},"
			 "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"" INSTROOM_VERSION
			 "\"}}]},"
			 "\"scopeSpans\":[{\"scope\":{\"name\":\"instroom\"},\"spans\":["
			 "{\"traceId\":\"" ID "\",\"spanId\":\"0102030405060708\",\"parentSpanId\":\"" PARENT
			 "\","
			 "\"name\":\"process raw.1\",\"kind\":5,\"startTimeUnixNano\":\"1528977600000001000\","
			 "\"endTimeUnixNano\":\"1528977600000002000\",\"attributes\":["
			 "{\"key\":\"instroom.board\",\"value\":{\"stringValue\":\"01234\"}},"
			 "{\"key\":\"instroom.delivery.id\",\"value\":{\"stringValue\":\"levering-1\"}},"
			 "{\"key\":\"messaging.system\",\"value\":{\"stringValue\":\"kafka\"}},"
			 "{\"key\":\"messaging.operation.type\",\"value\":{\"stringValue\":\"process\"}},"
			 "{\"key\":\"messaging.destination.name\",\"value\":{\"stringValue\":\"raw.1\"}},"
			 "{\"key\":\"messaging.destination.partition.id\",\"value\":{\"stringValue\":\"3\"}},"
			 "{\"key\":\"messaging.kafka.offset\",\"value\":{\"intValue\":\"7\"}}],"
			 "\"status\":{\"code\":2}}]}]}]}");
}

Test(span, without_a_parent_or_a_delivery_says_neither)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct span span = a_span("");
	const char *text;

	span.end_us = span.begin_us - 5; /* a clock that was set back */
	text = json_of(&span, &out);
	cr_expect_eq(strstr(text, "parentSpanId"), NULL);
	cr_expect_eq(strstr(text, "instroom."), NULL);
	cr_expect(strstr(text, "\"endTimeUnixNano\":\"1528977600000001000\""), "%s", text);
}

Test(span, holds_no_bytes_that_break_json)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct span span = a_span("");

	span_set_delivery(&span, 1, SLICE_LITERAL("a\"b\\c\n\x80"));
	cr_expect(strstr(json_of(&span, &out), "\"a\\\"b\\\\c\?\?\""), "%s", strbuf_text(&out));
	span.delivery_id[0] = '\0';
	span_set_delivery(&span, 1, SLICE_LITERAL("1234567890123456789012345678901234567890"));
	cr_expect_str_empty(span.delivery_id, "one that does not fit is left out");
}

Test(span, has_ids_of_the_right_form_or_is_none)
{
	const uint8_t zeros[SPAN_ID_BYTES] = { 0 };
	struct span span;

	cr_expect_not(span_init(&span, SLICE_LITERAL("4bf9"), slice_of(PARENT), OWN));
	cr_expect_not(span_init(&span, SLICE_LITERAL(ID), SLICE_LITERAL("00f0"), OWN));
	cr_assert(span_init(&span, SLICE_LITERAL(ID), slice_of(PARENT), zeros));
	cr_expect_neq(memcmp(span.id, zeros, sizeof zeros), 0, "all zeros would be no id");
}

Test(span_answer, says_whether_to_send_again)
{
	static const struct {
		long status;
		enum span_verdict want;
	} ROWS[] = {
		{ 199, SPANS_REFUSED }, { 200, SPANS_TAKEN },	{ 202, SPANS_TAKEN },	{ 299, SPANS_TAKEN },
		{ 301, SPANS_REFUSED }, { 307, SPANS_REFUSED }, { 400, SPANS_REFUSED }, { 401, SPANS_REFUSED },
		{ 429, SPANS_LATER },	{ 500, SPANS_REFUSED }, { 501, SPANS_REFUSED }, { 502, SPANS_LATER },
		{ 503, SPANS_LATER },	{ 504, SPANS_LATER },	{ 505, SPANS_REFUSED },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(span_answer_of_status(ROWS[i].status), ROWS[i].want, "status %ld", ROWS[i].status);
}

Test(span_answer, counts_what_was_rejected)
{
	static const struct {
		const char *body;
		size_t want;
	} ROWS[] = {
		{ "", 0 },
		{ "{}", 0 },
		{ "<html>", 0 },
		{ "[1]", 0 },
		{ "{\"partialSuccess\":{}}", 0 },
		{ "{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}", 3 },
		{ "{\"partialSuccess\":{\"rejectedSpans\":3}}", 3 },
		{ "{\"partialSuccess\":{\"rejectedSpans\":-3}}", 0 },
		{ "{\"partialSuccess\":{\"rejectedSpans\":\"x\"}}", 0 },
		{ "{\"partialSuccess\":{\"rejectedSpans\":\"99\"}}", 10 }, /* more than there were */
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(span_answer_rejected(slice_of(ROWS[i].body), 10), ROWS[i].want, "%s", ROWS[i].body);
}

Test(span_exporter, sends_to_nobody_who_may_be_overheard)
{
	static const struct {
		const char *endpoint;
		bool is_good;
	} ROWS[] = {
		{ "", true },
		{ "http://127.0.0.1:1/v1/traces", true },
		{ "http://[::1]:1", true },
		{ "http://127.0.0.1.example.org:1/", false },
		{ "http://127.0.0.1:1@example.org/", false },
		{ "http://example.org/v1/traces", false },
		{ "https://me@example.org/", false },
		{ "ftp://127.0.0.1/", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct span_exporter_options options = { ROWS[i].endpoint, "", "test", "test" };
		struct span_exporter *exporter;
		struct err err = { 0 };
		int rc = span_exporter_open(&options, &exporter, &err);

		cr_expect_eq(rc, ROWS[i].is_good ? 0 : -ERR_CONFIG, "%s", ROWS[i].endpoint);
		cr_expect_eq(exporter != NULL, ROWS[i].is_good && i > 0, "%s", ROWS[i].endpoint);
		span_exporter_close(exporter);
	}
	cr_expect(url_is_safe("https://example.org/"));
}
