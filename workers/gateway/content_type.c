#include "gateway/content_type.h"

#include <strings.h>

static struct slice trim_blanks(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Takes the text up to the separator off *rest, and the separator. */
static struct slice cut_to(struct slice *rest, char separator)
{
	const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct slice part = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return trim_blanks(part);
}

static bool is_text(struct slice text, const char *wanted)
{
	return text.n == strlen(wanted) && (text.n == 0 || strncasecmp(text.p, wanted, text.n) == 0);
}

struct slice content_type_read(struct slice header, bool *ret_is_utf8)
{
	struct slice type = cut_to(&header, ';');

	*ret_is_utf8 = true;
	while (header.n > 0) {
		struct slice value = cut_to(&header, ';'), name = cut_to(&value, '=');

		value = trim_blanks(value);
		if (is_text(name, "charset") && !is_text(value, "utf-8") && !is_text(value, "\"utf-8\""))
			*ret_is_utf8 = false;
	}
	return type;
}
