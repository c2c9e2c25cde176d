/* problem_send: mails what boards reported to the helpdesk, and what is exceptional to the council of a sector. Run
 * every few minutes by instroom-problems.timer; nothing stays in memory, all of it is in register.problem_mail.
 *
 *   1. One run at a time: the second ends at once (an advisory lock, which goes with the connection).
 *   2. The mails that are due: those never tried, oldest first, then the others by when their pause is over. Each
 *      attempt makes the pause longer, so what the server refuses for good, or dies of, goes behind all others, also
 *      when --all passes over the pauses. Those whose recipient has no address in the settings are counted and left:
 *      were they taken, as many as one run takes would keep all later ones from being sent, for good.
 *   3. The attempt is stored before anything is sent: it sets the next one and, the first time, the Message-ID. So a
 *      run that dies, at any instruction, is followed by another attempt, later and with the same Message-ID.
 *   4. The mail is sent, and what came of it is stored. If the server's answer is lost, or the register goes away
 *      before it has the answer, the mail is sent again: at least once, and its reader sees that it is the same.
 *      MAIL_LATER    the next mail; this one again when its pause is over
 *      MAIL_REFUSED  an operator is needed: --all tries it again
 *      MAIL_UNKNOWN  the server is away or hangs: the run ends, the others are not tried
 *   5. What wants an operator is told at the end of each run, and is its exit status: refused, no address, or waiting
 *      for hours.
 *
 * No header: run_problems_send stands in problem_commands.h. */
#include "ctl/problem/problem_commands.h"

#include "ctl/base/question.h"
#include "ctl/problem/mail_sender.h"
#include "ctl/problem/mail_text.h"

#include <curl/curl.h>

enum { RUN_MAILS_MAX = 100, MAIL_BYTES_MAX = 1 << 20, MESSAGE_ID_BYTES = 320, LATE_HOURS = 4 };

enum {
	MAIL_PROBLEM,
	MAIL_RECIPIENT,
	MAIL_REFERENCE,
	MAIL_BOARD,
	MAIL_DATE,
	MAIL_TEXT,
	MAIL_FIRST_ID,
};

/* $1: those that the mail server refused too */
#define DUE                                                                          \
	" m.sent_at is null and ($1 or m.refused_at is null and m.next_at <= now())" \
	" and (p.closed_at is null or m.recipient <> 'helpdesk')"
/* $2: the recipients that have an address, with commas between them */
#define HAS_ADDRESS "m.recipient = any (string_to_array($2, ','))"

/* Its text is made here, of what is stored. A council is not told what the helpdesk does. */
static const char DUE_SQL[] =
	"select p.id, m.recipient, p.reference, " CTL_SQL_BOARD("p.board") ","
	"  to_char(m.at at time zone 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS +0000'),"
	"  concat_ws(e'\\n', 'Melding ' || p.reference || ' van bestuur ' || " CTL_SQL_BOARD("p.board") ","
	"   'Gemeld op: ' || " CTL_SQL_TIME("p.at") ", 'Levering: ' || p.delivery_id,"
	"   'Codes: ' || nullif((select string_agg(key || ' ' || value, ', ' order by key)"
	"     from jsonb_each_text(p.codes)), ''), 'Trace-id: ' || p.trace_id,"
	"   e'\\nToelichting van het bestuur:\\n' || p.words,"
	"   e'\\nWaarom de sectorraad wordt gevraagd:\\n' || m.words,"
	"   case when m.recipient = 'helpdesk' then e'\\nAfhandelen: instroomctl problems close ' || p.reference end)"
	"   || e'\\n', h.message_id"
	" from register.problem_mail m join register.problem p on p.id = m.problem"
	" left join register.problem_mail h on h.problem = p.id and h.recipient = 'helpdesk'"
	"   and m.recipient <> 'helpdesk'"
	" where" DUE " and " HAS_ADDRESS
	" order by m.attempts > 0, case when m.attempts > 0 then m.next_at else m.at end, m.at, m.recipient limit $3";

static const char UNADDRESSED_SQL[] =
	"select m.recipient, count(*) from register.problem_mail m join register.problem p on p.id = m.problem"
	" where" DUE " and not " HAS_ADDRESS " group by m.recipient order by m.recipient";

