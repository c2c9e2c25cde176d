#include "gateway/gateway_main.h"

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/gateway_metrics.h"
#include "run/app.h"
#include "run/status.h"

enum {
	FILES_BESIDE_CONNECTIONS = 256,
	HEARTBEAT_MS_MAX = 10000, /* an iteration is bounded by the check of one file */
};

/* One descriptor per connection, as far as the system lets us. */
static int raise_file_limit(int64_t connections_max, struct err *err)
{
	uint64_t limit, wanted = (uint64_t)connections_max + FILES_BESIDE_CONNECTIONS;
	int rc = app_raise_file_limit(wanted, &limit, err);

	if (rc == 0 && limit < wanted)
		log_event(LOG_WARN, "files", "limit=%llu wanted=%llu effect=\"fewer connections than connections.max\"",
			  (unsigned long long)limit, (unsigned long long)wanted);
	return rc;
}

static int run_gateway(struct gateway *gateway, struct status **status)
{
	struct app app = { .iterate = gateway_poll,
			   .drain = gateway_drain,
			   .drain_ms_max = (uint32_t)gateway->config.drain_ms,
			   .reload = gateway_reload };
	struct err err = { 0 };

	int rc = raise_file_limit(gateway->config.connections_max, &err);

	if (rc == 0) /* health and metrics have a listener and a thread of their own: uploads cannot starve them */
		rc = status_open(gateway->config.status_address, HEARTBEAT_MS_MAX, status, &err);
	if (rc == 0)
		rc = gateway_open(gateway, &err);
	if (rc != 0)
		return app_fail_start(rc, &err);
	log_event(LOG_INFO, "gateway.listening", "address=%s", gateway->config.listen);
	return app_run(&app, gateway);
}

int gateway_main(int argc, char **argv)
{
	struct gateway gateway = { 0 };
	const struct gateway_config *config = &gateway.config;

	app_begin(HANGUP_RELOADS);
	app_forbid_core_dumps();
	app_settle_heap();
	int rc = config_load(&GATEWAY_CONFIG, argc, argv, &gateway.config);

	if (rc != 0)
		return exit_status_of_config(rc);
	settings_begin_log(&config->log);
	gateway_metrics_register();
	config_log(&GATEWAY_CONFIG, config);
	struct status *status = NULL;
	int exit_status = run_gateway(&gateway, &status);

	gateway_close(&gateway);
	status_close(status);
	config_release(&GATEWAY_CONFIG, &gateway.config);
	return exit_status;
}
