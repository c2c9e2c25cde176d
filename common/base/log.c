#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

enum {
	LINE_BYTES_MAX = 2048, /* less than PIPE_BUF: a pipe that can be written takes a whole line */
	SLOW_READER_MS = 100,
};

static char log_worker[64] = "instroom";
static enum log_level log_least_level = LOG_INFO;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t lost_lines; /* since the last that was written */

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

/* false: nobody reads it now. A reader that stands still would hold us in write() for good, and a stop with us. A slow
 * one gets a moment, once: while lines are lost nobody waits. */
static bool write_line(const char *line, size_t bytes)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&out, 1, lost_lines == 0 ? SLOW_READER_MS : 0) == 1 && (out.revents & POLLOUT) &&
	       write(STDERR_FILENO, line, bytes) >= 0;
}

static void report_lost_lines(void)
{
	char line[LINE_BYTES_MAX];

	if (lost_lines == 0)
		return;
	int n = snprintf(line, sizeof line,
			 "level=warn worker=%s event=log.lost lines=%llu why=\"nobody read the log\"\n", log_worker,
			 (unsigned long long)lost_lines);

	if (write_line(line, (size_t)n))
		lost_lines = 0;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_BYTES_MAX];
	va_list args;

	if (level < log_least_level)
		return;
	int n = snprintf(line, sizeof line - 1, "level=%s worker=%s event=%s ", log_level_name(level), log_worker,
			 event);
	size_t used = MIN((size_t)MAX(n, 0), sizeof line - 2);

	va_start(args, fmt);
	n = vsnprintf(line + used, sizeof line - 1 - used, fmt, args);
	va_end(args);
	used += MIN((size_t)MAX(n, 0), sizeof line - 2 - used);
	line[used++] = '\n';
	pthread_mutex_lock(&write_lock);
	report_lost_lines();
	lost_lines += !write_line(line, used);
	pthread_mutex_unlock(&write_lock);
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
