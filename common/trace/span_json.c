#include "trace/span_json.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

enum { STATUS_OF_ERROR = 2 };

/* Whatever the text holds, what comes of it is JSON in ASCII: other bytes become a question mark. */
static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_add_char(out, '"');
	for (; *text; text++) {
		bool is_plain = *text >= ' ' && *text <= '~';

		if (*text == '"' || *text == '\\')
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, is_plain ? *text : '?');
	}
	strbuf_add_char(out, '"');
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
	strbuf_add_printf(out, "{\"key\":\"%s\",\"value\":{\"stringValue\":", key);
	add_quoted(out, text);
	strbuf_add_text(out, "}}");
}

static void add_attribute(struct strbuf *out, const struct span_attribute *attribute)
{
	const char *form = attribute->value == SPAN_NUMBER ? "intValue" : "stringValue";

	if (attribute->value == SPAN_TEXT)
		add_text(out, attribute->key, attribute->text);
	else
		strbuf_add_printf(out, "{\"key\":\"%s\",\"value\":{\"%s\":\"%" PRId64 "\"}}", attribute->key, form,
				  attribute->number);
}

static void add_hex(struct strbuf *out, const char *name, const uint8_t *bytes, size_t n)
{
	char hex[2 * TRACE_ID_BYTES];

	num_to_hex(bytes, n, hex);
	strbuf_add_printf(out, "\"%s\":\"%.*s\",", name, (int)(2 * n), hex);
}

static bool has_parent(const struct span *span)
{
	static const uint8_t NONE[SPAN_ID_BYTES];

	return memcmp(span->parent_id, NONE, SPAN_ID_BYTES) != 0;
}

void span_json_begin(struct strbuf *out, const char *stage, const char *instance)
{
	char service[32];

	snprintf(service, sizeof service, "instroom-%s", stage);
	strbuf_add_text(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
	add_text(out, "service.name", service);
	strbuf_add_char(out, ',');
	add_text(out, "service.instance.id", instance);
	strbuf_add_char(out, ',');
	add_text(out, "service.version", INSTROOM_VERSION);
	strbuf_add_text(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"instroom\"},\"spans\":[");
}

static void add_attributes(struct strbuf *out, const struct span *span)
{
	char board[16];
	bool is_first = true;

	if (span->board >= 0) {
		snprintf(board, sizeof board, "%05" PRId32, span->board);
		add_text(out, "instroom.board", board);
		is_first = false;
	}
	if (span->delivery_id[0]) {
		strbuf_add_text(out, is_first ? "" : ",");
		add_text(out, "instroom.delivery.id", span->delivery_id);
		is_first = false;
	}
	for (size_t i = 0; i < span->attribute_count; i++) {
		strbuf_add_text(out, is_first ? "" : ",");
		add_attribute(out, &span->attributes[i]);
		is_first = false;
	}
}

void span_json_add(struct strbuf *out, const struct span *span, bool is_first)
{
	strbuf_add_text(out, is_first ? "{" : ",{");
	add_hex(out, "traceId", span->trace_id, sizeof span->trace_id);
	add_hex(out, "spanId", span->id, sizeof span->id);
	if (has_parent(span))
		add_hex(out, "parentSpanId", span->parent_id, sizeof span->parent_id);
	strbuf_add_text(out, "\"name\":");
	add_quoted(out, span->name);
	strbuf_add_printf(out,
			  ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64 "000\",\"endTimeUnixNano\":\"%" PRId64
			  "000\",\"attributes\":[",
			  (int)span->kind, span->begin_us, MAX(span->begin_us, span->end_us));
	add_attributes(out, span);
	strbuf_add_text(out, "]");
	if (span->has_failed)
		strbuf_add_printf(out, ",\"status\":{\"code\":%d}", STATUS_OF_ERROR);
	strbuf_add_text(out, "}");
}

void span_json_end(struct strbuf *out)
{
	strbuf_add_text(out, "]}]}]}");
}
