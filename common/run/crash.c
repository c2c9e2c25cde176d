/* The plan of INSTROOM_CRASH_AT is read once, at the first point passed. Its form is a list, separated by commas:
 *
 *   name            ends the process at the first passing
 *   name:3          ends it at the third
 *   name=stop       raises SIGSTOP there instead; name:3=stop likewise
 *
 * A plan that cannot be read ends the process at once: a fault test that does nothing would pass for the wrong
 * reason. */
#include "run/crash.h"

#ifdef INSTROOM_CRASH_POINTS

#include "base/log.h"
#include "base/num.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { CRASH_POINTS_MAX = 16, CRASH_NAME_BYTES = 64, CRASH_STATUS = 137, CRASH_STATUS_BAD_PLAN = 64 };

struct planned {
	char name[CRASH_NAME_BYTES];
	uint64_t at; /* the passing that counts, from 1 */
	bool is_stop;
	_Atomic uint64_t passed;
};

static struct planned plan[CRASH_POINTS_MAX];
static size_t plan_count;
static pthread_once_t plan_once = PTHREAD_ONCE_INIT;

static bool plan_add(struct slice text)
{
	const struct slice STOP = SLICE_LITERAL("=stop");
	struct planned point = { .at = 1 };

	if (text.n > STOP.n && slice_equal(slice_from(text, text.n - STOP.n), STOP)) {
		point.is_stop = true;
		text.n -= STOP.n;
	}
	const char *colon = memchr(text.p, ':', text.n);

	if (colon) {
		struct slice count = slice_from(text, (size_t)(colon - text.p) + 1);

		if (!num_parse_u64(count, UINT32_MAX, &point.at) || point.at == 0)
			return false;
		text.n = (size_t)(colon - text.p);
	}
	if (text.n == 0 || text.n >= sizeof point.name || plan_count == CRASH_POINTS_MAX)
		return false;
	memcpy(point.name, text.p, text.n);
	memcpy(&plan[plan_count++], &point, sizeof point);
	return true;
}

static void plan_read(void)
{
	struct slice rest = slice_of(getenv("INSTROOM_CRASH_AT"));

	while (rest.n > 0) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct slice one = slice_cut(&rest, comma ? (size_t)(comma - rest.p) : rest.n);

		if (comma)
			slice_cut(&rest, 1);
		if (!plan_add(one)) {
			log_event(LOG_ERROR, "crash.plan",
				  "why=\"INSTROOM_CRASH_AT is no list of name[:count][=stop]\"");
			_exit(CRASH_STATUS_BAD_PLAN);
		}
	}
}

void crash_point(const char *name)
{
	pthread_once(&plan_once, plan_read);
	for (size_t i = 0; i < plan_count; i++) {
		if (strcmp(plan[i].name, name) != 0 || atomic_fetch_add(&plan[i].passed, 1) + 1 != plan[i].at)
			continue;
		log_event(LOG_WARN, "crash.point", "name=%s action=%s", name, plan[i].is_stop ? "stop" : "exit");
		if (!plan[i].is_stop)
			_exit(CRASH_STATUS);
		raise(SIGSTOP);
	}
}

#endif
