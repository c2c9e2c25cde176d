/* contacts_handler: the contact persons of a board (specification 8.8): GET and PUT of who holds, GET of who did. Each
 * look and each change leaves a row in register.access.
 *
 * PUT takes what GET gives: the list in it replaces the board's. With If-Match only while that is what the sender saw:
 * the comparison and the change are one transaction. */
#ifndef GATEWAY_CONTACTS_HANDLER_H
#define GATEWAY_CONTACTS_HANDLER_H

#include "gateway/handler.h"

extern const struct handler CONTACTS_HANDLER, CONTACT_HISTORY_HANDLER, CONTACTS_SET_HANDLER;

#endif
