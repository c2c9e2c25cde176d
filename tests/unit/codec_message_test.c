/* The codecs of the messages against Avro C: on random data, on other forms of the same data, and on damaged bytes. */
#include "codec_oracle.h"

#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/feedback.h"
#include "wire/gen/forget.h"
#include "wire/gen/quarantine.h"
#include "wire/gen/reference.h"
#include "wire/gen/replay.h"
#include "wire/gen/set_back.h"
#include "wire/gen/verdict.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { ARENA_BYTES = 16 << 20, TEXT_BYTES_MAX = 1 << 24, ROUNDS = 300, MUTATIONS = 40 };

/* Decodes and encodes again. */
#define RECODE(message)                                                                                          \
	static int recode_##message(struct slice body, struct arena *arena, struct strbuf *out, struct err *err) \
	{                                                                                                        \
		struct wire_##message v;                                                                         \
		int rc = wire_##message##_decode(body, arena, &v, err);                                          \
                                                                                                                 \
		if (rc == 0)                                                                                     \
			wire_##message##_encode(out, &v);                                                        \
		return rc;                                                                                       \
	}

RECODE(confirm)
RECODE(delivery)
RECODE(feedback)
RECODE(forget)
RECODE(set_back)
RECODE(quarantine)
RECODE(reference_snapshot)
RECODE(replay)
RECODE(verdict)

static const struct codec {
	const char *name;
	const char *(*schema_json)(void);
	int (*recode)(struct slice body, struct arena *arena, struct strbuf *out, struct err *err);
} CODECS[] = {
	{ "confirm", wire_confirm_schema_json, recode_confirm },
	{ "delivery", wire_delivery_schema_json, recode_delivery },
	{ "feedback", wire_feedback_schema_json, recode_feedback },
	{ "forget", wire_forget_schema_json, recode_forget },
	{ "set_back", wire_set_back_schema_json, recode_set_back },
	{ "quarantine", wire_quarantine_schema_json, recode_quarantine },
	{ "reference", wire_reference_snapshot_schema_json, recode_reference_snapshot },
	{ "replay", wire_replay_schema_json, recode_replay },
	{ "verdict", wire_verdict_schema_json, recode_verdict },
};

struct bench {
	struct arena arena;
	struct oracle oracle;
	struct strbuf loose, canonical, ours, theirs;
};

static void bench_open(struct bench *bench, const struct codec *codec)
{
	struct err err;

	cr_assert_eq(arena_init(&bench->arena, ARENA_BYTES, ARENA_BYTES, &err), 0);
	oracle_open(&bench->oracle, codec->schema_json());
	strbuf_init(&bench->loose, TEXT_BYTES_MAX);
	strbuf_init(&bench->canonical, TEXT_BYTES_MAX);
	strbuf_init(&bench->ours, TEXT_BYTES_MAX);
	strbuf_init(&bench->theirs, TEXT_BYTES_MAX);
}

static void bench_reset(struct bench *bench)
{
	arena_reset(&bench->arena);
	strbuf_reset(&bench->loose);
	strbuf_reset(&bench->canonical);
	strbuf_reset(&bench->ours);
	strbuf_reset(&bench->theirs);
}

static void bench_close(struct bench *bench)
{
	arena_release(&bench->arena);
	oracle_close(&bench->oracle);
	strbuf_release(&bench->loose);
	strbuf_release(&bench->canonical);
	strbuf_release(&bench->ours);
	strbuf_release(&bench->theirs);
}

/* Bytes of exactly their size on the heap, so that a sanitizer sees a read past the end. */
static struct slice tight_copy(struct slice from)
{
	char *copy = malloc(MAX(from.n, (size_t)1));

	cr_assert(copy);
	if (from.n > 0)
		memcpy(copy, from.p, from.n);
	return slice_make(copy, from.n);
}

static void tight_free(struct slice copy)
{
	free((void *)(uintptr_t)copy.p);
}

static int recode_tight(const struct codec *codec, struct bench *bench, struct slice bytes, struct err *err)
{
	struct slice copy = tight_copy(bytes);
	int rc = codec->recode(copy, &bench->arena, &bench->ours, err);

	tight_free(copy);
	return rc;
}

