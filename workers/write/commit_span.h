/* commit_span: one span for each sampled verdict that is in the register (trace/span.h): from poll to behind COMMIT.
 * Its parent is the span that produced the verdict, whose id is the first half of the verdict's id. Nothing is done
 * without trace.endpoint. Owner: the poll loop's thread. */
#ifndef WRITE_COMMIT_SPAN_H
#define WRITE_COMMIT_SPAN_H

#include "write/writer.h"

/* After COMMIT. */
void commit_span_add(const struct writer *writer, struct message *const *messages, size_t count);

#endif
