/* kafka_acls: the rights that brokers have on record, for an operator's question. */
#ifndef KAFKA_KAFKA_ACLS_H
#define KAFKA_KAFKA_ACLS_H

#include "kafka/kafka.h"

#include <stdbool.h>

#define KAFKA_ACL_CLUSTER "kafka-cluster"

struct kafka_acl {
	const char *kind; /* "topic", "group", "cluster", or "" for anything else */
	const char *name; /* of the topic or group; "*" is each; of the cluster KAFKA_ACL_CLUSTER */
	bool is_prefix;	  /* each whose name begins so */
	bool is_denied;	  /* else allowed */
	const char *host; /* "*" is each */
	const char *principal,
		*operation; /* "User:..", "User:*"; as deploy/kafka-acls.txt has them: Read, DescribeConfigs */
};
typedef void kafka_acl_visit(void *self, const struct kafka_acl *acl);

/* Visits each; what visit sees lasts for the call. ERR_CONFIG code "rights": our user lacks Describe on the cluster, or
 * the brokers ask nobody for a right. */
MUSTUSE int kafka_acls_visit(const struct kafka_options *kafka, uint32_t wait_ms, kafka_acl_visit *visit, void *self,
			     struct err *err);

#endif