static const char WAITING_SQL[] =
	"select count(*) filter (where m.refused_at is not null),"
	"  count(*) filter (where m.refused_at is null and m.at < now() - make_interval(hours => $1))"
	" from register.problem_mail m join register.problem p on p.id = m.problem"
	" where m.sent_at is null and (p.closed_at is null or m.recipient <> 'helpdesk')";

/* ---- settings ---- */

static const char *address_of(const struct problem_settings *settings, struct slice recipient)
{
	const struct {
		const char *recipient, *address;
	} ADDRESSES[] = { { "helpdesk", settings->helpdesk },
			  { "PO", settings->council_po },
			  { "VO", settings->council_vo },
			  { "WEC", settings->council_wec },
			  { "MBO", settings->council_mbo } };

	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++)
		if (slice_equal_text(recipient, ADDRESSES[i].recipient))
			return ADDRESSES[i].address;
	return "";
}

enum { ADDRESSED_BYTES = 32 };

/* The recipients that have one, with commas between them. */
static void list_addressed(const struct problem_settings *settings, char ret[ADDRESSED_BYTES])
{
	static const char *const RECIPIENTS[] = { "helpdesk", "PO", "VO", "WEC", "MBO" };
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(RECIPIENTS); i++)
		if (address_of(settings, slice_of(RECIPIENTS[i]))[0])
			n += (size_t)snprintf(ret + n, ADDRESSED_BYTES - n, "%s%s", n > 0 ? "," : "", RECIPIENTS[i]);
}

static int check_addresses(const struct problem_settings *settings, struct err *err)
{
	const struct {
		const char *key, *address;
	} ADDRESSES[] = {
		{ "problems.mail.from", settings->from },	   { "problems.helpdesk", settings->helpdesk },
		{ "problems.council.po", settings->council_po },   { "problems.council.vo", settings->council_vo },
		{ "problems.council.wec", settings->council_wec }, { "problems.council.mbo", settings->council_mbo }
	};

	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++)
		if (ADDRESSES[i].address[0] && !mail_address_is_good(slice_of(ADDRESSES[i].address)))
			return err_set(err, ERR_CONFIG, ADDRESSES[i].key, "%s is no mail address", ADDRESSES[i].key);
	if (!settings->from[0])
		return err_set(err, ERR_CONFIG, "problems.mail.from",
			       "problems.mail.from is empty: who sends the mails");
	return 0;
}

static int check_settings(const struct problem_settings *settings, struct err *err)
{
	bool is_secure = slice_starts_with(slice_of(settings->url), "smtps://");

	if (!is_secure && !slice_starts_with(slice_of(settings->url), "smtp://"))
		return err_set(err, ERR_CONFIG, "problems.mail.url",
			       "problems.mail.url is the mail server that takes problems: smtp:// or smtps://");
	if (settings->user[0] && !settings->password.path)
		return err_set(err, ERR_CONFIG, "problems.mail.password.file",
			       "problems.mail.user logs in with problems.mail.password.file, which is empty");
	if (settings->user[0] && !is_secure && strcmp(settings->tls, "none") == 0)
		return err_set(err, ERR_CONFIG, "problems.mail.tls",
			       "problems.mail.tls is none: a password does not travel without TLS");
	return check_addresses(settings, err);
}

static struct mail_server server_of(const struct problem_settings *settings)
{
	return (struct mail_server){ .url = settings->url,
				     .ca_file = settings->ca_file,
				     .has_tls = strcmp(settings->tls, "none") != 0,
				     .user = settings->user,
				     .password = &settings->password,
				     .ms_max = settings->ms_max };
}

/* ---- one mail ---- */

struct run {
	struct ctl *ctl;
	struct pg_link *link;
	struct mail_server server;
	struct strbuf mail;
	size_t sent;
	int64_t unaddressed;
	bool is_over; /* the server is away */
};

static void add_mail(struct pg_params *params, const struct pg_rows *rows, size_t row)
{
	pg_params_reset(params);
	pg_add_i64(params, pg_get_i64(rows, row, MAIL_PROBLEM));
	pg_add_text(params, pg_get_bytes(rows, row, MAIL_RECIPIENT));
}

