#include "gateway/mandates_handler.h"

#include "base/clock.h"
#include "gateway/access.h"
#include "gateway/gateway_metrics.h"
#include "gateway/json_body.h"
#include "gateway/refusal_log.h"
#include "gateway/register_question.h"
#include "gateway/services.h"
#include "gateway/speaker.h"
#include "gateway/strict_json.h"
#include "model/date.h"
#include "render/json_build.h"

#include <jansson.h>

enum { TOO_MANY_RETRY_S = 3600 };

static int32_t today(void)
{
	return clock_amsterdam_date(clock_wall_ms());
}

/* ---- the list ---- */

static bool read_day(struct request *request, struct slice name, struct slice value)
{
	struct register_job *job = request->state;

	job->mandate_day = date_parse_iso(value);
	return slice_equal_text(name, "op") && job->mandate_day > 0;
}

static void list_end(struct request *request)
{
	if (register_question_read_query(request, read_day))
		register_question_ask(request, request->state, JOB_MANDATES);
}

static void list_answered(struct request *request, struct register_job *job)
{
	register_question_reply(request, job, "application/json");
}

const struct handler MANDATES_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = list_end,
	.answered = list_answered,
	.free = register_question_free,
};

/* ---- changes ---- */

struct mandate_change {
	struct register_job job;
	struct json_body body;
};

static void change_begin(struct request *request)
{
	struct mandate_change *change = request->state;

	if (!json_body_begin(request, &change->body))
		return; /* which is the reply */
}

static void change_take(struct request *request, struct slice bytes)
{
	json_body_take(request, &((struct mandate_change *)request->state)->body, bytes);
}

static void change_free(void *state)
{
	struct mandate_change *change = state;

	register_question_free(&change->job);
	json_body_release(&change->body);
}

static void refuse(struct request *request, const char *detail)
{
	reply_problem(&request->reply, 400, "Verkeerd verzoek", detail);
}

/* A member that is a day. Absent and null: fallback. false: it is no day. */
static bool read_day_member(const json_t *json, const char *name, int32_t fallback, int32_t *ret)
{
	const json_t *member = json_object_get(json, name);

	*ret = fallback;
	if (!member || json_is_null(member))
		return true;
	*ret = date_parse_iso(strict_json_text(json, name, 10));
	return *ret > 0;
}

static bool has_only(const json_t *json, const char *names)
{
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)json, name, member)
	{
		if (!route_has_word(names, slice_of(name)))
			return false;
	}
	return true;
}

/* NULL: it is a wish; else what is wrong with it. */
static const char *read_wish(const json_t *json, struct mandate_wish *wish)
{
	unsigned service = access_service_of(strict_json_text(json, "dienst", 16));

	wish->is_new = true;
	if (!has_only(json, "partij dienst van tot"))
		return "Hier horen partij, dienst, van en tot, en niets anders";
	if (!party_number_read(strict_json_text(json, "partij", PARTY_NUMBER_TEXT_BYTES), &wish->party))
		return "partij is KVK: met 8, RSIN: met 9 of OIN: met 20 cijfers";
	if (service == 0)
		return "dienst is leveren, inzien, bevestigen of beheer";
	wish->service = access_service_name((enum access_service)service);
	if (!read_day_member(json, "van", today(), &wish->from) || wish->from < today())
		return "van is een dag als 2018-08-01, vandaag of later";
	if (!read_day_member(json, "tot", 0, &wish->until) || (wish->until && wish->until < wish->from))
		return "tot is een dag als 2019-07-31, niet voor van, of null: geen einde";
	return NULL;
}

static const char *read_last_day(const json_t *json, struct mandate_wish *wish)
{
	if (!has_only(json, "tot"))
		return "Hier hoort tot, en niets anders";
	return read_day_member(json, "tot", 0, &wish->until) && wish->until >= today()
		       ? NULL
		       : "tot is een dag als 2019-07-31, vandaag of later: de laatste waarop de machtiging geldt";
}

