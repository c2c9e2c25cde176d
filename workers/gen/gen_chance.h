/* gen_chance: the generator's one source of chance. Pure: the same numbers give the same chance. */
#ifndef GEN_GEN_CHANCE_H
#define GEN_GEN_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64 of up to four numbers. what: the number of what is decided, so that two decisions about one teacher
 * differ. */
uint64_t gen_chance(uint64_t seed, uint64_t a, uint64_t b, uint64_t what);

static inline bool gen_happens(uint64_t chance, uint32_t ppm)
{
	return chance % 1000000 < ppm;
}

#endif
