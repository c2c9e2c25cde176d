#include "model/bsn.h"

#include "base/num.h"

enum rule bsn_read(struct slice text, uint32_t *ret)
{
	unsigned sum = 0; /* w of specification 5.2 */
	uint32_t number = 0;

	if (text.n != BSN_DIGITS || !num_is_digits(text))
		return RULE_P01;
	for (unsigned i = 0; i < BSN_DIGITS; i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');

		number = number * 10 + digit;
		if (i < BSN_DIGITS - 1)
			sum += (BSN_DIGITS - i) * digit;
	}
	unsigned last = number % 10;

	if (sum % 11 == (last + 5) % 11)
		return RULE_P03;
	if (sum % 11 != last || number == 0)
		return RULE_P02;
	*ret = number;
	return RULE_NONE;
}

static bool run_holds(struct slice run, struct slice bsn)
{
	return bsn.n >= BSN_DIGITS_LOST && run.n >= bsn.n && memmem(run.p, run.n, bsn.p, bsn.n);
}

enum rule bsn_find(struct slice text, struct slice bsn)
{
	enum rule found = RULE_NONE;
	uint32_t number;

	for (size_t i = 0; i + BSN_DIGITS_LOST <= text.n; i++) {
		size_t start = i;

		while (i < text.n && num_is_digit(text.p[i]))
			i++;
		struct slice run = slice_make(text.p + start, i - start);

		if (run_holds(run, bsn))
			return RULE_P11;
		if (run.n == BSN_DIGITS && bsn_read(run, &number) == RULE_NONE)
			found = RULE_P14;
	}
	return found;
}

/* Bytes of what people write between the groups of a number; 0: something else stands here. */
static size_t joint_at(struct slice text)
{
	static const char *const JOINTS[] = {
		" ", ".", "-", "/", "_", "\t", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x91", "\xE2\x80\x93"
	};

	for (size_t i = 0; i < ARRAY_LEN(JOINTS); i++)
		if (slice_starts_with(text, JOINTS[i]))
			return strlen(JOINTS[i]);
	return 0;
}

/* Whether groups from this one on, the first of which begins here, are a BSN. */
static bool begins_bsn(struct slice text)
{
	char digits[BSN_DIGITS];
	size_t count = 0;
	uint32_t number;

	for (;;) {
		while (text.n > 0 && num_is_digit(text.p[0])) {
			if (count == BSN_DIGITS)
				return false;
			digits[count++] = text.p[0];
			text = slice_from(text, 1);
		}
		if (count == BSN_DIGITS)
			return bsn_read(slice_make(digits, count), &number) == RULE_NONE;
		size_t joint = joint_at(text);

		if (joint == 0 || joint == text.n || !num_is_digit(text.p[joint]))
			return false;
		text = slice_from(text, joint);
	}
}

bool bsn_stands_in(struct slice text)
{
	bool is_inside = false; /* a group of digits */

	for (; text.n > 0; text = slice_from(text, 1)) {
		bool is_digit = num_is_digit(text.p[0]);

		if (is_digit && !is_inside && begins_bsn(text))
			return true;
		is_inside = is_digit;
	}
	return false;
}
