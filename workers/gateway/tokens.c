#include "gateway/tokens.h"

#include "base/num.h"
#include "base/secret_file.h"
#include "model/teacher_key.h"

#include <assert.h>

enum { TOKENS_MAX = 10000, LINE_BYTES_MAX = 65536, TOKENS_FILE_BYTES_MAX = 64 << 20 };

/* One line of the file, and its text: the token borrows from it. */
struct token {
	struct access_token line;
	char *text;
};

struct tokens {
	struct token *items; /* by sha256 */
	size_t count;
};

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	for (size_t i = 0; i < tokens->count; i++)
		free(tokens->items[i].text);
	free(tokens->items);
	free(tokens);
}

size_t tokens_plain_count(const struct tokens *tokens)
{
	size_t count = 0;

	for (size_t i = 0; i < tokens->count; i++)
		count += tokens->items[i].line.is_plain;
	return count;
}

/* ---- the file ---- */

/* The line without a token of before: that does not stay in memory. */
static int keep_line(struct token *token, struct slice line, const char *path, struct err *err)
{
	struct slice kept = line;

	if (token->line.is_plain)
		kept = token->line.boards;
	assert(kept.n > 0); /* what was read as a token has boards */
	token->text = malloc(kept.n);
	if (!token->text)
		return err_set(err, ERR_FATAL, "memory", "no memory for the tokens of %s", path);
	memcpy(token->text, kept.p, kept.n);
	if (token->line.is_plain)
		token->line.boards = slice_make(token->text, kept.n);
	else
		(void)access_token_read(slice_make(token->text, kept.n), &token->line);
	return 0;
}

static int read_line(struct tokens *tokens, struct slice line, const char *path, unsigned line_no, struct err *err)
{
	struct access_token read;
	enum token_line kind = access_token_read(line, &read);

	if (kind == TOKEN_LINE_NONE)
		return 0;
	if (kind == TOKEN_LINE_BAD)
		return err_set(
			err, ERR_CONFIG, "tokens",
			"%s line %u is neither \"sha256:HEX boards ..\" as instroomctl token make writes it, nor "
			"\"token boards\": a token has %d to %d characters, boards are * or numbers of 5 digits "
			"joined by commas",
			path, line_no, ACCESS_TOKEN_BYTES_MIN, ACCESS_TOKEN_BYTES_MAX);
	if (tokens->count == TOKENS_MAX)
		return err_set(err, ERR_CONFIG, "tokens", "%s holds more than %d lines", path, TOKENS_MAX);
	struct token *items = reallocarray(tokens->items, tokens->count + 1, sizeof *items);

	if (!items)
		return err_set(err, ERR_FATAL, "memory", "no memory for the tokens of %s", path);
	tokens->items = items;
	items[tokens->count] = (struct token){ .line = read };
	return keep_line(&items[tokens->count++], line, path, err);
}

static struct slice without_bom(struct slice text)
{
	return text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0 ? slice_from(text, 3) : text;
}

/* Says of a line that no editor of today writes what it is: half of it would lock out boards unseen. */
static int check_line(struct slice line, const char *path, unsigned line_no, struct err *err)
{
	const char *why = NULL;

	if (line.n >= LINE_BYTES_MAX)
		why = "is too long";
	else if (line_no == 1 && line.n >= 2 &&
		 (memcmp(line.p, "\xff\xfe", 2) == 0 || memcmp(line.p, "\xfe\xff", 2) == 0))
		why = "is UTF-16: save the file as UTF-8";
	else if (memchr(line.p, '\0', line.n))
		why = "holds a NUL";
	else if (memchr(line.p, '\r', line.n))
		why = "holds a carriage return within: lines end with LF or CRLF";
	return why ? err_set(err, ERR_CONFIG, "tokens", "%s line %u %s", path, line_no, why) : 0;
}

static int read_lines(struct tokens *tokens, struct slice rest, const char *path, struct err *err)
{
	int rc = 0;

	for (unsigned line_no = 1; rc == 0 && rest.n > 0; line_no++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_make(rest.p, end ? (size_t)(end - rest.p) : rest.n);

		rest = slice_from(rest, MIN(line.n + 1, rest.n));
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		rc = check_line(line, path, line_no, err);
		if (rc == 0)
			rc = read_line(tokens, line_no == 1 ? without_bom(line) : line, path, line_no, err);
	}
	return rc;
}

