/* body_encryption: encryption of message bodies in a worker (design 9): from its settings to what its clients of Kafka
 * do.
 *
 *   1. body_encryption_open, before any client of Kafka is opened: reads the master keys, begins to follow the topic of
 *      day keys in a thread, and sets kafka->bodies, from which settings_kafka has it for every client of the program.
 *   2. body_encryption_poll, once per iteration: metrics, and what stands in the way. A gateway without today's key
 *      refuses uploads; a validator's or writer's messages wait.
 *   3. body_encryption_close, after the last client of Kafka is closed.
 *
 * Without encrypt.key.file there is none of this, and all of it may be called with NULL. */
#ifndef ENCRYPTION_BODY_ENCRYPTION_H
#define ENCRYPTION_BODY_ENCRYPTION_H

#include "seal/body_seal.h"
#include "settings/settings.h"

struct body_encryption;

/* stage: a literal, as for stage_metrics. *ret NULL: it is off. Fields of the settings that a program has no rows for
 * are NULL. ERR_CONFIG: the file holds no keys, or bodies are to be encrypted without one. */
MUSTUSE int body_encryption_open(const char *stage, const struct encrypt_settings *encrypt,
				 const struct topic_settings *topics, struct kafka_settings *kafka,
				 struct body_encryption **ret, struct err *err);
void body_encryption_close(struct body_encryption *encryption);

/* What keeps us from sealing, for readiness: "" when nothing does. */
const char *body_encryption_poll(struct body_encryption *encryption);

/* For a command: the same without a thread. The topic is read when a key is asked for that is not known. */
MUSTUSE int body_encryption_open_once(const struct encrypt_settings *encrypt, const struct topic_settings *topics,
				      struct kafka_settings *kafka, struct body_encryption **ret, struct err *err);
/* The keys; NULL: it is off. */
struct day_keys *body_encryption_keys(struct body_encryption *encryption);

#endif
