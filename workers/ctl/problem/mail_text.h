/* mail_text: a mail as RFC 5322 has it, of one text in UTF-8. Pure.
 *
 * The text travels as base64, so no byte of it can begin a header, end the mail or make a line too long; what stands in
 * the headers is ours, in ASCII. The same fields give the same bytes: a mail that is sent again is the same mail. */
#ifndef CTL_PROBLEM_MAIL_TEXT_H
#define CTL_PROBLEM_MAIL_TEXT_H

#include "base/strbuf.h"

enum { MAIL_ADDRESS_BYTES_MAX = 254 };

struct mail_text {
	const char *from, *to;	       /* of good form */
	struct slice date, message_id; /* as RFC 5322 writes them; message_id with its < and > */
	struct slice in_reply_to;      /* likewise; empty: none */
	const char *subject;	       /* ASCII, of one line */
	struct slice text;
};

/* local@domain, in printable ASCII without blanks, quotes and brackets: other forms are no helpdesk's. */
bool mail_address_is_good(struct slice address);

/* Appends the mail, its lines ended by CRLF. */
void mail_text_make(const struct mail_text *mail, struct strbuf *out);

#endif
