/* upload_hint: what a refused file seems to be, when it is not what its sender says: XML sent as CSV, CSV sent as XML,
 * UTF-16. The findings of specification 3.3 and 3.4 name what is wrong with the bytes; a person is helped more by this.
 * Pure. */
#ifndef GATEWAY_UPLOAD_HINT_H
#define GATEWAY_UPLOAD_HINT_H

#include "gateway/upload_header.h"

/* A Dutch sentence without its full stop; NULL: nothing strikes. form: as what it was sent. */
const char *upload_hint(struct slice bytes, enum upload_form form);

#endif
