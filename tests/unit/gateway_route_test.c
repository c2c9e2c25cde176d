#include "gateway/routes.h"

#include "gateway/absent_handler.h"
#include "gateway/confirmation_handler.h"
#include "gateway/deliveries_handler.h"
#include "gateway/description_handler.h"
#include "gateway/feedback_handler.h"
#include "gateway/health_handler.h"
#include "gateway/mandates_handler.h"
#include "gateway/problem_handler.h"
#include "gateway/stand_handler.h"
#include "gateway/summary_handler.h"
#include "gateway/upload_handler.h"

#include <criterion/criterion.h>

static const struct {
	const char *method, *address;
	const struct handler *handler;
	uint32_t board;
	const char *id, *why;
} ROWS[] = {
	{ "POST", "/v1/leveringen", &UPLOAD_HANDLER, 0, "", "an upload" },
	{ "GET", "/v1/leveringen", NULL, 0, "", "deliveries are asked for by board and id" },
	{ "POST", "/v1/leveringen/", NULL, 0, "", "no slash at the end" },
	{ "POST", "/v1/leveringe", NULL, 0, "", "not a prefix" },
	{ "PUT", "/v1/leveringen", NULL, 0, "", "another method" },
	{ "post", "/v1/leveringen", NULL, 0, "", "methods have capitals" },
	{ "GET", "/healthz", &HEALTH_HANDLER, 0, "", "" },
	{ "HEAD", "/healthz", &HEALTH_HANDLER, 0, "", "HEAD goes where GET goes" },
	{ "POST", "/healthz", NULL, 0, "", "" },
	{ "GET", "/v1/openapi.json", &DESCRIPTION_HANDLER, 0, "", "" },
	{ "GET", "/v1/openapi.json/", NULL, 0, "", "" },
	{ "GET", "/readyz", &READINESS_HANDLER, 0, "", "" },
	{ "GET", "/metrics", &METRICS_HANDLER, 0, "", "" },
	{ "GET", "/", NULL, 0, "", "" },
	{ "GET", "", NULL, 0, "", "" },
	{ "GET", "*", NULL, 0, "", "" },
	{ "GET", "/v1/besturen/41211/stand", &STAND_HANDLER, 41211, "", "" },
	{ "HEAD", "/v1/besturen/41211/stand", &STAND_HANDLER, 41211, "", "" },
	{ "POST", "/v1/besturen/41211/stand", NULL, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/stand/", NULL, 41211, "", "" },
	{ "GET", "/v1/besturen/00000/stand", &STAND_HANDLER, 0, "", "zero is a number too" },
	{ "GET", "/v1/besturen/4121/stand", NULL, 0, "", "four digits" },
	{ "GET", "/v1/besturen/412110/stand", NULL, 0, "", "six digits" },
	{ "GET", "/v1/besturen/4121a/stand", NULL, 0, "", "no number" },
	{ "GET", "/v1/besturen/+4121/stand", NULL, 0, "", "no sign" },
	{ "GET", "/v1/besturen//41211/stand", NULL, 0, "", "an empty segment" },
	{ "GET", "/v1/besturen41211/stand", NULL, 0, "", "" },
	{ "GET", "/v1/besturen/41211", NULL, 0, "", "" },
	{ "GET", "/v1/besturen/41211/", NULL, 0, "", "" },
	{ "DELETE", "/v1/besturen/41211/machtigingen/17", &MANDATE_WITHDRAW_HANDLER, 41211, "", "a number" },
	{ "DELETE", "/v1/besturen/41211/machtigingen/017", NULL, 0, "", "a zero before it" },
	{ "DELETE", "/v1/besturen/41211/machtigingen/1234567890", NULL, 0, "", "ten digits" },
	{ "DELETE", "/v1/besturen/41211/machtigingen/", NULL, 0, "", "no digit" },
	{ "PUT", "/v1/besturen/41211/machtigingen/17/tot", &MANDATE_END_HANDLER, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/leveringen", &DELIVERIES_HANDLER, 41211, "", "those of a board" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345", &SUMMARY_HANDLER, 41211, "abcdefghij-12345",
	  "16 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-1234", NULL, 41211, "", "15 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/123456789012345678901234567890123456", &SUMMARY_HANDLER, 41211,
	  "123456789012345678901234567890123456", "36 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/1234567890123456789012345678901234567", NULL, 41211, "",
	  "37 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij_12345", NULL, 41211, "", "another character" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345", NULL, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding", &FEEDBACK_HANDLER, 41211,
	  "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding", NULL, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding/x", NULL, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/ontbrekenden", &ABSENT_HANDLER, 41211,
	  "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345/ontbrekenden", NULL, 41211, "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345/bevestiging", &CONFIRMATION_HANDLER, 41211,
	  "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/bevestiging", NULL, 41211, "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/problemen", &PROBLEM_REPORT_HANDLER, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/problemen", &PROBLEMS_HANDLER, 41211, "", "" },
	{ "DELETE", "/v1/besturen/41211/problemen", NULL, 41211, "", "what was reported stays" },
	{ "GET", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMNP", &PROBLEM_HANDLER, 41211, "", "" },
	{ "POST", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMNP", NULL, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMN", NULL, 41211, "", "a letter less" },
	{ "GET", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMNPP", NULL, 41211, "", "a letter more" },
	{ "GET", "/v1/besturen/41211/problemen/P-ACDF-GHJK-LMNP", NULL, 41211, "", "a vowel" },
	{ "GET", "/v1/besturen/41211/problemen/P-bcdf-ghjk-lmnp", NULL, 41211, "", "small letters" },
	{ "GET", "/v1/besturen/41211/problemen/P-BCDFGGHJKGLMNP", NULL, 41211, "", "letters for hyphens" },
	{ "POST", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMNP/sectorraad", &PROBLEM_COUNCIL_HANDLER, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/problemen/P-BCDF-GHJK-LMNP/sectorraad", NULL, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/", NULL, 41211, "abcdefghij-12345", "" },
};

static struct route_match find(const char *address, const char *method)
{
	return route_find(ROUTES, ROUTES_COUNT, slice_of(address), slice_of(method));
}

Test(gateway_route, knows_each_address_with_its_method_and_no_other)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct route_match match = find(ROWS[i].address, ROWS[i].method);

		cr_expect_eq(match.route ? match.route->handler : NULL, ROWS[i].handler, "%s %s: %s", ROWS[i].method,
			     ROWS[i].address, ROWS[i].why);
		if (!match.route)
			continue;
		cr_expect_eq(match.values.board, ROWS[i].board, "%s", ROWS[i].address);
		cr_expect_str_eq(match.values.delivery_id, ROWS[i].id, "%s", ROWS[i].address);
	}
}

Test(gateway_route, takes_a_nul_in_an_address_for_a_byte)
{
	struct slice address = SLICE_LITERAL("/healthz\0x");

	cr_expect_null(route_find(ROUTES, ROUTES_COUNT, address, slice_of("GET")).route);
	address = SLICE_LITERAL("/v1/besturen/41211/leveringen/abcdefghij-1234\0");
	cr_expect_null(route_find(ROUTES, ROUTES_COUNT, address, slice_of("GET")).route);
}

Test(gateway_route, tells_an_address_it_does_not_have_from_a_method_the_address_does_not_have)
{
	cr_expect_eq(find("/v1/leveringen", "GET").methods, METHOD_POST);
	cr_expect_eq(find("/v1/besturen/41211/stand", "POST").methods, METHOD_GET);
	cr_expect_eq(find("/v1/besturen/41211/stand", "PUT").methods, METHOD_GET);
	cr_expect_eq(find("/v1/nergens", "GET").methods, 0);
	cr_expect_eq(find("/v1/besturen/4121/stand", "GET").methods, 0, "no board number: no such address");
}

/* The handlers are only compared, not called. */
static const struct handler READ, WRITE, WORD;
static const struct route OTHERS[] = {
	{ "/", METHOD_GET, ROUTE_PUBLIC, 0, &READ, "", NULL, 0, "" },
	{ "/a/{bestuur}", METHOD_GET, ROUTE_PUBLIC, 0, &READ, "", NULL, 0, "" },
	{ "/a/{bestuur}", METHOD_POST, ROUTE_PUBLIC, 0, &WRITE, "", NULL, 0, "" },
	{ "/a/hulp", METHOD_GET | METHOD_POST, ROUTE_PUBLIC, 0, &WORD, "", NULL, 0, "" },
	{ "/b/bekende-levering", METHOD_GET, ROUTE_PUBLIC, 0, &WORD, "", NULL, 0, "" },
	{ "/b/{leveringsid}", METHOD_GET, ROUTE_PUBLIC, 0, &READ, "", NULL, 0, "" },
};

static const struct {
	const char *method, *address;
	const struct handler *handler;
	unsigned methods;
	const char *why;
} OTHER_ROWS[] = {
	{ "GET", "/", &READ, METHOD_GET, "the root" },
	{ "GET", "//", NULL, 0, "an empty segment more" },
	{ "GET", "/a/41211", &READ, METHOD_GET | METHOD_POST, "a handler for each method of an address" },
	{ "POST", "/a/41211", &WRITE, METHOD_GET | METHOD_POST, "the other" },
	{ "DELETE", "/a/41211", NULL, METHOD_GET | METHOD_POST, "a third method" },
	{ "POST", "/a/hulp", &WORD, METHOD_GET | METHOD_POST, "a word beside a variable, a handler for two methods" },
	{ "GET", "/b/bekende-levering", &WORD, METHOD_GET, "the first of two that fit" },
	{ "GET", "/b/andere-levering-1", &READ, METHOD_GET, "the second, where the first does not fit" },
	{ "GET", "/a", NULL, 0, "a segment less" },
	{ "GET", "/a/41211/", NULL, 0, "a slash more" },
};

Test(gateway_route, serves_any_table)
{
	for (size_t i = 0; i < ARRAY_LEN(OTHER_ROWS); i++) {
		struct route_match match = route_find(OTHERS, ARRAY_LEN(OTHERS), slice_of(OTHER_ROWS[i].address),
						      slice_of(OTHER_ROWS[i].method));

		cr_expect_eq(match.route ? match.route->handler : NULL, OTHER_ROWS[i].handler, "%s", OTHER_ROWS[i].why);
		cr_expect_eq(match.methods, OTHER_ROWS[i].methods, "%s", OTHER_ROWS[i].why);
	}
}

Test(gateway_route, has_a_handler_and_one_rule_of_access_for_each_row)
{
	for (size_t i = 0; i < ROUTES_COUNT; i++) {
		const struct route *route = &ROUTES[i];
		bool has_board = strstr(route->pattern, "{bestuur}") != NULL;

		cr_expect(route->handler->begin || route->handler->end, "%s is answered by nobody", route->pattern);
		cr_expect(!has_board || route->access == ROUTE_FOR_BOARD || route->handler == &BOARD_RIGHT_HANDLER,
			  "%s is open to other boards", route->pattern);
		cr_expect(has_board || route->access != ROUTE_FOR_BOARD, "%s names no board", route->pattern);
	}
}
