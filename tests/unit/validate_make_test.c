/* From the bytes of a raw message to the bytes of its verdict, without a server. */
#include "no_memory.h"
#include "validate_fixture.h"

#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "validate/verdict_maker.h"
#include "protocol/feedback_build.h"
#include "wire/gen/delivery.h"
#include "protocol/verdict_class.h"

#include <criterion/criterion.h>

enum { ARENA_BYTES = 64 << 20 };

struct bench {
	struct hmac_key key;
	struct reference *reference;
	struct verdict_maker maker;
	struct arena arena;
	struct strbuf value;
	struct raw_headers headers;
	struct raw_headers_text text;
	struct kafka_message message;
	struct raw_input input;
	struct wire_verdict verdict;
};

static struct bench bench;

static void make_bench(void)
{
	hmac_key_init(&bench.key, SLICE_LITERAL("a key of the tests"));
	cr_assert_eq(reference_build(validate_fixture_tables(), &bench.reference, NULL), 0);
	verdict_maker_init(&bench.maker, &bench.key);
	cr_assert_eq(arena_init(&bench.arena, ARENA_BYTES, ARENA_BYTES, NULL), 0);
	strbuf_init(&bench.value, ARENA_BYTES);
}

static void drop_bench(void)
{
	reference_free(bench.reference);
	verdict_maker_release(&bench.maker);
	arena_release(&bench.arena);
	strbuf_release(&bench.value);
}

TestSuite(input, .init = make_bench, .fini = drop_bench);
TestSuite(verdict, .init = make_bench, .fini = drop_bench);

static void announce(void)
{
	raw_headers_write(&bench.headers, &bench.text);
	bench.message = (struct kafka_message){ .value = strbuf_slice(&bench.value),
						.headers = bench.text.items,
						.header_count = bench.text.count,
						.offset = 41 };
}

static void build(struct raw_spec spec)
{
	strbuf_reset(&bench.value);
	raw_build(&bench.value, &spec, &bench.headers);
	announce();
}

static enum raw_input_state take(void)
{
	raw_input_open(&bench.message, &bench.input);
	raw_input_decode(&bench.message, &bench.arena, &bench.input);
	return bench.input.state;
}

static void make(const struct cache_board *board)
{
	struct verdict_link link = { .id = { 1 }, .parent = { 2 }, .raw_offset = bench.message.offset };

	take();
	cr_assert_eq(verdict_make(&bench.maker, bench.message.value, &bench.input, &link, bench.reference, board,
				  &bench.arena, &bench.verdict, NULL),
		     0);
	cr_assert_eq(verdict_check(&bench.verdict, NULL), 0);
}

/* Classes with their lines, as in "C1 R2 !1": '!' before those without a teacher. */
static const char *classes(void)
{
	static char text[256];
	size_t readable = bench.verdict.keys.n / TEACHER_KEY_BYTES;
	int n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < bench.verdict.classes.n; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%s%c%d", i ? " " : "", i < readable ? "" : "!",
			      " CURWQ"[(int)bench.verdict.classes.p[i]], bench.verdict.group_lines.items[i]);
	return text;
}

/* ---- input ---- */

Test(input, takes_messages_of_every_kind)
{
	static const uint8_t KEYS[32] = { [15] = 1, [31] = 2 };

	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b" });
	cr_expect_eq(take(), RAW_INPUT_READY);
	cr_expect_eq(bench.input.delivery.cells.count, 2 * COLUMNS);
	cr_expect_null(bench.input.record_nos);
	build((struct raw_spec){ .kind = RAW_REPLAY, .attempt = 1, .sequence = 7, .lines = "1:a 2:b" });
	cr_expect_eq(take(), RAW_INPUT_READY);
	cr_expect_eq(bench.input.record_nos[1], 11);
	build((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = 7 });
	cr_expect_eq(take(), RAW_INPUT_READY);
	cr_expect_eq(bench.input.request_id[0], 9);
	build((struct raw_spec){ .kind = RAW_FORGET, .forget_keys = slice_make(KEYS, sizeof KEYS) });
	cr_expect_eq(take(), RAW_INPUT_READY);
	cr_expect_eq(bench.input.forget_keys.n, sizeof KEYS);
}

