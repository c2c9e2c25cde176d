/* kafka_transaction: what a transactional producer of somebody else leaves in a topic: records, and a marker that no
 * reader is given. */
#ifndef TESTS_KAFKA_TRANSACTION_H
#define TESTS_KAFKA_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

enum transaction_is { TRANSACTION_ABORTED, TRANSACTION_ENDED, TRANSACTION_LEFT_OPEN };

/* LEFT_OPEN: the producer goes away without an end; Kafka aborts it after a minute. */
bool kafka_transaction_write(const char *brokers, const char *topic, int32_t partition, int n, enum transaction_is end);
/* Takes the messages below this offset away, as retention does. */
bool kafka_transaction_delete(const char *brokers, const char *topic, int32_t partition, int64_t below);
bool kafka_transaction_delete_topic(const char *brokers, const char *topic);

#endif
