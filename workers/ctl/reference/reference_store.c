/* reference_store: reference import and publish. An import replaces whole tables; a snapshot is what was published.
 *
 * No header: run_reference_import and run_reference_publish stand in reference_commands.h. */
#include "ctl/reference/reference_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/base/publish.h"
#include "ctl/reference/plausible.h"
#include "model/reference.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

#include <unistd.h>

enum { TABLE_BYTES_MAX = 16 << 20, SNAPSHOT_BYTES_MAX = 32 << 20 };

static int store_table(struct pg_link *link, enum reference_table table, struct slice csv, size_t rows, struct err *err)
{
	struct pg_params params;
	uint8_t sha256[32];

	sha256_of(csv, sha256);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(reference_file(table)));
	pg_add_bytes(&params, slice_make(sha256, sizeof sha256));
	pg_add_bytes(&params, csv);
	pg_add_i32(&params, (int32_t)rows);
	return pg_exec(link, NULL,
		       "insert into register.reference_table (name, version, body, rows) values ($1, $2, $3, $4)"
		       " on conflict (name) do update set version = $2, body = $3, rows = $4, imported_at = now()"
		       " where register.reference_table.version <> $2",
		       &params, NULL, NULL, err);
}

/* A table that was cut at a line end is sound CSV; what shows it is that it shrinks. */
static int check_size(struct pg_link *link, enum reference_table table, size_t rows, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *before = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(reference_file(table)));
	int rc = pg_exec(link, NULL, "select rows from register.reference_table where name = $1", &params, &before,
			 NULL, err);

	if (rc != 0 || pg_rows_count(before) == 0 || plausible_size(pg_get_i32(before, 0, 0), (int64_t)rows))
		return rc;
	return err_set(err, ERR_DATA, "implausible",
		       "%s has %zu rows, and %d before: is it cut off? (--allow-smaller takes it)",
		       reference_file(table), rows, pg_get_i32(before, 0, 0));
}

static bool ends_with_line_end(const struct strbuf *file)
{
	return file->n == 0 || file->p[file->n - 1] == '\n' || file->p[file->n - 1] == '\r';
}

static int read_tables(const char *dir, struct strbuf files[REFERENCE_TABLES], struct err *err)
{
	char path[4096];
	int rc = 0;

	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++) {
		snprintf(path, sizeof path, "%s/%s", dir, reference_file((enum reference_table)table));
		rc = ctl_read_file(path, &files[table], err);
		if (rc == 0 && !ends_with_line_end(&files[table]))
			rc = err_set(err, ERR_DATA, "cut", "%s has no line end at its end: it is cut off",
				     reference_file((enum reference_table)table));
	}
	return rc;
}

static int store_tables(struct ctl *ctl, const struct strbuf files[REFERENCE_TABLES], const struct reference *reference,
			struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	int rc = ctl_connect(ctl, true, &link, err);

	if (rc == 0)
		rc = pg_begin(link, err);
	for (int table = 0; rc == 0 && table < REFERENCE_TABLES && !ctl_has(ctl, OPTION_ALLOW_SMALLER); table++)
		rc = check_size(link, (enum reference_table)table,
				reference_rows(reference, (enum reference_table)table), err);
	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++)
		rc = store_table(link, (enum reference_table)table, strbuf_slice(&files[table]),
				 reference_rows(reference, (enum reference_table)table), err);
	return rc == 0 ? pg_script(link, "commit", err) : rc;
}

static int print_tables(const struct ctl *ctl, const struct reference *reference, struct err *err)
{
	static const struct output_column TABLE_COLUMNS[] = { { "table", "table", COLUMN_TEXT },
							      { "rows", "rows", COLUMN_NUMBER } };
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, ctl->output, TABLE_COLUMNS, ARRAY_LEN(TABLE_COLUMNS));
	for (int table = 0; table < REFERENCE_TABLES; table++) {
		output_text(&out, slice_of(reference_file((enum reference_table)table)));
		output_number(&out, (int64_t)reference_rows(reference, (enum reference_table)table));
	}
	return output_print(&out, stdout, err);
}

