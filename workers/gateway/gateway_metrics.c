#include "gateway/gateway_metrics.h"

#include "run/stage_metrics.h"

#define STAGE STAGE_LABEL("gateway")
#define DELIVERIES(outcome)                                                                      \
	METRIC_OF(METRIC_COUNTER, "instroom_deliveries_total", STAGE ",outcome=\"" outcome "\"", \
		  "Deliveries by what the gateway answered.")
#define ENDED(reason)                                                                                 \
	METRIC_OF(METRIC_COUNTER, "instroom_connections_ended_total", STAGE ",reason=\"" reason "\"", \
		  "Connections that the gateway ended.")

#define ACCESS(reason)                                                                             \
	METRIC_OF(METRIC_COUNTER, "instroom_access_refused_total", STAGE ",reason=\"" reason "\"", \
		  "Requests refused with 401 or 403, by reason.")

static struct metric metrics[GATEWAY_METRICS] = {
	[METRIC_ACCEPTED] = DELIVERIES("accepted"),
	[METRIC_REPEATED] = DELIVERIES("repeat"),
	[METRIC_REFUSED] = DELIVERIES("refused"),
	[METRIC_BUSY] = DELIVERIES("busy"),
	[METRIC_FAILED] = DELIVERIES("failed"),
	[METRIC_RECEIVED_BYTES] =
		METRIC_OF(METRIC_COUNTER, "instroom_received_bytes_total", STAGE, "Bytes of deliveries read."),
	[METRIC_ACCEPTED_LINES] =
		METRIC_OF(METRIC_COUNTER, "instroom_received_lines_total", STAGE, "Lines of deliveries accepted."),
	[METRIC_RESERVED_BYTES] = METRIC_OF(METRIC_GAUGE, "instroom_upload_bytes", STAGE,
					    "Memory of uploads, of messages in flight to Kafka and of answers."),
	[METRIC_IN_FLIGHT] =
		METRIC_OF(METRIC_GAUGE, "instroom_requests_in_flight", STAGE, "Requests that wait for Kafka."),
	[METRIC_CONNECTIONS] = METRIC_OF(METRIC_GAUGE, "instroom_connections", STAGE, "Connections."),
	[METRIC_REGISTER_UP] = METRIC_OF(METRIC_GAUGE, "instroom_register_up", STAGE, "1: the register answers."),
	[METRIC_PROBLEMS] = METRIC_OF(METRIC_COUNTER, "instroom_problems_reported_total", STAGE,
				      "Problems that boards reported and that were not reported before."),
	[METRIC_UPLOAD_US] = HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_upload_duration_seconds", STAGE,
					  "Time from the head of an upload to its receipt."),
	[METRIC_UPLOAD_LINES] =
		HISTOGRAM_OF(METRIC_HISTOGRAM, "instroom_delivery_records", STAGE, "Lines of one accepted delivery."),
	[METRIC_ACCESS_MISSING] = ACCESS("no_token"),
	[METRIC_ACCESS_UNKNOWN] = ACCESS("unknown"),
	[METRIC_ACCESS_WITHDRAWN] = ACCESS("withdrawn"),
	[METRIC_ACCESS_EXPIRED] = ACCESS("expired"),
	[METRIC_ACCESS_SERVICE] = ACCESS("service"),
	[METRIC_ACCESS_BOARD] = ACCESS("board"),
	[METRIC_ACCESS_SITE] = ACCESS("site"),
	[METRIC_ISSUER_ASKED] = METRIC_OF(METRIC_COUNTER, "instroom_issuer_keys_asked_total", STAGE,
					  "Times the issuer of signed tokens was asked for its keys."),
	[METRIC_ISSUER_FAILED] =
		METRIC_OF(METRIC_COUNTER, "instroom_issuer_keys_failed_total", STAGE, "Times that gave no keys."),
	[METRIC_ISSUER_KEYS] =
		METRIC_OF(METRIC_GAUGE, "instroom_issuer_keys", STAGE, "Keys of the issuer of signed tokens in use."),
	[METRIC_ISSUER_AGE_S] = METRIC_OF(METRIC_GAUGE, "instroom_issuer_keys_age_seconds", STAGE,
					  "Time since the issuer's keys were asked for with success; -1: never."),
	[METRIC_ACCESS_VERSION] = METRIC_OF(METRIC_GAUGE, "instroom_access_version", STAGE,
					    "Version of the access data in force; 0: none."),
	[METRIC_ACCESS_AGE] = METRIC_OF(METRIC_GAUGE, "instroom_access_age_seconds", STAGE,
					"Time since the access data in force were published."),
	[METRIC_ACCESS_CHECKED] =
		METRIC_OF(METRIC_GAUGE, "instroom_access_checked_seconds", STAGE,
			  "Time since Kafka last said that there are no newer access data; -1: never."),
	[METRIC_ACCESS_TOPIC_REFUSED] =
		METRIC_OF(METRIC_GAUGE, "instroom_access_topic_refused", STAGE,
			  "Whether Kafka does not let this gateway read the access topic: 1 or 0."),
	[METRIC_ACCESS_UNPUBLISHED] =
		METRIC_OF(METRIC_GAUGE, "instroom_access_unpublished", STAGE,
			  "Whether this gateway could not publish a change of the access data, or find out: 1 or 0."),
	[METRIC_REFERENCE_TOPIC_REFUSED] = METRIC_OF(
		METRIC_GAUGE, "instroom_reference_topic_refused", STAGE,
		"Whether this gateway cannot read the reference topic any more, by right or as there is none: 1 or 0."),
	[METRIC_ENDED_MALFORMED] = ENDED("malformed"),
	[METRIC_ENDED_HEAD_TIME] = ENDED("head_time"),
	[METRIC_ENDED_BODY_TIME] = ENDED("body_time"),
	[METRIC_ENDED_ANSWER_TIME] = ENDED("answer_time"),
	[METRIC_ENDED_REST] = ENDED("rest"),
	[METRIC_ENDED_CROWDED] = ENDED("crowded"),
	[METRIC_ENDED_ADDRESS] = ENDED("address"),
	[METRIC_ENDED_TLS] = ENDED("tls"),
};

