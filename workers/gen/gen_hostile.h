/* gen_hostile: files that a gateway must refuse with the code in their name, or withstand when it is "taken". */
#ifndef GEN_GEN_HOSTILE_H
#define GEN_GEN_HOSTILE_H

#include "gen/gen_options.h"
#include "gen/gen_world.h"

/* Each with its header beside it, into options->out. */
MUSTUSE int gen_hostile_write(const struct gen_options *options, const struct gen_world *world, struct err *err);

#endif
