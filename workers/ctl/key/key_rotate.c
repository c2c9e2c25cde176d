/* A rotation of the HMAC key, of teachers who are named by it in log, cache and register:
 *
 *   1. validators start one by one with the new key in hmac.key.file and the old one in hmac.key.old.file. They go on
 *      behind verdicts of the old key; one with the old key alone parks a partition as soon as it meets a verdict of
 *      the new one. So in a partition's log all verdicts that count are of the old key up to some place, and of the new
 *      one from there on
 *   2. a writer comes to that place, sees another key than the register's and parks: all before it is applied, nothing
 *      behind
 *   3. key rotate renames the teachers of the partition's boards, and last the cursor; the writer sees that and goes on
 *   4. key retire, when nothing with the old key can come back
 *
 * A register that is restored from before comes to that place again, and key rotate is run again.
 *
 * No header: the commands stand in key_commands.h. */
#include "ctl/key/key_commands.h"

#include "base/clock.h"
#include "ctl/key/key_register.h"
#include "protocol/log_position.h"

struct rotation {
	struct ctl *ctl;
	struct key_pair keys;
	struct pg_link *link;
	struct kafka_reader *reader;
	struct key_partition *partitions;
	size_t count;
};

static void rotation_close(struct rotation *rotation)
{
	if (rotation->reader)
		kafka_reader_close(rotation->reader);
	pg_link_close(rotation->link);
}

/* The partitions with their states. */
static int rotation_open(struct rotation *rotation, struct ctl *ctl, bool is_owner, struct err *err)
{
	rotation->ctl = ctl;
	int rc = key_pair_read(ctl, &rotation->keys, err);

	if (rc == 0)
		rc = ctl_connect(ctl, is_owner, &rotation->link, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &rotation->reader, err);
	if (rc == 0)
		rc = key_partitions_read(ctl, rotation->link, &rotation->partitions, &rotation->count, err);
	for (size_t i = 0; rc == 0 && i < rotation->count; i++)
		rc = key_partition_find_state(ctl, rotation->reader, &rotation->keys, &rotation->partitions[i], err);
	return rc;
}

/* ---- status ---- */

static const struct output_column STATUS_COLUMNS[] = {
	{ "partition", "partition", COLUMN_NUMBER },
	{ "key_id", "key id", COLUMN_TEXT },
	{ "next_verdict", "next verdict", COLUMN_NUMBER },
	{ "state", "state", COLUMN_TEXT },
};

int run_key_status(struct ctl *ctl)
{
	CLEANUP(rotation_close) struct rotation rotation = { 0 };
	CLEANUP(output_release) struct output out = { 0 };
	struct err err = { 0 };
	bool is_all_present = true;
	int rc = rotation_open(&rotation, ctl, false, &err);

	output_init(&out, ctl->output, STATUS_COLUMNS, ARRAY_LEN(STATUS_COLUMNS));
	for (size_t i = 0; rc == 0 && i < rotation.count; i++) {
		const struct key_partition *partition = &rotation.partitions[i];
		char id[9];

		snprintf(id, sizeof id, "%08x", partition->key_id);
		output_number(&out, partition->partition);
		if (partition->has_key)
			output_text(&out, slice_of(id));
		else
			output_absent(&out);
		output_number(&out, partition->next_verdict);
		output_text(&out, slice_of(key_state_text(partition->state)));
		is_all_present &= partition->state == KEY_PRESENT || partition->state == KEY_EMPTY;
	}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	if (rc != 0)
		return ctl_fail(&err);
	return is_all_present ? 0 : EXIT_ANSWER_IS_NO;
}

/* ---- rotate ---- */

static int rename_boards(struct key_register *reg, const struct key_partition *partition, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, partition->partition);
	int rc = pg_exec(reg->link, NULL, "select board from register.board where partition = $1 order by board",
			 &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		if (stop_is_asked())
			return err_set(err, ERR_STOP, "stop", "stopped between two boards: run key rotate again");
		rc = key_register_rename(reg, partition, pg_get_i32(rows, i, 0), err);
	}
	return rc;
}

static bool may_rename(const struct ctl *ctl, const struct key_partition *partition)
{
	return partition->state == KEY_DUE ||
	       (partition->state == KEY_IDLE && ctl_has(ctl, OPTION_VALIDATORS_ARE_STOPPED));
}

static int rotate_all(struct rotation *rotation, struct key_register *reg, size_t *ret_waiting, struct err *err)
{
	int rc = 0;

	*ret_waiting = 0;
	for (size_t i = 0; rc == 0 && i < rotation->count; i++) {
		const struct key_partition *partition = &rotation->partitions[i];
		int64_t started_ms = clock_wall_ms(), before = reg->teachers;

		if (may_rename(rotation->ctl, partition)) {
			rc = rename_boards(reg, partition, err);
			if (rc == 0)
				rc = key_register_finish(reg, partition, started_ms, reg->teachers - before, err);
			if (rc == 0)
				printf("partition %d: %lld teachers renamed\n", partition->partition,
				       (long long)(reg->teachers - before));
		} else if (partition->state != KEY_PRESENT && partition->state != KEY_EMPTY) {
			printf("partition %d: %s\n", partition->partition, key_state_text(partition->state));
			++*ret_waiting;
		}
	}
	return rc;
}

