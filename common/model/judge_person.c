/* judge_person: specification 5.3 and 5.4, the person and the address. */
#include "base/num.h"
#include "model/judge_internal.h"

enum {
	NAME_LENGTH_MAX = 200,
	PREFIX_LENGTH_MAX = 10,
	STREET_LENGTH_MAX = 24,
	SUFFIX_LENGTH_MAX = 5,
	CITY_LENGTH_MAX = 24,
	FOREIGN_LENGTH_MAX = 35,
	COUNTRY_BYTES = 4,
	ADDRESS_FIRST = FIELD_STREET,
	ADDRESS_LAST = FIELD_FOREIGN_ADDRESS_3,
};

static void judge_name(struct judge_line *line, enum field field, bool has_good_form)
{
	if (!has_good_form)
		line_add(line, RULE_P08, field);
	else if (text_is_encoded_twice(line->value[field]))
		line_add(line, RULE_P15, field);
}

static void judge_names(struct judge_line *line)
{
	struct slice prefix = line->value[FIELD_NAME_PREFIX];

	judge_name(line, FIELD_FAMILY_NAME, text_is_name(line->value[FIELD_FAMILY_NAME], NAME_LENGTH_MAX));
	judge_name(line, FIELD_NAME_PREFIX, prefix.n == 0 || text_is_name(prefix, PREFIX_LENGTH_MAX));
	judge_name(line, FIELD_GIVEN_NAMES, text_is_given_names(line->value[FIELD_GIVEN_NAMES], NAME_LENGTH_MAX));
}

static bool sex_is_good(struct slice sex)
{
	return sex.n == 1 && (sex.p[0] == 'M' || sex.p[0] == 'V' || sex.p[0] == 'O');
}

static void judge_birth(struct judge_line *line, int32_t received_on)
{
	int32_t day = DATE_ABSENT;
	int32_t birth = date_parse_birth(line->value[FIELD_BIRTH_DATE], &day);

	if (!date_is_real(birth) || day > received_on)
		line_add(line, RULE_P05, FIELD_BIRTH_DATE);
	else
		line->birth_day = day;
}

/* A text that a spreadsheet would run. A house number's suffix may be "-2". */
static const char FORMULA[] = "=+-@", SUFFIX_FORMULA[] = "=+@";

static bool address_line_is_good(struct slice text, size_t length_max)
{
	return text_is_address(text, length_max) && !text_is_post_box(text) && !text_begins_with_one_of(text, FORMULA);
}

static bool address_field_is_good(unsigned field, struct slice text)
{
	switch (field) {
	case FIELD_STREET:
		return address_line_is_good(text, STREET_LENGTH_MAX);
	case FIELD_HOUSE_NUMBER:
		return text_is_house_number(text);
	case FIELD_HOUSE_NUMBER_SUFFIX:
		return text_is_address(text, SUFFIX_LENGTH_MAX) && !text_begins_with_one_of(text, SUFFIX_FORMULA);
	case FIELD_POSTCODE:
		return text_is_postcode(text);
	case FIELD_CITY:
		return text_is_address(text, CITY_LENGTH_MAX) && !text_begins_with_one_of(text, FORMULA);
	case FIELD_COUNTRY:
		return text.n == COUNTRY_BYTES && num_is_digits(text);
	default: /* the three lines of a foreign address */
		return address_line_is_good(text, FOREIGN_LENGTH_MAX);
	}
}

static bool address_is_whole(uint64_t filled)
{
	const uint64_t home = FIELD_BIT(FIELD_STREET) | FIELD_BIT(FIELD_HOUSE_NUMBER) | FIELD_BIT(FIELD_POSTCODE) |
			      FIELD_BIT(FIELD_CITY);
	const uint64_t abroad = FIELD_BIT(FIELD_COUNTRY) | FIELD_BIT(FIELD_FOREIGN_ADDRESS_1);
	const uint64_t more_abroad = FIELD_BIT(FIELD_FOREIGN_ADDRESS_2) | FIELD_BIT(FIELD_FOREIGN_ADDRESS_3);

	return filled == 0 || filled == FIELD_BIT(FIELD_POSTCODE) ||
	       (filled & ~FIELD_BIT(FIELD_HOUSE_NUMBER_SUFFIX)) == home || (filled & ~more_abroad) == abroad;
}

/* One LR-P10 at most: on the first wrong column, else on postcode when the filled columns make no address. */
static void judge_address(struct judge_line *line)
{
	uint64_t filled = 0;

	for (unsigned field = ADDRESS_FIRST; field <= ADDRESS_LAST; field++) {
		if (!line_has(line, field))
			continue;
		filled |= FIELD_BIT(field);
		if (!address_field_is_good(field, line->value[field])) {
			line_add(line, RULE_P10, field);
			return;
		}
	}
	if (!address_is_whole(filled))
		line_add(line, RULE_P10, FIELD_POSTCODE);
}

void judge_person(const struct judge_input *input, struct judge_line *line)
{
	judge_names(line);
	if (!sex_is_good(line->value[FIELD_SEX]))
		line_add(line, RULE_P07, FIELD_SEX);
	judge_birth(line, input->received_on);
	judge_address(line);
}
