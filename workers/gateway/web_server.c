#include "gateway/web_server.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "gateway/handler.h"
#include "gateway/request.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	CLOSE_MS_MAX = 1000, /* for the last answers when the gateway ends */
	CLOSE_STEP_MS = 10,
	STRAY_BYTES_MAX = 64 << 10,	 /* body of a request without a route */
	CONNECTION_BYTES_MAX = 64 << 10, /* head and buffers of one connection */
	CERTIFICATE_BYTES_MAX = 1 << 20,
	BACKLOG = 1024,
};

static const struct handler *handler_of(const struct request *request)
{
	return request->route->handler;
}

/* ---- sending the reply ---- */

static void add_headers(const struct web_server *server, const struct reply *reply, struct MHD_Response *response)
{
	char seconds[16];

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (reply->location[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
	if (reply->status == 401)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (server->is_draining)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (reply->retry_after_s > 0) {
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
}

static enum MHD_Result send_reply(const struct web_server *server, struct request *request)
{
	struct reply *reply = &request->reply;
	/* the body's bytes go to the library, which frees them */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_FREE);

	if (!response)
		return MHD_NO;
	reply->body = (struct strbuf){ 0 };
	add_headers(server, reply, response);
	request->replied_ms = clock_ms();
	enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);

	MHD_destroy_response(response);
	return result;
}

/* ---- the moments of a request ---- */

static struct connection *connection_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static struct request *request_new(struct web_server *server, struct MHD_Connection *mhd)
{
	struct connection *connection = connection_of(mhd);
	struct request *request = connection ? calloc(1, sizeof *request) : NULL;

	if (!request)
		return NULL;
	request->services = server->options.services;
	request->reserved.budget = server->options.budget;
	request->connection = mhd;
	request->begun_ms = request->heard_ms = clock_ms();
	connection->request = request;
	return request;
}

static void request_free(struct request *request)
{
	if (request->state && handler_of(request)->free)
		handler_of(request)->free(request->state);
	free(request->state);
	byte_budget_release_all(&request->reserved);
	reply_release(&request->reply);
	free(request);
}

/* false: there is no memory for the handler's state, and the reply says so. */
static bool make_state(struct request *request)
{
	size_t bytes = handler_of(request)->state_bytes;

	request->state = bytes > 0 ? calloc(1, bytes) : NULL;
	if (bytes == 0 || request->state)
		return true;
	reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek. Probeer het zo weer.");
	return false;
}

static void begin_request(const struct web_server *server, struct request *request, const char *url, const char *method)
{
	const struct web_server_options *options = &server->options;
	struct route_match match = route_find(options->routes, options->route_count, slice_of(url), slice_of(method));

	request->route = match.route;
	request->values = match.values;
	if (!match.route)
		reply_problem(&request->reply, 404, "Niet gevonden", "Dit adres bestaat niet, of niet met deze methode.");
	else if (options->admit(request) && make_state(request) && handler_of(request)->begin)
		handler_of(request)->begin(request);
}

/* false: more than this route takes. */
static bool take_body(struct request *request, struct slice bytes)
{
	request->heard_ms = clock_ms();
	request->body_bytes += bytes.n;
	if (request->body_bytes > (request->route ? request->route->body_bytes_max : STRAY_BYTES_MAX))
		return false;
	if (request->reply.status == 0 && handler_of(request)->take)
		handler_of(request)->take(request, bytes);
	return true;
}

/* ---- the library's calls ---- */

static void notify_connection(void *self, struct MHD_Connection *mhd, void **context,
			      enum MHD_ConnectionNotificationCode what)
{
	struct web_server *server = self;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		/* NULL: without memory for it its first request is turned away */
		*context = connections_add(&server->connections, fd, clock_ms());
	} else if (*context) {
		connections_remove(&server->connections, *context);
	}
}

static bool waits_for_continue(const struct request *request)
{
	struct slice expect = request_header(request, MHD_HTTP_HEADER_EXPECT);

	return expect.n == 12 && strncasecmp(expect.p, "100-continue", 12) == 0;
}

