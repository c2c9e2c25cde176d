/* message_header: a name and a value that travel beside the bytes of a message. What common/kafka carries and
 * common/protocol reads and writes, so that neither needs to know the other. */
#ifndef BASE_MESSAGE_HEADER_H
#define BASE_MESSAGE_HEADER_H

#include "base/slice.h"

struct message_header {
	const char *name; /* NUL-terminated */
	struct slice value;
};

#endif
