/* fuzz_tokens: input is a tokens file. What it lets in is a word of it, and a file that was refused lets nobody in. */
#include "fuzz.h"

#include "gateway/tokens.h"
#include "model/teacher_key.h"

#include <sys/mman.h>
#include <unistd.h>

/* Finds and decides, as access.c does. */
static enum access_answer ask(const struct tokens *tokens, struct slice token, const struct access_question *question)
{
	struct token_lines lines;
	enum access_basis basis;
	uint8_t sha256[32];

	sha256_of(token, sha256);
	enum access_answer answer = tokens_find(tokens, sha256, question->today, &lines);

	return answer == ACCESS_GOOD ? token_lines_decide(lines, question, &basis) : answer;
}

/* Asks with each word of the file. */
static void ask_all(const struct tokens *tokens, struct slice file)
{
	static const char BLANKS[] = " \t\r\n";
	const uint32_t board = 41211;
	const struct access_question any = { 0 }, one = { .board = &board };
	size_t start = 0;

	for (size_t at = 0; at <= file.n; at++) {
		if (at < file.n && !memchr(BLANKS, file.p[at], sizeof BLANKS - 1))
			continue;
		struct slice word = slice_make(file.p + start, at - start);
		enum access_answer known = ask(tokens, word, &any);
		enum access_answer answer = ask(tokens, word, &one);

		FUZZ_EXPECT((known == ACCESS_UNKNOWN) == (answer == ACCESS_UNKNOWN) && known != ACCESS_OTHER_BOARD);
		FUZZ_EXPECT(known == ACCESS_UNKNOWN || (at - start >= 16 && at - start <= 128));
		start = at + 1;
	}
	FUZZ_EXPECT(ask(tokens, SLICE_LITERAL(""), &any) == ACCESS_UNKNOWN);
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
