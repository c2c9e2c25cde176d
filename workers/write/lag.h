/* lag: how many verdicts of our partitions are not applied yet, for the metric. */
#ifndef WRITE_LAG_H
#define WRITE_LAG_H

#include "write/writer.h"

/* Asks the brokers every 10 s; in between, and when one does not answer, the last figure stays. */
void lag_measure(struct writer *writer);

#endif
