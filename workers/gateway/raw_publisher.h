/* raw_publisher: produces messages to the raw topic and says what became of each.
 *
 * A message is in the log when, and only when, its report says so. The producer inside lives shorter than the
 * publisher: after a fatal error everything in flight is reported as failed and raw_publisher_renew makes a new one
 * (design 3). While there is none, nothing is accepted. Its event descriptor is in the event loop's epoll set. Owner:
 * the event loop.
 *
 * The partition of a board follows from how many there are, and must never be another: an older file would be judged
 * beside a newer one. So the number is pinned. The register's counts (raw_publisher_pin). While the register is away
 * from the start on, it is what Kafka says at the first message; partitions that somebody adds later get nothing.
 *
 * Messages of one partition share a request, and a broker takes a request whole or not at all: where one message is
 * larger than the topic takes, all that went with it come back as too large. Nobody can say which one it was. So each
 * of them is sent once more by a second producer, which sends messages alone; what that one reports is final. It is
 * made at the first refusal of this kind. */
#ifndef GATEWAY_RAW_PUBLISHER_H
#define GATEWAY_RAW_PUBLISHER_H

#include "kafka/kafka_producer.h"
#include "protocol/raw_message.h"

struct raw_publisher_options {
	struct kafka_options kafka;
	struct kafka_producer_options producer;
	const char *topic;
	int epoll_fd;
	void (*reported)(void *self, const struct kafka_report *report);
	void *self;
};

struct raw_publisher {
	struct raw_publisher_options options;
	struct kafka_producer *producer; /* NULL: none could be made, tried again by raw_publisher_renew */
	struct kafka_producer *alone;	 /* sends each message in a request of its own; NULL: not needed yet */
	int64_t in_flight;		 /* messages without a report */
	int32_t partitions;		 /* of the raw topic; 0: not known yet */
	bool is_pinned;			 /* it is the register's */
	bool is_closing;
};

MUSTUSE int raw_publisher_open(struct raw_publisher *publisher, const struct raw_publisher_options *options,
			       struct err *err);
/* Reports all that is in flight as failed, though it may be in the log. One that is not open is fine. */
void raw_publisher_close(struct raw_publisher *publisher);

/* The register's number of partitions, from now on. */
void raw_publisher_pin(struct raw_publisher *publisher, int32_t partitions);
/* Puts one message, which is copied; the report has this token. Errors as of kafka_producer_produce, and ERR_RETRY
 * without a producer: not accepted, and no report comes. */
MUSTUSE int raw_publisher_put(struct raw_publisher *publisher, const struct raw_message *message, void *token,
			      struct err *err);
void raw_publisher_poll(struct raw_publisher *publisher); /* hands out the reports that wait */
void raw_publisher_renew(struct raw_publisher *publisher);
bool raw_publisher_is_up(const struct raw_publisher *publisher);

enum { INSTALLATION_BYTES = 17 }; /* 16 hex digits and a NUL */

/* Which log this publishes to: the first digits of a hash over the cluster's id and the topic's name. Another
 * installation has another. false: no broker has answered yet. */
bool raw_publisher_installation(const struct raw_publisher *publisher, char ret[INSTALLATION_BYTES]);

#endif
