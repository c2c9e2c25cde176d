/* feedback: the rows of a terugmelding (specification 8.1), from judged lines and their outcomes. Pure. */
#ifndef MODEL_FEEDBACK_H
#define MODEL_FEEDBACK_H

#include "model/outcome.h"
#include "model/reference.h"
#include "model/rule.h"

struct feedback_line {
	uint32_t record_no;
	struct slice employee_ref;
	struct slice appointment_key;
	enum target target;
	enum outcome outcome;
	/* of chapter 5 and X, in order; LR-R01, LR-R08, LR-T01 follow from the outcome */
	const struct finding *findings;
	size_t finding_count;
};

void feedback_add_header(struct strbuf *out);
void feedback_add_line(struct strbuf *out, const struct feedback_line *line, int64_t sequence);

/* All findings of a line in the order of specification 4.4, those of the outcome included. ret has finding_count + 1
 * places. Returns their number. */
size_t feedback_findings(const struct feedback_line *line, int64_t sequence, struct finding *ret);

#endif
