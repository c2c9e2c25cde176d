/* content: reading the text of content.h. Writing it is judge_content.c. */
#include "model/content.h"

/* Splits the bytes up to the next RS, or the end, at US into exactly count fields. */
static bool read_fields(struct slice *content, struct slice *ret, size_t count)
{
	if (content->n == 0)
		return false;
	const char *stop = memchr(content->p, CONTENT_RS, content->n);
	struct slice part = slice_cut(content, stop ? (size_t)(stop - content->p) : content->n);

	for (size_t i = 0; i < count; i++) {
		const char *us = memchr(part.p, CONTENT_US, part.n);
		bool is_last = i + 1 == count;

		if (is_last != !us)
			return false;
		ret[i] = slice_cut(&part, us ? (size_t)(us - part.p) : part.n);
		if (us)
			slice_cut(&part, 1);
	}
	return true;
}

bool content_read_person(struct slice *content, struct slice *ret_person)
{
	return read_fields(content, ret_person, PERSON_FIELDS);
}

enum content_item content_next_appointment(struct slice *content, struct content_appointment *ret)
{
	if (content->n == 0)
		return CONTENT_END;
	if (content->p[0] != CONTENT_RS)
		return CONTENT_DAMAGED;
	slice_cut(content, 1);
	return read_fields(content, ret->fields, APPOINTMENT_FIELDS) ? CONTENT_APPOINTMENT : CONTENT_DAMAGED;
}
