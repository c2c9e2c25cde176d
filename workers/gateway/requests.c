#include "gateway/requests.h"

#include "base/clock.h"
#include "base/num.h"
#include "gateway/gateway.h"
#include "run/status.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	HEAD_MS_MAX = 10000, /* of the first request of a connection: to its last header */
	LATE_MS_MAX = 10000, /* an upload told to be too slow may read that so long, then it is closed */
	LOOK_EVERY_MS = 500, /* whether a silent sender is still there */
	CLOSE_MS_MAX = 1000, /* for the last answers when the gateway ends */
	CLOSE_STEP_MS = 10,
	UPLOAD_READ_BYTES_MAX = 256 << 20, /* also of what is refused already: who sends on is closed */
	OTHER_READ_BYTES_MAX = 64 << 10,
	CONNECTION_BYTES_MAX = 64 << 10, /* head and buffers of one connection */
	BACKLOG = 1024,
};

/* One connection. */
struct client {
	MHD_socket fd;
	struct request *request; /* NULL between two */
	int64_t since_ms;	 /* connected, or the last answer is out */
	int64_t looked_ms;	 /* whether it is still there */
	bool is_known;		 /* had a request before */
	struct client *next, *previous;
};

/* ---- what was sent ---- */

bool request_query(const struct request *request, const char *name, struct slice *ret)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &n) !=
	    MHD_YES)
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
	return slice_make(value ? value : "", value ? n : 0);
}

struct walk {
	bool (*each)(void *self, struct slice name, struct slice value);
	void *self;
};

static enum MHD_Result walk_value(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
				  const char *value, size_t value_size)
{
	const struct walk *walk = cls;

	(void)kind;
	return walk->each(walk->self, slice_make(key ? key : "", key ? key_size : 0),
			  slice_make(value ? value : "", value ? value_size : 0))
		       ? MHD_YES
		       : MHD_NO;
}

void request_walk_query(const struct request *request, bool (*each)(void *self, struct slice name, struct slice value),
			void *self)
{
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, walk_value, &(struct walk){ each, self });
}

void request_walk_headers(const struct request *request,
			  bool (*each)(void *self, struct slice name, struct slice value), void *self)
{
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, walk_value, &(struct walk){ each, self });
}

void request_suspend(struct request *request)
{
	if (request->is_suspended)
		return;
	request->is_suspended = true;
	MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
	if (!request->is_suspended)
		return;
	request->is_suspended = false;
	MHD_resume_connection(request->connection);
}

/* ---- answering ---- */

static void answer_ready(struct request *request)
{
	const char *why = "";

	if (request->gateway->is_draining)
		reply_text(&request->reply, 503, "text/plain", "this gateway ends\n");
	else if (!status_is_ready(&why))
		reply_text(&request->reply, 503, "text/plain", why);
	else
		reply_text(&request->reply, 200, "text/plain", "ready\n");
}

static void answer_metrics(struct request *request)
{
	struct strbuf body;

	strbuf_init(&body, (size_t)1 << 20);
	metrics_write(&body);
	reply_body(&request->reply, "text/plain; version=0.0.4", &body);
}

static void begin_question(struct request *request)
{
	switch (tokens_ask(request->gateway->tokens, request_header(request, "Authorization"), &request->route.board)) {
	case TOKEN_UNKNOWN:
		reply_problem(&request->reply, 401, "Niet aangemeld",
			      "Stuur een geldig token mee: Authorization: Bearer ...");
		break;
	case TOKEN_OTHER_BOARD:
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur.");
		break;
	case TOKEN_GOOD:
		break; /* answered when its body, if any, is read */
	}
}

static void begin(struct request *request, const char *url, const char *method)
{
	request->route = route_parse(slice_of(url), slice_of(method));
	switch (request->route.kind) {
	case ROUTE_NONE:
		reply_problem(&request->reply, 404, "Niet gevonden", "Dit adres bestaat niet, of niet met deze methode.");
		return;
	case ROUTE_HEALTHZ:
		reply_text(&request->reply, 200, "text/plain", "ok\n");
		return;
	case ROUTE_READYZ:
		answer_ready(request);
		return;
	case ROUTE_METRICS:
		answer_metrics(request);
		return;
	default:
		break;
	}
	if (request->gateway->is_draining)
		reply_busy(&request->reply, "Deze ingang sluit. Probeer het zo weer.");
	else if (request->route.kind == ROUTE_UPLOAD)
		upload_begin(request);
	else
		begin_question(request);
}

