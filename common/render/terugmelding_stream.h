/* terugmelding_stream: the terugmelding of one delivery as text, made part by part while it is sent.
 *
 * The text of a large delivery has a hundred times the bytes of what the ledger keeps of it. So the stream reads what
 * the ledger has at once, needs no connection afterwards, and makes the text as it is asked for. Not for threads. */
#ifndef RENDER_TERUGMELDING_STREAM_H
#define RENDER_TERUGMELDING_STREAM_H

#include "base/strbuf.h"
#include "pg/pg_link.h"

enum terugmelding_form { TERUGMELDING_CSV, TERUGMELDING_JSON }; /* specification 8.1; 8.3, the summary in it, compact */

struct terugmelding_stream;

/* Of the delivery at position. ERR_DATA code "unknown": there is none. */
MUSTUSE int terugmelding_stream_open(struct pg_link *link, uint32_t board, int64_t position,
				     enum terugmelding_form form, struct terugmelding_stream **ret, struct err *err);
void terugmelding_stream_free(struct terugmelding_stream *stream);	    /* takes NULL */
size_t terugmelding_stream_bytes(const struct terugmelding_stream *stream); /* the memory it takes, about */

/* Of all that its text is made of: the same hash, the same text, as long as the program is the same. */
void terugmelding_stream_sha256(const struct terugmelding_stream *stream, uint8_t ret[32]);

/* Appends whole lines to out until it holds bytes_min or the text ends; out takes at least bytes_min and
 * TERUGMELDING_LINE_BYTES_MAX more. *ret_is_end: it was the last part. */
MUSTUSE int terugmelding_stream_next(struct terugmelding_stream *stream, struct strbuf *out, size_t bytes_min,
				     bool *ret_is_end, struct err *err);

enum { TERUGMELDING_LINE_BYTES_MAX = 262144 }; /* of one line with the most findings it can have */

#endif
