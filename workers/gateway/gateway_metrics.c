#include "gateway/gateway_metrics.h"

#define METRIC(name_, labels_, help_, kind_)                                           \
	{                                                                              \
		.name = (name_), .labels = (labels_), .help = (help_), .kind = (kind_) \
	}
#define DELIVERIES(outcome)                                                                                       \
	METRIC("instroom_deliveries_total", "outcome=\"" outcome "\"", "deliveries by what the gateway answered", \
	       METRIC_COUNTER)

#define ENDED(reason)                                                                                             \
	METRIC("instroom_connections_ended_total", "reason=\"" reason "\"", "connections that the gateway ended", \
	       METRIC_COUNTER)

static struct metric metrics[GATEWAY_METRICS] = {
	[METRIC_ACCEPTED] = DELIVERIES("accepted"),
	[METRIC_REPEATED] = DELIVERIES("repeat"),
	[METRIC_REFUSED] = DELIVERIES("refused"),
	[METRIC_BUSY] = DELIVERIES("busy"),
	[METRIC_RECEIVED_BYTES] = METRIC("instroom_received_bytes_total", "", "bytes of deliveries read", METRIC_COUNTER),
	[METRIC_ACCEPTED_LINES] =
		METRIC("instroom_received_lines_total", "", "lines of deliveries accepted", METRIC_COUNTER),
	[METRIC_RESERVED_BYTES] = METRIC("instroom_upload_bytes", "",
					 "memory of uploads, of messages under way to Kafka and of answers", METRIC_GAUGE),
	[METRIC_IN_FLIGHT] = METRIC("instroom_requests_open", "", "requests that wait for Kafka", METRIC_GAUGE),
	[METRIC_CONNECTIONS] = METRIC("instroom_connections", "", "connections", METRIC_GAUGE),
	[METRIC_REGISTER_UP] = METRIC("instroom_register_up", "", "1: the register answers", METRIC_GAUGE),
	[METRIC_ENDED_MALFORMED] = ENDED("malformed"),
	[METRIC_ENDED_HEAD_TIME] = ENDED("head_time"),
	[METRIC_ENDED_BODY_TIME] = ENDED("body_time"),
	[METRIC_ENDED_ANSWER_TIME] = ENDED("answer_time"),
	[METRIC_ENDED_REST] = ENDED("rest"),
	[METRIC_ENDED_CROWDED] = ENDED("crowded"),
	[METRIC_ENDED_ADDRESS] = ENDED("address"),
	[METRIC_ENDED_TLS] = ENDED("tls"),
};

void gateway_metrics_register(void)
{
	metrics_register_all(metrics, ARRAY_LEN(metrics));
}

void gateway_metric_add(enum gateway_metric metric, int64_t n)
{
	metric_add(&metrics[metric], n);
}

void gateway_metric_set(enum gateway_metric metric, int64_t v)
{
	metric_set(&metrics[metric], v);
}
