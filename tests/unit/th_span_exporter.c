/* span_exporter: whatever the endpoint does, adding never waits, the queue is bounded, each span is counted once. */
#include "trace/span_exporter.h"

#include "base/strbuf.h"
#include "run/metrics.h"
#include "th.h"

#include <stdlib.h>

enum { ADDED = 3 * SPAN_EXPORTER_QUEUE };

/* The sum of all series of that name. */
static long counted(const char *name)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	long sum = 0;

	strbuf_init(&out, 1 << 20);
	metrics_write(&out);
	const char *text = strbuf_text(&out);

	for (const char *row = text; (row = strstr(row, name)) != NULL; row++)
		if (row > text && row[-1] == '\n')
			sum += strtol(strchr(row, ' ') + 1, NULL, 10);
	return sum;
}

int main(void)
{
	static const uint8_t OWN[SPAN_ID_BYTES] = { 1 };
	/* a port that nobody listens on */
	struct span_exporter_options options = { "http://127.0.0.1:1/v1/traces", "", "test", "test" };
	struct span_exporter *exporter = NULL;
	struct span span;
	struct err err;

	TH_EXPECT(span_init(&span, SLICE_LITERAL("4bf92f3577b34da6a3ce929d0e0e4736"), SLICE_LITERAL(""), OWN));
	TH_EXPECT(span_exporter_open(&options, &exporter, &err) == 0);
	for (int i = 0; i < ADDED; i++)
		span_exporter_add(exporter, &span);
	/* at most one batch left the queue for a request */
	TH_EXPECT(counted("instroom_trace_spans_dropped_total{stage=\"test\",why=\"queue\"}") >=
		  ADDED - SPAN_EXPORTER_QUEUE - 256);
	span_exporter_close(exporter);
	TH_EXPECT(counted("instroom_trace_spans_dropped_total") == ADDED);
	TH_EXPECT(counted("instroom_trace_spans_sent_total") == 0);

	span_exporter_add(NULL, &span);
	span_exporter_close(NULL);
	return 0;
}
