/* file_check: the checks of a whole file, in the order of specification 3.3, and its cells.
 *
 * Pure. The first step with a finding refuses the file; within step 6 all findings are given. Cells are slices into the
 * file (or into the arena, where a doubled quote was undone). */
#ifndef GATEWAY_FILE_CHECK_H
#define GATEWAY_FILE_CHECK_H

#include "base/arena.h"
#include "gateway/xml_fault.h"
#include "model/delivery.h"

struct file_expected {
	enum delivery_kind kind;
	bool has_content_hash, has_line_count;
	uint8_t content_hash[32]; /* of the header */
	int64_t line_count;	  /* of the header */
};

enum { FILE_FINDINGS_MAX = COLUMNS + 1 };

struct file_reading {
	struct finding findings[FILE_FINDINGS_MAX]; /* none: the file is accepted */
	size_t finding_count;
	uint8_t columns[COLUMNS]; /* column numbers in file order */
	size_t column_count;
	struct slice *cells; /* line_count * column_count, row by row */
	size_t line_count;
	struct xml_fault xml_fault; /* of a document that is refused by LR-F10 or LR-F11 */
};

/* bytes: the raw file; bytes_total: its true size, when it was too large to be kept; sha256: of all of it.
 * ERR_FULL: the arena is too small (FILE_CHECK_ARENA_BYTES is always enough). */
MUSTUSE int file_check(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32],
		       const struct file_expected *expected, struct arena *arena, struct file_reading *ret,
		       struct err *err);

/* What xml_check shares. A finding without a field. */
void file_check_refuse(struct file_reading *ret, enum rule rule, int64_t a, int64_t b);
/* LR-F09, of the lines in *ret. ERR_FULL: likewise. */
MUSTUSE int file_check_teacher_sizes(struct arena *arena, struct file_reading *ret, struct err *err);

/* Address space only: pages are touched as far as a file needs them. */
enum { FILE_CHECK_ARENA_BYTES = 64 << 20 };

#endif
