#include "base/peer_cause.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/* X509_V_ERR_.. of OpenSSL's interface; this module has no library. */
enum {
	CERT_NOT_YET_VALID = 9,
	CERT_HAS_EXPIRED = 10,
	SELF_SIGNED_LEAF = 18,
	SELF_SIGNED_IN_CHAIN = 19,
	NO_ISSUER = 2,
	NO_ISSUER_HERE = 20,
	NO_CHAIN = 21,
	OTHER_HOST = 62,
	OTHER_ADDRESS = 64,
};

static const struct {
	const char *name, *text;
	bool is_setting;
} CAUSES[PEER_CAUSES] = {
	[PEER_AWAY] = { "away", "cannot be reached or is not ready", false },
	[PEER_NAME] = { "name", "has a name without an address: see the settings and the resolver of this machine",
			false },
	[PEER_CA] = { "ca", "has a certificate that no CA we trust has signed: see the CA file of the settings", true },
	[PEER_CERT_NAME] = { "certificate-name", "has a certificate of another name than the settings call it", true },
	[PEER_CERT_TIME] = { "certificate-expired", "has a certificate that is expired, or not valid yet", true },
	[PEER_NO_TLS] = { "no-tls", "does not speak TLS at this port, and the settings want it", true },
	[PEER_WANTS_TLS] = { "wants-tls",
			     "closes our connection unread: it seems to want TLS, which the settings do not", false },
	[PEER_TLS_VERSION] = { "tls-version",
			       "has no TLS version, cipher or signature in common with us: we want TLS 1.2 or newer",
			       true },
	[PEER_CLIENT_CERT] = { "client-certificate",
			       "does not believe our certificate, or wants one and we have none: see the "
			       "certificate and key files of the settings, their end, and the CA that the server "
			       "trusts",
			       true },
	[PEER_TLS] = { "tls", "ends the TLS handshake: it may want a certificate of ours, or another version", false },
	[PEER_PROTOCOL] = { "protocol", "answers in another protocol: something else listens at this address and port",
			    true },
	[PEER_MECHANISM] = { "mechanism", "does not offer the way to log in that the settings have", true },
	[PEER_WANTS_LOGIN] = { "wants-login",
			       "closes our connection: it seems to want a login, which the settings do not", false },
	[PEER_LOGIN] = { "credentials", "refuses our user or password", true },
	[PEER_RIGHT] = { "right", "does not permit our user what it needs: a grant or ACL is missing", true },
	[PEER_OBJECT] = { "object", "lacks a database, schema, table or topic that we need", true },
	[PEER_FILES] = { "file", "cannot be asked: the CA file, our certificate or its key is not there or not right",
			 true },
	[PEER_GROUP] = { "group",
			 "has others in our consumer group who share it in another way: a foreign program has its name",
			 false },
};

static _Atomic int64_t failures[PEERS][PEER_CAUSES];
static _Atomic int64_t throttled_ms;

enum { THROTTLE_LOG_MS = 60000, SAME_AGAIN_LOG_MS = 600000, LINE_LASTS_MS = 65000 };
static _Atomic int last[PEERS];
static _Atomic int logged[PEERS];	       /* cause of the last line that said it fails */
static _Atomic int64_t logged_until_ms[PEERS]; /* until then the same cause is no news */
static _Atomic bool is_end_due[PEERS];	       /* that it serves us again is to be logged */
static _Atomic bool answered[PEERS];
static _Atomic int last_line[PEERS];	     /* enum peer_line, since it last answered */
static _Atomic int64_t line_until_ms[PEERS]; /* of a line that fails now and then nothing is said any more */

static pthread_mutex_t where_lock = PTHREAD_MUTEX_INITIALIZER;
static char where_of[PEERS][PEER_WHERE_BYTES]; /* it last failed; empty: not known */

const char *peer_name(enum peer peer)
{
	static const char *const NAMES[PEERS] = { "kafka", "postgresql", "redis", "issuer" };

	return NAMES[peer];
}

const char *peer_cause_name(enum peer_cause cause)
{
	return CAUSES[cause].name;
}

const char *peer_cause_text(enum peer_cause cause)
{
	return CAUSES[cause].text;
}

bool peer_cause_is_setting(enum peer_cause cause)
{
	return CAUSES[cause].is_setting;
}

