/* key_partition: with which HMAC key the register and the verdict log name the teachers of one partition. */
#ifndef CTL_KEY_PARTITION_H
#define CTL_KEY_PARTITION_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"

struct key_pair {
	struct hmac_key now, before; /* hmac.key.file, hmac.key.old.file */
	bool has_before;
};

enum key_state {
	KEY_EMPTY = 1, /* nothing was applied yet */
	KEY_PRESENT,   /* the register names by the present key */
	KEY_OTHER,     /* by a key that is in neither file */
	KEY_BEHIND,    /* by the one before, and a verdict made with it is still to be applied */
	KEY_IDLE,      /* by the one before, and the verdict log ends at the cursor */
	KEY_DUE, /* by the one before, and the next verdict that counts is made with the present key: writers wait */
};

struct key_partition {
	int32_t partition;
	int64_t next_raw, next_verdict;
	uint8_t tip[16];
	bool has_key;
	uint32_t key_id;
	enum key_state state;
};

/* Both keys as the settings say. ERR_CONFIG: hmac.key.file is not set, or a key is too short. */
MUSTUSE int key_pair_read(const struct ctl *ctl, struct key_pair *ret, struct err *err);

/* The partitions of the raw topic, in ctl's arena. */
MUSTUSE int key_partitions_read(struct ctl *ctl, struct pg_link *link, struct key_partition **ret, size_t *ret_count,
				struct err *err);
/* Sets state; looks into the verdict log when the key is the one before. */
MUSTUSE int key_partition_find_state(struct ctl *ctl, struct kafka_reader *reader, const struct key_pair *keys,
				     struct key_partition *partition, struct err *err);

const char *key_state_text(enum key_state state);

#endif
