/* What librdkafka tells of a connection comes to the error callback, as a code and a text for persons; why OpenSSL does
 * not believe a certificate only to the callback that looks at certificates, on a thread of the library. Together they
 * are a cause (base/peer_cause.h), which is kept for the process: all clients of a process speak to one Kafka. */
#include "kafka/kafka_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/peer_cause.h"

#include <stdatomic.h>

enum { LOG_AWAY_EVERY_MS = 60000 };

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

/* A guess, from a line that ends early: one of a broker that ends does so, too. */
static bool is_guess(enum peer_cause cause)
{
	return cause == PEER_WANTS_TLS || cause == PEER_WANTS_LOGIN;
}

static enum peer_cause cause_of(int code, const char *reason)
{
	enum peer_cause cause = cause_of_text(reason);

	switch (code) {
	case RD_KAFKA_RESP_ERR__RESOLVE:
		return PEER_NAME;
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
		return PEER_MECHANISM;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		return cause == PEER_MECHANISM ? PEER_MECHANISM : PEER_LOGIN;
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
		return PEER_LOGIN;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return PEER_RIGHT;
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
		return PEER_GROUP;
	case RD_KAFKA_RESP_ERR__SSL:
		if (cause == PEER_AWAY && !strstr(reason, "isconnected"))
			cause = PEER_TLS;
		break;
	case RD_KAFKA_RESP_ERR__TRANSPORT: /* a certificate that is not believed comes as this or as an SSL error */
	case RD_KAFKA_RESP_ERR__BAD_MSG:   /* of an answer that is none */
		break;
	default:
		return PEER_AWAY;
	}
	return peer_has_answered(PEER_KAFKA) && is_guess(cause) ? PEER_AWAY : cause;
}

/* HOST:PORT of a broker as librdkafka calls it: PROTOCOL://HOST:PORT/ID, before which the name of a role may stand. */
static bool is_place(const char *text, size_t n)
{
	return n > 0 && n < PEER_WHERE_BYTES && memchr(text, ':', n) != NULL &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:[]_-%") >= n;
}

void kafka_place_of(const char *reason, char ret[PEER_WHERE_BYTES])
{
	ret[0] = '\0';
	for (int word = 0; word < 2 && *reason; word++) {
		size_t n = strcspn(reason, " ");
		const char *begin = strstr(reason, "://"), *p = begin && begin < reason + n ? begin + 3 : reason;
		size_t length = (size_t)(reason + n - p), slash = strcspn(p, "/ ");

		if (slash == length && length > 0 && p[length - 1] == ':')
			slash--;
		if (is_place(p, slash)) {
			snprintf(ret, PEER_WHERE_BYTES, "%.*s", (int)slash, p);
			return;
		}
		reason += n + (reason[n] == ' ');
	}
}

/* Nobody serves us, and it is no cause that was logged. Each client of the process says so. */
static void log_away(void)
{
	static _Atomic int64_t log_at_ms;
	int64_t now_ms = clock_ms(), at_ms = atomic_load(&log_at_ms);
	char text[PEER_TEXT_BYTES], where[PEER_WHERE_BYTES], place[PEER_WHERE_BYTES + 8];

	if (peer_last_cause(PEER_KAFKA) != PEER_AWAY || !*peer_explain(PEER_KAFKA, text) || now_ms < at_ms ||
	    !atomic_compare_exchange_strong(&log_at_ms, &at_ms, now_ms + LOG_AWAY_EVERY_MS))
		return;
	size_t n = (size_t)snprintf(place, sizeof place, "at %s ", peer_where(PEER_KAFKA, where));
	bool is_same = strncmp(text, place, n) == 0; /* else another client has failed elsewhere since */

	log_event(LOG_WARN, "kafka.away", "where=%s why=%s effect=%s", LOG_QUOTED(where),
		  LOG_QUOTED(is_same ? text + n : text), LOG_QUOTED("we wait, and try again"));
}

void kafka_cause_note(int code, const char *reason)
{
	enum peer_cause cause = cause_of(code, reason ? reason : "");
	char where[PEER_WHERE_BYTES];

	kafka_place_of(reason ? reason : "", where);
	if (cause == PEER_LOGIN)
		peer_note_at(PEER_KAFKA, cause, where); /* logged by its own event, kafka.refused */
	else if (cause == PEER_RIGHT) /* likewise, kafka.not-allowed; it is of one topic or group, others are served */
		peer_count(PEER_KAFKA, cause);
	else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		log_away();
	else if (cause == PEER_AWAY)
		peer_is_away(PEER_KAFKA, peer_line_of_text(reason ? reason : ""), where);
	else
		peer_failed_at(PEER_KAFKA, cause, where);
}

/* A broker answered, and cannot do it now; librdkafka's words for its codes are fixed texts. */
static int fail_answered(rd_kafka_resp_err_t code, const char *what, struct err *err)
{
	static const char PREFIX[] = "Broker: ";
	const char *words = rd_kafka_err2str(code);

	if (strncmp(words, PREFIX, strlen(PREFIX)) == 0)
		words += strlen(PREFIX);
	return err_set(err, ERR_RETRY, rd_kafka_err2name(code), "%s: Kafka answers %s (%s)", what,
		       rd_kafka_err2name(code), words);
}

int kafka_fail_away(rd_kafka_resp_err_t code, const char *what, struct err *err)
{
	enum peer_cause cause = peer_last_cause(PEER_KAFKA);
	/* that brokers refuse us is for kafka_fail to judge: a line that breaks at the login looks like it, too */
	bool is_setting = cause != PEER_LOGIN && peer_cause_is_setting(cause) && !peer_has_answered(PEER_KAFKA);
	char text[PEER_TEXT_BYTES];

	if (code > 0)
		return fail_answered(code, what, err);
	if (!*peer_explain(PEER_KAFKA, text)) { /* nobody said anything: refusals and lines that end are seen at once */
		char where[PEER_WHERE_BYTES];

		snprintf(text, sizeof text, "at %s %s", peer_where(PEER_KAFKA, where),
			 peer_line_text(PEER_LINE_SILENT));
	}
	if (cause == PEER_AWAY)
		return err_set(err, ERR_RETRY, rd_kafka_err2name(code), "%s: Kafka %s", what, text);
	return err_set(err, is_setting ? ERR_CONFIG : ERR_RETRY, peer_cause_name(cause), "%s: Kafka %s", what, text);
}

int kafka_name_cause(int rc, const char *what, struct err *err)
{
	bool is_local = err && err->code[0] == '_'; /* librdkafka's own: nobody answered */
	char text[PEER_TEXT_BYTES];

	if (rc != -ERR_RETRY || (peer_last_cause(PEER_KAFKA) == PEER_AWAY && !is_local))
		return rc;
	return *peer_explain(PEER_KAFKA, text) ? kafka_fail_away(RD_KAFKA_RESP_ERR__TRANSPORT, what, err) : rc;
}
