/* verify_state: a derived board as bytes, and back: what a checkpoint holds of it.
 *
 * Lossless but for what the register is no longer to have: a teacher who was removed or erased, a version, contact
 * person or terugmelding whose term was over (the comparison marks those), and whoever never had a state. The key of an
 * erased teacher in a delivery is replaced as the register's key lists have it (erased_key.h).
 *
 * That he was removed is kept, as in register.removed_teacher: without it a register that was restored would get him
 * back from a log that has him still.
 *
 * The bytes are words of Avro (wire.h) in the order of the structs, FORMAT in front. They come out of a signed, sealed
 * file, and are checked all the same: lengths, order, ranges, no byte left over. */
#ifndef CTL_VERIFY_STATE_H
#define CTL_VERIFY_STATE_H

#include "base/strbuf.h"
#include "ctl/prove/verify_board.h"

/* Appends it to out, whose owner asks strbuf_check. ERR_FATAL: no memory. */
MUSTUSE int verify_state_write(const struct verify_board *board, struct strbuf *out, struct err *err);
/* *board: empty, with its number, key_before and keeps_feedback; it copies the bytes. To be released whatever comes
 * back. ERR_DATA: they are no board's state, or another's. */
MUSTUSE int verify_state_read(struct slice state, struct verify_board *board, struct err *err);

#endif
