#include "codec_oracle.h"

#include "wire/wire.h"

#include <criterion/criterion.h>

enum { BLOCK_BYTES_MAX = 1 << 22, ITEMS_MAX = 6, TEXT_BYTES_MAX = 80 };

void oracle_open(struct oracle *oracle, const char *schema_json)
{
	cr_assert_eq(avro_schema_from_json_length(schema_json, strlen(schema_json), &oracle->schema), 0, "%s",
		     avro_strerror());
	oracle->iface = avro_generic_class_from_schema(oracle->schema);
}

void oracle_close(struct oracle *oracle)
{
	avro_value_iface_decref(oracle->iface);
	avro_schema_decref(oracle->schema);
}

uint64_t oracle_next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* v with 0 or 1 digits that say nothing, as long as it stays within bytes_max */
static void put_loose(struct strbuf *out, uint64_t *seed, int64_t v, size_t bytes_max)
{
	char text[WIRE_LONG_BYTES_MAX + 1];
	char *end = wire_write_long(text, v);

	if ((size_t)(end - text) < bytes_max && oracle_next(seed) % 4 == 0) {
		end[-1] = (char)(end[-1] | 0x80);
		*end++ = 0;
	}
	strbuf_add_bytes(out, text, (size_t)(end - text));
}

static void put_number(uint64_t *seed, int64_t v, size_t bytes_max, struct strbuf *loose, struct strbuf *canonical)
{
	put_loose(loose, seed, v, bytes_max);
	wire_put_long(canonical, v);
}

/* All lengths of numbers are equally likely. */
static int64_t random_long(uint64_t *seed)
{
	uint64_t bits = oracle_next(seed) % 65;

	return bits == 0 ? 0 : (int64_t)(oracle_next(seed) >> (64 - bits));
}

static void random_bytes(uint64_t *seed, size_t n, struct strbuf *loose, struct strbuf *canonical)
{
	for (size_t i = 0; i < n; i++) {
		char c = (char)oracle_next(seed);

		strbuf_add_char(loose, c);
		strbuf_add_char(canonical, c);
	}
}

static void random_datum(avro_schema_t schema, uint64_t *seed, struct strbuf *loose, struct strbuf *canonical);

static void random_array(avro_schema_t schema, uint64_t *seed, struct strbuf *loose, struct strbuf *canonical)
{
	CLEANUP(strbuf_drop) struct strbuf items, block;
	size_t count = 0, blocks = oracle_next(seed) % 3;

	strbuf_init(&items, BLOCK_BYTES_MAX);
	strbuf_init(&block, BLOCK_BYTES_MAX);
	for (size_t i = 0; i < blocks; i++) {
		int64_t n = 1 + (int64_t)(oracle_next(seed) % ITEMS_MAX);
		bool has_length = oracle_next(seed) % 2 == 0;

		strbuf_reset(&block);
		for (int64_t j = 0; j < n; j++)
			random_datum(avro_schema_array_items(schema), seed, &block, &items);
		put_loose(loose, seed, has_length ? -n : n, WIRE_LONG_BYTES_MAX);
		if (has_length)
			put_loose(loose, seed, (int64_t)block.n, WIRE_LONG_BYTES_MAX);
		strbuf_add(loose, strbuf_slice(&block));
		count += (size_t)n;
	}
	put_loose(loose, seed, 0, WIRE_LONG_BYTES_MAX);
	if (count > 0)
		wire_put_long(canonical, (int64_t)count);
	strbuf_add(canonical, strbuf_slice(&items));
	wire_put_long(canonical, 0);
}