#define REFUSAL(status_)                                                                                    \
	{                                                                                                   \
		.status = (status_), .metric = METRIC_OF(METRIC_COUNTER, "instroom_requests_refused_total", \
							 STAGE ",status=\"" #status_ "\"",                  \
							 "Requests refused, by the status of the answer.")  \
	}

static struct {
	unsigned status;
	struct metric metric;
} refusals[] = {
	REFUSAL(400), REFUSAL(401), REFUSAL(403), REFUSAL(404), REFUSAL(405), REFUSAL(406), REFUSAL(408), REFUSAL(409),
	REFUSAL(412), REFUSAL(413), REFUSAL(415), REFUSAL(422), REFUSAL(429), REFUSAL(500), REFUSAL(503),
};

/* One per reason; the first of each is none. */
enum { REASON_BYTES = 64 };
static struct metric signed_tokens[SIGNED_TOKEN_ANSWERS], certificates[CLIENT_CERTIFICATE_ANSWERS];
static char signed_token_labels[SIGNED_TOKEN_ANSWERS][REASON_BYTES];
static char certificate_labels[CLIENT_CERTIFICATE_ANSWERS][REASON_BYTES];

static void register_proofs(void)
{
	for (unsigned i = 1; i < SIGNED_TOKEN_ANSWERS; i++) {
		snprintf(signed_token_labels[i], REASON_BYTES, STAGE ",reason=\"%s\"",
			 signed_token_reason((enum signed_token_answer)i));
		signed_tokens[i] = (struct metric)METRIC_OF(METRIC_COUNTER, "instroom_signed_tokens_refused_total",
							    signed_token_labels[i],
							    "Signed tokens that were not believed, by reason.");
		metrics_register(&signed_tokens[i]);
	}
	for (unsigned i = 1; i < CLIENT_CERTIFICATE_ANSWERS; i++) {
		snprintf(certificate_labels[i], REASON_BYTES, STAGE ",reason=\"%s\"",
			 client_certificate_reason((enum client_certificate_answer)i));
		certificates[i] = (struct metric)METRIC_OF(METRIC_COUNTER, "instroom_client_certificates_refused_total",
							   certificate_labels[i],
							   "Client certificates that were not believed, by reason.");
		metrics_register(&certificates[i]);
	}
}

void gateway_metrics_register(void)
{
	metrics_register_all(metrics, ARRAY_LEN(metrics));
	register_proofs();
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		metrics_register(&refusals[i].metric);
}

void gateway_metric_refusal(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (refusals[i].status == status)
			metric_add(&refusals[i].metric, 1);
}

void gateway_metric_signed_token(enum signed_token_answer answer)
{
	metric_add(&signed_tokens[answer], 1);
}

void gateway_metric_certificate(enum client_certificate_answer answer)
{
	metric_add(&certificates[answer], 1);
}

void gateway_metric_add(enum gateway_metric metric, int64_t n)
{
	metric_add(&metrics[metric], n);
}

void gateway_metric_set(enum gateway_metric metric, int64_t v)
{
	metric_set(&metrics[metric], v);
}

void gateway_metric_observe(enum gateway_metric metric, int64_t v)
{
	metric_observe(&metrics[metric], v);
}
