/* rule: the catalogue of rule codes with ernst and text (specification 2.2, 3.3, 5, 6, 7, 10), and findings.
 *
 * A rule's number holds its letter and its two digits, so numbers sort as the codes do in byte order and never
 * change. */
#ifndef MODEL_RULE_H
#define MODEL_RULE_H

#include "base/strbuf.h"
#include "model/field.h"

/* The text of docs/specification.md that the code is built for. scripts/ read it here to choose the cases of that
 * text. */
#define SPECIFICATION_TEXT 2

#define RULE_ID(letter, number) ((letter) << 8 | (number))

/* Of every code: A to Z, 0 to 99. Who counts or looks up by letter and number needs so many places. */
enum { RULE_LETTERS = 26, RULE_NUMBERS = 100 };

/* clang-format off */
enum rule {
	RULE_NONE = 0,
	RULE_B01 = RULE_ID('B', 1), RULE_B02, RULE_B03, RULE_B04, RULE_B05, RULE_B06, RULE_B07, RULE_B08, RULE_B09,
	RULE_B10, RULE_B11, RULE_B12, RULE_B13, RULE_B14,
	RULE_F01 = RULE_ID('F', 1), RULE_F02, RULE_F03, RULE_F04, RULE_F05, RULE_F06, RULE_F07, RULE_F08, RULE_F09,
	RULE_F10, RULE_F11, RULE_F12, RULE_F13,
	RULE_K01 = RULE_ID('K', 1), RULE_K02, RULE_K03, RULE_K04, RULE_K05, RULE_K06,
	RULE_K08 = RULE_ID('K', 8), RULE_K09, RULE_K10,
	RULE_P01 = RULE_ID('P', 1), RULE_P02, RULE_P03,
	RULE_P05 = RULE_ID('P', 5), RULE_P06, RULE_P07, RULE_P08,
	RULE_P10 = RULE_ID('P', 10), RULE_P11, RULE_P12,
	RULE_P14 = RULE_ID('P', 14), RULE_P15,
	RULE_R01 = RULE_ID('R', 1),
	RULE_R06 = RULE_ID('R', 6),
	RULE_R08 = RULE_ID('R', 8),
	RULE_S01 = RULE_ID('S', 1), RULE_S02, RULE_S03, RULE_S04, RULE_S05,
	RULE_T01 = RULE_ID('T', 1),
	RULE_X01 = RULE_ID('X', 1), RULE_X02, RULE_X03, RULE_X04, RULE_X05, RULE_X06,
};
/* clang-format on */

enum { FINDING_VALUES = 3, RULE_CODE_BYTES = 12 };

/* One finding of a line or a delivery. values fill the <..> of the text in their order in the text, coded as numbers:
 * dates JJJJMMDD, counts and record numbers as they are, board, site and ground as their number, brin as its four bytes
 * big-endian (rule_brin_value). Nothing else of what was delivered is ever in a finding (specification 12). */
struct finding {
	uint16_t rule;
	uint8_t field;
	int64_t values[FINDING_VALUES];
};

bool rule_is_known(unsigned rule);
bool rule_rejects(enum rule rule);		     /* ernst A */
const char *rule_ernst(enum rule rule);		     /* "A" or "S"; "" of a rule this build does not know */
bool rule_has_field(enum rule rule, unsigned field); /* a finding of it may have this veld */
const char *rule_code(enum rule rule);		     /* "LR-B07"; "" of an unknown rule */
const char *rule_text(enum rule rule);		     /* as the specification has it, <..> and all */
enum rule rule_of_code(struct slice code);	     /* RULE_NONE: unknown */
int64_t rule_brin_value(struct slice brin);	     /* exactly 4 bytes */
void rule_add_text(struct strbuf *out, const struct finding *finding); /* the Dutch melding, values filled in */
/* What the text names: its values and veld, apart from each other by a space, without those that differ from line to
 * line (record numbers, dates): findings with one cause have one such value. Nothing for most rules. */
void rule_add_value(struct strbuf *out, const struct finding *finding);

/* The code to show, NUL-terminated, of a rule that a newer program found too: its number holds letter and digits.
 * "LR-#" and the number when it has not that form. */
void rule_show_code(unsigned rule, char ret[RULE_CODE_BYTES]);

/* The order of specification 4.4: by code, then by column order of veld. < 0, 0, > 0. */
int finding_compare(const struct finding *a, const struct finding *b);

#endif
