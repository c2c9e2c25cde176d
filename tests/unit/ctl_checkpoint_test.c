/* A board's state as bytes and back; and how a checkpoint is written, listed, read and refused. */
#include "ctl/checkpoint/checkpoint_reader.h"
#include "ctl/checkpoint/checkpoint_writer.h"
#include "ctl/prove/verify_state.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATE_MAX = 1 << 20, BOARD = 99901, LINES_GIVEN_UP = 60 };

/* Made for this test with openssl genpkey -algorithm ed25519; they sign nothing else. */
static const char SIGN_KEY[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	"-----END PRIVATE KEY-----\n";
static const char OTHER_KEY[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA\n"
	"-----END PRIVATE KEY-----\n";

/* ---- a board ---- */

static struct verify_line line_of(int32_t number, char key, bool is_erased)
{
	struct verify_line line = { .record_number = number,
				    .outcome = OUTCOME_NIEUW,
				    .is_readable = true,
				    .has_feedback = true,
				    .is_erased = is_erased,
				    .bsn = 999999990,
				    .feedback_body = SLICE_LITERAL("\x02\x41"),
				    .blank_body = SLICE_LITERAL("\0\0"),
				    .rules = SLICE_LITERAL("R1") };

	memset(line.key, key, sizeof line.key);
	memset(line.key_before, key + 0x40, sizeof line.key_before);
	memset(line.feedback, 7, sizeof line.feedback);
	return line;
}

/* Something of everything. */
static void fill(struct verify_board *board, struct err *err)
{
	struct verify_change change = { .position = 5, .replay_position = 9, .attempt = 1, .lines = 2 };
	const struct verify_admission admission = { .position = 5,
						    .accepted_at_ms = 1543536000000,
						    .basis = SLICE_LITERAL("eigen"),
						    .sender = SLICE_LITERAL("a-party") };
	struct wire_header header = { .contact_name = SLICE_LITERAL("P. de Wit") };

	*board = (struct verify_board){ .number = BOARD, .sequence_max = 7, .sequence_full = 3, .removed_to = 12 };
	board->teachers = calloc(3, sizeof *board->teachers);
	board->deliveries = calloc(1, sizeof *board->deliveries);
	cr_assert(board->teachers && board->deliveries);
	board->teacher_count = board->teacher_capacity = 3;
	for (uint8_t i = 0; i < 3; i++) {
		struct verify_teacher *teacher = &board->teachers[i];

		memset(teacher->key, i + 1, sizeof teacher->key);
		teacher->bsn = 999999990;
		teacher->state = (struct teacher_state){ .sequence = 7, .status = STATUS_ACTIEF };
		cr_assert_eq(verify_board_text(board, SLICE_LITERAL("Jansen"), &teacher->content, err), 0);
		cr_assert_eq(verify_board_archive(board, teacher, 5, err), 0);
		cr_assert_eq(verify_board_archive(board, teacher, 6, err), 0);
	}
	board->deliveries[0] = (struct verify_delivery){ .position = 5,
							 .id = "a-delivery-0000001",
							 .kind = DELIVERY_MUTATIE,
							 .sequence = 7,
							 .attempts = UINT64_C(1) << 63 | 2,
							 .lines = calloc(3, sizeof(struct verify_line)),
							 .line_count = 3 };
	board->delivery_count = board->delivery_capacity = 1;
	for (int i = 0; i < 3; i++)
		board->deliveries[0].lines[i] = line_of(i + 2, (char)(i + 1), false);
	cr_assert_eq(verify_board_contact(board, 5, &header, err), 0);
	cr_assert_eq(verify_board_confirmation(board, &(struct verify_confirmation){ .position = 8, .lapsed = 2 }, err),
		     0);
	cr_assert_eq(verify_board_set_back(board, &(struct verify_set_back){ .position = 9, .sequence = 4 }, err), 0);
	cr_assert_eq(verify_board_admission(board, &admission, err), 0);
	cr_assert_eq(verify_board_change(board, &change, err), 0);
	cr_assert_eq(verify_board_removal(
			     board,
			     &(struct verify_removal){ .key = "removed teacher", .position = 12, .is_erased = true },
			     err),
		     0);
}

static void write_state(const struct verify_board *board, struct strbuf *out)
{
	struct err err = { 0 };

	strbuf_init(out, STATE_MAX);
	cr_assert_eq(verify_state_write(board, out, &err), 0, "%s", err.text);
	cr_assert(strbuf_ok(out));
}

static int read_state(struct slice state, struct verify_board *board)
{
	struct err err = { 0 };

	*board = (struct verify_board){ .number = BOARD };
	return verify_state_read(state, board, &err);
}

Test(verify_state, comes_back_as_it_was)
{
	struct verify_board board, back;
	struct strbuf first, second;
	struct err err = { 0 };

	fill(&board, &err);
	write_state(&board, &first);
	cr_assert_eq(read_state(strbuf_slice(&first), &back), 0);
	write_state(&back, &second);
	cr_expect(slice_equal(strbuf_slice(&first), strbuf_slice(&second)));
	cr_expect_eq(back.teacher_count, 3);
	cr_expect_eq(back.history_count, 6);
	cr_expect_eq(back.teachers[2].newest, 6);
	cr_expect_eq(back.history[5].older, 5);
	cr_expect(slice_equal_text(back.teachers[0].content, "Jansen"));
	cr_expect(slice_equal_text(back.contacts[0].name, "P. de Wit"));
	cr_expect_eq(back.deliveries[0].attempts, UINT64_C(1) << 63 | 2);
	cr_expect_eq(back.changes[0].lines, 2);
	cr_assert_eq(back.removal_count, 1);
	cr_expect_str_eq((const char *)back.removals[0].key, "removed teacher");
	cr_expect(back.removals[0].position == 12 && back.removals[0].is_erased);
	cr_expect_null(memmem(first.p, first.n, "removed", 7),
		       "who looks for his key finds only what else is held of him");
	verify_board_release(&board);
	verify_board_release(&back);
	strbuf_release(&first);
	strbuf_release(&second);
}

/* Those of a release before removals were in it are of format 1, and end before their count. */
Test(verify_state, of_before_has_no_removals)
{
	struct verify_board board, back;
	struct strbuf state;
	struct err err = { 0 };

	fill(&board, &err);
	board.removal_count = 0;
	write_state(&board, &state);
	cr_assert(state.p[0] == 2 * 2 && state.p[state.n - 1] == 0, "format 2, no removals");
	state.p[0] = 2 * 1;
	cr_expect_neq(read_state(strbuf_slice(&state), &back), 0, "a byte is left over");
	verify_board_release(&back);
	state.n--;
	cr_assert_eq(read_state(strbuf_slice(&state), &back), 0);
	cr_expect(back.removal_count == 0 && back.change_count == 1);
	verify_board_release(&board);
	verify_board_release(&back);
	strbuf_release(&state);
}

Test(verify_state, holds_nothing_of_who_was_removed_and_of_what_expired)
{
	struct verify_board board, back;
	struct strbuf state;
	uint8_t key[TEACHER_KEY_BYTES];
	struct err err = { 0 };

	fill(&board, &err);
	memcpy(key, board.teachers[1].key, sizeof key);
	verify_board_remove(&board, key, true);
	board.history[0].is_expired = true;
	board.contacts[0].is_expired = true;
	write_state(&board, &state);
	cr_expect_null(memmem(state.p, state.n, key, sizeof key), "the key of the erased teacher");
	cr_assert_eq(read_state(strbuf_slice(&state), &back), 0);
	cr_expect_eq(back.teacher_count, 2);
	cr_expect_eq(back.history_count, 3, "one expired, two of the erased");
	cr_expect_eq(back.teachers[0].newest, 1);
	cr_expect_eq(back.history[0].older, 0);
	cr_expect_eq(back.contact_count, 0);
	cr_expect(back.deliveries[0].lines[1].is_erased);
	cr_expect_eq(back.deliveries[0].lines[1].bsn, 0);
	cr_expect(slice_equal(back.deliveries[0].lines[1].feedback_body, SLICE_LITERAL("\0\0")));
	cr_expect_eq(back.deliveries[0].lines[1].key[TEACHER_KEY_BYTES - 1], 2, "the key before his, and 1");
	verify_board_release(&board);
	verify_board_release(&back);
	strbuf_release(&state);
}

/* The register keeps how many lines had a code when the terugmelding is gone: a repair has to know them. */
Test(verify_state, keeps_the_codes_of_a_terugmelding_that_is_gone)
{
	struct verify_board board, back;
	struct strbuf state;
	struct err err = { 0 };

	fill(&board, &err);
	board.deliveries[0].is_feedback_gone = true;
	write_state(&board, &state);
	cr_assert_eq(read_state(strbuf_slice(&state), &back), 0);
	cr_expect(back.deliveries[0].is_feedback_gone);
	cr_expect(slice_equal_text(back.deliveries[0].lines[0].rules, "R1"));
	cr_expect_eq(back.deliveries[0].lines[0].feedback_body.n, 0);
	cr_expect_eq(back.deliveries[0].lines[0].blank_body.n, 0);
	verify_board_release(&board);
	verify_board_release(&back);
	strbuf_release(&state);
}

/* Lines of a body that was given up have next to nothing, and nothing may stand behind them. */
Test(verify_state, comes_back_when_all_there_is_was_given_up)
{
	struct verify_board board = { .number = BOARD }, back;
	struct strbuf state;

	board.deliveries = calloc(1, sizeof *board.deliveries);
	cr_assert(board.deliveries);
	board.delivery_count = board.delivery_capacity = 1;
	board.deliveries[0] = (struct verify_delivery){ .position = 5,
							.id = "a-delivery-0000001",
							.kind = DELIVERY_MUTATIE,
							.lines = calloc(LINES_GIVEN_UP, sizeof(struct verify_line)),
							.line_count = LINES_GIVEN_UP };
	cr_assert(board.deliveries[0].lines);
	for (int i = 0; i < LINES_GIVEN_UP; i++)
		board.deliveries[0].lines[i] =
			(struct verify_line){ .record_number = i, .outcome = OUTCOME_QUARANTAINE };
	write_state(&board, &state);
	cr_assert_eq(read_state(strbuf_slice(&state), &back), 0);
	cr_expect_eq(back.deliveries[0].line_count, LINES_GIVEN_UP);
	verify_board_release(&board);
	verify_board_release(&back);
	strbuf_release(&state);
}

/* Without a seal around them: no flipped byte leads astray, though some are another state. */
Test(verify_state, refuses_what_is_cut_off_and_survives_any_byte)
{
	struct verify_board board, back;
	struct strbuf state;
	struct err err = { 0 };

	fill(&board, &err);
	write_state(&board, &state);
	for (size_t n = 0; n < state.n; n++) {
		cr_expect_neq(read_state(slice_make(state.p, n), &back), 0, "%zu bytes", n);
		verify_board_release(&back);
	}
	for (size_t at = 0; at < state.n; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			state.p[at] = (char)(state.p[at] ^ (1 << bit));
			if (read_state(strbuf_slice(&state), &back) == 0) {
				struct strbuf again;

				write_state(&back, &again);
				strbuf_release(&again);
			}
			verify_board_release(&back);
			state.p[at] = (char)(state.p[at] ^ (1 << bit));
		}
	strbuf_add_char(&state, 0);
	cr_expect_neq(read_state(strbuf_slice(&state), &back), 0, "one byte more");
	verify_board_release(&back);
	verify_board_release(&board);
	strbuf_release(&state);
}

/* ---- a checkpoint ---- */

struct fixture {
	char dir[64];
	struct checkpoint_keys keys;
};

static int read_keys(const char *sign, const char *cipher, struct checkpoint_keys *ret)
{
	const struct ctl_config config = { .checkpoint_key.bytes = slice_of(cipher),
					   .checkpoint_sign_key.bytes = slice_of(sign),
					   .checkpoint_public_key_file = "" };
	struct err err = { 0 };

	return checkpoint_keys_read(&config, ret, &err);
}

static const char CIPHER[] = "0123456789abcdef0123456789abcdef";

static void open_fixture(struct fixture *fixture)
{
	snprintf(fixture->dir, sizeof fixture->dir, "/tmp/instroom-checkpoint-XXXXXX");
	cr_assert(mkdtemp(fixture->dir));
	cr_assert_eq(read_keys(SIGN_KEY, CIPHER, &fixture->keys), 0);
}

static void close_fixture(struct fixture *fixture)
{
	char path[512];
	DIR *dir = opendir(fixture->dir);

	cr_assert(dir);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		snprintf(path, sizeof path, "%s/%s", fixture->dir, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(fixture->dir);
	checkpoint_keys_release(&fixture->keys);
}

static void make(struct fixture *fixture)
{
	const struct checkpoint_manifest manifest = { .program = "0.0.0",
						      .cluster = "a-cluster",
						      .raw = "instroom.raw.1",
						      .verdict = "instroom.verdict.1",
						      .partition = 3,
						      .partitions = 12,
						      .next_raw = 17,
						      .kept_from = { 0, INT64_MAX, 5 },
						      .key_id = 0xfedcba98 };
	const struct checkpoint_board boards[] = { { .number = 7, .teachers = 2 },
						   { .number = BOARD, .deliveries = 1 } };
	struct checkpoint_writer writer;
	struct err err = { 0 };

	cr_assert_eq(checkpoint_begin(&writer, fixture->dir, &fixture->keys, &manifest, &err), 0, "%s", err.text);
	cr_assert_eq(checkpoint_add(&writer, &boards[0], SLICE_LITERAL("the first state"), &err), 0, "%s", err.text);
	cr_assert_eq(checkpoint_add(&writer, &boards[1], SLICE_LITERAL("the second"), &err), 0, "%s", err.text);
	cr_assert_eq(checkpoint_commit(&writer, &err), 0, "%s", err.text);
}

/* -kind of the error, or 0 when both boards came back as they went in. */
static int read_back(const struct fixture *fixture, const struct checkpoint_keys *keys, int64_t number)
{
	const struct checkpoint_place place = { .partition = 3, .number = number };
	const struct checkpoint_board *board = NULL;
	struct checkpoint_manifest manifest;
	struct checkpoint_reader reader = { 0 };
	struct strbuf state;
	struct err err = { 0 };
	int rc = checkpoint_store_read(fixture->dir, &place, keys, &manifest, &err);

	strbuf_init(&state, STATE_MAX);
	if (rc == 0)
		cr_expect(manifest.kept_from[0] == 0 && manifest.kept_from[1] == INT64_MAX &&
			  manifest.kept_from[2] == 5);
	if (rc == 0)
		rc = checkpoint_reader_open(&reader, fixture->dir, &manifest, keys, &err);
	if (rc == 0)
		rc = checkpoint_reader_next(&reader, NULL, &board, &state, &err);
	if (rc == 0)
		cr_expect(board->number == 7 && slice_equal_text(strbuf_slice(&state), "the first state"));
	if (rc == 0)
		rc = checkpoint_reader_next(&reader, NULL, &board, &state, &err);
	if (rc == 0)
		cr_expect(board->number == BOARD && slice_equal_text(strbuf_slice(&state), "the second"));
	if (rc == 0)
		rc = checkpoint_reader_next(&reader, NULL, &board, &state, &err);
	if (rc == 0)
		rc = checkpoint_reader_check(&reader, &err);
	cr_expect(rc != 0 || !board);
	checkpoint_reader_close(&reader);
	checkpoint_manifest_release(&manifest);
	strbuf_release(&state);
	return rc;
}

Test(checkpoint, is_read_back_numbered_and_pruned)
{
	struct checkpoint_place *places = NULL;
	struct fixture fixture;
	struct err err = { 0 };
	size_t count = 0;
	int64_t removed = 0;

	open_fixture(&fixture);
	for (int i = 0; i < 3; i++)
		make(&fixture);
	cr_assert_eq(checkpoint_store_list(fixture.dir, -1, &places, &count, &err), 0);
	cr_expect_eq(count, 3);
	cr_expect_eq(places[0].number, 3);
	free(places);
	cr_expect_eq(read_back(&fixture, &fixture.keys, 3), 0);
	cr_assert_eq(checkpoint_store_prune(fixture.dir, 2, &removed, &err), 0);
	cr_expect_eq(removed, 1);
	cr_expect_neq(read_back(&fixture, &fixture.keys, 1), 0);
	cr_expect_eq(read_back(&fixture, &fixture.keys, 2), 0);
	close_fixture(&fixture);
}

Test(checkpoint, tells_other_keys_from_altered_bytes)
{
	struct checkpoint_keys signer, cipher;
	struct fixture fixture;

	open_fixture(&fixture);
	make(&fixture);
	cr_assert_eq(read_keys(OTHER_KEY, CIPHER, &signer), 0);
	cr_expect_eq(read_back(&fixture, &signer, 1), -ERR_CONFIG);
	cr_assert_eq(read_keys(SIGN_KEY, "another key another key another k", &cipher), 0);
	cr_expect_eq(read_back(&fixture, &cipher, 1), -ERR_CONFIG);
	checkpoint_keys_release(&signer);
	checkpoint_keys_release(&cipher);
	cr_expect_eq(read_keys("no key", CIPHER, &signer), -ERR_CONFIG);
	checkpoint_keys_release(&signer);
	cr_expect_eq(read_keys(SIGN_KEY, "short", &signer), -ERR_CONFIG);
	checkpoint_keys_release(&signer);
	close_fixture(&fixture);
}

static size_t read_file(const char *path, char *bytes, size_t capacity)
{
	FILE *file = fopen(path, "re");

	cr_assert(file);
	size_t n = fread(bytes, 1, capacity, file);

	fclose(file);
	return n;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
	FILE *file = fopen(path, "we");

	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, n, file), n);
	cr_assert_eq(fclose(file), 0);
}

/* Every length and every byte of both files. */
static void spoil(struct fixture *fixture, enum checkpoint_part part)
{
	const struct checkpoint_place place = { .partition = 3, .number = 1 };
	char path[CHECKPOINT_PATH_BYTES];
	static char bytes[4096];

	checkpoint_path(fixture->dir, &place, part, false, path);
	size_t n = read_file(path, bytes, sizeof bytes);

	for (size_t length = 0; length < n; length++) {
		write_file(path, bytes, length);
		cr_expect_neq(read_back(fixture, &fixture->keys, 1), 0, "part %d, %zu bytes", part, length);
	}
	for (size_t at = 0; at < n; at++) {
		bytes[at] = (char)(bytes[at] ^ 1);
		write_file(path, bytes, n);
		cr_expect_neq(read_back(fixture, &fixture->keys, 1), 0, "part %d, byte %zu", part, at);
		bytes[at] = (char)(bytes[at] ^ 1);
	}
	write_file(path, bytes, n);
	cr_expect_eq(read_back(fixture, &fixture->keys, 1), 0);
}

Test(checkpoint, refuses_every_length_and_every_byte, .timeout = 300)
{
	struct fixture fixture;

	open_fixture(&fixture);
	make(&fixture);
	spoil(&fixture, CHECKPOINT_MANIFEST);
	spoil(&fixture, CHECKPOINT_STATE);
	close_fixture(&fixture);
}
