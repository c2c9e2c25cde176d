#include "gateway/access.h"

#include "gateway/services.h"
#include "gateway/web_server.h"

/* false: no memory to count what this sender has in progress. */
static bool set_sender(struct request *request, uint64_t id)
{
	bool is_upload = request->route->methods & METHOD_POST;

	request->sender = load_sender(request->services->load, id);
	if (!request->sender) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
		return false;
	}
	request->reserved.account = is_upload ? &request->sender->uploads : &request->sender->answers;
	return true;
}

bool access_check_token(struct request *request, const uint32_t *board)
{
	uint64_t sender = 0;

	if (request_header_count(request, "Authorization") > 1) {
		reply_problem(&request->reply, 400, "Verkeerd verzoek",
			      "De kop Authorization staat er meer dan een keer in");
		return false;
	}
	switch (tokens_ask(request->services->tokens, request_header(request, "Authorization"), board, &sender)) {
	case TOKEN_GOOD:
		return set_sender(request, sender);
	case TOKEN_OTHER_BOARD:
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur");
		return false;
	default:
		reply_problem(&request->reply, 401, "Niet aangemeld",
			      "Stuur een geldig token mee in de kop Authorization, achter het woord Bearer");
		return false;
	}
}

bool access_check_load(struct request *request, enum load_kind kind, uint32_t board)
{
	if (load_begin(request->services->load, &request->load, kind, request->sender, board))
		return true;
	reply_too_much(&request->reply);
	return false;
}

bool access_admit(struct request *request)
{
	if (request->route->access == ROUTE_PUBLIC)
		return true;
	if (request->services->server->is_draining) {
		reply_busy(&request->reply, "Deze ingang sluit, probeer het zo weer");
		return false;
	}
	if (request->route->access == ROUTE_BY_HANDLER)
		return true;
	return access_check_token(request, &request->values.board) &&
	       access_check_load(request, LOAD_QUESTION, request->values.board);
}
