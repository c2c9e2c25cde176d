/* reference_look: reference list, show, diff and export: the versions that were published, and the tables as imported.
 *
 * No header: the commands stand in reference_commands.h. */
#include "ctl/reference/reference_commands.h"

#include "base/log.h"
#include "ctl/reference/reference_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { TIME_BYTES = 80, SHOWN_COLUMNS = 48, SHOWN_VERSION = 12, TOLD_BYTES = 1 << 16 };

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

/* Who published a version, and why, the last time. The versions themselves stand in their topic: while the register is
 * away they are shown without. */
struct publications {
	struct pg_rows *rows; /* version in hex, who, reason, at; who and reason as text shows them. NULL: not known */
};

static void drop_publications(struct publications *publications)
{
	if (publications->rows)
		pg_rows_free(publications->rows);
}

static void read_publications(struct ctl *ctl, struct publications *ret)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "select distinct on (version) encode(version, 'hex'), who, reason, " CTL_SQL_TIME(
				     "at") ", left(who, 10), left(reason, 22) from register.reference_publication"
					   " order by version, published_at is null, id desc",
			     NULL, &ret->rows, NULL, &err);
	if (rc != 0)
		fprintf(stderr, "instroomctl: by whom and why versions were published is not known now: %s\n",
			err.text);
}

/* -1: nothing is known of it. */
static int find_publication(const struct publications *publications, const char *hex)
{
	for (size_t i = 0; publications->rows && i < pg_rows_count(publications->rows); i++)
		if (slice_equal_text(pg_get_bytes(publications->rows, i, 0), hex))
			return (int)i;
	return -1;
}

static struct slice publication_column(const struct publications *publications, int row, int column)
{
	return row < 0 ? slice_of("") : pg_get_bytes(publications->rows, (size_t)row, column);
}

/* Text shortens both: a row has 80 columns. */
static void add_publication(struct output *out, const struct publications *publications, int row)
{
	output_text(out, publication_column(publications, row, 1));
	output_text(out, publication_column(publications, row, 4));
	output_text(out, publication_column(publications, row, 2));
	output_text(out, publication_column(publications, row, 5));
}

int run_reference_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS_OF_LIST[] = {
		{ NULL, "version", COLUMN_TEXT },
		{ "version", NULL, COLUMN_TEXT },
		{ "published_at", "published", COLUMN_TEXT },
		{ "in_force", "in force", COLUMN_FLAG },
		{ "boards", NULL, COLUMN_NUMBER },
		{ "schools", NULL, COLUMN_NUMBER },
		{ "who", NULL, COLUMN_TEXT },
		{ NULL, "who", COLUMN_TEXT },
		{ "reason", NULL, COLUMN_TEXT },
		{ NULL, "reason", COLUMN_TEXT },
	};
	CLEANUP(drop_publications) struct publications publications = { 0 };
	CLEANUP(output_release) struct output out = { 0 };
	struct reference_walk walk = { .wanted = NULL };
	struct err err = { 0 };
	char at[TIME_BYTES];
	int rc = reference_tables_walk(ctl, &walk, &err);

	output_init(&out, ctl->output, COLUMNS_OF_LIST, ARRAY_LEN(COLUMNS_OF_LIST));
	if (rc == 0 && walk.count > 0)
		read_publications(ctl, &publications);
	for (size_t i = 0; rc == 0 && i < walk.count; i++) {
		const struct reference_entry *version = &walk.versions[i];
		int publication = find_publication(&publications, version->hex);

		output_text(&out, slice_make(version->hex, SHOWN_VERSION));
		output_text(&out, slice_of(version->hex));
		time_text(version->published_ms, at);
		output_text(&out, slice_of(at));
		output_flag(&out, i + 1 == walk.count);
		output_number(&out, version->rows[0]);
		output_number(&out, version->rows[1]);
		add_publication(&out, &publications, publication);
	}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	reference_tables_release(&walk);
	return rc == 0 ? 0 : ctl_fail(&err);
}

static void tell_publication(struct ctl *ctl, const char *hex)
{
	CLEANUP(drop_publications) struct publications publications = { 0 };
	CLEANUP(strbuf_drop) struct strbuf who, why;

	read_publications(ctl, &publications);
	int row = find_publication(&publications, hex);

	strbuf_init(&who, TOLD_BYTES);
	strbuf_init(&why, TOLD_BYTES);
	strbuf_add(&who, publication_column(&publications, row, 1));
	strbuf_add(&why, publication_column(&publications, row, 2));
	if (row >= 0)
		fprintf(stderr, "instroomctl: published at %.*s by %s: %s\n",
			(int)publication_column(&publications, row, 3).n, publication_column(&publications, row, 3).p,
			LOG_QUOTED(strbuf_text(&who)), LOG_QUOTED(strbuf_text(&why)));
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
	if (rc == 0 && walk.is_found)
		tell_publication(ctl, walk.found);
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
