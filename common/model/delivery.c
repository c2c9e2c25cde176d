#include "model/delivery.h"

#include "base/num.h"

#include <assert.h>
#include <inttypes.h>

static const char *const KIND_NAMES[] = {
	[DELIVERY_VOLLEDIG] = "VOLLEDIG",
	[DELIVERY_MUTATIE] = "MUTATIE",
	[DELIVERY_INTREKKING] = "INTREKKING",
};

const char *delivery_kind_name(enum delivery_kind kind)
{
	return (size_t)kind < ARRAY_LEN(KIND_NAMES) && kind != 0 ? KIND_NAMES[kind] : "";
}

enum delivery_kind delivery_kind_of(struct slice name)
{
	for (size_t i = DELIVERY_VOLLEDIG; i < ARRAY_LEN(KIND_NAMES); i++)
		if (slice_equal_text(name, KIND_NAMES[i]))
			return (enum delivery_kind)i;
	return 0;
}

void delivery_fingerprint(const struct delivery_header *header, const uint8_t content_sha256[32],
			  const struct hmac_key *stand_key, uint8_t out[FINGERPRINT_BYTES])
{
	char content_hex[2 * 32 + 1] = { 0 }, text[192];

	num_to_hex(content_sha256, 32, content_hex);
	int n = snprintf(text, sizeof text, "instroom-2\n%05" PRIu32 "\n%s\n%c\n%" PRId64 "\n%08" PRId32 "\n%s\n",
			 header->board, delivery_kind_name(header->kind), header->is_dry_run ? 'J' : 'N',
			 header->sequence, header->extraction_date, content_hex);

	assert(n > 0 && (size_t)n < sizeof text); /* 11 + 11 + 11 + 2 + 21 + 12 + 65 at most */
	hmac_key_mac(stand_key, slice_make(text, (size_t)n), out);
}

void delivery_make_id(const uint8_t fingerprint[FINGERPRINT_BYTES], char out[DELIVERY_MADE_ID_BYTES])
{
	out[0] = 'G';
	out[1] = '-';
	num_to_hex(fingerprint, (DELIVERY_MADE_ID_BYTES - 2) / 2, out + 2);
}

static bool is_id_char(char c)
{
	return num_is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

bool delivery_id_is_good(struct slice id)
{
	if (id.n < DELIVERY_ID_BYTES_MIN || id.n > DELIVERY_ID_BYTES_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!is_id_char(id.p[i]))
			return false;
	return true;
}
