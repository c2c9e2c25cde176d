/* validate_fixture: raw messages as a gateway, an operator or the writer would publish them, and the reference tables
 * that judge them. All persons, boards, schools and numbers are invented. */
#ifndef TEST_VALIDATE_FIXTURE_H
#define TEST_VALIDATE_FIXTURE_H

#include "model/delivery.h"
#include "model/reference.h"
#include "protocol/raw_headers.h"

enum { FIXTURE_BOARD = 99901, FIXTURE_BOARD_LAST = 99949 };

/* The six files: boards FIXTURE_BOARD to FIXTURE_BOARD_LAST run one school. */
const struct slice *validate_fixture_tables(void);
void validate_fixture_version(uint8_t version[REFERENCE_VERSION_BYTES]);

struct raw_spec {
	enum raw_kind kind;	     /* 0: DELIVERY */
	uint32_t board;		     /* 0: FIXTURE_BOARD */
	enum delivery_kind delivery; /* 0: MUTATIE */
	int64_t sequence;
	bool is_dry_run, is_replay_dry_run;
	int32_t attempt;
	/* "1:a 2:b 3:!": teacher 1 with content a, 2 with b, 3 breaks a rule; "?:a" has no BSN. Of a FORGET unused. */
	const char *lines;
	const uint8_t *reference_version; /* NULL: the fixture's */
	struct slice forget_keys;
	struct slice condition; /* CONFIRM */
	int64_t set_back_to;	/* SET_BACK */
};

/* The value appended to out, and its headers; *ret_headers borrows from spec and static memory. */
void raw_build(struct strbuf *out, const struct raw_spec *spec, struct raw_headers *ret_headers);

/* A delivery of count lines, one per teacher from teacher number first on, contents by seed; is_wide: names so long
 * that 50,000 of them are a file of the largest size. */
void raw_build_large(struct strbuf *out, const struct raw_spec *spec, size_t first, size_t count, unsigned seed,
		     bool is_wide, struct raw_headers *ret_headers);

/* The BSN of invented teacher number n, 9 digits. */
void validate_fixture_bsn(size_t n, char out[9]);

#endif
