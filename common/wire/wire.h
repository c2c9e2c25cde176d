/* wire: the words of Avro's binary form, as the generated codecs speak them.
 *
 * Reading: a wire_input walks bytes that someone else sent. Every length and count in them is a claim and is compared
 * with what is really there before it is used; a varint has at most 5 (int) or 10 (long) bytes and must fit its type.
 * Nothing is copied: text and bytes come out as slices into the input, arrays in the arena. Text is not checked to be
 * UTF-8: the gateway did that before it published, and nothing behind it trusts more than the bytes.
 * Writing: to a strbuf, which remembers when it is full; ask strbuf_ok at the end. Pure, no threads, no heap but the
 * strbuf's. Source: Avro specification 1.11, "Binary Encoding". */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/strbuf.h"

enum { WIRE_INT_BYTES_MAX = 5, WIRE_LONG_BYTES_MAX = 10 };

struct wire_input {
	const uint8_t *p, *end;
	struct arena *arena; /* where arrays go */
};

/* A schema this build knows. name: of the message's file, without version. */
struct wire_schema {
	uint64_t fingerprint;
	const char *name;
	unsigned version;
	const char *json; /* self-contained: every named type stands in it */
};

static inline struct wire_input wire_input_of(struct slice body, struct arena *arena)
{
	const uint8_t *p = (const uint8_t *)body.p;

	return (struct wire_input){ .p = p, .end = body.n > 0 ? p + body.n : p, .arena = arena };
}

static inline size_t wire_rest_bytes(const struct wire_input *in)
{
	return (size_t)(in->end - in->p);
}

static inline uint64_t wire_zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t wire_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* A base-128 number of at most bytes_max bytes that fits in bits. NULL: the bytes end in it, or it is too long. Longer
 * forms than needed are read, as other writers may make them. */
const uint8_t *wire_read_varint(const uint8_t *p, const uint8_t *end, unsigned bits, uint64_t *ret);

/* false: malformed; *in then stands anywhere, and its owner gives up. */
MUSTUSE static inline bool wire_take_long(struct wire_input *in, int64_t *ret)
{
	uint64_t v;
	const uint8_t *p = in->p;

	if (p != in->end && *p < 0x80)
		v = *p++;
	else if (!(p = wire_read_varint(p, in->end, 64, &v)))
		return false;
	in->p = p;
	*ret = wire_unzigzag(v);
	return true;
}

MUSTUSE static inline bool wire_take_int(struct wire_input *in, int32_t *ret)
{
	uint64_t v;
	const uint8_t *p = in->p;

	if (p != in->end && *p < 0x80)
		v = *p++;
	else if (!(p = wire_read_varint(p, in->end, 32, &v)))
		return false;
	in->p = p;
	*ret = (int32_t)wire_unzigzag(v);
	return true;
}

/* Text or bytes. */
MUSTUSE static inline bool wire_take_slice(struct wire_input *in, struct slice *ret)
{
	int64_t claimed;

	if (!wire_take_long(in, &claimed) || claimed < 0 || (uint64_t)claimed > wire_rest_bytes(in))
		return false;
	*ret = slice_make(in->p, (size_t)claimed);
	in->p += claimed;
	return true;
}

MUSTUSE static inline bool wire_take_fixed(struct wire_input *in, uint8_t *ret, size_t bytes)
{
	if (wire_rest_bytes(in) < bytes)
		return false;
	memcpy(ret, in->p, bytes);
	in->p += bytes;
	return true;
}

MUSTUSE bool wire_take_boolean(struct wire_input *in, bool *ret);		/* 0 or 1, nothing else */
MUSTUSE bool wire_take_symbol(struct wire_input *in, size_t symbols, int *ret); /* of an enum: 0 .. symbols - 1 */
MUSTUSE bool wire_skip_bytes(struct wire_input *in, size_t bytes);

/* An array under way. Avro sends it in blocks, each with its count and perhaps its length; ours is one block. */
struct wire_array {
	const char *what;      /* "Record.field", for errors */
	size_t item_bytes;     /* in memory */
	size_t item_bytes_min; /* of the encoded item, above 0: bounds what a count may claim */
	void *items;
	size_t count;	    /* items of the blocks that are done */
	size_t block_count; /* of the open block; 0: the array is complete */
	size_t capacity;
	const uint8_t *block_end; /* where a block of known length must end, else NULL */
};

/* Closes the open block and opens the next one; _grow also makes the capacity its items need. Arrays that are skipped
 * need none. */
MUSTUSE bool wire_array_next(struct wire_input *in, struct wire_array *array);
MUSTUSE int wire_array_next_grow(struct wire_input *in, struct wire_array *array, struct err *err);

/* Whole arrays of the simple items. */
MUSTUSE int wire_take_slices(struct wire_input *in, const char *what, struct slice **ret, size_t *ret_count,
			     struct err *err);
MUSTUSE int wire_take_ints(struct wire_input *in, const char *what, int32_t **ret, size_t *ret_count, struct err *err);
MUSTUSE int wire_take_longs(struct wire_input *in, const char *what, int64_t **ret, size_t *ret_count, struct err *err);

/* The errors of a decoder. They name fields, never values. */
int wire_malformed(struct err *err, const char *what);					 /* ERR_DATA */
int wire_unknown(struct err *err, const char *what, uint64_t schema);			 /* ERR_DATA, code "schema" */
MUSTUSE int wire_finish(const struct wire_input *in, const char *what, struct err *err); /* bytes left over: ERR_DATA */

/* Writes v at p, which holds WIRE_LONG_BYTES_MAX. Returns what follows. */
static inline char *wire_write_long(char *p, int64_t v)
{
	uint64_t z = wire_zigzag(v);

	for (; z >= 0x80; z >>= 7)
		*p++ = (char)(z | 0x80);
	*p++ = (char)z;
	return p;
}

static inline void wire_put_long(struct strbuf *out, int64_t v)
{
	char text[WIRE_LONG_BYTES_MAX];

	strbuf_add_bytes(out, text, (size_t)(wire_write_long(text, v) - text));
}

static inline void wire_put_boolean(struct strbuf *out, bool v)
{
	strbuf_add_char(out, v ? 1 : 0);
}

static inline void wire_put_slice(struct strbuf *out, struct slice v)
{
	wire_put_long(out, (int64_t)v.n);
	strbuf_add(out, v);
}

/* Whole arrays: one block, and the end. */
void wire_put_slices(struct strbuf *out, const struct slice *items, size_t count);
void wire_put_ints(struct strbuf *out, const int32_t *items, size_t count);
void wire_put_longs(struct strbuf *out, const int64_t *items, size_t count);

#endif
