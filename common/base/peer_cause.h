/* peer_cause: why Kafka, PostgreSQL or Redis does not serve us, in words of ours that are the same for all three: a
 * name for logs and metrics, a sentence for the person who mends it.
 *
 * What a peer last failed of is kept for the process, so that a call which can only say "no answer" names the cause
 * that another thread of the same adapter has seen. A cause is logged when it begins and when it ends, not at each
 * attempt; one that comes and goes, once in ten minutes.
 *
 * Setting or condition: what nobody but a person mends ends a worker at its start (peer_cause_is_setting); once the
 * peer has served this process, every cause is a condition to wait for. Any thread. */
#ifndef BASE_PEER_CAUSE_H
#define BASE_PEER_CAUSE_H

#include "base/macros.h"

#include <stdbool.h>

enum peer { PEER_KAFKA, PEER_POSTGRESQL, PEER_REDIS, PEERS };

enum peer_cause {
	PEER_AWAY,	/* no connection, no answer, or "not now" */
	PEER_NAME,	/* its name has no address */
	PEER_CA,	/* a certificate that none of our CAs has signed */
	PEER_CERT_NAME, /* a certificate of another name */
	PEER_CERT_TIME, /* a certificate that is expired or not valid yet */
	PEER_NO_TLS,	/* we speak TLS, it does not */
	PEER_WANTS_TLS, /* we do not speak TLS, and it does, as far as can be seen */
	PEER_TLS,	/* TLS fails otherwise: it refuses our certificate, no version or cipher in common */
	PEER_LOGIN,	/* user or password */
	PEER_RIGHT,	/* logged in, but not allowed what we need */
	PEER_OBJECT,	/* a database, schema, table or topic is not there */
	PEER_CAUSES
};

const char *peer_name(enum peer peer);			  /* kafka, postgresql, redis */
const char *peer_cause_name(enum peer_cause cause);	  /* a word for metrics and err codes */
const char *peer_cause_text(enum peer_cause cause);	  /* what it does or is: "has a certificate that .." */
bool peer_cause_is_setting(enum peer_cause cause);	  /* before its first answer this is a wrong setting */
enum peer_cause peer_cause_of_tls_text(const char *text); /* of OpenSSL's words in a library's; PEER_AWAY: none */
enum peer_cause peer_cause_of_x509(int error);		  /* X509_V_ERR_ of OpenSSL; 0: PEER_TLS */

/* Counts it, and logs it when it is another than before. */
void peer_failed(enum peer peer, enum peer_cause cause);
/* Counts it and keeps it as the last: it has a log line of its own. */
void peer_note(enum peer peer, enum peer_cause cause);
/* Counts it only: it is of one statement, or has its own log line. */
void peer_count(enum peer peer, enum peer_cause cause);
void peer_answered(enum peer peer);
enum peer_cause peer_last_cause(enum peer peer); /* since it last answered; PEER_AWAY: none is known */
bool peer_has_answered(enum peer peer);
int64_t peer_failures(enum peer peer, enum peer_cause cause);

/* Kafka keeps our requests back for so long, as we are above a quota; all else looks as if nothing were to be done.
 * Logged once a minute at most. */
void peer_throttled(const char *broker, int64_t held_ms);
int64_t peer_throttled_ms(void); /* so far */

#endif
