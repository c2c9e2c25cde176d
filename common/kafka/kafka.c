#include "kafka/kafka_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/peer_cause.h"
#include "tls/tls_client.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum {
	LINE_END_BYTES_MAX = 3, /* CRLF behind a password in its file, or the NUL */
	NOT_ALLOWED_EVERY_MS = 10000,
	READ_PASSWORD_EVERY_MS = 1000,
	REFUSAL_LASTS_MS = 65000, /* librdkafka tells a callback of the same error every 30 s */
	FETCH_PARTITION_BYTES = 1 << 20,
	FETCH_ANSWER_BYTES = 4 << 20,
	FETCH_ROOM_BYTES = 1 << 20,	 /* around the messages of an answer */
	LIBRARY_WITH_SCRAM = 0x020601ff, /* 2.6.1, as rd_kafka_version() has it */
};

#define CONNECT_MS "10000" /* TCP, TLS and login; who does not answer is told of then, and not after 30 s */

/* --- configuration --- */

void kafka_conf_set(struct kafka_conf *conf, const char *name, const char *value)
{
	char reason[256]; /* librdkafka's words may quote the value: dropped */

	if (conf->err.kind != 0 || !value || !*value)
		return;
	if (rd_kafka_conf_set(conf->conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
		err_set(&conf->err, ERR_CONFIG, "kafka", "librdkafka refuses the value set for %s", name);
}

bool kafka_conf_offer(struct kafka_conf *conf, const char *name, const char *value)
{
	char reason[256];

	return conf->err.kind == 0 &&
	       rd_kafka_conf_set(conf->conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK;
}

bool kafka_can_scram(int library_version)
{
	return library_version >= LIBRARY_WITH_SCRAM;
}

static void check_mechanism(struct kafka_conf *conf, const char *mechanism)
{
	if (conf->err.kind == 0 && mechanism && strncmp(mechanism, "SCRAM-", strlen("SCRAM-")) == 0 &&
	    !kafka_can_scram(rd_kafka_version()))
		err_set(&conf->err, ERR_CONFIG, "library",
			"kafka.sasl.mechanism: Kafka 4 refuses the SCRAM of librdkafka before 2.6.1, and this is %s; "
			"scripts/backport installs a newer one, PLAIN over TLS or a certificate works with this one",
			rd_kafka_version_str());
}

void kafka_conf_set_number(struct kafka_conf *conf, const char *name, int64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, value);
	kafka_conf_set(conf, name, text);
}

void kafka_conf_set_fetch_bytes(struct kafka_conf *conf, int32_t message_bytes_max)
{
	kafka_conf_set_number(conf, "max.partition.fetch.bytes", FETCH_PARTITION_BYTES);
	kafka_conf_set_number(conf, "fetch.max.bytes", FETCH_ANSWER_BYTES);
	kafka_conf_set_number(conf, "receive.message.max.bytes",
			      (int64_t)MAX(message_bytes_max, FETCH_ANSWER_BYTES) + FETCH_ROOM_BYTES);
}

/* As its file is now: a new client logs in with what a rotation left there. */
static void set_password(struct kafka_conf *conf, const struct secret *secret)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };

	strbuf_init(&password, KAFKA_PASSWORD_BYTES_MAX + LINE_END_BYTES_MAX);
	secret_now(secret, &password);
	if (password.n > 0)
		kafka_conf_set(conf, "sasl.password", strbuf_text(&password));
	if (!strbuf_ok(&password))
		err_set(&conf->err, ERR_CONFIG, "credentials", "the password of Kafka is too long");
}

/* librdkafka's own lines are for a developer; what matters comes back as an error of a call. */
static void log_library(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_event(LOG_DEBUG, "kafka.library", "level=%d facility=%s text=%s", level, facility, LOG_QUOTED(text));
}

/* librdkafka says of all files together that one of them cannot be loaded, and looks at none without TLS. */
static void check_files(struct kafka_conf *conf, const struct kafka_options *kafka)
{
	static const struct tls_names NAMES = { "kafka.ca.file", "kafka.cert.file", "kafka.key.file" };
	const struct tls_options files = { kafka->ca_file, kafka->cert_file, kafka->key_file, &NAMES };

	bool has_tls = kafka->security_protocol && strstr(kafka->security_protocol, "ssl");

	if (conf->err.kind != 0 || !has_tls)
		return;
	if (tls_files_check(&files, &conf->err) == 0) {
		conf->err = (struct err){ 0 };
	} else if (conf->err.kind == ERR_CONFIG && peer_has_answered(PEER_KAFKA)) {
		/* a client that is new in the middle of a renewal, file by file, is no start */
		peer_failed(PEER_KAFKA, PEER_FILES);
		conf->err.kind = ERR_RETRY;
	}
}

