/* chain_end: where the chain of verdicts of a partition ends, and what Kafka holds no more before and behind it.
 *
 *   1. the register's cursor says where the writer stands
 *   2. from there the chain is followed through the verdict log with the workers' own rule (protocol/chain_position),
 *      as far as verdicts are there. Where some may be lost (kafka/kafka_gap.h) it breaks: writer and validators are
 *      parked
 *   3. the raw message the chain wants next is looked for. When the log goes on above it, and Kafka cannot prove that
 *      nothing was there, raw messages are lost: validators are parked
 *
 * Markers of transactions are neither: whatever Kafka proves to be no message is passed by. */
#ifndef CTL_CHAIN_END_H
#define CTL_CHAIN_END_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_reader.h"
#include "protocol/chain_position.h"

struct chain_end {
	int32_t partition;
	struct chain_position cursor; /* the register's */
	struct chain_position at;     /* the end of the chain, or where it breaks */
	bool has_key_id;	      /* of the teacher keys there; false: nothing was ever applied */
	int32_t key_id;
	struct kafka_topic_range raw, verdict;
	const char *break_why;	/* what is wrong with verdicts from at.next_verdict on; NULL: the chain is whole */
	enum kafka_gap raw_gap; /* why raw messages from from_raw up to below_raw lack; 0: none does */
	int64_t from_raw;	/* at.next_raw */
	int64_t below_raw;	/* with raw_gap: the first offset behind the missing ones */
};

/* reader: its range is another's afterwards. ERR_DATA: there is no such partition, or the raw log is not the
 * register's. ERR_CONFIG: the log holds verdicts of a schema that this program does not know. */
MUSTUSE int chain_end_read(struct ctl *ctl, struct pg_link *link, struct kafka_reader *reader, int32_t partition,
			   struct chain_end *ret, struct err *err);

/* Looks for the raw message at next_raw instead, and sets raw_gap, from_raw and below_raw for it: where the chain
 * begins anew when it is given up. */
MUSTUSE int chain_end_look_for_raw(struct ctl *ctl, struct kafka_reader *reader, struct chain_end *end,
				   int64_t next_raw, struct err *err);

/* *ret: the message as a verdict that holds together. false: bytes that are none, as far as this program knows. Borrows
 * from message and arena. */
MUSTUSE bool chain_end_decode(const struct kafka_message *message, struct arena *arena, struct wire_verdict *ret);

#endif
