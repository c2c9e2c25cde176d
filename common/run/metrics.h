/* metrics: counters and gauges of this process, and the status page that shows them.
 *
 * Names and label sets are fixed at registration (from short fixed lists, never ids, keys or error texts). The loop's
 * thread writes, the status thread reads: all values are atomics. Prefix instroom_, base units, _total on counters. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdatomic.h>
#include <stdbool.h>

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_COUNTER_US,   /* value in microseconds, shown in seconds: name it .._seconds_total */
	METRIC_GAUGE_US,     /* likewise: .._seconds */
	METRIC_HISTOGRAM,    /* of sizes, 1 to 100,000 */
	METRIC_HISTOGRAM_US, /* of durations in microseconds, 1 ms to an hour, shown in seconds: name it .._seconds */
};

enum { HISTOGRAM_BUCKETS = 18 };

/* How many observations fell into each bucket, that of the largest values last. */
struct histogram {
	_Atomic int64_t counts[HISTOGRAM_BUCKETS];
};

struct metric {
	const char *name;
	const char *labels; /* "stage=\"validate\",outcome=\"nieuw\"", or "" */
	const char *help;
	enum metric_kind kind;
	_Atomic int64_t value;	     /* of a histogram: the sum of what was observed */
	struct metric *next;	     /* owned by metrics.c */
	struct histogram *histogram; /* NULL for the other kinds */
};

/* Initializers. A label set is a literal: METRIC_OF(METRIC_COUNTER, name, "stage=\"write\"", "Verdicts seen.") */
#define METRIC_OF(kind_, name_, labels_, help_)                                        \
	{                                                                              \
		.name = (name_), .labels = (labels_), .help = (help_), .kind = (kind_) \
	}
#define HISTOGRAM_OF(kind_, name_, labels_, help_)                                      \
	{                                                                               \
		.name = (name_), .labels = (labels_), .help = (help_), .kind = (kind_), \
		.histogram = &(struct histogram)                                        \
		{                                                                       \
			{                                                               \
				0                                                       \
			}                                                               \
		}                                                                       \
	}

/* metric must live until the process ends (static). Same name several times with other labels is fine. */
void metrics_register(struct metric *metric);
void metrics_register_all(struct metric *metrics, size_t count);
void metrics_set_ready(bool is_ready); /* by status_set_ready: instroom_ready of this process */
/* One value of a histogram; a negative one counts as 0. */
void metric_observe(struct metric *metric, int64_t v);
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
