/* header_form: the header fields of an upload, as delivered, read into a header (specification 2, LR-K08).
 *
 * Pure. Values come as texts from the query (numbers as digits, proef as ja or nee, specification 14.2), the contact
 * headers or Content-Digest, which carries sha256; borrowed. An empty text is delivered, not absent. */
#ifndef GATEWAY_HEADER_FORM_H
#define GATEWAY_HEADER_FORM_H

#include "model/delivery.h"

enum { HEADER_FIRST = FIELD_DELIVERY_ID, HEADER_FIELDS = HEADER_LAST - FIELD_DELIVERY_ID + 1 };

struct header_field {
	bool is_delivered;
	struct slice value;
};

struct header_form {
	struct header_field fields[HEADER_FIELDS]; /* fields[FIELD_X - HEADER_FIRST] */
};

struct header_reading {
	struct delivery_header header; /* id empty when absent: the made one comes later */
	bool is_good[HEADER_FIELDS];   /* delivered (or rightly absent) and of the right form */
	bool has_line_count, has_content_hash;
	int64_t line_count;
	uint8_t content_hash[32];
	struct finding findings[HEADER_FIELDS]; /* LR-K08, in column order */
	size_t finding_count;
};

void header_form_read(const struct header_form *form, struct header_reading *ret);

/* The field that travels in this header of the request ("Instroom-Contact-Naam", "Content-Digest", any case);
 * FIELD_NONE: none. */
enum field header_field_of_http(struct slice name);

/* Undoes percent-encoding (RFC 3986 2.1) into out; *ret is a slice of it. false: a % without two hex digits, or more
 * than out_bytes. */
MUSTUSE bool header_percent_decode(struct slice text, char *out, size_t out_bytes, struct slice *ret);

/* The header field with this name in a query ("volgnummer"), FIELD_NONE for another; sha256 and contact fields are none
 * here. */
enum field header_field_of_query(struct slice name);

#endif
