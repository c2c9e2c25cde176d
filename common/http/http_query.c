#include "http/http_query.h"

#include "base/num.h"

bool http_query_next(struct slice *query, struct slice *ret_name, struct slice *ret_value)
{
	while (query->n > 0) {
		const char *amp = memchr(query->p, '&', query->n);
		struct slice part = slice_cut(query, amp ? (size_t)(amp - query->p) : query->n);

		if (amp)
			*query = slice_from(*query, 1);
		if (part.n == 0)
			continue;
		const char *equals = memchr(part.p, '=', part.n);

		*ret_name = slice_cut(&part, equals ? (size_t)(equals - part.p) : part.n);
		*ret_value = equals ? slice_from(part, 1) : SLICE_LITERAL("");
		return true;
	}
	return false;
}

bool http_decode(struct slice text, bool is_query, char *out, size_t out_bytes, struct slice *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (n == out_bytes)
			return false;
		if (c == '%') {
			if (text.n - i < 3 || !num_from_hex(slice_make(text.p + i + 1, 2), &c, 1))
				return false;
			i += 2;
		} else if (c == '+' && is_query) {
			c = ' ';
		}
		out[n++] = c;
	}
	*ret = slice_make(out, n);
	return true;
}
