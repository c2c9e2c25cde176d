/* fuzz_route: input is "method address". An address that the gateway's table knows is the one its parts make. */
#include "fuzz.h"

#include "gateway/routes.h"

/* Puts text in place of name in pattern. */
static void replace(char *pattern, size_t bytes, const char *name, const char *text)
{
	char *at = strstr(pattern, name), rest[128];

	if (!at)
		return;
	snprintf(rest, sizeof rest, "%s", at + strlen(name));
	snprintf(at, bytes - (size_t)(at - pattern), "%s%s", text, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice address = slice_make(data, size);
	const char *blank = size > 0 ? memchr(data, ' ', size) : NULL;
	struct slice method = slice_cut(&address, blank ? (size_t)(blank - address.p) : 0);
	char text[128], board[16], number[16];

	address = slice_from(address, 1);
	struct route_match match = route_find(ROUTES, ROUTES_COUNT, address, method);

	if (!match.route)
		return 0;
	FUZZ_DEEP();
	FUZZ_EXPECT((match.methods & match.route->methods) == match.route->methods);
	FUZZ_EXPECT(slice_equal_text(method, "POST") == (match.route->methods == METHOD_POST));
	snprintf(text, sizeof text, "%s", match.route->pattern);
	snprintf(board, sizeof board, "%05u", match.values.board);
	replace(text, sizeof text, "{bestuur}", board);
	replace(text, sizeof text, "{leveringsid}", match.values.delivery_id);
	snprintf(number, sizeof number, "%d", match.values.number);
	replace(text, sizeof text, "{nummer}", number);
	FUZZ_EXPECT(slice_equal_text(address, text));
	return 0;
}
