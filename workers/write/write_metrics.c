#include "write/write_metrics.h"

#include "run/stage_metrics.h"

#define STAGE		    STAGE_LABEL("write")
#define COUNTER(name, help) METRIC_OF(METRIC_COUNTER, name, STAGE, help)
#define LINES(outcome)	    STAGE_RECORDS("write", outcome)

/* by enum outcome - 1 */
static struct metric lines[OUTCOMES] = {
	LINES("nieuw"),	    LINES("gewijzigd"),	  LINES("ongewijzigd"), LINES("verouderd"),
	LINES("afgekeurd"), LINES("ingetrokken"), LINES("quarantaine"),
};

static struct metric counters[WRITE_COUNTERS] = {
	[COUNT_BATCHES] = STAGE_BATCHES("write"),
	[COUNT_RETRIES] = STAGE_BATCH_RETRIES("write"),
	[COUNT_FENCED] = STAGE_BATCHES_FENCED("write"),
	[OBSERVE_BATCH_US] = STAGE_BATCH_DURATION("write"),
	[OBSERVE_BATCH_LINES] = STAGE_BATCH_RECORDS("write"),
	[OBSERVE_LOG_WAIT_US] = STAGE_LOG_WAIT("write"),
	[OBSERVE_DELIVERY_US] = HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_delivery_duration_seconds", STAGE,
					     "Time from a delivery's append to the raw log until its COMMIT."),
	[COUNT_MESSAGES] = STAGE_VERDICTS("write", "yes"),
	[COUNT_VOID] = STAGE_VERDICTS("write", "no"),
	[COUNT_REPEATS] = COUNTER("instroom_repeats_total", "Deliveries known before, which change nothing."),
	[COUNT_FORGOTTEN] = COUNTER("instroom_forgotten_teachers_total", "Teachers the cache has to forget."),
	[COUNT_FORGETS_REFUSED] = STAGE_MESSAGES_REFUSED("write", "raw"),
	[COUNT_CHECKED] = COUNTER("instroom_unchanged_checked_total",
				  "Teachers found unchanged by the cache that were compared with their row."),
	[COUNT_DIFFERING] = COUNTER("instroom_unchanged_differing_total",
				    "Of them those whose row says otherwise: quarantaine, and the cache forgets them."),
	[COUNT_REPLAYS] = COUNTER("instroom_replays_total", "Replays entered in the ledger."),
	[COUNT_REPLAYS_SKIPPED] =
		COUNTER("instroom_replays_skipped_total", "Replays that fit no delivery of the ledger."),
	[GAUGE_PARTITIONS] = STAGE_PARTITIONS("write", "owned"),
	[GAUGE_WAITING] = STAGE_PARTITIONS("write", "waiting"),
	[GAUGE_PARKED] = STAGE_PARTITIONS("write", "parked"),
	[GAUGE_CONFIRMATIONS] =
		METRIC_OF(METRIC_GAUGE, "instroom_confirmations_waiting", STAGE,
			  "Deliveries that wait for their board's confirmation; every writer counts all."),
	[GAUGE_CONFIRMATION_OLDEST_US] =
		METRIC_OF(METRIC_GAUGE_US, "instroom_confirmation_oldest_timestamp_seconds", STAGE,
			  "When the first of them was written, since 1970; 0 when none waits."),
};

void write_metrics_register(void)
{
	metrics_register_all(lines, ARRAY_LEN(lines));
	metrics_register_all(counters, ARRAY_LEN(counters));
}

void write_count(enum write_counter counter, int64_t n)
{
	metric_add(&counters[counter], n);
}

void write_gauge(enum write_counter gauge, int64_t value)
{
	metric_set(&counters[gauge], value);
}

void write_observe(enum write_counter histogram, int64_t value)
{
	metric_observe(&counters[histogram], value);
}

void write_count_lines(const struct ledger *ledger)
{
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		if (ledger->lines[outcome] > 0)
			metric_add(&lines[outcome - 1], ledger->lines[outcome]);
}
