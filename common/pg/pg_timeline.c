/* Which of several servers that say they are the primary is it: the one of the newest timeline, as each promotion makes
 * one. An old primary that was cut off, and comes back before anybody has made it a standby, takes writes that the next
 * failover throws away; and it may stand first in the connection string.
 *
 * The newest timeline that any connection of this process has met is kept: each new connection has to come to it, or
 * waits. So a connect asks all places, not only the first that accepts; but not again within SETTLED_MS, as a gateway
 * makes many connections at once and a mute place costs its deadline. A line that breaks ends that: a standby may have
 * been promoted since. Another system, which is a register that was made anew, has timelines of its own: the one met
 * last counts.
 *
 * A register set back by a copy of its files, without a recovery that ends in a timeline of its own, is older than what
 * was met: programs wait, and say so, until they are started again. */
#include "pg/pg_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>

enum { SETTLED_MS = 10000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pg_timeline newest;
static int64_t settled_until_ms;

static void log_change(const struct pg_timeline *timeline)
{
	if (newest.system == 0)
		return;
	if (newest.system != timeline->system)
		log_event(LOG_WARN, "postgresql.replaced", "why=%s effect=%s",
			  LOG_QUOTED("it is another system than before: made anew, not promoted"),
			  LOG_QUOTED("its timelines count from now on"));
	else
		log_event(LOG_INFO, "postgresql.promoted", "from=%u to=%u effect=%s", newest.number, timeline->number,
			  LOG_QUOTED("servers of an older timeline are left"));
}

bool pg_timeline_meet(const struct pg_timeline *timeline)
{
	pthread_mutex_lock(&lock);
	bool is_old = timeline->system == newest.system && timeline->number < newest.number;

	if (!is_old && (timeline->system != newest.system || timeline->number > newest.number)) {
		log_change(timeline);
		newest = *timeline;
	}
	pthread_mutex_unlock(&lock);
	return !is_old;
}

bool pg_timeline_is_settled(const struct pg_timeline *timeline)
{
	pthread_mutex_lock(&lock);
	bool is_settled = clock_ms() < settled_until_ms && timeline->system == newest.system &&
			  timeline->number == newest.number;

	pthread_mutex_unlock(&lock);
	return is_settled;
}

void pg_timeline_doubt(void)
{
	pthread_mutex_lock(&lock);
	settled_until_ms = 0;
	pthread_mutex_unlock(&lock);
}

void pg_timeline_settle(void)
{
	pthread_mutex_lock(&lock);
	settled_until_ms = clock_ms() + SETTLED_MS;
	pthread_mutex_unlock(&lock);
}
