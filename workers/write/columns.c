#include "write/columns.h"

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

void columns_init(struct columns *columns, size_t column_bytes_max)
{
	*columns = (struct columns){ 0 };
	for (int i = 0; i < COLUMNS_MAX; i++)
		strbuf_init(&columns->arrays[i], column_bytes_max);
}

void columns_release(struct columns *columns)
{
	for (int i = 0; i < COLUMNS_MAX; i++)
		strbuf_release(&columns->arrays[i]);
}

void columns_begin(struct columns *columns, const char *types)
{
	columns->types = types;
	columns->count = (int)strlen(types);
	columns->at = 0;
	columns->rows = 0;
	assert(columns->count <= COLUMNS_MAX);
	for (int i = 0; i < columns->count; i++) {
		strbuf_reset(&columns->arrays[i]);
		pg_array_begin(&columns->arrays[i], element_type(types[i]));
	}
}

static struct strbuf *next_array(struct columns *columns, const char *allowed)
{
	struct strbuf *array = &columns->arrays[columns->at];

	assert(strchr(allowed, columns->types[columns->at]));
	if (++columns->at == columns->count) {
		columns->at = 0;
		columns->rows++;
	}
	return array;
}

void columns_i32(struct columns *columns, int32_t v)
{
	pg_array_add_i32(next_array(columns, "i"), v);
}

void columns_i64(struct columns *columns, int64_t v)
{
	pg_array_add_i64(next_array(columns, "l"), v);
}

void columns_uuid(struct columns *columns, const uint8_t v[16])
{
	pg_array_add_uuid(next_array(columns, "u"), v);
}

void columns_text(struct columns *columns, struct slice v)
{
	pg_array_add_text(next_array(columns, "tb"), v);
}

size_t columns_bytes(const struct columns *columns)
{
	size_t bytes = 0;

	for (int i = 0; i < columns->count; i++)
		bytes += columns->arrays[i].n;
	return bytes;
}

int columns_exec(struct columns *columns, struct pg_link *link, const char *name, const char *sql,
		 const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	struct pg_params params;

	assert(columns->at == 0);
	pg_params_reset(&params);
	if (first)
		params = *first;
	for (int i = 0; i < columns->count; i++) {
		pg_array_end(&columns->arrays[i], 0, columns->rows);
		if (!strbuf_ok(&columns->arrays[i]))
			return err_set(err, ERR_FULL, "columns", "the parameters of statement %s do not fit", name);
		pg_add_array(&params, array_type(columns->types[i]), strbuf_slice(&columns->arrays[i]));
	}
	return pg_exec(link, name, sql, &params, ret, ret_affected, err);
}
