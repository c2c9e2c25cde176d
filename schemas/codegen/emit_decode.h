/* emit_decode: the field plan of one written version, as C: each field of the written record in its order is taken into
 * the newest struct or skipped; then what the writer did not know gets its default. */
#ifndef CODEGEN_EMIT_DECODE_H
#define CODEGEN_EMIT_DECODE_H

#include "codegen/emit.h"

/* decode_vN for N of written. */
void emit_decoder(const struct emit *emit, const struct schema *newest, const struct schema *written);

#endif
