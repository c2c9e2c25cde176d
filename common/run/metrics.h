/* metrics: counters and gauges of this process, and the status page that shows them.
 *
 * Names and label sets are fixed at registration (from short fixed lists, never ids, keys or error texts). The loop's
 * thread writes, the status thread reads: all values are atomics. Prefix instroom_, base units, _total on counters. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdatomic.h>

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_COUNTER_US, /* value in microseconds, shown in seconds: name it .._seconds_total */
	METRIC_GAUGE_US,   /* likewise: .._seconds */
};

struct metric {
	const char *name;
	const char *labels; /* "stage=\"validate\",outcome=\"nieuw\"", or "" */
	const char *help;
	enum metric_kind kind;
	_Atomic int64_t value;
	struct metric *next; /* owned by metrics.c */
};

/* metric must live until the process ends (static). Same name several times with other labels is fine. */
void metrics_register(struct metric *metric);
void metrics_register_all(struct metric *metrics, size_t count);
void metrics_write(struct strbuf *out); /* Prometheus text format, instroom_build_info and process figures included */

static inline void metric_add(struct metric *metric, int64_t n)
{
	atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, int64_t v)
{
	atomic_store_explicit(&metric->value, v, memory_order_relaxed);
}

#endif
