/* gen: instroom-gen, synthetic deliveries. Seeded: the same options make the same bytes.
 *
 * A teacher is a function of (seed, board, number), and what a night brings of (seed, board, number, night): tomorrow's
 * delivery follows from the options alone, and no file is read back. All persons are invented; BSNs pass the 11-test.
 *
 * Private header of workers/gen. */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include "base/err.h"
#include "base/strbuf.h"
#include "model/field.h"

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

/* Boards with their schools, from the reference tables or invented; sizes as specification 11. */
MUSTUSE int gen_world_load(const struct gen_options *options, struct gen_world *ret, struct err *err);
void gen_world_release(struct gen_world *world);

/* splitmix64 of up to four numbers: the one source of chance. */
uint64_t gen_chance(uint64_t seed, uint64_t a, uint64_t b, uint64_t what);
static inline bool gen_happens(uint64_t chance, uint32_t ppm)
{
	return chance % 1000000 < ppm;
}

enum { GEN_TEACHERS_MIN = 5, GEN_LINES_MAX = 6, GEN_CELL_BYTES = 64 }; /* TEACHERS_MIN: of a board (specification 11) */

struct gen_line {
	char cells[COLUMNS][GEN_CELL_BYTES]; /* cells[FIELD_X - 1] */
};

struct gen_teacher {
	struct gen_line lines[GEN_LINES_MAX];
	size_t line_count;
	int error; /* index in GEN_ERRORS, or -1 */
};

enum gen_night { GEN_ABSENT, GEN_SAME, GEN_CHANGED, GEN_NEW };

/* What teacher number of this board is in the delivery of options->night, against the night before. */
enum gen_night gen_teacher_make(const struct gen_options *options, const struct gen_board *board, uint64_t number,
				struct gen_teacher *ret);

/* Ways to break one rule; the first code is the one aimed at. break_it returns false when the teacher does not lend
 * itself to it (two lines wanted). */
struct gen_error {
	const char *code;
	bool (*break_it)(struct gen_teacher *teacher);
};
extern const struct gen_error GEN_ERRORS[];
extern const size_t GEN_ERROR_COUNT;

void gen_bsn(uint64_t number, char out[10]);

/* Files that a gateway must refuse, or take and reject, each with its header beside it. */
MUSTUSE int gen_hostile(const struct gen_options *options, const struct gen_world *world, struct err *err);
MUSTUSE int gen_write_file(const char *dir, const char *name, struct slice bytes, struct err *err);

#endif
