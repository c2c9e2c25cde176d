#include "gateway/health_handler.h"

#include "gateway/services.h"
#include "gateway/web_server.h"
#include "run/metrics.h"
#include "run/status.h"

enum { METRICS_BYTES_MAX = 1 << 20 };

static void begin_health(struct request *request)
{
	reply_text(&request->reply, 200, "text/plain", "ok\n");
}

static void begin_readiness(struct request *request)
{
	const char *why = "";
	bool is_ready = status_is_ready(&why);
	char lacks[STATUS_WHY_BYTES], text[STATUS_WHY_BYTES + 32];

	snprintf(text, sizeof text, "waiting for: %s\n", status_explain(why, lacks));
	if (request->services->server->is_draining)
		reply_text(&request->reply, 503, "text/plain", "this gateway ends\n");
	else if (!is_ready)
		reply_text(&request->reply, 503, "text/plain", text);
	else if (request->services->awaits_access) /* whom the tokens file knows is served all the same */
		reply_text(&request->reply, 200, "text/plain",
			   "ready for the tokens file alone: Kafka does not let us read the access topic\n");
	else
		reply_text(&request->reply, 200, "text/plain", "ready\n");
}

static void begin_metrics(struct request *request)
{
	struct strbuf body;

	services_measure(request->services); /* as it is now, not as it was in the last iteration */
	strbuf_init(&body, METRICS_BYTES_MAX);
	metrics_write(&body);
	reply_body(&request->reply, "text/plain; version=0.0.4", &body);
}

const struct handler HEALTH_HANDLER = { .begin = begin_health };
const struct handler READINESS_HANDLER = { .begin = begin_readiness };
const struct handler METRICS_HANDLER = { .begin = begin_metrics };
