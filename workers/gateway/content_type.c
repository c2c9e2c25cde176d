#include "gateway/content_type.h"

#include "http/http_list.h"

#include <strings.h>

static bool is_text(struct slice text, const char *wanted)
{
	return text.n == strlen(wanted) && (text.n == 0 || strncasecmp(text.p, wanted, text.n) == 0);
}

struct slice content_type_read(struct slice header, bool *ret_is_utf8)
{
	struct slice type = http_list_cut(&header, ';');

	*ret_is_utf8 = true;
	while (header.n > 0) {
		struct slice value = http_list_cut(&header, ';'), name = http_list_cut(&value, '=');

		value = http_list_trim(value);
		if (is_text(name, "charset") && !is_text(value, "utf-8") && !is_text(value, "\"utf-8\""))
			*ret_is_utf8 = false;
	}
	return type;
}
