#include "gateway/conditional.h"

#include "base/num.h"

static void write_digits(const uint8_t *bytes, size_t digits, char ret[ETAG_BYTES])
{
	ret[0] = '"';
	num_to_hex(bytes, digits / 2, ret + 1);
	ret[digits + 1] = '"';
	ret[digits + 2] = '\0';
}

void etag_write(const uint8_t sha256[32], char ret[ETAG_BYTES])
{
	write_digits(sha256, ETAG_HEX_DIGITS, ret);
}

void etag_write_whole(const uint8_t sha256[32], char ret[ETAG_BYTES])
{
	write_digits(sha256, ETAG_WHOLE_DIGITS, ret);
}

static struct slice skip_blanks(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == ','))
		s = slice_from(s, 1);
	return s;
}

/* The next ETag of a list, quotes included; p NULL: none is left that can be read. */
static struct slice next_etag(struct slice *list, bool *ret_is_weak)
{
	*list = skip_blanks(*list);
	*ret_is_weak = slice_starts_with(*list, "W/");
	*list = slice_from(*list, *ret_is_weak ? 2 : 0);
	const char *end = list->n > 1 && list->p[0] == '"' ? memchr(list->p + 1, '"', list->n - 1) : NULL;

	return end ? slice_cut(list, (size_t)(end + 1 - list->p)) : (struct slice){ 0 };
}

bool etag_is_named(struct slice list, const char *etag, bool is_weak_fine)
{
	struct slice one;
	bool is_weak;

	if (slice_equal_text(skip_blanks(list), "*"))
		return true;
	while ((one = next_etag(&list, &is_weak)).p)
		if (slice_equal_text(one, etag) && (is_weak_fine || !is_weak))
			return true;
	return false;
}

/* What is read is written again and compared: hex in capitals is another ETag (RFC 9110, 8.8.3.2). */
static bool read_digest(struct slice etag, uint8_t ret[CONDITION_DIGEST_BYTES])
{
	char written[ETAG_BYTES];

	if (!num_from_hex(slice_make(etag.p + 1, etag.n - 2), ret, CONDITION_DIGEST_BYTES))
		return false;
	etag_write_whole(ret, written);
	return slice_equal_text(etag, written);
}

size_t etag_list_digests(struct slice list, uint8_t ret[CONDITION_BYTES_MAX], bool *ret_is_any)
{
	struct slice one;
	size_t count = 0;
	bool is_weak;

	*ret_is_any = slice_equal_text(skip_blanks(list), "*");
	while (count < CONDITION_DIGESTS_MAX && (one = next_etag(&list, &is_weak)).p)
		if (!is_weak && read_digest(one, ret + count * CONDITION_DIGEST_BYTES))
			count++;
	return count;
}

enum condition conditional_check(struct slice if_match, struct slice if_none_match, const char *etag)
{
	if (if_match.p && !etag_is_named(if_match, etag, false))
		return CONDITION_FAILED;
	return if_none_match.p && etag_is_named(if_none_match, etag, true) ? CONDITION_NOT_MODIFIED : CONDITION_HOLDS;
}
