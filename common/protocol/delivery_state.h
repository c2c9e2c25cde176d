/* delivery_state: the numbers under which register.delivery keeps what became of a delivery (specification 2.2 and
 * 8.2).
 *
 * The writer stores them, terugmelding, summary and instroomctl read them. They stand in registers that exist: a number
 * keeps its meaning for good. Pure. */
#ifndef PROTOCOL_DELIVERY_STATE_H
#define PROTOCOL_DELIVERY_STATE_H

/* register.delivery.state. The last two are never stored: the ledger does not know such a delivery, or not yet. */
enum delivery_state { DELIVERY_VERWERKT = 1, DELIVERY_WACHT = 2, DELIVERY_ONTVANGEN = 3, DELIVERY_GEWEIGERD = 4 };

const char *delivery_state_name(enum delivery_state state); /* "wacht_op_bevestiging"; "" for none of them */

/* Bits of register.delivery.notices, in the order of specification 2.2. */
enum delivery_notice { NOTICE_K04 = 1, NOTICE_K05 = 2, NOTICE_K06 = 4, NOTICE_R06 = 8, NOTICE_K10 = 16 };

#endif
