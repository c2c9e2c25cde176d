#include "gateway/upload_body.h"

#include "model/delivery.h"

#include <openssl/evp.h>

enum {
	HASHED_BYTES_MAX = 64 << 20, /* of a file that is too large: the fingerprint of longer ones is not known */
	BODY_BYTES_FIRST = 4096,
	BODY_BYTES_TRUSTED = 128 << 10, /* so much is allocated on the sender's word; the average delivery has 70 KB */
};

bool upload_body_begin(struct upload_body *body, uint64_t expected_bytes)
{
	strbuf_init(&body->bytes, FILE_BYTES_MAX);
	body->expected_bytes = (size_t)MIN(expected_bytes, (uint64_t)BODY_BYTES_TRUSTED);
	body->hash = EVP_MD_CTX_new();
	return body->hash && EVP_DigestInit_ex(body->hash, EVP_sha256(), NULL) == 1;
}

/* Reserved before it is allocated. */
static bool keep_bytes(struct upload_body *body, struct byte_reservation *reserved, struct slice bytes)
{
	struct strbuf *kept = &body->bytes;
	size_t need = kept->n + bytes.n, capacity = kept->capacity;

	if (need > capacity) {
		size_t wanted = capacity == 0 ? MAX(body->expected_bytes, (size_t)BODY_BYTES_FIRST)
					      : capacity + capacity / 2;

		wanted = MIN(MAX(wanted, need), (size_t)FILE_BYTES_MAX);
		if (!byte_budget_reserve(reserved, wanted - capacity))
			return false;
		if (!strbuf_reserve(kept, wanted - kept->n)) {
			byte_budget_release(reserved, wanted - capacity);
			return false;
		}
	}
	strbuf_add(kept, bytes);
	return true;
}

bool upload_body_add(struct upload_body *body, struct byte_reservation *reserved, struct slice bytes)
{
	body->total += bytes.n;
	if (body->total <= HASHED_BYTES_MAX && EVP_DigestUpdate(body->hash, bytes.p, bytes.n) != 1)
		return false;
	if (body->total <= FILE_BYTES_MAX && keep_bytes(body, reserved, bytes))
		return true;
	upload_body_drop(body, reserved);
	return body->total > FILE_BYTES_MAX;
}

bool upload_body_end(struct upload_body *body)
{
	body->is_hashed = body->total <= HASHED_BYTES_MAX;
	return !body->is_hashed || EVP_DigestFinal_ex(body->hash, body->sha256, NULL) == 1;
}

void upload_body_drop(struct upload_body *body, struct byte_reservation *reserved)
{
	byte_budget_release(reserved, body->bytes.capacity);
	strbuf_release(&body->bytes);
}

void upload_body_release(struct upload_body *body)
{
	EVP_MD_CTX_free(body->hash);
	strbuf_release(&body->bytes);
}
