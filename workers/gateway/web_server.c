#include "gateway/web_server.h"

#include "base/secret_file.h"
#include "gateway/accept.h"
#include "gateway/gateway_metrics.h"
#include "gateway/handler.h"
#include "gateway/public_file.h"
#include "gateway/request.h"
#include "http/http_query.h"
#include "http/http_server.h"

enum {
	HEAD_MS_MAX = 10000,	    /* from the connect to the last header */
	STRAY_BYTES_MAX = 64 << 10, /* body of a request without a route */
	CERTIFICATE_BYTES_MAX = 1 << 20,
	PARAMETERS_MAX = 16, /* no address has half as many */
};

static const struct handler *handler_of(const struct request *request)
{
	return request->route->handler;
}

/* ---- the moments of a request ---- */

/* NULL: no memory. */
static struct request *request_new(const struct web_server *server, struct http_request *http)
{
	struct request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->http = http;
	request->services = server->options.services;
	request->reserved.budget = server->options.uploads;
	request->begun_ms = http->begun_ms;
	http->user = request;
	if (request_decode_query(request))
		return request;
	free(request);
	return http->user = NULL;
}

static void request_free(struct request *request)
{
	if (request->state && handler_of(request)->free)
		handler_of(request)->free(request->state);
	free(request->state);
	free(request->decoded);
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
	reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
	return false;
}

static size_t count_slashes(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '/';
	return count;
}

/* A slash that is encoded belongs to its segment, and no segment of ours has one (RFC 3986, 2.2): whoever stands in
 * front of us and lets some addresses through must see the address that we see. */
static bool decode_path(struct slice path, char *out, size_t out_bytes, struct slice *ret)
{
	return http_decode(path, false, out, out_bytes, ret) && count_slashes(*ret) == count_slashes(path);
}

/* Some programs put a slash behind every address. path: decoded; empty when it could not be. */
static void answer_no_address(const struct web_server *server, struct request *request, struct slice path)
{
	struct slice shorter = slice_make(path.p, path.n > 1 && path.p[path.n - 1] == '/' ? path.n - 1 : 0);

	if (shorter.n > 0 &&
	    route_find(server->options.routes, server->options.route_count, shorter, request->http->head.method)
			    .methods != 0)
		reply_problem(&request->reply, 404, "Niet gevonden",
			      "Dit adres bestaat niet: laat de schuine streep aan het eind weg");
	else
		reply_problem(&request->reply, 404, "Niet gevonden", "Dit adres bestaat niet");
}

static void find_route(const struct web_server *server, struct request *request)
{
	const struct http_head *head = &request->http->head;
	char address[HTTP_TARGET_BYTES_MAX];
	struct slice path = { 0 };
	struct route_match match = { 0 };

	if (!decode_path(head->path, address, sizeof address, &path))
		path = (struct slice){ 0 };
	else
		match = route_find(server->options.routes, server->options.route_count, path, head->method);
	request->route = match.route;
	request->values = match.values;
	if (match.route && !(match.route->methods & METHODS_OF_CHANGE))
		request->reserved.budget = server->options.answers;
	if (match.route)
		return;
	if (match.methods == 0)
		answer_no_address(server, request, path);
	else
		reply_other_methods(&request->reply, match.methods);
}

static bool take_accept(void *self, struct slice name, struct slice value)
{
	if (name.n == 6 && strncasecmp(name.p, "Accept", 6) == 0)
		accept_take(self, value);
	return true;
}

/* What changes something is not refused for the form of its answer: who sends a delivery wants it delivered. Nor is
 * what everybody may read and has one form. */
static bool is_negotiated(const struct route *route)
{
	bool has_one_form = !strchr(route->types, ' ');

	return !(route->methods & METHODS_OF_CHANGE) && !(route->access == ROUTE_PUBLIC && has_one_form);
}

/* false: the sender wants no type that the address offers, and the reply says so. */
static bool choose_type(struct request *request)
{
	struct accept accept;

	if (!request->route->types)
		return true;
	accept_begin(&accept, request->route->types);
	if (is_negotiated(request->route))
		request_walk_headers(request, take_accept, &accept);
	request->type = accept_end(&accept);
	if (!request->type.p)
		reply_problem(&request->reply, 406, "Andere vorm",
			      "Dit is hier niet te krijgen in de vorm die de kop Accept noemt: laat die kop weg");
	return request->type.p != NULL;
}

struct parameters_seen {
	struct slice names[PARAMETERS_MAX];
	size_t count;
	bool is_wrong;
};

static bool see_parameter(void *self, struct slice name, struct slice value)
{
	struct parameters_seen *seen = self;

	(void)value;
	seen->is_wrong = seen->count == PARAMETERS_MAX;
	for (size_t i = 0; i < seen->count; i++)
		seen->is_wrong |= slice_equal(seen->names[i], name);
	if (!seen->is_wrong)
		seen->names[seen->count++] = name;
	return !seen->is_wrong;
}

/* false: one parameter stands there twice, of which one program would believe the first and another the last; and the
 * reply says so. Handlers say which parameters there are. */
static bool check_parameters(struct request *request)
{
	struct parameters_seen seen = { 0 };

	request_walk_query(request, see_parameter, &seen);
	if (seen.is_wrong)
		reply_problem(&request->reply, 400, "Verkeerd verzoek",
			      "Een veld staat dubbel in het webadres, of er staan te veel velden in");
	return !seen.is_wrong;
}