void kafka_conf_begin(struct kafka_conf *conf, const struct kafka_options *kafka)
{
	*conf = (struct kafka_conf){ .conf = rd_kafka_conf_new() };
	rd_kafka_conf_set_log_cb(conf->conf, log_library);
	if (!kafka->brokers || !*kafka->brokers)
		err_set(&conf->err, ERR_CONFIG, "kafka", "no Kafka brokers are set");
	peer_expect_at(PEER_KAFKA, kafka->brokers ? kafka->brokers : "");
	kafka_conf_set(conf, "bootstrap.servers", kafka->brokers);
	kafka_conf_set(conf, "client.id", kafka->client_id);
	kafka_conf_watch(conf);
	kafka_conf_set(conf, "security.protocol", kafka->security_protocol);
	check_files(conf, kafka);
	kafka_conf_set(conf, "ssl.ca.location", kafka->ca_file);
	kafka_conf_set(conf, "ssl.certificate.location", kafka->cert_file);
	kafka_conf_set(conf, "ssl.key.location", kafka->key_file);
	check_mechanism(conf, kafka->sasl_mechanism);
	kafka_conf_set(conf, "sasl.mechanism", kafka->sasl_mechanism);
	kafka_conf_set(conf, "sasl.username", kafka->sasl_user);
	set_password(conf, &kafka->sasl_password);
	kafka_conf_set(conf, "socket.nagle.disable", "true");
	kafka_conf_set(conf, "socket.keepalive.enable", "true");
	kafka_conf_set(conf, "socket.connection.setup.timeout.ms", CONNECT_MS);
	kafka_conf_set(conf, "reconnect.backoff.ms", "50");
	kafka_conf_set(conf, "reconnect.backoff.max.ms", "1000");
	kafka_conf_set(conf, "allow.auto.create.topics", "false");
	kafka_conf_set(conf, "isolation.level", "read_uncommitted"); /* see kafka.h */
	(void)kafka_conf_offer(conf, "enable.metrics.push",
			       "false"); /* KIP-714, from 2.5.0 on: nobody asked for them */
}

int kafka_conf_finish(struct kafka_conf *conf, rd_kafka_type_t type, rd_kafka_t **ret, struct err *err)
{
	char reason[256];

	if (conf->err.kind == 0 && kafka_require_threads(&conf->err) == 0) {
		rd_kafka_t *rk = rd_kafka_new(type, conf->conf, reason, sizeof reason);

		if (rk) {
			conf->conf = NULL; /* the handle's now */
			*ret = rk;
			return 0;
		}
		if (errno == EINVAL)
			err_set(&conf->err, ERR_CONFIG, "kafka",
				"librdkafka refuses the settings, or cannot load the TLS files");
		else
			err_set(&conf->err, ERR_FATAL, "kafka", "librdkafka finds no memory or no thread");
	}
	rd_kafka_conf_destroy(conf->conf);
	conf->conf = NULL;
	if (err)
		*err = conf->err;
	return -(int)conf->err.kind;
}

/* --- errors --- */

enum err_kind kafka_sort(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return ERR_FULL;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		return ERR_DATA;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
		return ERR_CONFIG;
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__FAIL:
	case RD_KAFKA_RESP_ERR__DESTROY:
	case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
	case RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE:
	case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
	case RD_KAFKA_RESP_ERR__CONFLICT:
	case RD_KAFKA_RESP_ERR__FENCED:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
	case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
	case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return ERR_FATAL;
	default:
		return ERR_RETRY; /* brokers away, leaders moving, timeouts, a group in motion, a disk that is full */
	}
}

static bool is_credentials(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM || code == RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE;
}

