/* access_watch: follows the access topic (design 2): who may deliver for whom, as instroomctl access publishes it.
 *
 * The one with the highest sequence is in force, wherever it stands in the log: one that comes late changes nothing.
 * One that cannot be used is logged and skipped, and the one before it stays. A topic that is not there has none: the
 * tokens file alone decides then, as before there was this topic. One that Kafka refuses us may hold anything: whoever
 * the tokens file does not know is told that we cannot tell now, and not that he is a stranger. */
#ifndef GATEWAY_ACCESS_WATCH_H
#define GATEWAY_ACCESS_WATCH_H

#include "kafka/kafka.h"
#include "model/access_data.h"

struct access_watch;

MUSTUSE int access_watch_open(const struct kafka_options *kafka, const char *topic, struct access_watch **ret,
			      struct err *err);
void access_watch_close(struct access_watch *watch); /* takes NULL; at most 2 s, also when Kafka hangs */

/* The newest that came since the last call, now the caller's; NULL: no news. */
struct access_data *access_watch_take(struct access_watch *watch);
bool access_watch_is_read(const struct access_watch *watch);	/* once to the end of the topic, or there is none */
bool access_watch_is_refused(const struct access_watch *watch); /* Kafka says that we may not read the topic */
/* Since Kafka last said that there is nothing newer; -1: never. */
int64_t access_watch_silent_ms(const struct access_watch *watch);

#endif
