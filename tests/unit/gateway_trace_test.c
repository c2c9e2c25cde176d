#include "gateway/request_span.h"
#include "gateway/services.h"
#include "gateway/trace.h"

#include <criterion/criterion.h>

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static const struct {
	const char *value;
	size_t count;
	bool is_good;
	const char *why;
} ROWS[] = {
	{ "00-" ID "-" PARENT "-01", 1, true, "as in the text" },
	{ "00-" ID "-" PARENT "-00", 1, true, "not sampled" },
	{ "cc-" ID "-" PARENT "-01", 1, true, "a later version" },
	{ "cc-" ID "-" PARENT "-01-more", 1, true, "which may say more" },
	{ "cc-" ID "-" PARENT "-01.more", 1, false, "behind a hyphen" },
	{ "00-" ID "-" PARENT "-01-more", 1, false, "ours does not" },
	{ "ff-" ID "-" PARENT "-01", 1, false, "no version" },
	{ "0x-" ID "-" PARENT "-01", 1, false, "" },
	{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", 1, false, "capitals" },
	{ "00-00000000000000000000000000000000-" PARENT "-01", 1, false, "no trace id" },
	{ "00-" ID "-0000000000000000-01", 1, false, "no parent id" },
	{ "00-" ID "-" PARENT "-0g", 1, false, "flags" },
	{ "00_" ID "-" PARENT "-01", 1, false, "" },
	{ "00-" ID "_" PARENT "-01", 1, false, "" },
	{ "00-" ID "-" PARENT "_01", 1, false, "" },
	{ "00-" ID "-" PARENT "-0", 1, false, "short" },
	{ "", 1, false, "empty" },
	{ NULL, 0, false, "absent" },
	{ "00-" ID "-" PARENT "-01", 2, false, "twice" },
};

Test(gateway_trace, hands_on_a_good_traceparent_under_a_parent_of_ours)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct trace trace = { "something else" };

		trace_read(&trace, slice_of(ROWS[i].value), ROWS[i].count);
		cr_expect_eq(trace.traceparent[0] != '\0', ROWS[i].is_good, "row %zu: %s", i, ROWS[i].why);
		cr_expect(slice_equal_text(trace_id(&trace), ROWS[i].is_good ? ID : "-"), "row %zu", i);
		if (!ROWS[i].is_good)
			continue;
		cr_expect_eq(strlen(trace.traceparent), TRACEPARENT_BYTES);
		cr_expect(slice_starts_with(slice_of(trace.traceparent), "00-" ID "-"));
		cr_expect_eq(strstr(trace.traceparent, PARENT), NULL, "the parent is ours");
		cr_expect_str_eq(trace.sender_id, PARENT, "his is kept");
	}
}

Test(gateway_trace, hands_on_the_flags_that_the_standard_knows)
{
	static const struct {
		const char *flags, *want;
		bool is_sampled;
	} FLAGS[] = { { "00", "00", false }, { "01", "01", true }, { "02", "02", false },
		      { "03", "03", true },  { "ff", "03", true }, { "fc", "00", false } };

	for (size_t i = 0; i < ARRAY_LEN(FLAGS); i++) {
		struct trace trace;
		char value[TRACEPARENT_BYTES + 1];

		snprintf(value, sizeof value, "00-" ID "-" PARENT "-%s", FLAGS[i].flags);
		trace_read(&trace, slice_of(value), 1);
		cr_expect_str_eq(trace.traceparent + TRACEPARENT_BYTES - 2, FLAGS[i].want);
		cr_expect_eq(trace_is_sampled(&trace), FLAGS[i].is_sampled);
		trace_begin(&trace, 1000);
		cr_expect_eq(trace_is_sampled(&trace), FLAGS[i].is_sampled, "what the sender says stands");
	}
}

Test(gateway_trace, begins_one_of_ours_and_samples_by_its_id)
{
	size_t sampled = 0;

	for (size_t i = 0; i < 2000; i++) {
		struct trace trace = { 0 }, all = { 0 }, none = { 0 }, again;

		trace_begin(&trace, 500);
		trace_begin(&all, 1000);
		trace_begin(&none, 0);
		cr_assert(trace_is_sampled(&all) && !trace_is_sampled(&none));
		sampled += trace_is_sampled(&trace);
		trace_read(&again, slice_of(trace.traceparent), 1);
		cr_assert_str_neq(again.traceparent, "", "%s is of good form", trace.traceparent);
		cr_assert_str_empty(trace.sender_id);
	}
	cr_expect(sampled > 700 && sampled < 1300, "%zu of 2000", sampled); /* 13 standard deviations */
}

/* ---- the span of what the gateway produces ---- */

int __wrap_raw_publisher_put(struct raw_publisher *publisher, const struct raw_message *message, void *token,
			     struct err *err);

static int64_t begun_at_put_us = -1;

/* In place of the call to Kafka, behind which a validator may judge the message at once. */
int __wrap_raw_publisher_put(struct raw_publisher *publisher, const struct raw_message *message, void *token,
			     struct err *err)
{
	const struct request *request = token;

	(void)publisher, (void)message;
	begun_at_put_us = request->span.produced_us;
	return err_set(err, ERR_RETRY, "put", "not in this test");
}

Test(gateway_trace, begins_the_span_of_a_message_before_it_is_put)
{
	struct services services = { .publisher = { .is_pinned = true } };
	struct request request = { .services = &services };
	struct raw_message message = { 0 };
	struct err err;
	int exporter = 0; /* nobody adds to it here */

	strbuf_init(&services.message, 1024);
	cr_expect_eq(services_publish(&request, &message, &err), -ERR_RETRY);
	cr_expect_eq(begun_at_put_us, 0, "none is made of a request that is not sampled");
	message = (struct raw_message){ 0 };
	request.span.spans = (struct span_exporter *)(void *)&exporter;
	cr_expect_eq(services_publish(&request, &message, &err), -ERR_RETRY);
	cr_expect_gt(begun_at_put_us, 0, "the span has begun when the message is put");
	strbuf_drop(&services.message);
}
