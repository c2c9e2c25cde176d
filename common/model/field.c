#include "model/field.h"

static const char *const FIELD_NAMES[] = {
	[FIELD_NONE] = "",
	[FIELD_BSN] = "bsn",
	[FIELD_EMPLOYEE_REF] = "personeelsnummer",
	[FIELD_FAMILY_NAME] = "geslachtsnaam",
	[FIELD_NAME_PREFIX] = "voorvoegsel",
	[FIELD_GIVEN_NAMES] = "voornamen",
	[FIELD_SEX] = "geslacht",
	[FIELD_BIRTH_DATE] = "geboortedatum",
	[FIELD_STREET] = "straat",
	[FIELD_HOUSE_NUMBER] = "huisnummer",
	[FIELD_HOUSE_NUMBER_SUFFIX] = "toevoeging",
	[FIELD_POSTCODE] = "postcode",
	[FIELD_CITY] = "plaats",
	[FIELD_COUNTRY] = "land",
	[FIELD_FOREIGN_ADDRESS_1] = "adresregel1",
	[FIELD_FOREIGN_ADDRESS_2] = "adresregel2",
	[FIELD_FOREIGN_ADDRESS_3] = "adresregel3",
	[FIELD_APPOINTMENT_KEY] = "benoemingssleutel",
	[FIELD_BRIN] = "brin",
	[FIELD_SITE] = "vestiging",
	[FIELD_CONTRACT_START] = "begin_arbeidsovereenkomst",
	[FIELD_CONTRACT_END] = "einde_arbeidsovereenkomst",
	[FIELD_APPOINTMENT_START] = "begin_benoeming",
	[FIELD_APPOINTMENT_END] = "einde_benoeming",
	[FIELD_APPOINTMENT_GROUND] = "benoemingsgrondslag",
	[FIELD_TEACHING_FIELDS] = "onderwijsterrein",
	[FIELD_DELIVERY_ID] = "leveringsid",
	[FIELD_BOARD] = "bestuur",
	[FIELD_KIND] = "soort",
	[FIELD_DRY_RUN] = "proef",
	[FIELD_SEQUENCE] = "volgnummer",
	[FIELD_EXTRACTION_DATE] = "extractiedatum",
	[FIELD_LINE_COUNT] = "regels",
	[FIELD_CONTENT_HASH] = "sha256",
	[FIELD_CONTACT_NAME] = "contact_naam",
	[FIELD_CONTACT_PHONE] = "contact_telefoon",
	[FIELD_CONTACT_EMAIL] = "contact_email",
};

bool field_is_column(unsigned field)
{
	return field >= FIELD_BSN && field <= COLUMN_LAST;
}

bool field_columns_are_sound(struct slice columns)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < columns.n; i++) {
		unsigned column = (uint8_t)columns.p[i];

		if (!field_is_column(column) || seen & FIELD_BIT(column))
			return false;
		seen |= FIELD_BIT(column);
	}
	return columns.n > 0;
}

const char *field_name(enum field field)
{
	return (size_t)field < ARRAY_LEN(FIELD_NAMES) ? FIELD_NAMES[field] : "";
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Not strncasecmp: its answer depends on the locale. name is lower case. A hostile header row has millions of names:
 * most differ in their first byte. */
static bool is_same_name(struct slice given, const char *name)
{
	for (size_t i = 0; i < given.n; i++)
		if (name[i] == '\0' || ascii_lower(given.p[i]) != name[i])
			return false;
	return name[given.n] == '\0';
}

enum field field_of_column(struct slice name)
{
	struct slice given = slice_trim(name);

	if (given.n == 0)
		return FIELD_NONE;
	for (size_t i = FIELD_BSN; i <= COLUMNS; i++)
		if (is_same_name(given, FIELD_NAMES[i]))
			return (enum field)i;
	return FIELD_NONE;
}

bool field_is_required(enum field field)
{
	return field == FIELD_BSN || (field >= FIELD_FAMILY_NAME && field <= FIELD_BIRTH_DATE) ||
	       (field >= FIELD_APPOINTMENT_KEY && field <= FIELD_TEACHING_FIELDS);
}
