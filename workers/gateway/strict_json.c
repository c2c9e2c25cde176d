#include "gateway/strict_json.h"

#include "base/utf8.h"

#include <jansson.h>
#include <stdio.h>

/* Looked at before the parser, which would follow thousands of them by recursion. */
static bool is_deeper(struct slice text, unsigned depth_max)
{
	unsigned depth = 0;
	bool is_in_text = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (is_in_text && c == '\\')
			i++;
		else if (c == '"')
			is_in_text = !is_in_text;
		else if (!is_in_text && (c == '{' || c == '[') && ++depth > depth_max)
			return true;
		else if (!is_in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}

static json_t *parse(struct slice text, json_error_t *ret_error)
{
	*ret_error = (json_error_t){ 0 }; /* without memory jansson sets no code */
	return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, ret_error);
}

int strict_json_read(struct slice text, unsigned depth_max, struct json_t **ret)
{
	json_error_t error;
	json_t *json;

	if (text.n == 0 || is_deeper(text, depth_max))
		return -ERR_DATA;
	json = parse(text, &error);
	if (!json) {
		enum json_error_code code = json_error_code(&error);

		/* it says what is wrong with a text, and in most places nothing when it finds no memory */
		return code == json_error_unknown || code == json_error_out_of_memory ? -ERR_RETRY : -ERR_DATA;
	}
	if (!json_is_object(json)) {
		json_decref(json);
		return -ERR_DATA;
	}
	*ret = json;
	return 0;
}

/* Who asks a library for "Unicode" gets one of these. */
static bool is_utf16(struct slice text)
{
	static const char MARKS[][2] = {
		{ '\xff', '\xfe' }, { '\xfe', '\xff' }, { '{', '\0' }, { '\0', '{' }, { '\0', '\0' }
	};

	for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
		if (text.n >= 2 && memcmp(text.p, MARKS[i], 2) == 0)
			return true;
	return false;
}

static const char *words_of(enum json_error_code code)
{
	switch (code) {
	case json_error_duplicate_key:
		return "een naam staat dubbel in hetzelfde object";
	case json_error_end_of_input_expected:
		return "achter het JSON-object staat nog iets";
	case json_error_premature_end_of_input:
		return "de JSON breekt af, er ontbreekt een einde";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "een tekst of een naam bevat het teken nul";
	case json_error_numeric_overflow:
		return "een getal is te groot";
	default:
		return "dit is geen JSON";
	}
}

void strict_json_fault(struct slice text, unsigned depth_max, char ret[JSON_FAULT_BYTES])
{
	static const char BOM[] = "\xef\xbb\xbf";
	size_t valid = utf8_valid_bytes(text);
	json_error_t error;
	json_t *json;

	if (text.n == 0)
		snprintf(ret, JSON_FAULT_BYTES, "De inhoud is leeg: hier hoort een JSON-object");
	else if (is_utf16(text))
		snprintf(ret, JSON_FAULT_BYTES, "De inhoud is UTF-16 of UTF-32: verstuur de JSON in UTF-8");
	else if (text.n >= 3 && memcmp(text.p, BOM, 3) == 0)
		snprintf(ret, JSON_FAULT_BYTES,
			 "De inhoud begint met een BOM (de bytes EF BB BF): verstuur de JSON in UTF-8 zonder BOM");
	else if (valid < text.n)
		snprintf(ret, JSON_FAULT_BYTES, "De inhoud is geen UTF-8: byte %zu is geen teken", valid + 1);
	else if (is_deeper(text, depth_max))
		snprintf(ret, JSON_FAULT_BYTES, "De JSON is dieper dan %u objecten en lijsten in elkaar", depth_max);
	else if ((json = parse(text, &error)) != NULL) {
		snprintf(ret, JSON_FAULT_BYTES, "De inhoud is JSON, maar geen object: er hoort { voor en } achter");
		json_decref(json);
	} else
		snprintf(ret, JSON_FAULT_BYTES, "De inhoud is niet te lezen als JSON: %s (regel %d)",
			 words_of(json_error_code(&error)), error.line);
}

struct slice strict_json_text(const struct json_t *object, const char *name, size_t bytes_max)
{
	const json_t *member = json_object_get(object, name);
	struct slice text = { json_string_value(member), json_string_length(member) };

	if (!text.p || text.n == 0 || text.n > bytes_max)
		return (struct slice){ 0 };
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return (struct slice){ 0 };
	return text;
}
