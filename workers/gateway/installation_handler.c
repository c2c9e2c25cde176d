#include "gateway/installation_handler.h"

#include "gateway/access.h"
#include "gateway/register_question.h"
#include "gateway/services.h"

#include <jansson.h>

static void installation_begin(struct request *request)
{
	char installation[INSTALLATION_BYTES];

	if (!access_check(request, NULL) || !register_question_read_query(request, NULL))
		return;
	if (raw_publisher_installation(&request->services->publisher, installation))
		reply_json(&request->reply, 200, "application/json", json_pack("{s:s}", "installatie", installation));
	else
		reply_busy(&request->reply, "Kafka is nog niet bereikt. Probeer het zo weer.");
}

const struct handler INSTALLATION_HANDLER = { .begin = installation_begin };
