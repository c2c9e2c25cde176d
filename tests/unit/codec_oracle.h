/* codec_oracle: random data of a schema, and Avro C's reading of bytes, for differential tests of the generated codecs.
 *
 * Avro C trusts lengths, so it is given only bytes of our own making, or bytes our decoder has accepted. */
#ifndef TESTS_CODEC_ORACLE_H
#define TESTS_CODEC_ORACLE_H

#include "base/arena.h"
#include "base/strbuf.h"

#include <avro.h>

struct oracle {
	avro_schema_t schema;
	avro_value_iface_t *iface;
};

void oracle_open(struct oracle *oracle, const char *schema_json);
void oracle_close(struct oracle *oracle);

/* One random datum in two forms: loose has arrays in several blocks, with and without lengths, and numbers longer than
 * needed; canonical is what an encoder of ours makes of the same values. */
void oracle_random(const struct oracle *oracle, uint64_t *seed, struct strbuf *loose, struct strbuf *canonical);

/* Avro C reads all of bytes into a generic value. false: it refuses. canonical: that value, written as above. */
bool oracle_read(const struct oracle *oracle, struct slice bytes, struct strbuf *canonical);

/* Avro C's value itself; false: it refuses. Drop it with avro_value_decref. */
bool oracle_value(const struct oracle *oracle, struct slice bytes, avro_value_t *ret);

uint64_t oracle_next(uint64_t *seed); /* splitmix64 */

#endif
