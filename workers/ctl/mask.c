#include "ctl/mask.h"

#include "model/bsn.h"

#include <ctype.h>
#include <string.h>

enum { PHONE_DIGITS = 10, PHONE_ABROAD_DIGITS = 11, POSTCODE_DIGITS = 4, POSTCODE_LETTERS = 2 };

#define SECRET "password="

static size_t digits_at(struct slice text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return n;
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-' || c == '+';
}

static size_t address_at(struct slice text)
{
	size_t at = 0, end;

	while (at < text.n && is_of_word(text.p[at]))
		at++;
	if (at == 0 || at == text.n || text.p[at] != '@')
		return 0;
	for (end = at + 1; end < text.n && is_of_word(text.p[end]);)
		end++;
	return end > at + 1 ? end : 0;
}

/* Behind the digits: an optional blank and two capitals that no other letter follows. */
static size_t postcode_at(struct slice text)
{
	size_t at = digits_at(text);

	if (at != POSTCODE_DIGITS || text.p[0] == '0')
		return 0;
	at += at < text.n && text.p[at] == ' ';
	size_t end = at;

	while (end < text.n && text.p[end] >= 'A' && text.p[end] <= 'Z')
		end++;
	bool goes_on = end < text.n && isalnum((unsigned char)text.p[end]);

	return end - at == POSTCODE_LETTERS && !goes_on ? end : 0;
}

static size_t number_at(struct slice text, const char **ret_as)
{
	size_t n = digits_at(text);
	uint32_t unused;

	*ret_as = "[telephone]";
	if (text.p[0] == '+' && digits_at(slice_from(text, 1)) == PHONE_ABROAD_DIGITS)
		return PHONE_ABROAD_DIGITS + 1;
	if (n == PHONE_DIGITS && text.p[0] == '0')
		return n;
	*ret_as = "[number]";
	if (n != BSN_DIGITS)
		return 0;
	enum rule rule = bsn_read(slice_make(text.p, n), &unused);

	return rule == RULE_NONE || rule == RULE_P03 ? n : 0;
}

static size_t secret_at(struct slice text)
{
	size_t end = sizeof SECRET - 1;

	if (!slice_starts_with(text, SECRET))
		return 0;
	while (end < text.n && !isspace((unsigned char)text.p[end]) && text.p[end] != '"')
		end++;
	return end;
}

/* What begins here, which is the beginning of a word; 0: nothing to mask. */
static size_t piece_at(struct slice text, const char **ret_as)
{
	size_t n = secret_at(text);

	*ret_as = SECRET "[secret]";
	if (n > 0)
		return n;
	*ret_as = "[address]";
	n = address_at(text);
	if (n > 0)
		return n;
	*ret_as = "[postcode]";
	n = postcode_at(text);
	return n > 0 ? n : number_at(text, ret_as);
}

size_t mask_text(struct slice text, struct strbuf *out)
{
	bool is_inside = false; /* a word */
	size_t count = 0;

	while (text.n > 0) {
		const char *as = "";
		size_t n = is_inside ? 0 : piece_at(text, &as);

		if (n > 0) {
			strbuf_add_text(out, as);
			count++;
		} else {
			n = 1;
			strbuf_add_char(out, text.p[0]);
		}
		is_inside = isalnum((unsigned char)text.p[n - 1]);
		text = slice_from(text, n);
	}
	return count;
}