static bool is_right(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/* Whichever client of ours is refused: one that is new in the middle of a rotation is no start. */
static int fail_login(rd_kafka_resp_err_t code, const char *what, struct err *err)
{
	bool is_mechanism = code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM ||
			    peer_last_cause(PEER_KAFKA) == PEER_MECHANISM;
	enum peer_cause cause = is_mechanism ? PEER_MECHANISM : PEER_LOGIN;
	char text[PEER_TEXT_BYTES];

	if (peer_last_cause(PEER_KAFKA) != cause)
		snprintf(text, sizeof text, "%s", peer_cause_text(cause));
	else
		peer_explain(PEER_KAFKA, text);
	return err_set(err, peer_has_answered(PEER_KAFKA) ? ERR_RETRY : ERR_CONFIG, peer_cause_name(cause),
		       "%s: Kafka %s%s (%s)", what, text, is_mechanism ? ": see kafka.sasl.mechanism" : "",
		       rd_kafka_err2name(code));
}

/* What Kafka was asked about is a topic, unless the code says otherwise. */
static const char *kind_of_right(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED	? "group "
	       : code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ? "the cluster, for "
	       : code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED	? "topic "
									: "";
}

int kafka_fail(rd_kafka_resp_err_t code, const char *what, struct err *err)
{
	enum err_kind kind = kafka_sort(code);
	const char *name = rd_kafka_err2name(code);

	if (is_credentials(code))
		return fail_login(code, what, err);
	if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
		return err_set(err, kind, name, "%s: Kafka knows no such topic or partition", what);
	if (is_right(code)) {
		kafka_cause_note(code, name);
		return err_set(err, kind, name, "%s%s: Kafka %s (%s)", kind_of_right(code), what,
			       peer_cause_text(PEER_RIGHT), name);
	}
	if (code == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL) {
		kafka_cause_note(code, "");
		return err_set(err, kind, peer_cause_name(PEER_GROUP), "group %s: Kafka %s (%s)", what,
			       peer_cause_text(PEER_GROUP), name);
	}
	if (kind == ERR_RETRY)
		return kafka_fail_away(code, what, err);
	if (code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
		return err_set(err, kind, name,
			       "group %s: Kafka answers %s: kafka.session.max is not between "
			       "group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers",
			       what, name);
	if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
		return err_set(err, kind, name,
			       "%s: another process has joined our group under our kafka.group.instance: "
			       "each process needs its own",
			       what);
	return err_set(err, kind, name, "%s: Kafka answers %s (%s)", what, name, rd_kafka_err2str(code));
}

/* Whoever waits asks again several times a second: one of them says so now and then. */
static bool may_log_now(void)
{
	static _Atomic int64_t log_at_ms;
	int64_t now_ms = clock_ms(), at_ms = atomic_load(&log_at_ms);

	return now_ms >= at_ms && atomic_compare_exchange_strong(&log_at_ms, &at_ms, now_ms + NOT_ALLOWED_EVERY_MS);
}

/* What brokers want of a group is theirs to set: group.max.session.timeout.ms and its like. */
static bool is_limit(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT || code == RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
}

int kafka_fail_later(rd_kafka_resp_err_t code, const char *what, bool has_worked, struct err *err)
{
	int rc = kafka_fail(code, what, err);
	const char *why = is_limit(code) ? "we were allowed before: a limit of the brokers has changed "
					   "(group.max.session.timeout.ms and its like)"
					 : "we were allowed before: a right or a password has changed";

	if (!has_worked || (!is_credentials(code) && !is_right(code) && !is_limit(code)))
		return rc;
	if (may_log_now())
		log_event(LOG_ERROR, "kafka.not-allowed", "code=%s what=%s why=%s effect=%s", rd_kafka_err2name(code),
			  LOG_QUOTED(what), LOG_QUOTED(why), LOG_QUOTED("we wait"));
	err->kind = ERR_RETRY;
	return -ERR_RETRY;
}

/* --- login --- */

void kafka_login_init(struct kafka_login *login, const struct kafka_options *kafka)
{
	*login = (struct kafka_login){ .user = kafka->sasl_user, .password = kafka->sasl_password };
}

static void set_login(struct kafka_login *login, rd_kafka_t *rk)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };

	login->read_again_at_ms = clock_ms() + READ_PASSWORD_EVERY_MS;
	if (!login->user || !login->password.path)
		return;
	strbuf_init(&password, KAFKA_PASSWORD_BYTES_MAX + LINE_END_BYTES_MAX);
	secret_now(&login->password, &password);
	if (password.n > 0)
		rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(rk, login->user, strbuf_text(&password)));
}

void kafka_login_refused(struct kafka_login *login, rd_kafka_t *rk, bool was_accepted)
{
	bool waits = was_accepted || peer_has_answered(PEER_KAFKA);

	char where[PEER_WHERE_BYTES];

	if (!login->is_refused && peer_last_cause(PEER_KAFKA) != PEER_MECHANISM)
		log_event(LOG_ERROR, "kafka.refused", "cause=%s where=%s why=%s effect=%s", peer_cause_name(PEER_LOGIN),
			  LOG_QUOTED(peer_where(PEER_KAFKA, where)),
			  LOG_QUOTED(waits ? "brokers that accepted us refuse our user or password"
					   : "brokers refuse our user or password"),
			  LOG_QUOTED(waits ? "we wait, and read the password again every second"
					   : "a gateway waits and reads the password again every second, others end"));
	login->is_refused = true;
	login->refused_at_ms = clock_ms();
	set_login(login, rk);
}

