#include "gateway/tokens.h"

#include "gateway/token_watch.h"
#include "model/teacher_key.h"

#include <criterion/criterion.h>
#include <unistd.h>

#define TOKEN_A	 "aaaaaaaaaaaaaaaa"
#define TOKEN_B	 "bbbbbbbbbbbbbbbbbbbb"
#define BYTES_64 "0123456789012345678901234567890123456789012345678901234567890123"

/* Opens a file with this content. */
static int open_text(struct slice text, struct tokens **ret, struct err *err)
{
	char path[] = "/tmp/instroom-tokens-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text.p, text.n), (ssize_t)text.n);
	close(fd);
	int rc = tokens_open(path, ret, err);

	unlink(path);
	return rc;
}

/* Finds and decides, as access.c does. */
static enum access_answer ask(const struct tokens *tokens, const char *token, const struct access_question *question)
{
	struct token_lines lines;
	enum access_basis basis;
	uint8_t sha256[32];

	sha256_of(slice_of(token), sha256);
	enum access_answer answer = tokens_find(tokens, sha256, question->today, &lines);

	return answer == ACCESS_GOOD ? token_lines_decide(lines, question, &basis) : answer;
}

static const struct {
	const char *text;
	bool is_good;
	const char *why;
} FILES[] = {
	{ TOKEN_A " 41211\n", true, "one board" },
	{ TOKEN_A " 41211,41212\n", true, "two boards" },
	{ TOKEN_A " *\n", true, "all boards" },
	{ TOKEN_A " *", true, "no line end" },
	{ "\t " TOKEN_A " \t * \r\n", true, "blanks and CRLF" },
	{ "# a comment\n\n  \n" TOKEN_A " *\n", true, "comments and empty lines" },
	{ BYTES_64 BYTES_64 " *\n", true, "128 characters" },
	{ BYTES_64 BYTES_64 "x *\n", false, "129 characters" },
	{ "aaaaaaaaaaaaaaa *\n", false, "15 characters" },
	{ "aaaaaaaaaaaaaaa\x01 *\n", false, "a control character" },
	{ "aaaaaaaaaaaaaaa\xc3\xa9 *\n", false, "not ASCII" },
	{ TOKEN_A "\n", false, "no boards" },
	{ TOKEN_A " 4121\n", false, "four digits" },
	{ TOKEN_A " 412111\n", false, "six digits" },
	{ TOKEN_A " 4121x\n", false, "no number" },
	{ TOKEN_A " 41211,\n", false, "a comma at the end" },
	{ TOKEN_A " ,41211\n", false, "a comma in front" },
	{ TOKEN_A " 41211,,41212\n", false, "two commas" },
	{ TOKEN_A " 41211;41212\n", false, "another separator" },
	{ TOKEN_A " 41211, 41212\n", false, "a blank in the list" },
	{ TOKEN_A " 41211 41212\n", false, "a third word" },
	{ TOKEN_A " *,41211\n", false, "all and one" },
	{ "", false, "no token at all lets nobody in, and says so" },
	{ "# only a comment\n", false, "likewise" },
};

Test(gateway_tokens, reads_lines_of_token_and_boards_and_refuses_all_else)
{
	for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
		struct tokens *tokens = NULL;
		struct err err = { 0 };
		int rc = open_text(slice_of(FILES[i].text), &tokens, &err);

		cr_expect_eq(rc, FILES[i].is_good ? 0 : -ERR_CONFIG, "%s", FILES[i].why);
		cr_expect_null(strstr(err.text, "aaaaaaaaaaaaaaa"), "no token in an error: %s", err.text);
		tokens_free(tokens);
	}
}

Test(gateway_tokens, names_the_line_at_fault)
{
	struct tokens *tokens = NULL;
	struct err err = { 0 };

	cr_assert_eq(open_text(SLICE_LITERAL("# x\n" TOKEN_A " *\nshort *\n"), &tokens, &err), -ERR_CONFIG);
	cr_expect(strstr(err.text, "line 3"), "%s", err.text);
}

