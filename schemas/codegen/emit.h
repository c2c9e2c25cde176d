/* emit: what every part of the generator writes with: where the text goes, names in C's spelling, which functions are
 * there.
 *
 * Owner: a build tool. The set has passed compat_check. Text goes to strbufs; who writes the files asks strbuf_ok.
 * The parts, inner ones first: emit_definition; emit_decode, emit_encode; emit_types and emit_message, one of each pair
 * of files. */
#ifndef CODEGEN_EMIT_H
#define CODEGEN_EMIT_H

#include "base/strbuf.h"
#include "codegen/schema.h"

enum { EMIT_NAME_BYTES = 128, EMIT_FUNCTIONS_MAX = 512 };

struct emit_name {
	char text[EMIT_NAME_BYTES];
};

struct emit {
	const struct schema_set *set;
	const char *prefix;  /* "wire": of structs and functions */
	const char *include; /* "wire/gen": where the files are found */
	struct strbuf *out;
};

/* "ReferenceSnapshot" -> "reference_snapshot", "REFERENCE_SNAPSHOT" */
struct emit_name emit_snake(const char *name);
struct emit_name emit_upper(const char *name);

/* The head of the header FILE.h, made from the schema named. */
void emit_guard(const struct emit *emit, const char *file, const char *from);

/* Functions already emitted in this file. */
struct emit_done {
	struct emit_name names[EMIT_FUNCTIONS_MAX];
	size_t count;
};
/* true the first time. */
bool emit_done_first(struct emit_done *done, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
