/* verdict_maker: one raw message in, the bytes of its verdict out: judge, classify, encode (design 4).
 *
 * Pure but for its memory: what a message costs lies in its arena and two strbufs that are used again and shrink after
 * a large one, so that lines and teachers cost no heap. The same message, reference and board give the same verdict but
 * for id and parent. */
#ifndef VALIDATE_VERDICT_MAKER_H
#define VALIDATE_VERDICT_MAKER_H

#include "model/judge.h"
#include "protocol/chain_position.h"
#include "redis/redis_cache.h"
#include "validate/raw_input.h"

enum { VERDICT_BYTES_MAX = 62 << 20 }; /* below max.message.bytes of the topic, 64 MiB */

struct verdict_maker {
	const struct hmac_key *key;
	struct strbuf feedback;
	struct strbuf message; /* the verdict last made, framed */
};

void verdict_maker_init(struct verdict_maker *maker, const struct hmac_key *key);
void verdict_maker_release(struct verdict_maker *maker);

/* Where a verdict stands in the chain. */
struct verdict_link {
	uint8_t id[VERDICT_ID_BYTES];
	uint8_t parent[VERDICT_ID_BYTES];
	int64_t raw_offset;
};

/* Makes maker->message and *ret, which borrows from raw, arena and maker. input: decoded, in any state but WAITING; it
 * is given up here when its verdict would not fit a message or hold together. ERR_RETRY: there is no memory for it just
 * now, from which nothing follows for the message: the same again later. reference: of the version the message names,
 * for a READY one with lines; board: its state before the message, NULL: nothing is certain. */
MUSTUSE int verdict_make(struct verdict_maker *maker, struct slice raw, struct raw_input *input,
			 const struct verdict_link *link, const struct reference *reference,
			 const struct cache_board *board, struct arena *arena, struct wire_verdict *ret,
			 struct err *err);

#endif
