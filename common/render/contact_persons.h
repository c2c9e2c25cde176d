/* contact_persons: the contact persons of a board (specification 8.8): read, set, and what they were.
 *
 * All of a board's are set at once. Whoever sets them holds a lock of the board in a transaction of his own, so that
 * what he compared is what he replaces:
 *
 *   1. pg_begin, contact_persons_lock.
 *   2. contact_persons_digest: of what holds, for a caller who wants to compare.
 *   3. register.put_contact_persons, or an operator's contact_persons_set; commit.
 *
 * A gateway sees them by a row of register.access only, that stands (register.begin_reading, migration 0026): the
 * register shows them to who names it. An operator's row is the caller's duty. */
#ifndef RENDER_CONTACT_PERSONS_H
#define RENDER_CONTACT_PERSONS_H

#include "base/strbuf.h"
#include "pg/pg_link.h"

struct json_t; /* of jansson */

enum { CONTACT_PERSONS_MAX = 20 };

/* What is wrong with a list: of person 1, 2 .. the field; of 0 the list itself. */
struct contact_fault {
	size_t person;
	const char *field; /* static: "taak", "naam", "telefoon", "email", "personen" */
};

/* json: {"personen": [{"taak", "naam", "telefoon", "email"}, ..]}, with or without the other members that
 * contact_persons_read gives. persons: reset, and then the list alone, as contact_persons_set takes it; ask strbuf_ok.
 * false: *ret_fault says what is wrong. */
MUSTUSE bool contact_persons_check(const struct json_t *json, struct strbuf *persons, struct contact_fault *ret_fault);

/* reading: the number of a row of register.access. Errors of all as of pg_exec, and those of out. */
MUSTUSE int contact_persons_lock(struct pg_link *link, uint32_t board, struct err *err);
/* The SHA-256 of what contact_persons_read gives. */
MUSTUSE int contact_persons_digest(struct pg_link *link, uint32_t board, uint8_t ret[32], struct err *err);
MUSTUSE int contact_persons_read(struct pg_link *link, const uint8_t reading[16], struct strbuf *out, struct err *err);
MUSTUSE int contact_persons_history(struct pg_link *link, const uint8_t reading[16], struct strbuf *out,
				    struct err *err);
/* As an operator. */
MUSTUSE int contact_persons_set(struct pg_link *link, uint32_t board, struct slice persons, struct slice sender,
				struct err *err);

#endif
