/* replay_publish: the messages of a job into the raw topic, a window at a time.
 *
 * An item is marked published after Kafka's acknowledgement. Killed between the two, the job publishes it again when it
 * is resumed: the same attempt of the same lines, which the writer knows as a repeat. */
#ifndef CTL_REPLAY_PUBLISH_H
#define CTL_REPLAY_PUBLISH_H

#include "ctl/base/ctl.h"
#include "ctl/replay/replay_job.h"

struct replay_publish;

/* job, link: borrowed; job->published is counted up. rate: messages a second, 0 without limit. */
MUSTUSE int replay_publish_open(struct ctl *ctl, struct pg_link *link, struct replay_job *job, int64_t rate,
				struct replay_publish **ret, struct err *err);
void replay_publish_close(struct replay_publish *publish);

enum replay_publish_end {
	REPLAY_PUBLISHED, /* all of it is in the log */
	REPLAY_STOPPED,	  /* a signal came, or somebody moved the job to another state */
};

/* Publishes what is not marked yet, as long as the job is running. */
MUSTUSE int replay_publish_all(struct replay_publish *publish, enum replay_publish_end *ret, struct err *err);

/* Deliveries whose lines the log no longer holds: they are in no message. */
int64_t replay_publish_missing(const struct replay_publish *publish);
/* Those whose day keys are missing: they are in no message, and may be in one later. */
int64_t replay_publish_shut(const struct replay_publish *publish);

#endif