/* All of it at once: half a file would lock out the boards of the other half. */
static int read_file(struct tokens *tokens, const char *path, struct err *err)
{
	CLEANUP(strbuf_wipe) struct strbuf text = { 0 };

	strbuf_init(&text, TOKENS_FILE_BYTES_MAX);
	int rc = secret_file_read(path, &text, err);

	if (rc != 0)
		return err_prefix(err, path);
	return read_lines(tokens, strbuf_slice(&text), path, err);
}

static int compare_tokens(const void *a, const void *b)
{
	return memcmp(((const struct token *)a)->line.sha256, ((const struct token *)b)->line.sha256, 32);
}

int tokens_open(const char *path, struct tokens **ret, struct err *err)
{
	struct tokens *tokens = calloc(1, sizeof *tokens);

	if (!tokens)
		return err_set(err, ERR_FATAL, "memory", "no memory for the tokens of %s", path);
	int rc = read_file(tokens, path, err);

	if (rc == 0 && tokens->count == 0)
		rc = err_set(err, ERR_CONFIG, "tokens", "the tokens file %s holds no token", path);
	if (rc != 0) {
		tokens_free(tokens);
		return rc;
	}
	qsort(tokens->items, tokens->count, sizeof *tokens->items, compare_tokens);
	*ret = tokens;
	return 0;
}

/* ---- the question ---- */

/* Index of the first line with this hash, or count. */
static size_t find_first(const struct tokens *tokens, const uint8_t sha256[32])
{
	size_t low = 0, high = tokens->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(tokens->items[middle].line.sha256, sha256, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum access_answer answer_of(const struct access_token *line, const struct access_question *question)
{
	if (line->withdrawn.n > 0)
		return ACCESS_WITHDRAWN;
	if (line->until != 0 && question->today > line->until)
		return ACCESS_EXPIRED;
	if (question->service != 0 && (line->services & question->service) == 0)
		return ACCESS_OTHER_SERVICE;
	return !question->board || access_token_is_for(line, *question->board) ? ACCESS_GOOD : ACCESS_OTHER_BOARD;
}

enum access_answer tokens_find(const struct tokens *tokens, const uint8_t sha256[32], int32_t today,
			       struct token_lines *ret)
{
	const struct access_question whether_in_force = { .today = today };
	enum access_answer answer = ACCESS_UNKNOWN;
	size_t first = find_first(tokens, sha256), end = first;

	for (; end < tokens->count && memcmp(tokens->items[end].line.sha256, sha256, 32) == 0; end++)
		answer = MAX(answer, answer_of(&tokens->items[end].line, &whether_in_force));
	*ret = (struct token_lines){ .first = tokens->items + first, .count = end - first };
	return answer;
}

enum access_answer token_lines_decide(struct token_lines lines, const struct access_question *question,
				      enum access_basis *ret_basis)
{
	enum access_answer answer = ACCESS_UNKNOWN;

	*ret_basis = BASIS_NONE;
	for (size_t i = 0; i < lines.count; i++) {
		const struct access_token *line = &lines.first[i].line;
		enum access_answer one = answer_of(line, question);

		answer = MAX(answer, one);
		if (one == ACCESS_GOOD)
			*ret_basis = MAX(*ret_basis, slice_equal_text(line->boards, "*") ? BASIS_OPERATOR : BASIS_OWN);
	}
	return answer;
}

struct slice token_lines_name(struct token_lines lines)
{
	for (size_t i = 0; i < lines.count; i++)
		if (lines.first[i].line.name.n > 0)
			return lines.first[i].line.name;
	return (struct slice){ 0 };
}

struct line_entries {
	const struct access_token *line;
	access_entry_take *take;
	void *self;
};

static void take_board(void *self, const uint32_t *board)
{
	const struct line_entries *entries = self;
	struct access_entry entry = { .board = board ? *board : ACCESS_ALL_BOARDS,
				      .basis = board ? BASIS_OWN : BASIS_OPERATOR,
				      .until = entries->line->until };

	for (unsigned service = SERVICE_DELIVER; service <= SERVICE_MANAGE; service <<= 1) {
		entry.service = service;
		if (entries->line->services & service)
			entries->take(entries->self, &entry);
	}
}

void token_lines_entries(struct token_lines lines, int32_t today, access_entry_take *take, void *self)
{
	const struct access_question whether_in_force = { .today = today };

	for (size_t i = 0; i < lines.count; i++) {
		struct line_entries entries = { &lines.first[i].line, take, self };

		if (answer_of(entries.line, &whether_in_force) == ACCESS_GOOD)
			access_token_walk_boards(entries.line, take_board, &entries);
	}
}
