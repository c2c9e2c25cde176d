#include "ctl/reference/plausible.h"

#include <stdlib.h>

enum { SMALL_ROWS = 100, MOST = 66, NEARLY_ALL = 95 };

/* A column of a list, rising and each value once. */
struct values {
	struct slice *items;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool holds(const struct values *values, struct slice wanted)
{
	return values->count > 0 && bsearch(&wanted, values->items, values->count, sizeof wanted, compare) != NULL;
}

static bool begin(struct values *values, size_t capacity, struct arena *arena)
{
	*values = (struct values){ .items = arena_take(arena, capacity + 1, sizeof *values->items) };
	return values->items != NULL;
}

static void settle(struct values *values)
{
	size_t kept = 0;

	if (values->count > 0)
		qsort(values->items, values->count, sizeof *values->items, compare);
	for (size_t i = 0; i < values->count; i++)
		if (kept == 0 || !slice_equal(values->items[kept - 1], values->items[i]))
			values->items[kept++] = values->items[i];
	values->count = kept;
}

static void add_column(struct values *values, const struct duo_file *file, size_t column)
{
	for (size_t i = 0; i < file->row_count; i++)
		values->items[values->count++] = duo_file_cell(file, i, column);
}

static size_t count_held(const struct values *values, const struct values *in)
{
	size_t count = 0;

	for (size_t i = 0; i < values->count; i++)
		count += holds(in, values->items[i]);
	return count;
}

/* Of a hundred so many at least. */
static int expect_share(size_t held, size_t of, size_t least, const char *list, const char *what, struct err *err)
{
	if (held * 100 >= of * least)
		return 0;
	return err_set(err, ERR_DATA, "implausible",
		       "%s: it has %zu of %zu %s: is it cut off? (--allow-smaller takes it)", list, held, of, what);
}

/* Where DUO's own lists have four fifths. */
static int expect_most(size_t held, size_t of, const char *list, const char *what, struct err *err)
{
	return expect_share(held, of, MOST, list, what, err);
}

/* Where DUO's own lists have nearly all; of a handful, as in a test, less. */
static int expect_nearly_all(size_t held, size_t of, const char *list, const char *what, struct err *err)
{
	return expect_share(held, of, of >= SMALL_ROWS ? NEARLY_ALL : MOST, list, what, err);
}

/* The open schools of the register of sites stand in the lists of schools, and the other way about. */
static int compare_schools(const struct duo_lists *lists, struct arena *arena, struct err *err)
{
	const struct duo_file *sites = lists->sites;
	struct values listed, known, open;

	if (!begin(&listed, lists->primary->row_count + lists->secondary->row_count, arena) ||
	    !begin(&known, sites->row_count, arena) || !begin(&open, sites->row_count, arena))
		return err_set(err, ERR_FULL, "arena", "the lists are too large");
	add_column(&listed, lists->primary, 1);
	add_column(&listed, lists->secondary, 1);
	add_column(&known, sites, 0);
	for (size_t i = 0; i < sites->row_count; i++)
		if (duo_file_cell(sites, i, sites->column_count - 1).n == 0)
			open.items[open.count++] = duo_file_cell(sites, i, 0);
	settle(&listed);
	settle(&known);
	settle(&open);
	int rc = expect_nearly_all(count_held(&listed, &known), listed.count, sites->name, "schools of the other lists",
				   err);

	return rc != 0 ? rc
		       : expect_most(count_held(&open, &listed), open.count,
				     "03-alle-vestigingen-bo.csv and instellingenvo.csv",
				     "open schools of the register of sites", err);
}

/* Boards of the last year that the list of boards has, by sector, have schools in the sector's list; whoever has
 * schools is a board. */
static int compare_boards(const struct duo_lists *lists, const struct duo_file *schools, const char *sector,
			  struct arena *arena, struct err *err)
{
	const struct duo_file *boards = lists->boards;
	struct values with_schools, all, last;

	if (!begin(&with_schools, schools->row_count, arena) || !begin(&all, boards->row_count, arena) ||
	    !begin(&last, boards->row_count, arena))
		return err_set(err, ERR_FULL, "arena", "the lists are too large");
	add_column(&with_schools, schools, 0);
	add_column(&all, boards, 0);
	for (size_t i = 0; i < boards->row_count; i++)
		if (slice_equal_text(duo_file_cell(boards, i, 1), "2019") &&
		    slice_equal_text(duo_file_cell(boards, i, 3), sector))
			last.items[last.count++] = duo_file_cell(boards, i, 0);
	settle(&with_schools);
	settle(&all);
	settle(&last);
	int rc = expect_most(count_held(&last, &with_schools), last.count, schools->name, "boards of this sector", err);

	if (rc != 0 || with_schools.count < SMALL_ROWS)
		return rc;
	return expect_nearly_all(count_held(&with_schools, &all), with_schools.count, boards->name,
				 "boards that have schools", err);
}

int plausible_lists(const struct duo_lists *lists, struct arena *arena, struct err *err)
{
	int rc = compare_schools(lists, arena, err);

	if (rc == 0)
		rc = compare_boards(lists, lists->primary, "PO", arena, err);
	return rc == 0 ? compare_boards(lists, lists->secondary, "VO", arena, err) : rc;
}

bool plausible_size(int64_t before, int64_t now)
{
	return before < SMALL_ROWS || now * 10 >= before * 9;
}
