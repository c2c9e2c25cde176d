/* kafka_rights: the lines of deploy/kafka-acls.txt, made into a program's text when it is built. */
#ifndef CTL_KAFKA_RIGHTS_H
#define CTL_KAFKA_RIGHTS_H

#include <stddef.h>

extern const char *const KAFKA_RIGHTS[]; /* "user kind name operation ..", without the comments */
extern const size_t KAFKA_RIGHT_COUNT;

#endif
