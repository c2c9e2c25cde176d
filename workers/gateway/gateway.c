#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "encryption/body_encryption.h"
#include "gateway/access.h"
#include "gateway/gateway_metrics.h"
#include "gateway/refusal_log.h"
#include "gateway/routes.h"
#include "run/app.h"
#include "run/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	POLL_WAIT_MS_MAX = 250,
	CHORES_EVERY_MS = 500,
};

/* ---- the loop ---- */

static void take_reference(struct gateway *gateway)
{
	struct reference *fresh = reference_watch_take(gateway->watch);
	char version[2 * REFERENCE_VERSION_BYTES];

	if (!fresh)
		return;
	reference_free(gateway->services.reference);
	gateway->services.reference = fresh;
	num_to_hex(reference_version(fresh), REFERENCE_VERSION_BYTES, version);
	log_event(LOG_INFO, "reference.in-force", "version=%.*s", (int)sizeof version, version);
}

/* Older ones never come: the watch passes over them. */
static void take_access(struct gateway *gateway)
{
	struct services *services = &gateway->services;
	struct access_data *fresh = access_watch_take(gateway->access_watch);

	services->awaits_access = false;
	if (fresh) {
		access_data_free(services->access);
		services->access = fresh;
		log_event(LOG_INFO, "access.in-force", "version=%lld", (long long)access_data_version(fresh)->sequence);
	}
}

static void measure_access(const struct gateway *gateway)
{
	const struct access_data *data = gateway->services.access;
	int64_t silent_ms = access_watch_silent_ms(gateway->access_watch);

	gateway_metric_set(METRIC_ACCESS_VERSION, data ? access_data_version(data)->sequence : 0);
	gateway_metric_set(METRIC_ACCESS_AGE,
			   data ? (clock_wall_ms() - access_data_version(data)->published_ms) / 1000 : 0);
	gateway_metric_set(METRIC_ACCESS_TOPIC_REFUSED, gateway->services.is_access_refused);
	gateway_metric_set(METRIC_ACCESS_CHECKED, silent_ms < 0 ? -1 : silent_ms / 1000);
}

static void report_readiness(const struct gateway *gateway, bool is_read)
{
	const char *lacks = body_encryption_poll(gateway->encryption);

	if (!is_read)
		app_set_ready(false, "the end of the reference topic");
	else if (gateway->services.awaits_access && !gateway->services.is_access_refused)
		app_set_ready(false, "the end of the access topic");
	else if (!gateway->services.reference)
		app_set_ready(false, "a reference snapshot: run instroomctl reference publish");
	else if (register_jobs_partitions(gateway->services.jobs) < 0)
		app_set_ready(false, "the register's number of partitions");
	else if (!raw_publisher_is_up(&gateway->services.publisher) || !reference_watch_has_kafka(gateway->watch))
		app_set_ready(false, "Kafka");
	else if (*lacks)
		app_set_ready(false, lacks);
	else
		app_set_ready(true, "");
}

static void read_tokens(struct gateway *gateway);

static int do_chores(struct gateway *gateway, struct err *err)
{
	bool is_read = reference_watch_is_read(gateway->watch);

	if (token_watch_has_changed(&gateway->services.token_watch, gateway->config.tokens_file))
		read_tokens(gateway);
	services_watch_issuer(&gateway->services);
	raw_publisher_renew(&gateway->services.publisher);
	refusal_log_poll();
	if (is_read)
		/* before the end of the topic are versions that were in force once (specification 4.1) */
		take_reference(gateway);
	if (access_watch_is_read(gateway->access_watch))
		take_access(gateway);
	gateway->services.is_access_refused = access_watch_is_refused(gateway->access_watch);
	measure_access(gateway);
	gateway_metric_set(METRIC_REFERENCE_TOPIC_REFUSED, reference_watch_is_refused(gateway->watch));
	report_readiness(gateway, is_read);
	gateway_metric_set(METRIC_CONNECTIONS, (int64_t)web_server_connections(&gateway->server));
	return topic_guard_poll(&gateway->guard, err);
}

int gateway_poll(void *self, struct err *err)
{
	struct gateway *gateway = self;
	struct services *services = &gateway->services;
	struct epoll_event events[16];
	int rc = 0;
	int wait_ms = web_server_wait_ms(&gateway->server, services_wait_ms(services, POLL_WAIT_MS_MAX));

	/* which descriptor woke us does not matter: each of those below looks for itself */
	if (epoll_wait(gateway->epoll_fd, events, ARRAY_LEN(events), wait_ms) < 0 && errno != EINTR)
		return err_set(err, ERR_FATAL, "epoll", "the event loop cannot wait");
	services_poll(services);
	web_server_run(&gateway->server);
	if (clock_ms() >= gateway->chores_at_ms) {
		gateway->chores_at_ms = clock_ms() + CHORES_EVERY_MS;
		rc = do_chores(gateway, err);
	}
	services_measure(services);
	return rc;
}

int gateway_drain(void *self, int64_t deadline_ms, struct err *err)
{
	struct gateway *gateway = self;
	int rc = 0;

	web_server_drain(&gateway->server);
	while (rc == 0 && web_server_connections(&gateway->server) > 0 && clock_ms() < deadline_ms &&
	       stop_poll() != STOP_NOW) {
		rc = gateway_poll(gateway, err);
		app_heartbeat();
	}
	refusal_log_flush();
	if (rc == 0 && web_server_connections(&gateway->server) > 0)
		rc = err_set(err, ERR_STOP, "drain", "%zu connections were still open",
			     web_server_connections(&gateway->server));
	return rc;
}

/* ---- SIGHUP ---- */

