/* emit: C text from schemas. One header and one source a message, and types.h/.c with what several messages share.
 *
 * Owner: a build tool. The set has passed compat_check. Text goes to strbufs; who writes the files asks strbuf_ok. */
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

void emit_types_header(const struct emit *emit);
void emit_types_source(const struct emit *emit);
void emit_message_header(const struct emit *emit, const struct schema *newest);
void emit_message_source(const struct emit *emit, const struct schema *newest);

/* The parts of a message's source. */
void emit_decoder(const struct emit *emit, const struct schema *newest, const struct schema *written);
void emit_encoder(const struct emit *emit, const struct schema *newest);

/* Functions already emitted in this file. */
struct emit_done {
	struct emit_name names[EMIT_FUNCTIONS_MAX];
	size_t count;
};
/* true the first time. */
bool emit_done_first(struct emit_done *done, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
