/* fuzz_tokens: input is a tokens file. What it lets in is a word of it, and a file that was refused lets nobody in. */
#include "fuzz.h"

#include "gateway/tokens.h"

#include <sys/mman.h>
#include <unistd.h>

enum { AUTHORIZATION_BYTES = 256 };

/* Asks with each word of the file that is short enough. */
static void ask_all(const struct tokens *tokens, struct slice file)
{
	static const char BLANKS[] = " \t\r\n";
	const uint32_t board = 41211;
	const struct token_question any = { 0 }, one = { .board = &board };
	uint64_t sender;
	size_t start = 0;

	for (size_t at = 0; at <= file.n; at++) {
		char text[AUTHORIZATION_BYTES];

		if (at < file.n && !memchr(BLANKS, file.p[at], sizeof BLANKS - 1))
			continue;
		int n = snprintf(text, sizeof text, "Bearer %.*s", (int)MIN(at - start, (size_t)200), file.p + start);
		enum token_answer known = tokens_ask(tokens, slice_make(text, (size_t)n), &any, &sender);
		enum token_answer answer = tokens_ask(tokens, slice_make(text, (size_t)n), &one, &sender);

		FUZZ_EXPECT((known == TOKEN_UNKNOWN) == (answer == TOKEN_UNKNOWN) && known != TOKEN_OTHER_BOARD);
		FUZZ_EXPECT(known == TOKEN_UNKNOWN || (at - start >= 16 && at - start <= 128));
		start = at + 1;
	}
	FUZZ_EXPECT(tokens_ask(tokens, SLICE_LITERAL("Bearer "), &any, &sender) == TOKEN_UNKNOWN);
	FUZZ_EXPECT(tokens_ask(tokens, (struct slice){ 0 }, &any, &sender) == TOKEN_MISSING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("tokens", MFD_CLOEXEC);
	struct tokens *tokens = NULL;
	struct err err = { 0 };
	char path[64];

	FUZZ_EXPECT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int rc = tokens_open(path, &tokens, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_CONFIG);
	FUZZ_EXPECT((rc == 0) == (tokens != NULL));
	if (tokens) {
		FUZZ_DEEP();
		ask_all(tokens, slice_make(data, size));
	}
	tokens_free(tokens);
	close(fd);
	return 0;
}
