#include "model/problem.h"

enum { GROUP_LETTERS = 4 };

static bool is_letter(char c)
{
	return c != '\0' && strchr("BCDFGHJKLMNPRSTV", c);
}

bool problem_reference_is_good(struct slice text)
{
	bool is_good = text.n == PROBLEM_REFERENCE_BYTES - 1 && text.p[0] == 'P';

	for (size_t i = 1; is_good && i < text.n; i++)
		is_good = i % (GROUP_LETTERS + 1) == 1 ? text.p[i] == '-' : is_letter(text.p[i]);
	return is_good;
}

const char *problem_state_of(struct slice text)
{
	static const char *const STATES[] = { "ontvangen", "verzonden", "niet_verzonden", "afgehandeld" };

	for (size_t i = 0; i < ARRAY_LEN(STATES); i++)
		if (slice_equal_text(text, STATES[i]))
			return STATES[i];
	return NULL;
}