Test(input, says_unreadable_when_body_and_headers_contradict_each_other)
{
	struct raw_headers good;

	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b" });
	good = bench.headers;
#define EXPECT_UNREADABLE(change)                                          \
	do {                                                               \
		bench.headers = good;                                      \
		change;                                                    \
		announce();                                                \
		cr_expect_eq(take(), RAW_INPUT_UNREADABLE, "%s", #change); \
		cr_expect_str_eq(bench.input.reason, REASON_UNDECODABLE);  \
	} while (0)
	EXPECT_UNREADABLE(bench.headers.board++);
	EXPECT_UNREADABLE(bench.headers.delivery_id = SLICE_LITERAL("L-99901-00000000000000000008"));
	EXPECT_UNREADABLE(bench.headers.fingerprint[31] ^= 1);
	EXPECT_UNREADABLE(bench.headers.is_dry_run = true);
	EXPECT_UNREADABLE(bench.headers.sequence++);
	EXPECT_UNREADABLE(bench.headers.line_count++);
	EXPECT_UNREADABLE(bench.headers.delivery_kind = DELIVERY_VOLLEDIG);
	EXPECT_UNREADABLE(bench.headers.extraction_date++);
	EXPECT_UNREADABLE(bench.headers.received_on++);
	EXPECT_UNREADABLE(bench.headers.reference_version[0] ^= 1);
}

Test(input, says_unreadable_of_a_body_that_is_not_whole)
{
	struct slice value;

	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b" });
	value = bench.message.value;
	for (size_t n = 0; n < value.n; n++) { /* cut anywhere */
		bench.message.value.n = n;
		cr_assert_eq(take(), RAW_INPUT_UNREADABLE, "cut at %zu", n);
	}
	bench.message.value.n = value.n;
	cr_expect_eq(take(), RAW_INPUT_READY);
}

static void encode_delivery(struct wire_delivery *delivery)
{
	strbuf_reset(&bench.value);
	frame_put(&bench.value, WIRE_DELIVERY_SCHEMA);
	wire_delivery_encode(&bench.value, delivery);
	bench.message.value = strbuf_slice(&bench.value);
}

Test(input, says_unreadable_of_columns_and_cells_that_do_not_fit)
{
	static const struct {
		const char *columns;
		size_t column_count, cell_count;
		enum raw_input_state want;
		const char *why;
	} ROWS[] = {
		{ "\1\2", 2, 4, RAW_INPUT_READY, "two lines of two columns" },
		{ "\1\2", 2, 3, RAW_INPUT_UNREADABLE, "a cell too few" },
		{ "\1\2", 2, 5, RAW_INPUT_UNREADABLE, "a cell too many" },
		{ "\1\1", 2, 4, RAW_INPUT_UNREADABLE, "a column twice" },
		{ "\1\31", 2, 4, RAW_INPUT_READY, "column 25 is the last" },
		{ "\1\32", 2, 4, RAW_INPUT_UNREADABLE, "column 26 is none" },
		{ "\0\1", 2, 4, RAW_INPUT_UNREADABLE, "column 0 is none" },
		{ "", 0, 0, RAW_INPUT_UNREADABLE, "no column at all" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b" });
		cr_assert_eq(take(), RAW_INPUT_READY);
		struct wire_delivery delivery = bench.input.delivery;

		delivery.columns = slice_make(ROWS[i].columns, ROWS[i].column_count);
		delivery.cells.count = ROWS[i].cell_count;
		struct strbuf old = bench.value; /* the cells point there */

		strbuf_init(&bench.value, ARENA_BYTES);
		encode_delivery(&delivery);
		strbuf_release(&old);
		cr_expect_eq(take(), ROWS[i].want, "%s", ROWS[i].why);
	}
}

Test(input, waits_for_a_schema_it_does_not_know)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:a" });
	bench.value.p[5] ^= 1; /* of the fingerprint */
	cr_expect_eq(take(), RAW_INPUT_WAITING);
	cr_expect_str_eq(bench.input.reason, REASON_UNKNOWN_SCHEMA);
}

Test(input, does_not_wait_for_a_message_of_another_topic)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:a" });
	strbuf_reset(&bench.value);
	frame_put(&bench.value, WIRE_VERDICT_SCHEMA);
	bench.message.value = strbuf_slice(&bench.value);
	cr_expect_eq(take(), RAW_INPUT_UNREADABLE);
}

Test(input, says_foreign_of_what_no_gateway_sent)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:a" });
	bench.message.header_count--;
	cr_expect_eq(take(), RAW_INPUT_FOREIGN, "a header is missing");
	cr_expect_str_eq(bench.input.reason, REASON_NO_HEADERS);
	for (enum raw_kind kind = RAW_CONFIRM; kind <= RAW_FORGET; kind++) {
		build((struct raw_spec){ .kind = kind, .attempt = kind == RAW_REPLAY, .sequence = 7, .lines = "1:a" });
		bench.message.value.n--;
		cr_expect_eq(take(), RAW_INPUT_FOREIGN, "%s that cannot be decoded", raw_kind_name(kind));
	}
}

/* ---- verdicts ---- */

