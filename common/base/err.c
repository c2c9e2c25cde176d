#include "base/err.h"

#include <stdarg.h>

#undef err_set /* the function itself, also for an analyzer */

int err_set(struct err *err, enum err_kind kind, const char *code, const char *fmt, ...)
{
	if (err) {
		va_list args;

		err->kind = kind;
		snprintf(err->code, sizeof err->code, "%s", code ? code : "");
		va_start(args, fmt);
		vsnprintf(err->text, sizeof err->text, fmt, args);
		va_end(args);
	}
	return -(int)kind;
}

int err_first(int rc, struct err *err, int second_rc, const struct err *second)
{
	if (rc != 0 || second_rc == 0)
		return rc;
	if (err)
		*err = *second;
	return second_rc;
}

int err_prefix(struct err *err, const char *what)
{
	char text[sizeof err->text];

	snprintf(text, sizeof text, "%s", err->text);
	snprintf(err->text, sizeof err->text, "%.100s: %.210s", what, text);
	return -(int)err->kind;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const NAMES[] = { "none", "data", "retry", "full", "stop", "config", "fatal" };

	return (size_t)kind < ARRAY_LEN(NAMES) ? NAMES[kind] : "unknown";
}
