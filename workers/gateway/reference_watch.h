/* reference_watch: follows the reference topic (design 2), as topic_watch.h has it. A snapshot that cannot be used is
 * logged and skipped: the one before it stays in force. */
#ifndef GATEWAY_REFERENCE_WATCH_H
#define GATEWAY_REFERENCE_WATCH_H

#include "kafka/kafka.h"
#include "model/reference.h"

struct reference_watch;

MUSTUSE int reference_watch_open(const struct kafka_options *kafka, const char *topic, struct reference_watch **ret,
				 struct err *err);
void reference_watch_close(struct reference_watch *watch); /* NULL is fine; at most 2 s, also when Kafka hangs */

/* The newest snapshot that came since the last call, now the caller's; NULL: no news. */
struct reference *reference_watch_take(struct reference_watch *watch);
bool reference_watch_is_read(const struct reference_watch *watch);    /* once to the end of the topic (design 3) */
bool reference_watch_has_kafka(const struct reference_watch *watch);  /* it answered lately */
bool reference_watch_is_refused(const struct reference_watch *watch); /* no right, or no topic any more */

#endif