Test(verdict, of_a_delivery_names_each_teacher_and_each_line)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:! 3:c 3:c ?:a" });
	make(NULL);
	const struct wire_verdict *verdict = &bench.verdict;
	struct hmac_key *key = &bench.key;
	uint8_t teacher[TEACHER_KEY_BYTES], hash[CONTENT_HASH_BYTES], digest[32];
	char bsn[9];

	cr_expect_eq(verdict->kind, VERDICT_KIND_DELIVERY);
	cr_expect_eq(verdict->raw_offset, 41);
	cr_expect_eq(verdict->key_id, (int32_t)key->id);
	cr_expect_eq(verdict->header.board, FIXTURE_BOARD);
	cr_expect_eq(verdict->header.line_count, 5);
	cr_expect_eq(verdict->unreadable_lines, 1);
	cr_expect_eq(verdict->keys.n, 3 * TEACHER_KEY_BYTES);
	cr_expect_eq(verdict->classes.n, 4);
	cr_expect_eq(verdict->classes.p[3], VERDICT_REJECTED, "the unreadable one stands last");
	cr_assert_eq(verdict->candidates.count, 1 + (size_t)(strstr(classes(), "C2") != NULL));
	hmac_key_content(key, verdict->candidates.items[0].content, hash);
	cr_expect_arr_eq(verdict->hashes.p, hash, sizeof hash);
	validate_fixture_bsn(1, bsn);
	hmac_key_teacher(key, FIXTURE_BOARD, slice_make(bsn, 9), teacher);
	cr_expect(memmem(verdict->keys.p, verdict->keys.n, teacher, sizeof teacher));
	sha256_of(bench.message.value, digest);
	cr_expect_arr_eq(verdict->raw_digest, digest, 16);
	sha256_of(verdict->keys, digest);
	cr_expect_arr_eq(verdict->keys_digest, digest, 16);
	sha256_of(verdict->feedback, digest);
	cr_expect_arr_eq(verdict->feedback_digest, digest, 16);
}

Test(verdict, counts_the_findings_of_each_rule)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:! 2:! ?:a" });
	make(NULL);
	int32_t last = 0, p01 = 0, total = 0;

	for (size_t i = 0; i < bench.verdict.findings.count; i++) {
		const struct wire_finding_count *count = &bench.verdict.findings.items[i];

		cr_expect_gt(count->rule, last, "in the order of the rules");
		last = count->rule;
		total += count->lines;
		p01 += count->rule == RULE_P01 ? count->lines : 0;
	}
	cr_expect_eq(p01, 1);
	cr_expect_eq(total, 3, "the two with a wrong geslacht, and the one without BSN");
}

Test(verdict, carries_the_line_numbers_of_a_replay)
{
	struct feedback_reader reader;
	struct feedback_line line;
	bool is_end;
	uint8_t outcomes[] = { OUTCOME_NIEUW, OUTCOME_NIEUW };

	build((struct raw_spec){
		.kind = RAW_REPLAY, .attempt = 2, .sequence = 7, .lines = "1:a 2:b", .is_replay_dry_run = true });
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_REPLAY);
	cr_expect_eq(bench.verdict.attempt, 2);
	cr_expect(bench.verdict.replay_dry_run);
	cr_expect_eq(bench.verdict.request_id[0], 7);
	feedback_reader_init(&reader, bench.verdict.feedback, outcomes, ARRAY_LEN(outcomes));
	cr_assert(feedback_reader_next(&reader, &line, &is_end, NULL) == 0 && !is_end);
	cr_expect_eq(line.record_no, 10);
}

Test(verdict, is_the_same_for_the_same_message_but_for_its_place_in_the_chain)
{
	struct verdict_link link = { .id = { 9 }, .parent = { 8 }, .raw_offset = 41 };
	struct strbuf first;

	strbuf_init(&first, ARENA_BYTES);
	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:! 3:c ?:a" });
	make(NULL);
	strbuf_add(&first, strbuf_slice(&bench.maker.message));
	take();
	cr_assert_eq(verdict_make(&bench.maker, bench.message.value, &bench.input, &link, bench.reference, NULL,
				  &bench.arena, &bench.verdict, NULL),
		     0);
	struct slice second = strbuf_slice(&bench.maker.message);

	cr_assert_eq(first.n, second.n);
	size_t head = FRAME_BYTES + 2 * VERDICT_ID_BYTES;

	cr_expect_arr_neq(first.p, second.p, head);
	cr_expect_arr_eq(first.p + head, second.p + head, first.n - head);
	strbuf_release(&first);
}