enum peer_cause peer_cause_of_tls_text(const char *text)
{
	static const struct {
		const char *words;
		enum peer_cause cause;
	} WORDS[] = {
		{ "wrong version number", PEER_NO_TLS },
		{ "packet length too long", PEER_NO_TLS },
		{ "http request", PEER_NO_TLS },
		{ "does not support SSL", PEER_NO_TLS },
		{ "does not match host name", PEER_CERT_NAME },
		{ "SSL listener", PEER_WANTS_TLS },
		{ "require SASL", PEER_WANTS_LOGIN },
		{ "Unsupported SASL mechanism", PEER_MECHANISM },
		{ "Invalid response size", PEER_PROTOCOL },
		{ "Invalid message size", PEER_PROTOCOL },
		{ "certificate verify failed", PEER_CA },
		{ "could not be verified", PEER_CA },
		{ "root certificate file", PEER_CA }, /* libpq's, of one that is not there */
		{ "certificate required", PEER_CLIENT_CERT },
		{ "alert bad certificate", PEER_CLIENT_CERT },
		{ "alert unsupported certificate", PEER_CLIENT_CERT },
		{ "alert certificate", PEER_CLIENT_CERT },
		{ "alert unknown ca", PEER_CLIENT_CERT },
		{ "alert access denied", PEER_CLIENT_CERT },
		{ "alert protocol version", PEER_TLS_VERSION },
		{ "alert insufficient security", PEER_TLS_VERSION },
		{ "unsupported protocol", PEER_TLS_VERSION },
		{ "legacy sigalg", PEER_TLS_VERSION },
		{ "no shared cipher", PEER_TLS_VERSION },
		{ "no protocols available", PEER_TLS_VERSION },
		{ "isconnected", PEER_AWAY }, /* a line that ends in the handshake: peer_line_of_text */
		{ "SSL handshake failed", PEER_TLS },
		{ "SSL error", PEER_TLS },
		{ "alert", PEER_TLS },
	};

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (strstr(text, WORDS[i].words))
			return WORDS[i].cause;
	return PEER_AWAY;
}

enum peer_cause peer_cause_of_alert(int alert)
{
	enum {
		FIRST_OF_CERTIFICATE = 42,
		LAST_OF_CERTIFICATE = 46,
		UNKNOWN_CA = 48,
		ACCESS_DENIED = 49,
		PROTOCOL_VERSION = 70,
		INSUFFICIENT_SECURITY = 71,
		CERTIFICATE_REQUIRED = 116
	};

	if ((alert >= FIRST_OF_CERTIFICATE && alert <= LAST_OF_CERTIFICATE) || alert == UNKNOWN_CA ||
	    alert == ACCESS_DENIED || alert == CERTIFICATE_REQUIRED)
		return PEER_CLIENT_CERT;
	return alert == PROTOCOL_VERSION || alert == INSUFFICIENT_SECURITY ? PEER_TLS_VERSION : PEER_TLS;
}

/* ---- lines ---- */

const char *peer_line_text(enum peer_line line)
{
	static const char *const TEXTS[PEER_LINES] = {
		[PEER_LINE_UNKNOWN] = "cannot be reached or is not ready",
		[PEER_LINE_REFUSED] =
			"cannot be reached: it refuses the connection, so nothing listens at this address "
			"and port",
		[PEER_LINE_UNROUTED] = "cannot be reached: this machine knows no way to its address",
		[PEER_LINE_SILENT] = "does not answer in time: it hangs, or something in between drops what we send",
		[PEER_LINE_CLOSED] =
			"ends the connection before it answers: it starts or ends, or is a proxy whose "
			"server is away, or something else listens there",
		[PEER_LINE_CUT] =
			"ends the connection in the middle of the TLS handshake: this is no TLS port, or a proxy "
			"whose server is away",
		[PEER_LINE_NO_SOCKET] = "cannot be reached: there is no socket at this path",
		[PEER_LINE_NOT_NOW] = "is there, and does not serve us now: the log has its code",
	};

	return TEXTS[line];
}

