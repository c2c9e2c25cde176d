#include "run/config_text.h"

#include "base/utf8.h"

/* Blank, or a character that cannot be seen, as what is copied from a mail or a web page brings along. */
static const char *const BLANKS[] = {
	" ",
	"\t",
	"\r",
	"\n", /* of a variable of the environment, as a file put there whole brings along */
	"\xc2\xa0" /* U+00A0 */,
	"\xe2\x80\x8b" /* U+200B */,
	"\xe2\x80\x8e",
	"\xe2\x80\x8f",
	"\xe2\x80\xaf",
	"\xe2\x81\xa0",
	"\xef\xbb\xbf" /* U+FEFF */,
};

static bool ends_with(struct slice s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* Without one blank at either end; false: there was none. */
static bool trim_one(struct slice *s)
{
	for (size_t i = 0; i < ARRAY_LEN(BLANKS); i++) {
		if (slice_starts_with(*s, BLANKS[i])) {
			*s = slice_from(*s, strlen(BLANKS[i]));
			return true;
		}
		if (ends_with(*s, BLANKS[i])) {
			s->n -= strlen(BLANKS[i]);
			return true;
		}
	}
	return false;
}

struct slice config_trim(struct slice s)
{
	while (s.n > 0 && trim_one(&s))
		;
	return s;
}

/* ---- a file ---- */

static bool is_utf_16(struct slice bytes)
{
	if (bytes.n < 2)
		return false;
	return slice_starts_with(bytes, "\xff\xfe") || slice_starts_with(bytes, "\xfe\xff") ||
	       (bytes.p[0] == '\0') != (bytes.p[1] == '\0');
}

const char *config_fault_of_file(struct slice bytes)
{
	if (is_utf_16(bytes))
		return "is UTF-16: save it as UTF-8";
	if (bytes.n > 0 && memchr(bytes.p, '\0', bytes.n))
		return "holds a zero byte: it is no text, or was not written whole";
	if (bytes.n > 0 && memchr(bytes.p, '\r', bytes.n) && !memchr(bytes.p, '\n', bytes.n))
		return "ends its lines with CR alone: save it with the line ends of Unix or Windows";
	return NULL;
}

const char *config_line_advice(struct slice line)
{
	if (line.p[0] == '[')
		return ": there are no sections, each key has its whole name";
	if (line.p[0] == ';' || slice_starts_with(line, "//") || slice_starts_with(line, "--"))
		return ": a comment begins with #";
	return memchr(line.p, ':', line.n) ? ": = stands between them, not :" : "";
}

/* ---- a value ---- */

static const char *const QUOTES[] = {
	"\"", "'", "`", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
};

static bool is_quoted(struct slice value)
{
	bool begins = false, ends = false;

	for (size_t i = 0; i < ARRAY_LEN(QUOTES); i++) {
		begins |= slice_starts_with(value, QUOTES[i]);
		ends |= ends_with(value, QUOTES[i]);
	}
	return begins && ends && value.n > 1;
}

static bool has_comment(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '#' && (i == 0 || value.p[i - 1] == ' ' || value.p[i - 1] == '\t'))
			return true;
	return false;
}

static bool has_control(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
			return true;
	return false;
}

const char *config_fault_of_conninfo(struct slice value)
{
	if (!utf8_is_valid(value))
		return "the value is not UTF-8: save it as UTF-8";
	return is_quoted(value) ? "the value stands in quotation marks: leave them out" : NULL;
}

const char *config_fault_of_value(struct slice value, bool is_of_file)
{
	const char *odd = config_fault_of_conninfo(value);

	if (odd)
		return odd;
	if (is_of_file && has_comment(value))
		return "the value holds a #: a comment stands on a line of its own";
	if (has_control(value))
		return "the value holds a tab, a line end or another character that is no text";
	return NULL;
}

const char *config_fault_of_secret(struct slice bytes)
{
	if (slice_starts_with(bytes, "\xef\xbb\xbf"))
		return "begins with a byte order mark, which would be part of the secret: save it without";
	if (bytes.n >= 4 && (slice_starts_with(bytes, "\xff\xfe") || slice_starts_with(bytes, "\xfe\xff")) &&
	    (bytes.p[2] == '\0') != (bytes.p[3] == '\0'))
		return "is UTF-16: save it as UTF-8, without a byte order mark";
	return NULL;
}
