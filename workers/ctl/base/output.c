#include "ctl/base/output.h"

#include "base/utf8.h"
#include "model/csv.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum { BODY_BYTES_MAX = 512 << 20, NUMBER_BYTES = 24 };

/* In text the cells wait in body, each with a NUL behind it, until the widths of all are known. */

const char *output_format_name(enum output_format format)
{
	return format == OUTPUT_CSV ? "csv" : format == OUTPUT_JSON ? "json" : "text";
}

static size_t width_of(struct slice text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.n; i++)
		width += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return width;
}

void output_init(struct output *out, enum output_format format, const struct output_column *columns, size_t count)
{
	assert(count <= OUTPUT_COLUMNS_MAX);
	*out = (struct output){ .format = format, .columns = columns, .column_count = count };
	strbuf_init(&out->body, BODY_BYTES_MAX);
}

void output_release(struct output *out)
{
	strbuf_release(&out->body);
}

/* Of n bytes of UTF-8, at most 3. */
static unsigned code_point(struct slice text, size_t n)
{
	unsigned code = (unsigned char)text.p[0];

	if (n > 1)
		code &= n == 2 ? 0x1f : 0x0f;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)text.p[i] & 0x3f);
	return code;
}

void output_json_text(struct strbuf *out, struct slice text)
{
	bool is_utf8 = utf8_is_valid(text);

	strbuf_add_char(out, '"');
	while (text.n > 0) {
		unsigned char c = (unsigned char)text.p[0];
		size_t obeyed = c < 0x80 || is_utf8 ? utf8_obeyed_bytes(text) : 0;

		if (obeyed > 0)
			strbuf_add_printf(out, "\\u%04x", code_point(text, obeyed));
		else if (c == '"' || c == '\\')
			strbuf_add_printf(out, "\\%c", c);
		else
			strbuf_add_char(out, c >= 0x80 && !is_utf8 ? '?' : (char)c);
		text = slice_from(text, MAX(obeyed, (size_t)1));
	}
	strbuf_add_char(out, '"');
}

/* ---- cells ---- */

static bool is_shown(const struct output *out, size_t column)
{
	return out->format == OUTPUT_TEXT ? out->columns[column].title != NULL : out->columns[column].name != NULL;
}

static bool is_first_shown(const struct output *out, size_t column)
{
	for (size_t i = 0; i < column; i++)
		if (is_shown(out, i))
			return false;
	return true;
}

static void add_json(struct output *out, struct slice value, bool is_quoted)
{
	bool is_first = is_first_shown(out, out->column);

	if (is_first)
		strbuf_add_text(&out->body, out->is_record ? "{" : out->rows > 0 ? ",\n {" : "\n {");
	strbuf_add_printf(&out->body, "%s\"%s\": ", is_first ? "" : ", ", out->columns[out->column].name);
	if (is_quoted)
		output_json_text(&out->body, value);
	else
		strbuf_add(&out->body, value);
}

static void end_row(struct output *out)
{
	if (out->format == OUTPUT_CSV)
		strbuf_add_char(&out->body, '\n');
	else if (out->format == OUTPUT_JSON)
		strbuf_add_char(&out->body, '}');
	out->column = 0;
	out->rows++;
}

/* A header from the log may hold what a terminal obeys: each such character is a question mark. The
 * width stays: each is one code point. */
static void add_shown(struct strbuf *out, struct slice value)
{
	while (value.n > 0) {
		size_t obeyed = utf8_obeyed_bytes(value);

		strbuf_add_char(out, obeyed > 0 ? '?' : value.p[0]);
		value = slice_from(value, MAX(obeyed, (size_t)1));
	}
}

/* CSV of instroomctl is opened in spreadsheets, and holds words of strangers (contact persons, senders, reports): what
 * one would run gets an apostrophe in front, which spreadsheets take for "this is text". Numbers are ours. JSON has all
 * as it is. */
static void add_csv(struct strbuf *out, struct slice value, enum output_type type)
{
	CLEANUP(strbuf_drop) struct strbuf text;

	strbuf_init(&text, BODY_BYTES_MAX);
	if (type != COLUMN_TEXT || value.n == 0 || !memchr("=+-@\t\r\n", value.p[0], 7)) {
		csv_add_field(out, value);
		return;
	}
	strbuf_add_char(&text, '\'');
	strbuf_add(&text, value);
	if (strbuf_ok(&text))
		csv_add_field(out, strbuf_slice(&text));
	else
		out->is_full = true;
}

/* value: as text and CSV show it; json: as JSON does. */
static void add_cell(struct output *out, struct slice value, struct slice json, bool is_quoted)
{
	if (is_shown(out, out->column)) {
		switch (out->format) {
		case OUTPUT_JSON:
			add_json(out, json, is_quoted);
			break;
		case OUTPUT_CSV:
			if (!is_first_shown(out, out->column))
				strbuf_add_char(&out->body, ';');
			add_csv(&out->body, value, out->columns[out->column].type);
			break;
		default:
			add_shown(&out->body, value);
			strbuf_add_char(&out->body, '\0');
			out->widths[out->column] = MAX(out->widths[out->column], width_of(value));
			break;
		}
	}
	if (++out->column == out->column_count)
		end_row(out);
}

void output_text(struct output *out, struct slice text)
{
	assert(out->columns[out->column].type == COLUMN_TEXT);
	add_cell(out, text, text, true);
}

