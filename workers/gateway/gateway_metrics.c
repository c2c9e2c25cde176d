#include "gateway/gateway_metrics.h"

#define METRIC(name_, labels_, help_, kind_)                                           \
	{                                                                              \
		.name = (name_), .labels = (labels_), .help = (help_), .kind = (kind_) \
	}
#define DELIVERIES(outcome)                                                                                       \
	METRIC("instroom_deliveries_total", "outcome=\"" outcome "\"", "deliveries by what the gateway answered", \
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
