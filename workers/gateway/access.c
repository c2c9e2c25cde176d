#include "gateway/access.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway_metrics.h"
#include "gateway/refusal_log.h"
#include "gateway/services.h"
#include "gateway/speaker.h"
#include "gateway/web_server.h"

/* false: no memory to count what this sender has in progress. */
static bool set_sender(struct request *request, uint64_t id)
{
	bool is_upload = request->route->methods & METHODS_OF_CHANGE;

	if (request->sender) /* asked again: the same proof is the same sender, and his account is in use */
		return true;
	request->sender = load_sender(request->services->load, id);
	if (!request->sender) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
		return false;
	}
	request->reserved.account = is_upload ? &request->sender->uploads : &request->sender->answers;
	return true;
}

/* Origin is scheme://authority; ours is the authority that the request was sent to. "null" is nobody's. */
static bool is_own_origin(struct slice origin, struct slice host)
{
	for (const char *const *scheme = (const char *const[]){ "https://", "http://", NULL }; *scheme; scheme++)
		if (slice_starts_with(origin, *scheme)) {
			struct slice authority = slice_from(origin, strlen(*scheme));

			return authority.n > 0 && authority.n == host.n &&
			       strncasecmp(authority.p, host.p, host.n) == 0;
		}
	return false;
}

/* false: a page of another site made a browser send this. */
static bool is_of_own_site(const struct request *request)
{
	struct slice origin = request_header(request, "Origin"), site = request_header(request, "Sec-Fetch-Site");
	bool is_own_fetch = !site.p || slice_equal_text(site, "same-origin") || slice_equal_text(site, "none");

	return is_own_fetch && request_header_count(request, "Origin") <= 1 &&
	       request_header_count(request, "Sec-Fetch-Site") <= 1 &&
	       (!origin.p || is_own_origin(origin, request_header(request, "Host")));
}

/* What a stranger is told does not say whether a token was ever one of ours: the operator sees it in the metrics. */
static void refuse(struct request *request, enum access_answer answer, const uint32_t *board,
		   const struct speaker *speaker)
{
	static const char *const REASONS[] = {
		[ACCESS_MISSING] = "no_token", [ACCESS_UNKNOWN] = "unknown",	   [ACCESS_WITHDRAWN] = "withdrawn",
		[ACCESS_EXPIRED] = "expired",  [ACCESS_OTHER_SERVICE] = "service", [ACCESS_OTHER_BOARD] = "board",
	};
	const struct proof_refusal *proof = &speaker->refusal;
	bool is_known = answer == ACCESS_OTHER_BOARD || answer == ACCESS_OTHER_SERVICE;

	if (proof->reason)
		log_event(LOG_DEBUG, "proof.refused", "reason=%s", proof->reason);
	if (proof->is_unsure) {
		reply_busy(&request->reply, proof->advice);
		return;
	}
	gateway_metric_add((enum gateway_metric)(METRIC_ACCESS_MISSING + (int)answer), 1);
	refusal_log_note(is_known ? 403 : 401, REASONS[answer], board ? *board : 0, speaker->reference);
	if (proof->reason)
		reply_refused_proof(&request->reply, proof->reason, proof->advice);
	else if (answer == ACCESS_OTHER_BOARD)
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur");
	else if (answer == ACCESS_OTHER_SERVICE)
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor deze dienst");
	else
		reply_problem(&request->reply, 401, "Niet aangemeld",
			      "Stuur een geldig token mee in de kop Authorization, achter het woord Bearer");
}

/* The second step: may this speaker use this service for this board now, and on what basis. A question without a board
 * is whether he is one of ours at all. */
