/* delivery: a header and what is known of a delivery before any line is judged (specification 2). */
#ifndef MODEL_DELIVERY_H
#define MODEL_DELIVERY_H

#include "model/rule.h"
#include "model/teacher_key.h"

enum delivery_kind { DELIVERY_VOLLEDIG = 1, DELIVERY_MUTATIE, DELIVERY_INTREKKING };
const char *delivery_kind_name(enum delivery_kind kind);
enum delivery_kind delivery_kind_of(struct slice name); /* 0: unknown */

enum {
	BOARD_NUMBER_MAX = 99999,
	FINGERPRINT_BYTES = 32,
	DELIVERY_ID_BYTES_MIN = 16,
	DELIVERY_ID_BYTES_MAX = 36,
	DELIVERY_MADE_ID_BYTES = 34,
	FILE_BYTES_MAX = 20971520,
	FILE_LINES_MAX = 50000,
	TEACHER_LINES_MAX = 500,
	TEACHER_BYTES_MAX = 524288,
	CONTACT_NAME_MAX = 50, /* code points */
	CONTACT_PHONE_MAX = 20,
	CONTACT_EMAIL_MAX = 75,
};

/* A header whose fields are of the right form. Slices are borrowed. */
struct delivery_header {
	struct slice id; /* as delivered, or the made one */
	uint32_t board;
	enum delivery_kind kind;
	bool is_dry_run;
	int64_t sequence;
	int32_t extraction_date; /* JJJJMMDD */
	struct slice contact_name, contact_phone, contact_email;
};

/* specification 2.1. content_sha256: of the raw bytes, BOM included. The id takes no part in it. Keyed, as a file of
 * one line could be guessed from its plain hash; stand_key: the key of specification 8.4. */
void delivery_fingerprint(const struct delivery_header *header, const uint8_t content_sha256[32],
			  const struct hmac_key *stand_key, uint8_t out[FINGERPRINT_BYTES]);

/* The id of a delivery that came without one: "G-" and the first 32 hex digits of the fingerprint; no NUL is added. */
void delivery_make_id(const uint8_t fingerprint[FINGERPRINT_BYTES], char out[DELIVERY_MADE_ID_BYTES]);

/* The form of a leveringsid: [A-Za-z0-9-]{16,36}. */
bool delivery_id_is_good(struct slice id);

#endif