static void add_headers(const struct request *request, struct MHD_Response *response)
{
	const struct reply *reply = &request->reply;
	char seconds[16];

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (reply->location[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
	if (reply->status == 401)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (request->gateway->is_draining)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (reply->retry_after_s > 0) {
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
}

static enum MHD_Result send_reply(struct request *request)
{
	struct reply *reply = &request->reply;
	/* the body's bytes go to the library, which frees them */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_FREE);

	if (!response)
		return MHD_NO;
	reply->body = (struct strbuf){ 0 };
	add_headers(request, response);
	request->replied_ms = clock_ms();
	enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);

	MHD_destroy_response(response);
	return result;
}

/* ---- the library's calls ---- */

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void connected(void *self, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct gateway *gateway = self;
	struct client *client = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		client = calloc(1, sizeof *client);
		if (!client)
			return; /* its first request is turned away */
		client->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		client->since_ms = clock_ms();
		client->next = gateway->clients.first;
		if (client->next)
			client->next->previous = client;
		gateway->clients.first = client;
		gateway->clients.count++;
		*context = client;
	} else if (client) {
		*(client->previous ? &client->previous->next : &gateway->clients.first) = client->next;
		if (client->next)
			client->next->previous = client->previous;
		gateway->clients.count--;
		free(client);
	}
}

static struct request *request_new(struct gateway *gateway, struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);
	struct request *request = client ? calloc(1, sizeof *request) : NULL;

	if (!request)
		return NULL;
	request->gateway = gateway;
	request->connection = connection;
	request->begun_ms = request->heard_ms = clock_ms();
	client->request = request;
	return request;
}

static bool waits_for_continue(const struct request *request)
{
	struct slice expect = request_header(request, MHD_HTTP_HEADER_EXPECT);

	return expect.n == 12 && strncasecmp(expect.p, "100-continue", 12) == 0;
}

/* false: more than any request of ours has. */
static bool take_body(struct request *request, struct slice bytes)
{
	bool is_upload = request->route.kind == ROUTE_UPLOAD;

	request->heard_ms = clock_ms();
	request->body_bytes += bytes.n;
	if (request->body_bytes > (is_upload ? (uint64_t)UPLOAD_READ_BYTES_MAX : (uint64_t)OTHER_READ_BYTES_MAX))
		return false;
	if (is_upload && request->upload)
		upload_take(request, bytes);
	return true;
}

static enum MHD_Result handle(void *self, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload_data, size_t *upload_data_size, void **context)
{
	struct request *request = *context;

	(void)version;
	if (!request) {
		request = request_new(self, connection);
		if (!request)
			return MHD_NO;
		*context = request;
		begin(request, url, method);
		/* who waits to send the body is told now; the others may be writing and would not listen before they are done */
		return request->reply.status != 0 && waits_for_continue(request) ? send_reply(request) : MHD_YES;
	}
	if (*upload_data_size > 0) {
		struct slice bytes = slice_make(upload_data, *upload_data_size);

		*upload_data_size = 0;
		return take_body(request, bytes) ? MHD_YES : MHD_NO;
	}
	if (request->reply.status == 0 && !request->is_suspended) {
		if (request->route.kind == ROUTE_UPLOAD)
			upload_end(request);
		else
			question_begin(request);
	}
	if (request->reply.status == 0)
		return MHD_YES; /* suspended: somebody resumes it with a reply */
	return send_reply(request);
}

static void completed(void *self, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why)
{
	struct request *request = *context;
	struct client *client = client_of(connection);

	(void)self, (void)why;
	if (!request)
		return;
	client->request = NULL;
	client->since_ms = clock_ms();
	client->is_known = true;
	gateway_let_go(request);
	upload_free(request->upload);
	strbuf_release(&request->job.body);
	reply_release(&request->reply);
	free(request);
	*context = NULL;
}

/* ---- connections that stay too long ---- */

static bool is_overdue(const struct gateway *gateway, const struct client *client, int64_t now_ms)
{
	const struct gateway_config *config = &gateway->config;
	const struct request *request = client->request;

	if (!request) {
		int64_t head_ms = MIN(config->connection_idle_ms, (int64_t)HEAD_MS_MAX);

		return gateway->is_draining ||
		       now_ms - client->since_ms > (client->is_known ? config->connection_idle_ms : head_ms);
	}
	if (request->is_suspended)
		return false; /* it is we who take long */
	if (request->replied_ms > 0)
		return now_ms - request->replied_ms > config->upload_ms_max;
	return now_ms - request->begun_ms > config->upload_ms_max + LATE_MS_MAX;
}

