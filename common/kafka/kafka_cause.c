/* What librdkafka tells of a connection comes to the error callback, as a code and a text for persons; why OpenSSL does
 * not believe a certificate only to the callback that looks at certificates, on a thread of the library. Together they
 * are a cause (base/peer_cause.h), which is kept for the process: all clients of a process speak to one Kafka. */
#include "kafka/kafka_internal.h"

#include "base/peer_cause.h"

#include <stdatomic.h>

/* Of the newest certificate that was not believed. It stays: several connections fail of the same certificate, and each
 * of their texts says only that it was not verified. */
static _Atomic int last_x509_error;

/* Decides nothing: what OpenSSL found stands. */
static int note_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *x509_error, int depth,
			    const char *bytes, size_t n, char *reason, size_t reason_bytes, void *opaque)
{
	(void)rk, (void)broker, (void)broker_id, (void)depth, (void)bytes, (void)n, (void)opaque;
	if (*x509_error == 0)
		return 1;
	atomic_store(&last_x509_error, *x509_error);
	snprintf(reason, reason_bytes, "certificate verify failed");
	return 0;
}

static void note_throttle(rd_kafka_t *rk, const char *broker, int32_t broker_id, int held_ms, void *opaque)
{
	(void)rk, (void)broker_id, (void)opaque;
	peer_throttled(broker, held_ms);
}

void kafka_conf_watch(struct kafka_conf *conf)
{
	rd_kafka_conf_set_throttle_cb(conf->conf, note_throttle);
	rd_kafka_conf_set_ssl_cert_verify_cb(conf->conf, note_certificate);
}

static enum peer_cause cause_of_text(const char *reason)
{
	enum peer_cause cause = peer_cause_of_tls_text(reason);
	int x509_error = atomic_load(&last_x509_error);

	return cause == PEER_CA && x509_error != 0 ? peer_cause_of_x509(x509_error) : cause;
}

static enum peer_cause cause_of(int code, const char *reason)
{
	enum peer_cause cause;

	switch (code) {
	case RD_KAFKA_RESP_ERR__RESOLVE:
		return PEER_NAME;
	case RD_KAFKA_RESP_ERR__SSL:
		cause = cause_of_text(reason);
		return cause == PEER_AWAY ? PEER_TLS : cause;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
		return PEER_LOGIN;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return PEER_RIGHT;
	case RD_KAFKA_RESP_ERR__TRANSPORT: /* a certificate that is not believed comes as this or as an SSL error */
		/* that a broker wants TLS is guessed from its closing early, as one that ends does too */
		cause = cause_of_text(reason);
		return cause == PEER_WANTS_TLS && peer_has_answered(PEER_KAFKA) ? PEER_AWAY : cause;
	default:
		return PEER_AWAY;
	}
}

void kafka_cause_note(int code, const char *reason)
{
	enum peer_cause cause = cause_of(code, reason ? reason : "");

	if (cause == PEER_LOGIN)
		peer_note(PEER_KAFKA, cause); /* logged by its own event, kafka.refused */
	else if (cause == PEER_RIGHT) /* likewise, kafka.not-allowed; it is of one topic or group, others are served */
		peer_count(PEER_KAFKA, cause);
	else if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		peer_failed(PEER_KAFKA, cause);
}

int kafka_fail_away(rd_kafka_resp_err_t code, const char *what, struct err *err)
{
	enum peer_cause cause = peer_last_cause(PEER_KAFKA);
	/* that brokers refuse us is for kafka_fail to judge: a line that breaks at the login looks like it, too */
	bool is_setting = cause != PEER_LOGIN && peer_cause_is_setting(cause) && !peer_has_answered(PEER_KAFKA);

	if (cause == PEER_AWAY)
		return err_set(err, ERR_RETRY, rd_kafka_err2name(code), "%s: Kafka cannot be reached or is not ready",
			       what);
	return err_set(err, is_setting ? ERR_CONFIG : ERR_RETRY, peer_cause_name(cause), "%s: Kafka %s", what,
		       peer_cause_text(cause));
}

int kafka_name_cause(int rc, const char *what, struct err *err)
{
	return rc == -ERR_RETRY && peer_last_cause(PEER_KAFKA) != PEER_AWAY
		       ? kafka_fail_away(RD_KAFKA_RESP_ERR__TRANSPORT, what, err)
		       : rc;
}
