#include "gen/gen_chance.h"

uint64_t gen_chance(uint64_t seed, uint64_t a, uint64_t b, uint64_t what)
{
	uint64_t z =
		seed + 0x9E3779B97F4A7C15u * (a + 1) + 0xD1B54A32D192ED03u * (b + 1) + 0x8CB92BA72F3D8DD7u * (what + 1);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}
