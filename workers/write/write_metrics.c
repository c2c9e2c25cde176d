#include "write/write_metrics.h"

#define LINES(name)                                                                                                    \
	{                                                                                                              \
		"instroom_records_total", "stage=\"write\",outcome=\"" name "\"", "Lines by outcome.", METRIC_COUNTER, \
			0, NULL                                                                                        \
	}

/* by enum outcome - 1 */
static struct metric lines[OUTCOMES] = {
	LINES("nieuw"),	    LINES("gewijzigd"),	  LINES("ongewijzigd"), LINES("verouderd"),
	LINES("afgekeurd"), LINES("ingetrokken"), LINES("quarantaine"),
};

static struct metric counters[WRITE_COUNTERS] = {
	[COUNT_BATCHES] = { "instroom_batches_total", "stage=\"write\"", "Transactions committed.", METRIC_COUNTER, 0, NULL },
	[COUNT_BATCH_US] = { "instroom_batch_duration_seconds_total", "stage=\"write\"", "Time in transactions.",
			     METRIC_COUNTER_US, 0, NULL },
	[COUNT_MESSAGES] = { "instroom_verdicts_total", "counts=\"yes\"", "Verdicts applied.", METRIC_COUNTER, 0, NULL },
	[COUNT_VOID] = { "instroom_verdicts_total", "counts=\"no\"", "Verdicts that do not count.", METRIC_COUNTER, 0, NULL },
	[COUNT_REPEATS] = { "instroom_repeats_total", "", "Deliveries known before, which change nothing.",
			    METRIC_COUNTER, 0, NULL },
	[COUNT_FENCED] = { "instroom_sink_fenced_total", "", "Batches given up as another instance owns a partition.",
			   METRIC_COUNTER, 0, NULL },
	[COUNT_RETRIES] = { "instroom_batch_retries_total", "stage=\"write\"", "Batches tried again after a pause.",
			    METRIC_COUNTER, 0, NULL },
	[COUNT_FORGOTTEN] = { "instroom_forgotten_teachers_total", "", "Teachers the cache was told to forget.",
			      METRIC_COUNTER, 0, NULL },
	[COUNT_REPLAYS] = { "instroom_replays_total", "", "Replays entered in the ledger.", METRIC_COUNTER, 0, NULL },
	[COUNT_REPLAYS_LEFT] = { "instroom_replays_passed_over_total", "",
				 "Replays that fit no delivery of the ledger.", METRIC_COUNTER, 0, NULL },
	[GAUGE_PARTITIONS] = { "instroom_partitions_owned", "stage=\"write\"", "Partitions written by this instance.",
			       METRIC_GAUGE, 0, NULL },
	[GAUGE_PARKED] = { "instroom_partitions_parked", "stage=\"write\"", "Partitions that wait for an operator.",
			   METRIC_GAUGE, 0, NULL },
	[GAUGE_LAG] = { "instroom_consumer_lag_records", "stage=\"write\"", "Verdicts not yet applied, own partitions.",
			METRIC_GAUGE, 0, NULL },
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

void write_count_lines(const struct ledger *ledger)
{
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		if (ledger->lines[outcome] > 0)
			metric_add(&lines[outcome - 1], ledger->lines[outcome]);
}
