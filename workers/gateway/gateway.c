#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "gateway/file_check.h"
#include "gateway/gateway_main.h"
#include "run/app.h"
#include "run/crash.h"
#include "run/status.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	REGISTER_QUEUE_MAX = 4096,
	ANSWER_BYTES_MAX = 256 << 20,
	MESSAGE_BYTES_MAX = 32 << 20,
	QUEUE_BYTES_MAX = 256 << 20,
	SNAPSHOT_BYTES_MAX = 32 << 20,
	LOOP_WAIT_MS_MAX = 250,
	REFERENCE_EVERY_MS = 500,
	TOPIC_WAIT_MS = 5000,
	URL_BYTES_MAX = 512,
};

static struct metric gateway_gauges[] = {
	{ "instroom_upload_bytes", "", "memory of uploads under way", METRIC_GAUGE, 0, NULL },
	{ "instroom_requests_open", "", "requests that wait for Kafka", METRIC_GAUGE, 0, NULL },
};

/* ---- requests ---- */

bool request_query(const struct request *request, const char *name, struct slice *ret)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &n) != MHD_YES)
		return false;
	*ret = slice_make(value ? value : "", value ? n : 0);
	return true;
}

struct slice request_header(const struct request *request, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name), &value, &n) != MHD_YES)
		return (struct slice){ 0 };
	return slice_make(value, n);
}

static void suspend(struct request *request)
{
	if (request->is_suspended)
		return;
	request->is_suspended = true;
	MHD_suspend_connection(request->connection);
}

static void resume(struct request *request)
{
	if (!request->is_suspended)
		return;
	request->is_suspended = false;
	MHD_resume_connection(request->connection);
}

bool gateway_ask(struct request *request)
{
	request->job.owner = request;
	if (!register_jobs_submit(request->gateway->jobs, &request->job)) {
		reply_busy(&request->reply, "Er komen nu veel vragen tegelijk binnen. Probeer het zo weer.");
		return false;
	}
	suspend(request);
	return true;
}

void gateway_wait(struct request *request, int64_t again_ms)
{
	request->again_ms = again_ms;
	request->next_waiting = request->gateway->waiting;
	request->gateway->waiting = request;
	suspend(request);
}

bool gateway_publish(struct request *request, const struct kafka_header *headers, size_t header_count, struct slice key,
		     struct slice message)
{
	struct gateway *gateway = request->gateway;
	struct err err = { 0 };

	if (!gateway->sink || !strbuf_ok(&gateway->message))
		return false;
	int rc = kafka_sink_put(gateway->sink, gateway->config.topic_raw, KAFKA_ANY_PARTITION, key, message, headers,
				header_count, request, &err);

	if (rc != 0) {
		log_event(LOG_WARN, "delivery.not-published", "board=%.*s code=%s why=%s", (int)key.n, key.p, err.code,
			  LOG_QUOTED(err.text));
		return false;
	}
	gateway->produced_open++;
	suspend(request);
	return true;
}

static void reported(void *self, const struct kafka_report *report)
{
	struct gateway *gateway = self;
	struct request *request = report->token;

	gateway->produced_open--;
	if (request->route == ROUTE_UPLOAD)
		upload_published(request, report);
	else
		question_published(request, report);
	if (request->reply.status != 0)
		resume(request);
}

/* ---- routes ---- */

static bool take_segment(struct slice *path, struct slice *ret)
{
	if (path->n == 0 || path->p[0] != '/')
		return false;
	*path = slice_from(*path, 1);
	const char *slash = path->n > 0 ? memchr(path->p, '/', path->n) : NULL;

	*ret = slice_cut(path, slash ? (size_t)(slash - path->p) : path->n);
	return ret->n > 0;
}

static enum route route_of_board(struct request *request, struct slice path, bool is_post)
{
	struct slice board, word, id;
	uint64_t number;

