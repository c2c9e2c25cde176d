/* key_register: the teachers of one board in the register, renamed from one HMAC key to the next. */
#ifndef CTL_KEY_REGISTER_H
#define CTL_KEY_REGISTER_H

#include "ctl/key/key_partition.h"
#include "ctl/reference/reference_versions.h"

struct key_register {
	struct ctl *ctl;
	struct pg_link *link;	     /* as owner */
	struct kafka_reader *reader; /* raw topic */
	struct reference_versions *versions;
	const struct key_pair *keys;
	int64_t teachers, lists, lost_teachers; /* of all boards since the start */
};

/* In one transaction behind the partition's cursor row, which no writer can move meanwhile. What was renamed before is
 * left as it is, so that whoever was killed goes on. ERR_DATA code "moved": the cursor is not where it was read. */
MUSTUSE int key_register_rename(struct key_register *self, const struct key_partition *partition, int32_t board,
				struct err *err);

/* The last transaction of a partition: from here on the register names its teachers by the present key. */
MUSTUSE int key_register_finish(struct key_register *self, const struct key_partition *partition, int64_t started_ms,
				int64_t teachers, struct err *err);

#endif
