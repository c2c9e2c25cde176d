/* access_grant: as whom a request was let in, and on what basis: kept with what the request does. */
#ifndef GATEWAY_ACCESS_GRANT_H
#define GATEWAY_ACCESS_GRANT_H

#include "model/access_right.h"
#include "model/party_number.h"
#include "protocol/access_header.h"

enum { SPEAKER_REFERENCE_BYTES = 96 };

struct access_grant {
	enum access_basis basis;
	char speaker[SPEAKER_REFERENCE_BYTES]; /* which credential it was (speaker.h) */
	int64_t version;		       /* of the access data; 0: there were none */
	char party[PARTY_NUMBER_TEXT_BYTES];   /* "KVK:12345678"; empty: no party is known */
	char header[ACCESS_HEADER_TEXT_BYTES]; /* all of it, as a raw message carries it */
};

#endif
