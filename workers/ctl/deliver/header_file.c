#include "ctl/deliver/header_file.h"

#include "base/strbuf.h"

#include <dirent.h>
#include <iconv.h>
#include <jansson.h>
#include <strings.h>
#include <unistd.h>

/* ---- its name ---- */

bool file_name_ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

/* The entry of the csv's folder that is the header but for the case of its letters, in out. */
static bool find_in_any_case(const char *csv, const char *wanted, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/');
	int folder_bytes = slash ? (int)(slash - csv + 1) : 0;
	bool is_found = false;

	snprintf(out, out_bytes, "%.*s", slash ? folder_bytes : 1, slash ? csv : ".");
	DIR *dir = opendir(out);

	for (struct dirent *entry; dir && !is_found && (entry = readdir(dir)) != NULL;) {
		is_found = strcasecmp(entry->d_name, wanted) == 0;
		if (is_found)
			snprintf(out, out_bytes, "%.*s%s", folder_bytes, csv, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

void header_file_path(const char *csv, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/'), *name = slash ? slash + 1 : csv;
	int stem_bytes = (int)(strlen(csv) - (file_name_ends_with(name, ".csv") ? 4 : 0));
	char wanted[512];

	snprintf(out, out_bytes, "%.*s.json", stem_bytes, csv);
	if (access(out, F_OK) == 0)
		return;
	snprintf(wanted, sizeof wanted, "%.*s.json", stem_bytes - (int)(name - csv), name);
	if (!find_in_any_case(csv, wanted, out, out_bytes))
		snprintf(out, out_bytes, "%.*s.json", stem_bytes, csv);
}

/* ---- its text ---- */

/* The encoding, by the first bytes: a BOM, or a brace with a zero byte beside it. NULL: UTF-8. */
static const char *encoding_of(struct slice bytes)
{
	static const struct {
		const char *begin, *encoding;
	} BEGINS[] = {
		{ "\xFF\xFE", "UTF-16LE" }, { "\xFE\xFF", "UTF-16BE" }, { "{\0", "UTF-16LE" }, { "\0{", "UTF-16BE" }
	};

	for (size_t i = 0; i < ARRAY_LEN(BEGINS); i++)
		if (bytes.n >= 2 && memcmp(bytes.p, BEGINS[i].begin, 2) == 0)
			return BEGINS[i].encoding;
	return NULL;
}

#ifdef INSTROOM_ANALYZE
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak" /* it takes the -1 of iconv_open for memory */
#endif

/* false: it is not in this encoding, or there is no memory. */
static bool decode(struct slice bytes, const char *encoding, struct strbuf *out)
{
	iconv_t decoder = iconv_open("UTF-8", encoding);
	char *from = (char *)(uintptr_t)bytes.p, piece[4096];
	size_t left = bytes.n;
	bool is_good = true;

	if (decoder == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr) */
		return false;
	while (is_good && left > 0) {
		char *to = piece;
		size_t unused = sizeof piece, before = left;
		size_t rc = iconv(decoder, &from, &left, &to, &unused);

		strbuf_add_bytes(out, piece, sizeof piece - unused);
		is_good = rc != (size_t)-1 || left < before; /* the piece was full */
	}
	iconv_close(decoder);
	return is_good && strbuf_ok(out);
}

/* Never jansson's own words: they quote the place, which may be a contact's name. */
static int fail(const char *name, const json_error_t *fault, struct err *err)
{
	switch (json_error_code(fault)) {
	case json_error_unknown: /* no memory, in most places of jansson's reader */
	case json_error_out_of_memory:
		return err_set(err, ERR_FATAL, "memory", "no memory for %s", name);
	case json_error_numeric_overflow:
		return err_set(err, ERR_DATA, "header", "%s holds a number that is too large (line %d)", name,
			       fault->line);
	case json_error_invalid_utf8:
		return err_set(err, ERR_DATA, "header", "%s is not UTF-8 (line %d): save it as UTF-8", name,
			       fault->line);
	case json_error_duplicate_key:
		return err_set(err, ERR_DATA, "header", "%s names a field twice (line %d)", name, fault->line);
	default:
		return err_set(err, ERR_DATA, "header", "%s is no JSON (line %d)", name, fault->line);
	}
}

static int parse(struct slice text, const char *name, json_t **ret, struct err *err)
{
	json_error_t fault;

	if (slice_starts_with(text, "\xEF\xBB\xBF"))
		text = slice_from(text, 3);
	if (text.n == 0)
		return err_set(err, ERR_DATA, "header", "%s is empty", name);
	json_t *json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);

	if (!json)
		return fail(name, &fault, err);
	if (!json_is_object(json)) {
		json_decref(json);
		return err_set(err, ERR_DATA, "header", "%s is no JSON object", name);
	}
	*ret = json;
	return 0;
}

int header_file_parse(struct slice bytes, const char *name, json_t **ret, struct err *err)
{
	const char *encoding = encoding_of(bytes);
	CLEANUP(strbuf_drop) struct strbuf text;

	strbuf_init(&text, 2 * HEADER_BYTES_MAX); /* 2 bytes of UTF-16 are 3 of UTF-8 at most */
	if (!encoding)
		return parse(bytes, name, ret, err);
	if (!decode(bytes, encoding, &text))
		return err_set(err, ERR_DATA, "header", "%s begins as %s and is not: save it as UTF-8", name, encoding);
	return parse(strbuf_slice(&text), name, ret, err);
}
