#include "model/access_token.h"

#include "base/num.h"
#include "model/date.h"
#include "model/delivery.h"
#include "model/teacher_key.h"

enum { BOARD_BYTES = 5, NAME_BYTES_MAX = 64 };

static const struct {
	const char *name;
	enum access_service service;
} SERVICES[] = {
	{ "leveren", SERVICE_DELIVER },
	{ "inzien", SERVICE_READ },
	{ "bevestigen", SERVICE_CONFIRM },
	{ "beheer", SERVICE_MANAGE },
};

const char *access_service_name(enum access_service service)
{
	for (size_t i = 0; i < ARRAY_LEN(SERVICES); i++)
		if (SERVICES[i].service == service)
			return SERVICES[i].name;
	return "";
}

unsigned access_service_of(struct slice word)
{
	for (size_t i = 0; i < ARRAY_LEN(SERVICES); i++)
		if (slice_equal_text(word, SERVICES[i].name))
			return SERVICES[i].service;
	return 0;
}

/* Takes the text up to the separator off *rest, and the separator. */
static struct slice cut_to(struct slice *rest, char separator)
{
	const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct slice part = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return part;
}

unsigned access_token_services(struct slice list)
{
	unsigned services = 0;

	do {
		unsigned service = access_service_of(cut_to(&list, ',')) & SERVICES_ALL;

		if (service == 0 || (services & service))
			return 0;
		services |= service;
	} while (list.n > 0);
	return services;
}

bool access_token_is_name(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!num_is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !strchr("._:@-", c))
			return false;
	}
	return text.n > 0 && text.n <= NAME_BYTES_MAX && !memchr(text.p, '\0', text.n);
}

static bool read_board(struct slice text, uint32_t *ret)
{
	uint64_t board;

	if (text.n != BOARD_BYTES || !num_parse_u64(text, BOARD_NUMBER_MAX, &board))
		return false;
	*ret = (uint32_t)board;
	return true;
}

bool access_token_is_list_of_boards(struct slice text)
{
	uint32_t board;

	if (slice_equal_text(text, "*"))
		return true;
	if (text.n % (BOARD_BYTES + 1) != BOARD_BYTES)
		return false; /* n numbers and n - 1 commas */
	while (text.n > 0)
		if (!read_board(cut_to(&text, ','), &board))
			return false;
	return true;
}

bool access_token_is_for(const struct access_token *token, uint32_t board)
{
	struct slice rest = token->boards;
	uint32_t one;

	if (slice_equal_text(rest, "*"))
		return true;
	while (rest.n > 0)
		if (read_board(cut_to(&rest, ','), &one) && one == board)
			return true;
	return false;
}

void access_token_walk_boards(const struct access_token *token, access_board_take *take, void *self)
{
	struct slice rest = token->boards;
	uint32_t board;

	if (slice_equal_text(rest, "*")) {
		take(self, NULL);
		return;
	}
	while (rest.n > 0)
		if (read_board(cut_to(&rest, ','), &board))
			take(self, &board);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice take_word(struct slice *line)
{
	size_t end = 0;

	while (line->n > 0 && is_blank(line->p[0]))
		*line = slice_from(*line, 1);
	while (end < line->n && !is_blank(line->p[end]))
		end++;
	return slice_cut(line, end);
}

static bool read_plain(struct slice word, struct access_token *token)
{
	if (word.n < ACCESS_TOKEN_BYTES_MIN || word.n > ACCESS_TOKEN_BYTES_MAX)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] < '!' || word.p[i] > '~')
			return false;
	token->is_plain = true;
	sha256_of(word, token->sha256);
	return true;
}

/* One "key=value" behind the boards. false: unknown, twice, or of another form. */
static bool read_pair(struct slice word, struct access_token *token)
{
	struct slice value = word, key = cut_to(&value, '=');

	if (slice_equal_text(key, "name") && token->name.n == 0) {
		token->name = value;
		return access_token_is_name(value);
	}
	if (slice_equal_text(key, "owner") && token->owner.n == 0) {
		token->owner = value;
		return access_token_is_name(value);
	}
	if (slice_equal_text(key, "services") && token->services == 0) {
		token->services = access_token_services(value);
		return token->services != 0;
	}
	if (slice_equal_text(key, "until") && token->until == 0) {
		token->until = date_parse_iso(value);
		return token->until > 0;
	}
	if (slice_equal_text(key, "withdrawn") && token->withdrawn.n == 0) {
		token->withdrawn = value;
		return value.n > 0;
	}
	return false;
}

enum token_line access_token_read(struct slice line, struct access_token *ret)
{
	static const char KEPT[] = "sha256:";
	struct slice word = take_word(&line);
	bool is_good;

	*ret = (struct access_token){ 0 };
	if (word.n == 0 || word.p[0] == '#')
		return TOKEN_LINE_NONE;
	if (slice_starts_with(word, KEPT))
		is_good = num_from_hex(slice_from(word, sizeof KEPT - 1), ret->sha256, sizeof ret->sha256);
	else
		is_good = read_plain(word, ret);
	ret->boards = take_word(&line);
	is_good = is_good && access_token_is_list_of_boards(ret->boards);
	for (word = take_word(&line); is_good && word.n > 0; word = take_word(&line))
		is_good = !ret->is_plain && read_pair(word, ret);
	if (ret->services == 0)
		ret->services = SERVICES_ALL;
	return is_good ? TOKEN_LINE_GOOD : TOKEN_LINE_BAD;
}

void access_token_write(const uint8_t random[ACCESS_TOKEN_RANDOM_BYTES], char ret[ACCESS_TOKEN_TEXT_BYTES])
{
	memcpy(ret, "instroom_", 9);
	num_to_hex(random, ACCESS_TOKEN_RANDOM_BYTES, ret + 9);
	ret[ACCESS_TOKEN_TEXT_BYTES - 1] = '\0';
}
