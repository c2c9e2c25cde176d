/* csv: our own bounded scanner of specification 3.1.
 *
 * One pass over bytes in memory; fields are slices into them. A quoted field that holds "" is unescaped into the
 * scratch buffer the caller gives; it gets shorter by that, so scratch of the file's size is always enough.
 * Separator and limits are arguments, so that the DUO lists can be read with the same code. */
#ifndef MODEL_CSV_H
#define MODEL_CSV_H

#include "base/slice.h"
#include "base/utf8.h"

enum { CSV_FIELD_BYTES_MAX = 1024 };

enum csv_result { CSV_RECORD, CSV_END, CSV_BROKEN };

struct csv {
	struct slice rest;
	char separator;
	size_t field_bytes_max;
	char *scratch; /* for unescaped fields; its owner frees it */
	size_t scratch_used;
	uint32_t record_no; /* of the record last read; the first is 1 */
};

/* bytes: without BOM (csv_skip_bom). scratch: of bytes.n; with NULL a doubled quote is CSV_BROKEN. */
void csv_init(struct csv *csv, struct slice bytes, char separator, size_t field_bytes_max, char *scratch);
struct slice csv_skip_bom(struct slice bytes);

/* Reads the next record into fields[0 .. *ret_count). *ret_count may be larger than fields_max: the rest is read and
 * counted, not kept. An empty record is a record with one empty field; dropping those at the end of the file is the
 * caller's (specification 3.1). NUL bytes are bytes like any other. CSV_BROKEN: record csv->record_no breaks 3.1 or
 * holds a value longer than field_bytes_max; nothing is read after it, the next answer is CSV_END. */
enum csv_result csv_next(struct csv *csv, struct slice *fields, size_t fields_max, size_t *ret_count);

/* Appends a field as specification 8 writes it: quoted only if it holds ; " CR or LF. */
struct strbuf;
void csv_add_field(struct strbuf *out, struct slice value);

#endif
