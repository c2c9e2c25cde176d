#include "base/peer_cause.h"

#include "base/clock.h"
#include "base/log.h"

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
	[PEER_TLS] = { "tls", "ends the TLS handshake: it may want a certificate of ours, or another version", false },
	[PEER_LOGIN] = { "credentials", "refuses our user or password", true },
	[PEER_RIGHT] = { "right", "does not permit our user what it needs: a grant or ACL is missing", true },
	[PEER_OBJECT] = { "object", "lacks a database, schema, table or topic that we need", true },
};

static _Atomic int64_t failures[PEERS][PEER_CAUSES];
static _Atomic int64_t throttled_ms;

enum { THROTTLE_LOG_MS = 60000, SAME_AGAIN_LOG_MS = 600000 };
static _Atomic int last[PEERS];
static _Atomic int logged[PEERS];	       /* cause of the last line that said it fails */
static _Atomic int64_t logged_until_ms[PEERS]; /* until then the same cause is no news */
static _Atomic bool is_end_due[PEERS];	       /* that it serves us again is to be logged */
static _Atomic bool answered[PEERS];

const char *peer_name(enum peer peer)
{
	static const char *const NAMES[PEERS] = { "kafka", "postgresql", "redis" };

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
		{ "PLAINTEXT listener", PEER_NO_TLS },
		{ "does not support SSL", PEER_NO_TLS },
		{ "does not match host name", PEER_CERT_NAME },
		{ "SSL listener", PEER_WANTS_TLS },
		{ "certificate verify failed", PEER_CA },
		{ "could not be verified", PEER_CA },
		{ "root certificate file", PEER_CA }, /* libpq's, of one that is not there */
		{ "SSL handshake failed", PEER_TLS },
		{ "SSL error", PEER_TLS },
		{ "alert", PEER_TLS },
	};

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (strstr(text, WORDS[i].words))
			return WORDS[i].cause;
	return PEER_AWAY;
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

void peer_note(enum peer peer, enum peer_cause cause)
{
	peer_count(peer, cause);
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

void peer_failed(enum peer peer, enum peer_cause cause)
{
	char event[32];

	peer_count(peer, cause);
	/* "away" says less than any cause known: it does not take its place, and the callers log it by themselves */
	if (cause == PEER_AWAY || atomic_exchange(&last[peer], (int)cause) == (int)cause || !is_news(peer, cause))
		return;
	atomic_store(&is_end_due[peer], true);
	snprintf(event, sizeof event, "%s.failing", peer_name(peer));
	log_event(LOG_ERROR, event, "cause=%s why=%s effect=%s", peer_cause_name(cause),
		  LOG_QUOTED(peer_cause_text(cause)), LOG_QUOTED(effect_of(peer, cause)));
}

void peer_answered(enum peer peer)
{
	char event[32];

	atomic_store(&answered[peer], true);
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
