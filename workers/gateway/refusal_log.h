/* refusal_log: who was refused, when and why, in the gateway's log, as nothing of a refused delivery is kept elsewhere:
 * the gateway may write nothing to the register, and what it refuses never enters the log of deliveries.
 *
 *   event=sender.refused status=422 code=LR-F03 board=41211 sender=token:name count=3
 *       first=2026-07-31T22:04:05Z last=2026-07-31T22:04:50Z
 *
 * The first refusal of a kind (status, code, board, sender) is logged at once; more of that kind within a minute are
 * counted, and are one line when it is over. So a sender that tries without a pause costs a line a minute, and no
 * refusal is without a count. Kinds that do not fit the table count as code "other". Never content, never a token.
 * `instroomctl refusals` reads these lines.
 *
 * Owner: the gateway's loop. */
#ifndef GATEWAY_REFUSAL_LOG_H
#define GATEWAY_REFUSAL_LOG_H

#include <stdint.h>

/* board 0: none was named. code: a rule's, or a word of a short fixed list. sender: as access_grant has it; NULL or
 * empty: nobody we know. */
void refusal_log_note(unsigned status, const char *code, uint32_t board, const char *sender);
/* Now and then: logs the kinds whose minute is over. */
void refusal_log_poll(void);
/* At the end: logs all that is counted and not logged. */
void refusal_log_flush(void);

#endif
