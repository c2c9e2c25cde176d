/* topic_watch: follows a topic of whole snapshots in a thread of its own, so that no upload waits for a slow broker or
 * for the building of a snapshot.
 *
 * The thread owns the reader. It asks twice a second for the end of the topic, which also shows whether Kafka answers,
 * and fetches only when that moved. */
#ifndef KAFKA_TOPIC_WATCH_H
#define KAFKA_TOPIC_WATCH_H

#include "kafka/kafka.h"

struct topic_watch;

struct topic_watch_kind {
	const char *event; /* "reference": of log events */
	/* In the thread. A snapshot of message; *ret NULL: one that is passed over. ERR_DATA: it can never be used; any
	 * other error: we are short of something, and it is tried again. */
	int (*open)(void *self, const struct kafka_message *message, void **ret, struct err *err);
	void (*free)(void *snapshot); /* takes NULL */
	/* A topic that is not there counts as one that is read and holds nothing. One that we may not read does not:
	 * Kafka then does not say whether it is there. */
	bool is_optional;
	/* In the thread; NULL: nobody asks. What stood below this offset is gone from the topic: somebody deleted it.
	 * INT64_MAX: the topic itself is gone, for some seconds, or was made anew; what comes is read from its
	 * beginning. */
	void (*cut)(void *self, int64_t below);
};

MUSTUSE int topic_watch_open(const struct kafka_options *kafka, const char *topic, const struct topic_watch_kind *kind,
			     void *self, struct topic_watch **ret, struct err *err);
/* At most 2 s, also when Kafka hangs. NULL is fine. false: the thread, and what self points at, is left behind. */
bool topic_watch_close(struct topic_watch *watch);

/* The last snapshot that came since the last call, now the caller's; NULL: no news. */
void *topic_watch_take(struct topic_watch *watch);
bool topic_watch_is_read(const struct topic_watch *watch);    /* once to the end of the topic (design 3) */
bool topic_watch_is_refused(const struct topic_watch *watch); /* at the last look */
bool topic_watch_is_gone(const struct topic_watch *watch);    /* likewise: there is none any more */
/* Since Kafka last said where the topic ends (until the end was reached once: and gave what it holds); -1: never. */
int64_t topic_watch_silent_ms(const struct topic_watch *watch);
/* Since Kafka last gave all that it holds; -1: never. */
int64_t topic_watch_unchecked_ms(const struct topic_watch *watch);

#endif
