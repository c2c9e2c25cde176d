/* mandates_handler: the mandates of a board, for those who have the right beheer there (specification 15): a list, of a
 * day too; give one; end one on a day, or withdraw it now. And what a party may ask of itself: yes or no.
 *
 * A change is asked of the register (mandate_store.h) by the thread that changes, which then publishes the access data,
 * so that every gateway decides by it. 200 or 201: it is in force. 202: it is made, and Kafka does not take it yet; a
 * gateway tries again every few seconds (register_jobs.h). 503: it is not known to be made; sent again, it
 * is made once. */
#ifndef GATEWAY_MANDATES_HANDLER_H
#define GATEWAY_MANDATES_HANDLER_H

#include "gateway/handler.h"

extern const struct handler MANDATES_HANDLER, MANDATE_GIVE_HANDLER, MANDATE_END_HANDLER, MANDATE_WITHDRAW_HANDLER,
	BOARD_RIGHT_HANDLER;

#endif
