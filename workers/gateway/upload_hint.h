/* upload_hint: what a refused file seems to be, or what exactly broke it, in a sentence for whoever has to mend it.
 *
 * The findings of specification 2 and 3 say what is wrong in words that are the same for all; a person with a
 * spreadsheet is helped more by "kolom 9 heeft een teken in zijn naam dat niet te zien is". A hint is a guess from the
 * bytes and decides nothing. It names lines, columns and names of ours, never what was delivered (specification 12).
 * Pure. */
#ifndef GATEWAY_UPLOAD_HINT_H
#define GATEWAY_UPLOAD_HINT_H

#include "gateway/upload_header.h"
#include "gateway/xml_fault.h"

enum { UPLOAD_HINT_BYTES = 640 };

struct upload_refused {
	struct slice bytes; /* empty when they were too many */
	uint64_t bytes_total;
	enum upload_form form;	/* as what it was sent */
	struct finding finding; /* the first: it is what the hint is about */
	struct xml_fault xml_fault;
};

/* One Dutch sentence without its full stop (specification 8.5). Empty: nothing strikes. */
void upload_hint_of_file(const struct upload_refused *refused, char ret[UPLOAD_HINT_BYTES]);

/* Of LR-K08: which form each field has that was wrong. */
void upload_hint_of_header(const struct finding *findings, size_t count, char ret[UPLOAD_HINT_BYTES]);

#endif
