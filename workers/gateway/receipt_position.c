#include "gateway/receipt_position.h"

#include "base/num.h"

#include <openssl/crypto.h>

enum { CHECK_BYTES = 8, CHECK_DIGITS = 2 * CHECK_BYTES };

static void make_check(const struct hmac_key *stand_key, uint32_t board, const char *id, int32_t partition,
		       int64_t offset, char out[CHECK_DIGITS])
{
	char text[128];
	uint8_t mac[32];
	int n = snprintf(text, sizeof text, "positie/v1\n%05u\n%.40s\n%d\n%lld", board, id, partition,
			 (long long)offset);

	hmac_key_mac(stand_key, slice_make(text, (size_t)n), mac);
	num_to_hex(mac, CHECK_BYTES, out);
}

void receipt_position_write(const struct hmac_key *stand_key, uint32_t board, const char *id, int32_t partition,
			    int64_t offset, char out[RECEIPT_POSITION_TEXT_BYTES])
{
	char check[CHECK_DIGITS];

	make_check(stand_key, board, id, partition, offset, check);
	snprintf(out, RECEIPT_POSITION_TEXT_BYTES, "%d-%lld-%.*s", partition, (long long)offset, CHECK_DIGITS, check);
}

/* Takes what stands before the next dash, or all of it, off *rest. */
static struct slice take_part(struct slice *rest)
{
	const char *dash = rest->n > 0 ? memchr(rest->p, '-', rest->n) : NULL;
	struct slice part = slice_cut(rest, dash ? (size_t)(dash - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return part;
}

bool receipt_position_read(const struct hmac_key *stand_key, uint32_t board, const char *id, struct slice text,
			   struct receipt_position *ret)
{
	char wanted[CHECK_DIGITS];
	uint64_t partition, offset;

	if (!num_parse_u64(take_part(&text), INT32_MAX, &partition) ||
	    !num_parse_u64(take_part(&text), INT64_MAX, &offset))
		return false;
	*ret = (struct receipt_position){ .partition = (int32_t)partition, .offset = (int64_t)offset };
	make_check(stand_key, board, id, ret->partition, ret->offset, wanted);
	ret->is_genuine = text.n == CHECK_DIGITS && CRYPTO_memcmp(text.p, wanted, CHECK_DIGITS) == 0;
	return true;
}