Test(codec, reads_what_avro_reads_and_writes_the_one_canonical_form)
{
	for (size_t i = 0; i < ARRAY_LEN(CODECS); i++) {
		struct bench bench;
		struct err err;

		bench_open(&bench, &CODECS[i]);
		for (uint64_t round = 1; round <= ROUNDS; round++) {
			uint64_t seed = round;

			bench_reset(&bench);
			oracle_random(&bench.oracle, &seed, &bench.loose, &bench.canonical);
			cr_assert_eq(recode_tight(&CODECS[i], &bench, strbuf_slice(&bench.loose), &err), 0,
				     "%s seed=%" PRIu64 ": %s", CODECS[i].name, round, err.text);
			cr_assert(slice_equal(strbuf_slice(&bench.ours), strbuf_slice(&bench.canonical)),
				  "%s seed=%" PRIu64, CODECS[i].name, round);
			cr_assert(oracle_read(&bench.oracle, strbuf_slice(&bench.ours), &bench.theirs),
				  "%s seed=%" PRIu64, CODECS[i].name, round);
			cr_assert(slice_equal(strbuf_slice(&bench.theirs), strbuf_slice(&bench.canonical)),
				  "%s seed=%" PRIu64, CODECS[i].name, round);
		}
		bench_close(&bench);
	}
}

Test(codec, avro_reads_the_loose_form_as_the_same_values)
{
	for (size_t i = 0; i < ARRAY_LEN(CODECS); i++) {
		struct bench bench;

		bench_open(&bench, &CODECS[i]);
		for (uint64_t round = 1; round <= ROUNDS; round++) {
			uint64_t seed = round;

			bench_reset(&bench);
			oracle_random(&bench.oracle, &seed, &bench.loose, &bench.canonical);
			cr_assert(oracle_read(&bench.oracle, strbuf_slice(&bench.loose), &bench.theirs),
				  "%s seed=%" PRIu64, CODECS[i].name, round);
			cr_assert(slice_equal(strbuf_slice(&bench.theirs), strbuf_slice(&bench.canonical)),
				  "%s seed=%" PRIu64, CODECS[i].name, round);
		}
		bench_close(&bench);
	}
}

Test(codec, refuses_every_datum_that_ends_early_or_goes_on)
{
	for (size_t i = 0; i < ARRAY_LEN(CODECS); i++) {
		struct bench bench;
		struct err err;
		uint64_t seed = 5;

		bench_open(&bench, &CODECS[i]);
		oracle_random(&bench.oracle, &seed, &bench.loose, &bench.canonical);
		for (size_t n = 0; n < bench.loose.n; n++)
			cr_assert_eq(recode_tight(&CODECS[i], &bench, slice_make(bench.loose.p, n), &err), -ERR_DATA,
				     "%s: %zu of %zu bytes", CODECS[i].name, n, bench.loose.n);
		strbuf_add_char(&bench.loose, 0);
		cr_assert_eq(recode_tight(&CODECS[i], &bench, strbuf_slice(&bench.loose), &err), -ERR_DATA, "%s",
			     CODECS[i].name);
		bench_close(&bench);
	}
}

static void damage(struct strbuf *bytes, uint64_t *seed)
{
	size_t at = oracle_next(seed) % MAX(bytes->n, (size_t)1);

	switch (oracle_next(seed) % 4) {
	case 0:
		bytes->p[at] = (char)(bytes->p[at] ^ 1 << oracle_next(seed) % 8);
		break;
	case 1:
		bytes->p[at] = (char)oracle_next(seed);
		break;
	case 2: /* a byte less */
		memmove(bytes->p + at, bytes->p + at + 1, bytes->n - at - 1);
		bytes->n--;
		break;
	default: /* one twice */
		strbuf_add_char(bytes, 0);
		memmove(bytes->p + at + 1, bytes->p + at, bytes->n - at - 1);
	}
}

