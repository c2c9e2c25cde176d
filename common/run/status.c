/* One thread serves the pages; it reads atomics only, so a loop that stands still cannot hang it and it cannot hang the
 * loop. */
#include "run/status.h"

#include "base/clock.h"
#include "base/peer_cause.h"
#include "base/strbuf.h"
#include "http/http_server.h"
#include "run/metrics.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 16,
	WAIT_MS = 1000,
	REQUEST_MS_MAX = 5000,
	PAGE_BYTES_MAX = 1 << 20,
};

struct status {
	struct http_server *server;
	pthread_t thread;
	int stop_fd; /* readable: the thread is to end */
	_Atomic bool is_closing;
};

static _Atomic int64_t heartbeat_last_ms;
static _Atomic uint32_t heartbeat_pause_ms_max = UINT32_MAX;
static _Atomic bool ready_state;
static const char *_Atomic ready_why = "start";

void status_heartbeat(void)
{
	atomic_store_explicit(&heartbeat_last_ms, clock_ms(), memory_order_relaxed);
}

void status_set_ready(bool is_ready, const char *why)
{
	atomic_store(&ready_why, why ? why : "");
	atomic_store(&ready_state, is_ready);
	metrics_set_ready(is_ready);
}

bool status_is_alive(void)
{
	int64_t since_ms = clock_ms() - atomic_load_explicit(&heartbeat_last_ms, memory_order_relaxed);

	return since_ms <= (int64_t)atomic_load(&heartbeat_pause_ms_max);
}

bool status_is_ready(const char **ret_why)
{
	if (ret_why)
		*ret_why = atomic_load(&ready_why);
	return atomic_load(&ready_state);
}

static void answer(struct http_request *request, unsigned status, const char *type, struct strbuf *body)
{
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = status;
	reply.type = type;
	reply.body = *body;
	*body = (struct strbuf){ 0 };
	http_reply_add_header(&reply, "Cache-Control", "no-store");
	if (status == 405)
		http_reply_add_header(&reply, "Allow", "GET, HEAD");
	http_answer(request, &reply);
}

static void answer_text(struct http_request *request, unsigned status, const char *prefix, const char *text)
{
	struct strbuf body;

	strbuf_init(&body, PAGE_BYTES_MAX);
	strbuf_add_printf(&body, "%s%s\n", prefix, text);
	answer(request, status, "text/plain; charset=utf-8", &body);
}

static void answer_metrics(struct http_request *request)
{
	struct strbuf page;

	strbuf_init(&page, PAGE_BYTES_MAX);
	metrics_write(&page);
	if (strbuf_ok(&page)) {
		answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", &page);
		return;
	}
	strbuf_release(&page);
	answer_text(request, 500, "", "the page is too large");
}

const char *status_explain(const char *why, char ret[STATUS_WHY_BYTES])
{
	static const struct {
		enum peer peer;
		const char *name;
	} PEERS_NEEDED[] = { { PEER_KAFKA, "Kafka" }, { PEER_POSTGRESQL, "PostgreSQL" } };
	size_t n = (size_t)snprintf(ret, STATUS_WHY_BYTES, "%s", why);

	for (size_t i = 0; i < ARRAY_LEN(PEERS_NEEDED) && n < STATUS_WHY_BYTES; i++) {
		char text[PEER_TEXT_BYTES];

		if (*peer_explain(PEERS_NEEDED[i].peer, text))
			n += (size_t)snprintf(ret + n, STATUS_WHY_BYTES - n, "; %s %s", PEERS_NEEDED[i].name, text);
	}
	return ret;
}

static void answer_ready(struct http_request *request)
{
	char text[STATUS_WHY_BYTES];
	const char *why;

	if (status_is_ready(&why))
		answer_text(request, 200, "", "ready");
	else
		answer_text(request, 503, "waiting for: ", status_explain(why, text));
}

static void begin(void *self, struct http_request *request)
{
	struct slice method = request->head.method, path = request->head.path;

	(void)self;
	if (!slice_equal_text(method, "GET") && !slice_equal_text(method, "HEAD"))
		answer_text(request, 405, "", "only GET");
	else if (slice_equal_text(path, "/metrics"))
		answer_metrics(request);
	else if (slice_equal_text(path, "/readyz"))
		answer_ready(request);
	else if (!slice_equal_text(path, "/healthz"))
		answer_text(request, 404, "", "/healthz, /readyz or /metrics");
	else if (status_is_alive())
		answer_text(request, 200, "", "alive");
	else
		answer_text(request, 503, "", "the loop stands still");
}

static void ignore_content(void *self, struct http_request *request, struct slice bytes)
{
	(void)self, (void)request, (void)bytes;
}

static void ignore(void *self, struct http_request *request)
{
	(void)self, (void)request;
}

static void refuse(void *self, const char *why, struct http_reply *reply)
{
	(void)self;
	reply->type = "text/plain; charset=utf-8";
	strbuf_add_printf(&reply->body, "%s\n", why);
}

static void ignore_end(void *self, enum http_end why)
{
	(void)self, (void)why;
}

static const struct http_calls CALLS = { begin, ignore_content, ignore, ignore, refuse, ignore_end };

static void *serve(void *self)
{
	struct status *status = self;
	struct pollfd wait[] = { { .fd = http_server_fd(status->server), .events = POLLIN },
				 { .fd = status->stop_fd, .events = POLLIN } };

	while (!atomic_load(&status->is_closing)) {
		poll(wait, ARRAY_LEN(wait), http_server_wait_ms(status->server, WAIT_MS));
		http_server_run(status->server);
	}
	return NULL;
}

/* Signals are the loop's: the thread has all of them blocked. */
static int start_thread(struct status *status, struct err *err)
{
	sigset_t all, before;

	status->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (status->stop_fd < 0)
		return err_set(err, ERR_FATAL, "memory", "no descriptor for the status page");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool is_started = pthread_create(&status->thread, NULL, serve, status) == 0;

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (is_started)
		return 0;
	close(status->stop_fd);
	return err_set(err, ERR_FATAL, "memory", "no thread for the status page");
}

int status_open(const char *address, uint32_t heartbeat_ms_max, struct status **ret, struct err *err)
{
	struct http_options options = { .listen = address,
					.connections_max = CONNECTIONS_MAX,
					.head_ms_max = REQUEST_MS_MAX,
					.idle_ms_max = REQUEST_MS_MAX,
					.body_ms_max = REQUEST_MS_MAX,
					.answer_ms_max = REQUEST_MS_MAX };

	atomic_store(&heartbeat_pause_ms_max, heartbeat_ms_max);
	status_heartbeat();
	if (!address || !*address) {
		*ret = NULL;
		return 0;
	}
	struct status *status = calloc(1, sizeof *status);

	if (!status)
		return err_set(err, ERR_FATAL, "memory", "no memory for the status page");
	int rc = http_server_open(&options, &CALLS, status, &status->server, err);

	if (rc == 0)
		rc = start_thread(status, err);
	if (rc != 0) {
		http_server_close(status->server);
		free(status);
		return rc == -ERR_CONFIG ? err_prefix(err, "status.address") : rc;
	}
	*ret = status;
	return 0;
}

uint16_t status_port(const struct status *status)
{
	return status ? http_server_port(status->server) : 0;
}

void status_close(struct status *status)
{
	if (!status)
		return;
	atomic_store(&status->is_closing, true);
	eventfd_write(status->stop_fd, 1); /* only makes it sooner: it looks every WAIT_MS */
	pthread_join(status->thread, NULL);
	close(status->stop_fd);
	http_server_close(status->server);
	free(status);
}
