#include "validate/batch_output.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_refusal.h"
#include "protocol/frame.h"
#include "protocol/verdict_headers.h"
#include "run/app.h"
#include "validate/refusal.h"
#include "validate/validate_metrics.h"
#include "validate/verdict_span.h"
#include "wire/gen/quarantine.h"

#include <assert.h>

enum { REPORT_WAIT_MS = 200, LATE_MS = 5000 };

/* Sends what lingers, lets reports come in, and those who watch us know that we live. */
static int pass_time(struct batch *batch, struct err *err)
{
	int flushed = kafka_producer_flush(batch->peers->producer, REPORT_WAIT_MS, NULL);

	(void)flushed; /* who waits asks again */
	app_heartbeat();
	if (stop_poll() == STOP_NOW)
		return err_set(err, ERR_STOP, "stop", "a second signal came while verdicts were in flight");
	return 0;
}

/* A right that we had is missing: as a report would say, and no wrong setting. */
static int refuse_at_once(const struct batch *batch, const struct batch_message *message, const char *topic, int rc,
			  struct err *err)
{
	if (!batch->has_produced || !kafka_refusal_lasts(-rc, err->code))
		return rc;
	refusal_note(message->lane, message, strcmp(topic, batch->peers->config->topic.quarantine) == 0, -rc,
		     err->code);
	err->kind = ERR_RETRY;
	return -ERR_RETRY;
}

/* headers: NULL: none. */
static int produce(struct batch *batch, const char *topic, const struct batch_message *message, struct slice value,
		   const struct verdict_headers_text *headers, void *token, struct err *err)
{
	for (;;) {
		int rc = kafka_producer_produce(batch->peers->producer, topic, message->raw.partition, message->raw.key,
						value, headers ? headers->items : NULL, headers ? headers->count : 0,
						token, err);

		if (rc == -ERR_FULL) /* the producer's queue: the reports empty it */
			rc = pass_time(batch, err);
		else
			return rc == -ERR_CONFIG ? refuse_at_once(batch, message, topic, rc, err) : rc;
		if (rc < 0)
			return rc;
	}
}

/* ---- quarantine ---- */

static void fill_quarantine(const struct batch *batch, const struct batch_message *message,
			    const struct raw_input *input, struct slice names[KAFKA_HEADERS_MAX],
			    struct slice values[KAFKA_HEADERS_MAX], struct wire_quarantine *ret)
{
	const struct kafka_message *raw = &message->raw;
	size_t count = MIN(raw->header_count, (size_t)KAFKA_HEADERS_MAX);

	for (size_t i = 0; i < count; i++) {
		names[i] = slice_of(raw->headers[i].name);
		values[i] = raw->headers[i].value;
	}
	*ret = (struct wire_quarantine){ .topic = slice_of(batch->peers->config->topic.raw),
					 .partition = raw->partition,
					 .offset = raw->offset,
					 .reason = slice_of(input->reason),
					 .header_names = { names, count },
					 .header_values = { values, count },
					 .body = raw->value };
}

static int encode_quarantine(const struct batch *batch, const struct batch_message *message,
			     const struct raw_input *input, struct strbuf *ret, struct err *err)
{
	struct slice names[KAFKA_HEADERS_MAX], values[KAFKA_HEADERS_MAX];
	struct wire_quarantine quarantine;

	fill_quarantine(batch, message, input, names, values, &quarantine);
	frame_put(ret, WIRE_QUARANTINE_SCHEMA);
	wire_quarantine_encode(ret, &quarantine);
	return strbuf_check(ret, "a message of the quarantine", err);
}

static int send_quarantine(struct batch *batch, const struct batch_message *message, struct slice value,
			   struct err *err)
{
	const char *topic = batch->peers->config->topic.quarantine;

	batch->quarantining = message;
	int rc = produce(batch, topic, message, value, NULL, &batch->quarantining, err);

	if (rc < 0) {
		batch->quarantining = NULL;
		return rc;
	}
	rc = batch_output_await(batch, err);
	if (rc == 0 && message->lane->batch.refusal.is_there)
		return err_set(err, ERR_RETRY, message->lane->batch.refusal.code, "%s did not take a message", topic);
	return rc;
}

