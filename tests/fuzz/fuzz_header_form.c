/* fuzz_header_form: input is lines of "name=value"; names of the query, or of the contact headers, whose values are
 * percent-encoded. */
#include "fuzz.h"

#include "gateway/header_form.h"
#include "model/csv.h"

enum { CONTACT_BYTES_MAX = 64 };

static struct slice cut_to(struct slice *rest, char end)
{
	const char *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;
	struct slice head = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	if (rest->n > 0)
		slice_cut(rest, 1);
	return head;
}

static void take_line(struct slice line, struct header_form *form, char contact[HEADER_FIELDS][CONTACT_BYTES_MAX])
{
	struct slice name = cut_to(&line, '='), value = line;
	enum field field = header_field_of_query(name);

	FUZZ_EXPECT(field == FIELD_NONE || header_field_of_http(name) == FIELD_NONE);
	if (field == FIELD_NONE) {
		field = header_field_of_http(name);
		if (field == FIELD_NONE ||
		    !header_percent_decode(line, contact[field - HEADER_FIRST], CONTACT_BYTES_MAX, &value))
			return;
		FUZZ_EXPECT(value.n <= line.n && value.n <= CONTACT_BYTES_MAX);
	}
	form->fields[field - HEADER_FIRST] = (struct header_field){ true, value };
}

/* What is good is within specification 2; what is not has one finding, in the order of the header. */
static void expect_reading(const struct header_form *form, const struct header_reading *reading)
{
	const struct delivery_header *header = &reading->header;
	size_t wrong = 0;

	for (size_t i = 0; i < HEADER_FIELDS; i++)
		if (!reading->is_good[i])
			FUZZ_EXPECT(reading->findings[wrong].rule == RULE_K08 &&
				    reading->findings[wrong++].field == HEADER_FIRST + i);
	FUZZ_EXPECT(wrong == reading->finding_count);
	FUZZ_EXPECT(header->id.n == 0 ||
		    (header->id.n >= DELIVERY_ID_BYTES_MIN && header->id.n <= DELIVERY_ID_BYTES_MAX));
	FUZZ_EXPECT(header->board <= 99999 && header->sequence >= 0 && reading->line_count >= 0);
	FUZZ_EXPECT(reading->is_good[FIELD_SEQUENCE - HEADER_FIRST] == (header->sequence > 0));
	FUZZ_EXPECT(reading->is_good[FIELD_KIND - HEADER_FIRST] == (header->kind != 0));
	FUZZ_EXPECT(!reading->is_good[FIELD_EXTRACTION_DATE - HEADER_FIRST] ||
		    (header->extraction_date >= 19000101 && header->extraction_date <= 21991231));
	FUZZ_EXPECT(!reading->has_content_hash || form->fields[FIELD_CONTENT_HASH - HEADER_FIRST].value.n >= 53);
	FUZZ_EXPECT(utf8_is_valid(header->contact_name) && utf8_length(header->contact_name) <= CONTACT_NAME_MAX);
	FUZZ_EXPECT(utf8_is_valid(header->contact_phone) && utf8_length(header->contact_phone) <= CONTACT_PHONE_MAX);
	FUZZ_EXPECT(utf8_is_valid(header->contact_email) && utf8_length(header->contact_email) <= CONTACT_EMAIL_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char contact[HEADER_FIELDS][CONTACT_BYTES_MAX];
	struct slice rest = slice_make(data, size);
	struct header_form form = { 0 };
	struct header_reading reading;

	while (rest.n > 0)
		take_line(cut_to(&rest, '\n'), &form, contact);
	header_form_read(&form, &reading);
	expect_reading(&form, &reading);
	if (reading.finding_count == 0)
		FUZZ_DEEP();
	return 0;
}