	if (!take_segment(&path, &board) || board.n != 5 || !num_parse_u64(board, 99999, &number) ||
	    !take_segment(&path, &word))
		return ROUTE_NONE;
	request->board = (uint32_t)number;
	if (slice_equal_text(word, "stand"))
		return path.n == 0 && !is_post ? ROUTE_STAND : ROUTE_NONE;
	if (!slice_equal_text(word, "leveringen") || !take_segment(&path, &id) || !delivery_id_is_good(id))
		return ROUTE_NONE;
	memcpy(request->id, id.p, id.n);
	if (path.n == 0)
		return is_post ? ROUTE_NONE : ROUTE_DELIVERY;
	if (!take_segment(&path, &word) || path.n > 0)
		return ROUTE_NONE;
	if (slice_equal_text(word, "terugmelding"))
		return is_post ? ROUTE_NONE : ROUTE_FEEDBACK;
	return slice_equal_text(word, "bevestiging") && is_post ? ROUTE_CONFIRM : ROUTE_NONE;
}

static enum route route_of(struct request *request, const char *url, const char *method)
{
	static const char BOARDS[] = "/v1/besturen";
	bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	if (!is_post && !is_get)
		return ROUTE_NONE;
	if (strcmp(url, "/v1/leveringen") == 0)
		return is_post ? ROUTE_UPLOAD : ROUTE_NONE;
	if (strncmp(url, BOARDS, sizeof BOARDS - 1) == 0)
		return route_of_board(request, slice_of(url + sizeof BOARDS - 1), is_post);
	if (is_get && strcmp(url, "/healthz") == 0)
		return ROUTE_HEALTHZ;
	if (is_get && strcmp(url, "/readyz") == 0)
		return ROUTE_READYZ;
	return is_get && strcmp(url, "/metrics") == 0 ? ROUTE_METRICS : ROUTE_NONE;
}

static void answer_metrics(struct request *request)
{
	reply_release(&request->reply);
	strbuf_init(&request->reply.body, MESSAGE_BYTES_MAX);
	metrics_write(&request->reply.body);
	request->reply.status = 200;
	request->reply.type = "text/plain; version=0.0.4";
}

static void begin(struct request *request, const char *url, const char *method)
{
	const char *why = "";

	request->route = route_of(request, url, method);
	switch (request->route) {
	case ROUTE_NONE:
		reply_problem(&request->reply, 404, "Niet gevonden", "Dit adres bestaat niet, of niet met deze methode.");
		return;
	case ROUTE_UPLOAD:
		upload_begin(request);
		return;
	case ROUTE_HEALTHZ:
		reply_text(&request->reply, 200, "text/plain", "ok\n");
		return;
	case ROUTE_READYZ:
		if (status_is_ready(&why) && !request->gateway->is_draining)
			reply_text(&request->reply, 200, "text/plain", "ready\n");
		else
			reply_text(&request->reply, 503, "text/plain", why);
		return;
	case ROUTE_METRICS:
		answer_metrics(request);
		return;
	default:
		break;
	}
	enum token_answer answer =
		tokens_ask(request->gateway->tokens, request_header(request, "Authorization"), &request->board);

	if (answer == TOKEN_UNKNOWN)
		reply_problem(&request->reply, 401, "Niet aangemeld", "Stuur een geldig token mee: Authorization: Bearer ...");
	else if (answer == TOKEN_OTHER_BOARD)
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur.");
}

