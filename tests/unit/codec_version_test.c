/* Bytes of older versions, read into the newest struct, with the test schemas of schemas/good. */
#include "codec_oracle.h"

#include "note/gen/note.h"
#include "note/gen/other.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES_MAX = 1 << 20 };

static const struct wire_schema *version_of(const char *name, unsigned version)
{
	for (size_t i = 0; i < NOTE_SCHEMAS_COUNT; i++)
		if (strcmp(NOTE_SCHEMAS[i].name, name) == 0 && NOTE_SCHEMAS[i].version == version)
			return &NOTE_SCHEMAS[i];
	cr_assert_fail("no such version");
	return NULL;
}

static struct slice text_of(avro_value_t *record, const char *name)
{
	avro_value_t field;
	const char *text = NULL;
	size_t n = 0;

	cr_assert_eq(avro_value_get_by_name(record, name, &field, NULL), 0, "%s", name);
	avro_value_get_string(&field, &text, &n);
	return slice_make(text, n - 1);
}

static int32_t int_of(avro_value_t *record, const char *name)
{
	avro_value_t field;
	int32_t number = 0;
	int symbol = 0;

	cr_assert_eq(avro_value_get_by_name(record, name, &field, NULL), 0, "%s", name);
	if (avro_value_get_type(&field) == AVRO_ENUM) {
		avro_value_get_enum(&field, &symbol);
		return symbol;
	}
	avro_value_get_int(&field, &number);
	return number;
}

static void expect_items(avro_value_t *record, const struct note_note *note, uint64_t round)
{
	avro_value_t items, item, tags;
	size_t count, tag_count;

	avro_value_get_by_name(record, "items", &items, NULL);
	avro_value_get_size(&items, &count);
	cr_assert_eq(note->items.count, count, "seed=%" PRIu64, round);
	for (size_t i = 0; i < count; i++) {
		avro_value_get_by_index(&items, i, &item, NULL);
		avro_value_get_by_name(&item, "tags", &tags, NULL);
		avro_value_get_size(&tags, &tag_count);
		cr_assert_eq(note->items.items[i].count, int_of(&item, "count"), "seed=%" PRIu64, round);
		cr_assert_eq(note->items.items[i].tags.count, tag_count, "seed=%" PRIu64, round);
		cr_assert_eq(note->items.items[i].weight, -INT64_MAX, "seed=%" PRIu64, round);
	}
}

static void expect_defaults(const struct note_note *note)
{
	cr_expect(note->new_flag);
	cr_expect_eq(note->new_int, INT32_MIN);
	cr_expect(slice_equal_text(note->new_text,
				   "a \"quoted\" ?"
				   "?/ \xc3\xa9 7"));
	cr_expect(slice_equal_text(note->new_bytes,
				   "\x01\x7f"
				   "8"));
	cr_expect_arr_eq(note->new_fixed, "abcd", 4);
	cr_expect_eq(note->new_colour, NOTE_COLOUR_BLUE);
	cr_expect_eq(note->new_texts.count, 0);
	cr_expect_eq(note->flags.count + note->fixeds.count + note->longs.count + note->colours.count, 0);
}

/* Random data of the old version; what stays must be what Avro C reads there, what is new its default. */
static void expect_old_version_reads(unsigned version, int64_t new_long)
{
	const struct wire_schema *schema = version_of("note", version);
	CLEANUP(strbuf_drop) struct strbuf loose, canonical;
	struct oracle oracle;
	struct arena arena;
	struct err err;

	strbuf_init(&loose, TEXT_BYTES_MAX);
	strbuf_init(&canonical, TEXT_BYTES_MAX);
	oracle_open(&oracle, schema->json);
	cr_assert_eq(arena_init(&arena, ARENA_BYTES, ARENA_BYTES, &err), 0);
	for (uint64_t round = 1; round <= 500; round++) {
		uint64_t seed = round;
		struct note_note note;
		avro_value_t value;

		arena_reset(&arena);
		strbuf_reset(&loose);
		strbuf_reset(&canonical);
		oracle_random(&oracle, &seed, &loose, &canonical);
		cr_assert_eq(note_note_decode_as(schema->fingerprint, strbuf_slice(&loose), &arena, &note, &err), 0,
			     "seed=%" PRIu64 ": %s", round, err.text);
		cr_assert(oracle_value(&oracle, strbuf_slice(&loose), &value));
		cr_assert_eq(note.number, int_of(&value, "number"), "seed=%" PRIu64, round);
		cr_assert(slice_equal(note.kept, text_of(&value, "kept")), "seed=%" PRIu64, round);
		cr_assert_eq((int)note.colour, int_of(&value, "colour"), "seed=%" PRIu64, round);
		expect_items(&value, &note, round);
		expect_defaults(&note);
		if (version == 1)
			cr_assert_eq(note.new_long, new_long);
		avro_value_decref(&value);
		for (size_t n = 0; round <= 20 && n < loose.n; n++)
			cr_assert_eq(note_note_decode_as(schema->fingerprint, slice_make(loose.p, n), &arena, &note,
							 &err),
				     -ERR_DATA, "%zu of %zu bytes", n, loose.n);
	}
	oracle_close(&oracle);
	arena_release(&arena);
}

