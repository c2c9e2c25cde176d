#include "wire/wire.h"

#include <assert.h>

const uint8_t *wire_read_varint(const uint8_t *p, const uint8_t *end, unsigned bits, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; p != end && shift < bits; shift += 7) {
		uint64_t digit = *p & 0x7f;

		if (bits - shift < 7 && digit >> (bits - shift) != 0)
			return NULL; /* the last digit holds more than fits */
		v |= digit << shift;
		if ((*p++ & 0x80) == 0) {
			*ret = v;
			return p;
		}
	}
	return NULL;
}

bool wire_take_boolean(struct wire_input *in, bool *ret)
{
	if (in->p == in->end || *in->p > 1)
		return false;
	*ret = *in->p++ == 1;
	return true;
}

bool wire_take_symbol(struct wire_input *in, size_t symbols, int *ret)
{
	int32_t ordinal;

	if (!wire_take_int(in, &ordinal) || ordinal < 0 || (size_t)ordinal >= symbols)
		return false;
	*ret = ordinal;
	return true;
}

bool wire_skip_bytes(struct wire_input *in, size_t bytes)
{
	if (wire_rest_bytes(in) < bytes)
		return false;
	in->p += bytes;
	return true;
}

bool wire_array_next(struct wire_input *in, struct wire_array *array)
{
	int64_t count, bytes = 0;

	assert(array->item_bytes_min > 0);
	if (array->block_end && in->p != array->block_end)
		return false; /* its items took more or less than the block said */
	array->count += array->block_count;
	array->block_end = NULL;
	if (!wire_take_long(in, &count) || count == INT64_MIN)
		return false;
	if (count < 0) {
		if (!wire_take_long(in, &bytes) || bytes < 0 || (uint64_t)bytes > wire_rest_bytes(in))
			return false;
		count = -count;
		array->block_end = in->p + bytes;
	}
	size_t there = array->block_end ? (size_t)bytes : wire_rest_bytes(in);

	array->block_count = (size_t)count;
	return (uint64_t)count <= there / array->item_bytes_min;
}

/* The first block gets what it needs and is mostly the only one; later ones double the capacity, so that many small
 * blocks cost linear time and at most four times the memory. */
static bool array_grow(struct arena *arena, struct wire_array *array)
{
	size_t need = array->count + array->block_count; /* both at most the number of bytes: no overflow */

	if (need <= array->capacity)
		return true;
	size_t capacity = array->count == 0 ? need : MAX(need, 2 * array->capacity);
	void *items = arena_take(arena, capacity, array->item_bytes);

	if (!items)
		return false;
	if (array->count > 0)
		memcpy(items, array->items, array->count * array->item_bytes);
	array->items = items;
	array->capacity = capacity;
	return true;
}

int wire_array_next_grow(struct wire_input *in, struct wire_array *array, struct err *err)
{
	if (!wire_array_next(in, array))
		return wire_malformed(err, array->what);
	if (!array_grow(in->arena, array))
		return err_set(err, ERR_FULL, "arena", "%s: the arena is too small for %zu items", array->what,
			       array->count + array->block_count);
	assert(array->items || array->block_count == 0);
	return 0;
}

/* The hottest loop of a decoder: a delivery is tens of thousands of short texts. */
static bool take_slice_block(struct wire_input *in, struct slice *items, size_t count)
{
	const uint8_t *p = in->p, *end = in->end;

	for (size_t i = 0; i < count; i++) {
		uint64_t bytes;

		if (p != end && *p < 0x80)
			bytes = *p++;
		else if (!(p = wire_read_varint(p, end, 64, &bytes)))
			return false;
		if ((bytes & 1) != 0 || bytes >> 1 > (size_t)(end - p))
			return false; /* negative, or more than is there */
		items[i] = slice_make(p, bytes >> 1);
		p += bytes >> 1;
	}
	in->p = p;
	return true;
}

