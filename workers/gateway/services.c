#include "gateway/services.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/file_check.h"
#include "gateway/gateway_metrics.h"
#include "gateway/public_file.h"
#include "gateway/handler.h"
#include "gateway/request_span.h"
#include "pg/pg_link.h"
#include "protocol/admission.h"

#include <sys/epoll.h>
#include <unistd.h>

enum {
	REGISTER_QUEUE_MAX = 4096,
	REGISTER_LOCK_MS = 1000,
	REGISTER_IDLE_TRANSACTION_MS = 10000,
	ANSWER_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 4 << 20,
	MESSAGE_BYTES_MAX = 32 << 20,
	LINGER_MS = 2,
	AUTHORITY_BYTES_MAX = 16 << 20, /* of CAs, and of what they took back */
	/* a broker works on one request per connection: what comes meanwhile shares the next */
	REQUESTS_MAX = 1,
};

static const struct handler *handler_of(const struct request *request)
{
	return request->route->handler;
}

/* ---- what a request may wait for ---- */

/* Asked once at the start; by then the gateway is hardly ready. */
static int pin_partitions(struct services *services, struct err *err)
{
	int32_t partitions = services->jobs ? register_jobs_partitions(services->jobs) : 0;

	if (services->publisher.is_pinned)
		return 0;
	if (partitions < 0)
		return err_set(err, ERR_RETRY, "partitions", "the register was not asked yet for the partitions");
	if (partitions > 0)
		raw_publisher_pin(&services->publisher, partitions);
	return 0;
}

bool services_ask(struct request *request, struct register_job *job)
{
	job->owner = request;
	if (!request->services->jobs || !register_jobs_submit(request->services->jobs, job))
		return false;
	request_suspend(request);
	return true;
}

int services_publish(struct request *request, struct raw_message *message, struct err *err)
{
	struct services *services = request->services;
	int rc = strbuf_check(&services->message, "a message for Kafka", err);

	raw_headers_add(&message->headers, TRACEPARENT_NAME, request->trace.traceparent);
	raw_headers_add(&message->headers, ACCESS_HEADER_NAME, request->grant.header);
	if (rc == 0)
		rc = pin_partitions(services, err);
	request_span_produced(request); /* who reads the message may be faster than we are */
	if (rc == 0)
		rc = raw_publisher_put(&services->publisher, message, request, err);
	if (rc == 0)
		request_suspend(request);
	return rc;
}

void services_wait(struct request *request, struct waiter *waiter, int64_t due_ms)
{
	waiter->owner = request;
	wait_list_add(&request->services->waiting, waiter, due_ms);
	request_suspend(request);
}

/* ---- what came of it ---- */

static void take_report(void *self, const struct kafka_report *report)
{
	struct request *request = report->token;

	(void)self;
	byte_budget_release_all(&request->reserved); /* the message was all it held */
	request_span_reported(request, report);
	handler_of(request)->published(request, report);
	request_resume(request);
}

static void take_answers(struct services *services)
{
	uint64_t count;

	if (read(register_jobs_fd(services->jobs), &count, sizeof count) < 0)
		return; /* none */
	for (struct register_job *job = register_jobs_take(services->jobs), *next; job; job = next) {
		struct request *request = job->owner;

		next = job->next;
		handler_of(request)->answered(request, job);
		request_resume(request);
	}
}

static void take_due(struct services *services)
{
	if (wait_list_is_empty(&services->waiting))
		return;
	for (struct waiter *waiter = wait_list_take_due(&services->waiting, clock_ms()), *next; waiter; waiter = next) {
		struct request *request = waiter->owner;

		next = waiter->next;
		handler_of(request)->due(request);
		request_resume(request);
	}
}

void services_poll(struct services *services)
{
	raw_publisher_poll(&services->publisher);
	take_answers(services);
	take_due(services);
}

void services_follow(struct request *request)
{
	const struct services *services = request->services;

	request_span_begin(request, services->spans, services->config->trace_sample, services->config->topic.raw);
}

void services_forget(struct request *request)
{
	request_span_end(request);
	load_end(request->services->load, &request->load);
}

void services_measure(const struct services *services)
{
	gateway_metric_set(METRIC_RESERVED_BYTES,
			   (int64_t)(services->uploads.reserved_bytes + services->answers.reserved_bytes));
	gateway_metric_set(METRIC_IN_FLIGHT, services->publisher.in_flight);
	gateway_metric_set(METRIC_REGISTER_UP, register_jobs_is_up(services->jobs));
}

