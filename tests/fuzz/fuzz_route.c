/* fuzz_route: input is "method address". An address that is known is the one its parts make. */
#include "fuzz.h"

#include "gateway/route.h"

static const char *const AFTER_BOARD[] = {
	[ROUTE_DELIVERY] = "", [ROUTE_FEEDBACK] = "/terugmelding", [ROUTE_CONFIRM] = "/bevestiging", [ROUTE_STAND] = "/stand"
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice address = slice_make(data, size);
	const char *blank = size > 0 ? memchr(data, ' ', size) : NULL;
	struct slice method = slice_cut(&address, blank ? (size_t)(blank - address.p) : 0);
	char text[128];

	address = slice_from(address, 1);
	struct route route = route_parse(address, method);

	if (route.kind < ROUTE_DELIVERY || route.kind > ROUTE_STAND)
		return 0;
	FUZZ_EXPECT(route.board <= 99999);
	FUZZ_EXPECT(route.kind == ROUTE_STAND || delivery_id_is_good(slice_of(route.id)));
	FUZZ_EXPECT(slice_equal_text(method, "POST") == (route.kind == ROUTE_CONFIRM));
	snprintf(text, sizeof text, "/v1/besturen/%05u%s%s%s", route.board,
		 route.kind == ROUTE_STAND ? "" : "/leveringen/", route.id, AFTER_BOARD[route.kind]);
	FUZZ_EXPECT(slice_equal_text(address, text));
	return 0;
}
