/* contact_persons: the contact persons of a board (specification 8.8): read, set, and what they were.
 *
 * All of a board's are set at once. Whoever sets them holds a lock of the board in a transaction of his own, so that
 * what he compared is what he replaces:
 *
 *   1. pg_begin, contact_persons_lock.
 *   2. contact_persons_read: what holds, for a caller who wants to compare.
 *   3. contact_persons_set, commit.
 *
 * Who reads persons leaves a row in register.access first: the caller's duty. */
#ifndef RENDER_CONTACT_PERSONS_H
#define RENDER_CONTACT_PERSONS_H

#include "base/strbuf.h"
#include "pg/pg_link.h"

struct json_t; /* of jansson */

enum { CONTACT_PERSONS_MAX = 20, CONTACT_FAULT_BYTES = 128 };

/* What is wrong with a list: of person 1, 2 .. the field; of 0 the list itself. */
struct contact_fault {
	size_t person;
	const char *field; /* static: "taak", "naam", "telefoon", "email", "personen" */
};

/* json: {"personen": [{"taak", "naam", "telefoon", "email"}, ..]}, with or without the other members that
 * contact_persons_read gives. persons: reset, and then the list alone, as contact_persons_set takes it; ask strbuf_ok.
 * false: *ret_fault says what is wrong. */
MUSTUSE bool contact_persons_check(const struct json_t *json, struct strbuf *persons, struct contact_fault *ret_fault);

/* Who sets them, or asks who did. */
struct contact_actor {
	bool sees_all; /* the board itself, or an operator: else of others only on what basis they did it */
	struct slice sender, party, basis; /* party empty: none is known */
};

/* Errors of all as of pg_exec, and those of out. */
MUSTUSE int contact_persons_lock(struct pg_link *link, uint32_t board, struct err *err);
MUSTUSE int contact_persons_read(struct pg_link *link, uint32_t board, struct strbuf *out, struct err *err);
MUSTUSE int contact_persons_history(struct pg_link *link, uint32_t board, const struct contact_actor *actor,
				    struct strbuf *out, struct err *err);
MUSTUSE int contact_persons_set(struct pg_link *link, uint32_t board, struct slice persons,
				const struct contact_actor *actor, struct err *err);

#endif
