#include "register_fixture.h"

#include "base/num.h"

#include <dirent.h>
#include <stdlib.h>

enum { SQL_BYTES_MAX = 65536 };

static char kept[1024]; /* the newest connection's */

static struct pg_link *connect_to(const char *conninfo)
{
	struct pg_link *link = NULL;
	struct err err = { 0 };

	snprintf(kept, sizeof kept, "%s", conninfo);
	struct pg_options options = { .conninfo = kept,
				      .application = "register_it",
				      .connect_ms = 30000,
				      .lock_ms = 30000,
				      .idle_transaction_ms = 60000 };

	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	return link;
}

struct pg_link *register_open(void)
{
	const char *admin = fixture_server("INSTROOM_PG_ADMIN");
	char name[64], sql[128], conninfo[1024];
	struct err err = { 0 };
	struct pg_link *link = connect_to(admin);

	fixture_name(name, sizeof name);
	snprintf(sql, sizeof sql, "create database \"%s\"", name);
	ASSERT_OK(pg_script(link, sql, &err));
	pg_link_close(link);
	snprintf(conninfo, sizeof conninfo, "%s dbname=%s", admin, name);
	return connect_to(conninfo);
}

struct pg_link *register_open_again(void)
{
	char conninfo[sizeof kept];

	memcpy(conninfo, kept, sizeof kept);
	return connect_to(conninfo);
}

static void run_file(struct pg_link *link, const char *name)
{
	static char sql[SQL_BYTES_MAX];
	char path[512];
	struct err err = { 0 };

	snprintf(path, sizeof path, "%s/%s", SCHEMAS_SQL_DIR, name);
	FILE *file = fopen(path, "r");

	cr_assert(file, "%s", path);
	size_t n = fread(sql, 1, sizeof sql - 1, file);

	fclose(file);
	cr_assert_lt(n, sizeof sql - 1, "%s is larger than this test reads", path);
	sql[n] = '\0';
	cr_assert_eq(pg_script(link, sql, &err), 0, "%s: %s", name, err.text);
}

static int is_sql(const struct dirent *entry)
{
	return strstr(entry->d_name, ".sql") != NULL;
}

void register_migrate(struct pg_link *link, int first, int last)
{
	struct dirent **files;
	int count = scandir(SCHEMAS_SQL_DIR, &files, is_sql, alphasort);

	cr_assert_gt(count, 0);
	for (int i = 0; i < count; i++) {
		uint64_t number = 0;

		cr_assert(num_parse_u64(slice_make(files[i]->d_name, 4), MIGRATION_LAST, &number), "%s",
			  files[i]->d_name);
		if (number >= (uint64_t)first && number <= (uint64_t)last)
			run_file(link, files[i]->d_name);
		free(files[i]);
	}
	free(files);
}

struct pg_rows *register_ask(struct pg_link *link, const char *sql)
{
	struct pg_rows *rows = NULL;
	struct err err = { 0 };

	cr_assert_eq(pg_exec(link, NULL, sql, NULL, &rows, NULL, &err), 0, "%s: %s", sql, err.text);
	return rows;
}