/* Called once for the head, once for each piece of the body, once for its end, and again after each resume. */
static enum MHD_Result handle_request(void *self, struct MHD_Connection *mhd, const char *url, const char *method,
				      const char *version, const char *upload_data, size_t *upload_data_size,
				      void **context)
{
	struct web_server *server = self;
	struct request *request = *context;

	(void)version;
	if (!request) {
		*context = request = request_new(server, mhd);
		if (!request)
			return MHD_NO;
		begin_request(server, request, url, method);
		return request->reply.status != 0 && waits_for_continue(request) ? send_reply(server, request) : MHD_YES;
	}
	if (*upload_data_size > 0) {
		struct slice bytes = slice_make(upload_data, *upload_data_size);

		*upload_data_size = 0;
		return take_body(request, bytes) ? MHD_YES : MHD_NO;
	}
	if (request->reply.status == 0 && !request->is_suspended)
		handler_of(request)->end(request);
	return request->reply.status != 0 ? send_reply(server, request) : MHD_YES; /* it waits */
}

static void notify_completed(void *self, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode why)
{
	struct connection *connection = connection_of(mhd);

	(void)self, (void)why;
	if (!*context)
		return;
	connection->request = NULL;
	connection->since_ms = clock_ms();
	connection->has_served = true;
	request_free(*context);
	*context = NULL;
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

static int start_daemon(struct web_server *server, struct sockaddr_in *address, struct MHD_OptionItem *tls, struct err *err)
{
	const struct web_server_options *options = &server->options;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | (tls ? MHD_USE_TLS : 0u);

	server->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)address,
		MHD_OPTION_NOTIFY_COMPLETED, notify_completed, server, MHD_OPTION_NOTIFY_CONNECTION, notify_connection,
		server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)((options->time_limits.idle_ms_max + 999) / 1000), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES_MAX, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
	if (!server->daemon)
		return err_set(err, ERR_CONFIG, "listen",
			       "%s cannot be listened on: is the port taken, or the TLS key wrong?", options->listen);
	return 0;
}

int web_server_open(struct web_server *server, const struct web_server_options *options, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf cert, key;
	struct sockaddr_in address;
	bool has_tls = options->cert_file[0] != '\0';
	int rc = read_address(options->listen, &address, err);

	*server = (struct web_server){ .options = *options };
	strbuf_init(&cert, CERTIFICATE_BYTES_MAX);
	strbuf_init(&key, options->cert_key.n + 1);
	if (rc == 0 && has_tls)
		rc = read_certificate(options->cert_file, &cert, err);
	if (rc != 0)
		return rc;
	strbuf_add(&key, options->cert_key);
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)strbuf_text(&cert) },
					{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)strbuf_text(&key) },
					{ MHD_OPTION_END, 0, NULL } };

	rc = start_daemon(server, &address, has_tls ? tls : NULL, err);
	explicit_bzero(key.p, key.n);
	return rc;
}

int web_server_fd(const struct web_server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int web_server_wait_ms(const struct web_server *server, int wait_ms_max)
{
	MHD_UNSIGNED_LONG_LONG library_ms;

	if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES && library_ms < (unsigned)wait_ms_max)
		return (int)library_ms;
	return wait_ms_max;
}

void web_server_run(struct web_server *server)
{
	MHD_run(server->daemon);
}

void web_server_sweep(struct web_server *server)
{
	connections_sweep(&server->connections, &server->options.time_limits, server->is_draining, clock_ms());
}

void web_server_drain(struct web_server *server)
{
	MHD_socket listener = MHD_quiesce_daemon(server->daemon);

	server->is_draining = true;
	if (listener != MHD_INVALID_SOCKET)
		close(listener);
	web_server_sweep(server);
}

/* The library ends the process when it is stopped with a suspended connection. */
static void resume_all(struct web_server *server)
{
	for (struct connection *one = server->connections.first; one; one = one->next) {
		struct request *request = one->request;

		if (!request || !request->is_suspended)
			continue;
		if (request->reply.status == 0)
			reply_busy(&request->reply, "Deze ingang sluit. Probeer het zo weer.");
		request_resume(request);
	}
}

void web_server_close(struct web_server *server)
{
	if (!server->daemon)
		return;
	server->is_draining = true;
	resume_all(server);
	for (int64_t end_ms = clock_ms() + CLOSE_MS_MAX; server->connections.count > 0 && clock_ms() < end_ms;) {
		MHD_run(server->daemon);
		web_server_sweep(server);
		usleep((useconds_t)CLOSE_STEP_MS * 1000);
	}
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}
