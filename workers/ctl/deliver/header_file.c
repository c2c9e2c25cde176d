#include "ctl/deliver/header_file.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <dirent.h>
#include <iconv.h>
#include <jansson.h>
#include <limits.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- its name ---- */

bool file_name_ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

enum { DELIVERY_ENDING_BYTES = 4 }; /* both of them */
static const char *const DELIVERY_ENDINGS[] = { ".csv", ".xml" };

bool file_name_is_delivery(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(DELIVERY_ENDINGS); i++)
		if (file_name_ends_with(name, DELIVERY_ENDINGS[i]))
			return true;
	return false;
}

/* The entry of this file's folder that is the wanted one but for the case of its letters, in out. */
static bool find_in_any_case(const char *file, const char *wanted, char *out, size_t out_bytes)
{
	const char *slash = strrchr(file, '/');
	int folder_bytes = slash ? (int)(slash - file + 1) : 0;
	bool is_found = false;

	snprintf(out, out_bytes, "%.*s", slash ? folder_bytes : 1, slash ? file : ".");
	DIR *dir = opendir(out);

	for (struct dirent *entry; dir && !is_found && (entry = readdir(dir)) != NULL;) {
		is_found = strcasecmp(entry->d_name, wanted) == 0;
		if (is_found)
			snprintf(out, out_bytes, "%.*s%s", folder_bytes, file, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

void header_file_path(const char *csv, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/'), *name = slash ? slash + 1 : csv;
	int stem_bytes = (int)(strlen(csv) - (file_name_is_delivery(name) ? DELIVERY_ENDING_BYTES : 0));
	char wanted[512];

	snprintf(out, out_bytes, "%.*s.json", stem_bytes, csv);
	if (access(out, F_OK) == 0)
		return;
	snprintf(wanted, sizeof wanted, "%.*s.json", stem_bytes - (int)(name - csv), name);
	if (!find_in_any_case(csv, wanted, out, out_bytes))
		snprintf(out, out_bytes, "%.*s.json", stem_bytes, csv);
}

bool header_file_has_csv(const char *header)
{
	const char *slash = strrchr(header, '/'), *name = slash ? slash + 1 : header;
	char path[PATH_MAX], wanted[512];
	int stem_bytes = (int)(strlen(header) - strlen(".json"));

	for (size_t i = 0; i < ARRAY_LEN(DELIVERY_ENDINGS); i++) {
		snprintf(path, sizeof path, "%.*s%s", stem_bytes, header, DELIVERY_ENDINGS[i]);
		snprintf(wanted, sizeof wanted, "%.*s%s", stem_bytes - (int)(name - header), name, DELIVERY_ENDINGS[i]);
		if (access(path, F_OK) == 0 || find_in_any_case(header, wanted, path, sizeof path))
			return true;
	}
	return false;
}

static bool is_another_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && (of_a.st_ino != of_b.st_ino || of_a.st_dev != of_b.st_dev);
}

static void put_ending(char *out, size_t out_bytes, const char *ending, unsigned capitals)
{
	size_t at = strlen(out);

	for (size_t i = 0; ending[i] && at + 1 < out_bytes; i++)
		out[at++] = capitals >> i & 1 ? (char)toupper((unsigned char)ending[i]) : ending[i];
	out[at] = '\0';
}

/* Beside x.json: x.csv or x.xml in any case of its ending, which is not csv itself. */
static bool find_namesake(const char *csv, const char *header, char *out, size_t out_bytes)
{
	int stem_bytes = (int)(strlen(header) - strlen(".json"));

	for (unsigned i = 0; i < ARRAY_LEN(DELIVERY_ENDINGS) << DELIVERY_ENDING_BYTES; i++) {
		snprintf(out, out_bytes, "%.*s", stem_bytes, header);
		put_ending(out, out_bytes, DELIVERY_ENDINGS[i % ARRAY_LEN(DELIVERY_ENDINGS)],
			   i / (unsigned)ARRAY_LEN(DELIVERY_ENDINGS));
		if (is_another_file(csv, out))
			return true;
	}
	return false;
}

/* Both are deliveries, and their names without ending differ in case at most. */
static bool are_namesakes(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && file_name_is_delivery(a) && file_name_is_delivery(b) &&
	       strncasecmp(a, b, n - DELIVERY_ENDING_BYTES) == 0;
}

/* Another one whose name differs from this one in case only, and which has no header of its own either. */
static bool find_double(const char *csv, const char *header, char *out, size_t out_bytes)
{
	const char *slash = strrchr(csv, '/'), *name = slash ? slash + 1 : csv;
	int folder_bytes = (int)(name - csv);
	char its_header[PATH_MAX];
	bool is_found = false;

	snprintf(out, out_bytes, "%.*s", folder_bytes > 0 ? folder_bytes : 1, folder_bytes > 0 ? csv : ".");
	DIR *dir = opendir(out);

	for (struct dirent *entry; dir && !is_found && (entry = readdir(dir)) != NULL;) {
		if (!are_namesakes(entry->d_name, name))
			continue;
		snprintf(out, out_bytes, "%.*s%s", folder_bytes, csv, entry->d_name);
		header_file_path(out, its_header, sizeof its_header);
		is_found = is_another_file(csv, out) && strcmp(its_header, header) == 0;
	}
	if (dir)
		closedir(dir);
	return is_found;
}

bool header_file_is_shared(const char *csv, const char *header, char *ret_other, size_t other_bytes)
{
	size_t stem_bytes = strlen(header) - strlen(".json");
	bool is_namesake = strlen(csv) == stem_bytes + DELIVERY_ENDING_BYTES && memcmp(csv, header, stem_bytes) == 0;
	char path[PATH_MAX];

	if (access(header, F_OK) != 0)
		return false; /* nobody has one */
	if (!find_namesake(csv, header, path, sizeof path) &&
	    (is_namesake || !find_double(csv, header, path, sizeof path)))
		return false;
	const char *slash = strrchr(path, '/');

	snprintf(ret_other, other_bytes, "%s", slash ? slash + 1 : path);
	return true;
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
	json_error_t fault = { 0 };

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
