#include "seal/body_seal.h"

#include "base/clock.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <time.h>

enum { MARKER_BYTES = 10 };

int32_t body_seal_today(void)
{
	return clock_amsterdam_date(clock_wall_ms());
}

bool body_seal_covers(const struct body_seal *seal, const char *topic)
{
	if (!seal || !seal->seals)
		return false;
	for (size_t i = 0; i < seal->topic_count; i++)
		if (strcmp(seal->topics[i], topic) == 0)
			return true;
	return false;
}

int body_seal_put(const struct body_seal *seal, const struct body_place *place, struct slice plain, struct strbuf *out,
		  struct err *err)
{
	int32_t today = body_seal_today();
	uint8_t key[DAY_KEY_BYTES];
	struct day_key_id id;
	enum day_key_answer found = day_keys_of_day(seal->keys, today, &id, key);

	if (found == DAY_KEY_LOCKED)
		return err_set(err, ERR_RETRY, "day_key",
			       "the day key of %d is wrapped by a master key that encrypt.key.file does not hold",
			       today);
	if (found != DAY_KEY_HERE)
		return err_set(err, ERR_RETRY, "day_key",
			       "there is no day key of %d to seal with: instroomctl day-keys make", today);
	int rc = body_frame_seal(&id, key, place, plain, seal->compresses, out, err);

	OPENSSL_cleanse(key, sizeof key);
	if (rc == 0)
		day_keys_count(seal->keys, DAY_KEYS_SEALED);
	return rc;
}

static struct body_opened left_shut(const struct body_seal *seal, enum body_state state, struct slice value)
{
	static const enum day_keys_count COUNTS[] = {
		[BODY_NO_KEY] = DAY_KEYS_WAITING,
		[BODY_SHREDDED] = DAY_KEYS_GONE,
		[BODY_BROKEN] = DAY_KEYS_BROKEN,
	};

	if (seal)
		day_keys_count(seal->keys, COUNTS[state]);
	return (struct body_opened){ .state = state,
				     .value = state == BODY_NO_KEY ? value : slice_from(value, MARKER_BYTES) };
}

static int open_with(const struct body_seal *seal, const uint8_t key[DAY_KEY_BYTES], const struct body_place *place,
		     struct slice value, struct body_opened *ret, struct err *err)
{
	char *p = NULL;
	size_t n = 0;
	int rc = body_frame_open(key, place, value, &p, &n, err);

	if (rc == -ERR_DATA) {
		*ret = left_shut(seal, BODY_BROKEN, value);
		return 0;
	}
	if (rc != 0)
		return err_set(err, ERR_FATAL, "memory", "no memory for the body of a message");
	day_keys_count(seal->keys, DAY_KEYS_OPENED);
	*ret = (struct body_opened){ .state = BODY_OPENED, .value = slice_make(p, n), .p = p };
	return 0;
}

int body_seal_open(const struct body_seal *seal, const struct body_place *place, struct slice value,
		   struct body_opened *ret, struct err *err)
{
	uint8_t key[DAY_KEY_BYTES];
	struct day_key_id id;
	enum body_frame_kind kind = body_frame_look(value, &id);
	int rc = 0;

	if (kind == BODY_FRAME_NONE) {
		*ret = (struct body_opened){ .state = BODY_CLEAR, .value = value };
		return 0;
	}
	enum day_key_answer found = DAY_KEY_UNKNOWN;

	if (kind == BODY_FRAME_SEALED && seal)
		found = day_keys_find(seal->keys, &id, key);
	if (kind == BODY_FRAME_BROKEN)
		*ret = left_shut(seal, BODY_BROKEN, value);
	else if (found == DAY_KEY_HERE)
		rc = open_with(seal, key, place, value, ret, err);
	else
		*ret = left_shut(seal, found == DAY_KEY_SHREDDED ? BODY_SHREDDED : BODY_NO_KEY, value);
	OPENSSL_cleanse(key, sizeof key);
	return rc;
}

bool body_seal_is_sure(const struct body_seal *seal)
{
	return !seal || day_keys_is_read(seal->keys);
}

static void explain_shredded(const struct day_key_record *record, const char *id, char *text, size_t text_bytes)
{
	time_t at = (time_t)(record->at_ms / 1000);
	struct tm utc;
	char date[16] = "";

	if (gmtime_r(&at, &utc))
		strftime(date, sizeof date, "%Y-%m-%d", &utc);
	snprintf(text, text_bytes, "is sealed with day key %s, which was shredded on %s by %s", id, date, record->by);
}

void body_seal_explain(const struct body_seal *seal, struct slice value, char *text, size_t text_bytes)
{
	char name[DAY_KEY_ID_TEXT_BYTES + 1];
	uint8_t key[DAY_KEY_BYTES];
	struct day_key_record record;
	struct day_key_id id;

	if (body_frame_look(value, &id) != BODY_FRAME_SEALED) {
		snprintf(text, text_bytes, "is not sealed, or cut off");
		return;
	}
	(void)day_key_id_text(&id, name);
	if (!seal) {
		snprintf(text, text_bytes, "is sealed, and no encrypt.key.file is set");
		return;
	}
	if (day_keys_shredded(seal->keys, &id, &record)) {
		explain_shredded(&record, name, text, text_bytes);
		return;
	}
	switch (day_keys_find(seal->keys, &id, key)) {
	case DAY_KEY_LOCKED:
		snprintf(text, text_bytes, "is sealed with day key %s, which no master key of encrypt.key.file unwraps",
			 name);
		break;
	case DAY_KEY_UNKNOWN:
		snprintf(text, text_bytes,
			 day_keys_is_read(seal->keys)
				 ? "is sealed with day key %s, which the topic of day keys does not hold"
				 : "is sealed with day key %s, and the topic of day keys was not read to its end yet",
			 name);
		break;
	default:
		snprintf(text, text_bytes, "is sealed with day key %s and does not open: it was changed or moved",
			 name);
		break;
	}
	OPENSSL_cleanse(key, sizeof key);
}
