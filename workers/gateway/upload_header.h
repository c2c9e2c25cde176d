/* upload_header: the header of a delivery, from query and headers of the HTTP request that carries it (specification
 * 14.2).
 *
 * Contact fields come as headers Instroom-Contact-.., percent-encoded, so that no name of a person is in an address;
 * all others come in the query, but the SHA-256 of the content, which comes as Content-Digest. What is wrong with the
 * request (a field unknown or doubled) is another answer than what is wrong with the header (findings LR-K08). */
#ifndef GATEWAY_UPLOAD_HEADER_H
#define GATEWAY_UPLOAD_HEADER_H

#include "gateway/header_form.h"
#include "gateway/request.h"

enum { CONTACT_FIELDS = 3, CONTACT_BYTES_MAX = 1024 };

/* May not be moved: the reading borrows from contact and digests, and from the request. */
struct upload_header {
	struct header_reading reading;
	int32_t received_on; /* JJJJMMDD; 0: today */
	char contact[CONTACT_FIELDS][CONTACT_BYTES_MAX];
	char digests[REQUEST_LIST_BYTES]; /* of several fields Content-Digest, which are one list (RFC 9110, 5.3) */
};

enum upload_form { UPLOAD_OTHER, UPLOAD_CSV, UPLOAD_XML };

/* By Content-Type: text/csv, application/xml or text/xml, in UTF-8 if it says so; absent counts as text/csv
 * (specification 3.4, 14.16). UPLOAD_OTHER: neither. */
enum upload_form upload_header_form(const struct request *request);

/* Content-Encoding says that the content is compressed or otherwise encoded, which we do not undo. */
bool upload_header_is_encoded(const struct request *request);

/* takes_received_on: the parameter ontvangen_op is obeyed (tests only). false: a wrong request; *header is of no
 * use. */
MUSTUSE bool upload_header_read(const struct request *request, bool takes_received_on, struct upload_header *header);

#endif
