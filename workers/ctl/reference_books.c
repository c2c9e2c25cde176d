#include "ctl/reference_books.h"

#include "protocol/reference_snapshot.h"

#include <stdlib.h>

enum { BOOKS_FIRST = 16 };

struct book {
	uint8_t version[REFERENCE_VERSION_BYTES];
	int64_t offset;
	struct reference *reference; /* NULL: not asked for yet */
};

struct reference_books {
	struct kafka_reader *reader;
	const char *topic;
	struct book *books; /* in the order of the topic, the last copy of a version at the end */
	size_t count, room;
};

static int add_book(struct reference_books *books, const uint8_t *version, int64_t offset, struct err *err)
{
	if (books->count == books->room) {
		size_t room = MAX(books->room * 2, (size_t)BOOKS_FIRST);
		struct book *grown = reallocarray(books->books, room, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", room);
		books->books = grown;
		books->room = room;
	}
	struct book *book = &books->books[books->count++];

	*book = (struct book){ .offset = offset };
	memcpy(book->version, version, sizeof book->version);
	return 0;
}

static int read_index(struct reference_books *books, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(books->reader, books->topic, 0, CTL_WAIT_MS, &range, err);

	if (rc == 0 && range.low < range.high)
		rc = kafka_reader_seek(books->reader, books->topic, 0, range.low, err);
	for (int64_t next = range.low; rc == 0 && next < range.high;) {
		uint8_t version[REFERENCE_VERSION_BYTES];
		struct kafka_message message;

		rc = kafka_reader_next(books->reader, CTL_WAIT_MS, &message, err);
		if (rc <= 0)
			return rc < 0 ? rc
				      : err_set(err, ERR_RETRY, "reference", "%s gives nothing below its end",
						books->topic);
		next = message.offset + 1;
		rc = reference_snapshot_version(message.key, version) ? add_book(books, version, message.offset, err) : 0;
		kafka_message_drop(&message);
	}
	return rc;
}

int reference_books_open(struct ctl *ctl, struct kafka_reader *reader, struct reference_books **ret, struct err *err)
{
	struct reference_books *books = calloc(1, sizeof *books);

	if (!books)
		return err_set(err, ERR_FATAL, "memory", "no memory for reference snapshots");
	books->reader = reader;
	books->topic = ctl->config.topic_reference;
	int rc = read_index(books, err);

	if (rc == 0)
		*ret = books;
	else
		reference_books_close(books);
	return rc;
}

void reference_books_close(struct reference_books *books)
{
	if (!books)
		return;
	for (size_t i = 0; i < books->count; i++)
		reference_free(books->books[i].reference);
	free(books->books);
	free(books);
}

static int load(struct reference_books *books, struct book *book, struct err *err)
{
	struct kafka_message message;

	if (book->reference)
		return 0;
	int rc = kafka_reader_seek(books->reader, books->topic, 0, book->offset, err);

	if (rc != 0)
		return rc;
	rc = kafka_reader_next(books->reader, CTL_WAIT_MS, &message, err);
	if (rc == 0)
		return err_set(err, ERR_RETRY, "reference", "%s gives nothing at %lld", books->topic,
			       (long long)book->offset);
	if (rc < 0)
		return rc;
	rc = reference_snapshot_open(message.value, book->version, &book->reference, err);
	kafka_message_drop(&message);
	return rc;
}

int reference_books_in_force(struct reference_books *books, uint8_t ret[REFERENCE_VERSION_BYTES], struct err *err)
{
	for (size_t i = books->count; i-- > 0;) {
		int rc = load(books, &books->books[i], err);

		if (rc == 0)
			memcpy(ret, books->books[i].version, REFERENCE_VERSION_BYTES);
		if (rc != -ERR_DATA)
			return rc;
	}
	return err_set(err, ERR_DATA, "reference", "%s holds no snapshot that can be used", books->topic);
}

int reference_books_find(struct reference_books *books, const uint8_t version[REFERENCE_VERSION_BYTES],
			 const struct reference **ret, struct err *err)
{
	for (size_t i = books->count; i-- > 0;) {
		struct book *book = &books->books[i];

		if (memcmp(book->version, version, sizeof book->version) != 0)
			continue;
		int rc = load(books, book, err);

		if (rc == 0)
			*ret = book->reference;
		return rc;
	}
	return err_set(err, ERR_DATA, "reference", "%s does not hold a reference version that is named", books->topic);
}