/* The library takes what came and waits to be woken for more. A sender's end that came with its last bytes woke it once for
 * both, so that it would hold a cut off upload until the connection has been silent for too long. */
static bool has_left(struct client *client, int64_t now_ms)
{
	const struct request *request = client->request;
	char byte;

	if (request && (request->is_suspended || request->replied_ms > 0))
		return false; /* all of it came: who closed one side may well read */
	if (now_ms - MAX(request ? request->heard_ms : client->since_ms, client->looked_ms) < LOOK_EVERY_MS)
		return false;
	client->looked_ms = now_ms;
	return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void requests_sweep(struct gateway *gateway)
{
	int64_t now_ms = clock_ms();

	for (struct client *client = gateway->clients.first; client; client = client->next)
		if (is_overdue(gateway, client, now_ms) || has_left(client, now_ms))
			shutdown(client->fd, SHUT_RDWR); /* the library sees an end, and closes */
}

/* ---- life ---- */

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

static int read_certificate(const char *path, struct strbuf *out, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!file)
		return err_set(err, ERR_CONFIG, "tls.cert.file", "%s cannot be read", path);
	while (strbuf_ok(out) && (n = fread(bytes, 1, sizeof bytes, file)) > 0) /* a device has no end */
		strbuf_add_bytes(out, bytes, n);
	fclose(file);
	return strbuf_ok(out) ? 0 : err_set(err, ERR_CONFIG, "tls.cert.file", "%s is too large", path);
}

static int start_daemon(struct gateway *gateway, struct sockaddr_in *address, struct MHD_OptionItem *tls, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | (tls ? MHD_USE_TLS : 0u);

	gateway->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, gateway, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)address,
		MHD_OPTION_NOTIFY_COMPLETED, completed, gateway, MHD_OPTION_NOTIFY_CONNECTION, connected, gateway,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)((config->connection_idle_ms + 999) / 1000), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES_MAX, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
	if (!gateway->daemon)
		return err_set(err, ERR_CONFIG, "listen",
			       "%s cannot be listened on: is the port taken, or the TLS key wrong?", config->listen);
	return 0;
}

int requests_open(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	CLEANUP(strbuf_drop) struct strbuf cert, key;
	struct sockaddr_in address;
	bool has_tls = config->tls_cert_file[0] != '\0';
	int rc = read_address(config->listen, &address, err);

	strbuf_init(&cert, 1 << 20);
	strbuf_init(&key, config->tls_key.n + 1);
	if (rc == 0 && has_tls)
		rc = read_certificate(config->tls_cert_file, &cert, err);
	if (rc != 0)
		return rc;
	strbuf_add(&key, config->tls_key);
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)strbuf_text(&cert) },
					{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)strbuf_text(&key) },
					{ MHD_OPTION_END, 0, NULL } };

	rc = start_daemon(gateway, &address, has_tls ? tls : NULL, err);
	explicit_bzero(key.p, key.n);
	return rc;
}

int requests_fd(const struct gateway *gateway)
{
	return MHD_get_daemon_info(gateway->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int requests_wait_ms(const struct gateway *gateway, int wait_ms)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms;

	if (MHD_get_timeout(gateway->daemon, &mhd_ms) == MHD_YES && mhd_ms < (unsigned)wait_ms)
		return (int)mhd_ms;
	return wait_ms;
}

void requests_run(struct gateway *gateway)
{
	MHD_run(gateway->daemon);
}

void requests_drain(struct gateway *gateway)
{
	MHD_socket listener = MHD_quiesce_daemon(gateway->daemon);

	if (listener != MHD_INVALID_SOCKET)
		close(listener);
	requests_sweep(gateway);
}

/* The library ends the process when it is stopped with a suspended connection. */
static void wake_all(struct gateway *gateway)
{
	for (struct client *client = gateway->clients.first; client; client = client->next) {
		struct request *request = client->request;

		if (!request || !request->is_suspended)
			continue;
		if (request->reply.status == 0)
			reply_busy(&request->reply, "Deze ingang sluit. Probeer het zo weer.");
		request_resume(request);
	}
}

void requests_close(struct gateway *gateway)
{
	if (!gateway->daemon)
		return;
	gateway->is_draining = true;
	wake_all(gateway);
	for (int64_t end_ms = clock_ms() + CLOSE_MS_MAX; gateway->clients.count > 0 && clock_ms() < end_ms;) {
		MHD_run(gateway->daemon);
		requests_sweep(gateway);
		usleep((useconds_t)CLOSE_STEP_MS * 1000);
	}
	MHD_stop_daemon(gateway->daemon);
	gateway->daemon = NULL;
}
