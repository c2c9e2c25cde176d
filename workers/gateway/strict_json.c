#include "gateway/strict_json.h"

#include <jansson.h>

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

int strict_json_read(struct slice text, unsigned depth_max, struct json_t **ret)
{
	json_error_t error = { 0 }; /* without memory jansson sets no code */
	json_t *json;

	if (text.n == 0 || is_deeper(text, depth_max))
		return -ERR_DATA;
	json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
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
