/* table_file: one of our reference tables being made: rows are collected, sorted by key, and each is written once. */
#ifndef CTL_TABLE_FILE_H
#define CTL_TABLE_FILE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/reference.h"

struct table_file_row {
	struct slice key, text; /* text: the row as it is written */
};

struct table_file {
	struct arena *arena;
	struct table_file_row *rows;
	size_t count;
	struct strbuf line;
};

void table_file_init(struct table_file *table, struct arena *arena);
/* false: the arena is full, or there are too many rows. */
MUSTUSE bool table_file_add(struct table_file *table, struct slice key, const struct slice *cells, size_t count);
/* Writes dir/NAME.csv, and the number of its rows to stdout; the same row twice (a school with several sites) is
 * written once. is_whole false: some row could not be added. Releases the table. ERR_DATA code "file": it cannot be
 * written. */
MUSTUSE int table_file_write(struct table_file *table, const char *dir, enum reference_table which, const char *header,
			     bool is_whole, struct err *err);

#endif
