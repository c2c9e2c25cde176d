#include "seal/day_keys.h"

#include "base/clock.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { READ_AGAIN_MS = 1000, COUNTS = DAY_KEYS_BROKEN + 1 };

struct entry {
	struct day_key_record record;
	bool is_here; /* unwrapped: its bytes stand in the locked pages, at the same index */
};

struct day_keys {
	pthread_mutex_t lock;
	struct secret file;
	struct master_keys masters;
	int64_t read_again_at_ms; /* the file, not before */
	void (*refresh)(void *self);
	void *refresh_self;
	struct entry *entries; /* in the order they came */
	size_t count;
	uint8_t (*bytes)[DAY_KEY_BYTES]; /* locked pages */
	_Atomic bool is_read;
	_Atomic int64_t counts[COUNTS];
};

enum { PAGES_BYTES = DAY_KEYS_MAX * DAY_KEY_BYTES };

/* ---- life ---- */

static uint8_t (*map_locked(void))[DAY_KEY_BYTES]
{
	void *pages = mmap(NULL, PAGES_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	if (mlock(pages, PAGES_BYTES) != 0)
		log_event(LOG_WARN, "day_keys.unlocked", "bytes=%d effect=%s", (int)PAGES_BYTES,
			  LOG_QUOTED("they may be swapped out: raise LimitMEMLOCK"));
	madvise(pages, PAGES_BYTES, MADV_DONTDUMP);
	return pages;
}

int day_keys_open(const struct secret *master_file, struct day_keys **ret, struct err *err)
{
	struct day_keys *keys = calloc(1, sizeof *keys);

	if (!keys)
		return err_set(err, ERR_FATAL, "memory", "no memory for day keys");
	pthread_mutex_init(&keys->lock, NULL);
	keys->file = *master_file;
	keys->entries = calloc(DAY_KEYS_MAX, sizeof *keys->entries);
	keys->bytes = map_locked();
	int rc = keys->entries && keys->bytes ? master_keys_parse(master_file->bytes, &keys->masters, err)
					      : err_set(err, ERR_FATAL, "memory", "no memory for day keys");

	if (rc != 0) {
		day_keys_close(keys);
		return rc;
	}
	*ret = keys;
	return 0;
}

void day_keys_close(struct day_keys *keys)
{
	if (!keys)
		return;
	if (keys->bytes) {
		OPENSSL_cleanse(keys->bytes, PAGES_BYTES);
		munmap(keys->bytes, PAGES_BYTES);
	}
	master_keys_wipe(&keys->masters);
	free(keys->entries);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

void day_keys_set_refresh(struct day_keys *keys, void (*refresh)(void *self), void *self)
{
	keys->refresh = refresh;
	keys->refresh_self = self;
}

/* ---- records, under the lock ---- */

static struct entry *find(struct day_keys *keys, const struct day_key_id *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (day_key_id_compare(&keys->entries[i].record.id, id) == 0)
			return &keys->entries[i];
	return NULL;
}

static uint8_t *bytes_of(struct day_keys *keys, const struct entry *entry)
{
	return keys->bytes[entry - keys->entries];
}

/* A key may have been added to the file since. What does not parse is logged, and the keys we have stay. */
static void read_masters_again(struct day_keys *keys)
{
	CLEANUP(strbuf_wipe) struct strbuf text;
	struct master_keys masters;
	struct err err = { 0 };

	strbuf_init(&text, MASTER_KEYS_FILE_BYTES_MAX);
	if (!keys->file.path || clock_ms() < keys->read_again_at_ms)
		return;
	keys->read_again_at_ms = clock_ms() + READ_AGAIN_MS;
	secret_now(&keys->file, &text);
	if (master_keys_parse(strbuf_slice(&text), &masters, &err) == 0)
		keys->masters = masters;
	else
		log_event(LOG_ERROR, "day_keys.unread", "code=%s why=%s effect=%s", LOG_QUOTED(err.code),
			  LOG_QUOTED(err.text), LOG_QUOTED("the master keys of before are used"));
	master_keys_wipe(&masters);
}

static void unwrap(struct day_keys *keys, struct entry *entry)
{
	const struct master_key *master = master_keys_find(&keys->masters, entry->record.master_id);

	if (!master) {
		read_masters_again(keys);
		master = master_keys_find(&keys->masters, entry->record.master_id);
	}
	entry->is_here = master && master_key_unwrap(master, &entry->record, bytes_of(keys, entry), NULL) == 0;
}

static void shred(struct day_keys *keys, struct entry *entry, const struct day_key_record *record)
{
	OPENSSL_cleanse(bytes_of(keys, entry), DAY_KEY_BYTES);
	OPENSSL_cleanse(entry->record.wrapped, sizeof entry->record.wrapped);
	entry->record = *record;
	entry->is_here = false;
}

bool day_keys_take(struct day_keys *keys, const struct day_key_record *record)
{
	pthread_mutex_lock(&keys->lock);
	struct entry *entry = find(keys, &record->id);
	bool is_new = !entry;

	if (is_new && keys->count < DAY_KEYS_MAX) {
		entry = &keys->entries[keys->count++];
		*entry = (struct entry){ .record = *record };
	}
	if (entry && record->is_shredded) {
		shred(keys, entry, record);
	} else if (entry && !entry->record.is_shredded) { /* a key never changes, only what wraps it */
		entry->record = *record;		  /* deleted or not, now it is there */
		if (!entry->is_here)
			unwrap(keys, entry);
	}
	pthread_mutex_unlock(&keys->lock);
	return entry;
}

static bool mark_deleted(struct entry *entry)
{
	bool is_news = !entry->record.is_shredded && !entry->record.is_deleted;

	entry->record.is_deleted |= is_news;
	return is_news;
}

size_t day_keys_delete(struct day_keys *keys, const struct day_key_id *id)
{
	pthread_mutex_lock(&keys->lock);
	struct entry *entry = find(keys, id);
	size_t count = entry && mark_deleted(entry);

	pthread_mutex_unlock(&keys->lock);
	return count;
}

size_t day_keys_delete_below(struct day_keys *keys, int64_t offset)
{
	size_t count = 0;

	pthread_mutex_lock(&keys->lock);
	for (size_t i = 0; i < keys->count; i++)
		count += keys->entries[i].record.offset < offset && mark_deleted(&keys->entries[i]);
	pthread_mutex_unlock(&keys->lock);
	return count;
}

/* ---- questions ---- */

static enum day_key_answer answer(struct day_keys *keys, struct entry *entry, uint8_t *ret_key)
{
	if (!entry)
		return DAY_KEY_UNKNOWN;
	if (entry->record.is_shredded)
		return DAY_KEY_SHREDDED;
	if (!entry->is_here)
		unwrap(keys, entry);
	if (!entry->is_here)
		return DAY_KEY_LOCKED;
	memcpy(ret_key, bytes_of(keys, entry), DAY_KEY_BYTES);
	return DAY_KEY_HERE;
}

static enum day_key_answer find_once(struct day_keys *keys, const struct day_key_id *id, uint8_t *ret_key)
{
	pthread_mutex_lock(&keys->lock);
	enum day_key_answer found = answer(keys, find(keys, id), ret_key);

	pthread_mutex_unlock(&keys->lock);
	return found;
}

enum day_key_answer day_keys_find(struct day_keys *keys, const struct day_key_id *id, uint8_t ret_key[DAY_KEY_BYTES])
{
	enum day_key_answer found = find_once(keys, id, ret_key);

	if (found != DAY_KEY_UNKNOWN || !keys->refresh)
		return found;
	keys->refresh(keys->refresh_self);
	return find_once(keys, id, ret_key);
}

/* Of several the lowest that is unwrapped, so that one that somebody wrapped by another master is in nobody's way; if
 * none is, the lowest. */
static struct entry *find_day(struct day_keys *keys, int32_t day)
{
	struct entry *best = NULL;

	for (size_t i = 0; i < keys->count; i++) {
		struct entry *entry = &keys->entries[i];

		if (entry->record.id.day != day || entry->record.is_shredded || entry->record.is_deleted)
			continue;
		if (!entry->is_here)
			unwrap(keys, entry);
		if (!best || entry->is_here > best->is_here ||
		    (entry->is_here == best->is_here && day_key_id_compare(&entry->record.id, &best->record.id) < 0))
			best = entry;
	}
	return best;
}

static enum day_key_answer of_day_once(struct day_keys *keys, int32_t day, struct day_key_id *ret_id, uint8_t *ret_key)
{
	pthread_mutex_lock(&keys->lock);
	struct entry *entry = find_day(keys, day);
	enum day_key_answer found = answer(keys, entry, ret_key);

	if (entry)
		*ret_id = entry->record.id;
	pthread_mutex_unlock(&keys->lock);
	return found;
}

enum day_key_answer day_keys_of_day(struct day_keys *keys, int32_t day, struct day_key_id *ret_id,
				    uint8_t ret_key[DAY_KEY_BYTES])
{
	enum day_key_answer found = of_day_once(keys, day, ret_id, ret_key);

	if (found != DAY_KEY_UNKNOWN || !keys->refresh)
		return found;
	keys->refresh(keys->refresh_self);
	return of_day_once(keys, day, ret_id, ret_key);
}

enum day_key_answer day_keys_look_at_day(struct day_keys *keys, int32_t day)
{
	uint8_t key[DAY_KEY_BYTES];
	struct day_key_id id;
	enum day_key_answer found = of_day_once(keys, day, &id, key);

	OPENSSL_cleanse(key, sizeof key);
	return found;
}

bool day_keys_has_day(struct day_keys *keys, int32_t day)
{
	return day_keys_look_at_day(keys, day) == DAY_KEY_HERE;
}

size_t day_keys_list(struct day_keys *keys, struct day_key_record *ret, size_t max)
{
	pthread_mutex_lock(&keys->lock);
	size_t count = keys->count;

	for (size_t i = 0; i < MIN(count, max); i++)
		ret[i] = keys->entries[i].record;
	pthread_mutex_unlock(&keys->lock);
	return count;
}

bool day_keys_shredded(struct day_keys *keys, const struct day_key_id *id, struct day_key_record *ret)
{
	pthread_mutex_lock(&keys->lock);
	const struct entry *entry = find(keys, id);
	bool is_shredded = entry && entry->record.is_shredded;

	if (is_shredded)
		*ret = entry->record;
	pthread_mutex_unlock(&keys->lock);
	return is_shredded;
}

void day_keys_set_read(struct day_keys *keys)
{
	atomic_store(&keys->is_read, true);
}

bool day_keys_is_read(struct day_keys *keys)
{
	return atomic_load(&keys->is_read);
}

/* ---- counts ---- */

void day_keys_count(struct day_keys *keys, enum day_keys_count which)
{
	atomic_fetch_add_explicit(&keys->counts[which], 1, memory_order_relaxed);
}

struct day_keys_counts day_keys_counts(const struct day_keys *keys)
{
	return (struct day_keys_counts){
		.sealed = atomic_load(&keys->counts[DAY_KEYS_SEALED]),
		.opened = atomic_load(&keys->counts[DAY_KEYS_OPENED]),
		.waiting = atomic_load(&keys->counts[DAY_KEYS_WAITING]),
		.shredded = atomic_load(&keys->counts[DAY_KEYS_GONE]),
		.broken = atomic_load(&keys->counts[DAY_KEYS_BROKEN]),
	};
}
