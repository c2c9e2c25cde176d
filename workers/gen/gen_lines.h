/* gen_lines: the lines of one teacher as the cells of a file. */
#ifndef GEN_GEN_LINES_H
#define GEN_GEN_LINES_H

#include "base/macros.h"
#include "model/field.h"
#include <stddef.h>

enum { GEN_LINES_MAX = 6, GEN_CELL_BYTES = 64 };

struct gen_line {
	char cells[COLUMNS][GEN_CELL_BYTES]; /* cells[FIELD_X - 1] */
};

struct gen_teacher {
	struct gen_line lines[GEN_LINES_MAX];
	size_t line_count;
	int error; /* index in GEN_ERRORS, or -1 */
};

#endif