static void random_datum(avro_schema_t schema, uint64_t *seed, struct strbuf *loose, struct strbuf *canonical)
{
	size_t n = oracle_next(seed) % 8 == 0 ? oracle_next(seed) % TEXT_BYTES_MAX : oracle_next(seed) % 10;

	switch (avro_typeof(schema)) {
	case AVRO_BOOLEAN:
		n = oracle_next(seed) % 2;
		strbuf_add_char(loose, (char)n);
		strbuf_add_char(canonical, (char)n);
		break;
	case AVRO_INT32:
		put_number(seed, (int32_t)random_long(seed), WIRE_INT_BYTES_MAX, loose, canonical);
		break;
	case AVRO_INT64:
		put_number(seed, random_long(seed), WIRE_LONG_BYTES_MAX, loose, canonical);
		break;
	case AVRO_STRING:
	case AVRO_BYTES:
		put_number(seed, (int64_t)n, WIRE_LONG_BYTES_MAX, loose, canonical);
		random_bytes(seed, n, loose, canonical);
		break;
	case AVRO_FIXED:
		random_bytes(seed, (size_t)avro_schema_fixed_size(schema), loose, canonical);
		break;
	case AVRO_ENUM:
		put_number(seed, (int64_t)(oracle_next(seed) % (uint64_t)avro_schema_enum_number_of_symbols(schema)),
			   WIRE_INT_BYTES_MAX, loose, canonical);
		break;
	case AVRO_ARRAY:
		random_array(schema, seed, loose, canonical);
		break;
	case AVRO_LINK:
		random_datum(avro_schema_link_target(schema), seed, loose, canonical);
		break;
	case AVRO_RECORD:
		for (size_t i = 0; i < avro_schema_record_size(schema); i++)
			random_datum(avro_schema_record_field_get_by_index(schema, (int)i), seed, loose, canonical);
		break;
	default:
		cr_assert_fail("the generator does not know this type");
	}
}

void oracle_random(const struct oracle *oracle, uint64_t *seed, struct strbuf *loose, struct strbuf *canonical)
{
	random_datum(oracle->schema, seed, loose, canonical);
}

static void put_value(const avro_value_t *value, struct strbuf *out)
{
	const void *bytes = NULL;
	const char *text;
	int32_t number;
	int64_t large;
	size_t n = 0;
	int flag;
	avro_value_t child;

	switch (avro_value_get_type(value)) {
	case AVRO_BOOLEAN:
		avro_value_get_boolean(value, &flag);
		wire_put_boolean(out, flag != 0);
		break;
	case AVRO_INT32:
		avro_value_get_int(value, &number);
		wire_put_long(out, number);
		break;
	case AVRO_INT64:
		avro_value_get_long(value, &large);
		wire_put_long(out, large);
		break;
	case AVRO_STRING: /* its size counts a NUL that Avro C adds */
		avro_value_get_string(value, &text, &n);
		wire_put_slice(out, slice_make(text, n - 1));
		break;
	case AVRO_BYTES:
		avro_value_get_bytes(value, &bytes, &n);
		wire_put_slice(out, slice_make(bytes, n));
		break;
	case AVRO_FIXED:
		avro_value_get_fixed(value, &bytes, &n);
		strbuf_add_bytes(out, bytes, n);
		break;
	case AVRO_ENUM:
		avro_value_get_enum(value, &flag);
		wire_put_long(out, flag);
		break;
	case AVRO_ARRAY:
		avro_value_get_size(value, &n);
		if (n > 0)
			wire_put_long(out, (int64_t)n);
		for (size_t i = 0; i < n; i++) {
			avro_value_get_by_index(value, i, &child, NULL);
			put_value(&child, out);
		}
		wire_put_long(out, 0);
		break;
	case AVRO_RECORD:
		avro_value_get_size(value, &n);
		for (size_t i = 0; i < n; i++) {
			avro_value_get_by_index(value, i, &child, NULL);
			put_value(&child, out);
		}
		break;
	default:
		cr_assert_fail("the generator does not know this type");
	}
}

bool oracle_value(const struct oracle *oracle, struct slice bytes, avro_value_t *ret)
{
	avro_reader_t reader = avro_reader_memory(bytes.p, (int64_t)bytes.n);

	avro_generic_value_new(oracle->iface, ret);
	bool is_read = avro_value_read(reader, ret) == 0 && avro_skip(reader, 1) != 0; /* nothing is left */

	avro_reader_free(reader);
	if (!is_read)
		avro_value_decref(ret);
	return is_read;
}

bool oracle_read(const struct oracle *oracle, struct slice bytes, struct strbuf *canonical)
{
	avro_value_t value;

	if (!oracle_value(oracle, bytes, &value))
		return false;
	put_value(&value, canonical);
	avro_value_decref(&value);
	return true;
}