Test(codec, what_it_accepts_of_damaged_bytes_avro_accepts_with_the_same_values)
{
	size_t accepted = 0;

	for (size_t i = 0; i < ARRAY_LEN(CODECS); i++) {
		struct bench bench;
		struct err err;

		bench_open(&bench, &CODECS[i]);
		for (uint64_t round = 1; round <= ROUNDS * MUTATIONS; round++) {
			uint64_t seed = round / MUTATIONS, mutation = round;

			bench_reset(&bench);
			oracle_random(&bench.oracle, &seed, &bench.loose, &bench.canonical);
			damage(&bench.loose, &mutation);
			if (recode_tight(&CODECS[i], &bench, strbuf_slice(&bench.loose), &err) != 0)
				continue;
			accepted++;
			cr_assert(oracle_read(&bench.oracle, strbuf_slice(&bench.loose), &bench.theirs),
				  "%s round=%" PRIu64 ": Avro C refuses", CODECS[i].name, round);
			cr_assert(slice_equal(strbuf_slice(&bench.ours), strbuf_slice(&bench.theirs)),
				  "%s round=%" PRIu64, CODECS[i].name, round);
		}
		bench_close(&bench);
	}
	cr_assert_gt(accepted, 1000, "the damage must leave enough to compare");
}

Test(codec, noise_is_an_answer_and_never_more)
{
	static char noise[512];

	for (size_t i = 0; i < ARRAY_LEN(CODECS); i++) {
		struct bench bench;
		struct err err;

		bench_open(&bench, &CODECS[i]);
		for (uint64_t seed = 1; seed <= 20000; seed++) {
			uint64_t state = seed;
			size_t n = oracle_next(&state) % sizeof noise;

			bench_reset(&bench);
			for (size_t at = 0; at < n; at++)
				noise[at] = (char)(oracle_next(&state) >> oracle_next(&state) % 8 & 0xff);
			int rc = recode_tight(&CODECS[i], &bench, slice_make(noise, n), &err);

			cr_assert(rc == 0 || rc == -ERR_DATA || rc == -ERR_FULL, "%s seed=%" PRIu64, CODECS[i].name,
				  seed);
		}
		bench_close(&bench);
	}
}

static struct wire_header some_header(void)
{
	struct wire_header header = { .board = 41211,
				      .delivery_id = SLICE_LITERAL("0123456789-abcdef"),
				      .kind = 2,
				      .dry_run = true,
				      .sequence = INT64_MAX,
				      .extraction_date = 20180601,
				      .received_on = 20180602,
				      .line_count = 3,
				      .contact_name = SLICE_LITERAL("Noor"),
				      .contact_phone = SLICE_LITERAL("010"),
				      .contact_email = SLICE_LITERAL("n@example.org") };

	memset(header.fingerprint, 'f', sizeof header.fingerprint);
	memset(header.reference_version, 'r', sizeof header.reference_version);
	return header;
}

static int64_t number_of(avro_value_t *record, const char *name)
{
	avro_value_t field;
	int32_t number = -1;
	int64_t large = -1;
	int flag = -1;

	cr_assert_eq(avro_value_get_by_name(record, name, &field, NULL), 0, "%s", name);
	switch (avro_value_get_type(&field)) {
	case AVRO_INT32:
		avro_value_get_int(&field, &number);
		return number;
	case AVRO_BOOLEAN:
		avro_value_get_boolean(&field, &flag);
		return flag;
	default:
		avro_value_get_long(&field, &large);
		return large;
	}
}

static struct slice text_of(avro_value_t *record, const char *name)
{
	avro_value_t field;
	const char *text = "";
	const void *bytes = NULL;
	size_t n = 0;

	cr_assert_eq(avro_value_get_by_name(record, name, &field, NULL), 0, "%s", name);
	if (avro_value_get_type(&field) == AVRO_STRING) {
		avro_value_get_string(&field, &text, &n);
		return slice_make(text, n - 1);
	}
	if (avro_value_get_type(&field) == AVRO_FIXED)
		avro_value_get_fixed(&field, &bytes, &n);
	else
		avro_value_get_bytes(&field, &bytes, &n);
	return slice_make(bytes, n);
}

