/* kafka_gap: offsets that Kafka never hands out, between or behind those it does.
 *
 * Markers at the end of transactions take an offset each, in every topic somebody writes to with a transactional
 * producer (MirrorMaker, Connect with exactly-once). Nobody may wait for them, and they are not to be mistaken for
 * lost messages. What Kafka can prove: in a topic that is not compacted a message goes only by the log's beginning
 * moving above it (retention, DeleteRecords). So an offset at or above the beginning that is not handed out never was a
 * message. */
#ifndef KAFKA_KAFKA_GAP_H
#define KAFKA_KAFKA_GAP_H

#include "kafka/kafka.h"

enum kafka_gap {
	KAFKA_GAP_EMPTY = 1, /* never a message: markers of transactions */
	KAFKA_GAP_DELETED,   /* the log begins above: what was there is lost */
	KAFKA_GAP_COMPACTED, /* unknown: the topic is or was compacted, and compaction takes single messages */
	KAFKA_GAP_HIDDEN,    /* unknown: Kafka does not show us the topic's settings (right: DescribeConfigs) */
};

/* The end of a sentence that begins with the offsets: "were deleted from the log". */
const char *kafka_gap_text(enum kafka_gap gap);

#endif
