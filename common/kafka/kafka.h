/* kafka: the one module that includes librdkafka. Options, error sorting, and what its files share.
 *
 * Isolation is read_uncommitted for every reader and every question for an end. Our own producers have no transactions,
 * so what stands in the log counts. A reader of committed records only would get nothing above a transaction that
 * somebody else never ends, and would block its partition. A record of a foreign transaction, aborted or not, is
 * judged like any other foreign bytes; the markers at the end of transactions are handed to nobody (kafka_gap.h).
 *
 * Errors are sorted here: lost brokers and timeouts are ERR_RETRY; wrong credentials and unknown topics at start are
 * ERR_CONFIG; a fatal producer is ERR_FATAL; the texts are ours, the code is librdkafka's name. */
#ifndef KAFKA_KAFKA_H
#define KAFKA_KAFKA_H

#include "base/message_header.h"
#include "base/secret_file.h"
#include "seal/body_seal.h"

enum { KAFKA_PASSWORD_BYTES_MAX = 1024 };

struct kafka_options {
	const char *brokers; /* host:port,.. */
	const char *client_id;
	/* security, all optional: passed to librdkafka as they are */
	const char *security_protocol; /* "", plaintext, ssl, sasl_plaintext, sasl_ssl */
	const char *ca_file, *cert_file, *key_file;
	const char *sasl_mechanism, *sasl_user;
	struct secret sasl_password; /* at most KAFKA_PASSWORD_BYTES_MAX */
	/* How bodies are sealed and opened; NULL: none is sealed, and none that is can be opened. */
	const struct body_seal *bodies;
	bool ignores_bodies; /* a reader that looks at where messages stand only: nothing is opened */
	bool shows_shut; /* a reader that goes on past a body whose day key is missing: it is BODY_NO_KEY, as found */
};

enum { KAFKA_HEADERS_MAX = 32 };

/* A message as read. Slices live until the message is dropped (kafka_message_drop) or its batch is. */
struct kafka_message {
	struct slice key, value;
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;
	const struct message_header *headers;
	size_t header_count;
	enum body_state body; /* of value: see body_seal.h */
	void *owner;	      /* the module's own */
};
void kafka_message_drop(struct kafka_message *message);

struct kafka_topic_range {
	int64_t low, high; /* first kept offset, next offset to be written */
};

#endif
