#include "run/metrics.h"
#include "run/stage_metrics.h"

#include <criterion/criterion.h>

static struct metric RECORDS[] = {
	{ "instroom_test_total", "outcome=\"a\"", "Records.", METRIC_COUNTER, 0, NULL },
	{ "instroom_test_lag", "", "Lag.", METRIC_GAUGE, 0, NULL },
	{ "instroom_test_total", "outcome=\"b\"", "Records.", METRIC_COUNTER, 0, NULL },
	{ "instroom_test_seconds_total", "", "Time.", METRIC_COUNTER_US, 0, NULL },
};

static const char *write_page(void)
{
	static struct strbuf page;

	strbuf_release(&page);
	strbuf_init(&page, 1 << 16);
	metrics_write(&page);
	return strbuf_text(&page);
}

Test(metrics, are_written_in_the_text_format_with_one_name_together)
{
	metrics_register_all(RECORDS, ARRAY_LEN(RECORDS));
	metrics_register(&RECORDS[0]); /* again: still once */
	metric_add(&RECORDS[0], 2);
	metric_add(&RECORDS[0], 1);
	metric_set(&RECORDS[1], -5);
	metric_add(&RECORDS[3], 1500001);
	const char *page = write_page();

	cr_expect(strstr(page,
			 "# HELP instroom_test_total Records.\n# TYPE instroom_test_total counter\n"
			 "instroom_test_total{outcome=\"a\"} 3\ninstroom_test_total{outcome=\"b\"} 0\n"
			 "# HELP instroom_test_lag Lag.\n# TYPE instroom_test_lag gauge\ninstroom_test_lag -5\n"),
		  "%s", page);
	cr_expect(strstr(page, "instroom_test_seconds_total 1.500001\n"), "%s", page);
}

Test(metrics, describe_the_process)
{
	static const char *const NAMES[] = { "instroom_build_info{version=\"" INSTROOM_VERSION "\"} 1\n",
					     "\nprocess_resident_memory_bytes ", "\nprocess_open_fds ",
					     "\nprocess_cpu_seconds_total ", "\nprocess_start_time_seconds " };
	const char *page = write_page();
	long long resident = 0;

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		cr_expect(strstr(page, NAMES[i]), "%s", NAMES[i]);
	cr_assert_eq(sscanf(strstr(page, NAMES[1]), "\nprocess_resident_memory_bytes %lld", &resident), 1);
	cr_expect_gt(resident, 1 << 20);
}

static struct metric HISTOGRAMS[] = {
	HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_test_seconds", "stage=\"a\"", "Time."),
	HISTOGRAM_OF(METRIC_HISTOGRAM, "instroom_test_records", "", "Sizes."),
	HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_test_seconds", "stage=\"b\"", "Time."),
};

Test(metrics, a_histogram_counts_up_to_each_edge_that_one_included)
{
	static const int64_t OBSERVED_US[] = { -5, 0, 1000, 1001, 2500, 3600000000, 3600000001 };

	metrics_register_all(HISTOGRAMS, ARRAY_LEN(HISTOGRAMS));
	for (size_t i = 0; i < ARRAY_LEN(OBSERVED_US); i++)
		metric_observe(&HISTOGRAMS[0], OBSERVED_US[i]);
	const char *page = write_page();

	cr_expect(strstr(page,
			 "# TYPE instroom_test_seconds histogram\n"
			 "instroom_test_seconds_bucket{stage=\"a\",le=\"0.001\"} 3\n"
			 "instroom_test_seconds_bucket{stage=\"a\",le=\"0.0025\"} 5\n"),
		  "%s", page);
	cr_expect(strstr(page,
			 "{stage=\"a\",le=\"300\"} 5\ninstroom_test_seconds_bucket{stage=\"a\",le=\"3600\"} 6\n"
			 "instroom_test_seconds_bucket{stage=\"a\",le=\"+Inf\"} 7\n"
			 "instroom_test_seconds_sum{stage=\"a\"} 7200.004502\n"
			 "instroom_test_seconds_count{stage=\"a\"} 7\n"
			 "instroom_test_seconds_bucket{stage=\"b\",le=\"0.001\"} 0\n"),
		  "%s", page);
}

Test(metrics, a_histogram_of_sizes_has_whole_edges)
{
	metrics_register_all(HISTOGRAMS, ARRAY_LEN(HISTOGRAMS));
	metric_observe(&HISTOGRAMS[1], 100000);
	metric_observe(&HISTOGRAMS[1], 100001);
	const char *page = write_page();

	cr_expect(strstr(page, "instroom_test_records_bucket{le=\"1\"} 0\n"), "%s", page);
	cr_expect(strstr(page,
			 "instroom_test_records_bucket{le=\"100000\"} 1\ninstroom_test_records_bucket{le=\"+Inf\"} 2\n"
			 "instroom_test_records_sum 200001\ninstroom_test_records_count 2\n"),
		  "%s", page);
}

Test(metrics, the_backlog_of_a_partition_that_left_is_none)
{
	stage_metrics_backlog("test", "instroom.raw.1", 3, 7, 1500000000250);
	stage_metrics_backlog("test", "instroom.raw.1", STAGE_PARTITIONS_MAX, 9, 1); /* none of ours: nothing */
	const char *page = write_page();

	cr_expect(strstr(page,
			 "instroom_consumer_lag_records{stage=\"test\",topic=\"instroom.raw.1\",partition=\"3\"} 7\n"));
	cr_expect(strstr(page, "partition=\"3\"} 1500000000.250000\n"), "%s", page);
	stage_metrics_backlog_left(3);
	stage_metrics_backlog_left(4); /* never measured */
	page = write_page();
	cr_expect(strstr(page, "lag_records{stage=\"test\",topic=\"instroom.raw.1\",partition=\"3\"} 0\n"));
	cr_expect(strstr(page, "partition=\"3\"} 0.000000\n"));
	cr_expect_not(strstr(page, "partition=\"4\""));
}
