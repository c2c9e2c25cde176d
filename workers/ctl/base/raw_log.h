/* raw_log: deliveries read back from the raw topic by their position in the ledger. */
#ifndef CTL_RAW_LOG_H
#define CTL_RAW_LOG_H

#include "base/arena.h"
#include "ctl/base/ctl.h"
#include "kafka/kafka_reader.h"
#include "model/judge.h"
#include "wire/gen/delivery.h"

enum raw_found {
	RAW_FOUND = 1,	/* *ret holds together */
	RAW_UNREADABLE, /* the message is there, but this program cannot read its body */
	RAW_GONE,	/* the log no longer holds it */
};

/* *ret borrows from the arena. Errors are those of Kafka. */
MUSTUSE int raw_log_read(struct ctl *ctl, struct kafka_reader *reader, int64_t position, struct arena *arena,
			 enum raw_found *ret_found, struct wire_delivery *ret, struct err *err);

/* How many partitions the raw topic has as the register knows it, whatever somebody added to it by hand: the partition
 * of a board follows from it. ERR_CONFIG: the register has none yet. */
MUSTUSE int raw_log_partitions(struct ctl *ctl, struct pg_link *link, int32_t *ret, struct err *err);

/* A body as read from any message: false when it is no delivery whose cells fit its columns and lines. */
MUSTUSE bool raw_log_decode(struct slice value, struct arena *arena, struct wire_delivery *ret);
MUSTUSE bool raw_delivery_is_good(const struct wire_delivery *delivery);

/* The lines judged by the workers' own rules, under this reference version. record_nos NULL: 2 and on. */
MUSTUSE int raw_delivery_judge(const struct wire_delivery *delivery, const struct reference *reference,
			       const struct hmac_key *key, const uint32_t *record_nos, struct arena *arena,
			       struct judged *ret, struct err *err);

#endif