void output_number(struct output *out, int64_t number)
{
	char digits[NUMBER_BYTES];
	struct slice value = slice_make(digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, number));

	assert(out->columns[out->column].type == COLUMN_NUMBER);
	add_cell(out, value, value, false);
}

void output_seconds(struct output *out, int64_t ms)
{
	char digits[NUMBER_BYTES];
	struct slice value = slice_make(digits, (size_t)snprintf(digits, sizeof digits, "%.3f", (double)ms / 1000));

	assert(out->columns[out->column].type == COLUMN_NUMBER);
	add_cell(out, value, value, false);
}

void output_flag(struct output *out, bool flag)
{
	assert(out->columns[out->column].type == COLUMN_FLAG);
	add_cell(out, slice_of(flag ? "yes" : "no"), slice_of(flag ? "true" : "false"), false);
}

void output_board(struct output *out, uint32_t board)
{
	char digits[NUMBER_BYTES];

	output_text(out, slice_make(digits, (size_t)snprintf(digits, sizeof digits, "%05" PRIu32, board)));
}

void output_absent(struct output *out)
{
	add_cell(out, slice_of(""), slice_of("null"), false);
}

/* ---- printing ---- */

static void print_padded(const struct output *out, FILE *to, size_t column, struct slice cell, bool is_last)
{
	int padding = (int)(out->widths[column] - width_of(cell));
	bool is_right = out->columns[column].type == COLUMN_NUMBER;

	fprintf(to, "%*s", is_right ? padding : 0, "");
	fwrite(cell.n > 0 ? cell.p : "", 1, cell.n, to);
	fprintf(to, "%*s%s", is_right || is_last ? 0 : padding, "", is_last ? "\n" : "  ");
}

static size_t last_shown(const struct output *out)
{
	size_t last = 0;

	for (size_t i = 0; i < out->column_count; i++)
		last = is_shown(out, i) ? i : last;
	return last;
}

/* Takes the next cell off the body. */
static struct slice next_cell(struct slice *rest)
{
	struct slice cell = slice_cut(rest, strnlen(rest->p, rest->n));

	*rest = slice_from(*rest, 1);
	return cell;
}

static void print_table(struct output *out, FILE *to)
{
	struct slice rest = strbuf_slice(&out->body);
	size_t last = last_shown(out);

	for (size_t i = 0; i < out->column_count; i++)
		if (is_shown(out, i))
			out->widths[i] = MAX(out->widths[i], strlen(out->columns[i].title));
	for (size_t i = 0; i < out->column_count; i++) /* of no rows, too: it was asked, and there are none */
		if (is_shown(out, i))
			print_padded(out, to, i, slice_of(out->columns[i].title), i == last);
	for (size_t row = 0; row < out->rows; row++)
		for (size_t i = 0; i < out->column_count; i++)
			if (is_shown(out, i))
				print_padded(out, to, i, next_cell(&rest), i == last);
}

static void print_record(const struct output *out, FILE *to)
{
	struct slice rest = strbuf_slice(&out->body);
	size_t title_width = 0, number_width = 0;

	for (size_t i = 0; i < out->column_count; i++) {
		if (!is_shown(out, i))
			continue;
		title_width = MAX(title_width, strlen(out->columns[i].title));
		if (out->columns[i].type == COLUMN_NUMBER)
			number_width = MAX(number_width, out->widths[i]);
	}
	for (size_t i = 0; i < out->column_count; i++) {
		if (!is_shown(out, i))
			continue;
		struct slice cell = next_cell(&rest);
		size_t wanted = out->columns[i].type == COLUMN_NUMBER ? number_width : cell.n;

		fprintf(to, "%-*s  %*s%.*s\n", (int)title_width, out->columns[i].title, (int)(wanted - cell.n), "",
			(int)cell.n, cell.n > 0 ? cell.p : "");
	}
}

static void print_csv_header(const struct output *out, FILE *to)
{
	for (size_t i = 0; i < out->column_count; i++)
		if (is_shown(out, i))
			fprintf(to, "%s%s", is_first_shown(out, i) ? "" : ";", out->columns[i].name);
	putc('\n', to);
}

int output_print(struct output *out, FILE *to, struct err *err)
{
	assert(out->column == 0);
	if (!strbuf_ok(&out->body))
		return err_set(err, ERR_FULL, "output", "the answer is more than fits in memory");
	if (out->format == OUTPUT_TEXT) {
		if (!out->is_record)
			print_table(out, to);
		else if (out->rows > 0)
			print_record(out, to);
		return 0;
	}
	if (out->format == OUTPUT_CSV)
		print_csv_header(out, to);
	else if (!out->is_record)
		putc('[', to);
	fwrite(out->body.n > 0 ? out->body.p : "", 1, out->body.n, to);
	if (out->format == OUTPUT_JSON && out->is_record && out->rows == 0)
		fputs("null", to);
	if (out->format == OUTPUT_JSON)
		fputs(out->is_record ? "\n" : out->rows > 0 ? "\n]\n" : "]\n", to);
	return 0;
}

int output_print_json(json_t *json, struct err *err)
{
	bool is_whole = json && json_dumpf(json, stdout, JSON_INDENT(1)) == 0 && putchar('\n') != EOF;

	json_decref(json);
	return is_whole ? 0 : err_set(err, ERR_FATAL, "memory", "the answer does not fit in memory");
}

int output_show_first(const char *text, const char *why, struct err *err)
{
	return puts(text) < 0 || fflush(stdout) != 0 ? err_set(err, ERR_FATAL, "output", "%s", why) : 0;
}
