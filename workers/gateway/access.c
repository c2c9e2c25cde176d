#include "gateway/access.h"

#include "gateway/services.h"
#include "gateway/web_server.h"

bool access_check_token(struct request *request, const uint32_t *board)
{
	switch (tokens_ask(request->services->tokens, request_header(request, "Authorization"), board)) {
	case TOKEN_GOOD:
		request->is_admitted = true;
		return true;
	case TOKEN_OTHER_BOARD:
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur");
		return false;
	default:
		reply_problem(&request->reply, 401, "Niet aangemeld",
			      "Stuur een geldig token mee in de kop Authorization, achter het woord Bearer");
		return false;
	}
}

bool access_admit(struct request *request)
{
	if (request->route->access == ROUTE_PUBLIC)
		return true;
	if (request->services->server->is_draining) {
		reply_busy(&request->reply, "Deze ingang sluit, probeer het zo weer");
		return false;
	}
	return request->route->access == ROUTE_BY_HANDLER || access_check_token(request, &request->values.board);
}
