#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "gateway/file_check.h"
#include "gateway/gateway_main.h"
#include "run/app.h"
#include "run/status.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	REGISTER_QUEUE_MAX = 4096,
	REGISTER_LOCK_MS = 1000,
	REGISTER_IDLE_TRANSACTION_MS = 10000,
	ANSWER_BYTES_MAX = 256 << 20,
	MESSAGE_BYTES_MAX = 32 << 20,
	LINGER_MS = 2,
	REQUESTS_MAX = 1, /* the broker takes one of a line at a time; what comes meanwhile goes together in the next */
	LOOP_WAIT_MS_MAX = 250,
	CONFIRM_WAIT_MS = 10,
	CHORES_EVERY_MS = 500,
	FILES_BESIDE_CONNECTIONS = 256,
};

static struct metric gauges[] = {
	{ "instroom_upload_bytes", "", "memory of uploads, of messages under way to Kafka and of answers", METRIC_GAUGE,
	  0, NULL },
	{ "instroom_requests_open", "", "requests that wait for Kafka", METRIC_GAUGE, 0, NULL },
	{ "instroom_connections", "", "connections", METRIC_GAUGE, 0, NULL },
	{ "instroom_register_up", "", "1: the register answers", METRIC_GAUGE, 0, NULL },
};
enum { GAUGE_BYTES, GAUGE_OPEN, GAUGE_CONNECTIONS, GAUGE_REGISTER };

/* ---- what requests wait for ---- */

bool gateway_hold(struct request *request, int64_t bytes)
{
	struct gateway *gateway = request->gateway;

	if (bytes > 0 && gateway->held_bytes + bytes > gateway->config.upload_bytes_max)
		return false;
	gateway->held_bytes += bytes;
	request->held_bytes += bytes;
	assert(gateway->held_bytes >= 0 && request->held_bytes >= 0);
	return true;
}

bool gateway_hold_answer(struct request *request)
{
	struct gateway *gateway = request->gateway;
	int64_t bytes = (int64_t)request->job.body.room;

	if (gateway->held_bytes + bytes > gateway->config.upload_bytes_max && gateway->held_bytes > request->held_bytes)
		return false;
	gateway->held_bytes += bytes;
	request->held_bytes += bytes;
	return true;
}

void gateway_let_go(struct request *request)
{
	request->gateway->held_bytes -= request->held_bytes;
	request->held_bytes = 0;
}

bool gateway_ask(struct request *request)
{
	request->job.owner = request;
	if (!request->gateway->jobs || !register_jobs_submit(request->gateway->jobs, &request->job))
		return false;
	request_suspend(request);
	return true;
}

void gateway_ask_later(struct request *request, int64_t again_ms)
{
	request->again_ms = again_ms;
	request->next_waiting = request->gateway->waiting;
	request->gateway->waiting = request;
	request_suspend(request);
}

bool gateway_publish(struct request *request, const struct kafka_header *headers, size_t header_count, struct slice key)
{
	struct gateway *gateway = request->gateway;
	struct err err = { 0 };

	if (!gateway->producer || !strbuf_ok(&gateway->message))
		return false;
	int rc = kafka_producer_put(gateway->producer, gateway->config.topic.raw, KAFKA_ANY_PARTITION, key,
				    strbuf_slice(&gateway->message), headers, header_count, request, &err);

	if (rc != 0) {
		log_event(LOG_WARN, "kafka.not-taken", "board=%.*s code=%s why=%s", (int)key.n, key.p,
			  LOG_QUOTED(err.code), LOG_QUOTED(err.text));
		return false;
	}
	gateway->published_open++;
	request_suspend(request);
	return true;
}

static void reported(void *self, const struct kafka_report *report)
{
	struct gateway *gateway = self;
	struct request *request = report->token;

	gateway->published_open--;
	gateway_let_go(request);
	if (request->route.kind == ROUTE_UPLOAD)
		upload_published(request, report);
	else
		question_published(request, report);
	if (request->reply.status != 0)
		request_resume(request);
}

static void take_answers(struct gateway *gateway)
{
	uint64_t count;

	if (read(register_jobs_fd(gateway->jobs), &count, sizeof count) < 0)
		return; /* none */
	for (struct job *job = register_jobs_take(gateway->jobs), *next; job; job = next) {
		struct request *request = job->owner;

		next = job->next;
		if (request->route.kind == ROUTE_UPLOAD)
			upload_known(request);
		else
			question_answered(request);
		if (request->reply.status != 0)
			request_resume(request);
	}
}

static void wake_waiting(struct gateway *gateway)
{
	struct request *request = gateway->waiting, *next;
	int64_t now_ms = gateway->waiting ? clock_ms() : 0;

	gateway->waiting = NULL;
	for (; request; request = next) {
		next = request->next_waiting;
		if (request->again_ms > now_ms) {
			gateway_ask_later(request, request->again_ms);
		} else if (!gateway_ask(request)) {
			request->job.answer = JOB_AWAY;
			question_answered(request);
			if (request->reply.status != 0)
				request_resume(request);
		}
	}
}

