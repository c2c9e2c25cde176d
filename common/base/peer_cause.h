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

enum peer { PEER_KAFKA, PEER_POSTGRESQL, PEER_REDIS, PEER_ISSUER, PEERS };

enum { PEER_WHERE_BYTES = 160, PEER_TEXT_BYTES = 384 };

enum peer_cause {
	PEER_AWAY,	  /* no connection, no answer, or "not now" */
	PEER_NAME,	  /* its name has no address */
	PEER_CA,	  /* a certificate that none of our CAs has signed */
	PEER_CERT_NAME,	  /* a certificate of another name */
	PEER_CERT_TIME,	  /* a certificate that is expired or not valid yet */
	PEER_NO_TLS,	  /* we speak TLS, it does not */
	PEER_WANTS_TLS,	  /* we do not speak TLS, and it does, as far as can be seen */
	PEER_TLS_VERSION, /* no version, cipher or signature in common */
	PEER_CLIENT_CERT, /* it wants a certificate of ours, and we have none, or it does not believe it */
	PEER_TLS,	  /* TLS fails otherwise */
	PEER_PROTOCOL,	  /* it answers, and not in its protocol: another server is there */
	PEER_MECHANISM,	  /* it offers no way to log in that the settings have */
	PEER_WANTS_LOGIN, /* we do not log in, and it wants us to, as far as can be seen */
	PEER_LOGIN,	  /* user or password */
	PEER_RIGHT,	  /* logged in, but not allowed what we need */
	PEER_OBJECT,	  /* a database, schema, table or topic is not there */
	PEER_FILES,	  /* our CA file, certificate or key cannot be read, or they do not belong together */
	PEER_GROUP,	  /* our consumer group has members of another kind: somebody else has its name */
	PEER_CAUSES
};

/* Of PEER_AWAY: how the line failed. They share its word, as nobody needs to be woken for one more than for another;
 * each has a sentence of its own. */
enum peer_line {
	PEER_LINE_UNKNOWN,
	PEER_LINE_REFUSED,   /* nothing listens there */
	PEER_LINE_UNROUTED,  /* this machine knows no way to it */
	PEER_LINE_SILENT,    /* no answer in time */
	PEER_LINE_CLOSED,    /* it ends the line before it answers */
	PEER_LINE_CUT,	     /* the same, in the middle of the TLS handshake */
	PEER_LINE_NO_SOCKET, /* of a path: no such socket */
	PEER_LINE_NOT_NOW,   /* it is there and answers, and does not serve us now */
	PEER_LINES
};

const char *peer_name(enum peer peer);			  /* kafka, postgresql, redis, issuer */
const char *peer_cause_name(enum peer_cause cause);	  /* a word for metrics and err codes */
const char *peer_cause_text(enum peer_cause cause);	  /* what it does or is: "has a certificate that .." */
bool peer_cause_is_setting(enum peer_cause cause);	  /* before its first answer this is a wrong setting */
enum peer_cause peer_cause_of_tls_text(const char *text); /* of OpenSSL's words in a library's; PEER_AWAY: none */
enum peer_cause peer_cause_of_x509(int error);		  /* X509_V_ERR_ of OpenSSL; 0: PEER_TLS */
enum peer_cause peer_cause_of_alert(int alert);		  /* that a server sent us: its number (RFC 8446, 6) */
enum peer_line peer_line_of_errno(int error);
enum peer_line peer_line_of_text(const char *text); /* of a library's words, in English */
const char *peer_line_text(enum peer_line line);    /* "cannot be reached: .." */

/* Counts it, and logs it when it is another than before. where: HOST:PORT, or a path; NULL: not known. */
void peer_failed_at(enum peer peer, enum peer_cause cause, const char *where);
static inline void peer_failed(enum peer peer, enum peer_cause cause)
{
	peer_failed_at(peer, cause, NULL);
}
/* The same of PEER_AWAY, and how. */
void peer_is_away(enum peer peer, enum peer_line line, const char *where);
/* Counts it and keeps it as the last: it has a log line of its own. */
void peer_note_at(enum peer peer, enum peer_cause cause, const char *where);
static inline void peer_note(enum peer peer, enum peer_cause cause)
{
	peer_note_at(peer, cause, NULL);
}
/* Counts it only: it is of one statement, or has its own log line. */
void peer_count(enum peer peer, enum peer_cause cause);
void peer_answered(enum peer peer);
enum peer_cause peer_last_cause(enum peer peer); /* since it last answered; PEER_AWAY: none is known */
/* Where it should be, as the settings have it: until it is known which of the places failed. */
void peer_expect_at(enum peer peer, const char *where);
/* Where it last failed; "": not known. Returns ret. */
const char *peer_where(enum peer peer, char ret[PEER_WHERE_BYTES]);
/* "at HOST:PORT has a certificate .." of what it last failed of since it answered; "": it did not. Returns ret. */
const char *peer_explain(enum peer peer, char ret[PEER_TEXT_BYTES]);
bool peer_has_answered(enum peer peer);
int64_t peer_failures(enum peer peer, enum peer_cause cause);

/* Kafka keeps our requests back for so long, as we are above a quota; all else looks as if nothing were to be done.
 * Logged once a minute at most. */
void peer_throttled(const char *broker, int64_t held_ms);
int64_t peer_throttled_ms(void); /* so far */

#endif
