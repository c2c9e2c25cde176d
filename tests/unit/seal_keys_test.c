/* Master keys, day keys, and the two of them over a message. */
#include "seal/body_seal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static struct master_keys masters_of(const char *text)
{
	struct master_keys keys;
	struct err err = { 0 };

	cr_assert_eq(master_keys_parse(slice_of(text), &keys, &err), 0, "%s", err.text);
	return keys;
}

static struct day_key_record wrap(const char *masters, int32_t day, uint8_t random, const uint8_t key[DAY_KEY_BYTES])
{
	struct master_keys keys = masters_of(masters);
	struct day_key_record record = { .id = { day, { random } }, .at_ms = 1767225600000, .by = "tester" };
	struct err err = { 0 };

	cr_assert_eq(master_key_wrap(master_keys_newest(&keys), key, &record, &err), 0, "%s", err.text);
	return record;
}

Test(master_keys, are_lines_of_64_hex_digits)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		const char *why;
	} ROWS[] = {
		{ HEX_A, 1, "without a line break" },
		{ HEX_A "\n", 1, "with one" },
		{ "# made in 2026\n\n" HEX_A "\r\n" HEX_B "\n", 2, "comments, empty lines, CRLF" },
		{ "", 0, "nothing" },
		{ "# only a comment\n", 0, "no key" },
		{ HEX_A "0", 0, "a digit too many" },
		{ HEX_A "\nxyz\n", 0, "no hex" },
		{ HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A "\n" HEX_A, 0,
		  "nine" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct master_keys keys;
		struct err err = { 0 };
		int rc = master_keys_parse(slice_of(ROWS[i].text), &keys, &err);

		cr_expect_eq(rc, ROWS[i].count > 0 ? 0 : -ERR_CONFIG, "%s", ROWS[i].why);
		cr_expect_eq(keys.count, ROWS[i].count, "%s", ROWS[i].why);
		cr_expect_null(strstr(err.text, "0011"), "no key in an error");
	}
}

Test(master_keys, unwrap_what_they_wrapped_and_nothing_else)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	struct master_keys keys = masters_of(HEX_A "\n" HEX_B);
	struct day_key_record record = wrap(HEX_A "\n" HEX_B, 20260901, 1, KEY);
	const struct master_key *master = master_keys_find(&keys, record.master_id);
	uint8_t got[DAY_KEY_BYTES];

	cr_assert_eq(master, &keys.items[1], "the last line wraps");
	cr_assert_eq(master_key_unwrap(master, &record, got, NULL), 0);
	cr_expect_eq(memcmp(got, KEY, sizeof got), 0);
	for (size_t bit = 0; bit < 8 * sizeof record.wrapped; bit++) {
		record.wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect_eq(master_key_unwrap(master, &record, got, NULL), -ERR_DATA, "bit %zu", bit);
		record.wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cr_expect_eq(master_key_unwrap(&keys.items[0], &record, got, NULL), -ERR_DATA, "another master");
	record.id.day++;
	cr_expect_eq(master_key_unwrap(master, &record, got, NULL), -ERR_DATA, "another day");
}

Test(day_key, has_a_text_that_reads_back)
{
	struct day_key_id id = { 20260901, { 0, 1, 0xab } }, back;
	char text[DAY_KEY_ID_TEXT_BYTES + 1];

	cr_expect(slice_equal_text(day_key_id_text(&id, text), "20260901-0001ab0000000000"));
	cr_assert(day_key_id_parse(slice_of(text), &back));
	cr_expect_eq(day_key_id_compare(&id, &back), 0);
	cr_expect_not(day_key_id_parse(SLICE_LITERAL("20260901"), &back));
	cr_expect_not(day_key_id_parse(SLICE_LITERAL("20260901_0001ab0000000000"), &back));
	cr_expect_not(day_key_id_parse(SLICE_LITERAL("2026090x-0001ab0000000000"), &back));
	cr_expect_not(day_key_id_parse(SLICE_LITERAL("20260901-0001ab00000000zz"), &back));
}

static struct day_keys *open_keys(const char *text, const char *path)
{
	struct secret file = { slice_of(text), path };
	struct day_keys *keys = NULL;
	struct err err = { 0 };

	cr_assert_eq(day_keys_open(&file, &keys, &err), 0, "%s", err.text);
	return keys;
}

