#include "gateway/tokens.h"

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
		uint64_t sender;

		cr_expect_eq(rc, file->says ? -ERR_CONFIG : 0, "file %zu: %s", i, err.text);
		cr_expect(!file->says || strstr(err.text, file->says), "file %zu: %s", i, err.text);
		if (rc == 0) {
			cr_expect_eq(tokens_ask(tokens, SLICE_LITERAL("Bearer " TOKEN_A), NULL, &sender), TOKEN_GOOD);
			cr_expect_eq(tokens_ask(tokens, SLICE_LITERAL("Bearer " TOKEN_B), NULL, &sender), TOKEN_GOOD);
		}
		tokens_free(tokens);
	}
}

Test(gateway_tokens, says_when_the_file_is_not_there)
{
	struct tokens *tokens = NULL;
	struct err err = { 0 };

	cr_expect_eq(tokens_open("/nonexistent/tokens", &tokens, &err), -ERR_CONFIG);
	cr_expect(strstr(err.text, "cannot be read"), "%s", err.text);
}

static const struct {
	const char *authorization;
	int64_t board; /* -1: only asked whether the token is known */
	enum token_answer want;
	const char *why;
} QUESTIONS[] = {
	{ "Bearer " TOKEN_A, 41211, TOKEN_GOOD, "its board" },
	{ "Bearer " TOKEN_A, 41212, TOKEN_GOOD, "its other board" },
	{ "Bearer " TOKEN_A, 41213, TOKEN_GOOD, "of its second line" },
	{ "Bearer " TOKEN_A, 41214, TOKEN_OTHER_BOARD, "another board" },
	{ "Bearer " TOKEN_A, 0, TOKEN_OTHER_BOARD, "board 00000 is a board like any other" },
	{ "Bearer " TOKEN_A, -1, TOKEN_GOOD, "known" },
	{ "Bearer " TOKEN_B, 0, TOKEN_GOOD, "all boards" },
	{ "Bearer " TOKEN_B, 99999, TOKEN_GOOD, "all boards" },
	{ "bearer " TOKEN_A, 41211, TOKEN_GOOD, "the scheme has no case" },
	{ "Bearer   " TOKEN_A "  ", 41211, TOKEN_GOOD, "blanks around" },
	{ "Bearer " TOKEN_A "x", 41211, TOKEN_UNKNOWN, "one character more" },
	{ "Bearer aaaaaaaaaaaaaaa", 41211, TOKEN_UNKNOWN, "one less" },
	{ "Bearer AAAAAAAAAAAAAAAA", 41211, TOKEN_UNKNOWN, "tokens have case" },
	{ "Bearer ", 41211, TOKEN_UNKNOWN, "none" },
	{ "Bearer", 41211, TOKEN_UNKNOWN, "not even a blank" },
	{ "Basic " TOKEN_A, 41211, TOKEN_UNKNOWN, "another scheme" },
	{ TOKEN_A, 41211, TOKEN_UNKNOWN, "no scheme" },
	{ "", 41211, TOKEN_UNKNOWN, "no header" },
	{ "", -1, TOKEN_UNKNOWN, "no header" },
};

Test(gateway_tokens, opens_to_a_token_the_boards_of_all_its_lines_and_no_other)
{
	struct tokens *tokens = NULL;
	struct err err = { 0 };
	uint64_t sender;

	cr_assert_eq(
		open_text(SLICE_LITERAL(TOKEN_A " 41211,41212\n" TOKEN_B " *\n" TOKEN_A " 41213\n"), &tokens, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(QUESTIONS); i++) {
		uint32_t board = (uint32_t)QUESTIONS[i].board;

		cr_expect_eq(tokens_ask(tokens, slice_of(QUESTIONS[i].authorization),
					QUESTIONS[i].board < 0 ? NULL : &board, &sender),
			     QUESTIONS[i].want, "%s", QUESTIONS[i].why);
	}
	cr_expect_eq(tokens_ask(tokens, (struct slice){ 0 }, NULL, &sender), TOKEN_UNKNOWN, "an absent header");
	tokens_free(tokens);
}

Test(gateway_tokens, finds_each_of_many)
{
	static char text[1000 * 40];
	struct tokens *tokens = NULL;
	struct err err = { 0 };
	char authorization[64];
	uint64_t sender;
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "token-number-%05u %05u\n", i, i);
	cr_assert_eq(open_text(slice_make(text, n), &tokens, &err), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t other = i + 1;

		snprintf(authorization, sizeof authorization, "Bearer token-number-%05u", i);
		cr_expect_eq(tokens_ask(tokens, slice_of(authorization), &i, &sender), TOKEN_GOOD);
		cr_expect_eq(tokens_ask(tokens, slice_of(authorization), &other, &sender), TOKEN_OTHER_BOARD);
	}
	tokens_free(tokens);
}
