/* strbuf: bytes that grow, on the heap, up to a cap.
 *
 * Writers append without checking each step: after the first append that would pass the cap or finds no memory, later
 * ones do nothing. Ask strbuf_ok once at the end, or strbuf_check where the two differ: over the cap is a property of
 * the content and stays so, no memory passes. strbuf_reset keeps the memory. Not NUL-terminated; strbuf_text adds a NUL
 * behind the content for those who need one. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "base/err.h"
#include "base/slice.h"

#include <stdarg.h>

struct strbuf {
	char *p;
	size_t n;
	size_t capacity;
	size_t cap_bytes;
	bool is_full;	       /* an append was dropped: over the cap, or no memory */
	bool is_out_of_memory; /* of the two, no memory */
};

void strbuf_init(struct strbuf *buf, size_t cap_bytes);
void strbuf_release(struct strbuf *buf);
void strbuf_reset(struct strbuf *buf);
/* Grows the capacity to n more bytes. false (and is_full) when that passes the cap or there is no memory for them. */
MUSTUSE bool strbuf_reserve(struct strbuf *buf, size_t n);
void strbuf_add_printf(struct strbuf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *strbuf_text(struct strbuf *buf);

static inline bool strbuf_ok(const struct strbuf *buf)
{
	return !buf->is_full;
}

/* 0, or ERR_FULL: what belongs in it is more than the cap. ERR_RETRY: no memory, so the same content may fit later; a
 * caller must not conclude anything from it about the content. what: names the content. */
MUSTUSE int strbuf_check(const struct strbuf *buf, const char *what, struct err *err);

static inline struct slice strbuf_slice(const struct strbuf *buf)
{
	return (struct slice){ buf->p, buf->n };
}

static inline void strbuf_add_bytes(struct strbuf *buf, const void *p, size_t n)
{
	if ((buf->is_full || buf->capacity - buf->n < n) && !strbuf_reserve(buf, n))
		return;
	if (n > 0)
		/* where there is capacity there is memory; NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
}

static inline void strbuf_add(struct strbuf *buf, struct slice s)
{
	strbuf_add_bytes(buf, s.p, s.n);
}

static inline void strbuf_add_text(struct strbuf *buf, const char *text)
{
	strbuf_add_bytes(buf, text, strlen(text));
}

static inline void strbuf_add_char(struct strbuf *buf, char c)
{
	strbuf_add_bytes(buf, &c, 1);
}

static inline void strbuf_drop(struct strbuf *buf)
{
	strbuf_release(buf);
}

#endif