/* Before the verdict that says so: once that counts, nobody would send the bytes again. */
int batch_output_quarantine(struct batch *batch, const struct batch_message *message, const struct raw_input *input,
			    struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };

	strbuf_init(&value, PEERS_MESSAGE_BYTES_MAX);
	int rc = encode_quarantine(batch, message, input, &value, err);

	if (rc == 0)
		rc = send_quarantine(batch, message, strbuf_slice(&value), err);
	if (rc < 0)
		return rc;
	bool is_foreign = input->state == RAW_INPUT_FOREIGN;

	validate_metric_add(METRIC_QUARANTINED, 1);
	log_event(is_foreign ? LOG_ERROR : LOG_WARN, "message.quarantined",
		  "topic=%s partition=%d offset=%lld why=%s foreign=%s", batch->peers->config->topic.raw,
		  message->raw.partition, (long long)message->raw.offset, input->reason, is_foreign ? "yes" : "no");
	return 0;
}

/* ---- verdicts ---- */

static void move_behind(struct chain_position *position, const struct wire_verdict *verdict)
{
	position->next_raw = verdict->raw_offset + 1;
	position->next_verdict++;
	memcpy(position->tip, verdict->id, sizeof position->tip);
}

int batch_output_verdict(struct batch *batch, struct batch_message *message, const struct wire_verdict *verdict,
			 struct err *err)
{
	struct lane_batch *part = &message->lane->batch;
	struct verdict_headers_text headers;

	verdict_headers_write(message->raw.timestamp_ms, message->raw.headers, message->raw.header_count, &headers);
	assert(message->follows == part->next.next_raw);
	message->verdict_offset_expected = part->next.next_verdict;
	int rc = produce(batch, batch->peers->config->topic.verdict, message, strbuf_slice(&batch->maker.message),
			 &headers, message, err);

	if (rc < 0)
		return rc;
	part->produced_count++;
	part->in_flight_count++;
	move_behind(&part->next, verdict);
	validate_metric_add(METRIC_BYTES, (int64_t)batch->maker.message.n);
	return 0;
}

/* ---- reports ---- */

void batch_output_reported(void *owner, const struct kafka_report *report)
{
	struct batch *batch = owner;

	bool is_quarantine = report->token == &batch->quarantining;
	const struct batch_message *message = is_quarantine ? batch->quarantining : report->token;
	struct lane_batch *part = &message->lane->batch;

	if (report->error != 0) {
		/* one that lasts is known at once: it costs no wait, and delays no other lane */
		batch->is_refused |= !kafka_refusal_lasts(report->error, report->code);
		refusal_note(message->lane, message, is_quarantine, report->error, report->code);
	}
	batch->has_produced |= report->error == 0;
	if (is_quarantine) {
		batch->quarantining = NULL;
		return;
	}
	part->in_flight_count--;
	verdict_span_reported(batch->peers, message, report);
	if (report->error != 0 || report->offset != message->verdict_offset_expected)
		part->is_void = true;
}

static bool is_in_flight(const struct batch *batch)
{
	if (batch->quarantining)
		return true;
	for (int32_t i = 0; i < batch->lanes->end; i++)
		if (batch->lanes->items[i] && batch->lanes->items[i]->batch.in_flight_count > 0)
			return true;
	return false;
}

/* Brokers that answer and take nothing, as too few copies are in sync, are seen nowhere else. */
static void note_late(struct peers *peers, int64_t waited_ms)
{
	if (peers->is_log_late || waited_ms < LATE_MS)
		return;
	peers->is_log_late = true;
	app_set_ready(false, PEERS_LOG_LATE);
	log_event(LOG_WARN, "verdicts.late", "waited_ms=%lld why=%s effect=%s", (long long)waited_ms,
		  LOG_QUOTED("Kafka has not confirmed them: are enough copies of the topic in sync?"),
		  LOG_QUOTED("nothing more is judged until it does; what it refuses is judged again"));
}

int batch_output_await(struct batch *batch, struct err *err)
{
	int64_t start_ms = clock_ms();

	while (is_in_flight(batch)) {
		int rc = pass_time(batch, err);

		if (rc < 0)
			return rc;
		note_late(batch->peers, clock_ms() - start_ms);
	}
	batch->peers->is_log_late &= batch->is_refused;
	if (kafka_producer_is_dead(batch->peers->producer))
		return err_set(err, ERR_FATAL, "producer", "the producer of verdicts is dead: start again");
	return 0;
}