Test(gateway_tokens, refuses_a_line_it_cannot_hold_and_one_with_a_nul)
{
	static char text[80000];
	struct tokens *tokens = NULL;
	struct err err = { 0 };

	memcpy(text, TOKEN_A " ", 17);
	for (size_t at = 17; at + 6 < sizeof text; at += 6)
		memcpy(text + at, "41211,", 6);
	text[70000] = '\n';
	cr_expect_eq(open_text(slice_make(text, 70001), &tokens, &err), -ERR_CONFIG, "longer than a line may be");
	cr_expect_eq(open_text(SLICE_LITERAL(TOKEN_A " *\0\n" TOKEN_B " *\n"), &tokens, &err), -ERR_CONFIG, "a NUL");
}

/* As other systems and editors leave a file: taken whole, or refused with what it is. */
static const struct odd_file {
	struct slice text;
	const char *says; /* NULL: taken, with both tokens */
} ODD_FILES[] = {
	{ { "\xef\xbb\xbf" TOKEN_A " *\n" TOKEN_B " *\n", 3 + 19 + 23 }, NULL },
	{ { TOKEN_A " *\r\n" TOKEN_B " *\r\n", 20 + 24 }, NULL },
	{ { TOKEN_A " *  \t\n\n\r\n" TOKEN_B "\t*", 22 + 3 + 22 }, NULL },
	{ { TOKEN_A " *\r" TOKEN_B " *\r", 19 + 23 }, "line 1 holds a carriage return within" },
	{ { TOKEN_A " *\r" TOKEN_B " *\n", 19 + 23 }, "line 1 holds a carriage return within" },
	{ { TOKEN_A " *\n" TOKEN_B " 41211\0,41212", 19 + 33 }, "line 2 holds a NUL" },
	{ { TOKEN_A " *\n" TOKEN_B " *\0", 19 + 23 }, "line 2 holds a NUL" },
	{ { "\xff\xfe"
	    "a\0a\0\n\0",
	    8 },
	  "line 1 is UTF-16: save the file as UTF-8" },
	{ { "\xfe\xff"
	    "\0a\0a\0\n",
	    8 },
	  "line 1 is UTF-16: save the file as UTF-8" },
	{ { "\n\n\n", 3 }, "holds no token" },
	{ { "\xef\xbb\xbf", 3 }, "holds no token" },
};

Test(gateway_tokens, takes_a_file_of_other_systems_whole_or_says_what_it_is)
{
	for (size_t i = 0; i < ARRAY_LEN(ODD_FILES); i++) {
		const struct odd_file *file = &ODD_FILES[i];
		struct tokens *tokens = NULL;
		struct err err = { 0 };
		int rc = open_text(file->text, &tokens, &err);

		cr_expect_eq(rc, file->says ? -ERR_CONFIG : 0, "file %zu: %s", i, err.text);
		cr_expect(!file->says || strstr(err.text, file->says), "file %zu: %s", i, err.text);
		if (rc == 0) {
			const struct access_question any = { 0 };

			cr_expect_eq(ask(tokens, TOKEN_A, &any), ACCESS_GOOD);
			cr_expect_eq(ask(tokens, TOKEN_B, &any), ACCESS_GOOD);
		}
		tokens_free(tokens);
	}
}

Test(gateway_tokens, says_when_the_file_is_not_there)
{
	struct tokens *tokens = NULL;
	struct err err = { 0 };

	cr_expect_eq(tokens_open("/nonexistent/tokens", &tokens, &err), -ERR_CONFIG);
	cr_expect(strstr(err.text, "does not exist"), "%s", err.text);
}

static const struct {
	const char *token;
	int64_t board; /* -1: only asked whether the token is known */
	enum access_answer want;
	const char *why;
} QUESTIONS[] = {
	{ TOKEN_A, 41211, ACCESS_GOOD, "its board" },
	{ TOKEN_A, 41212, ACCESS_GOOD, "its other board" },
	{ TOKEN_A, 41213, ACCESS_GOOD, "of its second line" },
	{ TOKEN_A, 41214, ACCESS_OTHER_BOARD, "another board" },
	{ TOKEN_A, 0, ACCESS_OTHER_BOARD, "board 00000 is a board like any other" },
	{ TOKEN_A, -1, ACCESS_GOOD, "known" },
	{ TOKEN_B, 0, ACCESS_GOOD, "all boards" },
	{ TOKEN_B, 99999, ACCESS_GOOD, "all boards" },
	{ TOKEN_A "x", 41211, ACCESS_UNKNOWN, "one character more" },
	{ "aaaaaaaaaaaaaaa", 41211, ACCESS_UNKNOWN, "one less" },
	{ "AAAAAAAAAAAAAAAA", 41211, ACCESS_UNKNOWN, "tokens have case" },
	{ "", 41211, ACCESS_UNKNOWN, "none" },
};

