/* judge_text: which texts have the form the specification asks. Pure; safe on any bytes.
 *
 * Names are mostly ASCII, so a byte below 0x80 is judged by itself and only the rest is decoded. */
#include "base/num.h"
#include "model/judge_internal.h"

enum char_kind { CHAR_OTHER, CHAR_LETTER, CHAR_MARK, CHAR_APOSTROPHE, CHAR_SPACE, CHAR_HYPHEN };

enum {
	EMPLOYEE_REF_BYTES_MAX = 20,
	APPOINTMENT_KEY_BYTES_MAX = 36,
	HOUSE_NUMBER_BYTES_MAX = 5,
	POSTCODE_BYTES = 6,
	BRIN_BYTES = 4,
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_alphanumeric(char c)
{
	return num_is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static inline enum char_kind kind_of_ascii(char c)
{
	if (is_upper(c) || (c >= 'a' && c <= 'z'))
		return CHAR_LETTER;
	switch (c) {
	case ' ':
		return CHAR_SPACE;
	case '-':
		return CHAR_HYPHEN;
	case '\'':
		return CHAR_APOSTROPHE;
	default:
		return CHAR_OTHER;
	}
}

static enum char_kind kind_of_code_point(unsigned c)
{
	if (c >= 0xc0 && c <= 0x24f)
		return c == 0xd7 || c == 0xf7 ? CHAR_OTHER : CHAR_LETTER; /* the signs for times and divided by */
	if (c >= 0x300 && c <= 0x36f)
		return CHAR_MARK;
	if (c >= 0x1e00 && c <= 0x1eff)
		return CHAR_LETTER;
	return c == 0x2018 || c == 0x2019 ? CHAR_APOSTROPHE : CHAR_OTHER;
}

/* Takes one character off *rest, which is not empty. All that a name may hold is at most three bytes long; anything
 * else is CHAR_OTHER, and the caller stops. */
static inline enum char_kind take_char(struct slice *rest)
{
	const char *p = rest->p;
	unsigned lead = (unsigned char)p[0];

	if (lead < 0x80) {
		slice_cut(rest, 1);
		return kind_of_ascii(p[0]);
	}
	if (lead >= 0xc2 && lead <= 0xdf && rest->n >= 2 && is_continuation(p[1])) {
		slice_cut(rest, 2);
		return kind_of_code_point((lead & 0x1f) << 6 | ((unsigned char)p[1] & 0x3f));
	}
	if (lead >= 0xe1 && lead <= 0xef && rest->n >= 3 && is_continuation(p[1]) && is_continuation(p[2])) {
		slice_cut(rest, 3);
		return kind_of_code_point((lead & 0x0f) << 12 | ((unsigned)p[1] & 0x3f) << 6 | ((unsigned)p[2] & 0x3f));
	}
	return CHAR_OTHER;
}

static bool can_bear_mark(enum char_kind kind)
{
	return kind == CHAR_LETTER || kind == CHAR_MARK;
}

bool text_is_name(struct slice text, size_t length_max)
{
	enum char_kind before = CHAR_OTHER; /* as nothing that is accepted is of this kind, it stands for the begin */
	bool has_letter = false;

	for (size_t length = 1; text.n > 0; length++) {
		enum char_kind kind = take_char(&text);

		if (length > length_max || kind == CHAR_OTHER)
			return false;
		if (kind == CHAR_MARK && !can_bear_mark(before))
			return false;
		if (kind == CHAR_HYPHEN && before == CHAR_OTHER)
			return false;
		if (kind == CHAR_SPACE && (before == CHAR_OTHER || before == CHAR_SPACE))
			return false;
		has_letter |= kind == CHAR_LETTER;
		before = kind;
	}
	return has_letter;
}

bool text_is_given_names(struct slice text, size_t length_max)
{
	enum char_kind before = CHAR_SPACE; /* the begin of the text begins a given name */

	if (slice_equal_text(text, "."))
		return true;
	for (size_t length = 1; text.n > 0; length++) {
		enum char_kind kind = take_char(&text);

		if (length > length_max || kind == CHAR_OTHER)
			return false;
		if (before == CHAR_SPACE && kind != CHAR_LETTER)
			return false;
		if (kind == CHAR_MARK && !can_bear_mark(before))
			return false;
		before = kind;
	}
	return before != CHAR_SPACE;
}

/* What the second byte of a letter in UTF-8 becomes when it is read as Windows-1252 and written as UTF-8 again. */
static bool begins_with_trail(struct slice text)
{
	static const char *const TRAILS[] = {
		"\xc5\x92",	/* U+0152 */
		"\xc5\x93",	/* U+0153 */
		"\xc5\xa0",	/* U+0160 */
		"\xc5\xa1",	/* U+0161 */
		"\xc5\xb8",	/* U+0178 */
		"\xc5\xbd",	/* U+017D */
		"\xc5\xbe",	/* U+017E */
		"\xc6\x92",	/* U+0192 */
		"\xe2\x80\x98", /* U+2018 */
		"\xe2\x80\x99", /* U+2019 */
	};

	for (size_t i = 0; i < ARRAY_LEN(TRAILS); i++)
		if (slice_starts_with(text, TRAILS[i]))
			return true;
	return false;
}

bool text_is_encoded_twice(struct slice text)
{
	while (text.n > 0) {
		const char *lead = memchr(text.p, 0xc3, text.n);

		if (!lead)
			return false;
		text = slice_from(text, (size_t)(lead - text.p) + 1);
		if (text.n == 0)
			return false;
		unsigned char c = (unsigned char)text.p[0];

		if ((c == 0x83 || c == 0x84 || c == 0x85 || c == 0x88) && begins_with_trail(slice_from(text, 1)))
			return true;
	}
	return false;
}

bool text_begins_with_one_of(struct slice text, const char *chars)
{
	return text.n > 0 && text.p[0] != '\0' && strchr(chars, text.p[0]);
}

bool text_is_address(struct slice text, size_t length_max)
{
	size_t length = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xa0)
			return false; /* U+0080-009F */
		length += !is_continuation(text.p[i]);
	}
	return length <= length_max;
}

