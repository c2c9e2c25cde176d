/* gen_world: which boards there are, how large they are, and at which sites their teachers can work. */
#ifndef GEN_GEN_WORLD_H
#define GEN_GEN_WORLD_H

#include "base/err.h"
#include "gen/gen_options.h"

enum { GEN_TEACHERS_MIN = 5 }; /* of a board (specification 11) */

/* A school site a teacher can work at. */
struct gen_site {
	char brin[5];
	char site[3];
	uint8_t sector; /* enum sector of the grounds its school uses */
};

struct gen_board {
	uint32_t number;
	struct gen_site *sites;
	size_t site_count;
	int64_t teachers; /* of night 0 */
	uint64_t first;	  /* number of its first teacher among all: BSNs follow from it */
};

struct gen_world {
	struct gen_board *boards;
	size_t board_count;
};

/* Boards with their schools, from the reference tables or invented, with sizes as specification 11. The tables that go
 * with the deliveries are written to reference/ in options->out. gen_world_release is due even after a failure. */
MUSTUSE int gen_world_load(const struct gen_options *options, struct gen_world *ret, struct err *err);
void gen_world_release(struct gen_world *world);

#endif
