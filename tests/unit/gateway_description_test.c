/* schemas/openapi/instroom-1.json and the route table say the same: every address, method, parameter of the query, type
 * and status, and nothing more. */
#include "gateway/description_handler.h"
#include "gateway/header_form.h"
#include "gateway/reply.h"
#include "gateway/routes.h"
#include "render/summary.h"

#include <criterion/criterion.h>
#include <jansson.h>

static json_t *description;

static void load(void)
{
	struct slice text = description_text();

	description = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	cr_assert(description, "it is JSON, without a name twice");
}

static void drop(void)
{
	json_decref(description);
}

TestSuite(gateway_description, .init = load, .fini = drop);

/* Follows "$ref": "#/a/b". */
static json_t *resolve(json_t *json)
{
	const char *ref = json_string_value(json_object_get(json, "$ref"));

	if (!ref)
		return json;
	json_t *at = description;
	char path[128], *rest;

	snprintf(path, sizeof path, "%s", ref + 2);
	for (char *word = strtok_r(path, "/", &rest); word; word = strtok_r(NULL, "/", &rest))
		at = json_object_get(at, word);
	cr_assert(at, "%s leads nowhere", ref);
	return at;
}

static json_t *operation_of(const struct route *route)
{
	json_t *path = json_object_get(json_object_get(description, "paths"), route->pattern);

	return json_object_get(path, route->methods & METHOD_POST     ? "post"
				     : route->methods & METHOD_PUT    ? "put"
				     : route->methods & METHOD_DELETE ? "delete"
								      : "get");
}

static void add_word(char *words, const char *word)
{
	snprintf(words + strlen(words), 512 - strlen(words), "%s%s", words[0] ? " " : "", word);
}

/* The same words, in any order. */
static void expect_same(const char *ours, const char *theirs, const char *what, const struct route *route)
{
	const struct {
		const char *from, *to, *where;
	} WAYS[] = { { ours, theirs, "description" }, { theirs, ours, "route table" } };

	for (size_t i = 0; i < ARRAY_LEN(WAYS); i++) {
		char words[512], *rest;

		snprintf(words, sizeof words, "%s", WAYS[i].from);
		for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
			cr_expect(route_has_word(WAYS[i].to, slice_of(word)), "%s: %s %s is not in the %s",
				  route->pattern, what, word, WAYS[i].where);
	}
}

Test(gateway_description, has_the_addresses_and_methods_of_the_route_table)
{
	json_t *paths = json_object_get(description, "paths"), *item, *operation;
	const char *path, *method;
	size_t count = 0;

	for (size_t i = 0; i < ROUTES_COUNT; i++)
		cr_expect(operation_of(&ROUTES[i]), "%s is not described", ROUTES[i].pattern);
	json_object_foreach(paths, path, item) json_object_foreach(item, method, operation)
		count += strcmp(method, "parameters") != 0;
	cr_expect_eq(count, ROUTES_COUNT, "something is described that is not there");
}

Test(gateway_description, has_the_parameters_of_each_route)
{
	for (size_t i = 0; i < ROUTES_COUNT; i++) {
		json_t *one;
		size_t at;
		char words[512] = "";

		json_array_foreach(json_object_get(operation_of(&ROUTES[i]), "parameters"), at, one)
		{
			json_t *parameter = resolve(one);

			if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0)
				add_word(words, json_string_value(json_object_get(parameter, "name")));
		}
		expect_same(ROUTES[i].parameters, words, "parameter", &ROUTES[i]);
	}
}

Test(gateway_description, has_the_statuses_and_types_of_each_route)
{
	for (size_t i = 0; i < ROUTES_COUNT; i++) {
		json_t *responses = json_object_get(operation_of(&ROUTES[i]), "responses"), *one;
		char words[512] = "", types[512] = "";
		const char *status, *type;
		json_t *content;

		json_object_foreach(responses, status, one)
		{
			if (strcmp(status, "default") != 0)
				add_word(words, status);
			json_object_foreach(json_object_get(resolve(one), "content"), type, content)
			{
				if (strcmp(status, "200") == 0)
					add_word(types, type);
				else if (status[0] >= '4' && ROUTES[i].types)
					cr_expect_str_eq(type, "application/problem+json", "%s %s", ROUTES[i].pattern,
							 status);
			}
			cr_expect(json_object_get(json_object_get(resolve(one), "headers"), "API-Version"),
				  "%s %s: API-Version", ROUTES[i].pattern, status);
		}
		expect_same(ROUTES[i].statuses, words, "status", &ROUTES[i]);
		if (ROUTES[i].types)
			expect_same(ROUTES[i].types, types, "type", &ROUTES[i]);
		cr_expect(json_object_get(responses, "default"), "%s: what every address may answer",
			  ROUTES[i].pattern);
	}
}

/* Some HTTP header that the operation describes brings this field. */
static bool has_header_of(json_t *operation, enum field field)
{
	json_t *one;
	size_t at;

	json_array_foreach(json_object_get(operation, "parameters"), at, one)
	{
		json_t *parameter = resolve(one);
		const char *name = json_string_value(json_object_get(parameter, "name"));

		if (strcmp(json_string_value(json_object_get(parameter, "in")), "header") == 0 &&
		    header_field_of_http(slice_of(name)) == field)
			return true;
	}
	return false;
}

Test(gateway_description, has_each_field_of_the_header_of_a_delivery)
{
	for (size_t i = 0; i < ROUTES_COUNT; i++) {
		if (strcmp(ROUTES[i].pattern, "/v1/leveringen") != 0)
			continue;
		for (int field = HEADER_FIRST; field <= HEADER_LAST; field++) {
			struct slice name = slice_of(field_name((enum field)field));
			bool is_in_query = header_field_of_query(name) == (enum field)field;

			cr_expect(is_in_query ? route_has_word(ROUTES[i].parameters, name)
					      : has_header_of(operation_of(&ROUTES[i]), (enum field)field),
				  "%s", name.p);
		}
	}
}

Test(gateway_description, has_each_member_of_a_summary)
{
	json_t *schemas = json_object_get(json_object_get(description, "components"), "schemas");
	json_t *properties = json_object_get(json_object_get(schemas, "samenvatting"), "properties");
	json_t *summary = summary_json(&(struct summary){ .state = DELIVERY_VERWERKT }), *value;
	const char *name;

	cr_assert(summary && properties);
	json_object_foreach(summary, name, value) cr_expect(json_object_get(properties, name), "%s", name);
	json_decref(summary);
}

Test(gateway_description, asks_for_a_token_where_the_route_table_does)
{
	for (size_t i = 0; i < ROUTES_COUNT; i++) {
		size_t count = json_array_size(json_object_get(operation_of(&ROUTES[i]), "security"));

		cr_expect_eq(count == 0, ROUTES[i].access == ROUTE_PUBLIC, "%s", ROUTES[i].pattern);
	}
}

Test(gateway_description, has_the_version_that_answers_have)
{
	json_t *info = json_object_get(description, "info");

	cr_expect_str_eq(json_string_value(json_object_get(info, "version")), API_VERSION);
	cr_expect(slice_starts_with(slice_of(API_VERSION), "1."), "the number in the addresses");
}