static void send_if_known(struct request *request)
{
	if (request->reply.status != 0 && !request->is_suspended && !http_is_answered(request->http))
		request_send_reply(request);
}

static void begin_request(void *self, struct http_request *http)
{
	const struct web_server *server = self;
	struct request *request = request_new(server, http);
	struct http_reply busy;

	if (!request) {
		http_reply_init(&busy);
		busy.status = 503;
		reply_add_site_headers(&busy);
		http_answer(http, &busy);
		return;
	}
	trace_read(&request->trace, request_header(request, "traceparent"),
		   request_header_count(request, "traceparent"));
	find_route(server, request);
	if (request->route && check_parameters(request) && server->options.admit(request) && choose_type(request) &&
	    make_state(request) && handler_of(request)->begin)
		handler_of(request)->begin(request);
	send_if_known(request);
}

static void take_content(void *self, struct http_request *http, struct slice bytes)
{
	struct request *request = http->user;
	uint64_t bytes_max = request->route ? request->route->body_bytes_max : STRAY_BYTES_MAX;

	(void)self;
	if (http_request_body_bytes(http) > bytes_max)
		reply_problem(&request->reply, 413, "Te groot", "Dit verzoek is groter dan hier mogelijk is");
	else if (request->route && handler_of(request)->take)
		handler_of(request)->take(request, bytes);
	send_if_known(request);
}

static void end_content(void *self, struct http_request *http)
{
	const struct web_server *server = self;
	struct request *request = http->user;

	/* without a route it was answered at its head; where there is no body this is the same moment as admit's, which
	 * an empty one in chunks is not */
	if (request->route && (http->head.framing == HTTP_NO_BODY || server->options.confirm(request)))
		handler_of(request)->end(request);
	send_if_known(request);
}

static void forget_request(void *self, struct http_request *http)
{
	const struct web_server *server = self;

	if (!http->user)
		return;
	server->options.forget(http->user);
	request_free(http->user);
}

/* What the HTTP layer refuses before or without a handler. */
static void refuse(void *self, const char *why, struct http_reply *to)
{
	struct reply reply = { 0 };

	(void)self;
	reply_refused_by_server(&reply, to->status, why);
	to->type = reply.type;
	to->body = reply.body;
	reply_add_site_headers(to);
	if (reply.retry_after_s > 0)
		http_reply_add_header(to, "Retry-After", "5");
}

static void count_end(void *self, enum http_end why)
{
	(void)self;
	gateway_metric_add((enum gateway_metric)(METRIC_ENDED_MALFORMED + (int)why), 1);
}

static const struct http_calls CALLS = { begin_request, take_content, end_content, forget_request, refuse, count_end };

/* ---- start and end ---- */

int web_server_open(struct web_server *server, const struct web_server_options *options, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf cert = { 0 };
	bool has_tls = options->cert_file[0] != '\0';
	int rc = 0;

	*server = (struct web_server){ .options = *options };
	strbuf_init(&cert, CERTIFICATE_BYTES_MAX);
	if (has_tls)
		rc = public_file_read("tls.cert.file", options->cert_file, &cert, err);
	if (rc != 0)
		return rc;
	struct http_options http = { .listen = options->listen,
				     .cert_pem = strbuf_slice(&cert),
				     .key_pem = options->cert_key,
				     .asks_certificates = options->asks_certificates,
				     .connections_max = options->connections_max,
				     .address_connections_max = options->address_connections_max,
				     .frees_proxies = true,
				     .head_ms_max = MIN(options->idle_ms_max, (int64_t)HEAD_MS_MAX),
				     .idle_ms_max = options->idle_ms_max,
				     .body_ms_max = options->request_ms_max,
				     .answer_ms_max = options->request_ms_max };

	return http_server_open(&http, &CALLS, server, &server->http, err);
}

int web_server_renew_tls(struct web_server *server, const char *key_file, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf cert = { 0 };
	CLEANUP(strbuf_wipe) struct strbuf key = { 0 };

	if (server->options.cert_file[0] == '\0')
		return 0;
	strbuf_init(&cert, CERTIFICATE_BYTES_MAX);
	strbuf_init(&key, CERTIFICATE_BYTES_MAX);
	int rc = public_file_read("tls.cert.file", server->options.cert_file, &cert, err);

	if (rc == 0 && key_file)
		rc = secret_file_read(key_file, &key, err);
	return rc == 0 ? http_server_renew_tls(server->http, strbuf_slice(&cert), strbuf_slice(&key), err) : rc;
}

int web_server_fd(const struct web_server *server)
{
	return http_server_fd(server->http);
}

int web_server_wait_ms(const struct web_server *server, int wait_ms_max)
{
	return http_server_wait_ms(server->http, wait_ms_max);
}

size_t web_server_connections(const struct web_server *server)
{
	return http_server_connections(server->http);
}

void web_server_run(struct web_server *server)
{
	http_server_run(server->http);
}

void web_server_drain(struct web_server *server)
{
	server->is_draining = true;
	http_server_drain(server->http);
}

void web_server_close(struct web_server *server)
{
	http_server_close(server->http);
	server->http = NULL;
}
