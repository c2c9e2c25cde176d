/* body_seal: what a client of Kafka does with message bodies, in one place for all who write and read them.
 *
 * common/kafka calls it for every message: kafka_producer seals what goes to a topic named here, kafka_consumer and
 * kafka_reader open what comes, of any topic. So no reader and no writer of bodies can forget it, and none of them sees
 * a sealed body that could be opened.
 *
 * Read only once it is in use; the keys have a lock of their own. */
#ifndef SEAL_BODY_SEAL_H
#define SEAL_BODY_SEAL_H

#include "seal/body_frame.h"
#include "seal/day_keys.h"

enum { BODY_SEAL_TOPICS_MAX = 3 };

struct body_seal {
	struct day_keys *keys;
	bool seals;	 /* what we produce; what comes is opened either way */
	bool compresses; /* before sealing */
	const char *topics[BODY_SEAL_TOPICS_MAX];
	size_t topic_count;
};

enum body_state {
	BODY_CLEAR,    /* it was not sealed */
	BODY_OPENED,   /* it was, and is open */
	BODY_NO_KEY,   /* sealed with a key that we do not have yet: wait */
	BODY_SHREDDED, /* with one that nobody has any more */
	BODY_BROKEN,   /* it was changed, cut off or moved */
};

/* Whether messages to this topic leave sealed. seal NULL: none. */
bool body_seal_covers(const struct body_seal *seal, const char *topic);

/* Appends the sealed body of a message that is made today. ERR_RETRY "day_key": there is no key for today. */
MUSTUSE int body_seal_put(const struct body_seal *seal, const struct body_place *place, struct slice plain,
			  struct strbuf *out, struct err *err);

struct body_opened {
	enum body_state state;
	struct slice value; /* as found (CLEAR, NO_KEY); the open body; of a SHREDDED or BROKEN one what is behind the
			     * marker, which no decoder takes for a message */
	char *p;	    /* what value lies in, to be freed; NULL: nothing */
};
/* seal NULL: nothing can be opened. ERR_FATAL: no memory. */
MUSTUSE int body_seal_open(const struct body_seal *seal, const struct body_place *place, struct slice value,
			   struct body_opened *ret, struct err *err);

/* Whether a key that is missing now is missing for all that is known: the topic was read to its end once. */
bool body_seal_is_sure(const struct body_seal *seal);

/* "is sealed with day key .., which ..": why a body has this state; for SHREDDED when and by whom. */
void body_seal_explain(const struct body_seal *seal, struct slice value, char *text, size_t text_bytes);

/* Today's date, which says which key seals. */
int32_t body_seal_today(void);

#endif