enum peer_line peer_line_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return PEER_LINE_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EADDRNOTAVAIL:
		return PEER_LINE_UNROUTED;
	case ETIMEDOUT:
	case EAGAIN:
		return PEER_LINE_SILENT;
	case ECONNRESET:
	case EPIPE:
		return PEER_LINE_CLOSED;
	case ENOENT:
		return PEER_LINE_NO_SOCKET;
	default:
		return PEER_LINE_UNKNOWN;
	}
}

enum peer_line peer_line_of_text(const char *text)
{
	static const struct {
		const char *words;
		enum peer_line line;
	} WORDS[] = {
		{ "onnection refused", PEER_LINE_REFUSED },
		{ "No route to host", PEER_LINE_UNROUTED },
		{ "is unreachable", PEER_LINE_UNROUTED },
		{ "No such file", PEER_LINE_NO_SOCKET },
		{ "imed out", PEER_LINE_SILENT },
		{ "timeout", PEER_LINE_SILENT },
		{ "PLAINTEXT", PEER_LINE_CUT },
		{ "SSL_HANDSHAKE", PEER_LINE_CUT },
		{ "SSL SYSCALL", PEER_LINE_CUT },
		{ "isconnected", PEER_LINE_CLOSED },
		{ "reset by peer", PEER_LINE_CLOSED },
		{ "Broken pipe", PEER_LINE_CLOSED },
		{ "closed the connection", PEER_LINE_CLOSED },
		{ "unexpected eof", PEER_LINE_CLOSED },
		{ "EOF detected", PEER_LINE_CLOSED },
	};

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (strstr(text, WORDS[i].words))
			return WORDS[i].line;
	return PEER_LINE_UNKNOWN;
}

/* ---- what is known of each peer ---- */

static void keep_where(enum peer peer, const char *where)
{
	if (!where || !*where)
		return;
	pthread_mutex_lock(&where_lock);
	snprintf(where_of[peer], sizeof where_of[peer], "%s", where);
	pthread_mutex_unlock(&where_lock);
}

const char *peer_where(enum peer peer, char ret[PEER_WHERE_BYTES])
{
	pthread_mutex_lock(&where_lock);
	memcpy(ret, where_of[peer], PEER_WHERE_BYTES);
	pthread_mutex_unlock(&where_lock);
	return ret;
}

void peer_expect_at(enum peer peer, const char *where)
{
	pthread_mutex_lock(&where_lock);
	if (!where_of[peer][0])
		snprintf(where_of[peer], sizeof where_of[peer], "%s", where);
	pthread_mutex_unlock(&where_lock);
}

const char *peer_explain(enum peer peer, char ret[PEER_TEXT_BYTES])
{
	enum peer_cause cause = peer_last_cause(peer);
	enum peer_line line = (enum peer_line)atomic_load(&last_line[peer]);
	const char *text = cause == PEER_AWAY ? peer_line_text(line) : peer_cause_text(cause);
	char where[PEER_WHERE_BYTES];

	peer_where(peer, where);
	if (cause == PEER_AWAY && (line == PEER_LINE_UNKNOWN || clock_ms() > atomic_load(&line_until_ms[peer])))
		ret[0] = '\0';
	else
		snprintf(ret, PEER_TEXT_BYTES, "%s%s%s%s", *where ? "at " : "", where, *where ? " " : "", text);
	return ret;
}

enum peer_cause peer_cause_of_x509(int error)
{
	switch (error) {
	case CERT_NOT_YET_VALID:
	case CERT_HAS_EXPIRED:
		return PEER_CERT_TIME;
	case OTHER_HOST:
	case OTHER_ADDRESS:
		return PEER_CERT_NAME;
	case SELF_SIGNED_LEAF:
	case SELF_SIGNED_IN_CHAIN:
	case NO_ISSUER:
	case NO_ISSUER_HERE:
	case NO_CHAIN:
		return PEER_CA;
	default:
		return PEER_TLS;
	}
}

void peer_count(enum peer peer, enum peer_cause cause)
{
	atomic_fetch_add(&failures[peer][cause], 1);
}

/* PostgreSQL says itself that it wants TLS; of the others it is a guess, which a server that ends looks like, too. */
static bool ends_others(enum peer peer, enum peer_cause cause)
{
	return peer_cause_is_setting(cause) || (peer == PEER_POSTGRESQL && cause == PEER_WANTS_TLS);
}

