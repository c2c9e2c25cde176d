/* access_publisher: puts the newest version of the access data into the access topic (design 3), for a gateway that
 * made one or finds one that nobody published: step 3 of render/rights_snapshot.h.
 *
 * Owner: one thread, which waits for Kafka at most ACCESS_PUBLISH_MS. Its producer is made when it is first needed. */
#ifndef GATEWAY_ACCESS_PUBLISHER_H
#define GATEWAY_ACCESS_PUBLISHER_H

#include "base/arena.h"
#include "kafka/kafka.h"
#include "pg/pg_link.h"

enum { ACCESS_PUBLISH_MS = 4000 };

struct access_publisher;

struct access_publisher_options {
	struct kafka_options kafka;
	const char *topic, *compression;
	bool (*should_stop)(void); /* true: the wait for Kafka ends */
};

MUSTUSE int access_publisher_open(const struct access_publisher_options *options, struct access_publisher **ret,
				  struct err *err);
void access_publisher_close(struct access_publisher *publisher); /* NULL is fine */

/* Whether the newest version is not known to be in the log. */
MUSTUSE int access_publisher_is_behind(struct pg_link *link, bool *ret, struct err *err);

/* In a transaction of its own. 0: the log has the newest version, whoever put it there. An error: nothing is noted, and
 * it is to be tried again; errors as of pg_exec, and of Kafka. */
MUSTUSE int access_publisher_publish(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
				     struct err *err);
/* The same, but if another process changes or publishes at this moment it is left to that one, and
 * *ret_tried is false. So gateways that
 * meet no Kafka do not queue up before an operator's command. */
MUSTUSE int access_publisher_catch_up(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
				      bool *ret_tried, struct err *err);

#endif