static void renew_failed(const char *what, const struct err *err)
{
	secret_file_count_failure();
	log_event(LOG_ERROR, "reload.failed", "setting=%s code=%s why=%s effect=%s", what, LOG_QUOTED(err->code),
		  LOG_QUOTED(err->text), LOG_QUOTED("what was read before stays in use"));
}

static void read_tokens(struct gateway *gateway)
{
	struct err err = { 0 };

	if (services_read_tokens(&gateway->services, &err) == 0)
		log_event(LOG_INFO, "tokens.read", "file=%s", LOG_QUOTED(gateway->config.tokens_file));
	else
		renew_failed("tokens.file", &err);
}

void gateway_reload(void *self)
{
	struct gateway *gateway = self;
	const struct gateway_config *config = &gateway->config;
	struct err err = { 0 };

	config_look_again(&GATEWAY_CONFIG, config);
	read_tokens(gateway);
	if (web_server_renew_tls(&gateway->server, config->tls_key.path, &err) != 0)
		renew_failed("tls.cert.file", &err);
	if (services_read_authority(&gateway->services, &err) != 0)
		renew_failed("tls.client.ca.file", &err);
	if (gateway->services.issuer_keys && issuer_keys_reload(gateway->services.issuer_keys, &err) != 0)
		renew_failed("jwt.keys.file", &err);
}

/* ---- start and end ---- */

static int watch_fd(struct gateway *gateway, int fd, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (fd < 0 || epoll_ctl(gateway->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(err, ERR_FATAL, "epoll", "a descriptor cannot be watched");
	return 0;
}

static int open_watches(struct gateway *gateway, struct err *err)
{
	struct kafka_options kafka = settings_kafka(&gateway->config.kafka, "instroom-gateway");

	int rc = reference_watch_open(&kafka, gateway->config.topic.reference, &gateway->watch, err);

	gateway->services.awaits_access = true;
	return rc == 0 ? access_watch_open(&kafka, gateway->config.topic.access, &gateway->access_watch, err) : rc;
}

static int begin_guard(struct gateway *gateway, struct err *err)
{
	struct kafka_options kafka = settings_kafka(&gateway->config.kafka, "instroom-gateway");

	struct topic_settings topics = settings_topics(&gateway->config.topic, &gateway->config.encrypt);

	return topic_guard_begin(&gateway->guard, &kafka, &topics, err);
}

/* A front hands on who speaks (Client-Cert), so nobody but it may open the socket that it does that on. */
static int check_doors(const struct gateway_config *config, struct err *err)
{
	static const char PREFIX[] = "unix:";
	const char *path = config->listen + sizeof PREFIX - 1;
	struct stat socket;

	if (config->tls_client_ca_file[0] == '\0')
		return 0;
	if (strncmp(config->listen, PREFIX, sizeof PREFIX - 1) != 0)
		return config->tls_cert_file[0]
			       ? 0
			       : err_set(err, ERR_CONFIG, "tls.client.ca.file",
					 "client certificates come by TLS (tls.cert.file) or a Unix socket (listen)");
	if (stat(path, &socket) != 0 || (socket.st_mode & S_IRWXO))
		return err_set(err, ERR_CONFIG, "listen",
			       "others may open %s and could say who speaks: give it mode 0660 (UMask=0007)", path);
	return 0;
}

static int open_server(struct gateway *gateway, struct err *err)
{
	const struct gateway_config *config = &gateway->config;
	const struct web_server_options options = {
		.listen = config->listen,
		.cert_file = config->tls_cert_file,
		.cert_key = config->tls_key.bytes,
		.asks_certificates = config->tls_client_ca_file[0] != '\0',
		.connections_max = (uint32_t)config->connections_max,
		.address_connections_max = (uint32_t)config->address_connections_max,
		.idle_ms_max = config->connection_idle_ms,
		.request_ms_max = config->upload_ms_max,
		.routes = ROUTES,
		.route_count = ROUTES_COUNT,
		.admit = access_admit,
		.confirm = access_confirm,
		.services = &gateway->services,
		.uploads = &gateway->services.uploads,
		.answers = &gateway->services.answers,
		.forget = services_forget,
	};
	int rc = web_server_open(&gateway->server, &options, err);

	if (rc == 0)
		rc = check_doors(config, err);
	return rc == 0 ? watch_fd(gateway, web_server_fd(&gateway->server), err) : rc;
}

/* The server comes last: no request is read before all it may need is there. */
int gateway_open(struct gateway *gateway, struct err *err)
{
	struct services *services = &gateway->services;

	services->config = &gateway->config;
	services->server = &gateway->server;
	gateway->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	gateway->signal_fd = stop_signalfd();
	if (gateway->epoll_fd < 0)
		return err_set(err, ERR_FATAL, "epoll", "the system gives no event descriptor");
	int rc = watch_fd(gateway, gateway->signal_fd, err);

	if (rc == 0)
		rc = body_encryption_open("gateway", &gateway->config.encrypt, &gateway->config.topic,
					  &gateway->config.kafka, &gateway->encryption, err);
	if (rc == 0)
		rc = services_open(services, gateway->epoll_fd, err);
	if (rc == 0)
		rc = open_watches(gateway, err);
	if (rc == 0)
		rc = begin_guard(gateway, err);
	return rc == 0 ? open_server(gateway, err) : rc;
}

/* First those who may still call in for a request, then the requests, then what requests use. */
void gateway_close(struct gateway *gateway)
{
	topic_guard_end(&gateway->guard);
	services_close_peers(&gateway->services);
	web_server_close(&gateway->server);
	reference_watch_close(gateway->watch);
	access_watch_close(gateway->access_watch);
	services_close(&gateway->services);
	body_encryption_close(gateway->encryption);
	if (gateway->signal_fd >= 0)
		close(gateway->signal_fd);
	if (gateway->epoll_fd >= 0)
		close(gateway->epoll_fd);
}
