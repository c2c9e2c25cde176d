/* write_metrics: what instroom-write tells of itself on its status page. */
#ifndef WRITE_WRITE_METRICS_H
#define WRITE_WRITE_METRICS_H

#include "run/metrics.h"
#include "write/message.h"

enum write_counter {
	COUNT_BATCHES,
	COUNT_BATCH_US, /* microseconds in transactions */
	COUNT_MESSAGES, /* verdicts that count, applied */
	COUNT_VOID,	/* verdicts that do not count */
	COUNT_REPEATS,
	COUNT_FENCED,
	COUNT_RETRIES,
	COUNT_FORGOTTEN,    /* teachers in Forgets */
	COUNT_REPLAYS,	    /* replays entered */
	COUNT_REPLAYS_LEFT, /* replays of no delivery we know */
	GAUGE_PARTITIONS,
	GAUGE_PARKED,
	GAUGE_LAG,
	WRITE_COUNTERS
};

void write_metrics_register(void);
void write_count(enum write_counter counter, int64_t n);
void write_gauge(enum write_counter gauge, int64_t value);
void write_count_lines(const struct ledger *ledger);

#endif
