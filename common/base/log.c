#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 2048 };

static char log_worker[64] = "instroom";
static enum log_level log_least_level = LOG_INFO;

void log_init(const char *worker, enum log_level least)
{
	snprintf(log_worker, sizeof log_worker, "%s", worker);
	log_least_level = least;
}

const char *log_level_name(enum log_level level)
{
	static const char *const NAMES[] = { "debug", "info", "warn", "error" };

	return NAMES[level];
}

enum log_level log_least(void)
{
	return log_least_level;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_BYTES_MAX];
	va_list args;

	if (level < log_least_level)
		return;
	int n = snprintf(line, sizeof line - 1, "level=%s worker=%s event=%s ", log_level_name(level), log_worker, event);
	size_t used = MIN((size_t)MAX(n, 0), sizeof line - 2);

	va_start(args, fmt);
	n = vsnprintf(line + used, sizeof line - 1 - used, fmt, args);
	va_end(args);
	used += MIN((size_t)MAX(n, 0), sizeof line - 2 - used);
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody reads us: work goes on */
}

const char *log_quote(const char *text, char *buf, unsigned long buf_bytes)
{
	unsigned long n = 0;

	if (buf_bytes < 3)
		return "";
	buf[n++] = '"';
	for (; *text && n + 2 < buf_bytes; text++) {
		unsigned char c = (unsigned char)*text;

		buf[n++] = c < 0x20 || c == 0x7f ? ' ' : c == '"' || c == '\\' ? '\'' : (char)c;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}
