#include "protocol/access_header.h"

#include <stdio.h>
#include <string.h>

static struct slice or_dash(struct slice text)
{
	return text.n > 0 ? text : SLICE_LITERAL("-");
}

void access_header_write(const struct access_header *header, char ret[ACCESS_HEADER_TEXT_BYTES])
{
	struct slice basis = or_dash(header->basis), version = or_dash(header->version);
	struct slice party = or_dash(header->party), speaker = or_dash(header->speaker);

	snprintf(ret, ACCESS_HEADER_TEXT_BYTES, "%.*s %.*s %.*s %.*s", (int)basis.n, basis.p, (int)version.n, version.p,
		 (int)party.n, party.p, (int)speaker.n, speaker.p);
}

/* Takes the text up to the next blank off *rest, and the blank. "-" is empty. */
static struct slice take_part(struct slice *rest)
{
	const char *blank = rest->n > 0 ? memchr(rest->p, ' ', rest->n) : NULL;
	struct slice part = slice_cut(rest, blank ? (size_t)(blank - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return slice_equal_text(part, "-") ? (struct slice){ 0 } : part;
}

static bool is_whole(struct slice value)
{
	size_t blanks = 0;

	for (size_t i = 0; i < value.n; i++)
		blanks += value.p[i] == ' ';
	return blanks == 3;
}

void access_header_read(const struct message_header *items, size_t count, struct access_header *ret)
{
	*ret = (struct access_header){ 0 };
	for (size_t i = 0; i < count; i++) {
		struct slice rest = items[i].value;

		if (strcmp(items[i].name, ACCESS_HEADER_NAME) != 0 || !is_whole(rest))
			continue;
		ret->basis = take_part(&rest);
		ret->version = take_part(&rest);
		ret->party = take_part(&rest);
		ret->speaker = take_part(&rest);
		return;
	}
}
