/* lost_messages: what is still known of raw messages that Kafka holds no more.
 *
 * A verdict that does not count may speak of one: it has the header of the delivery, so that its lines can get an
 * outcome. A receipt (acknowledged.jsonl of instroomctl deliver) names a delivery and counts its lines, which is not
 * enough for the ledger, but says who must be asked. Of the rest only the offsets are known; some of them may have
 * been markers of transactions. */
#ifndef CTL_LOST_MESSAGES_H
#define CTL_LOST_MESSAGES_H

#include "ctl/repair/chain_end.h"

enum known_by { KNOWN_BY_NOBODY = 0, KNOWN_BY_RECEIPT, KNOWN_BY_VERDICT };

struct lost_message {
	int64_t offset;
	enum known_by known_by;
	struct wire_header header;	  /* BY_RECEIPT: delivery_id and line_count only */
	uint8_t digest[VERDICT_ID_BYTES]; /* BY_VERDICT: of the raw message's value */
};

struct lost_messages {
	struct lost_message *items; /* rising by offset, one per offset; those that somebody knows */
	size_t count, capacity;
	struct arena arena; /* the texts of their headers */
};

/* Of end's raw messages from from_raw up to below_raw. receipts: the path of a list of receipts, or NULL. ERR_DATA code
 * "file": it cannot be read. Release it in any case. */
MUSTUSE int lost_messages_find(struct ctl *ctl, struct kafka_reader *reader, const struct chain_end *end,
			       const char *receipts, struct lost_messages *ret, struct err *err);
void lost_messages_release(struct lost_messages *lost);

/* Deliveries whose lines get an outcome, and their lines. */
void lost_messages_count(const struct lost_messages *lost, int32_t *ret_deliveries, int64_t *ret_lines);

#endif
