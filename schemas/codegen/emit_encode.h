/* emit_encode: the newest struct as a bare datum, in C. */
#ifndef CODEGEN_EMIT_ENCODE_H
#define CODEGEN_EMIT_ENCODE_H

#include "codegen/emit.h"

void emit_encoder(const struct emit *emit, const struct schema *newest);

#endif
