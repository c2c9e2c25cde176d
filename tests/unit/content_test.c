/* Reading content; that what is written can be read is in judge_group_test. */
#include "model/content.h"

#include <criterion/criterion.h>

#define US		 "\x1f"
#define RS		 "\x1e"
#define PERSON		 "Vries" US US "Anna" US "V" US "19800214" US US US US US US US US US "x"
#define APPOINTMENT(key) RS key US "99ZZ" US "00" US "20100801" US US "20100801" US US "701" US

Test(content, is_read_field_by_field)
{
	struct slice rest = SLICE_LITERAL(PERSON APPOINTMENT("A-1") APPOINTMENT("A-2"));
	struct slice person[PERSON_FIELDS];
	struct content_appointment appointment;

	cr_assert(content_read_person(&rest, person));
	cr_expect(slice_equal_text(person[0], "Vries"));
	cr_expect(slice_equal_text(person[1], ""));
	cr_expect(slice_equal_text(person[PERSON_FIELDS - 1], "x"));
	cr_assert_eq(content_next_appointment(&rest, &appointment), CONTENT_APPOINTMENT);
	cr_expect(slice_equal_text(appointment.fields[0], "A-1"));
	cr_expect(slice_equal_text(appointment.fields[APPOINTMENT_FIELDS - 2], "701"));
	cr_expect(slice_equal_text(appointment.fields[APPOINTMENT_FIELDS - 1], ""));
	cr_assert_eq(content_next_appointment(&rest, &appointment), CONTENT_APPOINTMENT);
	cr_expect(slice_equal_text(appointment.fields[0], "A-2"));
	cr_expect_eq(content_next_appointment(&rest, &appointment), CONTENT_END);
	cr_expect_eq(rest.n, 0);
}

static const struct {
	struct slice content;
	const char *why;
} DAMAGED[] = {
	{ { 0 }, "empty, as that of the withdrawn" },
	{ SLICE_LITERAL("Vries"), "one field" },
	{ SLICE_LITERAL(PERSON US), "a field too many" },
	{ SLICE_LITERAL(APPOINTMENT("A-1")), "no person" },
};

Test(content, refuses_a_person_of_another_form)
{
	struct slice person[PERSON_FIELDS];

	for (size_t i = 0; i < ARRAY_LEN(DAMAGED); i++) {
		struct slice rest = DAMAGED[i].content;

		cr_expect_not(content_read_person(&rest, person), "%s", DAMAGED[i].why);
	}
}

Test(content, refuses_an_appointment_of_another_form)
{
	static const char *const TEXTS[] = { "A-1", RS, RS "A-1" US "99ZZ", APPOINTMENT("A-1") US };
	struct content_appointment appointment;

	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		struct slice rest = slice_of(TEXTS[i]);

		cr_expect_eq(content_next_appointment(&rest, &appointment), CONTENT_DAMAGED, "%zu", i);
	}
}
