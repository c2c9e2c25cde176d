#include "gateway/accept.h"

#include "base/num.h"
#include "http/http_list.h"

#include <assert.h>
#include <strings.h>

enum { WEIGHT_MAX = 1000, WEIGHT_DIGITS_MAX = 3 };
enum { FIT_NONE, FIT_ANY, FIT_MAIN_TYPE, FIT_TYPE };

void accept_begin(struct accept *accept, const char *types)
{
	struct slice rest = slice_of(types);

	*accept = (struct accept){ 0 };
	while (rest.n > 0) {
		const char *blank = memchr(rest.p, ' ', rest.n);

		assert(accept->offer_count < ACCEPT_TYPES_MAX);
		accept->offers[accept->offer_count++].type =
			slice_cut(&rest, blank ? (size_t)(blank - rest.p) : rest.n);
		rest = slice_from(rest, 1);
	}
}

static bool equals(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* RFC 9110, 12.4.2: 0, 1, 0.5, 0.125, 1.000. */
static bool read_weight(struct slice text, int *ret)
{
	int weight, unit = WEIGHT_MAX;

	if (text.n == 0 || text.n > 2 + WEIGHT_DIGITS_MAX || (text.p[0] != '0' && text.p[0] != '1') ||
	    (text.n > 1 && text.p[1] != '.'))
		return false;
	weight = (text.p[0] - '0') * WEIGHT_MAX;
	for (size_t i = 2; i < text.n; i++) {
		if (!num_is_digit(text.p[i]))
			return false;
		unit /= 10;
		weight += (text.p[i] - '0') * unit;
	}
	*ret = weight;
	return weight <= WEIGHT_MAX;
}

static unsigned fit_of(struct slice range, struct slice type)
{
	struct slice rest = type, main_type = http_list_cut(&rest, '/');

	if (equals(range, type))
		return FIT_TYPE;
	if (equals(range, slice_of("*/*")))
		return FIT_ANY;
	return range.n == main_type.n + 2 && equals(slice_make(range.p, main_type.n), main_type) &&
			       memcmp(range.p + main_type.n, "/*", 2) == 0
		       ? FIT_MAIN_TYPE
		       : FIT_NONE;
}

static void take_range(struct accept *accept, struct slice text)
{
	struct slice range = http_list_cut(&text, ';');
	int weight = WEIGHT_MAX;

	if (equals(range, slice_of("application/problem+json")))
		return;
	accept->is_sent = true;
	while (text.n > 0) {
		struct slice value = http_list_cut(&text, ';'), name = http_list_cut(&value, '=');

		if (equals(name, slice_of("q")) && !read_weight(http_list_trim(value), &weight))
			return;
	}
	accept->range_count++;
	for (size_t i = 0; i < accept->offer_count; i++) {
		struct accept_offer *offer = &accept->offers[i];
		unsigned fit = fit_of(range, offer->type);

		if (fit <= offer->fit)
			continue;
		offer->fit = fit;
		offer->weight = weight;
		offer->position = accept->range_count;
	}
}

void accept_take(struct accept *accept, struct slice value)
{
	if (value.n == 0)
		accept->is_sent = true;
	while (value.n > 0)
		take_range(accept, http_list_cut(&value, ','));
}

static bool is_better(const struct accept_offer *a, const struct accept_offer *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return a->position < b->position;
}

struct slice accept_end(const struct accept *accept)
{
	const struct accept_offer *best = NULL;

	assert(accept->offer_count > 0);
	if (!accept->is_sent)
		return accept->offers[0].type;
	for (size_t i = 0; i < accept->offer_count; i++) {
		const struct accept_offer *offer = &accept->offers[i];

		if (offer->fit != FIT_NONE && offer->weight > 0 && (!best || is_better(offer, best)))
			best = offer;
	}
	return best ? best->type : (struct slice){ 0 };
}