/* *ret_id: of no mail when somebody else sent it meanwhile. */
static int begin_attempt(struct run *run, const struct pg_rows *rows, size_t row, char ret_id[MESSAGE_ID_BYTES],
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *begun = NULL;
	struct slice reference = pg_get_bytes(rows, row, MAIL_REFERENCE), to = pg_get_bytes(rows, row, MAIL_RECIPIENT);
	const char *domain = strchr(run->ctl->config.problems.from, '@');
	struct pg_params params;
	char first[MESSAGE_ID_BYTES];

	snprintf(first, sizeof first, "<%.*s.%.*s%s>", (int)reference.n, reference.p, (int)to.n, to.p, domain);
	add_mail(&params, rows, row);
	pg_add_text(&params, slice_of(first));
	int rc = pg_exec(run->link, NULL, "select coalesce(register.begin_problem_mail($1, $2, $3), '')", &params,
			 &begun, NULL, err);

	if (rc != 0)
		return rc;
	snprintf(ret_id, MESSAGE_ID_BYTES, "%.*s", (int)pg_get_bytes(begun, 0, 0).n, pg_get_bytes(begun, 0, 0).p);
	return 0;
}

static int end_attempt(struct run *run, const struct pg_rows *rows, size_t row, enum mail_outcome outcome,
		       const char *why, struct err *err)
{
	struct pg_params params;

	add_mail(&params, rows, row);
	pg_add_bool(&params, outcome == MAIL_SENT);
	pg_add_bool(&params, outcome == MAIL_REFUSED);
	question_add_text(&params, why[0] ? why : NULL);
	return pg_exec(run->link, NULL, "select register.end_problem_mail($1, $2, $3, $4, $5)", &params, NULL, NULL,
		       err);
}

static int make_mail(struct run *run, const struct pg_rows *rows, size_t row, const char *to, const char *message_id,
		     struct err *err)
{
	struct slice reference = pg_get_bytes(rows, row, MAIL_REFERENCE), board = pg_get_bytes(rows, row, MAIL_BOARD);
	char subject[80];

	snprintf(subject, sizeof subject, "Instroom: melding %.*s van bestuur %.*s", (int)reference.n, reference.p,
		 (int)board.n, board.p);
	const struct mail_text mail = { .from = run->ctl->config.problems.from,
					.to = to,
					.date = pg_get_bytes(rows, row, MAIL_DATE),
					.message_id = slice_of(message_id),
					.in_reply_to = pg_get_bytes(rows, row, MAIL_FIRST_ID),
					.subject = subject,
					.text = pg_get_bytes(rows, row, MAIL_TEXT) };

	strbuf_reset(&run->mail);
	mail_text_make(&mail, &run->mail);
	return strbuf_check(&run->mail, "a mail", err);
}

static void tell(const struct pg_rows *rows, size_t row, const char *what, const char *why)
{
	struct slice reference = pg_get_bytes(rows, row, MAIL_REFERENCE), to = pg_get_bytes(rows, row, MAIL_RECIPIENT);

	printf("%.*s %.*s %s%s%s\n", (int)reference.n, reference.p, (int)to.n, to.p, what, why[0] ? ": " : "", why);
}

static int send_one(struct run *run, const struct pg_rows *rows, size_t row, struct err *err)
{
	static const char *const WORDS[] = {
		[MAIL_SENT] = "sent", [MAIL_LATER] = "later", [MAIL_REFUSED] = "refused", [MAIL_UNKNOWN] = "no answer"
	};
	const struct problem_settings *settings = &run->ctl->config.problems;
	const char *to = address_of(settings, pg_get_bytes(rows, row, MAIL_RECIPIENT));
	char message_id[MESSAGE_ID_BYTES], why[MAIL_WHY_BYTES] = "";
	enum mail_outcome outcome = MAIL_UNKNOWN;

	int rc = begin_attempt(run, rows, row, message_id, err);

	if (rc != 0 || !message_id[0])
		return rc;
	rc = make_mail(run, rows, row, to, message_id, err);
	if (rc == 0)
		rc = mail_send(&run->server, settings->from, to, strbuf_slice(&run->mail), &outcome, why, err);
	if (rc != 0)
		return rc;
	tell(rows, row, WORDS[outcome], why);
	run->sent += outcome == MAIL_SENT;
	run->is_over = outcome == MAIL_UNKNOWN;
	if (run->is_over)
		err_set(err, ERR_RETRY, "mail-server", "the mail server gave no answer: %s", why);
	struct err unsaid = { 0 };

	rc = end_attempt(run, rows, row, outcome, why, run->is_over ? &unsaid : err);
	return run->is_over ? -ERR_RETRY : rc;
}

