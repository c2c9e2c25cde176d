/* emit_types: types.h and types.c: what several messages share, and the table of all schemas. */
#ifndef CODEGEN_EMIT_TYPES_H
#define CODEGEN_EMIT_TYPES_H

#include "codegen/emit.h"

void emit_types_header(const struct emit *emit);
void emit_types_source(const struct emit *emit);

#endif
