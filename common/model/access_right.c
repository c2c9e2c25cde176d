#include "model/access_right.h"

const char *access_basis_word(enum access_basis basis)
{
	static const char *const WORDS[BASES] = { "", "eigen", "machtiging", "keten", "beheer" };

	return (unsigned)basis < BASES ? WORDS[basis] : "";
}
