/* topics: makes the topics that are missing and looks at those that are there (settings/topic_specs.h). */
#ifndef CTL_TOPICS_H
#define CTL_TOPICS_H

#include "ctl/base/ctl.h"

/* Names each difference on stderr. is_to_set: what can be set is set. ERR_CONFIG code "topic": a topic still
 * differs. */
MUSTUSE int topics_set_up(struct ctl *ctl, bool is_to_set, struct err *err);

#endif
