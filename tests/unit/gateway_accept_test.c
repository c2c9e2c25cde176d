#include "gateway/accept.h"

#include <criterion/criterion.h>

#define BOTH "text/csv application/json"

static const struct {
	const char *types, *accept, *second; /* of the header Accept; NULL: not sent */
	const char *chosen;		     /* NULL: none */
	const char *why;
} ROWS[] = {
	{ BOTH, NULL, NULL, "text/csv", "nothing said" },
	{ BOTH, "*/*", NULL, "text/csv", "curl" },
	{ BOTH, "application/json", NULL, "application/json", "" },
	{ BOTH, "APPLICATION/JSON", NULL, "application/json", "any case" },
	{ BOTH, "text/csv", NULL, "text/csv", "" },
	{ BOTH, "application/json, text/csv", NULL, "application/json", "the first of equals" },
	{ BOTH, "text/csv,application/json", NULL, "text/csv", "" },
	{ BOTH, "text/csv;q=0.5, application/json;q=0.9", NULL, "application/json", "weights" },
	{ BOTH, "text/csv;q=0.5, */*", NULL, "application/json", "the range that fits best decides" },
	{ BOTH, "*/*, application/json;q=0", NULL, "text/csv", "" },
	{ BOTH, "text/csv;q=0", NULL, NULL, "not wanted" },
	{ BOTH, "application/*", NULL, "application/json", "a main type" },
	{ BOTH, "text/*;q=0.1, application/*;q=0.2", NULL, "application/json", "" },
	{ BOTH, "text/csv; charset=utf-8; q=0.001", NULL, "text/csv", "parameters" },
	{ BOTH, "application/xml", NULL, NULL, "not to be had" },
	{ BOTH, "application/xml, text/html", "application/json", "application/json", "two headers" },
	{ BOTH, "", NULL, NULL, "an empty one names nothing" },
	{ BOTH, "text/csv;q=2, application/json", NULL, "application/json", "no weight" },
	{ BOTH, "text/csv;q=1.001, application/json;q=0.1", NULL, "application/json", "" },
	{ BOTH, "text/csv;q=, application/json;q=0.1", NULL, "application/json", "" },
	{ BOTH, ",,;;,text/csv", NULL, "text/csv", "" },
	{ BOTH, "text", NULL, NULL, "" },
	{ BOTH, "textxcsv/*", NULL, NULL, "" },
	{ "text/csv", "application/problem+json", NULL, "text/csv", "the form of errors: a generated client" },
	{ BOTH, "application/json, application/problem+json", NULL, "application/json", "beside another" },
	{ BOTH, "application/xml, application/problem+json", NULL, NULL, "beside one not to be had" },
	{ "application/json", "text/html,application/xhtml+xml,*/*;q=0.8", NULL, "application/json", "a browser" },
};

Test(gateway_accept, chooses_by_fit_weight_and_order)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct accept accept;

		accept_begin(&accept, ROWS[i].types);
		if (ROWS[i].accept)
			accept_take(&accept, slice_of(ROWS[i].accept));
		if (ROWS[i].second)
			accept_take(&accept, slice_of(ROWS[i].second));
		struct slice chosen = accept_end(&accept);

		cr_expect(ROWS[i].chosen ? slice_equal_text(chosen, ROWS[i].chosen) : !chosen.p, "row %zu, %s: %.*s", i,
			  ROWS[i].why, (int)chosen.n, chosen.p ? chosen.p : "");
	}
}
