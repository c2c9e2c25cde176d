/* reference_books: the reference snapshots of their topic, each built when first asked for.
 *
 * The topic is read once, at the open; what is published later is not seen. Owner: one command. */
#ifndef CTL_REFERENCE_BOOKS_H
#define CTL_REFERENCE_BOOKS_H

#include "ctl/ctl.h"
#include "kafka/kafka_reader.h"
#include "model/reference.h"

struct reference_books;

/* reader is borrowed: each use begins with a seek. */
MUSTUSE int reference_books_open(struct ctl *ctl, struct kafka_reader *reader, struct reference_books **ret,
				 struct err *err);
void reference_books_close(struct reference_books *books);
static inline void drop_reference_books(struct reference_books **books)
{
	reference_books_close(*books);
}

/* The version in force: that of the last snapshot that can be used, as the gateway takes it. ERR_DATA: none. */
MUSTUSE int reference_books_in_force(struct reference_books *books, uint8_t ret[REFERENCE_VERSION_BYTES], struct err *err);
/* ERR_DATA: the topic does not hold this version. */
MUSTUSE int reference_books_find(struct reference_books *books, const uint8_t version[REFERENCE_VERSION_BYTES],
				 const struct reference **ret, struct err *err);

#endif
