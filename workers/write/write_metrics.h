/* write_metrics: what instroom-write shows of itself on its status page. */
#ifndef WRITE_WRITE_METRICS_H
#define WRITE_WRITE_METRICS_H

#include "run/metrics.h"
#include "write/message.h"

enum write_counter {
	COUNT_BATCHES,
	COUNT_RETRIES,
	COUNT_FENCED,
	OBSERVE_BATCH_US,    /* of one transaction */
	OBSERVE_BATCH_LINES, /* of deliveries in it */
	OBSERVE_LOG_WAIT_US,
	OBSERVE_DELIVERY_US, /* the whole way */
	COUNT_MESSAGES,	     /* verdicts that count, applied */
	COUNT_VOID,	     /* verdicts that do not count */
	COUNT_REPEATS,
	COUNT_FORGOTTEN, /* teachers in Forgets */
	COUNT_FORGETS_REFUSED,
	COUNT_CHECKED,	       /* UNCHANGED teachers compared with their row */
	COUNT_DIFFERING,       /* of them those whose row says otherwise */
	COUNT_REPLAYS,	       /* replays entered */
	COUNT_REPLAYS_SKIPPED, /* replays of no delivery we know */
	GAUGE_PARTITIONS,
	GAUGE_WAITING, /* to be opened */
	GAUGE_PARKED,
	GAUGE_CONFIRMATIONS, /* deliveries that wait for one */
	GAUGE_CONFIRMATION_OLDEST_US,
	WRITE_COUNTERS
};

void write_metrics_register(void);
void write_count(enum write_counter counter, int64_t n);
void write_gauge(enum write_counter gauge, int64_t value);
void write_observe(enum write_counter histogram, int64_t value);
void write_count_lines(const struct ledger *ledger);

#endif
