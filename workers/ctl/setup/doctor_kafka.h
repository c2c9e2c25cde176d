/* doctor_kafka: whether Kafka gives each stage the rights of deploy/kafka-acls.txt, and who else may change our
 * topics.
 *
 * The table has the names of one installation's users. One of which Kafka has no right on record may have another name
 * there, which no setting of instroomctl tells. */
#ifndef CTL_DOCTOR_KAFKA_H
#define CTL_DOCTOR_KAFKA_H

#include "ctl/base/ctl.h"
#include "ctl/setup/diagnosis.h"

void doctor_look_at_kafka_rights(struct ctl *ctl, struct diagnosis *diagnosis);

#endif
