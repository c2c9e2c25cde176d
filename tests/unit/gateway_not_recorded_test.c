/* What a sender hears when Kafka did not take his message: whether it passes, by kind and name of the refusal. */
#include "gateway/gateway_metrics.h"
#include "gateway/not_recorded.h"
#include "gateway/services.h"

#include <criterion/criterion.h>

static const char BUSY[] = "De levering kon nu niet worden vastgelegd. Probeer het over enkele seconden nogmaals";

static const struct row {
	int error;
	const char *code;
	bool is_up; /* the producer is alive */
	bool passes;
} ROWS[] = {
	{ ERR_RETRY, "_MSG_TIMED_OUT", true, true },
	{ ERR_FULL, "_QUEUE_FULL", true, true },
	{ ERR_FATAL, "_FATAL", false, true },
	{ ERR_CONFIG, "UNKNOWN_TOPIC_OR_PART", true, true },
	{ ERR_DATA, "MSG_SIZE_TOO_LARGE", true, false },
	{ ERR_DATA, "RECORD_LIST_TOO_LARGE", true, false },
	{ ERR_DATA, "INVALID_RECORD", true, false },
	{ ERR_DATA, "size", true, false },
	{ ERR_FATAL, "POLICY_VIOLATION", true, false },
	{ ERR_CONFIG, "TOPIC_AUTHORIZATION_FAILED", true, false },
	{ ERR_CONFIG, "CLUSTER_AUTHORIZATION_FAILED", true, false },
};

static void ignore_report(void *self, const struct kafka_report *report)
{
	(void)self, (void)report;
}

/* Of brokers that are not there: it asks nobody. */
static void open_publisher(struct raw_publisher *publisher)
{
	struct kafka_options kafka = { .brokers = "127.0.0.1:1", .client_id = "not_recorded_test" };
	struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
						  .delivery_timeout_ms = 1000,
						  .queue_bytes_max = 1 << 20,
						  .compression = "none" };
	struct err err;

	cr_assert_eq(kafka_producer_open(&kafka, &options, ignore_report, NULL, &publisher->producer, &err), 0);
}

static bool has_failed(int count)
{
	char line[128];
	CLEANUP(strbuf_drop) struct strbuf page = { 0 };

	strbuf_init(&page, 1 << 20);
	metrics_write(&page);
	snprintf(line, sizeof line, "instroom_deliveries_total{stage=\"gateway\",outcome=\"failed\"} %d\n", count);
	return strstr(strbuf_text(&page), line) != NULL;
}

static void expect_busy(const struct row *row, struct reply *reply)
{
	cr_expect_eq(reply->status, 503, "%s: %u", row->code, reply->status);
	cr_expect_gt(reply->retry_after_s, 0, "%s: when to come back", row->code);
	cr_expect(strstr(strbuf_text(&reply->body), "enkele seconden"), "%s", row->code);
}

static void expect_ours(const struct row *row, struct reply *reply)
{
	const char *body = strbuf_text(&reply->body), *reference = strstr(body, "kenmerk ");

	cr_expect_eq(reply->status, 500, "%s: %u", row->code, reply->status);
	cr_expect_eq(reply->retry_after_s, 0, "%s: it is not to come back", row->code);
	cr_expect(strstr(body, "storing bij ons") && !strstr(body, "enkele seconden"), "%s: %s", row->code, body);
	cr_expect(!strstr(body, row->code), "%s: what Kafka says is for the log", row->code);
	cr_assert(reference, "%s: %s", row->code, body);
	cr_expect_eq(strspn(reference + strlen("kenmerk "), "0123456789abcdef"), 10, "%s: %s", row->code, reference);
}

Test(gateway_not_recorded, tells_what_passes_from_what_is_ours_to_mend)
{
	struct services services = { 0 };
	struct request request = { .services = &services };
	int failed = 0;

	gateway_metrics_register();
	open_publisher(&services.publisher);
	struct kafka_producer *producer = services.publisher.producer;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct row *row = &ROWS[i];
		services.publisher.producer = row->is_up ? producer : NULL;
		cr_expect_eq(not_recorded_answer(&request, row->error, row->code, 99901, BUSY), row->passes, "%s",
			     row->code);
		if (row->passes)
			expect_busy(row, &request.reply);
		else
			expect_ours(row, &request.reply);
		failed += !row->passes;
		cr_expect(has_failed(failed), "%s: the metric", row->code);
		reply_release(&request.reply);
	}
	kafka_producer_close(producer);
}
