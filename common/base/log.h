/* log: one logfmt line per event on stderr, one write() a line.
 *
 *   level=warn worker=validate/2 event=dedup.retry attempt=3 topic=instroom.raw.1 partition=4 why="connection refused"
 *
 * The worker's name is put in front here. Values with a blank, quote or '=' are quoted. Never personal data: see
 * specification 12. ERROR: someone must act. WARN: tolerated, and it says what we do instead. Thread-safe.
 *
 * Nothing waits long for a reader: a line that cannot be written is lost, and the next that can says how many were. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/macros.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_init(const char *worker, enum log_level least);
enum log_level log_least(void);
const char *log_level_name(enum log_level level); /* "debug" .. "error" */

/* fmt: logfmt pairs, such as "partition=%d why=%s". A %s value is written by log_quote first when it may hold
 * blanks. */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* text as a logfmt value in buf: quoted, with control bytes replaced, cut to fit. Returns buf. */
const char *log_quote(const char *text, char *buf, unsigned long buf_bytes);

#define LOG_QUOTED(text) log_quote((text), (char[256]){ 0 }, 256)

#endif