static enum MHD_Result send_reply(struct request *request)
{
	struct reply *reply = &request->reply;
	char seconds[16];
	/* the body's bytes go to the library, which frees them */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_FREE);

	if (!response)
		return MHD_NO;
	reply->body = (struct strbuf){ 0 };
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (reply->location[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
	if (reply->status == 401)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (reply->retry_after_s > 0) {
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);

	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result handle(void *self, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls)
{
	struct request *request = *con_cls;

	(void)version;
	if (!request) {
		request = calloc(1, sizeof *request);
		if (!request)
			return MHD_NO;
		*con_cls = request;
		request->gateway = self;
		request->connection = connection;
		begin(request, url, method);
		return MHD_YES;
	}
	if (*upload_data_size > 0) {
		if (request->route == ROUTE_UPLOAD && request->upload)
			upload_take(request, slice_make(upload_data, *upload_data_size));
		*upload_data_size = 0;
		return MHD_YES;
	}
	if (request->reply.status == 0 && !request->is_suspended) {
		if (request->route == ROUTE_UPLOAD)
			upload_end(request);
		else
			question_begin(request);
	}
	if (request->reply.status == 0)
		return MHD_YES; /* suspended: somebody resumes it with a reply */
	return send_reply(request);
}

static void completed(void *self, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct request *request = *con_cls;
	struct gateway *gateway = self;

	(void)connection, (void)why;
	if (!request)
		return;
	if (request->upload) {
		gateway->upload_bytes -= upload_budgeted(request->upload);
		upload_free(request->upload);
	}
	strbuf_release(&request->job.body);
	reply_release(&request->reply);
	free(request);
	*con_cls = NULL;
}

/* ---- the reference snapshots ---- */

static void take_snapshot(struct gateway *gateway, const struct kafka_message *message)
{
	struct wire_reference_snapshot snapshot;
	struct slice csv[REFERENCE_TABLES], body;
	struct reference *reference;
	struct err err = { 0 };
	uint64_t schema;
	int rc = frame_open(message->value, &schema, &body, &err);

	if (rc == 0)
		rc = wire_reference_snapshot_decode_as(schema, body, &gateway->arena, &snapshot, &err);
	if (rc == 0 && snapshot.tables.count != REFERENCE_TABLES)
		rc = err_set(&err, ERR_DATA, "tables", "a reference snapshot has %zu tables", snapshot.tables.count);
	if (rc == 0) {
		for (size_t i = 0; i < REFERENCE_TABLES; i++)
			csv[i] = snapshot.tables.items[i];
		rc = reference_build(csv, &reference, &err);
	}
	arena_reset(&gateway->arena);
	if (rc != 0) {
		log_event(LOG_ERROR, "reference.unusable", "offset=%lld effect=\"the one before stays in force\" why=%s",
			  (long long)message->offset, LOG_QUOTED(err.text));
		return;
	}
	reference_free(gateway->reference);
	gateway->reference = reference;
	log_event(LOG_INFO, "reference.in-force", "offset=%lld boards=%zu schools=%zu", (long long)message->offset,
		  reference_rows(reference, REFERENCE_BOARDS), reference_rows(reference, REFERENCE_SCHOOLS));
}

/* Not ready before the topic was read to the end it had at start (DESIGN 3). Between news nothing is fetched. */
static void read_reference(struct gateway *gateway)
{
	struct kafka_reader *reader = gateway->reference_reader;
	const char *topic = gateway->config.topic_reference;
	struct kafka_topic_range range;
	struct kafka_message message;
	struct err err = { 0 };
	int rc = 1;

	if (kafka_reader_range(reader, topic, 0, LOOP_WAIT_MS_MAX, &range, &err) != 0)
		return; /* asked again soon; readiness tells */
	gateway->reference_next = MAX(gateway->reference_next, range.low);
	if (gateway->reference_next < range.high)
		rc = kafka_reader_seek(reader, topic, 0, gateway->reference_next, &err) == 0;
	while (rc > 0 && gateway->reference_next < range.high) {
		rc = kafka_reader_next(reader, LOOP_WAIT_MS_MAX, &message, &err);
		if (rc > 0) {
			take_snapshot(gateway, &message);
			gateway->reference_next = message.offset + 1;
			kafka_message_drop(&message);
		}
	}
	kafka_reader_rest(reader);
	gateway->is_reference_read |= gateway->reference_next >= range.high;
}

static void tell_readiness(const struct gateway *gateway)
{
	if (!gateway->is_reference_read)
		status_ready(false, "the reference topic is not read yet\n");
	else if (!gateway->reference)
		status_ready(false, "no reference snapshot was published: run instroomctl reference publish\n");
	else if (!gateway->sink)
		status_ready(false, "Kafka is away\n");
	else
		status_ready(true, "");
}

/* ---- the loop ---- */

static int watch(struct gateway *gateway, int fd, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(gateway->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(err, ERR_FATAL, "epoll", "a descriptor cannot be watched");
	return 0;
}

static int open_sink(struct gateway *gateway, struct err *err)
{
	struct kafka_sink_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
					      .linger_ms = 2,
					      .delivery_timeout_ms = (int32_t)gateway->config.kafka_delivery_ms_max,
					      .queue_bytes_max = QUEUE_BYTES_MAX,
					      .compression = gateway->config.kafka_compression };
	int rc = kafka_sink_open(&gateway->kafka, &options, reported, gateway, &gateway->sink, err);

	if (rc != 0)
		return rc;
	gateway->sink_fd = kafka_sink_event_fd(gateway->sink, err);
	return gateway->sink_fd < 0 ? gateway->sink_fd : watch(gateway, gateway->sink_fd, err);
}

/* After a fatal error everything in flight is answered 503 by the close, and a new producer is made (DESIGN 3). */
static void renew_sink(struct gateway *gateway)
{
	struct err err = { 0 };

	if (gateway->sink && !kafka_sink_is_dead(gateway->sink))
		return;
	if (gateway->sink) {
		log_event(LOG_WARN, "kafka.producer", "effect=\"open deliveries get 503 and a new producer is made\"");
		epoll_ctl(gateway->epoll_fd, EPOLL_CTL_DEL, gateway->sink_fd, NULL);
		kafka_sink_close(gateway->sink);
		gateway->sink = NULL;
	}
	if (open_sink(gateway, &err) != 0)
		log_event(LOG_ERROR, "kafka.producer", "code=%s why=%s", err.code, LOG_QUOTED(err.text));
}

static void take_answers(struct gateway *gateway)
{
	uint64_t count;
	struct job *job;

	if (read(register_jobs_fd(gateway->jobs), &count, sizeof count) < 0)
		return; /* none */
	while ((job = register_jobs_take(gateway->jobs)) != NULL) {
		struct request *request = job->owner;

		if (request->route == ROUTE_UPLOAD)
			upload_known(request);
		else
			question_answered(request);
		if (request->reply.status != 0)
			resume(request);
	}
}

static void drain_fd(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof bytes) == sizeof bytes)
		;
}

