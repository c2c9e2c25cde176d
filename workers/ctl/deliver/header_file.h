/* header_file: the header of a delivery as it lies beside it: x.json of x.csv, or of x.xml.
 *
 * What people's programs write is accepted: a name in any case, UTF-8 with or without BOM, UTF-16 as Windows' tools
 * write it, CRLF. What cannot be accepted is named; the content is never quoted, as it may hold a contact's name. */
#ifndef CTL_HEADER_FILE_H
#define CTL_HEADER_FILE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t; /* of jansson */

enum { HEADER_BYTES_MAX = 1 << 20 };

/* Whether a file's name ends with this, in any case. end: ".csv" */
bool file_name_ends_with(const char *name, const char *end);

/* Whether it is called as a delivery: .csv or .xml, in any case. */
bool file_name_is_delivery(const char *name);

/* The path of the header of this csv (or xml, here and below). When there is none it is the one that should be there,
 * and reading it fails. */
void header_file_path(const char *csv, char *out, size_t out_bytes);

/* Whether there is a csv in the folder of this header that has its name, in any case of its letters. */
bool header_file_has_csv(const char *header);

/* Whether another csv in its folder has this header as well, so that nobody knows whose it is: a.csv and A.CSV beside
 * a.json. One that is called as the header is, but for its ending, has it before those that only differ in case.
 * ret_other: its name. */
bool header_file_is_shared(const char *csv, const char *header, char *ret_other, size_t other_bytes);

/* bytes: of the file. name: to call it by. *ret is the caller's to release. ERR_DATA code "header": it is no header. */
MUSTUSE int header_file_parse(struct slice bytes, const char *name, struct json_t **ret, struct err *err);

#endif