static enum access_answer decide(const struct access_data *data, const struct speaker *speaker,
				 const struct access_question *question, enum access_basis *ret)
{
	switch (speaker->kind) {
	case SPEAKER_TOKEN:
		return token_lines_decide(speaker->lines, question, ret);
	case SPEAKER_OPERATOR:
		*ret = BASIS_OPERATOR;
		return ACCESS_GOOD;
	case SPEAKER_BOARD:
		*ret = BASIS_OWN;
		return !question->board || *question->board == speaker->board ? ACCESS_GOOD : ACCESS_OTHER_BOARD;
	default:
		return access_data_decide(data,
					  &(struct access_party){ .id = speaker->party,
								  .numbers = speaker->numbers,
								  .number_count = speaker->number_count,
								  .has_chain = speaker->chain_count > 0 },
					  question, ret);
	}
}

static void keep_grant(struct request *request, const struct speaker *speaker, enum access_basis basis)
{
	const struct access_data *data = request->services->access;
	struct access_grant *grant = &request->grant;
	char version[24] = "";

	grant->basis = basis;
	grant->version = data ? access_data_version(data)->sequence : 0;
	if (data)
		snprintf(version, sizeof version, "%lld", (long long)grant->version);
	memcpy(grant->speaker, speaker->reference, sizeof grant->speaker);
	party_number_write(&speaker->numbers[0], grant->party);
	access_header_write(&(struct access_header){ .basis = slice_of(access_basis_word(basis)),
						     .version = slice_of(version),
						     .party = slice_of(grant->party),
						     .speaker = slice_of(grant->speaker) },
			    grant->header);
}

static bool check(struct request *request, const uint32_t *board, struct speaker *ret)
{
	const struct access_question question = { .board = board,
						  .service = request->route->service,
						  .today = clock_amsterdam_date(clock_wall_ms()) };
	enum access_basis basis = BASIS_NONE;
	const char *why;

	if (!speaker_is_clear(request, &why)) {
		reply_problem(&request->reply, 400, "Verkeerd verzoek", why);
		return false;
	}
	enum access_answer answer = speaker_identify(request, question.today, ret);

	if (answer == ACCESS_GOOD && ret->kind == SPEAKER_PARTY && request->services->awaits_access) {
		reply_busy(&request->reply, speaker_why_unsure(request->services));
		return false;
	}
	if (answer == ACCESS_GOOD)
		answer = decide(request->services->access, ret, &question, &basis);
	if (answer != ACCESS_GOOD) {
		refuse(request, answer, board, ret);
		return false;
	}
	keep_grant(request, ret, basis);
	return set_sender(request, ret->id);
}

bool access_check(struct request *request, const uint32_t *board)
{
	struct speaker speaker;

	return check(request, board, &speaker);
}

bool access_identify(struct request *request, struct speaker *ret)
{
	return check(request, NULL, ret);
}

bool access_check_load(struct request *request, enum load_kind kind, uint32_t board)
{
	if (load_begin(request->services->load, &request->load, kind, request->sender, board))
		return true;
	refusal_log_note(429, "load", board, request->grant.speaker);
	reply_too_much(&request->reply);
	return false;
}

bool access_confirm(struct request *request)
{
	return request->route->access != ROUTE_FOR_BOARD || access_check(request, &request->values.board);
}

bool access_admit(struct request *request)
{
	if ((request->route->methods & METHODS_OF_CHANGE) && !is_of_own_site(request)) {
		gateway_metric_add(METRIC_ACCESS_SITE, 1);
		refusal_log_note(403, "site", 0, NULL);
		reply_problem(&request->reply, 403, "Niet toegestaan",
			      "Dit verzoek komt van een webpagina van een andere site en verandert hier niets");
		return false;
	}
	if (request->route->access == ROUTE_PUBLIC)
		return true;
	if (request->services->server->is_draining) {
		reply_busy(&request->reply, "Deze ingang sluit, probeer het zo weer");
		return false;
	}
	if (request->route->access == ROUTE_BY_HANDLER)
		return true;
	return access_check(request, &request->values.board) &&
	       access_check_load(request, LOAD_QUESTION, request->values.board);
}
