/* reference_snapshot: a message of the reference topic as the tables it holds (design 2).
 *
 * One door for all who read that topic, so that a snapshot one of them uses is one they all use: a gateway that took a
 * snapshot under a key which is not its version would stamp deliveries with a version that no validator finds. */
#ifndef PROTOCOL_REFERENCE_SNAPSHOT_H
#define PROTOCOL_REFERENCE_SNAPSHOT_H

#include "model/reference.h"

/* The key of a snapshot, its version in hex: the topic is compacted by it. false: another form. */
MUSTUSE bool reference_snapshot_version(struct slice key, uint8_t ret[REFERENCE_VERSION_BYTES]);

/* version: that of the key. *ret is the caller's and keeps nothing of value. ERR_DATA: this message can never be
 * used. */
MUSTUSE int reference_snapshot_open(struct slice value, const uint8_t version[REFERENCE_VERSION_BYTES],
				    struct reference **ret, struct err *err);

#endif