/* ---- the producer ---- */

static int watch(struct gateway *gateway, int fd, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(gateway->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(err, ERR_FATAL, "epoll", "a descriptor cannot be watched");
	return 0;
}

static void drop_sink(struct gateway *gateway)
{
	if (!gateway->producer)
		return;
	if (gateway->producer_fd >= 0)
		epoll_ctl(gateway->epoll_fd, EPOLL_CTL_DEL, gateway->producer_fd, NULL);
	kafka_producer_close(gateway->producer); /* reports what is still open: 503 */
	gateway->producer = NULL;
}

static int open_sink(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	struct kafka_producer_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
						  .linger_ms = LINGER_MS,
						  .requests_max = REQUESTS_MAX,
						  .delivery_timeout_ms = (int32_t)config->kafka.delivery_ms,
						  .queue_bytes_max = config->upload_bytes_max + MESSAGE_BYTES_MAX,
						  .compression = config->kafka.compression };
	int rc = kafka_producer_open(&gateway->kafka, &options, reported, gateway, &gateway->producer, err);

	if (rc != 0)
		return rc;
	gateway->producer_fd = kafka_producer_event_fd(gateway->producer, err);
	rc = gateway->producer_fd < 0 ? gateway->producer_fd : watch(gateway, gateway->producer_fd, err);
	if (rc != 0)
		drop_sink(gateway);
	return rc;
}

