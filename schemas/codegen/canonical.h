/* canonical: the Parsing Canonical Form of a schema, and its CRC-64-AVRO fingerprint, by which bytes name their schema.
 *
 * Pure. Source: Avro specification 1.11, "Parsing Canonical Form for Schemas" and "Schema Fingerprints". Docs, defaults
 * and attributes of our own are not part of the form. */
#ifndef CODEGEN_CANONICAL_H
#define CODEGEN_CANONICAL_H

#include "base/strbuf.h"
#include "codegen/schema.h"

uint64_t canonical_crc64(struct slice text);
void canonical_add(struct strbuf *out, const struct type *type);
uint64_t canonical_fingerprint(const struct type *type);

#endif
