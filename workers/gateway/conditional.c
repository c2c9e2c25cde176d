#include "gateway/conditional.h"

#include "base/num.h"

void etag_write(const uint8_t sha256[32], char ret[ETAG_BYTES])
{
	ret[0] = '"';
	num_to_hex(sha256, ETAG_HEX_DIGITS / 2, ret + 1);
	ret[ETAG_HEX_DIGITS + 1] = '"';
	ret[ETAG_HEX_DIGITS + 2] = '\0';
}

static struct slice skip_blanks(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == ','))
		s = slice_from(s, 1);
	return s;
}

bool etag_is_named(struct slice list, const char *etag, bool is_weak_fine)
{
	list = skip_blanks(list);
	if (slice_equal_text(list, "*"))
		return true;
	while (list.n > 0) {
		bool is_weak = slice_starts_with(list, "W/");

		list = slice_from(list, is_weak ? 2 : 0);
		const char *end = list.n > 1 && list.p[0] == '"' ? memchr(list.p + 1, '"', list.n - 1) : NULL;

		if (!end)
			return false;
		if (slice_equal_text(slice_cut(&list, (size_t)(end + 1 - list.p)), etag) && (is_weak_fine || !is_weak))
			return true;
		list = skip_blanks(list);
	}
	return false;
}

enum condition conditional_check(struct slice if_match, struct slice if_none_match, const char *etag)
{
	if (if_match.p && !etag_is_named(if_match, etag, false))
		return CONDITION_FAILED;
	return if_none_match.p && etag_is_named(if_none_match, etag, true) ? CONDITION_NOT_MODIFIED : CONDITION_HOLDS;
}
