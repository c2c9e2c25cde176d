/* gen_delivery: the deliveries of all boards as files, and what they hold. */
#ifndef GEN_GEN_DELIVERY_H
#define GEN_GEN_DELIVERY_H

#include "gen/gen_options.h"
#include "gen/gen_world.h"

/* One delivery per board, x.csv and its header x.json, and counts.txt: the generator's own counts, so that a ledger can
 * be compared with them. Into options->out. */
MUSTUSE int gen_deliveries_write(const struct gen_options *options, const struct gen_world *world, struct err *err);

#endif
