#include "gateway/not_recorded.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/random.h"
#include "gateway/gateway_metrics.h"
#include "gateway/services.h"
#include "kafka/kafka_refusal.h"

#include <stdatomic.h>

static const char NO_DAY_KEY[] =
	"De sleutel waarmee wij gegevens van vandaag versleutelen ontbreekt nog. Er is niets "
	"vastgelegd; wij zijn gewaarschuwd. Stuur het later opnieuw";

enum { REFERENCE_BYTES = 5, REFERENCE_DIGITS = 2 * REFERENCE_BYTES, LOG_PASSING_EVERY_MS = 60000 };

static bool passes(const struct request *request, int error, const char *code)
{
	if (error == ERR_FATAL && !raw_publisher_is_up(&request->services->publisher))
		return true; /* of a producer that died, a new one is made */
	return !kafka_refusal_lasts(error, code);
}

/* A setting of the topic may refuse every message, one by one, while nothing else says so. */
static void log_passing(const char *code)
{
	static _Atomic int64_t log_at_ms, unsaid;
	int64_t now_ms = clock_ms(), at_ms = atomic_load(&log_at_ms);

	atomic_fetch_add(&unsaid, 1);
	if (now_ms >= at_ms && atomic_compare_exchange_strong(&log_at_ms, &at_ms, now_ms + LOG_PASSING_EVERY_MS))
		log_event(LOG_WARN, "message.not-taken", "code=%s count=%lld why=%s effect=%s", LOG_QUOTED(code),
			  (long long)atomic_exchange(&unsaid, 0), LOG_QUOTED("Kafka does not take what we send now"),
			  LOG_QUOTED("senders get 503: they send it again"));
}

static void draw_reference(char out[REFERENCE_DIGITS + 1])
{
	uint8_t bytes[REFERENCE_BYTES] = { 0 };
	struct err err;

	(void)!random_fill(bytes, sizeof bytes, &err); /* zeros still lead to the log line, with its time */
	num_to_hex(bytes, sizeof bytes, out);
	out[REFERENCE_DIGITS] = '\0';
}

bool not_recorded_answer(struct request *request, int error, const char *code, uint32_t board, const char *detail_busy)
{
	char reference[REFERENCE_DIGITS + 1], detail[256];
	struct slice trace = trace_id(&request->trace);

	if (strcmp(code, "day_key") == 0) { /* it would leave in the clear, and does not */
		reply_busy(&request->reply, NO_DAY_KEY);
		return true;
	}
	if (passes(request, error, code)) {
		log_passing(code);
		reply_busy(&request->reply, detail_busy);
		return true;
	}
	draw_reference(reference);
	log_event(LOG_ERROR, "message.refused",
		  "board=%05u reference=%s trace=%.*s code=%s effect=\"the sender gets 500\" why=%s", board, reference,
		  (int)trace.n, trace.p, LOG_QUOTED(code),
		  LOG_QUOTED("Kafka will not take it until somebody mends that"));
	gateway_metric_add(METRIC_FAILED, 1);
	snprintf(detail, sizeof detail,
		 "Door een storing bij ons kon dit niet worden vastgelegd. Opnieuw sturen helpt nu niet. "
		 "Wij zijn gewaarschuwd, en kunnen u verder helpen met kenmerk %s",
		 reference);
	reply_problem(&request->reply, 500, "Storing bij ons", detail);
	return false;
}
