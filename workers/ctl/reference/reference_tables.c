#include "ctl/reference/reference_tables.h"

#include "base/num.h"
#include "ctl/base/topic_walk.h"
#include "kafka/kafka_reader.h"
#include "protocol/frame.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

#include <stdlib.h>

enum {
	TABLE_BYTES_MAX = 32 << 20,
	ARENA_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 1 << 20,
};

int64_t reference_tables_rows(struct slice csv)
{
	int64_t lines = 0;

	for (size_t i = 0; i < csv.n; i++)
		lines += csv.p[i] == '\n';
	return MAX(lines - 1, (int64_t)0);
}

static void keep_tables(struct reference_walk *walk, const struct reference_entry *version,
			const struct wire_reference_snapshot *snapshot)
{
	if (!walk->wanted || strncmp(version->hex, walk->wanted, strlen(walk->wanted)) != 0)
		return;
	walk->is_ambiguous |= walk->is_found && walk->wanted[0] && strcmp(walk->found, version->hex) != 0;
	walk->is_found = true;
	memcpy(walk->found, version->hex, sizeof walk->found);
	for (size_t t = 0; t < REFERENCE_TABLES; t++) {
		strbuf_reset(&walk->tables[t]);
		strbuf_add(&walk->tables[t], snapshot->tables.items[t]);
	}
}

static int note_version(void *self, const struct kafka_message *message, struct err *err)
{
	struct reference_walk *walk = self;
	struct wire_reference_snapshot snapshot;
	struct reference_entry version = { .hex = "" };
	struct slice body;
	uint64_t schema;

	arena_reset(&walk->arena);
	if (frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_reference_snapshot_decode_as(schema, body, &walk->arena, &snapshot, NULL) != 0 ||
	    snapshot.tables.count != REFERENCE_TABLES)
		return 0;
	num_to_hex(snapshot.version, REFERENCE_VERSION_BYTES, version.hex);
	version.published_ms = snapshot.published_ms;
	for (size_t t = 0; t < REFERENCE_TABLES; t++)
		version.rows[t] = reference_tables_rows(snapshot.tables.items[t]);
	struct reference_entry *grown = reallocarray(walk->versions, walk->count + 1, sizeof *grown);

	if (!grown)
		return err_set(err, ERR_FATAL, "memory", "no memory for reference versions");
	walk->versions = grown;
	walk->versions[walk->count++] = version;
	keep_tables(walk, &version, &snapshot);
	return 0;
}

int reference_tables_walk(struct ctl *ctl, struct reference_walk *walk, struct err *err)
{
	const char *topic = ctl->config.topic.reference;
	struct kafka_reader *reader = NULL;
	struct kafka_topic_range range;
	int rc = arena_init(&walk->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	for (size_t t = 0; t < REFERENCE_TABLES; t++)
		strbuf_init(&walk->tables[t], TABLE_BYTES_MAX);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, err);
	if (rc == 0)
		rc = kafka_reader_range(reader, topic, 0, CTL_WAIT_MS, &range, err);
	if (rc == 0 && range.low < range.high)
		rc = topic_walk(reader, topic, 0, range.low, range.high, note_version, walk, err);
	if (reader)
		kafka_reader_close(reader);
	return rc;
}

static int load_imported(struct ctl *ctl, struct reference_walk *walk, struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ctl_connect(ctl, false, &link, err);

	for (size_t t = 0; t < REFERENCE_TABLES; t++)
		strbuf_init(&walk->tables[t], TABLE_BYTES_MAX);
	if (rc == 0)
		rc = pg_exec(link, NULL, "select name, body from register.reference_table", NULL, &rows, NULL, err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		for (size_t t = 0; t < REFERENCE_TABLES; t++)
			if (slice_equal_text(pg_get_bytes(rows, i, 0), reference_file((enum reference_table)t)))
				strbuf_add(&walk->tables[t], pg_get_bytes(rows, i, 1));
	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "unknown", "no tables are imported");
	return rc;
}

int reference_tables_load(struct ctl *ctl, const char *name, struct reference_walk *walk, struct err *err)
{
	if (strcmp(name, "imported") == 0)
		return load_imported(ctl, walk, err);
	walk->wanted = strcmp(name, "current") == 0 ? "" : name;
	if (!name[0])
		return err_set(err, ERR_DATA, "unknown", "a version is named by its first digits, current or imported");
	int rc = reference_tables_walk(ctl, walk, err);

	if (rc == 0 && !walk->is_found)
		rc = err_set(err, ERR_DATA, "unknown", "no published version begins with %s", name);
	if (rc == 0 && walk->is_ambiguous)
		rc = err_set(err, ERR_DATA, "unknown", "more than one published version begins with %s", name);
	for (size_t t = 0; rc == 0 && t < REFERENCE_TABLES; t++)
		rc = strbuf_check(&walk->tables[t], "a reference table", err);
	return rc;
}

void reference_tables_release(struct reference_walk *walk)
{
	arena_release(&walk->arena);
	free(walk->versions);
	for (size_t t = 0; t < REFERENCE_TABLES; t++)
		strbuf_release(&walk->tables[t]);
}