bool text_is_post_box(struct slice text)
{
	static const char WORD[] = "postbus";

	if (text.n < sizeof WORD - 1)
		return false;
	for (size_t i = 0; i < sizeof WORD - 1; i++)
		if ((text.p[i] | 0x20) != WORD[i])
			return false;
	return true;
}

bool text_is_postcode(struct slice text)
{
	return text.n == POSTCODE_BYTES && text.p[0] != '0' && num_is_digits(slice_make(text.p, 4)) &&
	       is_upper(text.p[4]) && is_upper(text.p[5]);
}

bool text_is_house_number(struct slice text)
{
	return text.n >= 1 && text.n <= HOUSE_NUMBER_BYTES_MAX && text.p[0] != '0' && num_is_digits(text);
}

bool text_is_brin(struct slice text)
{
	return text.n == BRIN_BYTES && num_is_digit(text.p[0]) && num_is_digit(text.p[1]) && is_upper(text.p[2]) &&
	       is_upper(text.p[3]);
}

static bool is_key_char(char c)
{
	return is_alphanumeric(c) || c == '.' || c == '_' || c == '/' || c == '-';
}

bool text_is_employee_ref(struct slice text)
{
	if (text.n < 1 || text.n > EMPLOYEE_REF_BYTES_MAX || !is_alphanumeric(text.p[0]))
		return false;
	for (size_t i = 1; i < text.n; i++)
		if (!is_key_char(text.p[i]) && text.p[i] != ' ')
			return false;
	return true;
}

bool text_is_appointment_key(struct slice text)
{
	if (text.n < 1 || text.n > APPOINTMENT_KEY_BYTES_MAX || !is_alphanumeric(text.p[0]))
		return false;
	for (size_t i = 1; i < text.n; i++)
		if (!is_key_char(text.p[i]))
			return false;
	return true;
}

bool text_is_teaching_field(struct slice text)
{
	if (text.n < 1 || text.n > TEACHING_FIELD_BYTES_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!num_is_digit(text.p[i]) && !is_upper(text.p[i]))
			return false;
	return true;
}
