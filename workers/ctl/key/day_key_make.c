/* day-keys make and rewrap: keys for the coming days, and all of them under the newest master.
 *
 * Both may be killed anywhere and are run again: make skips days that have a key, rewrap keys that have the master. Two
 * makes at once give a day two keys, which is fine: programs seal with the one of the lower id and open with either.
 * But where it can unwrap no key of the days asked for, and another's is there, make refuses, unless a reason says that
 * its master is lost. One that it can unwrap proves its file: beside a locked key it makes another. New keys get the
 * master that those of before have: rewrap takes the newer of two in the file, when all machines have it.
 *
 * A rewrap beside a shred could write a wrapped key behind what says that it is shredded, and so bring it back for who
 * reads the topic later. So it reads the topic once more when it is done, and shreds again what came back.
 *
 * No header: these commands stand in key_commands.h. */
#include "base/num.h"
#include "base/random.h"
#include "ctl/key/day_key_store.h"
#include "ctl/key/key_commands.h"
#include "encryption/day_key_topic.h"
#include "model/date.h"
#include "seal/body_seal.h"

#include <stdlib.h>

enum { DAYS = 14, DAYS_MAX = 366 };

static int read_masters(const struct ctl *ctl, struct master_keys *ret, struct err *err)
{
	return master_keys_parse(ctl->config.encrypt.key.bytes, ret, err);
}

/* ---- make ---- */

static int make_one(const struct ctl *ctl, const struct master_key *master, int32_t day, struct day_key_record *ret,
		    struct err *err)
{
	uint8_t key[DAY_KEY_BYTES];
	int rc;

	*ret = (struct day_key_record){ .id.day = day };
	day_key_store_sign(ret, ctl_has(ctl, OPTION_REASON) ? ctl->options[OPTION_REASON] : "");
	rc = random_fill(ret->id.random, sizeof ret->id.random, err);
	if (rc == 0)
		rc = random_fill(key, sizeof key, err);
	if (rc == 0)
		rc = master_key_wrap(master, key, ret, err);
	explicit_bzero(key, sizeof key);
	return rc;
}

/* All keys of these days are wrapped by masters that we do not have: most likely ours is the wrong file, and what we
 * sealed with a key of it nobody else could open. */
static int check_master(const struct day_key_store *store, int32_t today, int days, struct err *err)
{
	int32_t locked = 0;

	for (int i = 0; i < days; i++) {
		int32_t day = date_add_days(today, i);
		enum day_key_answer found = day_keys_look_at_day(store->keys, day);

		if (found == DAY_KEY_HERE)
			return 0;
		if (found == DAY_KEY_LOCKED && locked == 0)
			locked = day;
	}
	if (locked == 0 || ctl_has(store->ctl, OPTION_REASON))
		return 0;
	return err_set(
		err, ERR_CONFIG, "encrypt.key.file",
		"the day key of %d is wrapped by a master key that encrypt.key.file does not hold: take the file "
		"that the other machines have. If nobody has that master any more, say so: --reason TEXT",
		locked);
}

/* What somebody deleted past us, and Kafka has not compacted away yet, is written again. */
static int put_back_deleted(struct day_key_store *store, struct err *err)
{
	struct day_key_record *due = calloc(MAX(store->count, (size_t)1), sizeof *due);
	size_t count = 0;

	if (!due)
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu day keys", store->count);
	for (size_t i = 0; i < store->count; i++)
		if (store->records[i].is_deleted) {
			due[count] = store->records[i];
			due[count++].is_deleted = false;
		}
	int rc = day_key_store_publish(store, due, count, err);

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (!day_keys_take(store->keys, &due[i]))
			rc = err_set(err, ERR_FATAL, "day_keys", "a key that was listed is not known");
	if (rc == 0 && count > 0)
		printf("%zu keys put back: somebody had deleted their records\n", count);
	free(due);
	return rc;
}

/* By which new keys are wrapped: the last of ours that wraps a key already, which the others have too; the newest of
 * the file may be on this machine alone until rewrap is run. Without such a key the newest. */
static const struct master_key *master_in_use(const struct day_key_store *store, const struct master_keys *masters)
{
	const struct master_key *master = NULL;

	for (size_t i = 0; i < store->count; i++) /* by day */
		if (!store->records[i].is_shredded && master_keys_find(masters, store->records[i].master_id))
			master = master_keys_find(masters, store->records[i].master_id);
	return master ? master : master_keys_newest(masters);
}

static int make_missing(struct day_key_store *store, const struct master_keys *masters, int days, struct err *err)
{
	const struct master_key *master = master_in_use(store, masters);
	struct day_key_record *made = calloc((size_t)days, sizeof *made);
	int32_t today = body_seal_today();
	size_t count = 0;
	int rc = made ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for the keys of %d days", days);

	if (rc == 0)
		rc = put_back_deleted(store, err);
	if (rc == 0)
		rc = check_master(store, today, days, err);
	for (int i = 0; rc == 0 && i < days; i++) {
		int32_t day = date_add_days(today, i);

		if (day_keys_look_at_day(store->keys, day) != DAY_KEY_HERE)
			rc = make_one(store->ctl, master, day, &made[count++], err);
	}
	if (rc == 0)
		rc = day_key_store_publish(store, made, count, err);
	if (rc == 0)
		printf("%zu keys made, the last day that has one is %d\n", count, date_add_days(today, days - 1));
	free(made);
	return rc;
}

