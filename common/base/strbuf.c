#include "base/strbuf.h"

enum { CAPACITY_BYTES_MIN = 256 };

void strbuf_init(struct strbuf *buf, size_t cap_bytes)
{
	*buf = (struct strbuf){ .cap_bytes = cap_bytes };
}

void strbuf_release(struct strbuf *buf)
{
	free(buf->p);
	*buf = (struct strbuf){ .cap_bytes = buf->cap_bytes };
}

void strbuf_reset(struct strbuf *buf)
{
	buf->n = 0;
	buf->is_full = buf->is_out_of_memory = false;
}

bool strbuf_reserve(struct strbuf *buf, size_t n)
{
	size_t need;

	if (buf->is_full || __builtin_add_overflow(buf->n, n, &need) || need > buf->cap_bytes) {
		buf->is_full = true;
		return false;
	}
	if (need <= buf->capacity)
		return true;
	size_t capacity = MAX(buf->capacity + buf->capacity / 2, (size_t)CAPACITY_BYTES_MIN);

	capacity = MIN(MAX(capacity, need), buf->cap_bytes);
	char *p = realloc(buf->p, capacity);

	if (!p) {
		buf->is_full = buf->is_out_of_memory = true;
		return false;
	}
	buf->p = p;
	buf->capacity = capacity;
	return true;
}

int strbuf_check(const struct strbuf *buf, const char *what, struct err *err)
{
	if (!buf->is_full)
		return 0;
	if (buf->is_out_of_memory)
		return err_set(err, ERR_RETRY, "memory", "no memory for %s", what);
	return err_set(err, ERR_FULL, "strbuf", "%s: more than %zu bytes", what, buf->cap_bytes);
}

void strbuf_add_printf(struct strbuf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !strbuf_reserve(buf, (size_t)n + 1))
		return;
	va_start(args, fmt);
	vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, args);
	va_end(args);
	buf->n += (size_t)n;
}

const char *strbuf_text(struct strbuf *buf)
{
	if (!strbuf_reserve(buf, 1))
		return "";
	buf->p[buf->n] = '\0';
	return buf->p;
}
