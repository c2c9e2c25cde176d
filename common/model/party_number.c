#include "model/party_number.h"

#include "base/num.h"

#include <stdio.h>

static const struct {
	const char *word;
	size_t digits;
} KINDS[] = {
	[NUMBER_KVK] = { "KVK", 8 },
	[NUMBER_RSIN] = { "RSIN", 9 },
	[NUMBER_OIN] = { "OIN", 20 },
};

bool party_number_make(enum party_number_kind kind, struct slice digits, struct party_number *ret)
{
	*ret = (struct party_number){ 0 };
	if (kind <= NUMBER_NONE || (size_t)kind >= ARRAY_LEN(KINDS) || digits.n != KINDS[kind].digits)
		return false;
	for (size_t i = 0; i < digits.n; i++)
		if (!num_is_digit(digits.p[i]))
			return false;
	ret->kind = (uint8_t)kind;
	memcpy(ret->digits, digits.p, digits.n);
	return true;
}

bool party_number_read(struct slice text, struct party_number *ret)
{
	*ret = (struct party_number){ 0 };
	for (size_t kind = NUMBER_KVK; kind < ARRAY_LEN(KINDS); kind++) {
		size_t word_bytes = strlen(KINDS[kind].word);

		if (slice_starts_with(text, KINDS[kind].word) && text.n > word_bytes && text.p[word_bytes] == ':')
			return party_number_make((enum party_number_kind)kind, slice_from(text, word_bytes + 1), ret);
	}
	return false;
}

void party_number_write(const struct party_number *number, char ret[PARTY_NUMBER_TEXT_BYTES])
{
	ret[0] = '\0';
	if (number->kind != NUMBER_NONE && number->kind < ARRAY_LEN(KINDS))
		snprintf(ret, PARTY_NUMBER_TEXT_BYTES, "%s:%s", KINDS[number->kind].word, number->digits);
}

int party_number_compare(const struct party_number *a, const struct party_number *b)
{
	return memcmp(a, b, sizeof *a);
}