Test(gateway_tokens, opens_to_a_token_the_boards_of_all_its_lines_and_no_other)
{
	struct tokens *tokens = NULL;
	struct err err = { 0 };

	cr_assert_eq(
		open_text(SLICE_LITERAL(TOKEN_A " 41211,41212\n" TOKEN_B " *\n" TOKEN_A " 41213\n"), &tokens, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(QUESTIONS); i++) {
		uint32_t board = (uint32_t)QUESTIONS[i].board;

		const struct access_question question = { .board = QUESTIONS[i].board < 0 ? NULL : &board };

		cr_expect_eq(ask(tokens, QUESTIONS[i].token, &question), QUESTIONS[i].want, "%s", QUESTIONS[i].why);
	}
	tokens_free(tokens);
}

Test(gateway_tokens, finds_each_of_many)
{
	static char text[1000 * 40];
	struct tokens *tokens = NULL;
	struct err err = { 0 };
	char token[64];
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "token-number-%05u %05u\n", i, i);
	cr_assert_eq(open_text(slice_make(text, n), &tokens, &err), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t other = i + 1;
		const struct access_question own = { .board = &i }, others = { .board = &other };

		snprintf(token, sizeof token, "token-number-%05u", i);
		cr_expect_eq(ask(tokens, token, &own), ACCESS_GOOD);
		cr_expect_eq(ask(tokens, token, &others), ACCESS_OTHER_BOARD);
	}
	tokens_free(tokens);
}

/* ---- lines of tokens that are kept as SHA-256 ---- */

/* SHA-256 of TOKEN_A. */
#define SHA_A  "sha256:0c0beacef8877bbf2416eb00f2b5dc96354e26dd1df5517320459b1236860f8c"
#define REST_A " 41211 name=kantoor-a owner=KVK:12345678 "

static const struct {
	const char *line;
	bool is_good;
	const char *why;
} KEPT[] = {
	{ SHA_A " 41211", true, "nothing but hash and boards" },
	{ SHA_A " * until=2027-07-31", true, "" },
	{ SHA_A REST_A "services=leveren until=2027-07-31", true, "" },
	{ SHA_A REST_A "withdrawn=2026-11-29T12:00:00Z", true, "" },
	{ SHA_A " 41211 services=inzien,leveren,bevestigen", true, "" },
	{ SHA_A " 41211 services=", false, "none" },
	{ SHA_A " 41211 services=leveren,leveren", false, "twice" },
	{ SHA_A " 41211 services=beheren", false, "unknown" },
	{ SHA_A " 41211 services=leveren services=inzien", false, "twice" },
	{ SHA_A " 41211 until=2027-02-29", false, "no day" },
	{ SHA_A " 41211 until=31-07-2027", false, "another form" },
	{ SHA_A " 41211 until=", false, "" },
	{ SHA_A " 41211 name=", false, "" },
	{ SHA_A " 41211 name=a;b", false, "" },
	{ SHA_A " 41211 naam=a", false, "an unknown word: what it would limit is not known" },
	{ SHA_A " 41211 withdrawn=", false, "" },
	{ SHA_A, false, "no boards" },
	{ SHA_A "0 41211", false, "a digit more" },
	{ "sha256:0c0b 41211", false, "short" },
	{ TOKEN_A " 41211 until=2027-07-31", false, "a line of before has no end" },
};

Test(gateway_tokens, reads_lines_of_kept_tokens_and_refuses_what_it_does_not_know)
{
	for (size_t i = 0; i < ARRAY_LEN(KEPT); i++) {
		struct tokens *tokens = NULL;
		struct err err = { 0 };

		cr_expect_eq(open_text(slice_of(KEPT[i].line), &tokens, &err), KEPT[i].is_good ? 0 : -ERR_CONFIG,
			     "%s: %s", KEPT[i].line, KEPT[i].why);
		cr_expect(!tokens || tokens_plain_count(tokens) == 0);
		tokens_free(tokens);
	}
}