Test(codec, each_field_goes_where_avro_finds_it_by_name)
{
	struct slice cells[] = { SLICE_LITERAL("one"), SLICE_LITERAL(""),
				 SLICE_LITERAL("a text of more than sixteen bytes") };
	struct wire_delivery delivery = { .header = some_header(),
					  .attempt = -7,
					  .columns = SLICE_LITERAL("\1\2\3"),
					  .cells = { cells, ARRAY_LEN(cells) } };
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct oracle oracle;
	avro_value_t value, header, list, cell;

	memset(delivery.content_sha256, 'c', sizeof delivery.content_sha256);
	strbuf_init(&bytes, TEXT_BYTES_MAX);
	wire_delivery_encode(&bytes, &delivery);
	oracle_open(&oracle, wire_delivery_schema_json());
	cr_assert(oracle_value(&oracle, strbuf_slice(&bytes), &value));
	cr_assert_eq(avro_value_get_by_name(&value, "header", &header, NULL), 0);
	cr_expect_eq(number_of(&header, "board"), 41211);
	cr_expect(slice_equal_text(text_of(&header, "delivery_id"), "0123456789-abcdef"));
	cr_expect_eq(text_of(&header, "fingerprint").p[31], 'f');
	cr_expect_eq(number_of(&header, "kind"), 2);
	cr_expect_eq(number_of(&header, "dry_run"), 1);
	cr_expect_eq(number_of(&header, "sequence"), INT64_MAX);
	cr_expect_eq(number_of(&header, "extraction_date"), 20180601);
	cr_expect_eq(number_of(&header, "received_on"), 20180602);
	cr_expect_eq(text_of(&header, "reference_version").p[0], 'r');
	cr_expect_eq(number_of(&header, "line_count"), 3);
	cr_expect(slice_equal_text(text_of(&header, "contact_name"), "Noor"));
	cr_expect(slice_equal_text(text_of(&header, "contact_phone"), "010"));
	cr_expect(slice_equal_text(text_of(&header, "contact_email"), "n@example.org"));
	cr_expect_eq(number_of(&value, "attempt"), -7);
	cr_expect_eq(text_of(&value, "content_sha256").p[15], 'c');
	cr_expect(slice_equal_text(text_of(&value, "columns"), "\1\2\3"));
	cr_assert_eq(avro_value_get_by_name(&value, "cells", &list, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		const char *text;
		size_t n;

		avro_value_get_by_index(&list, i, &cell, NULL);
		avro_value_get_string(&cell, &text, &n);
		cr_expect(slice_equal(slice_make(text, n - 1), cells[i]), "cell %zu", i);
	}
	avro_value_decref(&value);
	oracle_close(&oracle);
}

Test(codec, a_full_arena_is_full_and_not_bad_data)
{
	struct slice cells[1000] = { 0 };
	struct wire_delivery delivery = { .header = some_header(), .cells = { cells, ARRAY_LEN(cells) } },
			     read = { .attempt = 9 };
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct arena arena;
	struct err err;

	strbuf_init(&bytes, TEXT_BYTES_MAX);
	wire_delivery_encode(&bytes, &delivery);
	cr_assert_eq(arena_init(&arena, sizeof cells - 1 - (sizeof cells - 1) % 4096, 0, &err), 0);
	cr_expect_eq(wire_delivery_decode(strbuf_slice(&bytes), &arena, &read, &err), -ERR_FULL);
	cr_expect_eq(read.attempt, 9, "outputs are written only on success");
	arena_release(&arena);
	cr_assert_eq(arena_init(&arena, sizeof cells, 0, &err), 0);
	cr_expect_eq(wire_delivery_decode(strbuf_slice(&bytes), &arena, &read, &err), 0);
	cr_expect_eq(read.cells.count, ARRAY_LEN(cells));
	arena_release(&arena);
}

Test(codec, an_unknown_schema_is_another_error_than_bad_bytes)
{
	struct wire_forget forget;
	struct arena arena;
	struct err err;

	cr_assert_eq(arena_init(&arena, 4096, 0, &err), 0);
	cr_expect_null(wire_schema_find(WIRE_FORGET_SCHEMA + 1));
	cr_expect_eq(wire_forget_decode_as(WIRE_FORGET_SCHEMA + 1, SLICE_LITERAL("\2\0"), &arena, &forget, &err),
		     -ERR_DATA);
	cr_expect_str_eq(err.code, "schema");
	cr_assert(wire_schema_find(WIRE_FORGET_SCHEMA));
	cr_expect_str_eq(wire_schema_find(WIRE_FORGET_SCHEMA)->name, "forget");
	cr_expect_eq(wire_forget_decode_as(WIRE_FORGET_SCHEMA, SLICE_LITERAL("\2\0"), &arena, &forget, &err), 0);
	cr_expect_eq(forget.board, 1);
	arena_release(&arena);
}