static void wake_waiting(struct gateway *gateway)
{
	struct request *request = gateway->waiting;
	int64_t now_ms = clock_ms();

	gateway->waiting = NULL;
	while (request) {
		struct request *next = request->next_waiting;

		if (request->again_ms > now_ms)
			gateway_wait(request, request->again_ms);
		else if (!gateway_ask(request))
			resume(request);
		request = next;
	}
}

static int loop_wait_ms(const struct gateway *gateway)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms = LOOP_WAIT_MS_MAX;
	int wait_ms = gateway->waiting ? 10 : LOOP_WAIT_MS_MAX;

	if (MHD_get_timeout(gateway->daemon, &mhd_ms) == MHD_YES && (int64_t)mhd_ms < wait_ms)
		wait_ms = (int)mhd_ms;
	return wait_ms;
}

static int turn(void *self, struct err *err)
{
	static int64_t reference_at_ms;
	struct gateway *gateway = self;
	struct epoll_event events[16];
	int count = epoll_wait(gateway->epoll_fd, events, ARRAY_LEN(events), loop_wait_ms(gateway));

	if (count < 0 && errno != EINTR)
		return err_set(err, ERR_FATAL, "epoll", "the event loop cannot wait");
	for (int i = 0; i < count; i++)
		if (events[i].data.fd == gateway->sink_fd)
			drain_fd(gateway->sink_fd);
	if (gateway->sink)
		kafka_sink_poll(gateway->sink, 0);
	take_answers(gateway);
	wake_waiting(gateway);
	MHD_run(gateway->daemon);
	if (clock_ms() - reference_at_ms >= REFERENCE_EVERY_MS) {
		reference_at_ms = clock_ms();
		renew_sink(gateway);
		read_reference(gateway);
		tell_readiness(gateway);
	}
	metric_set(&gateway_gauges[0], gateway->upload_bytes);
	metric_set(&gateway_gauges[1], gateway->produced_open);
	status_beat();
	return 0;
}

