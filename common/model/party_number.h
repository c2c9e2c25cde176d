/* party_number: the number by which a party is known: KvK (8 digits), RSIN (9) or OIN (20). Digits are compared as they
 * are: an OIN that is made of a KvK number is another number. Pure. */
#ifndef MODEL_PARTY_NUMBER_H
#define MODEL_PARTY_NUMBER_H

#include "base/slice.h"

#include <stdint.h>

enum party_number_kind { NUMBER_NONE = 0, NUMBER_KVK = 1, NUMBER_RSIN = 2, NUMBER_OIN = 3 };
enum { PARTY_NUMBER_DIGITS_MAX = 20, PARTY_NUMBER_TEXT_BYTES = 5 + PARTY_NUMBER_DIGITS_MAX + 1 };

struct party_number {
	uint8_t kind;				  /* enum party_number_kind; NUMBER_NONE: there is none */
	char digits[PARTY_NUMBER_DIGITS_MAX + 1]; /* padded with NUL, so that two are compared as bytes */
};

/* false: not so many digits as a number of this kind has. */
MUSTUSE bool party_number_make(enum party_number_kind kind, struct slice digits, struct party_number *ret);
/* "KVK:12345678". false: another form. */
MUSTUSE bool party_number_read(struct slice text, struct party_number *ret);
/* "KVK:12345678"; "" when there is none. */
void party_number_write(const struct party_number *number, char ret[PARTY_NUMBER_TEXT_BYTES]);
/* Of the bytes: less than, equal to or greater than 0. */
int party_number_compare(const struct party_number *a, const struct party_number *b);

#endif
