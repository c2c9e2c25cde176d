/* emit_message: one header and one source for each message: its structs, decoders of all its versions, its encoder. */
#ifndef CODEGEN_EMIT_MESSAGE_H
#define CODEGEN_EMIT_MESSAGE_H

#include "codegen/emit.h"

void emit_message_header(const struct emit *emit, const struct schema *newest);
void emit_message_source(const struct emit *emit, const struct schema *newest);

#endif
