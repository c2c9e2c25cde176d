/* token make, list and withdraw: lines of the gateway's tokens file (model/access_token.h). The gateway sees a change
 * by itself, within a second.
 *
 * No header: these commands stand in access_commands.h. */
#include "base/clock.h"
#include "base/num.h"
#include "base/random.h"
#include "ctl/access/access_commands.h"
#include "ctl/access/token_file.h"
#include "model/access_token.h"
#include "model/date.h"
#include "model/teacher_key.h"
#include "run/exit_status.h"

#include <time.h>

static int need_file(const struct ctl *ctl)
{
	return ctl->config.tokens_file[0]
		       ? 0
		       : ctl_usage("say where the tokens file of the gateway is: --tokens.file=PATH");
}

/* Takes the next line off *rest, without its line end. false: there is none. */
static bool next_line(struct slice *rest, struct slice *ret)
{
	const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;

	if (rest->n == 0)
		return false;
	*ret = slice_cut(rest, end ? (size_t)(end - rest->p) : rest->n);
	*rest = slice_from(*rest, 1);
	if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

/* ---- make ---- */

static const char *option_or_empty(const struct ctl *ctl, enum option option)
{
	return ctl_has(ctl, option) ? ctl->options[option] : "";
}

static int check_words(const struct ctl *ctl)
{
	const char *name = ctl->arguments[0], *boards = ctl->arguments[1];
	const char *owner = option_or_empty(ctl, OPTION_OWNER), *services = option_or_empty(ctl, OPTION_SERVICES);
	const char *until = option_or_empty(ctl, OPTION_UNTIL);

	if (!access_token_is_name(slice_of(name)))
		return ctl_usage("a name has letters, digits and ._:@- only");
	if (!access_token_is_list_of_boards(slice_of(boards)))
		return ctl_usage("boards are * or numbers of 5 digits joined by commas");
	if (owner[0] && !access_token_is_name(slice_of(owner)))
		return ctl_usage("an owner has letters, digits and ._:@- only, as KVK:12345678");
	if (services[0] && access_token_services(slice_of(services)) == 0)
		return ctl_usage("services are leveren, inzien and bevestigen, joined by commas");
	if (date_parse_iso(slice_of(until)) <= 0)
		return ctl_usage("--until is a day, as 2027-07-31");
	return 0;
}

static bool has_name(struct slice text, const char *name)
{
	struct access_token token;

	for (struct slice line; next_line(&text, &line);)
		if (access_token_read(line, &token) == TOKEN_LINE_GOOD && slice_equal_text(token.name, name))
			return true;
	return false;
}

static void add_line(const struct ctl *ctl, const char *token, struct strbuf *text)
{
	char hex[2 * 32];
	uint8_t sha256[32];

	sha256_of(slice_of(token), sha256);
	num_to_hex(sha256, sizeof sha256, hex);
	if (text->n > 0 && text->p[text->n - 1] != '\n')
		strbuf_add_char(text, '\n');
	strbuf_add_printf(text, "sha256:%.*s %s name=%s", (int)sizeof hex, hex, ctl->arguments[1], ctl->arguments[0]);
	if (ctl_has(ctl, OPTION_OWNER))
		strbuf_add_printf(text, " owner=%s", ctl->options[OPTION_OWNER]);
	if (ctl_has(ctl, OPTION_SERVICES))
		strbuf_add_printf(text, " services=%s", ctl->options[OPTION_SERVICES]);
	strbuf_add_printf(text, " until=%s\n", ctl->options[OPTION_UNTIL]);
}

/* text: the file as it is, under the lock fd. */
static int put_token(struct ctl *ctl, int fd, struct strbuf *text, char token[ACCESS_TOKEN_TEXT_BYTES], struct err *err)
{
	const char *path = ctl->config.tokens_file;
	uint8_t bytes[ACCESS_TOKEN_RANDOM_BYTES];
	int rc = token_file_read(path, text, err);

	if (rc == 0 && has_name(strbuf_slice(text), ctl->arguments[0]))
		rc = err_set(err, ERR_DATA, "name",
			     "there is a token of that name: withdraw it, and give this one another");
	if (rc == 0)
		rc = random_fill(bytes, sizeof bytes, err);
	if (rc == 0) {
		access_token_write(bytes, token);
		explicit_bzero(bytes, sizeof bytes);
		add_line(ctl, token, text);
		rc = strbuf_check(text, "the tokens file", err);
	}
	if (rc == 0)
		rc = output_show_first(token, "the token could not be shown, so none was made", err);
	if (rc == 0)
		return token_file_replace(path, fd, strbuf_slice(text), err);
	token_file_unlock(path, fd);
	return rc;
}

int run_token_make(struct ctl *ctl)
{
	CLEANUP(strbuf_wipe) struct strbuf text = { 0 };
	char token[ACCESS_TOKEN_TEXT_BYTES];
	struct err err = { 0 };
	int fd, rc = need_file(ctl);

	if (rc == 0)
		rc = check_words(ctl);
	if (rc != 0)
		return rc;
	strbuf_init(&text, TOKEN_FILE_BYTES_MAX);
	rc = token_file_lock(ctl->config.tokens_file, &fd, &err);
	if (rc == 0)
		rc = put_token(ctl, fd, &text, token, &err);
	explicit_bzero(token, sizeof token);
	if (rc != 0)
		return ctl_fail(&err);
	fputs("instroomctl: this is shown once; only its SHA-256 is kept\n", stderr);
	return 0;
}

/* ---- list ---- */

static const struct output_column COLUMNS_OF_LIST[] = {
	{ "name", "name", COLUMN_TEXT },       { "owner", "owner", COLUMN_TEXT },
	{ "boards", "boards", COLUMN_TEXT },   { "services", "services", COLUMN_TEXT },
	{ "until", "until", COLUMN_TEXT },     { "withdrawn", "withdrawn", COLUMN_TEXT },
	{ "kept_as", "kept as", COLUMN_TEXT },
};

static void output_services(struct output *out, unsigned services)
{
	char text[64] = "";

	for (unsigned service = 1; service <= SERVICES_ALL; service <<= 1)
		if (services & service)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] ? "," : "",
				 access_service_name((enum access_service)service));
	output_text(out, slice_of(text));
}