Test(verdict, of_a_body_that_cannot_be_read_keeps_what_the_headers_say)
{
	build((struct raw_spec){ .delivery = DELIVERY_VOLLEDIG, .sequence = 7, .lines = "1:a 2:b" });
	bench.message.value.n--;
	make(NULL);
	const struct wire_verdict *verdict = &bench.verdict;

	cr_expect(verdict->body_unreadable);
	cr_expect_eq(verdict->kind, VERDICT_KIND_DELIVERY);
	cr_expect_eq(verdict->header.board, FIXTURE_BOARD);
	cr_expect_eq(verdict->header.kind, DELIVERY_VOLLEDIG);
	cr_expect_eq(verdict->header.sequence, 7);
	cr_expect_eq(verdict->header.received_on, 20180701);
	cr_expect_eq(verdict->header.line_count, 2);
	cr_expect_eq(verdict->unreadable_lines, 2, "so that a VOLLEDIG waits: specification 4.3 and 7.2");
	cr_expect_arr_eq(verdict->header.fingerprint, bench.headers.fingerprint, 32);
	cr_expect_eq(verdict->feedback.n, 0);
}

Test(verdict, of_a_foreign_message_holds_nothing)
{
	build((struct raw_spec){ .sequence = 7, .lines = "1:a" });
	bench.message.header_count = 0;
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_FOREIGN);
	cr_expect_eq(bench.verdict.header.delivery_id.n, 0);
	build((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = 7 });
	bench.message.value.n--;
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_FOREIGN);
	cr_expect_eq(bench.verdict.header.board, FIXTURE_BOARD, "its headers say where to look");
}

Test(verdict, of_confirm_and_forget_names_what_they_ask_for)
{
	static const uint8_t KEYS[32] = { [15] = 1, [31] = 2 };

	build((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = 7 });
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_CONFIRM);
	cr_expect(slice_equal(bench.verdict.header.delivery_id, bench.headers.delivery_id));
	cr_expect_eq(bench.verdict.request_id[0], 9);
	build((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = 7, .condition = slice_make(KEYS, sizeof KEYS) });
	make(NULL);
	cr_expect(slice_equal(bench.verdict.condition, slice_make(KEYS, sizeof KEYS)));
	build((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = 7, .condition = slice_make(KEYS, 31) });
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_FOREIGN, "half a digest");
	build((struct raw_spec){ .kind = RAW_SET_BACK, .set_back_to = 7 });
	make(NULL);
	cr_expect(bench.verdict.kind == VERDICT_KIND_SET_BACK && bench.verdict.header.sequence == 7 &&
		  bench.verdict.request_id[0] == 8 && bench.verdict.header.board == FIXTURE_BOARD);
	build((struct raw_spec){ .kind = RAW_SET_BACK, .set_back_to = -1 });
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_FOREIGN, "below 0");
	build((struct raw_spec){ .kind = RAW_FORGET, .forget_keys = slice_make(KEYS, sizeof KEYS) });
	make(NULL);
	cr_expect_eq(bench.verdict.kind, VERDICT_KIND_FORGET);
	cr_expect_eq(bench.verdict.keys.n, sizeof KEYS);
	cr_expect_eq(bench.verdict.classes.n, 0);
}

Test(verdict, of_more_than_the_memory_holds_is_quarantine)
{
	struct arena small;

	cr_assert_eq(arena_init(&small, 16384, 0, NULL), 0);
	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b 3:c 4:d 5:e 6:f 7:g 8:h" });
	struct verdict_link link = { .raw_offset = 41 };

	take();
	cr_assert(arena_take(&small, small.cap_bytes - 256, 1));
	cr_assert_eq(verdict_make(&bench.maker, bench.message.value, &bench.input, &link, bench.reference, NULL, &small,
				  &bench.verdict, NULL),
		     0);
	cr_expect(bench.verdict.body_unreadable);
	cr_expect_str_eq(bench.input.reason, REASON_POISON);
	arena_release(&small);
}

/* A shortage passes; an outcome does not: 75 good lines once became quarantaine by one realloc that failed. */
Test(verdict, is_not_made_when_there_is_no_memory_for_it)
{
	struct verdict_link link = { .raw_offset = 41 };

	build((struct raw_spec){ .sequence = 7, .lines = "1:a 2:b" });
	take();
	no_memory = true;
	int rc = verdict_make(&bench.maker, bench.message.value, &bench.input, &link, bench.reference, NULL,
			      &bench.arena, &bench.verdict, NULL);

	no_memory = false;
	cr_expect_eq(rc, -ERR_RETRY);
	cr_expect_eq(bench.input.state, RAW_INPUT_READY, "nothing was given up");
	make(NULL);
	cr_expect_str_eq(classes(), "C1 C1");
}

Test(verdict, of_an_intrekking_withdraws)
{
	build((struct raw_spec){ .delivery = DELIVERY_INTREKKING, .sequence = 7, .lines = "1:a" });
	make(NULL);
	cr_expect_str_eq(classes(), "W1");
	cr_expect_eq(bench.verdict.candidates.count, 0);
	cr_expect_eq(bench.verdict.hashes.n, 0);
}
