/* slice: a view of bytes that someone else owns.
 *
 * May hold NUL bytes and has none at the end. A slice into an arena or a message ends with its batch; what outlives it
 * is copied, visibly. An absent value is the empty slice. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE_LITERAL(text) ((struct slice){ (text), sizeof(text) - 1 })

static inline struct slice slice_make(const void *p, size_t n)
{
	return (struct slice){ (const char *)p, n };
}

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_is_empty(struct slice s)
{
	return s.n == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_equal_text(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

static inline bool slice_starts_with(struct slice a, const char *text)
{
	size_t n = strlen(text);

	return a.n >= n && (n == 0 || memcmp(a.p, text, n) == 0);
}

/* Byte order; a prefix sorts first. < 0, 0, > 0 as memcmp. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t n = MIN(a.n, b.n);
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

/* Without the spaces (U+0020 only) on both ends: specification 4.5. */
static inline struct slice slice_trim(struct slice s)
{
	while (s.n > 0 && s.p[0] == ' ')
		s.p++, s.n--;
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* Without its first start bytes; empty when there are not more. */
static inline struct slice slice_from(struct slice s, size_t start)
{
	start = MIN(start, s.n);
	return start == 0 ? s : (struct slice){ s.p + start, s.n - start }; /* NULL + 0 is undefined */
}

/* Takes the first n bytes off *rest, n <= rest->n. */
static inline struct slice slice_cut(struct slice *rest, size_t n)
{
	struct slice head = { rest->p, n };

	*rest = slice_from(*rest, n);
	return head;
}

#endif
