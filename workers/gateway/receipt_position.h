/* receipt_position: a place in the raw log as a receipt names it: "P-O-C", partition, offset and a check.
 *
 * With it a sender asks for a delivery that the writer has not reached yet. The check binds the place to board and id
 * of the receipt by the stand key, so nobody can have us say `ontvangen` of a delivery that we never had. Pure. */
#ifndef GATEWAY_RECEIPT_POSITION_H
#define GATEWAY_RECEIPT_POSITION_H

#include "base/macros.h"
#include "model/teacher_key.h"

#include <stdbool.h>

struct receipt_position {
	int32_t partition;
	int64_t offset;
	bool is_genuine; /* of a receipt of ours, for this board and id */
};

enum { RECEIPT_POSITION_TEXT_BYTES = 64 };

void receipt_position_write(const struct hmac_key *stand_key, uint32_t board, const char *id, int32_t partition,
			    int64_t offset, char out[RECEIPT_POSITION_TEXT_BYTES]);
/* false: another form. Without a check, as before there was one, it is a place that is not genuine. */
MUSTUSE bool receipt_position_read(const struct hmac_key *stand_key, uint32_t board, const char *id, struct slice text,
				   struct receipt_position *ret);

#endif
