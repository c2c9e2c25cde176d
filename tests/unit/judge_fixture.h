/* judge_fixture: a delivery made line by line for the tests of judge.
 *
 * Every line begins as a good one of board 99901; a test names the columns it changes. All persons, boards, schools and
 * numbers are invented. */
#ifndef TEST_JUDGE_FIXTURE_H
#define TEST_JUDGE_FIXTURE_H

#include "model/judge.h"

enum { FIXTURE_LINES_MAX = 1200, FIXTURE_TEXT_BYTES_MAX = 1 << 20 };

struct judge_fixture {
	struct reference *reference;
	struct hmac_key key;
	struct arena arena;
	uint8_t columns[COLUMNS];
	struct slice cells[FIXTURE_LINES_MAX * COLUMNS];
	char text[FIXTURE_TEXT_BYTES_MAX]; /* what the cells point to */
	size_t text_bytes;
	struct judge_input input;
	struct judged judged;
	char findings[4096];
};

struct judge_fixture *judge_fixture_new(void); /* VOLLEDIG of 99901, extractiedatum 20180629, ontvangen_op 20180701 */
void judge_fixture_free(struct judge_fixture *fixture);
void judge_fixture_reset(struct judge_fixture *fixture); /* no lines */

/* A good line with changes such as "geslacht=X;brin=99VO"; "" is the good line itself. */
void judge_fixture_add(struct judge_fixture *fixture, const char *changes);
void judge_fixture_judge(struct judge_fixture *fixture);

/* "LR-B07 onderwijsterrein, LR-X01 benoemingssleutel 2 3", "" for none. Valid until the next call. */
const char *judge_fixture_findings(struct judge_fixture *fixture, size_t line);

/* For a delivery of this one line. */
const char *judge_fixture_findings_of(struct judge_fixture *fixture, const char *changes);

#endif
