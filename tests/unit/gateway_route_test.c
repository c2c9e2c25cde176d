#include "gateway/route.h"

#include <criterion/criterion.h>

static const struct {
	const char *method, *address;
	enum route_kind kind;
	uint32_t board;
	const char *id, *why;
} ROWS[] = {
	{ "POST", "/v1/leveringen", ROUTE_UPLOAD, 0, "", "an upload" },
	{ "GET", "/v1/leveringen", ROUTE_NONE, 0, "", "deliveries are asked for by board and id" },
	{ "POST", "/v1/leveringen/", ROUTE_NONE, 0, "", "no slash at the end" },
	{ "POST", "/v1/leveringe", ROUTE_NONE, 0, "", "not a prefix" },
	{ "PUT", "/v1/leveringen", ROUTE_NONE, 0, "", "another method" },
	{ "post", "/v1/leveringen", ROUTE_NONE, 0, "", "methods have capitals" },
	{ "GET", "/healthz", ROUTE_HEALTHZ, 0, "", "" },
	{ "HEAD", "/healthz", ROUTE_HEALTHZ, 0, "", "HEAD goes where GET goes" },
	{ "POST", "/healthz", ROUTE_NONE, 0, "", "" },
	{ "GET", "/readyz", ROUTE_READYZ, 0, "", "" },
	{ "GET", "/metrics", ROUTE_METRICS, 0, "", "" },
	{ "GET", "/", ROUTE_NONE, 0, "", "" },
	{ "GET", "", ROUTE_NONE, 0, "", "" },
	{ "GET", "*", ROUTE_NONE, 0, "", "" },
	{ "GET", "/v1/besturen/41211/stand", ROUTE_STAND, 41211, "", "" },
	{ "HEAD", "/v1/besturen/41211/stand", ROUTE_STAND, 41211, "", "" },
	{ "POST", "/v1/besturen/41211/stand", ROUTE_NONE, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/stand/", ROUTE_NONE, 41211, "", "" },
	{ "GET", "/v1/besturen/00000/stand", ROUTE_STAND, 0, "", "zero is a number too" },
	{ "GET", "/v1/besturen/4121/stand", ROUTE_NONE, 0, "", "four digits" },
	{ "GET", "/v1/besturen/412110/stand", ROUTE_NONE, 0, "", "six digits" },
	{ "GET", "/v1/besturen/4121a/stand", ROUTE_NONE, 0, "", "no number" },
	{ "GET", "/v1/besturen/+4121/stand", ROUTE_NONE, 0, "", "no sign" },
	{ "GET", "/v1/besturen//41211/stand", ROUTE_NONE, 0, "", "an empty segment" },
	{ "GET", "/v1/besturen41211/stand", ROUTE_NONE, 0, "", "" },
	{ "GET", "/v1/besturen/41211", ROUTE_NONE, 0, "", "" },
	{ "GET", "/v1/besturen/41211/", ROUTE_NONE, 0, "", "" },
	{ "GET", "/v1/besturen/41211/leveringen", ROUTE_NONE, 41211, "", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345", ROUTE_DELIVERY, 41211, "abcdefghij-12345",
	  "16 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-1234", ROUTE_NONE, 41211, "", "15 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/123456789012345678901234567890123456", ROUTE_DELIVERY, 41211,
	  "123456789012345678901234567890123456", "36 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/1234567890123456789012345678901234567", ROUTE_NONE, 41211, "",
	  "37 characters" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij_12345", ROUTE_NONE, 41211, "", "another character" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345", ROUTE_NONE, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding", ROUTE_FEEDBACK, 41211,
	  "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding", ROUTE_NONE, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/terugmelding/x", ROUTE_NONE, 41211, "abcdefghij-12345", "" },
	{ "POST", "/v1/besturen/41211/leveringen/abcdefghij-12345/bevestiging", ROUTE_CONFIRM, 41211,
	  "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/bevestiging", ROUTE_NONE, 41211, "abcdefghij-12345", "" },
	{ "GET", "/v1/besturen/41211/leveringen/abcdefghij-12345/", ROUTE_NONE, 41211, "abcdefghij-12345", "" },
};

Test(gateway_route, knows_each_address_with_its_method_and_no_other)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct route route = route_parse(slice_of(ROWS[i].address), slice_of(ROWS[i].method));

		cr_expect_eq(route.kind, ROWS[i].kind, "%s %s: %s", ROWS[i].method, ROWS[i].address, ROWS[i].why);
		if (route.kind == ROUTE_NONE)
			continue;
		cr_expect_eq(route.board, ROWS[i].board, "%s", ROWS[i].address);
		cr_expect_str_eq(route.id, ROWS[i].id, "%s", ROWS[i].address);
	}
}

Test(gateway_route, takes_a_nul_in_an_address_for_a_byte)
{
	struct slice address = SLICE_LITERAL("/healthz\0x");

	cr_expect_eq(route_parse(address, slice_of("GET")).kind, ROUTE_NONE);
	address = SLICE_LITERAL("/v1/besturen/41211/leveringen/abcdefghij-1234\0");
	cr_expect_eq(route_parse(address, slice_of("GET")).kind, ROUTE_NONE);
}