Test(day_keys, know_what_they_were_told)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	struct day_key_record record = wrap(HEX_A, 20260901, 1, KEY), locked = wrap(HEX_B, 20260902, 1, KEY);
	struct day_keys *keys = open_keys(HEX_A, NULL);
	uint8_t got[DAY_KEY_BYTES];

	cr_expect_eq(day_keys_find(keys, &record.id, got), DAY_KEY_UNKNOWN);
	cr_assert(day_keys_take(keys, &record));
	cr_assert(day_keys_take(keys, &locked));
	cr_expect_eq(day_keys_find(keys, &record.id, got), DAY_KEY_HERE);
	cr_expect_eq(memcmp(got, KEY, sizeof got), 0);
	cr_expect_eq(day_keys_find(keys, &locked.id, got), DAY_KEY_LOCKED);
	cr_expect(day_keys_has_day(keys, 20260901));
	cr_expect_not(day_keys_has_day(keys, 20260902));
	cr_expect_not(day_keys_has_day(keys, 20260903));
	day_keys_close(keys);
}

Test(day_keys, forget_a_shredded_key_for_good)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	struct day_key_record record = wrap(HEX_A, 20260901, 1, KEY), found;
	struct day_key_record shredded = { .id = record.id, .is_shredded = true, .at_ms = 1, .by = "jan" };
	struct day_keys *keys = open_keys(HEX_A, NULL);
	uint8_t got[DAY_KEY_BYTES];

	cr_assert(day_keys_take(keys, &record));
	cr_assert(day_keys_take(keys, &shredded));
	cr_assert(day_keys_take(keys, &record), "an older record that comes again");
	cr_expect_eq(day_keys_find(keys, &record.id, got), DAY_KEY_SHREDDED);
	cr_assert(day_keys_shredded(keys, &record.id, &found));
	cr_expect_str_eq(found.by, "jan");
	cr_expect_not(day_keys_has_day(keys, 20260901));
	day_keys_close(keys);
}

Test(day_keys, open_with_a_deleted_key_and_seal_no_more_with_it)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	struct day_key_record first = wrap(HEX_A, 20260901, 1, KEY), second = wrap(HEX_A, 20260902, 1, KEY);
	struct day_key_record shredded = { .id = { .day = 20260903 }, .is_shredded = true };
	struct day_keys *keys = open_keys(HEX_A, NULL);
	uint8_t got[DAY_KEY_BYTES];

	first.offset = 4;
	second.offset = 5;
	cr_assert(day_keys_take(keys, &first));
	cr_assert(day_keys_take(keys, &second));
	cr_assert(day_keys_take(keys, &shredded));
	cr_expect_eq(day_keys_delete_below(keys, 5), 1);
	cr_expect_eq(day_keys_delete_below(keys, 5), 0, "it is known, and a shredded one is not deleted");
	cr_expect_eq(day_keys_delete(keys, &second.id), 1);
	cr_expect_eq(day_keys_find(keys, &first.id, got), DAY_KEY_HERE);
	cr_expect_eq(day_keys_look_at_day(keys, 20260901), DAY_KEY_UNKNOWN);
	cr_expect_eq(day_keys_look_at_day(keys, 20260902), DAY_KEY_UNKNOWN);
	first.offset = 6;
	cr_assert(day_keys_take(keys, &first));
	cr_expect(day_keys_has_day(keys, 20260901), "its record came back");
	day_keys_close(keys);
}

Test(day_keys, seal_with_the_lowest_of_a_day)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day", OTHER[DAY_KEY_BYTES] = "too";
	struct day_key_record high = wrap(HEX_A, 20260901, 9, KEY), low = wrap(HEX_A, 20260901, 2, OTHER);
	struct day_keys *keys = open_keys(HEX_A, NULL);
	uint8_t got[DAY_KEY_BYTES];
	struct day_key_id id;

	cr_assert(day_keys_take(keys, &high));
	cr_assert(day_keys_take(keys, &low));
	cr_assert_eq(day_keys_of_day(keys, 20260901, &id, got), DAY_KEY_HERE);
	cr_expect_eq(id.random[0], 2);
	cr_expect_eq(memcmp(got, OTHER, sizeof got), 0);
	cr_expect_eq(day_keys_of_day(keys, 20260902, &id, got), DAY_KEY_UNKNOWN);
	day_keys_close(keys);
}

