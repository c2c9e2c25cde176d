/* judge_content: a teacher's content and targets (specification 6), in the form of content.h. */
#include "model/content.h"
#include "model/judge_internal.h"

#include <assert.h>

static struct slice canonical_value(const struct judge_line *line, unsigned field)
{
	switch (field) {
	case FIELD_SITE:
		return line->site;
	case FIELD_TEACHING_FIELDS:
		return line->teaching_fields;
	default:
		return line->value[field];
	}
}

static size_t joined_bytes(const struct judge_line *line, unsigned first, unsigned last)
{
	size_t bytes = (size_t)(last - first); /* one US between two */

	for (unsigned field = first; field <= last; field++)
		bytes += canonical_value(line, field).n;
	return bytes;
}

static char *join(char *out, const struct judge_line *line, unsigned first, unsigned last)
{
	for (unsigned field = first; field <= last; field++) {
		struct slice value = canonical_value(line, field);

		if (field > first)
			*out++ = CONTENT_US;
		if (value.n > 0)
			memcpy(out, value.p, value.n);
		out += value.n;
	}
	return out;
}

static char target_letter(const struct judge_line *line)
{
	assert(line->ground && (line->ground->target == TARGET_REGISTER || line->ground->target == TARGET_VOORPORTAAL));
	return line->ground->target == TARGET_REGISTER ? 'R' : 'V';
}

/* The person is that of any line: LR-X02 saw that they are equal. */
bool judge_add_content(struct judge_line *const *sorted, size_t count, struct arena *arena, struct judged_group *ret)
{
	size_t bytes = joined_bytes(sorted[0], PERSON_FIRST, PERSON_LAST);

	for (size_t i = 0; i < count; i++)
		bytes += 1 + joined_bytes(sorted[i], APPOINTMENT_FIRST, APPOINTMENT_LAST);
	char *content = arena_take(arena, bytes + count, 1);

	if (!content)
		return false;
	char *end = join(content, sorted[0], PERSON_FIRST, PERSON_LAST);
	char *targets = content + bytes;

	for (size_t i = 0; i < count; i++) {
		*end++ = CONTENT_RS;
		end = join(end, sorted[i], APPOINTMENT_FIRST, APPOINTMENT_LAST);
		targets[i] = target_letter(sorted[i]);
	}
	assert(end == targets);
	ret->content = slice_make(content, bytes);
	ret->targets = slice_make(targets, count);
	return true;
}
