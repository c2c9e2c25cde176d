#include "gen/gen_error.h"

static void put(struct gen_line *line, enum field field, const char *text)
{
	snprintf(line->cells[field - 1], GEN_CELL_BYTES, "%s", text);
}

static char *cell(struct gen_teacher *teacher, size_t line, enum field field)
{
	return teacher->lines[line].cells[field - 1];
}

static void put_all(struct gen_teacher *teacher, enum field field, const char *text)
{
	for (size_t i = 0; i < teacher->line_count; i++)
		put(&teacher->lines[i], field, text);
}

/* On the first line only: the others get LR-X04. */
#define BREAK_FIRST(name, field, text)                \
	static bool name(struct gen_teacher *teacher) \
	{                                             \
		put(&teacher->lines[0], field, text); \
		return true;                          \
	}

/* On all lines, so that it is this rule and not LR-X02. */
#define BREAK_ALL(name, field, text)                  \
	static bool name(struct gen_teacher *teacher) \
	{                                             \
		put_all(teacher, field, text);        \
		return true;                          \
	}

BREAK_ALL(break_b05, FIELD_APPOINTMENT_GROUND, "799")
BREAK_FIRST(break_b01, FIELD_APPOINTMENT_START, "20170231")
BREAK_FIRST(break_b02, FIELD_APPOINTMENT_END, "19990101")
BREAK_FIRST(break_b03, FIELD_CONTRACT_START, "20171231")
BREAK_FIRST(break_b04, FIELD_CONTRACT_START, "21500101")
BREAK_FIRST(break_b08, FIELD_TEACHING_FIELDS, "V1|V2|V3|V4|V5")
BREAK_FIRST(break_b13, FIELD_APPOINTMENT_KEY, "")
BREAK_ALL(break_p05, FIELD_BIRTH_DATE, "19801301")
BREAK_ALL(break_p07, FIELD_SEX, "X")
BREAK_ALL(break_p08, FIELD_FAMILY_NAME, "Jansen2")
BREAK_ALL(break_p10, FIELD_POSTCODE, "0123AB")
BREAK_FIRST(break_s01, FIELD_BRIN, "9zz9")
BREAK_FIRST(break_s02, FIELD_BRIN, "98QQ")
BREAK_FIRST(break_s04, FIELD_SITE, "98")
BREAK_FIRST(break_s05, FIELD_SITE, "A1")

static bool break_b09(struct gen_teacher *teacher)
{
	put_all(teacher, FIELD_APPOINTMENT_GROUND, "921");
	return true;
}

static bool break_b07(struct gen_teacher *teacher)
{
	put(&teacher->lines[0], FIELD_APPOINTMENT_GROUND, "701");
	put(&teacher->lines[0], FIELD_TEACHING_FIELDS, "P001");
	return true;
}

static bool break_b06(struct gen_teacher *teacher)
{
	put(&teacher->lines[0], FIELD_APPOINTMENT_GROUND, "708");
	put(&teacher->lines[0], FIELD_TEACHING_FIELDS, "");
	put(&teacher->lines[0], FIELD_APPOINTMENT_END, "20190731");
	return true;
}

static bool break_b10(struct gen_teacher *teacher)
{
	put(&teacher->lines[0], FIELD_APPOINTMENT_GROUND, "708");
	put(&teacher->lines[0], FIELD_TEACHING_FIELDS, "P001");
	put(&teacher->lines[0], FIELD_APPOINTMENT_END, "");
	put(&teacher->lines[0], FIELD_CONTRACT_END, "");
	return true;
}

static bool break_b14(struct gen_teacher *teacher)
{
	put(&teacher->lines[0], FIELD_CONTRACT_START, "19500101");
	return true;
}

/* A leading zero lost: eight digits. */
static bool break_p01(struct gen_teacher *teacher)
{
	char digits[GEN_CELL_BYTES];

	memcpy(digits, cell(teacher, 0, FIELD_BSN), sizeof digits);
	put_all(teacher, FIELD_BSN, digits + 1);
	return true;
}

static unsigned eleven(const char *digits)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 8; i++)
		sum += (9 - i) * (unsigned)(digits[i] - '0');
	return sum % 11;
}

static bool break_check_digit(struct gen_teacher *teacher, bool wants_education_number)
{
	char digits[GEN_CELL_BYTES];

	memcpy(digits, cell(teacher, 0, FIELD_BSN), sizeof digits);
	for (unsigned last = 0; last <= 9; last++) {
		bool is_education_number = eleven(digits) == (last + 5) % 11;
		bool is_bsn = eleven(digits) == last;

		if (is_bsn || is_education_number != wants_education_number)
			continue;
		digits[8] = (char)('0' + last);
		put_all(teacher, FIELD_BSN, digits);
		return true;
	}
	return false;
}

static bool break_p02(struct gen_teacher *teacher)
{
	return break_check_digit(teacher, false);
}

static bool break_p03(struct gen_teacher *teacher)
{
	return break_check_digit(teacher, true);
}

static bool break_p11(struct gen_teacher *teacher)
{
	put(&teacher->lines[0], FIELD_EMPLOYEE_REF, cell(teacher, 0, FIELD_BSN));
	return true;
}

static bool break_x01(struct gen_teacher *teacher)
{
	if (teacher->line_count < 2)
		return false;
	put(&teacher->lines[1], FIELD_APPOINTMENT_KEY, cell(teacher, 0, FIELD_APPOINTMENT_KEY));
	return true;
}

static bool break_x02(struct gen_teacher *teacher)
{
	if (teacher->line_count < 2)
		return false;
	put(&teacher->lines[1], FIELD_GIVEN_NAMES, "Anders");
	return true;
}

static bool break_x06(struct gen_teacher *teacher)
{
	if (teacher->line_count < 2)
		return false;
	for (enum field field = FIELD_BRIN; field <= FIELD_TEACHING_FIELDS; field++)
		put(&teacher->lines[1], field, cell(teacher, 0, field));
	return true;
}

const struct gen_error GEN_ERRORS[] = {
	{ "LR-B01", break_b01 }, { "LR-B02", break_b02 }, { "LR-B03", break_b03 }, { "LR-B04", break_b04 },
	{ "LR-B05", break_b05 }, { "LR-B06", break_b06 }, { "LR-B07", break_b07 }, { "LR-B08", break_b08 },
	{ "LR-B09", break_b09 }, { "LR-B10", break_b10 }, { "LR-B13", break_b13 }, { "LR-B14", break_b14 },
	{ "LR-P01", break_p01 }, { "LR-P02", break_p02 }, { "LR-P03", break_p03 }, { "LR-P05", break_p05 },
	{ "LR-P07", break_p07 }, { "LR-P08", break_p08 }, { "LR-P10", break_p10 }, { "LR-P11", break_p11 },
	{ "LR-S01", break_s01 }, { "LR-S02", break_s02 }, { "LR-S04", break_s04 }, { "LR-S05", break_s05 },
	{ "LR-X01", break_x01 }, { "LR-X02", break_x02 }, { "LR-X06", break_x06 },
};
const size_t GEN_ERROR_COUNT = ARRAY_LEN(GEN_ERRORS);
