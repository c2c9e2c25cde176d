/* mail_sender: hands one mail to a mail server, by SMTP. This module alone knows how libcurl says what came of it.
 *
 * TLS is demanded (STARTTLS, or smtps://) and the server's certificate checked, unless the settings say that there is
 * none. What the server says in words stays there: it may quote a mail. Of its answers only the number is kept. */
#ifndef CTL_PROBLEM_MAIL_SENDER_H
#define CTL_PROBLEM_MAIL_SENDER_H

#include "base/err.h"
#include "base/secret_file.h"

struct mail_server {
	const char *url;     /* smtp:// or smtps:// */
	const char *ca_file; /* empty: those of the system */
	bool has_tls;
	const char *user; /* empty: nobody logs in */
	const struct secret *password;
	int64_t ms_max; /* of one mail, from connecting to the server's answer */
};

enum mail_outcome {
	MAIL_SENT = 1, /* the server answered that it has it */
	MAIL_LATER,    /* it does not take this mail now (4xx) */
	MAIL_REFUSED,  /* it does not take this mail (5xx) */
	MAIL_UNKNOWN,  /* no answer to this mail: the server is away, hangs, or cannot be trusted */
};

/* mail: as mail_text_make has it. *ret_outcome, and in why what came of it in ASCII ("RCPT failed: 550"). Errors:
 * ERR_CONFIG with code "credentials" when the server does not accept user and password, ERR_FATAL without memory. */
enum { MAIL_WHY_BYTES = 256 };
MUSTUSE int mail_send(const struct mail_server *server, const char *from, const char *to, struct slice mail,
		      enum mail_outcome *ret_outcome, char why[MAIL_WHY_BYTES], struct err *err);

#endif
