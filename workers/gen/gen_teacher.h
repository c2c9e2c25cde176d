/* gen_teacher: one teacher's lines, as a function of seed, board, number and night. All persons are invented. */
#ifndef GEN_GEN_TEACHER_H
#define GEN_GEN_TEACHER_H

#include "gen/gen_lines.h"
#include "gen/gen_options.h"
#include "gen/gen_world.h"

enum gen_night { GEN_ABSENT, GEN_SAME, GEN_CHANGED, GEN_NEW };

/* What teacher number of this board is in the delivery of options->night, against the night before. *ret is not set for
 * ABSENT. */
enum gen_night gen_teacher_make(const struct gen_options *options, const struct gen_board *board, uint64_t number,
				struct gen_teacher *ret);

/* Passes the 11-test; numbers below 10,000,000 give different ones. */
void gen_bsn(uint64_t number, char out[10]);

#endif