static void output_token(struct output *out, const struct access_token *token)
{
	char until[11] = "";

	if (token->until)
		date_to_iso(token->until, until);
	output_text(out, token->name);
	output_text(out, token->owner);
	output_text(out, token->boards);
	output_services(out, token->services);
	output_text(out, slice_of(until));
	output_text(out, token->withdrawn);
	output_text(out, slice_of(token->is_plain ? "itself: make a new one" : "sha256"));
}

int run_token_list(struct ctl *ctl)
{
	CLEANUP(strbuf_wipe) struct strbuf text = { 0 };
	struct access_token token;
	struct output out;
	struct err err = { 0 };
	int rc = need_file(ctl);

	if (rc != 0)
		return rc;
	strbuf_init(&text, TOKEN_FILE_BYTES_MAX);
	rc = ctl_read_file(ctl->config.tokens_file, &text, &err);
	output_init(&out, ctl->output, COLUMNS_OF_LIST, ARRAY_LEN(COLUMNS_OF_LIST));
	struct slice rest = strbuf_slice(&text);

	for (struct slice line; rc == 0 && next_line(&rest, &line);)
		if (access_token_read(line, &token) == TOKEN_LINE_GOOD)
			output_token(&out, &token);
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	output_release(&out);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- withdraw ---- */

static void write_now(char out[32])
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Copies the lines; those of this name are withdrawn now. How many. */
static size_t withdraw_lines(struct slice text, const char *name, struct strbuf *out)
{
	char now[32];
	size_t count = 0;

	write_now(now);
	for (struct slice line; next_line(&text, &line);) {
		struct access_token token;

		strbuf_add(out, line);
		if (access_token_read(line, &token) == TOKEN_LINE_GOOD && slice_equal_text(token.name, name) &&
		    token.withdrawn.n == 0) {
			strbuf_add_printf(out, " withdrawn=%s", now);
			count++;
		}
		strbuf_add_char(out, '\n');
	}
	return count;
}

int run_token_withdraw(struct ctl *ctl)
{
	CLEANUP(strbuf_wipe) struct strbuf text = { 0 }, changed = { 0 };
	const char *path = ctl->config.tokens_file;
	struct err err = { 0 };
	int fd, rc = need_file(ctl);

	if (rc != 0)
		return rc;
	strbuf_init(&text, TOKEN_FILE_BYTES_MAX);
	strbuf_init(&changed, TOKEN_FILE_BYTES_MAX);
	rc = token_file_lock(path, &fd, &err);
	if (rc != 0)
		return ctl_fail(&err);
	rc = ctl_read_file(path, &text, &err);
	size_t count = rc == 0 ? withdraw_lines(strbuf_slice(&text), ctl->arguments[0], &changed) : 0;

	if (rc == 0)
		rc = strbuf_check(&changed, "the tokens file", &err);
	if (rc == 0 && count > 0)
		rc = token_file_replace(path, fd, strbuf_slice(&changed), &err);
	else
		token_file_unlock(path, fd);
	if (rc != 0)
		return ctl_fail(&err);
	if (count == 0)
		fprintf(stderr, "instroomctl: there is no token of that name, or it is withdrawn already\n");
	return count > 0 ? 0 : EXIT_ANSWER_IS_NO;
}
