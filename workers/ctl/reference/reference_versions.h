/* reference_versions: the reference snapshots of their topic, each built when first asked for.
 *
 * The topic is read once, at the open; what is published later is not seen. Owner: one command. */
#ifndef CTL_REFERENCE_VERSIONS_H
#define CTL_REFERENCE_VERSIONS_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_reader.h"
#include "model/reference.h"

struct reference_versions;

/* reader is borrowed: each use begins with a seek. */
MUSTUSE int reference_versions_open(struct ctl *ctl, struct kafka_reader *reader, struct reference_versions **ret,
				    struct err *err);
void reference_versions_close(struct reference_versions *versions);

/* The version in force: that of the last snapshot that can be used, as the gateway takes it. ERR_DATA: none. */
MUSTUSE int reference_versions_in_force(struct reference_versions *versions, uint8_t ret[REFERENCE_VERSION_BYTES],
					struct err *err);
/* ERR_DATA: the topic does not hold this version. */
MUSTUSE int reference_versions_find(struct reference_versions *versions, const uint8_t version[REFERENCE_VERSION_BYTES],
				    const struct reference **ret, struct err *err);

#endif
