/* duo_file: one of DUO's lists, as DUO publishes it: with its own encoding, separator and column names. */
#ifndef CTL_DUO_FILE_H
#define CTL_DUO_FILE_H

#include "base/arena.h"
#include "base/err.h"

enum { DUO_FILE_ROWS_MAX = 200000, DUO_FILE_COLUMNS_MAX = 8 };

struct duo_file {
	const char *name, *encoding; /* NULL: UTF-8 */
	char separator;
	const char *columns[DUO_FILE_COLUMNS_MAX]; /* those we want, by DUO's names */
	size_t column_count;
	struct slice *cells; /* row_count * column_count */
	size_t row_count;
};

/* Reads dir/name whole into the arena. A list that was saved as UTF-8 is read as that. ERR_DATA: it cannot be read, is
 * cut off, or holds no row. */
MUSTUSE int duo_file_read(struct duo_file *file, const char *dir, struct arena *arena, struct err *err);

static inline struct slice duo_file_cell(const struct duo_file *file, size_t row, size_t column)
{
	return file->cells[row * file->column_count + column];
}

#endif
