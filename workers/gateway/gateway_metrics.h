/* gateway_metrics: what instroom-gateway counts. */
#ifndef GATEWAY_GATEWAY_METRICS_H
#define GATEWAY_GATEWAY_METRICS_H

#include "gateway/client_certificate.h"
#include "gateway/signed_token.h"
#include "run/metrics.h"

enum gateway_metric {
	METRIC_ACCEPTED,
	METRIC_REPEATED,
	METRIC_REFUSED,
	METRIC_BUSY,
	METRIC_FAILED,
	METRIC_RECEIVED_BYTES,
	METRIC_ACCEPTED_LINES,
	METRIC_RESERVED_BYTES,
	METRIC_IN_FLIGHT,
	METRIC_CONNECTIONS,
	METRIC_REGISTER_UP,
	METRIC_PROBLEMS,
	METRIC_UPLOAD_US,      /* histogram */
	METRIC_UPLOAD_LINES,   /* histogram */
	METRIC_ACCESS_MISSING, /* these in the order of enum access_answer */
	METRIC_ACCESS_UNKNOWN,
	METRIC_ACCESS_WITHDRAWN,
	METRIC_ACCESS_EXPIRED,
	METRIC_ACCESS_SERVICE,
	METRIC_ACCESS_BOARD,
	METRIC_ACCESS_SITE,
	METRIC_ISSUER_ASKED,
	METRIC_ISSUER_FAILED,
	METRIC_ISSUER_KEYS,
	METRIC_ISSUER_AGE_S,
	METRIC_ACCESS_VERSION,
	METRIC_ACCESS_AGE,
	METRIC_ACCESS_CHECKED,
	METRIC_ACCESS_TOPIC_REFUSED,
	METRIC_ACCESS_UNPUBLISHED,
	METRIC_REFERENCE_TOPIC_REFUSED,
	METRIC_ENDED_MALFORMED, /* these in the order of enum http_end */
	METRIC_ENDED_HEAD_TIME,
	METRIC_ENDED_BODY_TIME,
	METRIC_ENDED_ANSWER_TIME,
	METRIC_ENDED_REST,
	METRIC_ENDED_CROWDED,
	METRIC_ENDED_ADDRESS,
	METRIC_ENDED_TLS,
	GATEWAY_METRICS
};

void gateway_metrics_register(void);
/* Counts an answer whose status is a refusal; others are not counted. */
void gateway_metric_refusal(unsigned status);
void gateway_metric_signed_token(enum signed_token_answer answer);	/* counts one refused */
void gateway_metric_certificate(enum client_certificate_answer answer); /* likewise */
void gateway_metric_add(enum gateway_metric metric, int64_t n);
void gateway_metric_set(enum gateway_metric metric, int64_t v);
void gateway_metric_observe(enum gateway_metric metric, int64_t v);

#endif
