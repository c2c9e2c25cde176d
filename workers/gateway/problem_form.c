#include "gateway/problem_form.h"

#include "gateway/strict_json.h"
#include "model/bsn.h"
#include "model/delivery.h"

#include <jansson.h>
#include <stdlib.h>

static bool has_other_member(json_t *json, bool has_sector)
{
	const char *name;
	json_t *member;

	json_object_foreach(json, name, member)
	{
		bool is_ours = strcmp(name, "toelichting") == 0 ||
			       (has_sector ? strcmp(name, "sector") == 0
					   : strcmp(name, "leveringsid") == 0 || strcmp(name, "codes") == 0);

		if (!is_ours)
			return true;
	}
	return false;
}

static bool read_delivery(const json_t *json, struct slice *ret)
{
	const json_t *member = json_object_get(json, "leveringsid");

	*ret = strict_json_text(json, "leveringsid", DELIVERY_ID_BYTES_MAX);
	return !member || json_is_null(member) || (ret->p && delivery_id_is_good(*ret));
}

/* Findings per code, as the summary of a delivery counts them. */
static bool are_codes_good(json_t *codes)
{
	const char *code;
	json_t *count;

	if (!json_is_object(codes) || json_object_size(codes) > PROBLEM_CODES_MAX)
		return false;
	json_object_foreach(codes, code, count)
	{
		if (rule_of_code(slice_of(code)) == RULE_NONE || !json_is_integer(count) ||
		    json_integer_value(count) < 0 || json_integer_value(count) > PROBLEM_COUNT_MAX)
			return false;
	}
	return true;
}

static enum problem_fault read_codes(const json_t *json, char **ret)
{
	json_t *member = json_object_get(json, "codes");

	if (!member || json_is_null(member))
		*ret = strdup("{}");
	else if (are_codes_good(member))
		*ret = json_dumps(member, JSON_COMPACT | JSON_SORT_KEYS);
	else
		return PROBLEM_CODES;
	return *ret ? PROBLEM_GOOD : PROBLEM_NO_MEMORY;
}

static bool read_sector(const json_t *json, struct slice *ret)
{
	static const char *const SECTORS[] = { "PO", "VO", "WEC", "MBO" };

	*ret = strict_json_text(json, "sector", sizeof "WEC");
	for (size_t i = 0; ret->p && i < ARRAY_LEN(SECTORS); i++)
		if (slice_equal_text(*ret, SECTORS[i]))
			return true;
	return false;
}

/* Several lines are fine; other control characters are not, as the words are mailed and shown in terminals. */
static bool is_control(unsigned char c)
{
	return (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
}

static bool are_words_good(struct slice words)
{
	size_t characters = 0;
	bool has_sign = false;

	for (size_t i = 0; i < words.n; i++) {
		unsigned char c = (unsigned char)words.p[i];
		bool is_c1 = c == 0xc2 && i + 1 < words.n && (unsigned char)words.p[i + 1] < 0xa0;

		if (is_control(c) || is_c1)
			return false;
		characters += (c & 0xc0) != 0x80;
		has_sign |= c > ' ';
	}
	return has_sign && characters <= PROBLEM_CHARACTERS_MAX;
}

enum problem_fault problem_form_read(struct slice body, bool has_sector, struct problem_form *form)
{
	int rc = strict_json_read(body, PROBLEM_DEPTH_MAX, &form->json);

	if (rc != 0)
		return rc == -ERR_RETRY ? PROBLEM_NO_MEMORY : PROBLEM_NO_JSON;
	if (has_other_member(form->json, has_sector))
		return PROBLEM_OTHER_MEMBER;
	if (has_sector && !read_sector(form->json, &form->sector))
		return PROBLEM_SECTOR;
	if (!has_sector && !read_delivery(form->json, &form->delivery_id))
		return PROBLEM_DELIVERY;
	enum problem_fault fault = has_sector ? PROBLEM_GOOD : read_codes(form->json, &form->codes);
	const json_t *words = json_object_get(form->json, "toelichting");

	if (fault != PROBLEM_GOOD)
		return fault;
	form->words = slice_make(json_string_value(words), json_string_length(words));
	if (!form->words.p || !are_words_good(form->words))
		return PROBLEM_WORDS;
	return bsn_stands_in(form->words) ? PROBLEM_BSN : PROBLEM_GOOD;
}

void problem_form_release(struct problem_form *form)
{
	json_decref(form->json);
	free(form->codes);
	*form = (struct problem_form){ 0 };
}
