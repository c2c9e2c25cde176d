#include "ctl/problem/mail_sender.h"

#include "run/app.h"

#include <curl/curl.h>

enum { PASSWORD_BYTES_MAX = 1024, SECOND_MS = 1000, REFUSED_FIRST = 500, LATER_FIRST = 400, ANSWERS_END = 600 };

struct sending {
	CURL *curl;
	struct curl_slist *to;
	struct slice rest; /* of the mail, not yet taken by curl */
	char why[CURL_ERROR_SIZE];
	bool is_short; /* of memory: curl did not keep a part of it, and it must not be sent */
};

#define SET_OPTION(sending, option, value) \
	((sending)->is_short |= curl_easy_setopt((sending)->curl, option, value) != CURLE_OK)

static size_t give_bytes(char *to, size_t size, size_t n, void *self)
{
	struct sending *sending = self;
	size_t count = MIN(size * n, sending->rest.n);

	if (count > 0)
		memcpy(to, sending->rest.p, count);
	sending->rest = slice_from(sending->rest, count);
	return count;
}

static int look_whether_to_stop(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)self, (void)a, (void)b, (void)c, (void)d;
	return stop_is_asked();
}

static void set_server(struct sending *sending, const struct mail_server *server)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };

	SET_OPTION(sending, CURLOPT_URL, server->url);
	SET_OPTION(sending, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET_OPTION(sending, CURLOPT_PROXY, "");
	SET_OPTION(sending, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET_OPTION(sending, CURLOPT_USE_SSL, (long)(server->has_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	SET_OPTION(sending, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET_OPTION(sending, CURLOPT_SSL_VERIFYPEER, 1L);
	SET_OPTION(sending, CURLOPT_SSL_VERIFYHOST, 2L);
	if (server->ca_file[0])
		SET_OPTION(sending, CURLOPT_CAINFO, server->ca_file);
	SET_OPTION(sending, CURLOPT_NOSIGNAL, 1L);
	SET_OPTION(sending, CURLOPT_TIMEOUT_MS, (long)server->ms_max);
	SET_OPTION(sending, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)MAX(server->ms_max / SECOND_MS, (int64_t)1));
	if (!server->user[0])
		return;
	strbuf_init(&password, PASSWORD_BYTES_MAX);
	secret_now(server->password, &password);
	SET_OPTION(sending, CURLOPT_USERNAME, server->user);
	SET_OPTION(sending, CURLOPT_PASSWORD, strbuf_text(&password));
}

static void set_mail(struct sending *sending, const char *from, const char *to)
{
	sending->to = curl_slist_append(NULL, to);
	sending->is_short |= !sending->to;
	SET_OPTION(sending, CURLOPT_ERRORBUFFER, sending->why);
	SET_OPTION(sending, CURLOPT_MAIL_FROM, from);
	SET_OPTION(sending, CURLOPT_MAIL_RCPT, sending->to);
	SET_OPTION(sending, CURLOPT_UPLOAD, 1L);
	SET_OPTION(sending, CURLOPT_READFUNCTION, give_bytes);
	SET_OPTION(sending, CURLOPT_READDATA, sending);
	SET_OPTION(sending, CURLOPT_NOPROGRESS, 0L);
	SET_OPTION(sending, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
}

/* A number says something about this mail only when it answers MAIL, RCPT or DATA (CURLE_SEND_ERROR, as curl calls it)
 * or the mail itself, all of which was given then. All else speaks of the server. */
static enum mail_outcome outcome_of(const struct sending *sending, CURLcode code, long answer)
{
	bool is_of_mail = (code == CURLE_SEND_ERROR || sending->rest.n == 0) && answer < ANSWERS_END;

	if (code == CURLE_OK)
		return MAIL_SENT;
	if (is_of_mail && answer >= REFUSED_FIRST)
		return MAIL_REFUSED;
	return is_of_mail && answer >= LATER_FIRST ? MAIL_LATER : MAIL_UNKNOWN;
}

static int send_with(struct sending *sending, enum mail_outcome *ret_outcome, char why[MAIL_WHY_BYTES], struct err *err)
{
	long answer = 0;

	if (sending->is_short)
		return err_set(err, ERR_FATAL, "memory", "no memory for a mail");
	CURLcode code = curl_easy_perform(sending->curl);

	if (code == CURLE_LOGIN_DENIED)
		return err_set(err, ERR_CONFIG, "credentials",
			       "the mail server does not accept problems.mail.user with its password");
	if (code == CURLE_OUT_OF_MEMORY)
		return err_set(err, ERR_FATAL, "memory", "no memory for a mail");
	curl_easy_getinfo(sending->curl, CURLINFO_RESPONSE_CODE, &answer);
	*ret_outcome = outcome_of(sending, code, answer);
	if (*ret_outcome == MAIL_SENT)
		why[0] = '\0';
	else if (*ret_outcome != MAIL_UNKNOWN && sending->rest.n == 0) /* curl has no words for that */
		snprintf(why, MAIL_WHY_BYTES, "mail failed: %ld", answer);
	else
		snprintf(why, MAIL_WHY_BYTES, "%s", sending->why[0] ? sending->why : curl_easy_strerror(code));
	return 0;
}

int mail_send(const struct mail_server *server, const char *from, const char *to, struct slice mail,
	      enum mail_outcome *ret_outcome, char why[MAIL_WHY_BYTES], struct err *err)
{
	struct sending sending = { .curl = curl_easy_init(), .rest = mail };

	if (!sending.curl)
		return err_set(err, ERR_FATAL, "memory", "no memory for a mail");
	set_server(&sending, server);
	set_mail(&sending, from, to);
	int rc = send_with(&sending, ret_outcome, why, err);

	curl_easy_cleanup(sending.curl);
	curl_slist_free_all(sending.to);
	return rc;
}
