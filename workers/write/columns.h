/* columns: rows for one statement, as one array parameter a column, for "from unnest($1::int[], ..)".
 *
 * Values are added row by row, from the first column to the last. Memory is kept from statement to statement. Arrays
 * hold no nulls: a statement that needs one gives it a value that stands for it. */
#ifndef WRITE_COLUMNS_H
#define WRITE_COLUMNS_H

#include "pg/pg_link.h"

enum { COLUMNS_MAX = 16 };

struct columns {
	struct strbuf arrays[COLUMNS_MAX];
	const char *types;
	int count;
	int at; /* column of the next value */
	int32_t rows;
};

void columns_init(struct columns *columns, size_t column_bytes_max);
void columns_release(struct columns *columns);
/* types: a letter a column: i int, l bigint, u uuid, t text, b bytea. Empties it. */
void columns_begin(struct columns *columns, const char *types);
void columns_i32(struct columns *columns, int32_t v);
void columns_i64(struct columns *columns, int64_t v);
void columns_uuid(struct columns *columns, const uint8_t v[16]);
void columns_text(struct columns *columns, struct slice v); /* text and bytea */

/* Bytes collected so far. */
size_t columns_bytes(const struct columns *columns);

/* Sends them: *ret (rows of the answer) and *ret_affected may be NULL. name: of the prepared statement. first:
 * parameters that stand before the columns, or NULL. */
MUSTUSE int columns_exec(struct columns *columns, struct pg_link *link, const char *name, const char *sql,
			 const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected, struct err *err);

#endif
