/* pg_copy: rows into a table by binary COPY.
 *
 * The rows are built in a strbuf with pg_copy_*, many to one put, and sent by pg_copy_run as one COPY command. Not in
 * pipeline mode, which never syncs after COPY (style 11). */
#ifndef PG_PG_COPY_H
#define PG_PG_COPY_H

#include "base/num.h"
#include "pg/pg_link.h"

#define PG_EPOCH_MS    INT64_C(946684800000)	/* 1 January 2000 */
#define PG_TIME_MS_END INT64_C(253402300800000) /* the year 10000 */

static inline void pg_copy_row(struct strbuf *out, int16_t columns)
{
	uint8_t v[2];

	num_put_be16(v, (uint16_t)columns);
	strbuf_add_bytes(out, v, sizeof v);
}

static inline void pg_copy_null(struct strbuf *out)
{
	strbuf_add_bytes(out, "\xff\xff\xff\xff", 4);
}

static inline void pg_copy_bytes(struct strbuf *out, struct slice value) /* text, bytea, uuid */
{
	uint8_t n[4];

	num_put_be32(n, (uint32_t)value.n);
	strbuf_add_bytes(out, n, sizeof n);
	strbuf_add(out, value);
}

static inline void pg_copy_i16(struct strbuf *out, int16_t value)
{
	uint8_t v[6] = { 0, 0, 0, 2 };

	num_put_be16(v + 4, (uint16_t)value);
	strbuf_add_bytes(out, v, sizeof v);
}

static inline void pg_copy_i32(struct strbuf *out, int32_t value)
{
	uint8_t v[8] = { 0, 0, 0, 4 };

	num_put_be32(v + 4, (uint32_t)value);
	strbuf_add_bytes(out, v, sizeof v);
}

static inline void pg_copy_i64(struct strbuf *out, int64_t value)
{
	uint8_t v[12] = { 0, 0, 0, 8 };

	num_put_be64(v + 4, (uint64_t)value);
	strbuf_add_bytes(out, v, sizeof v);
}

static inline void pg_copy_bool(struct strbuf *out, bool value)
{
	strbuf_add_bytes(out, value ? "\0\0\0\1\1" : "\0\0\0\1\0", 5);
}

/* timestamptz; ms since 1970, below PG_TIME_MS_END; negative: null. */
static inline void pg_copy_time(struct strbuf *out, int64_t ms)
{
	if (ms >= 0)
		pg_copy_i64(out, (ms - PG_EPOCH_MS) * 1000);
	else
		pg_copy_null(out);
}

static inline void pg_copy_text_or_null(struct strbuf *out, struct slice text) /* empty: null */
{
	if (text.n > 0)
		pg_copy_bytes(out, text);
	else
		pg_copy_null(out);
}

/* target: "table (a, b)"; columns: their types, as of pg_target_check, which is asked first. rows: pg_copy_row and its
 * values, any number of rows. */
MUSTUSE int pg_copy_run(struct pg_link *link, const char *target, const char *columns, struct slice rows,
			struct err *err);

#endif
