#include "validate/reference_shelf.h"

#include "base/log.h"
#include "protocol/reference_snapshot.h"

enum { READ_WAIT_MS = 2000, PARTITIONS_MAX = 256, INDEX_MAX = 100000, INDEX_STEP = 64 };

struct shelf_place { /* where a version stands in the topic */
	uint8_t version[REFERENCE_VERSION_BYTES];
	int32_t partition;
	int64_t offset;
	bool is_damaged;
};

struct shelf_book {
	struct reference *reference; /* NULL: free */
	uint64_t named_at;	     /* tick of the last find */
};

struct reference_shelf {
	struct kafka_reader *reader;
	const char *topic;
	int32_t partitions; /* 0: not asked yet */
	int64_t next[PARTITIONS_MAX];
	struct shelf_place *places;
	size_t place_count, place_room;
	struct shelf_book *books;
	size_t book_count;
	uint64_t tick;
};

int reference_shelf_open(struct kafka_reader *reader, const char *topic, size_t versions_max,
			 struct reference_shelf **ret, struct err *err)
{
	struct reference_shelf *shelf = calloc(1, sizeof *shelf);
	struct shelf_book *books = calloc(versions_max, sizeof *books);

	if (!shelf || !books) {
		free(shelf);
		free(books);
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", versions_max);
	}
	*shelf = (struct reference_shelf){ .reader = reader, .topic = topic, .books = books, .book_count = versions_max };
	*ret = shelf;
	return 0;
}

void reference_shelf_close(struct reference_shelf *shelf)
{
	if (!shelf)
		return;
	for (size_t i = 0; i < shelf->book_count; i++)
		reference_free(shelf->books[i].reference);
	free(shelf->books);
	free(shelf->places);
	free(shelf);
}

static struct shelf_place *place_of(struct reference_shelf *shelf, const uint8_t *version)
{
	for (size_t i = 0; i < shelf->place_count; i++)
		if (memcmp(shelf->places[i].version, version, REFERENCE_VERSION_BYTES) == 0)
			return &shelf->places[i];
	return NULL;
}

static int shelf_make_room(struct reference_shelf *shelf, struct err *err)
{
	if (shelf->place_count < shelf->place_room)
		return 0;
	if (shelf->place_room >= INDEX_MAX)
		return err_set(err, ERR_FATAL, "references", "more than %d reference versions in %s", INDEX_MAX,
			       shelf->topic);
	size_t room = shelf->place_room + INDEX_STEP;
	struct shelf_place *places = reallocarray(shelf->places, room, sizeof *places);

	if (!places)
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", room);
	shelf->places = places;
	shelf->place_room = room;
	return 0;
}

/* The same version published again: the newer copy holds, as compaction drops the older. */
static int shelf_index(struct reference_shelf *shelf, const struct kafka_message *message, struct err *err)
{
	struct shelf_place place = { .partition = message->partition, .offset = message->offset };

	if (!reference_snapshot_version(message->key, place.version)) {
		log_event(LOG_WARN, "reference.skipped", "topic=%s partition=%d offset=%lld why=\"key is no version\"",
			  shelf->topic, message->partition, (long long)message->offset);
		return 0;
	}
	struct shelf_place *known = place_of(shelf, place.version);

	if (!known) {
		int rc = shelf_make_room(shelf, err);

		if (rc < 0)
			return rc;
		known = &shelf->places[shelf->place_count++];
	}
	*known = place;
	return 0;
}

static int shelf_refresh_partition(struct reference_shelf *shelf, int32_t partition, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(shelf->reader, shelf->topic, partition, READ_WAIT_MS, &range, err);

	if (rc < 0)
		return rc;
	int64_t *next = &shelf->next[partition];

	*next = MAX(*next, range.low);
	if (*next >= range.high)
		return 0;
	rc = kafka_reader_seek(shelf->reader, shelf->topic, partition, *next, err);
	while (rc == 0 && *next < range.high) {
		struct kafka_message message;

		rc = kafka_reader_next(shelf->reader, READ_WAIT_MS, &message, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return err_set(err, ERR_RETRY, "references", "%s/%d gives nothing below its end", shelf->topic,
				       partition);
		*next = message.offset + 1;
		rc = shelf_index(shelf, &message, err);
		kafka_message_drop(&message);
	}
	kafka_reader_rest(shelf->reader);
	return rc;
}

int reference_shelf_refresh(struct reference_shelf *shelf, struct err *err)
{
	if (shelf->partitions == 0) {
		int32_t partitions;
		int rc = kafka_reader_partitions(shelf->reader, shelf->topic, READ_WAIT_MS, &partitions, err);

		if (rc < 0)
			return rc;
		if (partitions < 1 || partitions > PARTITIONS_MAX)
			return err_set(err, ERR_CONFIG, "partitions", "%s has %d partitions, at most %d are expected",
				       shelf->topic, partitions, PARTITIONS_MAX);
		shelf->partitions = partitions;
	}
	for (int32_t partition = 0; partition < shelf->partitions; partition++) {
		int rc = shelf_refresh_partition(shelf, partition, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static struct shelf_book *shelf_oldest_book(struct reference_shelf *shelf)
{
	struct shelf_book *oldest = &shelf->books[0];

	for (size_t i = 1; i < shelf->book_count; i++)
		if (shelf->books[i].named_at < oldest->named_at)
			oldest = &shelf->books[i];
	return oldest;
}

static int shelf_read(struct reference_shelf *shelf, const struct shelf_place *place, struct reference **ret,
		      struct err *err)
{
	struct kafka_message message = { .offset = -1 };
	int rc = kafka_reader_seek(shelf->reader, shelf->topic, place->partition, place->offset, err);

	if (rc == 0)
		rc = kafka_reader_next(shelf->reader, READ_WAIT_MS, &message, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, ERR_RETRY, "references", "%s/%d gives nothing at %lld", shelf->topic,
			       place->partition, (long long)place->offset);
	/* the key was read when the place was found: this message has it, or the offset is another's */
	rc = message.offset == place->offset ? reference_snapshot_open(message.value, place->version, ret, err)
					     : err_set(err, ERR_RETRY, "references", "compacted away: index again");
	kafka_message_drop(&message);
	return rc;
}

static struct shelf_book *book_of(struct reference_shelf *shelf, const uint8_t *version)
{
	for (size_t i = 0; i < shelf->book_count; i++) {
		struct shelf_book *book = &shelf->books[i];

		if (book->reference && memcmp(reference_version(book->reference), version, REFERENCE_VERSION_BYTES) == 0)
			return book;
	}
	return NULL;
}

int reference_shelf_find(struct reference_shelf *shelf, const uint8_t version[REFERENCE_VERSION_BYTES],
			 const struct reference **ret, struct err *err)
{
	struct shelf_book *book = book_of(shelf, version);

	if (!book) {
		struct shelf_place *place = place_of(shelf, version);
		struct reference *reference = NULL;

		if (!place || place->is_damaged)
			return 0;
		int rc = shelf_read(shelf, place, &reference, err);

		if (rc == -ERR_DATA) {
			place->is_damaged = true;
			log_event(LOG_ERROR, "reference.damaged", "topic=%s partition=%d offset=%lld why=%s",
				  shelf->topic, place->partition, (long long)place->offset, LOG_QUOTED(err->text));
			return 0;
		}
		if (rc < 0)
			return rc;
		book = shelf_oldest_book(shelf);
		reference_free(book->reference);
		book->reference = reference;
	}
	book->named_at = ++shelf->tick;
	*ret = book->reference;
	return 1;
}
