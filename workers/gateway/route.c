#include "gateway/route.h"

#include "base/num.h"

static const struct {
	const char *address;
	enum route_kind kind;
	bool is_post;
} PLAIN[] = {
	{ "/v1/leveringen", ROUTE_UPLOAD, true },
	{ "/healthz", ROUTE_HEALTHZ, false },
	{ "/readyz", ROUTE_READYZ, false },
	{ "/metrics", ROUTE_METRICS, false },
};

/* Takes "/segment" off the path. false: there is none, or it is empty. */
static bool take_segment(struct slice *path, struct slice *ret)
{
	if (path->n == 0 || path->p[0] != '/')
		return false;
	*path = slice_from(*path, 1);
	const char *slash = path->n > 0 ? memchr(path->p, '/', path->n) : NULL;

	*ret = slice_cut(path, slash ? (size_t)(slash - path->p) : path->n);
	return ret->n > 0;
}

/* Behind /leveringen/{id}. */
static enum route_kind kind_of_delivery(struct slice path, bool is_post)
{
	struct slice word;

	if (path.n == 0)
		return is_post ? ROUTE_NONE : ROUTE_DELIVERY;
	if (!take_segment(&path, &word) || path.n > 0)
		return ROUTE_NONE;
	if (slice_equal_text(word, "terugmelding"))
		return is_post ? ROUTE_NONE : ROUTE_FEEDBACK;
	return slice_equal_text(word, "bevestiging") && is_post ? ROUTE_CONFIRM : ROUTE_NONE;
}

/* Behind /v1/besturen. */
static struct route parse_board(struct slice path, bool is_post)
{
	struct slice board, word, id;
	struct route route = { 0 };
	uint64_t number;

	if (!take_segment(&path, &board) || board.n != 5 || !num_parse_u64(board, BOARD_NUMBER_MAX, &number) ||
	    !take_segment(&path, &word))
		return route;
	route.board = (uint32_t)number;
	if (slice_equal_text(word, "stand")) {
		route.kind = path.n == 0 && !is_post ? ROUTE_STAND : ROUTE_NONE;
	} else if (slice_equal_text(word, "leveringen") && take_segment(&path, &id) && delivery_id_is_good(id)) {
		memcpy(route.id, id.p, id.n);
		route.kind = kind_of_delivery(path, is_post);
	}
	return route;
}

struct route route_parse(struct slice address, struct slice method)
{
	static const char BOARDS[] = "/v1/besturen";
	const size_t boards_bytes = sizeof BOARDS - 1;
	bool is_post = slice_equal_text(method, "POST");

	if (!is_post && !slice_equal_text(method, "GET") && !slice_equal_text(method, "HEAD"))
		return (struct route){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(PLAIN); i++)
		if (PLAIN[i].is_post == is_post && slice_equal_text(address, PLAIN[i].address))
			return (struct route){ .kind = PLAIN[i].kind };
	if (address.n < boards_bytes || memcmp(address.p, BOARDS, boards_bytes) != 0)
		return (struct route){ 0 };
	return parse_board(slice_from(address, boards_bytes), is_post);
}