void kafka_login_poll(struct kafka_login *login, rd_kafka_t *rk)
{
	if (login->read_again_at_ms > 0 && clock_ms() >= login->read_again_at_ms)
		set_login(login, rk);
}

void kafka_login_accepted(struct kafka_login *login)
{
	if (login->is_refused)
		log_event(LOG_INFO, "kafka.admitted", "effect=\"brokers accept us again\"");
	login->is_refused = false;
	login->read_again_at_ms = 0;
	peer_answered(PEER_KAFKA);
}

void kafka_login_served(struct kafka_login *login)
{
	if (login->read_again_at_ms > 0 && clock_ms() >= login->refused_at_ms + REFUSAL_LASTS_MS)
		kafka_login_accepted(login);
}

/* --- messages --- */

struct message_owner {
	rd_kafka_message_t *message;
	char *opened; /* the body, when it was sealed; else NULL */
	size_t header_count;
	struct message_header headers[];
};

/* More than KAFKA_HEADERS_MAX are no message of ours: those behind are not shown. */
static size_t count_headers(const rd_kafka_headers_t *headers)
{
	return headers ? MIN(rd_kafka_header_cnt(headers), (size_t)KAFKA_HEADERS_MAX) : 0;
}

static int open_body(const struct kafka_bodies *bodies, const char *topic, struct kafka_message *message,
		     struct err *err)
{
	struct body_place place = { topic, message->key, message->headers, message->header_count };
	struct message_owner *owner = message->owner;
	struct body_opened opened = { 0 };
	char why[256];

	if (bodies->are_ignored)
		return 0;
	int rc = body_seal_open(bodies->seal, &place, message->value, &opened, err);

	if (rc != 0)
		return rc;
	if (opened.state == BODY_BROKEN) {
		body_seal_explain(bodies->seal, message->value, why, sizeof why);
		log_event(LOG_ERROR, "body.tampered", "topic=%s partition=%d offset=%lld why=%s effect=%s", topic,
			  message->partition, (long long)message->offset, LOG_QUOTED(why),
			  LOG_QUOTED("taken for bytes that are no message"));
	}
	message->body = opened.state;
	message->value = opened.value;
	owner->opened = opened.p;
	return 0;
}

int kafka_message_take(const struct kafka_bodies *bodies, rd_kafka_message_t *message, struct kafka_message *ret,
		       struct err *err)
{
	rd_kafka_headers_t *headers = NULL;

	if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		headers = NULL; /* none, or ones that cannot be parsed: shown as none */
	size_t count = count_headers(headers);
	struct message_owner *owner = malloc(sizeof *owner + count * sizeof owner->headers[0]);

	if (!owner) {
		rd_kafka_message_destroy(message);
		return err_set(err, ERR_FATAL, "memory", "no memory for a message");
	}
	owner->message = message;
	owner->opened = NULL;
	owner->header_count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name;
		const void *value;
		size_t n;

		if (rd_kafka_header_get_all(headers, i, &name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		owner->headers[owner->header_count++] =
			(struct message_header){ name, slice_make(value, value ? n : 0) };
	}
	*ret = (struct kafka_message){
		.key = slice_make(message->key, message->key ? message->key_len : 0),
		.value = slice_make(message->payload, message->payload ? message->len : 0),
		.partition = message->partition,
		.offset = message->offset,
		.timestamp_ms = rd_kafka_message_timestamp(message, NULL),
		.headers = owner->headers,
		.header_count = owner->header_count,
		.owner = owner,
	};
	int rc = open_body(bodies, rd_kafka_topic_name(message->rkt), ret, err);

	if (rc != 0)
		kafka_message_drop(ret);
	return rc;
}

void kafka_message_drop(struct kafka_message *message)
{
	struct message_owner *owner = message->owner;

	if (owner) {
		rd_kafka_message_destroy(owner->message);
		free(owner->opened);
		free(owner);
	}
	*message = (struct kafka_message){ 0 };
}

/* --- questions --- */

/* end: RD_KAFKA_OFFSET_BEGINNING or _END, which the question for a time takes as well.
 * rd_kafka_query_watermark_offsets() forgets its time limit while a broker hangs, up to a minute (mended in librdkafka
 * 2.3). */
static rd_kafka_resp_err_t ask_end(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t end, uint32_t wait_ms,
				   int64_t *ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *asked = rd_kafka_topic_partition_list_add(list, topic, partition);

	asked->offset = end;
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(rk, list, (int)wait_ms);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = asked->err;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		*ret = asked->offset;
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

static void drop_metadata(const struct rd_kafka_metadata **metadata)
{
	if (*metadata)
		rd_kafka_metadata_destroy(*metadata);
}

static int ask_metadata(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, const struct rd_kafka_metadata **ret,
			struct err *err)
{
	CLEANUP(drop_rd_topic) rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);

	if (!handle)
		return kafka_fail(rd_kafka_last_error(), topic, err);
	rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, handle, ret, (int)wait_ms);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && (!*ret || (*ret)->topic_cnt != 1))
		code = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = (*ret)->topics[0].err;
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, topic, err);
}

