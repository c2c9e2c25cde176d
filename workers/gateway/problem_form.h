/* problem_form: what a board may write in a problem report, and in the request to mail it to a sector council
 * (specification 8.7). Pure.
 *
 *   {"leveringsid": "..", "codes": {"LR-S02": 12}, "toelichting": ".."}
 *   {"sector": "VO", "toelichting": ".."}
 *
 * The words may hold no number that passes the BSN test, as they are mailed: then what is refused says so. */
#ifndef GATEWAY_PROBLEM_FORM_H
#define GATEWAY_PROBLEM_FORM_H

#include "base/err.h"
#include "base/slice.h"

struct json_t; /* of jansson */

enum {
	PROBLEM_BODY_BYTES_MAX = 32 << 10,
	PROBLEM_DEPTH_MAX = 2, /* objects in each other */
	PROBLEM_CHARACTERS_MAX = 2000,
	PROBLEM_CODES_MAX = 50,
	PROBLEM_COUNT_MAX = 10000000,
};

enum problem_fault {
	PROBLEM_GOOD,
	PROBLEM_NO_MEMORY,
	PROBLEM_NO_JSON,
	PROBLEM_OTHER_MEMBER,
	PROBLEM_DELIVERY,
	PROBLEM_CODES,
	PROBLEM_SECTOR,
	PROBLEM_WORDS,
	PROBLEM_BSN,
};

/* Slices live as json does. */
struct problem_form {
	struct json_t *json;
	struct slice delivery_id; /* p NULL: none is named */
	char *codes;		  /* as JSON; "{}": none are */
	struct slice words;
	struct slice sector; /* of a request to a council */
};

/* form: zeroed; whatever is found, problem_form_release it. has_sector: it is a request to a council. */
MUSTUSE enum problem_fault problem_form_read(struct slice body, bool has_sector, struct problem_form *form);
void problem_form_release(struct problem_form *form);

#endif
