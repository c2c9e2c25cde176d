/* emit_definition: the structs and enums of a schema in C. */
#ifndef CODEGEN_EMIT_DEFINITION_H
#define CODEGEN_EMIT_DEFINITION_H

#include "codegen/emit.h"

/* Inner types first, each once. of_shared: only those of several messages, else only those of this one. */
void emit_definitions(const struct emit *emit, const struct type *type, bool of_shared, struct emit_done *done);

#endif
