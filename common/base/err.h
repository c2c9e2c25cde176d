/* err: an event that kept us from doing our work. Broken rules of the domain are not errors, but values.
 *
 * The kind decides, the text informs: callers branch on the kind, never on words. No text holds personal data, payload
 * bytes or secrets: a library's own text may quote data, so adapters write our sentence and the library's code. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/macros.h"

enum err_kind {
	ERR_DATA = 1, /* bytes that are no record: this one goes aside, the rest goes on */
	ERR_RETRY,    /* the peer is away or asks to repeat: the same again after a pause */
	ERR_FULL,     /* a batch or window is full: take no more, finish what is open */
	ERR_STOP,     /* a wait saw the stop: drain */
	ERR_CONFIG,   /* wrong settings, missing migration: exit 78 */
	ERR_FATAL     /* our bug or a missing grant: exit 70 */
};

struct err {
	enum err_kind kind;
	char code[32]; /* ours, a SQLSTATE or librdkafka's name */
	char text[320];
};

/* Fills *err (which may be NULL) and returns -kind, so that "return err_set(..)" passes it on. */
int err_set(struct err *err, enum err_kind kind, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

#ifdef INSTROOM_ANALYZE
/* An analyzer sees one file at a time: it has to be shown that an error is never 0, on which all callers rely. */
static inline int err_negative(int rc)
{
	if (rc >= 0)
		__builtin_unreachable();
	return rc;
}
#define err_set(...) err_negative((err_set)(__VA_ARGS__))
#endif

/* Of two failures the first stands: what a clean-up says after a failure does not replace it. rc and err: of the work;
 * second_rc and second: of what came behind it. Copies the second into *err when rc is 0. Returns the failure that
 * stands, or 0.
 *
 *	int closed = file_close(file, &second);
 *	return err_first(rc, err, closed, &second); */
int err_first(int rc, struct err *err, int second_rc, const struct err *second);

/* Puts "what: " in front of the text that stands. Returns -err->kind. */
int err_prefix(struct err *err, const char *what);

const char *err_kind_name(enum err_kind kind);

#endif