Test(codec_version, bytes_of_version_1_are_read_with_skips_and_defaults)
{
	expect_old_version_reads(1, 7);
}

Test(codec_version, bytes_of_version_2_keep_their_own_value_where_version_3_has_a_default)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct note_note note;
	struct arena arena;
	struct err err;

	expect_old_version_reads(2, 0);
	strbuf_init(&bytes, 100);
	wire_put_slice(&bytes, SLICE_LITERAL("kept")); /* kept, number, colour GREEN, no items, new_long */
	wire_put_long(&bytes, 5);
	wire_put_long(&bytes, 1);
	wire_put_long(&bytes, 0);
	wire_put_long(&bytes, -900000000000);
	cr_assert_eq(arena_init(&arena, 4096, 0, &err), 0);
	cr_assert_eq(note_note_decode_as(version_of("note", 2)->fingerprint, strbuf_slice(&bytes), &arena, &note, &err),
		     0);
	cr_expect_eq(note.new_long, -900000000000);
	cr_expect_eq(note.number, 5);
	cr_expect_eq(note.colour, NOTE_COLOUR_GREEN);
	arena_release(&arena);
}

Test(codec_version, a_symbol_that_the_writer_did_not_know_is_malformed)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct note_note note;
	struct arena arena;
	struct err err;

	strbuf_init(&bytes, 100);
	wire_put_slice(&bytes, SLICE_LITERAL(""));
	wire_put_long(&bytes, 5);
	wire_put_long(&bytes, NOTE_COLOUR_BLUE);
	wire_put_long(&bytes, 0);
	wire_put_long(&bytes, 0);
	cr_assert_eq(arena_init(&arena, 4096, 0, &err), 0);
	cr_expect_eq(note_note_decode_as(version_of("note", 2)->fingerprint, strbuf_slice(&bytes), &arena, &note, &err),
		     -ERR_DATA);
	cr_expect_str_eq(err.text, "Note.colour: the bytes end in it, or are no value of its type");
	arena_release(&arena);
}

static void expect_round_trip(const char *name, unsigned version,
			      int (*recode)(struct slice, struct arena *, struct strbuf *, struct err *))
{
	CLEANUP(strbuf_drop) struct strbuf loose, canonical, ours;
	struct oracle oracle;
	struct arena arena;
	struct err err;

	strbuf_init(&loose, TEXT_BYTES_MAX);
	strbuf_init(&canonical, TEXT_BYTES_MAX);
	strbuf_init(&ours, TEXT_BYTES_MAX);
	oracle_open(&oracle, version_of(name, version)->json);
	cr_assert_eq(arena_init(&arena, ARENA_BYTES, ARENA_BYTES, &err), 0);
	for (uint64_t round = 1; round <= 500; round++) {
		uint64_t seed = round;

		arena_reset(&arena);
		strbuf_reset(&loose);
		strbuf_reset(&canonical);
		strbuf_reset(&ours);
		oracle_random(&oracle, &seed, &loose, &canonical);
		cr_assert_eq(recode(strbuf_slice(&loose), &arena, &ours, &err), 0, "seed=%" PRIu64 ": %s", round,
			     err.text);
		cr_assert(slice_equal(strbuf_slice(&ours), strbuf_slice(&canonical)), "seed=%" PRIu64, round);
	}
	oracle_close(&oracle);
	arena_release(&arena);
}

static int recode_note(struct slice body, struct arena *arena, struct strbuf *out, struct err *err)
{
	struct note_note note;
	int rc = note_note_decode(body, arena, &note, err);

	if (rc == 0)
		note_note_encode(out, &note);
	return rc;
}

static int recode_other(struct slice body, struct arena *arena, struct strbuf *out, struct err *err)
{
	struct note_other other;
	int rc = note_other_decode(body, arena, &other, err);

	if (rc == 0)
		note_other_encode(out, &other);
	return rc;
}

Test(codec_version, the_newest_version_of_every_type_goes_there_and_back)
{
	expect_round_trip("note", 3, recode_note);
	expect_round_trip("other", 1, recode_other);
}