void services_watch_issuer(const struct services *services)
{
	struct issuer_keys_state state;

	if (!services->issuer_keys)
		return;
	issuer_keys_poll(services->issuer_keys);
	issuer_keys_measure(services->issuer_keys, &state);
	gateway_metric_set(METRIC_ISSUER_ASKED, state.asked);
	gateway_metric_set(METRIC_ISSUER_FAILED, state.failed);
	gateway_metric_set(METRIC_ISSUER_KEYS, state.count);
	gateway_metric_set(METRIC_ISSUER_AGE_S, state.age_s);
}

int services_wait_ms(const struct services *services, int wait_ms_max)
{
	return wait_list_is_empty(&services->waiting) ? wait_ms_max
						      : wait_list_wait_ms(&services->waiting, clock_ms(), wait_ms_max);
}

/* ---- start and end ---- */

static int open_publisher(struct services *services, int epoll_fd, struct err *err)
{
	const struct gateway_config *config = services->config;
	const struct raw_publisher_options options = {
		.kafka = settings_kafka(&config->kafka, "instroom-gateway"),
		.producer = { .message_bytes_max = MESSAGE_BYTES_MAX,
			      .linger_ms = LINGER_MS,
			      .requests_max = REQUESTS_MAX,
			      .delivery_timeout_ms = (int32_t)config->kafka.delivery_ms,
			      .queue_bytes_max = config->upload_bytes_max + MESSAGE_BYTES_MAX,
			      .compression = config->kafka.compression },
		.topic = config->topic.raw,
		.epoll_fd = epoll_fd,
		.reported = take_report,
	};

	return raw_publisher_open(&services->publisher, &options, err);
}

static int open_register(struct services *services, int epoll_fd, struct err *err)
{
	const struct gateway_config *config = services->config;
	struct epoll_event event = { .events = EPOLLIN };
	struct register_jobs_options options = {
		.pg = settings_pg(&config->pg, "instroom-gateway"),
		.raw_topic = config->topic.raw,
		.stand_key = &services->stand_key,
		.kafka = settings_kafka(&config->kafka, "instroom-gateway"),
		.access_topic = config->topic.access,
		.compression = config->kafka.compression,
		.threads = (size_t)config->register_threads,
		.queue_max = REGISTER_QUEUE_MAX,
		.body_bytes_max = ANSWER_BYTES_MAX,
	};

	options.pg.lock_ms = REGISTER_LOCK_MS;
	options.pg.idle_transaction_ms = REGISTER_IDLE_TRANSACTION_MS;
	pg_note_environment();
	int rc = register_jobs_open(&options, &services->jobs, err);

	if (rc == 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, register_jobs_fd(services->jobs), &event) != 0)
		rc = err_set(err, ERR_FATAL, "epoll", "the register's descriptor cannot be watched");
	return rc;
}

int services_read_tokens(struct services *services, struct err *err)
{
	const char *path = services->config->tokens_file;
	struct tokens *tokens;

	(void)token_watch_has_changed(&services->token_watch, path); /* before it is read: a later change is seen */
	int rc = tokens_open(path, &tokens, err);

	if (rc != 0)
		return rc;
	tokens_free(services->tokens);
	services->tokens = tokens;
	if (tokens_plain_count(tokens) > 0)
		log_event(LOG_WARN, "tokens.plain", "file=%s count=%zu effect=%s", LOG_QUOTED(path),
			  tokens_plain_count(tokens),
			  LOG_QUOTED("they are known, but have no name, end or service: instroomctl token make"));
	return 0;
}

int services_read_authority(struct services *services, struct err *err)
{
	const struct gateway_config *config = services->config;
	CLEANUP(strbuf_drop) struct strbuf cas = { 0 }, lists = { 0 };
	struct client_authority *authority;

	if (config->tls_client_ca_file[0] == '\0')
		return 0;
	strbuf_init(&cas, AUTHORITY_BYTES_MAX);
	strbuf_init(&lists, AUTHORITY_BYTES_MAX);
	int rc = public_file_read("tls.client.ca.file", config->tls_client_ca_file, &cas, err);

	if (rc == 0 && config->tls_client_crl_file[0])
		rc = public_file_read("tls.client.crl.file", config->tls_client_crl_file, &lists, err);
	if (rc == 0)
		rc = client_authority_read(strbuf_slice(&cas), strbuf_slice(&lists), &authority, err);
	if (rc != 0)
		return rc;
	client_authority_free(services->client_authority);
	services->client_authority = authority;
	return 0;
}

