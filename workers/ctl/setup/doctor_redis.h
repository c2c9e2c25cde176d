/* doctor_redis: whether the cache serves each partition as validators need it, and what of the server would take that
 * away: rights, a replica, full, eviction, a snapshot that fails.
 *
 * Validators go on without it, so what is wrong here costs time and no outcome; it fails all the same, as nobody pays
 * for it willingly. */
#ifndef CTL_DOCTOR_REDIS_H
#define CTL_DOCTOR_REDIS_H

#include "ctl/base/ctl.h"
#include "ctl/setup/diagnosis.h"
#include "redis/redis_cache.h"

/* cache: it answered for partition 0. */
void doctor_look_at_redis(struct ctl *ctl, struct redis_cache *cache, struct diagnosis *diagnosis);

#endif
