#include "run/metrics.h"

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

Test(metrics, tell_of_the_process)
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
