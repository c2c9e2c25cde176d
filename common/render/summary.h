/* summary: the samenvatting of a delivery (specification 8.2) and its JSON.
 *
 * One struct for deliveries that were refused (made by the gateway) and for those of the ledger (terugmelding.h).
 * Slices are borrowed. An absent header field is the zero of its type, or an empty slice, and shows as null. */
#ifndef RENDER_SUMMARY_H
#define RENDER_SUMMARY_H

#include "model/delivery.h"
#include "model/outcome.h"
#include "protocol/delivery_state.h"

struct json_t; /* of jansson */
struct strbuf;

enum { SUMMARY_FINDINGS_MAX = COLUMNS + 11, SUMMARY_CODES_MAX = 80 };

struct summary {
	struct slice delivery_id;
	bool has_board; /* board 0 is a number too */
	uint32_t board;
	enum delivery_kind kind;
	bool is_dry_run;
	int64_t sequence;
	int32_t extraction_date;
	enum delivery_state state;
	int64_t lines;
	int64_t counts[OUTCOMES + 1]; /* by enum outcome 1..7 */
	int64_t absent, active, lapsed;
	struct finding findings[SUMMARY_FINDINGS_MAX]; /* of the delivery, in the order of specification 4.4 */
	size_t finding_count;
	struct {
		enum rule rule;
		int64_t count;
	} codes[SUMMARY_CODES_MAX]; /* findings a code, lines and delivery together, in byte order of the code */
	size_t code_count;
};

/* Counts n findings of this rule. */
void summary_count(struct summary *summary, enum rule rule, int64_t n);
/* Adds a finding of the delivery, and counts it. Call in the order of specification 4.4. */
void summary_add_finding(struct summary *summary, const struct finding *finding);

/* A new object with the names and order of 8.2; the caller owns it. NULL: no memory. */
struct json_t *summary_json(const struct summary *summary);
/* {code, ernst, veld, melding}; the caller owns it. NULL: no memory. */
struct json_t *finding_json(const struct finding *finding);
/* Appends the compact text of json, and releases it. No json: there was no memory for it, and out says so. */
void summary_put_json(struct strbuf *out, struct json_t *json);

#endif
