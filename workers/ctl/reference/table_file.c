#include "ctl/reference/table_file.h"

#include "model/csv.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 200000, LINE_BYTES_MAX = 1 << 20, PATH_BYTES = 4096 };

static int compare_rows(const void *a, const void *b)
{
	const struct table_file_row *left = a, *right = b;
	int order = slice_compare(left->key, right->key);

	return order != 0 ? order : slice_compare(left->text, right->text);
}

void table_file_init(struct table_file *table, struct arena *arena)
{
	*table = (struct table_file){ .arena = arena, .rows = arena_take(arena, ROWS_MAX, sizeof *table->rows) };
	strbuf_init(&table->line, LINE_BYTES_MAX);
}

bool table_file_add(struct table_file *table, struct slice key, const struct slice *cells, size_t count)
{
	struct table_file_row row;

	strbuf_reset(&table->line);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_add_char(&table->line, ';');
		csv_add_field(&table->line, cells[i]);
	}
	strbuf_add_char(&table->line, '\n');
	if (!table->rows || table->count == ROWS_MAX || !strbuf_ok(&table->line) ||
	    !arena_copy(table->arena, strbuf_slice(&table->line), &row.text) ||
	    !arena_copy(table->arena, key, &row.key))
		return false;
	table->rows[table->count++] = row;
	return true;
}

static bool write_rows(const struct table_file *table, FILE *file, const char *header, size_t *ret_written)
{
	bool is_good = fprintf(file, "%s\n", header) >= 0;

	*ret_written = 0;
	for (size_t i = 0; is_good && i < table->count; i++) {
		if (i > 0 && slice_equal(table->rows[i].text, table->rows[i - 1].text))
			continue;
		is_good = fwrite(table->rows[i].text.p, 1, table->rows[i].text.n, file) == table->rows[i].text.n;
		++*ret_written;
	}
	return is_good;
}

int table_file_write(struct table_file *table, const char *dir, enum reference_table which, const char *header,
		     bool is_whole, struct err *err)
{
	char path[PATH_BYTES];
	size_t written = 0;

	strbuf_release(&table->line);
	if (!is_whole)
		return err_set(err, ERR_FULL, "arena", "%s has too many rows", reference_file(which));
	snprintf(path, sizeof path, "%s/%s", dir, reference_file(which));
	FILE *file = fopen(path, "we");

	if (!file)
		return err_set(err, ERR_DATA, "file", "%s cannot be written", path);
	qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
	bool is_good = write_rows(table, file, header, &written);

	if (fclose(file) != 0 || !is_good)
		return err_set(err, ERR_DATA, "file", "%s cannot be written whole", path);
	printf("%-26s %7zu rows\n", reference_file(which), written);
	return 0;
}