/* No new connections; what is under way gets its answer. */
static int drain(void *self, int64_t deadline_ms, struct err *err)
{
	struct gateway *gateway = self;
	MHD_socket listener = MHD_quiesce_daemon(gateway->daemon);
	const union MHD_DaemonInfo *info;
	int rc = 0;

	gateway->is_draining = true;
	if (listener != MHD_INVALID_SOCKET)
		close(listener);
	while (rc == 0 && clock_ms() < deadline_ms && stop_seen() != STOP_NOW) {
		info = MHD_get_daemon_info(gateway->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
		if (!info || info->num_connections == 0)
			break;
		rc = turn(gateway, err);
		stop_poll();
	}
	return rc;
}

/* ---- start and end ---- */

static int read_address(const char *text, struct sockaddr_in *ret, struct err *err)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (!colon || (size_t)(colon - text) >= sizeof host || !num_parse_u64(slice_of(colon + 1), 65535, &port))
		return err_set(err, ERR_CONFIG, "listen", "listen = %s is not address:port", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	*ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	if (inet_pton(AF_INET, host, &ret->sin_addr) != 1)
		return err_set(err, ERR_CONFIG, "listen", "listen = %s does not begin with an IPv4 address", text);
	return 0;
}

static int read_file(const char *path, struct strbuf *out, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!file)
		return err_set(err, ERR_CONFIG, "tls.cert.file", "%s cannot be read", path);
	while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
		strbuf_add_bytes(out, bytes, n);
	fclose(file);
	return 0;
}

static int open_daemon(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	struct strbuf cert, key;
	struct sockaddr_in address;
	bool has_tls = config->tls_cert_file[0] != '\0';
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | (has_tls ? MHD_USE_TLS : 0u);
	int rc = read_address(config->listen, &address, err);

	strbuf_init(&cert, 1 << 20);
	strbuf_init(&key, 1 << 20);
	strbuf_add(&key, config->tls_key);
	if (rc == 0 && has_tls)
		rc = read_file(config->tls_cert_file, &cert, err);
	if (rc != 0)
		return rc;
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)strbuf_text(&cert) },
					{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)strbuf_text(&key) },
					{ MHD_OPTION_END, 0, NULL } };

	gateway->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, gateway, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
		MHD_OPTION_NOTIFY_COMPLETED, completed, gateway, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)config->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)(config->connection_idle_ms / 1000), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)64 << 10,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
		has_tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, has_tls ? tls : NULL, MHD_OPTION_END);
	strbuf_release(&cert);
	if (key.p)
		explicit_bzero(key.p, key.room);
	strbuf_release(&key);
	if (!gateway->daemon)
		return err_set(err, ERR_CONFIG, "listen", "%s cannot be listened on: is the port taken, or the TLS key wrong?",
			       config->listen);
	return watch(gateway, MHD_get_daemon_info(gateway->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, err);
}

static int open_register(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	struct register_jobs_options options = {
		.pg = { .conninfo = config->pg_conninfo,
			.password = config->pg_password,
			.application = "instroom-gateway",
			.connect_ms = (uint32_t)config->pg_connect_ms,
			.lock_ms = 1000,
			.idle_transaction_ms = 10000,
			.statement_ms = (uint32_t)config->pg_statement_ms },
		.raw_topic = config->topic_raw,
		.stand_key = config->stand_key,
		.threads = (size_t)config->register_threads,
		.queue_max = REGISTER_QUEUE_MAX,
		.body_bytes_max = ANSWER_BYTES_MAX,
	};
	int rc = register_jobs_open(&options, &gateway->jobs, err);

	return rc != 0 ? rc : watch(gateway, register_jobs_fd(gateway->jobs), err);
}

