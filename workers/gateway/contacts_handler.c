#include "gateway/contacts_handler.h"

#include "gateway/json_body.h"
#include "gateway/register_question.h"
#include "gateway/request.h"
#include "render/contact_persons.h"

#include <jansson.h>

/* ---- looks ---- */

static void contacts_end(struct request *request)
{
	if (register_question_read_query(request, NULL))
		register_question_ask(request, request->state, JOB_CONTACTS);
}

static void history_end(struct request *request)
{
	if (register_question_read_query(request, NULL))
		register_question_ask(request, request->state, JOB_CONTACT_HISTORY);
}

static void look_answered(struct request *request, struct register_job *job)
{
	register_question_reply(request, job, "application/json");
}

const struct handler CONTACTS_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = contacts_end,
	.answered = look_answered,
	.free = register_question_free,
};

const struct handler CONTACT_HISTORY_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = history_end,
	.answered = look_answered,
	.free = register_question_free,
};

/* ---- PUT ---- */

struct contacts_set {
	struct register_job job;
	struct json_body body;
	struct strbuf persons;
	char if_match[REQUEST_LIST_BYTES], if_none_match[REQUEST_LIST_BYTES];
};

static void set_begin(struct request *request)
{
	struct contacts_set *set = request->state;

	strbuf_init(&set->persons, JSON_BODY_BYTES_MAX);
	if (!json_body_begin(request, &set->body))
		return;
	/* they are read by another thread while the request waits */
	set->job.if_match = request_header_list(request, "If-Match", set->if_match);
	set->job.if_none_match = request_header_list(request, "If-None-Match", set->if_none_match);
}

static void set_take(struct request *request, struct slice bytes)
{
	json_body_take(request, &((struct contacts_set *)request->state)->body, bytes);
}

static void answer_fault(struct request *request, const struct contact_fault *fault)
{
	static const struct {
		const char *field, *is;
	} WANTED[] = {
		{ "taak", "taak is leveringen, inhoud of techniek" },
		{ "naam", "naam heeft 1 tot 50 tekens" },
		{ "telefoon", "telefoon heeft hoogstens 20 tekens, en telefoon of email is nodig" },
		{ "email", "email heeft hoogstens 75 tekens" },
	};
	char detail[160] =
		"De inhoud is een lijst personen van hoogstens 20, elk met taak, naam, telefoon en email, "
		"en niets anders";

	for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
		if (strcmp(fault->field, WANTED[i].field) == 0)
			snprintf(detail, sizeof detail, "Persoon %zu: %s", fault->person, WANTED[i].is);
	reply_problem(&request->reply, 400, "Verkeerd verzoek", detail);
}

static void set_end(struct request *request)
{
	struct contacts_set *set = request->state;
	struct contact_fault fault;
	json_t *json;

	if (!register_question_read_query(request, NULL) || !json_body_read(request, &set->body, &json))
		return;
	bool is_good = contact_persons_check(json, &set->persons, &fault);

	json_decref(json);
	if (!is_good) {
		answer_fault(request, &fault);
		return;
	}
	if (!strbuf_ok(&set->persons)) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
		return;
	}
	set->job.persons = strbuf_slice(&set->persons);
	register_question_ask(request, &set->job, JOB_CONTACTS_SET);
}

static void set_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_CHANGED) {
		reply_problem(
			&request->reply, 412, "Intussen anders",
			"Er is niets veranderd: de contactpersonen zijn niet meer wat de kop If-Match noemt. Vraag ze "
			"opnieuw op");
	} else if (job->answer == JOB_FOUND) {
		reply_body(&request->reply, "application/json", &job->body);
		memcpy(request->reply.etag, job->etag, sizeof job->etag);
	} else {
		register_question_reply(request, job, "application/json");
	}
}

static void set_free(void *state)
{
	struct contacts_set *set = state;

	register_question_free(&set->job);
	json_body_release(&set->body);
	strbuf_release(&set->persons);
}

const struct handler CONTACTS_SET_HANDLER = {
	.state_bytes = sizeof(struct contacts_set),
	.begin = set_begin,
	.take = set_take,
	.end = set_end,
	.answered = set_answered,
	.free = set_free,
};
