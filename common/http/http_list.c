#include "http/http_list.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct slice http_list_trim(struct slice text)
{
	while (text.n > 0 && is_blank(text.p[0]))
		text = slice_from(text, 1);
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

struct slice http_list_cut(struct slice *rest, char separator)
{
	const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct slice part = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return http_list_trim(part);
}