/* ---- a run ---- */

static void add_due(struct pg_params *params, const struct run *run, const char *addressed)
{
	pg_params_reset(params);
	pg_add_bool(params, ctl_has(run->ctl, OPTION_ALL));
	pg_add_text(params, slice_of(addressed));
}

static int count_unaddressed(struct run *run, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	char addressed[ADDRESSED_BYTES];
	struct pg_params params;

	list_addressed(&run->ctl->config.problems, addressed);
	add_due(&params, run, addressed);
	int rc = pg_exec(run->link, NULL, UNADDRESSED_SQL, &params, &rows, NULL, err);

	for (size_t row = 0; rc == 0 && row < pg_rows_count(rows); row++) {
		struct slice to = pg_get_bytes(rows, row, 0);
		int64_t count = pg_get_i64(rows, row, 1);

		printf("%.*s has no address in the settings: %lld %s\n", (int)to.n, to.p, (long long)count,
		       count == 1 ? "mail" : "mails");
		run->unaddressed += count;
	}
	return rc;
}

static int send_due(struct run *run, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	char addressed[ADDRESSED_BYTES];
	struct pg_params params;

	list_addressed(&run->ctl->config.problems, addressed);
	add_due(&params, run, addressed);
	pg_add_i32(&params, RUN_MAILS_MAX);
	int rc = pg_exec(run->link, NULL, DUE_SQL, &params, &rows, NULL, err);

	for (size_t row = 0; rc == 0 && row < pg_rows_count(rows) && !stop_is_asked(); row++)
		rc = send_one(run, rows, row, err);
	return rc;
}

/* What wants an operator, whichever run met it. */
static int tell_waiting(struct run *run, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, LATE_HOURS);
	int rc = pg_exec(run->link, NULL, WAITING_SQL, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	int64_t refused = pg_get_i64(rows, 0, 0), late = pg_get_i64(rows, 0, 1);

	if (refused == 0 && late == 0 && run->unaddressed == 0)
		return 0;
	return err_set(
		err, ERR_DATA, "unsent",
		"%lld mails are refused by the mail server, %lld wait for more than %d hours, %lld have no address: "
		"problems list says which; problems send --all tries them again",
		(long long)refused, (long long)late, LATE_HOURS, (long long)run->unaddressed);
}

static int take_lock(struct run *run, bool *ret_is_taken, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(run->link, NULL, "select pg_try_advisory_lock(hashtextextended('instroom problems send', 0))",
			 NULL, &rows, NULL, err);

	*ret_is_taken = rc == 0 && pg_get_bool(rows, 0, 0);
	return rc;
}

int run_problems_send(struct ctl *ctl)
{
	struct run run = { .ctl = ctl, .server = server_of(&ctl->config.problems) };
	bool is_ours = false;
	struct err err = { 0 };
	int rc = check_settings(&ctl->config.problems, &err);

	if (rc == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		rc = err_set(&err, ERR_FATAL, "curl", "libcurl does not start");
	if (rc != 0)
		return ctl_fail(&err);
	strbuf_init(&run.mail, MAIL_BYTES_MAX);
	rc = ctl_connect(ctl, false, &run.link, &err);
	if (rc == 0)
		rc = take_lock(&run, &is_ours, &err);
	if (rc == 0 && is_ours)
		rc = count_unaddressed(&run, &err);
	if (rc == 0 && is_ours)
		rc = send_due(&run, &err);
	if (rc == 0 && is_ours)
		rc = tell_waiting(&run, &err);
	if (rc == 0 && !is_ours)
		fprintf(stderr, "instroomctl: another run is sending\n");
	pg_link_close(run.link);
	strbuf_release(&run.mail);
	curl_global_cleanup();
	return rc == 0 ? 0 : ctl_fail(&err);
}
