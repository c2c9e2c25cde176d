/* kafka_producer: a producer with acks=all and idempotence, whose delivery reports are collected per message.
 *
 * Owner: one thread. kafka_producer_produce copies value and headers. Every message gets exactly one report, delivered
 * by the callback inside kafka_producer_poll, kafka_producer_flush or kafka_producer_close. After a fatal error every
 * message in flight is reported with ERR_FATAL, and kafka_producer_is_dead() says so: close it and open another
 * (gateway), or exit 70 (validate, write). */
#ifndef KAFKA_KAFKA_PRODUCER_H
#define KAFKA_KAFKA_PRODUCER_H

#include "kafka/kafka.h"

#include <stdbool.h>

struct kafka_producer;

struct kafka_report {
	int error;	  /* 0, or an err_kind */
	const char *code; /* librdkafka's name of it */
	int32_t partition;
	int64_t offset;
	void *token;	     /* what was given to kafka_producer_produce */
	const void *message; /* librdkafka's, for kafka_producer_produce_again inside the callback */
};

/* An idempotent producer may have no more in flight. Each request is of one partition, so who flushes messages of more
 * partitions at once keeps librdkafka's thread spinning: while messages wait for a request to be answered, it asks
 * without pause whether they may go (rd_kafka_toppar_producer_serve). Flush after that many partitions instead. */
enum { KAFKA_REQUESTS_MAX = 5 };

struct kafka_producer_options {
	int32_t message_bytes_max;
	int32_t linger_ms;
	/* in flight at once, 1 to 5; 0: 5. With 1, messages linger while a request is flushed: one fsync for many */
	int32_t requests_max;
	/* in one request; 0: as many as there are. A broker takes a request whole or not at all: with 1 a refusal is
	 * of this message and of no other that went with it */
	int32_t batch_messages_max;
	int32_t delivery_timeout_ms; /* a message is reported within this time, whatever happens */
	int64_t queue_bytes_max;
	const char *compression; /* none, lz4, zstd */
};

MUSTUSE int kafka_producer_open(const struct kafka_options *kafka, const struct kafka_producer_options *options,
				void (*reported)(void *self, const struct kafka_report *report), void *self,
				struct kafka_producer **ret, struct err *err);
/* Messages in flight are called off and reported as ERR_RETRY: they may be in the log all the same. */
void kafka_producer_close(struct kafka_producer *producer);

/* How many partitions Kafka says the topic has, when it was first asked; later ones do not count. The first call asks
 * as the first message does. ERR_RETRY: it did not say. */
MUSTUSE int kafka_producer_partitions(struct kafka_producer *producer, const char *topic, int32_t *ret,
				      struct err *err);

enum { KAFKA_ANY_PARTITION = -1 }; /* by murmur2 of the key, over as many as there are at the moment */

/* The body leaves sealed when the options say so for this topic. ERR_RETRY "day_key": there is no key for today, and
 * nothing leaves in the clear. ERR_FULL: the queue is full: poll and try again. ERR_DATA: larger than
 * message_bytes_max, key, headers and some 100 bytes of framing included. ERR_CONFIG: no such topic or partition, or
 * credentials that were refused before a broker took them, which is reported once each time. ERR_FATAL: the producer is
 * dead. A call that fails has no report. The first message to a topic asks for its metadata, up to 2 s when the brokers
 * are away. At most 16 topics a producer. */
MUSTUSE int kafka_producer_produce(struct kafka_producer *producer, const char *topic, int32_t partition,
				   struct slice key, struct slice value, const struct message_header *headers,
				   size_t header_count, void *token, struct err *err);
/* From inside the callback of another producer: the message of this report once more, with its headers, partition and
 * token. Errors as of kafka_producer_produce. */
MUSTUSE int kafka_producer_produce_again(struct kafka_producer *producer, const char *topic,
					 const struct kafka_report *report, struct err *err);
int kafka_producer_poll(struct kafka_producer *producer, uint32_t wait_ms); /* number of reports handed out */
/* Sends what lingers at once, and polls until all is reported or wait_ms have passed. ERR_RETRY: some are still in
 * flight. */
MUSTUSE int kafka_producer_flush(struct kafka_producer *producer, uint32_t wait_ms, struct err *err);
bool kafka_producer_is_dead(const struct kafka_producer *producer);
/* The id of the cluster, once a broker has answered; false: not yet, or it is longer than buf. Asks nobody. */
bool kafka_producer_cluster_id(struct kafka_producer *producer, char *buf, size_t buf_bytes);
/* A descriptor that becomes readable when reports wait, for an event loop; kafka_producer_poll empties it. The
 * producer's own. */
MUSTUSE int kafka_producer_event_fd(struct kafka_producer *producer, struct err *err);

#endif