Test(day_keys, seal_with_one_they_can_unwrap_before_a_lower_one_of_another_master)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day", FOREIGN[DAY_KEY_BYTES] = "of whom?";
	struct day_key_record ours = wrap(HEX_A, 20260901, 9, KEY), foreign = wrap(HEX_B, 20260901, 2, FOREIGN);
	struct day_keys *keys = open_keys(HEX_A, NULL);
	uint8_t got[DAY_KEY_BYTES];
	struct day_key_id id;

	cr_assert(day_keys_take(keys, &foreign));
	cr_expect_eq(day_keys_look_at_day(keys, 20260901), DAY_KEY_LOCKED);
	cr_assert(day_keys_take(keys, &ours));
	cr_assert_eq(day_keys_of_day(keys, 20260901, &id, got), DAY_KEY_HERE);
	cr_expect_eq(id.random[0], 9);
	cr_expect_eq(memcmp(got, KEY, sizeof got), 0);
	cr_expect_eq(day_keys_look_at_day(keys, 20260902), DAY_KEY_UNKNOWN);
	day_keys_close(keys);
}

struct telling {
	struct day_keys *keys;
	struct day_key_record record;
	int calls;
};

static void tell(void *self)
{
	struct telling *telling = self;

	telling->calls++;
	cr_expect(day_keys_take(telling->keys, &telling->record));
}

Test(day_keys, ask_once_for_one_they_do_not_know)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	struct telling telling = { open_keys(HEX_A, NULL), wrap(HEX_A, 20260901, 1, KEY), 0 };
	struct day_key_id other = { 20250101, { 7 } };
	uint8_t got[DAY_KEY_BYTES];

	day_keys_set_refresh(telling.keys, tell, &telling);
	cr_expect_eq(day_keys_find(telling.keys, &telling.record.id, got), DAY_KEY_HERE);
	cr_expect_eq(day_keys_find(telling.keys, &telling.record.id, got), DAY_KEY_HERE);
	cr_expect_eq(telling.calls, 1);
	cr_expect_eq(day_keys_find(telling.keys, &other, got), DAY_KEY_UNKNOWN);
	cr_expect_eq(telling.calls, 2);
	day_keys_close(telling.keys);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	cr_assert_eq(chmod(path, 0600), 0);
}

Test(day_keys, read_the_file_again_for_a_master_that_was_added)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of a day";
	char path[] = "/tmp/instroom-seal-XXXXXX";
	struct day_key_record record = wrap(HEX_A "\n" HEX_B, 20260901, 1, KEY);
	uint8_t got[DAY_KEY_BYTES];
	int fd = mkstemp(path);

	cr_assert(fd >= 0 && close(fd) == 0);
	write_file(path, HEX_A "\n" HEX_B "\n");
	struct day_keys *keys = open_keys(HEX_A, path);

	cr_assert(day_keys_take(keys, &record));
	cr_expect_eq(day_keys_find(keys, &record.id, got), DAY_KEY_HERE);
	day_keys_close(keys);
	unlink(path);
}

/* ---- a message ---- */

static struct body_seal seal_of(struct day_keys *keys)
{
	return (struct body_seal){ .keys = keys, .seals = true, .topics = { "raw", "verdict" }, .topic_count = 2 };
}

static struct day_key_record today_key(void)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of today";

	return wrap(HEX_A, body_seal_today(), 1, KEY);
}

Test(body_seal, covers_its_topics_when_it_seals)
{
	struct body_seal seal = seal_of(NULL);

	cr_expect(body_seal_covers(&seal, "verdict"));
	cr_expect_not(body_seal_covers(&seal, "reference"));
	seal.seals = false;
	cr_expect_not(body_seal_covers(&seal, "verdict"));
	cr_expect_not(body_seal_covers(NULL, "verdict"));
}

/* A day may end between making its key and using it. */
static int put_today(struct day_keys *keys, const struct body_seal *seal, const struct body_place *place,
		     struct strbuf *out, struct err *err)
{
	int rc = body_seal_put(seal, place, SLICE_LITERAL("body"), out, err);
	struct day_key_record record = today_key();

