/* One thread of libmicrohttpd answers; it reads atomics only, so a stuck turn cannot hang it and it cannot hang a
 * turn. */
#include "run/status.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "run/metrics.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum {
	CONNECTIONS_MAX = 16,
	IDLE_SECONDS_MAX = 5,
	CONNECTION_BYTES_MAX = 8192,
	PAGE_BYTES_MAX = 1 << 20,
	HOST_BYTES_MAX = 256,
	PORT_MAX = 65535,
};

struct status {
	struct MHD_Daemon *daemon;
};

static _Atomic int64_t beat_last_ms;
static _Atomic uint32_t beat_pause_ms_max = UINT32_MAX;
static _Atomic bool ready_state;
static const char *_Atomic ready_why = "start";

void status_beat(void)
{
	atomic_store_explicit(&beat_last_ms, clock_ms(), memory_order_relaxed);
}

void status_ready(bool is_ready, const char *why)
{
	atomic_store(&ready_why, why ? why : "");
	atomic_store(&ready_state, is_ready);
}

bool status_is_alive(void)
{
	int64_t since_ms = clock_ms() - atomic_load_explicit(&beat_last_ms, memory_order_relaxed);

	return since_ms <= (int64_t)atomic_load(&beat_pause_ms_max);
}

bool status_is_ready(const char **ret_why)
{
	if (ret_why)
		*ret_why = atomic_load(&ready_why);
	return atomic_load(&ready_state);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code, const char *type, struct slice body)
{
	/* libmicrohttpd copies: its parameter is not const only for history */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	enum MHD_Result queued = MHD_queue_response(connection, code, response);

	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned code, const char *text)
{
	return answer(connection, code, "text/plain; charset=utf-8", slice_of(text));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection)
{
	CLEANUP(strbuf_drop) struct strbuf page;

	strbuf_init(&page, PAGE_BYTES_MAX);
	metrics_write(&page);
	if (!strbuf_ok(&page))
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the page is too large\n");
	return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", strbuf_slice(&page));
}

static enum MHD_Result answer_ready(struct MHD_Connection *connection)
{
	char text[128];
	const char *why;
	bool is_ready = status_is_ready(&why);

	snprintf(text, sizeof text, "waiting for: %s\n", why);
	if (is_ready)
		return answer_text(connection, MHD_HTTP_OK, "ready\n");
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result handle(void *self, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_bytes, void **request)
{
	(void)self, (void)version, (void)upload, (void)upload_bytes, (void)request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(connection);
	if (strcmp(url, "/readyz") == 0)
		return answer_ready(connection);
	if (strcmp(url, "/healthz") == 0)
		return status_is_alive()
			       ? answer_text(connection, MHD_HTTP_OK, "alive\n")
			       : answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the loop stands still\n");
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "/healthz, /readyz or /metrics\n");
}

/* "127.0.0.1:9464", "[::1]:9464", "name:9464" */
static int split_address(const char *address, char *host, size_t host_bytes, const char **ret_port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	uint64_t port;

	if (!colon || colon == address || (size_t)(colon - address) >= host_bytes ||
	    !num_parse_u64(slice_of(colon + 1), PORT_MAX, &port)) /* getaddrinfo takes 99999 and wraps it */
		return err_set(err, ERR_CONFIG, "address", "the status address is not host:port");
	struct slice name = { address, (size_t)(colon - address) };

	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = slice_make(name.p + 1, name.n - 2);
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static void drop_addrinfo(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

int status_open(const char *address, uint32_t beat_ms_max, struct status **ret, struct err *err)
{
	static const struct addrinfo HINTS = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	CLEANUP(drop_addrinfo) struct addrinfo *list = NULL;
	char host[HOST_BYTES_MAX];
	const char *port = NULL;

	atomic_store(&beat_pause_ms_max, beat_ms_max);
	status_beat();
	if (!address || !*address) {
		*ret = NULL;
		return 0;
	}
	int rc = split_address(address, host, sizeof host, &port, err);

	if (rc != 0)
		return rc;
	if (getaddrinfo(host, port, &HINTS, &list) != 0)
		return err_set(err, ERR_CONFIG, "address", "the status address %s is unknown here", address);
	struct status *status = calloc(1, sizeof *status);

	if (!status)
		return err_set(err, ERR_FATAL, "memory", "no memory for the status page");
	unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | (list->ai_family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0);

	status->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, list->ai_addr,
					  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
					  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS_MAX,
					  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
					  MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (!status->daemon) {
		free(status);
		return err_set(err, ERR_CONFIG, "address", "cannot listen on %s for the status page", address);
	}
	*ret = status;
	return 0;
}

uint16_t status_port(const struct status *status)
{
	const union MHD_DaemonInfo *info = status ? MHD_get_daemon_info(status->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;

	return info ? info->port : 0;
}

void status_close(struct status *status)
{
	if (!status)
		return;
	MHD_stop_daemon(status->daemon);
	free(status);
}
