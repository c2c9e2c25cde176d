/* row_arrays: rows for one statement, as one array parameter per column, for "from unnest($1::int[], ..)".
 *
 * Values are added row by row, from the first column to the last. Memory is kept from statement to statement. Arrays
 * hold no nulls: a statement that needs one gives it a value that stands for it. */
#ifndef WRITE_ROW_ARRAYS_H
#define WRITE_ROW_ARRAYS_H

#include "pg/pg_link.h"

enum { ROW_COLUMNS_MAX = 16 };

struct row_arrays {
	struct strbuf columns[ROW_COLUMNS_MAX];
	const char *types;
	int count;
	int at; /* column of the next value */
	int32_t rows;
};

void row_arrays_init(struct row_arrays *arrays, size_t column_bytes_max);
void row_arrays_release(struct row_arrays *arrays);
/* types: one letter per column: i int, l bigint, u uuid, t text, b bytea. Empties it. */
void row_arrays_begin(struct row_arrays *arrays, const char *types);
void row_arrays_i32(struct row_arrays *arrays, int32_t v);
void row_arrays_i64(struct row_arrays *arrays, int64_t v);
void row_arrays_uuid(struct row_arrays *arrays, const uint8_t v[16]);
void row_arrays_text(struct row_arrays *arrays, struct slice v); /* text and bytea */

/* Bytes collected so far. */
size_t row_arrays_bytes(const struct row_arrays *arrays);

/* Sends them. name: of the prepared statement. first: parameters that stand before the columns, or NULL. Either ret,
 * for rows of these columns (pg_ask), or ret_affected; both may be NULL. */
MUSTUSE int row_arrays_exec(struct row_arrays *arrays, struct pg_link *link, const char *name, const char *sql,
			    const char *columns, const struct pg_params *first, struct pg_rows **ret,
			    int64_t *ret_affected, struct err *err);

#endif