int run_key_rotate(struct ctl *ctl)
{
	CLEANUP(rotation_close) struct rotation rotation = { 0 };
	struct key_register reg = { .ctl = ctl, .keys = &rotation.keys };
	struct err err = { 0 };
	size_t waiting = 0;
	int rc = rotation_open(&rotation, ctl, true, &err);

	if (rc == 0 && !rotation.keys.has_before)
		rc = err_set(&err, ERR_CONFIG, "hmac.key.old.file",
			     "the settings name no hmac.key.old.file, the key of before");
	reg.link = rotation.link;
	reg.reader = rotation.reader;
	if (rc == 0)
		rc = reference_versions_open(ctl, rotation.reader, &reg.versions, &err);
	if (rc == 0)
		rc = rotate_all(&rotation, &reg, &waiting, &err);
	reference_versions_close(reg.versions);
	if (rc != 0)
		return ctl_fail(&err);
	if (reg.lost_teachers > 0)
		fprintf(stderr,
			"instroomctl: %lld teachers without a row, whom deliveries that wait for a confirmation named, "
			"are no longer in the log\n",
			(long long)reg.lost_teachers);
	return waiting > 0 ? EXIT_ANSWER_IS_NO : 0;
}

/* ---- retire ---- */

struct hindrance {
	const char *sql, *text;
};

/* What of the key before can still come to a writer. */
static const struct hindrance HINDRANCES[] = {
	{ "select count(*) from register.cursor where topic = $1 and key_id is not null and key_id <> $2",
	  "partitions have another key than the present one: instroomctl key rotate" },
	{ "select count(*) from register.delivery d join register.key_rotation r on d.position >= r.from_position"
	  " and d.position < r.below"
	  " where r.topic = $1 and r.new_key_id = $2 and d.state = 2 and d.waiting_key_list is null",
	  "deliveries of before the rotation wait for their confirmation" },
};

static int count_of(struct rotation *rotation, const char *sql, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(rotation->ctl->config.topic.raw));
	pg_add_i32(&params, (int32_t)rotation->keys.now.id);
	int rc = pg_exec(rotation->link, NULL, sql, &params, &rows, NULL, err);

	if (rc == 0)
		*ret = pg_get_i64(rows, 0, 0);
	return rc;
}

/* Partitions whose raw log still holds a delivery of before: it could be replayed. */
static int count_replayable(struct rotation *rotation, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	const char *topic = rotation->ctl->config.topic.raw;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(topic));
	pg_add_i32(&params, (int32_t)rotation->keys.now.id);
	int rc = pg_exec(rotation->link, NULL,
			 "select partition, below from register.key_rotation where topic = $1 and new_key_id = $2",
			 &params, &rows, NULL, err);

	*ret = 0;
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct kafka_topic_range range;

		rc = kafka_reader_range(rotation->reader, topic, pg_get_i32(rows, i, 0), CTL_WAIT_MS, &range, err);
		*ret += rc == 0 && range.low < log_position_offset(pg_get_i64(rows, i, 1));
	}
	return rc;
}

static int note_retired(struct rotation *rotation, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(rotation->ctl->config.topic.raw));
	pg_add_i32(&params, (int32_t)rotation->keys.now.id);
	return pg_exec(rotation->link, NULL,
		       "update register.key_rotation set retired_at = now()"
		       " where topic = $1 and new_key_id = $2 and retired_at is null",
		       &params, NULL, NULL, err);
}

int run_key_retire(struct ctl *ctl)
{
	CLEANUP(rotation_close) struct rotation rotation = { 0 };
	struct err err = { 0 };
	int64_t found = 0, all = 0;
	int rc = rotation_open(&rotation, ctl, true, &err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(HINDRANCES); i++) {
		rc = count_of(&rotation, HINDRANCES[i].sql, &found, &err);
		if (rc == 0 && found > 0)
			printf("%lld %s\n", (long long)found, HINDRANCES[i].text);
		all += found;
	}
	if (rc == 0)
		rc = count_replayable(&rotation, &found, &err);
	if (rc == 0 && found > 0)
		printf("%lld partitions of the raw topic hold deliveries of before the rotation, "
		       "which a replay could bring back\n",
		       (long long)found);
	all += found;
	if (rc == 0 && all == 0)
		rc = note_retired(&rotation, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (all > 0)
		return EXIT_ANSWER_IS_NO;
	puts("nothing can bring the key before back: take hmac.key.old.file out of the settings, "
	     "and keep that key with backups of before");
	return 0;
}
