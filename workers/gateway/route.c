#include "gateway/route.h"

#include "base/num.h"

#include <assert.h>

static bool read_board(struct slice segment, struct route_values *values)
{
	uint64_t board;

	if (segment.n != 5 || !num_parse_u64(segment, BOARD_NUMBER_MAX, &board))
		return false;
	values->board = (uint32_t)board;
	return true;
}

static bool read_delivery_id(struct slice segment, struct route_values *values)
{
	if (!delivery_id_is_good(segment))
		return false;
	memcpy(values->delivery_id, segment.p, segment.n);
	return true;
}

static bool read_rule(struct slice segment, struct route_values *values)
{
	values->rule = rule_of_code(segment);
	return values->rule != RULE_NONE;
}

static bool read_reference(struct slice segment, struct route_values *values)
{
	if (!problem_reference_is_good(segment))
		return false;
	memcpy(values->reference, segment.p, segment.n);
	return true;
}

static bool read_number(struct slice segment, struct route_values *values)
{
	uint64_t number;

	if (segment.n == 0 || segment.n > 9 || segment.p[0] == '0' || !num_parse_u64(segment, 999999999, &number))
		return false;
	values->number = (int32_t)number;
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct slice segment, struct route_values *values);
} VARIABLES[] = {
	{ "{bestuur}", read_board }, { "{leveringsid}", read_delivery_id }, { "{code}", read_rule },
	{ "{nummer}", read_number }, { "{referentie}", read_reference },
};

/* Takes "/segment" off the path. The segment may be empty. false: the path is at its end, or does not begin with a
 * slash. */
static bool take_segment(struct slice *path, struct slice *ret)
{
	if (path->n == 0 || path->p[0] != '/')
		return false;
	*path = slice_from(*path, 1);
	const char *slash = path->n > 0 ? memchr(path->p, '/', path->n) : NULL;

	*ret = slice_cut(path, slash ? (size_t)(slash - path->p) : path->n);
	return true;
}

static bool fits_segment(struct slice wanted, struct slice segment, struct route_values *values)
{
	if (wanted.n == 0 || wanted.p[0] != '{')
		return slice_equal(wanted, segment);
	for (size_t i = 0; i < ARRAY_LEN(VARIABLES); i++)
		if (slice_equal_text(wanted, VARIABLES[i].name))
			return VARIABLES[i].read(segment, values);
	assert(false && "a pattern of the table names a variable that is not in VARIABLES");
	return false;
}

static bool fits(const char *pattern, struct slice address, struct route_values *ret)
{
	struct slice rest = slice_of(pattern), wanted, segment;
	struct route_values values = { 0 };

	while (take_segment(&rest, &wanted))
		if (!take_segment(&address, &segment) || !fits_segment(wanted, segment, &values))
			return false;
	if (address.n > 0)
		return false;
	*ret = values;
	return true;
}

static unsigned method_of(struct slice name)
{
	static const struct {
		const char *name;
		unsigned method;
	} METHODS[] = { { "GET", METHOD_GET },
			{ "HEAD", METHOD_GET },
			{ "POST", METHOD_POST },
			{ "PUT", METHOD_PUT },
			{ "DELETE", METHOD_DELETE } };

	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
		if (slice_equal_text(name, METHODS[i].name))
			return METHODS[i].method;
	return 0;
}

bool route_has_word(const char *words, struct slice word)
{
	for (struct slice rest = slice_of(words); rest.n > 0; rest = slice_from(rest, 1)) {
		const char *blank = memchr(rest.p, ' ', rest.n);

		if (slice_equal(slice_cut(&rest, blank ? (size_t)(blank - rest.p) : rest.n), word))
			return true;
	}
	return false;
}

struct route_match route_find(const struct route *routes, size_t count, struct slice address, struct slice method)
{
	unsigned wanted = method_of(method);
	struct route_match match = { 0 };
	struct route_values values;

	for (size_t i = 0; i < count; i++) {
		if (!fits(routes[i].pattern, address, &values))
			continue;
		match.methods |= routes[i].methods;
		if (match.route || (routes[i].methods & wanted) == 0)
			continue;
		match.route = &routes[i];
		match.values = values;
	}
	return match;
}
