/* standing: where each partition stands, as far as its servers answer.
 *
 * Each part is asked for itself: what the register, Kafka, a group or Redis does not tell is unknown, and the others
 * are told all the same. */
#ifndef CTL_STANDING_H
#define CTL_STANDING_H

#include "ctl/base/ctl.h"

enum {
	STANDING_PARTITIONS_MAX = 4096,
	STANDING_UNKNOWN = -1,
	STANDING_TEXT_BYTES = 160,
};

enum standing_cache { CACHE_UNKNOWN, CACHE_COLD, CACHE_WARM };

struct partition_standing {
	int64_t next_raw, next_verdict; /* of the register; these and the others: STANDING_UNKNOWN */
	int64_t raw_end, verdict_end;	/* of Kafka */
	int64_t judged;			/* raw messages below this have a verdict; from 0 on */
	bool lacks_key;			/* the newest verdict, or what waits first, is sealed with a key nobody has */
	int64_t oldest_ms;		/* when Kafka took the first that is not written; 0: none waits */
	char parked[STANDING_TEXT_BYTES], moved_at[32];
	char validator[STANDING_TEXT_BYTES], writer[STANDING_TEXT_BYTES]; /* who has it; "" : nobody, or unknown */
	enum standing_cache cache;
};

struct standings {
	struct partition_standing items[STANDING_PARTITIONS_MAX];
	int32_t count;
	bool has_register, has_kafka, has_groups, has_cache; /* it answered */
	struct err register_err, kafka_err, groups_err, cache_err;
};

/* *ret is filled; never fails: what is not known says so. */
void standings_read(struct ctl *ctl, struct standings *ret);
/* Only what the register has applied, for a rate. false: it is away. */
MUSTUSE bool standings_applied(struct ctl *ctl, struct standings *standings);

int64_t standing_to_judge(const struct partition_standing *standing); /* STANDING_UNKNOWN too */
int64_t standing_to_write(const struct partition_standing *standing);

#endif
