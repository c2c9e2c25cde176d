#include "gateway/routes.h"

#include "gateway/absent_handler.h"
#include "gateway/confirmation_handler.h"
#include "gateway/contacts_handler.h"
#include "gateway/deliveries_handler.h"
#include "gateway/description_handler.h"
#include "gateway/feedback_handler.h"
#include "gateway/health_handler.h"
#include "gateway/installation_handler.h"
#include "gateway/mandates_handler.h"
#include "gateway/problem_form.h"
#include "gateway/problem_handler.h"
#include "gateway/json_body.h"
#include "gateway/rights_handler.h"
#include "gateway/rule_handler.h"
#include "gateway/schools_handler.h"
#include "gateway/stand_handler.h"
#include "gateway/summary_handler.h"
#include "gateway/upload_handler.h"

enum {
	UPLOAD_BYTES_MAX = 256 << 20, /* also of what is refused already */
	OTHER_BYTES_MAX = 64 << 10,   /* no body is needed; whoever sends one all the same is answered */
};

#define BOARD	 "/v1/besturen/{bestuur}"
#define MANDATES BOARD "/machtigingen"
#define DELIVERY BOARD "/leveringen/{leveringsid}"
#define PROBLEM	 BOARD "/problemen/{referentie}"

/* What handlers of one kind answer with, beside the statuses that every address has (routes.h). */
#define OF_A_QUESTION	"401 403 429 503"
#define OF_A_READING	"200 304 400 406 412 500 " OF_A_QUESTION
#define OF_A_REPORT	"400 413 415 422 500 " OF_A_QUESTION
#define UPLOAD_FIELDS	"leveringsid bestuur soort proef volgnummer extractiedatum regels"
#define UPLOAD_STATUSES "200 202 400 408 409 413 415 422 500 " OF_A_QUESTION

const struct route ROUTES[ROUTES_COUNT] = {
	{ "/v1/leveringen", METHOD_POST, ROUTE_BY_HANDLER, UPLOAD_BYTES_MAX, &UPLOAD_HANDLER, UPLOAD_FIELDS,
	  "application/json", SERVICE_DELIVER, UPLOAD_STATUSES },
	{ BOARD "/leveringen", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &DELIVERIES_HANDLER, "status vanaf na",
	  "application/json", SERVICE_READ, OF_A_READING },
	{ DELIVERY, METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &SUMMARY_HANDLER, "positie", "application/json",
	  SERVICE_READ, "404 " OF_A_READING },
	{ DELIVERY "/terugmelding", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &FEEDBACK_HANDLER, "",
	  "text/csv application/json", SERVICE_READ, "404 " OF_A_READING },
	{ DELIVERY "/ontbrekenden", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &ABSENT_HANDLER, "", "text/csv",
	  SERVICE_READ, "404 " OF_A_READING },
	{ DELIVERY "/bevestiging", METHOD_POST, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &CONFIRMATION_HANDLER, "",
	  "application/json", SERVICE_CONFIRM, "200 202 400 412 500 " OF_A_QUESTION },
	{ BOARD "/stand", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &STAND_HANDLER, "bsn", "text/csv", SERVICE_READ,
	  OF_A_READING },
	{ BOARD "/scholen", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &SCHOOLS_HANDLER, "", "application/json",
	  SERVICE_READ, OF_A_READING },
	{ BOARD "/problemen", METHOD_POST, ROUTE_FOR_BOARD, PROBLEM_BODY_BYTES_MAX, &PROBLEM_REPORT_HANDLER, "",
	  "application/json", SERVICE_DELIVER, "200 201 " OF_A_REPORT },
	{ BOARD "/problemen", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &PROBLEMS_HANDLER, "status na",
	  "application/json", SERVICE_READ, OF_A_READING },
	{ PROBLEM, METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &PROBLEM_HANDLER, "", "application/json", SERVICE_READ,
	  "404 " OF_A_READING },
	{ PROBLEM "/sectorraad", METHOD_POST, ROUTE_FOR_BOARD, PROBLEM_BODY_BYTES_MAX, &PROBLEM_COUNCIL_HANDLER, "",
	  "application/json", SERVICE_DELIVER, "200 404 " OF_A_REPORT },
	{ BOARD "/contactpersonen", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &CONTACTS_HANDLER, "",
	  "application/json", SERVICE_READ, OF_A_READING },
	{ BOARD "/contactpersonen", METHOD_PUT, ROUTE_FOR_BOARD, JSON_BODY_BYTES_MAX, &CONTACTS_SET_HANDLER, "",
	  "application/json", SERVICE_MANAGE, "200 400 412 413 415 500 " OF_A_QUESTION },
	{ BOARD "/contactpersonen/historie", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &CONTACT_HISTORY_HANDLER, "",
	  "application/json", SERVICE_READ, OF_A_READING },
	{ MANDATES, METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &MANDATES_HANDLER, "op", "application/json",
	  SERVICE_MANAGE, OF_A_READING },
	{ MANDATES, METHOD_POST, ROUTE_FOR_BOARD, JSON_BODY_BYTES_MAX, &MANDATE_GIVE_HANDLER, "", "application/json",
	  SERVICE_MANAGE, "200 201 202 400 413 415 422 500 " OF_A_QUESTION },
	{ MANDATES "/{nummer}", METHOD_DELETE, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &MANDATE_WITHDRAW_HANDLER, "",
	  "application/json", SERVICE_MANAGE, "200 202 400 404 422 500 " OF_A_QUESTION },
	{ MANDATES "/{nummer}/tot", METHOD_PUT, ROUTE_FOR_BOARD, JSON_BODY_BYTES_MAX, &MANDATE_END_HANDLER, "",
	  "application/json", SERVICE_MANAGE, "200 202 400 404 413 415 422 500 " OF_A_QUESTION },
	{ BOARD "/toegang", METHOD_GET, ROUTE_BY_HANDLER, OTHER_BYTES_MAX, &BOARD_RIGHT_HANDLER, "dienst op",
	  "application/json", 0, "200 400 401 406 429 500 503" },
	{ "/v1/installatie", METHOD_GET, ROUTE_BY_HANDLER, OTHER_BYTES_MAX, &INSTALLATION_HANDLER, "",
	  "application/json", 0, "200 400 401 406 503" },
	{ "/v1/toegang", METHOD_GET, ROUTE_BY_HANDLER, OTHER_BYTES_MAX, &RIGHTS_HANDLER, "", "application/json", 0,
	  "200 400 401 406 429 503" },
	{ "/v1/openapi.json", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &DESCRIPTION_HANDLER, "", "application/json",
	  0, "200 304 412 503" },
	{ "/v1/regels", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &RULES_HANDLER, "", "text/html application/json", 0,
	  "200 304 406 412 503" },
	{ "/v1/regels/{code}", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &RULE_HANDLER, "",
	  "text/html application/json", 0, "200 304 404 406 412 503" },
	{ "/healthz", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &HEALTH_HANDLER, "", NULL, 0, "200" },
	{ "/readyz", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &READINESS_HANDLER, "", NULL, 0, "200 503" },
	{ "/metrics", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &METRICS_HANDLER, "", NULL, 0, "200" },
};