	if (rc == 0)
		return 0;
	cr_assert(day_keys_take(keys, &record));
	return body_seal_put(seal, place, SLICE_LITERAL("body"), out, err);
}

Test(body_seal, never_sends_clear_for_want_of_a_key)
{
	struct day_keys *keys = open_keys(HEX_A, NULL);
	struct body_seal seal = seal_of(keys);
	struct body_place place = { .topic = "raw" };
	struct err err = { 0 };
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 4096);
	cr_expect_eq(body_seal_put(&seal, &place, SLICE_LITERAL("body"), &out, &err), -ERR_RETRY);
	cr_expect_str_eq(err.code, "day_key");
	cr_expect_eq(out.n, 0);
	day_keys_close(keys);
}

/* Of a machine whose clock is on the other side of midnight, or of a year ago. */
Test(body_seal, opens_what_another_day_sealed)
{
	static const uint8_t KEY[DAY_KEY_BYTES] = "of another day";
	struct day_key_record record = wrap(HEX_A, 20200229, 1, KEY);
	struct day_keys *keys = open_keys(HEX_A, NULL);
	struct body_seal seal = seal_of(keys);
	struct body_place place = { .topic = "raw" };
	struct body_opened opened = { 0 };
	struct err err = { 0 };
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 4096);
	cr_assert(day_keys_take(keys, &record));
	cr_assert_eq(body_frame_seal(&record.id, KEY, &place, SLICE_LITERAL("body"), false, &out, &err), 0);
	cr_assert_eq(body_seal_open(&seal, &place, strbuf_slice(&out), &opened, &err), 0);
	cr_expect(opened.state == BODY_OPENED && slice_equal_text(opened.value, "body"));
	free(opened.p);
	day_keys_close(keys);
}

Test(body_seal, tells_every_state_of_a_body)
{
	struct day_keys *keys = open_keys(HEX_A, NULL);
	struct body_seal seal = seal_of(keys);
	struct body_place place = { .topic = "raw" }, other = { .topic = "verdict" };
	struct body_opened opened = { 0 };
	struct err err = { 0 };
	CLEANUP(strbuf_drop) struct strbuf out;
	struct day_key_id id;
	char why[256];

	strbuf_init(&out, 4096);
	cr_assert_eq(put_today(keys, &seal, &place, &out, &err), 0, "%s", err.text);
	struct slice value = strbuf_slice(&out);

	cr_assert_eq(body_frame_look(value, &id), BODY_FRAME_SEALED);
	cr_assert_eq(body_seal_open(&seal, &place, value, &opened, &err), 0);
	cr_expect_eq(opened.state, BODY_OPENED);
	cr_expect(slice_equal_text(opened.value, "body"));
	free(opened.p);
	cr_assert_eq(body_seal_open(&seal, &place, SLICE_LITERAL("clear"), &opened, &err), 0);
	cr_expect(opened.state == BODY_CLEAR && slice_equal_text(opened.value, "clear"));
	cr_assert_eq(body_seal_open(&seal, &other, value, &opened, &err), 0);
	cr_expect(opened.state == BODY_BROKEN && opened.value.n == value.n - 10, "of another topic");
	cr_assert_eq(body_seal_open(&seal, &place, slice_make(value.p, 20), &opened, &err), 0);
	cr_expect_eq(opened.state, BODY_BROKEN, "cut off");
	cr_assert_eq(body_seal_open(NULL, &place, value, &opened, &err), 0);
	cr_expect(opened.state == BODY_NO_KEY && slice_equal(opened.value, value), "no key file");
	struct day_key_record shredded = { .id = id, .is_shredded = true, .at_ms = 1767225600000, .by = "jan" };

	cr_assert(day_keys_take(keys, &shredded));
	cr_assert_eq(body_seal_open(&seal, &place, value, &opened, &err), 0);
	cr_expect_eq(opened.state, BODY_SHREDDED);
	body_seal_explain(&seal, value, why, sizeof why);
	cr_expect(strstr(why, "shredded on 2026-01-01 by jan"), "%s", why);
	struct day_keys_counts counts = day_keys_counts(keys);

	cr_expect(counts.opened == 1 && counts.broken == 2 && counts.shredded == 1 && counts.waiting == 0);
	day_keys_close(keys);
}
