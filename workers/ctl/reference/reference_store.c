/* reference_store: reference import and publish. An import replaces whole tables; a snapshot is what was published. */
#include "ctl/reference/reference_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "kafka/kafka_producer.h"
#include "model/reference.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

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

static int read_tables(const char *dir, struct strbuf files[REFERENCE_TABLES], struct err *err)
{
	char path[4096];
	int rc = 0;

	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++) {
		snprintf(path, sizeof path, "%s/%s", dir, reference_file((enum reference_table)table));
		rc = ctl_read_file(path, &files[table], err);
	}
	return rc;
}

static int store_tables(struct ctl *ctl, const struct strbuf files[REFERENCE_TABLES], const struct reference *reference,
			struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	int rc = ctl_connect(ctl, true, &link, err);

	if (rc == 0)
		rc = pg_script(link, "begin", err);
	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++)
		rc = store_table(link, (enum reference_table)table, strbuf_slice(&files[table]),
				 reference_rows(reference, (enum reference_table)table), err);
	return rc == 0 ? pg_script(link, "commit", err) : rc;
}

int run_reference_import(struct ctl *ctl, int argc, char **argv)
{
	struct strbuf files[REFERENCE_TABLES];
	struct slice csv[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct err err = { 0 };

	if (ctl_options(ctl, argc, argv, NULL, 0, 1, 1) < 0)
		return EXIT_USAGE;
	for (int table = 0; table < REFERENCE_TABLES; table++)
		strbuf_init(&files[table], TABLE_BYTES_MAX);
	int rc = read_tables(argv[1], files, &err);

	for (int table = 0; table < REFERENCE_TABLES; table++)
		csv[table] = strbuf_slice(&files[table]);
	if (rc == 0)
		rc = reference_build(csv, &reference, &err);
	if (rc == 0)
		rc = store_tables(ctl, files, reference, &err);
	for (int table = 0; rc == 0 && table < REFERENCE_TABLES; table++)
		printf("%-26s %7zu rows\n", reference_file((enum reference_table)table),
		       reference_rows(reference, (enum reference_table)table));
	for (int table = 0; table < REFERENCE_TABLES; table++)
		strbuf_release(&files[table]);
	reference_free(reference);
	return rc == 0 ? 0 : ctl_fail(&err);
}

static void take_report(void *self, const struct kafka_report *report)
{
	*(struct kafka_report *)self = *report;
}

static int publish_snapshot(struct ctl *ctl, const struct wire_reference_snapshot *snapshot, struct err *err)
{
	struct kafka_producer_options options = { .message_bytes_max = SNAPSHOT_BYTES_MAX,
						  .delivery_timeout_ms = CTL_WAIT_MS,
						  .queue_bytes_max = 2 * SNAPSHOT_BYTES_MAX,
						  .compression = "lz4" };
	struct kafka_report report = { .error = ERR_RETRY, .code = "timeout" };
	struct kafka_producer *producer;
	struct strbuf message;
	char version[64];
	int rc = kafka_producer_open(&ctl->kafka, &options, take_report, &report, &producer, err);

	if (rc != 0)
		return rc;
	strbuf_init(&message, SNAPSHOT_BYTES_MAX);
	frame_put(&message, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(&message, snapshot);
	num_to_hex(snapshot->version, sizeof snapshot->version, version);
	if (!strbuf_ok(&message))
		rc = err_set(err, ERR_DATA, "snapshot", "the six tables together are larger than a message may be");
	if (rc == 0)
		rc = kafka_producer_put(producer, ctl->config.topic.reference, 0, slice_make(version, sizeof version),
					strbuf_slice(&message), NULL, 0, NULL, err);
	if (rc == 0)
		rc = kafka_producer_flush(producer, CTL_WAIT_MS, err);
	if (rc == 0 && report.error != 0)
		rc = err_set(err, (enum err_kind)report.error, report.code, "Kafka did not take the snapshot");
	kafka_producer_close(producer);
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

int run_reference_publish(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct slice csv[REFERENCE_TABLES];
	struct reference *reference = NULL;
	struct wire_reference_snapshot snapshot = { .published_ms = clock_wall_ms(),
						    .tables = { .items = csv, .count = REFERENCE_TABLES } };
	struct pg_params params;
	struct err err = { 0 };
	char version[65] = "";

	if (ctl_options(ctl, argc, argv, NULL, 0, 0, 0) < 0)
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = load_tables(ctl, link, csv, &err);
	if (rc == 0)
		rc = reference_build(csv, &reference, &err);
	if (rc == 0) {
		memcpy(snapshot.version, reference_version(reference), sizeof snapshot.version);
		rc = publish_snapshot(ctl, &snapshot, &err);
	}
	reference_free(reference);
	if (rc != 0)
		return ctl_fail(&err);
	pg_params_reset(&params);
	pg_add_bytes(&params, slice_make(snapshot.version, sizeof snapshot.version));
	if (pg_exec(link, NULL, "insert into register.reference_snapshot (version) values ($1) on conflict do nothing",
		    &params, NULL, NULL, &err) != 0)
		return ctl_fail(&err);
	num_to_hex(snapshot.version, sizeof snapshot.version, version);
	printf("published reference snapshot %s\n", version);
	return 0;
}