/* Signed tokens are believed if an issuer is set, and then all that it takes must be. */
static int open_issuer(struct services *services, struct err *err)
{
	const struct gateway_config *config = services->config;
	unsigned algs = signature_algs_read(slice_of(config->jwt_algorithms));
	const struct issuer_keys_options options = { .file = config->jwt_keys_file,
						     .url = config->jwt_keys_url,
						     .ca_file = config->jwt_keys_ca_file,
						     .algs = algs,
						     .pause_ms = config->jwt_keys_pause_ms };

	if (config->jwt_issuer[0] == '\0')
		return 0;
	if (config->jwt_audience[0] == '\0')
		return err_set(err, ERR_CONFIG, "jwt.audience", "with jwt.issuer, jwt.audience must be set");
	if ((config->jwt_keys_file[0] == '\0') == (config->jwt_keys_url[0] == '\0'))
		return err_set(err, ERR_CONFIG, "jwt.keys",
			       "with jwt.issuer, one of jwt.keys.file and jwt.keys.url must be set");
	if (algs == 0)
		return err_set(err, ERR_CONFIG, "jwt.algorithms", "%s are not some of RS256,PS256,ES256",
			       config->jwt_algorithms);
	services->signed_token_rules = (struct signed_token_rules){ .issuer = config->jwt_issuer,
								    .audience = config->jwt_audience,
								    .types = config->jwt_types,
								    .levels = config->jwt_acr,
								    .algs = algs };
	services->signed_tokens = signed_token_cache_new();
	return issuer_keys_open(&options, &services->issuer_keys, err);
}

static int open_spans(struct services *services, struct err *err)
{
	const struct gateway_config *config = services->config;
	struct span_exporter_options options = settings_trace(&config->trace, "gateway", &config->log);

	return span_exporter_open(&options, &services->spans, err);
}

int services_open(struct services *services, int epoll_fd, struct err *err)
{
	const struct gateway_config *config = services->config;
	const struct load_limits limits = { .sender_uploads_max = (uint32_t)config->sender_uploads_max,
					    .board_uploads_max = (uint32_t)config->board_uploads_max,
					    .board_questions_max = (uint32_t)config->board_questions_max };
	int rc = services_read_tokens(services, err);

	reply_set_helpdesk(config->helpdesk_address);
	reply_set_tls(config->tls_cert_file[0] != '\0');
	hmac_key_init(&services->stand_key, config->stand_key.bytes);
	services->uploads.bytes_max = (size_t)config->upload_bytes_max;
	services->uploads.share_bytes_max = services->uploads.bytes_max / 2;
	services->answers.bytes_max = (size_t)config->answer_bytes_max;
	services->answers.share_bytes_max = services->answers.bytes_max / 2;
	services->load = load_new(&limits);
	strbuf_init(&services->message, MESSAGE_BYTES_MAX);
	if (rc == 0 && !services->load)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for what boards have in progress");
	if (rc == 0)
		rc = open_spans(services, err);
	if (rc == 0)
		rc = open_issuer(services, err);
	if (rc == 0)
		rc = services_read_authority(services, err);
	if (rc == 0)
		rc = arena_init(&services->file_arena, FILE_CHECK_ARENA_BYTES, ARENA_BYTES_KEPT, err);
	if (rc == 0)
		rc = open_publisher(services, epoll_fd, err);
	if (rc == 0)
		rc = open_register(services, epoll_fd, err);
	return rc;
}

void services_close_peers(struct services *services)
{
	raw_publisher_close(&services->publisher);
	register_jobs_close(services->jobs);
	services->jobs = NULL;
}

void services_close(struct services *services)
{
	span_exporter_close(services->spans);
	reference_free(services->reference);
	issuer_keys_close(services->issuer_keys);
	signed_token_cache_free(services->signed_tokens);
	client_authority_free(services->client_authority);
	access_data_free(services->access);
	tokens_free(services->tokens);
	load_free(services->load);
	arena_release(&services->file_arena);
	strbuf_release(&services->message);
	explicit_bzero(&services->stand_key, sizeof services->stand_key);
}
