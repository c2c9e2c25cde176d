/* reference_look: reference list, show, diff and export: the versions that were published, and the tables as imported.
 *
 * No header: the commands stand in reference_commands.h. */
#include "ctl/reference/reference_commands.h"

#include "ctl/reference/reference_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { TIME_BYTES = 80, SHOWN_COLUMNS = 48 };

/* ---- list, show ---- */

static void time_text(int64_t ms, char ret[TIME_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	ret[0] = '\0';
	if (gmtime_r(&seconds, &utc))
		snprintf(ret, TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
			 utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

int run_reference_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS_OF_LIST[] = {
		{ NULL, "version", COLUMN_TEXT },
		{ "version", NULL, COLUMN_TEXT },
		{ "published_at", "published", COLUMN_TEXT },
		{ "in_force", "in force", COLUMN_FLAG },
		{ "boards", "boards", COLUMN_NUMBER },
		{ "schools", "schools", COLUMN_NUMBER },
	};
	CLEANUP(output_release) struct output out = { 0 };
	struct reference_walk walk = { .wanted = NULL };
	struct err err = { 0 };
	char at[TIME_BYTES];
	int rc = reference_tables_walk(ctl, &walk, &err);

	output_init(&out, ctl->output, COLUMNS_OF_LIST, ARRAY_LEN(COLUMNS_OF_LIST));
	for (size_t i = 0; rc == 0 && i < walk.count; i++) {
		const struct reference_entry *version = &walk.versions[i];

		output_text(&out, slice_make(version->hex, 16));
		output_text(&out, slice_of(version->hex));
		time_text(version->published_ms, at);
		output_text(&out, slice_of(at));
		output_flag(&out, i + 1 == walk.count);
		output_number(&out, version->rows[0]);
		output_number(&out, version->rows[1]);
	}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	reference_tables_release(&walk);
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_reference_show(struct ctl *ctl)
{
	static const struct output_column COLUMNS_OF_SHOW[] = {
		{ "table", "table", COLUMN_TEXT },
		{ "rows", "rows", COLUMN_NUMBER },
		{ "bytes", "bytes", COLUMN_NUMBER },
	};
	CLEANUP(output_release) struct output out = { 0 };
	struct reference_walk walk = { .wanted = NULL };
	struct err err = { 0 };
	int rc = reference_tables_load(ctl, ctl->argument_count > 0 ? ctl->arguments[0] : "current", &walk, &err);

	output_init(&out, ctl->output, COLUMNS_OF_SHOW, ARRAY_LEN(COLUMNS_OF_SHOW));
	for (size_t t = 0; rc == 0 && t < REFERENCE_TABLES; t++) {
		output_text(&out, slice_of(reference_file((enum reference_table)t)));
		output_number(&out, reference_tables_rows(strbuf_slice(&walk.tables[t])));
		output_number(&out, (int64_t)walk.tables[t].n);
	}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	reference_tables_release(&walk);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- export ---- */

static int write_table(const char *dir, enum reference_table table, struct slice csv, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf path;

	strbuf_init(&path, 4096);
	strbuf_add_printf(&path, "%s/%s", dir, reference_file(table));
	FILE *file = strbuf_ok(&path) ? fopen(strbuf_text(&path), "we") : NULL;
	bool is_whole = file && fwrite(csv.p, 1, csv.n, file) == csv.n;

	if (file && fclose(file) != 0)
		is_whole = false;
	return is_whole ? 0
			: err_set(err, ERR_DATA, "file", "%s/%s cannot be written: %s", dir, reference_file(table),
				  strerror(errno));
}

int run_reference_export(struct ctl *ctl)
{
	const char *dir = ctl->options[OPTION_OUT];
	struct reference_walk walk = { .wanted = NULL };
	struct err err = { 0 };
	int rc = reference_tables_load(ctl, ctl->arguments[0], &walk, &err);

	if (rc == 0 && mkdir(dir, 0777) != 0 && errno != EEXIST)
		rc = err_set(&err, ERR_DATA, "file", "%s cannot be made: %s", dir, strerror(errno));
	for (size_t t = 0; rc == 0 && t < REFERENCE_TABLES; t++)
		rc = write_table(dir, (enum reference_table)t, strbuf_slice(&walk.tables[t]), &err);
	reference_tables_release(&walk);
	if (rc != 0)
		return ctl_fail(&err);
	printf("%s: the six tables of %s\n", dir, ctl->arguments[0]);
	return 0;
}

/* ---- diff ---- */

struct lines {
	struct slice *items;
	size_t count;
};

static int compare_lines(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Sorted, without the header. items are the caller's to free. */
static int sort_lines(struct slice csv, struct lines *ret, struct err *err)
{
	ret->items = calloc((size_t)reference_tables_rows(csv) + 2, sizeof *ret->items);
	ret->count = 0;
	if (!ret->items)
		return err_set(err, ERR_FATAL, "memory", "no memory for the rows of a table");
	for (bool is_header = true; csv.n > 0; is_header = false) {
		const char *end = memchr(csv.p, '\n', csv.n);
		struct slice line = slice_cut(&csv, end ? (size_t)(end - csv.p) : csv.n);

		csv = end ? slice_from(csv, 1) : csv;
		if (!is_header && line.n > 0)
			ret->items[ret->count++] = line;
	}
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_lines);
	return 0;
}

static void add_difference(struct output *out, enum reference_table table, const char *change, struct slice row)
{
	output_text(out, slice_of(reference_file(table)));
	output_text(out, slice_of(change));
	output_text(out, row);
	output_text(out, slice_make(row.p, MIN(row.n, (size_t)SHOWN_COLUMNS)));
}

static int diff_table(enum reference_table table, struct slice before, struct slice after, struct output *out,
		      struct err *err)
{
	struct lines a = { 0 }, b = { 0 };
	size_t i = 0, j = 0;
	int rc = sort_lines(before, &a, err);

	if (rc == 0)
		rc = sort_lines(after, &b, err);
	while (rc == 0 && (i < a.count || j < b.count)) {
		int order = i == a.count ? 1 : j == b.count ? -1 : slice_compare(a.items[i], b.items[j]);

		if (order < 0)
			add_difference(out, table, "removed", a.items[i]);
		else if (order > 0)
			add_difference(out, table, "added", b.items[j]);
		i += order <= 0;
		j += order >= 0;
	}
	free(a.items);
	free(b.items);
	return rc;
}

int run_reference_diff(struct ctl *ctl)
{
	static const struct output_column COLUMNS_OF_DIFF[] = {
		{ "table", "table", COLUMN_TEXT },
		{ "change", "change", COLUMN_TEXT },
		{ "row", NULL, COLUMN_TEXT },
		{ NULL, "row", COLUMN_TEXT },
	};
	CLEANUP(output_release) struct output out = { 0 };
	struct reference_walk before = { .wanted = NULL }, after = { .wanted = NULL };
	struct err err = { 0 };
	int rc = reference_tables_load(ctl, ctl->argument_count > 0 ? ctl->arguments[0] : "current", &before, &err);

	if (rc == 0)
		rc = reference_tables_load(ctl, ctl->argument_count > 1 ? ctl->arguments[1] : "imported", &after, &err);
	output_init(&out, ctl->output, COLUMNS_OF_DIFF, ARRAY_LEN(COLUMNS_OF_DIFF));
	for (size_t t = 0; rc == 0 && t < REFERENCE_TABLES; t++)
		rc = diff_table((enum reference_table)t, strbuf_slice(&before.tables[t]),
				strbuf_slice(&after.tables[t]), &out, &err);
	size_t differences = out.rows;

	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	reference_tables_release(&before);
	reference_tables_release(&after);
	if (rc != 0)
		return ctl_fail(&err);
	return differences == 0 ? 0 : EXIT_ANSWER_IS_NO;
}