static const struct {
	const char *lines;
	int64_t board; /* -1: any */
	unsigned service;
	int32_t today;
	enum access_answer want;
} RIGHTS[] = {
	{ SHA_A REST_A "until=2027-07-31", 41211, SERVICE_DELIVER, 20270731, ACCESS_GOOD },
	{ SHA_A REST_A "until=2027-07-31", 41211, SERVICE_DELIVER, 20270801, ACCESS_EXPIRED },
	{ SHA_A REST_A "until=2027-07-31", 41212, SERVICE_DELIVER, 20270731, ACCESS_OTHER_BOARD },
	{ SHA_A REST_A "services=inzien", 41211, SERVICE_DELIVER, 20270731, ACCESS_OTHER_SERVICE },
	{ SHA_A REST_A "services=inzien", 41212, SERVICE_DELIVER, 20270731, ACCESS_OTHER_SERVICE },
	{ SHA_A REST_A "services=inzien", 41211, SERVICE_READ, 20270731, ACCESS_GOOD },
	{ SHA_A REST_A "services=inzien", -1, 0, 20270731, ACCESS_GOOD },
	{ SHA_A REST_A "withdrawn=2026-11-29T12:00:00Z", 41211, SERVICE_READ, 20261129, ACCESS_WITHDRAWN },
	{ SHA_A REST_A "withdrawn=2026-11-29T12:00:00Z until=2026-01-01", -1, 0, 20261129, ACCESS_WITHDRAWN },
	{ SHA_A REST_A "until=2026-01-01\n" SHA_A " 41211", 41211, SERVICE_READ, 20261129, ACCESS_GOOD },
	{ SHA_A REST_A "services=leveren\n" SHA_A " 41212 services=inzien", 41212, SERVICE_DELIVER, 20261129,
	  ACCESS_OTHER_BOARD },
	{ SHA_A " 41211", 41211, SERVICE_CONFIRM, 20261129, ACCESS_GOOD },
};

Test(gateway_tokens, opens_until_its_last_day_for_its_services_and_not_once_withdrawn)
{
	for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++) {
		uint32_t board = (uint32_t)RIGHTS[i].board;
		const struct access_question question = { .board = RIGHTS[i].board < 0 ? NULL : &board,
							  .service = RIGHTS[i].service,
							  .today = RIGHTS[i].today };
		struct tokens *tokens = NULL;
		struct err err = { 0 };

		cr_assert_eq(open_text(slice_of(RIGHTS[i].lines), &tokens, &err), 0, "%s", err.text);
		cr_expect_eq(ask(tokens, TOKEN_A, &question), RIGHTS[i].want, "row %zu: %s", i, RIGHTS[i].lines);
		cr_expect_eq(ask(tokens, SHA_A, &question), ACCESS_UNKNOWN, "the hash is no token");
		tokens_free(tokens);
	}
}

Test(gateway_tokens, a_change_of_the_file_is_seen)
{
	char path[] = "/tmp/instroom-tokens-XXXXXX", other[] = "/tmp/instroom-tokens-XXXXXX";
	struct token_watch watch = { 0 };
	int fd = mkstemp(path), beside = mkstemp(other);

	cr_assert(fd >= 0 && beside >= 0);
	cr_expect(!token_watch_has_changed(&watch, path), "the first look");
	cr_expect(!token_watch_has_changed(&watch, path));
	cr_assert_eq(write(fd, "#\n", 2), 2);
	cr_expect(token_watch_has_changed(&watch, path), "longer");
	cr_expect(!token_watch_has_changed(&watch, path), "once");
	cr_assert_eq(write(beside, "#\n", 2), 2);
	cr_assert_eq(rename(other, path), 0);
	cr_expect(token_watch_has_changed(&watch, path), "another in its place");
	unlink(path);
	cr_expect(!token_watch_has_changed(&watch, path), "away");
	close(fd), close(beside);
}

Test(gateway_tokens, a_token_is_known_to_scanners_by_its_beginning)
{
	uint8_t bytes[ACCESS_TOKEN_RANDOM_BYTES] = { 0xab, 0xcd };
	char token[ACCESS_TOKEN_TEXT_BYTES];

	access_token_write(bytes, token);
	cr_expect_str_eq(token, "instroom_abcd000000000000000000000000000000000000000000000000000000000000");
}
