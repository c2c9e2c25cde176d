/* gen_options: what the generator is asked for.
 *
 * A teacher is a function of (seed, board, number), and what a night brings of (seed, board, number, night): tomorrow's
 * delivery follows from the options alone, and no file is read back. The same options make the same bytes. */
#ifndef GEN_GEN_OPTIONS_H
#define GEN_GEN_OPTIONS_H

#include <stdint.h>

struct gen_options {
	const char *out, *reference;
	uint64_t seed;
	int64_t boards, teachers;
	int64_t sequence;			    /* volgnummer of night 0 */
	int32_t date;				    /* extractiedatum, JJJJMMDD */
	int32_t received_on;			    /* 0: not in the header (only test gateways obey it) */
	uint32_t errors_ppm;			    /* teachers with one broken rule */
	uint32_t changed_ppm, joined_ppm, left_ppm; /* of a night */
	int64_t night;
};

#endif