int run_reference_import(struct ctl *ctl)
{
	struct strbuf files[REFERENCE_TABLES];
	struct slice csv[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct err err = { 0 };

	for (int table = 0; table < REFERENCE_TABLES; table++)
		strbuf_init(&files[table], TABLE_BYTES_MAX);
	int rc = read_tables(ctl->arguments[0], files, &err);

	for (int table = 0; table < REFERENCE_TABLES; table++)
		csv[table] = strbuf_slice(&files[table]);
	if (rc == 0)
		rc = reference_build(csv, &reference, &err);
	if (rc == 0)
		rc = store_tables(ctl, files, reference, &err);
	if (rc == 0)
		rc = print_tables(ctl, reference, &err);
	for (int table = 0; table < REFERENCE_TABLES; table++)
		strbuf_release(&files[table]);
	reference_free(reference);
	return rc == 0 ? 0 : ctl_fail(&err);
}

static int publish_snapshot(struct ctl *ctl, const struct wire_reference_snapshot *snapshot, struct err *err)
{
	struct strbuf message;
	char version[64];
	int rc = 0;

	strbuf_init(&message, SNAPSHOT_BYTES_MAX);
	frame_put(&message, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(&message, snapshot);
	num_to_hex(snapshot->version, sizeof snapshot->version, version);
	if (message.is_out_of_memory)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for the snapshot");
	else if (!strbuf_ok(&message))
		rc = err_set(err, ERR_DATA, "snapshot", "the six tables together are larger than a message may be");
	if (rc == 0)
		rc = publish_one(ctl,
				 &(struct publish_message){ .what = "the snapshot",
							    .topic = ctl->config.topic.reference,
							    .partition = 0,
							    .key = slice_make(version, sizeof version),
							    .value = strbuf_slice(&message) },
				 err);
	strbuf_release(&message);
	return rc;
}

/* All six as one import left them: read committed would see another that commits in between. */
static int load_tables(struct ctl *ctl, struct pg_link *link, struct slice csv[REFERENCE_TABLES], struct err *err)
{
	int rc = pg_script(link, "begin isolation level repeatable read read only", err);

	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++) {
		CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
		struct pg_params params;

		pg_params_reset(&params);
		pg_add_text(&params, slice_of(reference_file((enum reference_table)table)));
		rc = pg_exec(link, NULL, "select body from register.reference_table where name = $1", &params, &rows,
			     NULL, err);
		if (rc == 0 && pg_rows_count(rows) == 0)
			rc = err_set(err, ERR_DATA, "reference",
				     "no tables are imported yet: run instroomctl reference import DIR");
		if (rc == 0 && !arena_copy(&ctl->arena, pg_get_bytes(rows, 0, 0), &csv[table]))
			rc = err_set(err, ERR_FULL, "arena", "the tables are too large");
	}
	return rc == 0 ? pg_script(link, "commit", err) : rc;
}

/* ---- publish: who and why stand in the register before the snapshot is in its topic ---- */

static int is_first_publication(struct pg_link *link, bool *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL,
			 "select not exists (select from register.reference_snapshot)"
			 " and not exists (select from register.reference_publication where published_at is not null)",
			 NULL, &rows, NULL, err);

	if (rc == 0)
		*ret = pg_get_bool(rows, 0, 0);
	return rc;
}

/* A person at a terminal is asked for it. Scripts of before go on: that they gave none is kept. */
static int find_reason(struct ctl *ctl, struct pg_link *link, const char **ret, struct err *err)
{
	bool is_first = false;
	int rc = 0;

	*ret = ctl->options[OPTION_REASON];
	if (*ret)
		return 0;
	rc = is_first_publication(link, &is_first, err);
	if (rc != 0)
		return rc;
	if (!is_first && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
		return err_set(err, ERR_DATA, "reason", "nothing is published: --reason TEXT says why and publishes");
	if (!is_first)
		fputs("instroomctl: warning: no --reason was given, which reference list will show\n", stderr);
	*ret = is_first ? "the first publication" : "not given";
	return 0;
}

static int record_intent(struct pg_link *link, struct slice version, const char *reason, int64_t *ret_id,
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_bytes(&params, version);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(reason));
	int rc = pg_exec(link, NULL,
			 "insert into register.reference_publication (version, who, reason) values ($1, $2, $3)"
			 " returning id",
			 &params, &rows, NULL, err);

	if (rc == 0)
		*ret_id = pg_get_i64(rows, 0, 0);
	return rc;
}

static int record_publication(struct pg_link *link, struct slice version, int64_t id, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_bytes(&params, version);
	int rc = pg_exec(link, NULL,
			 "insert into register.reference_snapshot (version) values ($1) on conflict do nothing",
			 &params, NULL, NULL, err);

	pg_params_reset(&params);
	pg_add_i64(&params, id);
	return rc != 0 ? rc
		       : pg_exec(link, NULL,
				 "update register.reference_publication set published_at = now() where id = $1",
				 &params, NULL, NULL, err);
}

static int publish_imported(struct ctl *ctl, struct pg_link *link, struct wire_reference_snapshot *snapshot,
			    struct slice csv[REFERENCE_TABLES], struct err *err)
{
	struct slice version = slice_make(snapshot->version, sizeof snapshot->version);
	struct reference *reference = NULL;
	const char *reason = NULL;
	int64_t id = 0;
	int rc = load_tables(ctl, link, csv, err);

	if (rc == 0)
		rc = reference_build(csv, &reference, err);
	if (rc == 0) {
		memcpy(snapshot->version, reference_version(reference), sizeof snapshot->version);
		rc = find_reason(ctl, link, &reason, err);
	}
	reference_free(reference);
	if (rc == 0)
		rc = record_intent(link, version, reason, &id, err);
	if (rc == 0)
		rc = publish_snapshot(ctl, snapshot, err);
	return rc == 0 ? record_publication(link, version, id, err) : rc;
}

int run_reference_publish(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct slice csv[REFERENCE_TABLES];
	struct wire_reference_snapshot snapshot = { .published_ms = clock_wall_ms(),
						    .tables = { .items = csv, .count = REFERENCE_TABLES } };
	struct err err = { 0 };
	char version[65] = "";
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = publish_imported(ctl, link, &snapshot, csv, &err);
	if (rc != 0)
		return ctl_fail(&err);
	num_to_hex(snapshot.version, sizeof snapshot.version, version);
	printf("published reference snapshot %s\n", version);
	return 0;
}