typedef const char *read_change(const json_t *json, struct mandate_wish *wish);

static void ask_change(struct request *request, read_change *read)
{
	struct mandate_change *change = request->state;
	json_t *json;

	if (!register_question_read_query(request, NULL) || !json_body_read(request, &change->body, &json))
		return;
	const char *why = read(json, &change->job.mandate);

	json_decref(json);
	if (why)
		refuse(request, why);
	else
		register_question_ask(request, &change->job, JOB_MANDATE_CHANGE);
}

static void give_end(struct request *request)
{
	ask_change(request, read_wish);
}

static void end_end(struct request *request)
{
	((struct mandate_change *)request->state)->job.mandate.number = request->values.number;
	ask_change(request, read_last_day);
}

static void withdraw_end(struct request *request)
{
	struct mandate_change *change = request->state;

	change->job.mandate.number = request->values.number;
	if (register_question_read_query(request, NULL))
		register_question_ask(request, &change->job, JOB_MANDATE_CHANGE);
}

/* {"machtiging": {..}, "van_kracht": true} */
static void answer_made(struct request *request, struct register_job *job)
{
	bool is_made = job->mandate.is_new && job->mandate_outcome == MANDATE_MADE;
	struct strbuf body;

	strbuf_init(&body, job->body.n + 64);
	strbuf_add_text(&body, "{\"machtiging\":");
	strbuf_add(&body, strbuf_slice(&job->body));
	strbuf_add_printf(&body, ",\"van_kracht\":%s}", job->is_in_force ? "true" : "false");
	if (!strbuf_ok(&body)) {
		strbuf_release(&body);
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit antwoord, vraag de machtigingen op");
		return;
	}
	reply_body(&request->reply, "application/json", &body);
	request->reply.status = !job->is_in_force ? 202 : is_made ? 201 : 200;
}

static void change_answered(struct request *request, struct register_job *job)
{
	struct reply *reply = &request->reply;

	if (job->answer != JOB_FOUND) {
		register_question_reply(request, job, "application/json");
		return;
	}
	switch (job->mandate_outcome) {
	case MANDATE_MADE:
	case MANDATE_SAME:
		answer_made(request, job);
		return;
	case MANDATE_OTHER_PARTY:
		reply_problem(reply, 422, "Onbekende partij",
			      "Bij ons is geen partij met dit nummer ingeschreven: vraag haar zich te melden");
		return;
	case MANDATE_BOARD_ONLY:
		reply_problem(reply, 403, "Niet toegestaan",
			      "Een machtiging voor beheer geeft en beëindigt alleen het bestuur zelf");
		return;
	case MANDATE_OTHER_DAY:
		reply_problem(
			reply, 422, "Kan niet op die dag",
			"Deze machtiging is dan al voorbij of nog niet begonnen: haar einde kan alleen naar voren, "
			"en niet voor vandaag. Geef voor langer een nieuwe");
		return;
	case MANDATE_NO_RIGHT:
		refusal_log_note(403, "service", job->board, request->grant.speaker);
		gateway_metric_add((enum gateway_metric)(METRIC_ACCESS_MISSING + (int)ACCESS_OTHER_SERVICE), 1);
		reply_problem(reply, 403, "Niet toegestaan", "Dit token geldt niet voor deze dienst");
		return;
	case MANDATE_TOO_MANY:
		refusal_log_note(429, "mandates", job->board, request->grant.speaker);
		reply_problem(reply, 429, "Te veel machtigingen",
			      "Een bestuur heeft hoogstens 200 machtigingen van vandaag af en verandert er 500 per "
			      "dag: trek in wat niet meer nodig is, of probeer het morgen");
		reply->retry_after_s = TOO_MANY_RETRY_S;
		return;
	default:
		reply_problem(reply, 404, "Niet gevonden", "Dit bestuur heeft geen machtiging met dit nummer");
	}
}

