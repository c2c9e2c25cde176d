#include "gateway/schools_handler.h"

#include "base/num.h"
#include "gateway/register_question.h"
#include "gateway/services.h"
#include "model/date.h"
#include "model/teacher_key.h"
#include "render/json_build.h"
#include "render/summary.h"

#include <jansson.h>

enum { ANSWER_BYTES_MAX = 16 << 20 };

/* The answer while it is made. school: the last of schools, which takes what follows of its BRIN; not in it yet, as
 * json_build drops all when there is no memory. */
struct schools {
	json_t *periods, *schools;
	json_t *school_periods, *sectors, *sites;
	char brin[5]; /* empty: no school has begun */
};

static json_t *day_json(int32_t day)
{
	char text[11];

	if (day == 0)
		return json_null();
	date_to_iso(day, text);
	return json_string(text);
}

/* name NULL: a period alone. */
static json_t *period_json(const char *name, const char *value, const struct reference_holding *holding)
{
	json_t *json = json_object();

	if (name)
		json_build_put(&json, name, json_string(value));
	json_build_put(&json, "geldig_van", day_json(holding->valid_from));
	json_build_put(&json, "geldig_tot", day_json(holding->valid_until));
	return json;
}

static void end_school(struct schools *schools)
{
	json_t *school = json_object();

	if (schools->brin[0] == '\0') {
		json_decref(school);
		return;
	}
	json_build_put(&school, "brin", json_string(schools->brin));
	json_build_put(&school, "perioden", schools->school_periods);
	json_build_put(&school, "sectoren", schools->sectors);
	json_build_put(&school, "vestigingen", schools->sites);
	json_build_append(&schools->schools, school);
	schools->brin[0] = '\0';
}

static void begin_school(struct schools *schools, const char *brin)
{
	end_school(schools);
	memcpy(schools->brin, brin, sizeof schools->brin);
	schools->school_periods = json_array();
	schools->sectors = json_array();
	schools->sites = json_array();
}

static void take_holding_of_board(void *self, const struct reference_holding *holding)
{
	struct schools *schools = self;
	char site[8];

	switch (holding->kind) {
	case HOLDING_BOARD:
		json_build_append(&schools->periods, period_json(NULL, NULL, holding));
		return;
	case HOLDING_SCHOOL:
		if (strcmp(schools->brin, holding->brin) != 0)
			begin_school(schools, holding->brin);
		json_build_append(&schools->school_periods, period_json(NULL, NULL, holding));
		return;
	case HOLDING_SECTOR:
		json_build_append(&schools->sectors, period_json("sector", sector_name(holding->sector), holding));
		return;
	default:
		snprintf(site, sizeof site, "%02u", holding->site % 100);
		json_build_append(&schools->sites, period_json("vestiging", site, holding));
	}
}

static json_t *schools_json(const struct reference *reference, uint32_t board)
{
	struct schools schools = { .periods = json_array(), .schools = json_array() };
	char number[8], version[2 * REFERENCE_VERSION_BYTES + 1] = "";
	json_t *json = json_object();

	reference_walk_board(reference, board, take_holding_of_board, &schools);
	end_school(&schools);
	snprintf(number, sizeof number, "%05u", board);
	num_to_hex(reference_version(reference), REFERENCE_VERSION_BYTES, version);
	json_build_put(&json, "bestuur", json_string(number));
	json_build_put(&json, "versie", json_string(version));
	json_build_put(&json, "perioden", schools.periods);
	json_build_put(&json, "scholen", schools.schools);
	return json;
}

static void schools_end(struct request *request)
{
	const struct reference *reference = request->services->reference;
	struct register_job *job = request->state;
	uint8_t sha256[32];

	if (!register_question_read_query(request, NULL))
		return;
	if (!reference) {
		reply_busy(&request->reply, "De scholen en besturen zijn hier nog niet gelezen, probeer het zo weer");
		return;
	}
	strbuf_init(&job->body, ANSWER_BYTES_MAX);
	summary_put_json(&job->body, schools_json(reference, request->values.board));
	sha256_of(strbuf_slice(&job->body), sha256);
	etag_write(sha256, job->etag);
	job->answer = strbuf_ok(&job->body) ? JOB_FOUND : JOB_AWAY;
	register_question_reply(request, job, "application/json");
}

const struct handler SCHOOLS_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = schools_end,
	.free = register_question_free,
};
