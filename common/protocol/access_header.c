#include "protocol/access_header.h"

#include "base/num.h"
#include "model/party_number.h"

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

static bool is_basis(struct slice word)
{
	for (int basis = BASIS_OWN; basis < BASES; basis++)
		if (slice_equal_text(word, access_basis_word((enum access_basis)basis)))
			return true;
	return false;
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return true;
}

static bool is_version(struct slice text)
{
	bool has_extra_zero = text.n > 1 && text.p[0] == '0';
	int64_t version;

	return text.n == 0 || (!has_extra_zero && num_parse_i64(text, 0, INT64_MAX, &version));
}

static bool parse(struct slice value, struct access_header *ret)
{
	struct slice rest = value;
	struct party_number party;
	size_t blanks = 0;

	for (size_t i = 0; i < value.n; i++)
		blanks += value.p[i] == ' ';
	if (blanks != 3 || value.n >= ACCESS_HEADER_TEXT_BYTES)
		return false;
	ret->basis = take_part(&rest);
	ret->version = take_part(&rest);
	ret->party = take_part(&rest);
	ret->speaker = take_part(&rest);
	return is_basis(ret->basis) && is_printable(ret->speaker) && is_version(ret->version) &&
	       (ret->party.n == 0 || party_number_read(ret->party, &party));
}

const struct message_header *access_header_find(const struct message_header *items, size_t count)
{
	struct access_header header;

	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, ACCESS_HEADER_NAME) == 0 && parse(items[i].value, &header))
			return &items[i];
	return NULL;
}

void access_header_read(const struct message_header *items, size_t count, struct access_header *ret)
{
	const struct message_header *found = access_header_find(items, count);

	*ret = (struct access_header){ 0 };
	if (found && !parse(found->value, ret))
		*ret = (struct access_header){ 0 };
}
