#include "model/field.h"

#include <criterion/criterion.h>

Test(field, finds_every_column_by_its_name_and_back)
{
	for (unsigned i = 1; i <= COLUMNS; i++)
		cr_expect_eq(field_of_column(slice_of(field_name((enum field)i))), i, "%s", field_name((enum field)i));
}

Test(field, knows_a_column_by_its_name_trimmed_and_in_any_case)
{
	static const struct {
		const char *name;
		enum field want;
		const char *why;
	} ROWS[] = {
		{ "bsn", FIELD_BSN, "as written" },
		{ "  BSN ", FIELD_BSN, "spaces and capitals" },
		{ "Begin_Benoeming", FIELD_APPOINTMENT_START, "mixed case" },
		{ "onderwijsterrein", FIELD_TEACHING_FIELDS, "the last column" },
		{ "", FIELD_NONE, "an empty name is no column" },
		{ "   ", FIELD_NONE, "nor is a blank one" },
		{ "\tbsn", FIELD_NONE, "a tab is not trimmed" },
		{ "bsn2", FIELD_NONE, "longer" },
		{ "bs", FIELD_NONE, "shorter" },
		{ "bestuur", FIELD_NONE, "a field of the header is no column" },
		{ "straa\xc5\xa5", FIELD_NONE, "bytes that are no ASCII" },
		{ "begin-benoeming", FIELD_NONE, "case folding touches letters only" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(field_of_column(slice_of(ROWS[i].name)), ROWS[i].want, "%s", ROWS[i].why);
	cr_expect_eq(field_of_column(slice_make("bsn\0", 4)), FIELD_NONE, "a NUL is a byte of the name");
	cr_expect_eq(field_of_column((struct slice){ NULL, 0 }), FIELD_NONE);
}

Test(field, numbers_are_column_order_with_the_header_behind)
{
	cr_expect_str_eq(field_name(FIELD_NONE), "");
	cr_expect_str_eq(field_name((enum field)1), "bsn");
	cr_expect_str_eq(field_name((enum field)17), "benoemingssleutel");
	cr_expect_str_eq(field_name((enum field)25), "onderwijsterrein");
	cr_expect_str_eq(field_name((enum field)26), "leveringsid");
	cr_expect_str_eq(field_name((enum field)36), "contact_email");
	cr_expect_str_eq(field_name((enum field)37), "", "an unknown number has no name");
	cr_expect_str_eq(field_name((enum field) - 1), "");
}

Test(field, requires_exactly_the_columns_marked_v)
{
	static const char REQUIRED[] = "?V.VVVVV.........VVVVVVVVV"; /* by column number, of specification 3.2 */

	for (unsigned i = 1; i <= COLUMNS; i++)
		cr_expect_eq(field_is_required((enum field)i), REQUIRED[i] == 'V', "%s", field_name((enum field)i));
	cr_expect_not(field_is_required(FIELD_NONE));
	cr_expect_not(field_is_required(FIELD_BOARD));
}

Test(field, columns_of_a_message_are_ours_and_none_twice)
{
	static const struct {
		struct slice columns;
		bool is_sound;
		const char *why;
	} ROWS[] = {
		{ { "\x01", 1 }, true, "bsn alone" },
		{ { "\x19\x01\x05", 3 }, true, "in any order, to the last one" },
		{ { "", 0 }, false, "none at all" },
		{ { "\x01\x05\x01", 3 }, false, "one twice" },
		{ { "\x01\x00", 2 }, false, "no field" },
		{ { "\x01\x1a", 2 }, false, "a field of the header" },
		{ { "\x01\x25", 2 }, false, "of a newer program: 32 more than voornamen" },
		{ { "\x05\x25", 2 }, false, "beside that" },
		{ { "\x01\xff", 2 }, false, "the highest number a byte holds" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(field_columns_are_sound(ROWS[i].columns), ROWS[i].is_sound, "%s", ROWS[i].why);
}
