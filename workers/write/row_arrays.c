#include "write/row_arrays.h"

#include <assert.h>

static uint32_t element_type(char type)
{
	switch (type) {
	case 'i':
		return PG_I32;
	case 'l':
		return PG_I64;
	case 'u':
		return PG_UUID;
	case 't':
		return PG_TEXT;
	default:
		return PG_BYTEA;
	}
}

static uint32_t array_type(char type)
{
	switch (type) {
	case 'i':
		return PG_I32_ARRAY;
	case 'l':
		return PG_I64_ARRAY;
	case 'u':
		return PG_UUID_ARRAY;
	case 't':
		return PG_TEXT_ARRAY;
	default:
		return PG_BYTEA_ARRAY;
	}
}

void row_arrays_init(struct row_arrays *arrays, size_t column_bytes_max)
{
	*arrays = (struct row_arrays){ 0 };
	for (int i = 0; i < ROW_COLUMNS_MAX; i++)
		strbuf_init(&arrays->columns[i], column_bytes_max);
}

void row_arrays_release(struct row_arrays *arrays)
{
	for (int i = 0; i < ROW_COLUMNS_MAX; i++)
		strbuf_release(&arrays->columns[i]);
}

void row_arrays_begin(struct row_arrays *arrays, const char *types)
{
	arrays->types = types;
	arrays->count = (int)strlen(types);
	arrays->at = 0;
	arrays->rows = 0;
	assert(arrays->count <= ROW_COLUMNS_MAX);
	for (int i = 0; i < arrays->count; i++) {
		strbuf_reset(&arrays->columns[i]);
		pg_array_begin(&arrays->columns[i], element_type(types[i]));
	}
}

static struct strbuf *next_array(struct row_arrays *arrays, const char *allowed)
{
	struct strbuf *array = &arrays->columns[arrays->at];

	assert(strchr(allowed, arrays->types[arrays->at]));
	if (++arrays->at == arrays->count) {
		arrays->at = 0;
		arrays->rows++;
	}
	return array;
}

void row_arrays_i32(struct row_arrays *arrays, int32_t v)
{
	pg_array_add_i32(next_array(arrays, "i"), v);
}

void row_arrays_i64(struct row_arrays *arrays, int64_t v)
{
	pg_array_add_i64(next_array(arrays, "l"), v);
}

void row_arrays_uuid(struct row_arrays *arrays, const uint8_t v[16])
{
	pg_array_add_uuid(next_array(arrays, "u"), v);
}

void row_arrays_text(struct row_arrays *arrays, struct slice v)
{
	pg_array_add_text(next_array(arrays, "tb"), v);
}

size_t row_arrays_bytes(const struct row_arrays *arrays)
{
	size_t bytes = 0;

	for (int i = 0; i < arrays->count; i++)
		bytes += arrays->columns[i].n;
	return bytes;
}

int row_arrays_exec(struct row_arrays *arrays, struct pg_link *link, const char *name, const char *sql,
		    const char *columns, const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected,
		    struct err *err)
{
	struct pg_params params;

	assert(arrays->at == 0);
	pg_params_reset(&params);
	if (first)
		params = *first;
	for (int i = 0; i < arrays->count; i++) {
		pg_array_end(&arrays->columns[i], 0, arrays->rows);
		if (!strbuf_ok(&arrays->columns[i]))
			return err_set(err, ERR_FULL, "columns", "the parameters of statement %s do not fit", name);
		pg_add_array(&params, array_type(arrays->types[i]), strbuf_slice(&arrays->columns[i]));
	}
	return ret ? pg_ask(link, name, sql, columns, &params, ret, err)
		   : pg_exec(link, name, sql, &params, NULL, ret_affected, err);
}