int run_day_keys_make(struct ctl *ctl)
{
	struct master_keys masters = { 0 };
	struct day_key_store store = { 0 };
	struct err err = { 0 };
	uint64_t days = DAYS;

	if (ctl->argument_count > 0 && (!num_parse_u64(slice_of(ctl->arguments[0]), DAYS_MAX, &days) || days == 0))
		return ctl_usage("DAYS is a number from 1 to %d", DAYS_MAX);
	int rc = day_key_store_open(ctl, &store, &err);

	if (rc == 0)
		rc = read_masters(ctl, &masters, &err);
	if (rc == 0)
		rc = make_missing(&store, &masters, (int)days, &err);
	master_keys_wipe(&masters);
	day_key_store_close(&store);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- rewrap ---- */

/* *ret_is_ours false: its master is not among ours. */
static int wrap_again(const struct master_keys *masters, struct day_key_record *record, bool *ret_is_ours,
		      struct err *err)
{
	const struct master_key *master = master_keys_find(masters, record->master_id);
	uint8_t key[DAY_KEY_BYTES];

	*ret_is_ours = master && master_key_unwrap(master, record, key, NULL) == 0;
	int rc = *ret_is_ours ? master_key_wrap(master_keys_newest(masters), key, record, err) : 0;

	explicit_bzero(key, sizeof key);
	return rc;
}

struct rewrap {
	size_t count, skipped; /* skipped: by a master that we do not have */
};

static int rewrap_all(struct day_key_store *store, const struct master_keys *masters, struct rewrap *ret,
		      struct err *err)
{
	const struct master_key *newest = master_keys_newest(masters);
	struct day_key_record *due = calloc(MAX(store->count, (size_t)1), sizeof *due);
	int rc = due ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for %zu day keys", store->count);

	for (size_t i = 0; rc == 0 && i < store->count; i++) {
		const struct day_key_record *record = &store->records[i];
		bool is_ours = false;

		if (record->is_shredded || memcmp(record->master_id, newest->id, sizeof newest->id) == 0)
			continue;
		due[ret->count] = *record;
		rc = wrap_again(masters, &due[ret->count], &is_ours, err);
		ret->count += is_ours;
		ret->skipped += !is_ours;
	}
	if (rc == 0)
		rc = day_key_store_publish(store, due, ret->count, err);
	free(due);
	return rc;
}

/* What the topic holds in its order: a wrapped key behind what says that it is shredded has come back. */
struct returned {
	struct day_key_record shredded[DAY_KEYS_MAX], again[DAY_KEYS_MAX];
	size_t shredded_count, again_count;
};

static void note_returned(void *self, const struct day_key_record *record, int64_t offset)
{
	struct returned *returned = self;
	size_t i = 0;

	(void)offset;
	while (i < returned->shredded_count && day_key_id_compare(&returned->shredded[i].id, &record->id) != 0)
		i++;
	if (record->is_shredded && i == returned->shredded_count && i < DAY_KEYS_MAX)
		returned->shredded[returned->shredded_count++] = *record;
	else if (!record->is_shredded && i < returned->shredded_count && returned->again_count < DAY_KEYS_MAX)
		returned->again[returned->again_count++] = returned->shredded[i];
}

static int shred_again(struct day_key_store *store, struct err *err)
{
	struct returned *returned = calloc(1, sizeof *returned);
	struct day_key_topic_look look = { note_returned, returned };
	int rc = returned ? 0 : err_set(err, ERR_FATAL, "memory", "no memory to look for shredded keys");

	if (rc == 0)
		rc = day_key_topic_read(&store->ctl->kafka, store->ctl->config.topic.day_keys, NULL, &look, err);
	if (rc == 0 && returned->again_count > 0)
		rc = day_key_store_publish(store, returned->again, returned->again_count, err);
	free(returned);
	return rc;
}

int run_day_keys_rewrap(struct ctl *ctl)
{
	struct master_keys masters = { 0 };
	struct day_key_store store = { 0 };
	struct rewrap rewrap = { 0 };
	struct err err = { 0 };
	int rc = day_key_store_open(ctl, &store, &err);

	if (rc == 0)
		rc = read_masters(ctl, &masters, &err);
	if (rc == 0)
		rc = rewrap_all(&store, &masters, &rewrap, &err);
	if (rc == 0)
		rc = shred_again(&store, &err);
	master_keys_wipe(&masters);
	day_key_store_close(&store);
	if (rc != 0)
		return ctl_fail(&err);
	printf("%zu keys wrapped by the newest master\n", rewrap.count);
	if (rewrap.skipped > 0)
		printf("%zu keys are wrapped by a master that encrypt.key.file does not hold\n", rewrap.skipped);
	return rewrap.skipped == 0 ? 0 : EXIT_ANSWER_IS_NO;
}
