/* kafka_refusal: which refusals pass by themselves. Pure. */
#ifndef KAFKA_KAFKA_REFUSAL_H
#define KAFKA_KAFKA_REFUSAL_H

#include <stdbool.h>

/* error and code: of a report, or of a kafka_producer_produce that failed. Whether the refusal stands until somebody
 * mends its cause: a message larger than the topic takes, a policy, a missing right. Else sending again may help:
 * brokers away, a topic that is not there for a moment. A producer that is dead refuses everything: the caller looks at
 * that first. */
bool kafka_refusal_lasts(int error, const char *code);

/* Such a refusal of a request, which a broker takes whole or not at all, may be that of another message in it: sent
 * alone this one may be taken. A right is missing for all. */
bool kafka_refusal_is_shared(int error, const char *code);

#endif
