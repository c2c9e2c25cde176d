#include "gateway/rights_handler.h"

#include "base/clock.h"
#include "gateway/access.h"
#include "gateway/register_question.h"
#include "gateway/rights_list.h"
#include "gateway/services.h"
#include "gateway/speaker.h"
#include "render/json_build.h"

#include <jansson.h>

enum { RIGHT_BYTES = 128 }; /* of one in the answer, at most */

static void collect(const struct services *services, const struct speaker *speaker, int32_t today,
		    struct rights_list *list)
{
	switch (speaker->kind) {
	case SPEAKER_TOKEN:
		token_lines_entries(speaker->lines, today, rights_list_take, list);
		return;
	case SPEAKER_OPERATOR:
		rights_list_take_all(list, ACCESS_ALL_BOARDS, BASIS_OPERATOR);
		return;
	case SPEAKER_BOARD:
		rights_list_take_all(list, speaker->board, BASIS_OWN);
		return;
	default:
		access_data_entries(services->access,
				    &(struct access_party){ .id = speaker->party,
							    .numbers = speaker->numbers,
							    .number_count = speaker->number_count,
							    .has_chain = speaker->chain_count > 0 },
				    today, rights_list_take, list);
	}
}

static void put_text_or_null(json_t **json, const char *name, const char *text)
{
	json_build_put(json, name, text[0] ? json_string(text) : json_null());
}

static void reply_rights(struct request *request, const struct rights_list *list)
{
	json_t *json = rights_list_json(list);

	put_text_or_null(&json, "afzender", request->grant.speaker);
	put_text_or_null(&json, "partij", request->grant.party);
	reply_json(&request->reply, 200, "application/json", json);
}

/* An office may have all services of a thousand boards: the answer counts as those of the register do. */
static void rights_begin(struct request *request)
{
	struct rights_list list = { 0 };
	struct speaker speaker;

	if (!access_identify(request, &speaker) || !register_question_read_query(request, NULL))
		return;
	list.until = speaker.until;
	collect(request->services, &speaker, clock_amsterdam_date(clock_wall_ms()), &list);
	rights_list_settle(&list);
	if (byte_budget_reserve_answer(&request->reserved, (list.count + 1) * RIGHT_BYTES))
		reply_rights(request, &list);
	else if (request->reserved.is_share_used)
		register_question_answer_away(request);
	else
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
	rights_list_release(&list);
}

const struct handler RIGHTS_HANDLER = { .begin = rights_begin };