static int open_gateway(struct gateway *gateway, struct err *err)
{
	int rc = tokens_open(gateway->config.tokens_file, &gateway->tokens, err);

	if (rc == 0)
		rc = arena_init(&gateway->arena, FILE_CHECK_ARENA_BYTES, 4 << 20, err);
	if (rc != 0)
		return rc;
	strbuf_init(&gateway->message, MESSAGE_BYTES_MAX);
	gateway->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	gateway->signal_fd = stop_signalfd();
	if (gateway->epoll_fd < 0 || gateway->signal_fd < 0)
		return err_set(err, ERR_FATAL, "epoll", "the system gives no event descriptor");
	rc = watch(gateway, gateway->signal_fd, err);
	if (rc == 0)
		rc = open_sink(gateway, err);
	if (rc == 0)
		rc = kafka_reader_open(&gateway->kafka, SNAPSHOT_BYTES_MAX, &gateway->reference_reader, err);
	if (rc == 0)
		rc = open_register(gateway, err);
	if (rc == 0)
		rc = open_daemon(gateway, err);
	return rc;
}

static void close_gateway(struct gateway *gateway)
{
	if (gateway->sink)
		kafka_sink_close(gateway->sink); /* answers what is still open */
	register_jobs_close(gateway->jobs);
	if (gateway->daemon)
		MHD_stop_daemon(gateway->daemon);
	if (gateway->reference_reader)
		kafka_reader_close(gateway->reference_reader);
	reference_free(gateway->reference);
	tokens_free(gateway->tokens);
	arena_release(&gateway->arena);
	strbuf_release(&gateway->message);
}

static enum log_level level_of(const char *name)
{
	return strcmp(name, "debug") == 0 ? LOG_DEBUG : strcmp(name, "warn") == 0 ? LOG_WARN :
	       strcmp(name, "error") == 0 ? LOG_ERROR : LOG_INFO;
}

int gateway_main(int argc, char **argv)
{
	static const struct app APP = { .turn = turn, .drain = drain };
	struct gateway gateway = { 0 };
	struct err err = { 0 };
	int status;

	app_block_signals();
	app_forbid_core_dumps();
	int rc = config_load(&GATEWAY_CONFIG, argc, argv, &gateway.config);

	if (rc != 0)
		return rc > 0 ? EXIT_DRAINED : EXIT_SETTINGS;
	log_init(gateway.config.name, level_of(gateway.config.log_level));
	metrics_register_all(gateway_gauges, ARRAY_LEN(gateway_gauges));
	upload_metrics();
	config_log(&GATEWAY_CONFIG, &gateway.config);
	const struct gateway_config *config = &gateway.config;

	gateway.kafka = (struct kafka_options){ .brokers = config->kafka_brokers,
						.client_id = "instroom-gateway",
						.security_protocol = config->kafka_security_protocol,
						.ca_file = config->kafka_ca_file,
						.cert_file = config->kafka_cert_file,
						.key_file = config->kafka_key_file,
						.sasl_mechanism = config->kafka_sasl_mechanism,
						.sasl_user = config->kafka_sasl_user,
						.sasl_password = config->kafka_sasl_password };
	rc = open_gateway(&gateway, &err);
	if (rc == 0) {
		struct app app = APP;

		app.drain_ms_max = (uint32_t)config->drain_ms_max;
		log_event(LOG_INFO, "gateway.listening", "address=%s", config->listen);
		status = app_run(&app, &gateway);
	} else {
		log_event(LOG_ERROR, "gateway.start", "code=%s why=%s", err.code, LOG_QUOTED(err.text));
		status = rc == -ERR_CONFIG ? EXIT_SETTINGS : EXIT_BUG;
	}
	close_gateway(&gateway);
	config_release(&GATEWAY_CONFIG, &gateway.config);
	return status;
}
