/* frame: Avro's single-object encoding, the outermost shell of every message value.
 *
 *   C3 01, the schema's CRC-64-AVRO fingerprint in 8 bytes little-endian, the body
 *
 * Pure. Source: Avro specification 1.11, "Single-object encoding". */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include "base/err.h"
#include "base/slice.h"
#include "base/strbuf.h"

enum { FRAME_BYTES = 10 };

void frame_put(struct strbuf *out, uint64_t schema);

/* *ret_body borrows from message. ERR_DATA: too short, or another marker. Whether the schema is known, the caller asks
 * wire_schema_find or the decoder. */
MUSTUSE int frame_open(struct slice message, uint64_t *ret_schema, struct slice *ret_body, struct err *err);

#endif
