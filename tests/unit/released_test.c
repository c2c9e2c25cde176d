/* What was released is what this build holds: schemas/released.txt row by row against the schemas and migrations built
 * in. */
#include "base/num.h"
#include "ctl/setup/migrations.h"
#include "model/teacher_key.h"
#include "wire/gen/types.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE TEST_DATA_DIR "/../schemas/released.txt"
#define GUIDE TEST_DATA_DIR "/../docs/upgrade.md"

enum { ROWS_MAX = 256 };

struct row {
	char kind[16], name[64], value[2 * 32 + 1];
	unsigned version; /* of a schema */
};

static struct row rows[ROWS_MAX];
static size_t row_count;

static void read_table(void)
{
	FILE *file = fopen(TABLE, "r");
	char line[512];

	cr_assert(file, "there is no %s", TABLE);
	while (fgets(line, sizeof line, file)) {
		struct row row = { .version = 0 };
		bool is_schema = strncmp(line, "schema ", 7) == 0;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		int read = is_schema ? sscanf(line, "%15s %63s %u %64s", row.kind, row.name, &row.version, row.value)
				     : sscanf(line, "%15s %63s %64s", row.kind, row.name, row.value);

		cr_assert_eq(read, is_schema ? 4 : 3, "not a row: %s", line);
		cr_assert_lt(row_count, ROWS_MAX);
		rows[row_count++] = row;
	}
	fclose(file);
	cr_assert_gt(row_count, 0);
}

static const struct wire_schema *find_schema(const struct row *row)
{
	for (size_t i = 0; i < WIRE_SCHEMAS_COUNT; i++)
		if (strcmp(WIRE_SCHEMAS[i].name, row->name) == 0 && WIRE_SCHEMAS[i].version == row->version)
			return &WIRE_SCHEMAS[i];
	return NULL;
}

static const struct migration *find_migration(const struct row *row)
{
	for (size_t i = 0; i < MIGRATION_COUNT; i++)
		if (strcmp(MIGRATIONS[i].name, row->name) == 0)
			return &MIGRATIONS[i];
	return NULL;
}

Test(released, schemas_are_as_they_were_released, .init = read_table)
{
	for (size_t i = 0; i < row_count; i++) {
		if (strcmp(rows[i].kind, "schema") != 0)
			continue;
		const struct wire_schema *schema = find_schema(&rows[i]);

		cr_expect(schema, "%s-%u was released: logs hold it, and this build must read it", rows[i].name,
			  rows[i].version);
		cr_expect(!schema || schema->fingerprint == strtoull(rows[i].value, NULL, 16),
			  "%s-%u was released as %s and is now %016" PRIx64 ": put it back and make version %u",
			  rows[i].name, rows[i].version, rows[i].value, schema ? schema->fingerprint : 0,
			  rows[i].version + 1);
	}
}

Test(released, migrations_are_as_they_were_released, .init = read_table)
{
	for (size_t i = 0; i < row_count; i++) {
		const struct migration *migration = find_migration(&rows[i]);
		uint8_t sha256[32];
		char hex[2 * 32 + 1] = "";

		if (strcmp(rows[i].kind, "schema") == 0)
			continue;
		cr_assert(migration, "%s was released: registers have it", rows[i].name);
		if (strcmp(rows[i].kind, "earlier") == 0) {
			cr_expect(strstr(migration->earlier, rows[i].value), "%s: the form %s is not taken for it",
				  rows[i].name, rows[i].value);
			continue;
		}
		cr_assert_str_eq(rows[i].kind, "migration");
		sha256_of(slice_of(migration->sql), sha256);
		num_to_hex(sha256, sizeof sha256, hex);
		cr_expect_str_eq(hex, rows[i].value,
				 "%s was released as %s and is now %s: put it back and write a new migration",
				 rows[i].name, rows[i].value, hex);
	}
}

/* A new version beside a released one, or a new migration behind them, is fine; one in the middle would never be
 * applied to a register that is past it. */
Test(released, new_migrations_come_behind_the_released_ones, .init = read_table)
{
	const char *last = "";

	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].kind, "migration") == 0 && strcmp(rows[i].name, last) > 0)
			last = rows[i].name;
	for (size_t i = 0; i < MIGRATION_COUNT; i++) {
		bool is_released = false;

		for (size_t k = 0; k < row_count; k++)
			is_released |= strcmp(rows[k].kind, "migration") == 0 &&
				       strcmp(rows[k].name, MIGRATIONS[i].name) == 0;
		cr_expect(is_released || strcmp(MIGRATIONS[i].name, last) > 0, "%s comes before %s, which is released",
			  MIGRATIONS[i].name, last);
	}
}

/* Whoever upgrades takes a backup before them, and may not learn of one afterwards. */
Test(released, the_guide_names_migrations_up_to_the_newest)
{
	char line[512], words[64];
	FILE *file = fopen(GUIDE, "r");
	bool is_named = false;

	cr_assert(file, "there is no %s", GUIDE);
	snprintf(words, sizeof words, " to %.4s are applied", MIGRATIONS[MIGRATION_COUNT - 1].name);
	while (fgets(line, sizeof line, file))
		is_named |= strstr(line, "migrations 0") && strstr(line, words);
	fclose(file);
	cr_expect(is_named, "docs/upgrade.md says of no migrations that those%s", words);
}
