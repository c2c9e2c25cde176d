#include "ctl/reference/duo_file.h"

#include "ctl/base/ctl.h"
#include "model/csv.h"

#include <iconv.h>

enum { FILE_BYTES_MAX = 64 << 20, HEADER_COLUMNS_MAX = 64, FIELD_BYTES_MAX = 65536 };

/* A list in UTF-8 where DUO publishes another encoding was saved anew by a person. Texts of other encodings are valid
 * UTF-8 only as far as they are ASCII. */
static bool is_saved_as_utf8(struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if ((unsigned char)bytes.p[i] >= 0x80)
			return utf8_is_valid(bytes);
	return false;
}

/* A text of UTF-8 that was read as windows-1252 and saved as UTF-8: A with tilde (C3 83) before what was a second
 * byte. */
static bool is_encoded_twice(struct slice utf8)
{
	for (size_t i = 0; i + 2 < utf8.n; i++)
		if (memcmp(utf8.p + i, "\xC3\x83", 2) == 0 && (utf8.p[i + 2] == '\xC2' || utf8.p[i + 2] == '\xE2'))
			return true;
	return false;
}

#ifndef __clang__ /* gcc's analyzer takes (iconv_t)-1 for a descriptor to be closed */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int to_utf8(struct arena *arena, struct slice in, const char *encoding, struct slice *ret, struct err *err)
{
	if (!encoding || is_saved_as_utf8(in)) {
		*ret = csv_skip_bom(in);
		if (is_encoded_twice(*ret))
			return err_set(err, ERR_DATA, "encoding",
				       "is UTF-8 that was saved as UTF-8 again: get it from DUO anew");
		return utf8_is_valid(*ret) ? 0 : err_set(err, ERR_DATA, "encoding", "is not UTF-8");
	}
	iconv_t convert = iconv_open("UTF-8", encoding);

	if (convert == (iconv_t)-1)
		return err_set(err, ERR_FATAL, "iconv", "the system does not know %s", encoding);
	size_t capacity = in.n * 3, left = capacity;
	char *out = arena_take(arena, capacity, 1), *to = out, *from = (char *)(uintptr_t)in.p;
	bool is_whole = out && iconv(convert, &from, &in.n, &to, &left) != (size_t)-1;

	iconv_close(convert);
	if (!is_whole)
		return err_set(err, ERR_DATA, "encoding", "is not %s", encoding);
	*ret = slice_make(out, capacity - left);
	return 0;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static int find_columns(const struct duo_file *file, const struct slice *names, size_t count, size_t *ret_at,
			struct err *err)
{
	for (size_t c = 0; c < file->column_count; c++) {
		size_t at = 0;

		while (at < count && !slice_equal_text(names[at], file->columns[c]))
			at++;
		if (at == count)
			return err_set(err, ERR_DATA, "column", "has no column %s", file->columns[c]);
		ret_at[c] = at;
	}
	return 0;
}

static bool ends_with_line_end(struct slice text)
{
	return text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r');
}

static int read_rows(struct arena *arena, struct slice text, struct duo_file *file, struct err *err)
{
	struct slice fields[HEADER_COLUMNS_MAX];
	size_t at[ARRAY_LEN(file->columns)], count, header_count;
	struct csv csv;
	char *scratch = arena_take(arena, text.n + 1, 1);

	file->cells = arena_take(arena, DUO_FILE_ROWS_MAX * file->column_count, sizeof *file->cells);
	if (!scratch || !file->cells)
		return err_set(err, ERR_FULL, "arena", "is too large");
	csv_init(&csv, text, file->separator, FIELD_BYTES_MAX, scratch);
	if (!ends_with_line_end(text))
		return err_set(err, ERR_DATA, "cut", "has no line end at its end: it is cut off");
	if (csv_next(&csv, fields, HEADER_COLUMNS_MAX, &header_count) != CSV_RECORD)
		return err_set(err, ERR_DATA, "empty", "is empty");
	int rc = find_columns(file, fields, MIN(header_count, (size_t)HEADER_COLUMNS_MAX), at, err);

	while (rc == 0) {
		enum csv_result result = csv_next(&csv, fields, HEADER_COLUMNS_MAX, &count);

		if (result == CSV_END)
			break;
		if (result == CSV_BROKEN || count != header_count || file->row_count == DUO_FILE_ROWS_MAX)
			return err_set(err, ERR_DATA, "record",
				       "record %u cannot be read, or has another number of columns", csv.record_no);
		for (size_t c = 0; c < file->column_count; c++)
			file->cells[file->row_count * file->column_count + c] = slice_trim(fields[at[c]]);
		file->row_count++;
	}
	return rc == 0 && file->row_count == 0 ? err_set(err, ERR_DATA, "empty", "has no rows") : rc;
}

int duo_file_read(struct duo_file *file, const char *dir, struct arena *arena, struct err *err)
{
	struct strbuf bytes;
	struct slice copy, text;
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, file->name);
	strbuf_init(&bytes, FILE_BYTES_MAX);
	int rc = ctl_read_file(path, &bytes, err);

	if (rc == 0 && !arena_copy(arena, strbuf_slice(&bytes), &copy))
		rc = err_set(err, ERR_FULL, "arena", "%s is too large", path);
	strbuf_release(&bytes);
	if (rc != 0)
		return rc;
	rc = to_utf8(arena, copy, file->encoding, &text, err);
	if (rc == 0)
		rc = read_rows(arena, text, file, err);
	return rc == 0 ? 0 : err_prefix(err, file->name);
}