static const char *effect_of(enum peer peer, enum peer_cause cause)
{
	if (peer == PEER_REDIS)
		return "we go on without the cache, and try again";
	if (peer_has_answered(peer))
		return "it served us before: we wait, and try again";
	return ends_others(peer, cause) ? "it never served us: a gateway waits, others end" : "we wait, and try again";
}

void peer_note_at(enum peer peer, enum peer_cause cause, const char *where)
{
	peer_count(peer, cause);
	keep_where(peer, where);
	atomic_store(&last[peer], (int)cause);
}

/* Whether a cause that begins is news: a peer may refuse one command, answer the next and refuse again, all day. */
static bool is_news(enum peer peer, enum peer_cause cause)
{
	int64_t now_ms = clock_ms();

	if (atomic_exchange(&logged[peer], (int)cause) == (int)cause && now_ms < atomic_load(&logged_until_ms[peer]))
		return false;
	atomic_store(&logged_until_ms[peer], now_ms + SAME_AGAIN_LOG_MS);
	return true;
}

void peer_is_away(enum peer peer, enum peer_line line, const char *where)
{
	peer_count(peer, PEER_AWAY);
	if (peer_last_cause(peer) != PEER_AWAY)
		return;
	if (line != PEER_LINE_UNKNOWN)
		atomic_store(&last_line[peer], (int)line);
	atomic_store(&line_until_ms[peer], clock_ms() + LINE_LASTS_MS);
	keep_where(peer, where);
}

void peer_failed_at(enum peer peer, enum peer_cause cause, const char *where)
{
	char event[32], at[PEER_WHERE_BYTES];

	if (cause == PEER_AWAY) {
		peer_is_away(peer, PEER_LINE_UNKNOWN, where);
		return;
	}
	peer_count(peer, cause);
	keep_where(peer, where);
	/* "away" says less than any cause known: it does not take its place, and the callers log it by themselves */
	if (atomic_exchange(&last[peer], (int)cause) == (int)cause || !is_news(peer, cause))
		return;
	atomic_store(&is_end_due[peer], true);
	snprintf(event, sizeof event, "%s.failing", peer_name(peer));
	peer_where(peer, at);
	log_event(LOG_ERROR, event, "cause=%s%s%s why=%s effect=%s", peer_cause_name(cause), *at ? " where=" : "",
		  *at ? LOG_QUOTED(at) : "", LOG_QUOTED(peer_cause_text(cause)), LOG_QUOTED(effect_of(peer, cause)));
}

void peer_answered(enum peer peer)
{
	char event[32];

	atomic_store(&answered[peer], true);
	atomic_store(&last_line[peer], PEER_LINE_UNKNOWN);
	int was = atomic_load(&last[peer]);

	if (was == PEER_AWAY || !atomic_compare_exchange_strong(&last[peer], &was, PEER_AWAY) ||
	    !atomic_exchange(&is_end_due[peer], false))
		return;
	snprintf(event, sizeof event, "%s.serving", peer_name(peer));
	log_event(LOG_INFO, event, "cause=%s effect=\"it serves us again\"", peer_cause_name((enum peer_cause)was));
}

enum peer_cause peer_last_cause(enum peer peer)
{
	return (enum peer_cause)atomic_load(&last[peer]);
}

bool peer_has_answered(enum peer peer)
{
	return atomic_load(&answered[peer]);
}

int64_t peer_failures(enum peer peer, enum peer_cause cause)
{
	return atomic_load(&failures[peer][cause]);
}

void peer_throttled(const char *broker, int64_t held_ms)
{
	static _Atomic int64_t log_again_at_ms;
	int64_t now_ms = clock_ms(), due_ms = atomic_load(&log_again_at_ms);

	atomic_fetch_add(&throttled_ms, held_ms);
	if (held_ms > 0 && now_ms >= due_ms &&
	    atomic_compare_exchange_strong(&log_again_at_ms, &due_ms, now_ms + THROTTLE_LOG_MS))
		log_event(LOG_WARN, "kafka.throttled", "broker=%s held_ms=%lld why=%s effect=%s", LOG_QUOTED(broker),
			  (long long)held_ms, LOG_QUOTED("a quota of Kafka for our user or client id"),
			  LOG_QUOTED("what we send and read waits"));
}

int64_t peer_throttled_ms(void)
{
	return atomic_load(&throttled_ms);
}