int wire_take_slices(struct wire_input *in, const char *what, struct slice **ret, size_t *ret_count, struct err *err)
{
	struct wire_array array = { .what = what, .item_bytes = sizeof(struct slice), .item_bytes_min = 1 };
	int rc;

	while ((rc = wire_array_next_grow(in, &array, err)) == 0 && array.block_count > 0)
		if (!take_slice_block(in, (struct slice *)array.items + array.count, array.block_count))
			return wire_malformed(err, what);
	*ret = array.items;
	*ret_count = array.count;
	return rc;
}

int wire_take_ints(struct wire_input *in, const char *what, int32_t **ret, size_t *ret_count, struct err *err)
{
	struct wire_array array = { .what = what, .item_bytes = sizeof(int32_t), .item_bytes_min = 1 };
	int rc;

	while ((rc = wire_array_next_grow(in, &array, err)) == 0 && array.block_count > 0)
		for (size_t i = 0; i < array.block_count; i++)
			if (!wire_take_int(in, (int32_t *)array.items + array.count + i))
				return wire_malformed(err, what);
	*ret = array.items;
	*ret_count = array.count;
	return rc;
}

int wire_take_longs(struct wire_input *in, const char *what, int64_t **ret, size_t *ret_count, struct err *err)
{
	struct wire_array array = { .what = what, .item_bytes = sizeof(int64_t), .item_bytes_min = 1 };
	int rc;

	while ((rc = wire_array_next_grow(in, &array, err)) == 0 && array.block_count > 0)
		for (size_t i = 0; i < array.block_count; i++)
			if (!wire_take_long(in, (int64_t *)array.items + array.count + i))
				return wire_malformed(err, what);
	*ret = array.items;
	*ret_count = array.count;
	return rc;
}

int wire_malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_DATA, "malformed", "%s: the bytes end in it, or are no value of its type", what);
}

int wire_unknown(struct err *err, const char *what, uint64_t schema)
{
	return err_set(err, ERR_DATA, "schema", "%016llx is no schema of %s this build knows",
		       (unsigned long long)schema, what);
}

int wire_finish(const struct wire_input *in, const char *what, struct err *err)
{
	if (in->p == in->end)
		return 0;
	return err_set(err, ERR_DATA, "malformed", "%zu bytes follow a complete %s", wire_rest_bytes(in), what);
}

static size_t varint_bytes(uint64_t v)
{
	return v < 0x80 ? 1 : (size_t)(70 - __builtin_clzll(v)) / 7;
}

/* Cells are short: two overlapping loads and stores are faster than a call. */
static char *write_short(char *p, struct slice v)
{
	if (v.n > 16) {
		memcpy(p, v.p, v.n);
	} else if (v.n >= 8) {
		uint64_t head, tail;

		memcpy(&head, v.p, 8);
		memcpy(&tail, v.p + v.n - 8, 8);
		memcpy(p, &head, 8);
		memcpy(p + v.n - 8, &tail, 8);
	} else if (v.n >= 4) {
		uint32_t head, tail;

		memcpy(&head, v.p, 4);
		memcpy(&tail, v.p + v.n - 4, 4);
		memcpy(p, &head, 4);
		memcpy(p + v.n - 4, &tail, 4);
	} else {
		for (size_t i = 0; i < v.n; i++)
			p[i] = v.p[i];
	}
	return p + v.n;
}

static void put_end(struct strbuf *out)
{
	wire_put_long(out, 0);
}

void wire_put_slices(struct strbuf *out, const struct slice *items, size_t count)
{
	size_t bytes = 0;

	if (count > 0)
		wire_put_long(out, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		bytes += varint_bytes((uint64_t)items[i].n << 1) + items[i].n;
	if (!strbuf_reserve(out, bytes + 1))
		return;
	char *p = out->p + out->n;

	for (size_t i = 0; i < count; i++)
		p = write_short(wire_write_long(p, (int64_t)items[i].n), items[i]);
	out->n += bytes;
	put_end(out);
}

void wire_put_ints(struct strbuf *out, const int32_t *items, size_t count)
{
	if (count > 0)
		wire_put_long(out, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		wire_put_long(out, items[i]);
	put_end(out);
}

void wire_put_longs(struct strbuf *out, const int64_t *items, size_t count)
{
	if (count > 0)
		wire_put_long(out, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		wire_put_long(out, items[i]);
	put_end(out);
}