const struct handler MANDATE_GIVE_HANDLER = {
	.state_bytes = sizeof(struct mandate_change),
	.begin = change_begin,
	.take = change_take,
	.end = give_end,
	.answered = change_answered,
	.free = change_free,
};

const struct handler MANDATE_END_HANDLER = {
	.state_bytes = sizeof(struct mandate_change),
	.begin = change_begin,
	.take = change_take,
	.end = end_end,
	.answered = change_answered,
	.free = change_free,
};

const struct handler MANDATE_WITHDRAW_HANDLER = {
	.state_bytes = sizeof(struct mandate_change),
	.end = withdraw_end,
	.answered = change_answered,
	.free = change_free,
};

/* ---- may I? ---- */

static void keep_numbers(const struct speaker *speaker, struct mandate_question *question)
{
	static const char CREDENTIAL[] = "credential:";
	size_t n = 0;

	for (size_t i = 0; i < speaker->number_count; i++) {
		char text[PARTY_NUMBER_TEXT_BYTES];

		party_number_write(&speaker->numbers[i], text);
		n += (size_t)snprintf(question->numbers + n, sizeof question->numbers - n, "%s%s", n > 0 ? " " : "",
				      text);
	}
	if (slice_starts_with(slice_of(speaker->reference), CREDENTIAL))
		snprintf(question->token, sizeof question->token, "%s", speaker->reference + strlen(CREDENTIAL));
}

static bool read_right(struct request *request, struct slice name, struct slice value)
{
	struct mandate_question *question = &((struct register_job *)request->state)->question;
	unsigned service = access_service_of(value);

	if (slice_equal_text(name, "op")) {
		question->day = date_parse_iso(value);
		return question->day > 0;
	}
	if (service)
		question->service = access_service_name((enum access_service)service);
	return slice_equal_text(name, "dienst") && service != 0;
}

/* Of a token of the file its lines of today say it, as nothing else is kept of it. */
static bool may_by_file(const struct speaker *speaker, uint32_t board, const struct mandate_question *question)
{
	enum access_basis basis;
	const struct access_question wanted = { .board = &board,
						.service = access_service_of(slice_of(question->service)),
						.today = question->day };

	return token_lines_decide(speaker->lines, &wanted, &basis) == ACCESS_GOOD;
}

static void answer_right(struct request *request, bool may)
{
	const struct mandate_question *question = &((struct register_job *)request->state)->question;
	char board[8], day[11];

	snprintf(board, sizeof board, "%05u", request->values.board);
	date_to_iso(question->day, day);
	reply_json(&request->reply, 200, "application/json",
		   json_pack("{s:s, s:s, s:s, s:b}", "bestuur", board, "dienst", question->service, "op", day,
			     "toegestaan", may));
}

/* What the speaker points at does not live on: what is in memory is decided at once. */
static void right_end(struct request *request)
{
	struct register_job *job = request->state;
	struct mandate_question *question = &job->question;
	struct speaker speaker;

	question->service = "leveren";
	question->day = today();
	if (!access_identify(request, &speaker) || !register_question_read_query(request, read_right))
		return;
	if (speaker.kind == SPEAKER_OPERATOR || speaker.kind == SPEAKER_TOKEN) {
		answer_right(request, speaker.kind == SPEAKER_OPERATOR ||
					      may_by_file(&speaker, request->values.board, question));
		return;
	}
	keep_numbers(&speaker, question);
	if (access_check_load(request, LOAD_STRANGER, request->values.board)) /* whole, so that it ends soon */
		register_question_ask(request, job, JOB_MIGHT);
}

static void right_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_FOUND)
		answer_right(request, job->may);
	else
		register_question_reply(request, job, "application/json");
}

const struct handler BOARD_RIGHT_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = right_end,
	.answered = right_answered,
	.free = register_question_free,
};
