#include "gateway/tokens.h"

#include "base/num.h"
#include "model/teacher_key.h"

enum { TOKEN_BYTES_MIN = 16, TOKEN_BYTES_MAX = 128, TOKENS_MAX = 10000, LINE_BYTES_MAX = 65536 };

struct token {
	uint8_t sha256[32];
	bool is_for_all;
	uint32_t *boards;
	size_t board_count;
};

struct tokens {
	struct token *items;
	size_t count;
};

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	for (size_t i = 0; i < tokens->count; i++)
		free(tokens->items[i].boards);
	free(tokens->items);
	free(tokens);
}

static struct slice take_word(struct slice *line)
{
	size_t start = 0, end;

	while (start < line->n && (line->p[start] == ' ' || line->p[start] == '\t'))
		start++;
	end = start;
	while (end < line->n && line->p[end] != ' ' && line->p[end] != '\t')
		end++;
	struct slice word = slice_make(line->p + start, end - start);

	*line = slice_from(*line, end);
	return word;
}

static bool read_boards(struct slice list, struct token *token)
{
	token->is_for_all = slice_equal_text(list, "*");
	if (token->is_for_all)
		return true;
	token->boards = calloc(list.n / 6 + 1, sizeof *token->boards);
	while (token->boards && list.n >= 5) {
		uint64_t board;

		if (!num_parse_u64(slice_make(list.p, 5), 99999, &board) || (list.n > 5 && list.p[5] != ','))
			return false;
		token->boards[token->board_count++] = (uint32_t)board;
		list = slice_from(list, 6);
	}
	return token->board_count > 0 && list.n == 0;
}

static int read_line(struct tokens *tokens, struct slice line, const char *path, unsigned line_no, struct err *err)
{
	struct slice word = take_word(&line), boards = take_word(&line);

	if (word.n == 0 || word.p[0] == '#')
		return 0;
	if (tokens->count == TOKENS_MAX)
		return err_set(err, ERR_CONFIG, "tokens", "%s holds more than %d tokens", path, TOKENS_MAX);
	struct token *items = reallocarray(tokens->items, tokens->count + 1, sizeof *items);

	if (!items)
		return err_set(err, ERR_FATAL, "memory", "no memory for the tokens of %s", path);
	tokens->items = items;
	items[tokens->count] = (struct token){ 0 };
	struct token *token = &items[tokens->count++];

	if (word.n < TOKEN_BYTES_MIN || word.n > TOKEN_BYTES_MAX || !read_boards(boards, token) || take_word(&line).n > 0)
		return err_set(err, ERR_CONFIG, "tokens",
			       "%s line %u is not \"token boards\": a token has %d to %d characters, boards are * or "
			       "numbers of 5 digits joined by commas",
			       path, line_no, TOKEN_BYTES_MIN, TOKEN_BYTES_MAX);
	sha256_of(word, token->sha256);
	return 0;
}

int tokens_open(const char *path, struct tokens **ret, struct err *err)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES_MAX];
	int rc = 0;

	if (!file)
		return err_set(err, ERR_CONFIG, "tokens", "the tokens file %s cannot be read", path);
	struct tokens *tokens = calloc(1, sizeof *tokens);

	if (!tokens)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for tokens");
	for (unsigned line_no = 1; rc == 0 && fgets(line, sizeof line, file); line_no++) {
		line[strcspn(line, "\r\n")] = '\0';
		rc = read_line(tokens, slice_of(line), path, line_no, err);
	}
	explicit_bzero(line, sizeof line);
	fclose(file);
	if (rc == 0 && tokens->count == 0)
		rc = err_set(err, ERR_CONFIG, "tokens", "the tokens file %s holds no token", path);
	if (rc != 0) {
		tokens_free(tokens);
		return rc;
	}
	*ret = tokens;
	return 0;
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	unsigned differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned)(a[i] ^ b[i]);
	return differs == 0;
}

enum token_answer tokens_ask(const struct tokens *tokens, struct slice authorization, const uint32_t *board)
{
	static const char SCHEME[] = "Bearer ";
	const size_t scheme_bytes = sizeof SCHEME - 1;
	const struct token *found = NULL;
	uint8_t sha256[32];

	if (authorization.n < scheme_bytes || strncasecmp(authorization.p, SCHEME, scheme_bytes) != 0)
		return TOKEN_UNKNOWN;
	sha256_of(slice_trim(slice_from(authorization, scheme_bytes)), sha256);
	for (size_t i = 0; i < tokens->count; i++)
		if (is_same(tokens->items[i].sha256, sha256, sizeof sha256))
			found = &tokens->items[i];
	if (!found)
		return TOKEN_UNKNOWN;
	if (!board || found->is_for_all)
		return TOKEN_GOOD;
	for (size_t i = 0; i < found->board_count; i++)
		if (found->boards[i] == *board)
			return TOKEN_GOOD;
	return TOKEN_OTHER_BOARD;
}