int kafka_ask_partitions(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, int32_t *ret, struct err *err)
{
	CLEANUP(drop_metadata) const struct rd_kafka_metadata *metadata = NULL;
	int rc = ask_metadata(rk, topic, wait_ms, &metadata, err);

	assert(rc != 0 || metadata);
	if (rc == 0)
		*ret = metadata->topics[0].partition_cnt;
	return rc;
}

int kafka_ask_replicas(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, int32_t *ret, struct err *err)
{
	CLEANUP(drop_metadata) const struct rd_kafka_metadata *metadata = NULL;
	int rc = ask_metadata(rk, topic, wait_ms, &metadata, err);

	assert(rc != 0 || metadata);
	if (rc != 0)
		return rc;
	const struct rd_kafka_metadata_topic *described = &metadata->topics[0];

	if (described->partition_cnt == 0)
		return err_set(err, ERR_RETRY, "partitions", "%s: Kafka does not say yet where its partitions are",
			       topic);
	*ret = INT32_MAX;
	for (int i = 0; i < described->partition_cnt; i++)
		*ret = MIN(*ret, described->partitions[i].replica_cnt);
	return 0;
}

/* librdkafka also calls unknown what its cache does not hold yet, as after a broker that hung: the brokers decide. */
static int fail_unknown(rd_kafka_t *rk, const char *topic, int32_t partition, rd_kafka_resp_err_t code,
			uint32_t wait_ms, struct err *err)
{
	const char *no_leader = rd_kafka_err2name(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
	int32_t partitions = 0;
	int rc = kafka_ask_partitions(rk, topic, wait_ms, &partitions, err);

	if (rc != 0)
		return rc;
	if (partition >= partitions)
		return kafka_fail(code, topic, err);
	return err_set(err, ERR_RETRY, no_leader, "%s: Kafka does not say yet who leads partition %d", topic,
		       partition);
}

enum { TOPICS_MAX = 16 };

/* Hashes of the topics that Kafka has granted this process something of, in the order in which it did; 0: none yet. */
struct topic_table {
	_Atomic uint64_t hashes[TOPICS_MAX];
};

static struct topic_table seen_topics; /* their ends were shown */
static struct topic_table read_topics; /* they were read: whoever may ask for the ends may not read for that */

/* Never 0. */
static uint64_t hash_of(const char *topic)
{
	return hash_add(HASH_BEGIN, topic, strlen(topic)) | 1;
}

/* Whether it stands there. is_granted: it does from now on, while there is a place for it. */
static bool table_holds(struct topic_table *table, const char *topic, bool is_granted)
{
	const uint64_t hash = hash_of(topic);

	for (size_t i = 0; i < ARRAY_LEN(table->hashes); i++) {
		uint64_t there = atomic_load(&table->hashes[i]);

		if (there == 0 && is_granted && atomic_compare_exchange_strong(&table->hashes[i], &there, hash))
			return true;
		if (there == 0 || there == hash)
			return there == hash;
	}
	return false;
}

void kafka_note_read(const char *topic)
{
	(void)table_holds(&read_topics, topic, true);
}

bool kafka_has_read(const char *topic)
{
	return table_holds(&read_topics, topic, false);
}

int kafka_ask_range(rd_kafka_t *rk, const char *topic, int32_t partition, uint32_t wait_ms,
		    struct kafka_topic_range *ret, struct err *err)
{
	int64_t low, high, end_ms = clock_ms() + wait_ms;
	rd_kafka_resp_err_t code = ask_end(rk, topic, partition, RD_KAFKA_OFFSET_BEGINNING, wait_ms, &low);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = ask_end(rk, topic, partition, RD_KAFKA_OFFSET_END, (uint32_t)MAX(end_ms - clock_ms(), 1), &high);
	if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		return fail_unknown(rk, topic, partition, code, wait_ms, err);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail_later(code, topic, table_holds(&seen_topics, topic, false), err);
	(void)table_holds(&seen_topics, topic, true);
	*ret = (struct kafka_topic_range){ .low = low, .high = high };
	return 0;
}
