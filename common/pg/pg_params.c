/* Values of statements in the binary form of PostgreSQL: integers big-endian, arrays with their header. A scalar
 * stands in params->scalars and is known by a NULL pointer, so that a copy of the struct stays right. */
#include "pg/pg_internal.h"

#include "base/num.h"

#include <assert.h>

enum { ARRAY_HEAD_BYTES = 20, ARRAY_EMPTY_BYTES = 12 };

void pg_params_reset(struct pg_params *params)
{
	params->count = 0;
	params->is_short = false;
}

static int add_param(struct pg_params *params, uint32_t type, struct slice value)
{
	int at = params->count++;

	assert(at < PG_PARAMS_MAX);
	params->types[at] = type;
	params->values[at] = value;
	params->is_null[at] = false;
	return at;
}

void pg_add_null(struct pg_params *params, uint32_t type)
{
	params->is_null[add_param(params, type, (struct slice){ 0 })] = true;
}

static uint8_t *add_scalar(struct pg_params *params, uint32_t type, size_t bytes)
{
	return params->scalars[add_param(params, type, slice_make(NULL, bytes))];
}

void pg_add_i16(struct pg_params *params, int16_t v)
{
	num_put_be16(add_scalar(params, PG_I16, 2), (uint16_t)v);
}

void pg_add_i32(struct pg_params *params, int32_t v)
{
	num_put_be32(add_scalar(params, PG_I32, 4), (uint32_t)v);
}

void pg_add_i64(struct pg_params *params, int64_t v)
{
	num_put_be64(add_scalar(params, PG_I64, 8), (uint64_t)v);
}

void pg_add_bool(struct pg_params *params, bool v)
{
	*add_scalar(params, PG_BOOL, 1) = v;
}

void pg_add_uuid(struct pg_params *params, const uint8_t v[16])
{
	memcpy(add_scalar(params, PG_UUID, 16), v, 16);
}

static struct slice never_null(struct slice v)
{
	return v.n == 0 ? slice_make("", 0) : v;
}

void pg_add_text(struct pg_params *params, struct slice v)
{
	add_param(params, PG_TEXT, never_null(v));
}

void pg_add_text_or_null(struct pg_params *params, struct slice v)
{
	if (v.n > 0)
		pg_add_text(params, v);
	else
		pg_add_null(params, PG_TEXT);
}

void pg_add_bytes(struct pg_params *params, struct slice v)
{
	add_param(params, PG_BYTEA, never_null(v));
}

void pg_add_array(struct pg_params *params, uint32_t array_type, struct slice array)
{
	params->is_short |= array.n < ARRAY_EMPTY_BYTES;
	add_param(params, array_type, array);
}

void pg_params_wire(const struct pg_params *params, struct pg_wire_params *ret)
{
	for (int i = 0; i < params->count; i++) {
		const struct slice *value = &params->values[i];

		assert(value->n <= INT32_MAX);
		ret->values[i] = params->is_null[i] ? NULL : value->p ? value->p : (const char *)params->scalars[i];
		ret->lengths[i] = (int)value->n;
		ret->formats[i] = 1;
	}
}

static void add_be32(struct strbuf *out, uint32_t v)
{
	uint8_t bytes[4];

	num_put_be32(bytes, v);
	strbuf_add_bytes(out, bytes, sizeof bytes);
}

/* dimensions, has nulls, element type; then for the one dimension its count and first index */
void pg_array_begin(struct strbuf *out, uint32_t element_type)
{
	add_be32(out, 1);
	add_be32(out, 0);
	add_be32(out, element_type);
	add_be32(out, 0);
	add_be32(out, 1);
}

void pg_array_end(struct strbuf *out, size_t start, int32_t count)
{
	if (!strbuf_ok(out)) {
		out->n = MIN(out->n, start); /* no half of an array: pg_add_array sees that it is missing */
		return;
	}
	assert(start + ARRAY_HEAD_BYTES <= out->n && count >= 0);
	if (count == 0) {
		num_put_be32((uint8_t *)out->p + start, 0); /* an empty array has no dimension */
		out->n = start + ARRAY_EMPTY_BYTES;
		return;
	}
	num_put_be32((uint8_t *)out->p + start + ARRAY_EMPTY_BYTES, (uint32_t)count);
}

void pg_array_add_i32(struct strbuf *out, int32_t v)
{
	add_be32(out, 4);
	add_be32(out, (uint32_t)v);
}

void pg_array_add_i64(struct strbuf *out, int64_t v)
{
	uint8_t bytes[8];

	num_put_be64(bytes, (uint64_t)v);
	add_be32(out, sizeof bytes);
	strbuf_add_bytes(out, bytes, sizeof bytes);
}

void pg_array_add_uuid(struct strbuf *out, const uint8_t v[16])
{
	add_be32(out, 16);
	strbuf_add_bytes(out, v, 16);
}

void pg_array_add_text(struct strbuf *out, struct slice v)
{
	add_be32(out, (uint32_t)v.n);
	strbuf_add(out, v);
}