/* After a fatal error everything in flight is answered 503 by the close, and a new producer is made (design 3). */
static void renew_sink(struct gateway *gateway)
{
	struct err err = { 0 };

	if (gateway->producer && !kafka_producer_is_dead(gateway->producer))
		return;
	if (gateway->producer)
		log_event(LOG_WARN, "kafka.producer", "effect=\"open deliveries get 503 and a new producer is made\"");
	drop_sink(gateway);
	if (open_sink(gateway, &err) != 0)
		log_event(LOG_ERROR, "kafka.producer", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
}

/* ---- the loop ---- */

static void take_reference(struct gateway *gateway)
{
	struct reference *news = reference_watch_take(gateway->watch);
	char version[2 * REFERENCE_VERSION_BYTES];

	if (!news)
		return;
	reference_free(gateway->reference);
	gateway->reference = news;
	num_to_hex(reference_version(news), REFERENCE_VERSION_BYTES, version);
	log_event(LOG_INFO, "reference.in-force", "version=%.*s", (int)sizeof version, version);
}

static void tell_readiness(const struct gateway *gateway, bool is_read)
{
	if (!is_read)
		status_ready(false, "the reference topic is not read yet\n");
	else if (!gateway->reference)
		status_ready(false, "no reference snapshot was published: run instroomctl reference publish\n");
	else if (!gateway->producer || !reference_watch_has_kafka(gateway->watch))
		status_ready(false, "Kafka is away\n");
	else
		status_ready(true, "");
}

static void do_chores(struct gateway *gateway)
{
	bool is_read = reference_watch_is_read(gateway->watch);

	renew_sink(gateway);
	requests_sweep(gateway);
	if (is_read)
		take_reference(gateway); /* before the end of the topic are versions that were in force once (specification 4.1) */
	tell_readiness(gateway, is_read);
	metric_set(&gauges[GAUGE_CONNECTIONS], (int64_t)gateway->clients.count);
}

int gateway_turn(void *self, struct err *err)
{
	struct gateway *gateway = self;
	struct epoll_event events[16];
	int wait_ms = requests_wait_ms(gateway, gateway->waiting ? CONFIRM_WAIT_MS : LOOP_WAIT_MS_MAX);

	/* which descriptor woke us does not matter: each of those below looks for itself */
	if (epoll_wait(gateway->epoll_fd, events, ARRAY_LEN(events), wait_ms) < 0 && errno != EINTR)
		return err_set(err, ERR_FATAL, "epoll", "the event loop cannot wait");
	if (gateway->producer)
		kafka_producer_poll(gateway->producer, 0);
	take_answers(gateway);
	wake_waiting(gateway);
	metric_set(&gauges[GAUGE_REGISTER], register_jobs_is_up(gateway->jobs)); /* before /metrics is answered */
	requests_run(gateway);
	if (clock_ms() >= gateway->chores_at_ms) {
		gateway->chores_at_ms = clock_ms() + CHORES_EVERY_MS;
		do_chores(gateway);
	}
	metric_set(&gauges[GAUGE_BYTES], gateway->held_bytes);
	metric_set(&gauges[GAUGE_OPEN], gateway->published_open);
	return 0;
}

/* What is under way gets its answer. */
static int drain(void *self, int64_t deadline_ms, struct err *err)
{
	struct gateway *gateway = self;
	int rc = 0;

	gateway->is_draining = true;
	requests_drain(gateway);
	while (rc == 0 && gateway->clients.count > 0 && clock_ms() < deadline_ms && stop_poll() != STOP_NOW) {
		rc = gateway_turn(gateway, err);
		status_beat();
	}
	if (rc == 0 && gateway->clients.count > 0)
		rc = err_set(err, ERR_STOP, "drain", "%zu connections were still open", gateway->clients.count);
	return rc;
}

/* ---- start and end ---- */

static int open_register(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	struct register_jobs_options options = {
		.pg = settings_pg(&config->pg, "instroom-gateway"),
		.raw_topic = config->topic.raw,
		.stand_key = config->stand_key,
		.threads = (size_t)config->register_threads,
		.queue_max = REGISTER_QUEUE_MAX,
		.body_bytes_max = ANSWER_BYTES_MAX,
	};

	options.pg.lock_ms = REGISTER_LOCK_MS;
	options.pg.idle_transaction_ms = REGISTER_IDLE_TRANSACTION_MS;
	int rc = register_jobs_open(&options, &gateway->jobs, err);

	return rc != 0 ? rc : watch(gateway, register_jobs_fd(gateway->jobs), err);
}

int gateway_open(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	int rc = tokens_open(config->tokens_file, &gateway->tokens, err);

	if (rc == 0)
		rc = arena_init(&gateway->arena, FILE_CHECK_ARENA_BYTES, 4 << 20, err);
	if (rc != 0)
		return rc;
	strbuf_init(&gateway->message, MESSAGE_BYTES_MAX);
	gateway->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	gateway->signal_fd = stop_signalfd();
	if (gateway->epoll_fd < 0)
		return err_set(err, ERR_FATAL, "epoll", "the system gives no event descriptor");
	rc = watch(gateway, gateway->signal_fd, err);
	if (rc == 0)
		rc = open_sink(gateway, err);
	if (rc == 0)
		rc = reference_watch_open(&gateway->kafka, config->topic.reference, &gateway->watch, err);
	if (rc == 0)
		rc = open_register(gateway, err);
	if (rc == 0)
		rc = requests_open(gateway, err);
	return rc == 0 ? watch(gateway, requests_fd(gateway), err) : rc;
}

/* First those who may still call in for a request, then the requests. */
void gateway_close(struct gateway *gateway)
{
	drop_sink(gateway);
	register_jobs_close(gateway->jobs);
	gateway->jobs = NULL;
	requests_close(gateway);
	reference_watch_close(gateway->watch);
	reference_free(gateway->reference);
	tokens_free(gateway->tokens);
	arena_release(&gateway->arena);
	strbuf_release(&gateway->message);
	if (gateway->signal_fd >= 0)
		close(gateway->signal_fd);
	if (gateway->epoll_fd >= 0)
		close(gateway->epoll_fd);
}

/* A descriptor a connection, as far as the system lets us. */
static void raise_file_limit(int64_t connections_max)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connections_max + FILES_BESIDE_CONNECTIONS;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = MIN(wanted, limit.rlim_max);
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < wanted)
		log_event(LOG_WARN, "files", "limit=%llu wanted=%llu effect=\"fewer connections than connections.max\"",
			  (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static int run_gateway(struct gateway *gateway)
{
	struct app app = { .turn = gateway_turn, .drain = drain, .drain_ms_max = (uint32_t)gateway->config.drain_ms };
	struct err err = { 0 };

	if (gateway_open(gateway, &err) != 0) {
		log_event(LOG_ERROR, "gateway.start", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
		return app_exit_status(&err);
	}
	log_event(LOG_INFO, "gateway.listening", "address=%s", gateway->config.listen);
	return app_run(&app, gateway);
}

int gateway_main(int argc, char **argv)
{
	struct gateway gateway = { .epoll_fd = -1, .signal_fd = -1, .producer_fd = -1 };
	const struct gateway_config *config = &gateway.config;

	app_block_signals();
	app_forbid_core_dumps();
	app_settle_heap();
	int rc = config_load(&GATEWAY_CONFIG, argc, argv, &gateway.config);

	if (rc != 0)
		return rc > 0 ? EXIT_DRAINED : EXIT_SETTINGS;
	settings_begin_log(&config->log);
	raise_file_limit(config->connections_max);
	metrics_register_all(gauges, ARRAY_LEN(gauges));
	upload_metrics();
	config_log(&GATEWAY_CONFIG, config);
	gateway.kafka = settings_kafka(&config->kafka, "instroom-gateway");
	int status = run_gateway(&gateway);

	gateway_close(&gateway);
	config_release(&GATEWAY_CONFIG, &gateway.config);
	return status;
}
