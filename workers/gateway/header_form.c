#include "gateway/header_form.h"

#include "base/num.h"
#include "http/http_list.h"
#include "model/csv.h"
#include "model/date.h"

static const struct header_field *field_of(const struct header_form *form, enum field field)
{
	return &form->fields[field - HEADER_FIRST];
}

static void field_judged(struct header_reading *ret, enum field field, bool is_good)
{
	ret->is_good[field - HEADER_FIRST] = is_good;
	if (!is_good)
		ret->findings[ret->finding_count++] = (struct finding){ .rule = RULE_K08, .field = (uint8_t)field };
}

static bool read_board(struct slice text, uint32_t *ret)
{
	uint64_t board;

	if (text.n != 5 || !num_parse_u64(text, BOARD_NUMBER_MAX, &board))
		return false;
	*ret = (uint32_t)board;
	return true;
}

static bool read_dry_run(const struct header_field *field, bool *ret)
{
	*ret = field->is_delivered && slice_equal_text(field->value, "ja");
	return !field->is_delivered || *ret || slice_equal_text(field->value, "nee");
}

static bool read_sequence(struct slice text, int64_t *ret)
{
	uint64_t sequence;

	if (!num_parse_u64(text, INT64_MAX, &sequence) || sequence == 0)
		return false;
	*ret = (int64_t)sequence;
	return true;
}

static bool read_line_count(const struct header_field *field, struct header_reading *ret)
{
	uint64_t count;

	if (!field->is_delivered)
		return true;
	if (!num_parse_u64(field->value, INT64_MAX, &count))
		return false;
	ret->has_line_count = true;
	ret->line_count = (int64_t)count;
	return true;
}

/* One member of a Content-Digest: "sha-256=:base64:", perhaps with parameters behind it. */
static bool read_digest(struct slice member, uint8_t out[32])
{
	const char *end;

	if (member.n == 0 || member.p[0] != ':')
		return false;
	member = slice_from(member, 1);
	end = member.n > 0 ? memchr(member.p, ':', member.n) : NULL;
	if (!end)
		return false;
	struct slice after = slice_from(member, (size_t)(end - member.p) + 1);

	return (after.n == 0 || after.p[0] == ';') &&
	       num_from_base64(slice_make(member.p, (size_t)(end - member.p)), out, 32);
}

/* RFC 9530: a list of digests by algorithm. Others than SHA-256 are not looked at; without one, or with two, it is no
 * sha256. */
static bool read_content_digest(struct slice text, uint8_t out[32])
{
	static const char NAME[] = "sha-256=";
	size_t found = 0;

	while (text.n > 0) {
		struct slice member = http_list_cut(&text, ',');

		if (!slice_starts_with(member, NAME))
			continue;
		if (!read_digest(slice_from(member, sizeof NAME - 1), out))
			return false;
		found++;
	}
	return found == 1;
}

static bool read_content_hash(const struct header_field *field, struct header_reading *ret)
{
	if (!field->is_delivered)
		return true;
	ret->has_content_hash = read_content_digest(field->value, ret->content_hash);
	return ret->has_content_hash;
}

/* A NUL cannot be kept as text, and no contact holds one: wrong form. */
static bool read_contact(const struct header_field *field, size_t length_max, struct slice *ret)
{
	if (!field->is_delivered)
		return true;
	if (!utf8_is_valid(field->value) || (field->value.n > 0 && memchr(field->value.p, '\0', field->value.n)) ||
	    utf8_length(field->value) > length_max)
		return false;
	*ret = field->value;
	return true;
}

void header_form_read(const struct header_form *form, struct header_reading *ret)
{
	struct delivery_header *header = &ret->header;
	const struct header_field *id = field_of(form, FIELD_DELIVERY_ID);

	*ret = (struct header_reading){ 0 };
	field_judged(ret, FIELD_DELIVERY_ID, !id->is_delivered || delivery_id_is_good(id->value));
	if (id->is_delivered && ret->is_good[0])
		header->id = id->value;
	field_judged(ret, FIELD_BOARD, read_board(field_of(form, FIELD_BOARD)->value, &header->board));
	header->kind = delivery_kind_of(field_of(form, FIELD_KIND)->value);
	field_judged(ret, FIELD_KIND, header->kind != 0);
	field_judged(ret, FIELD_DRY_RUN, read_dry_run(field_of(form, FIELD_DRY_RUN), &header->is_dry_run));
	field_judged(ret, FIELD_SEQUENCE, read_sequence(field_of(form, FIELD_SEQUENCE)->value, &header->sequence));
	header->extraction_date = date_parse_iso(field_of(form, FIELD_EXTRACTION_DATE)->value);
	field_judged(ret, FIELD_EXTRACTION_DATE, header->extraction_date > 0);
	field_judged(ret, FIELD_LINE_COUNT, read_line_count(field_of(form, FIELD_LINE_COUNT), ret));
	field_judged(ret, FIELD_CONTENT_HASH, read_content_hash(field_of(form, FIELD_CONTENT_HASH), ret));
	field_judged(ret, FIELD_CONTACT_NAME,
		     read_contact(field_of(form, FIELD_CONTACT_NAME), CONTACT_NAME_MAX, &header->contact_name));
	field_judged(ret, FIELD_CONTACT_PHONE,
		     read_contact(field_of(form, FIELD_CONTACT_PHONE), CONTACT_PHONE_MAX, &header->contact_phone));
	field_judged(ret, FIELD_CONTACT_EMAIL,
		     read_contact(field_of(form, FIELD_CONTACT_EMAIL), CONTACT_EMAIL_MAX, &header->contact_email));
}

enum field header_field_of_query(struct slice name)
{
	for (int field = FIELD_DELIVERY_ID; field <= FIELD_LINE_COUNT; field++)
		if (slice_equal_text(name, field_name((enum field)field)))
			return (enum field)field;
	return FIELD_NONE;
}

enum field header_field_of_http(struct slice name)
{
	static const struct {
		const char *name;
		enum field field;
	} HEADERS[] = {
		{ "Content-Digest", FIELD_CONTENT_HASH },
		{ "Instroom-Contact-Naam", FIELD_CONTACT_NAME },
		{ "Instroom-Contact-Telefoon", FIELD_CONTACT_PHONE },
		{ "Instroom-Contact-Email", FIELD_CONTACT_EMAIL },
	};

	for (size_t i = 0; i < ARRAY_LEN(HEADERS); i++)
		if (name.n == strlen(HEADERS[i].name) && strncasecmp(name.p, HEADERS[i].name, name.n) == 0)
			return HEADERS[i].field;
	return FIELD_NONE;
}

bool header_percent_decode(struct slice text, char *out, size_t out_bytes, struct slice *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++, n++) {
		if (n == out_bytes)
			return false;
		out[n] = text.p[i];
		if (text.p[i] != '%')
			continue;
		if (text.n - i < 3 || !num_from_hex(slice_make(text.p + i + 1, 2), &out[n], 1))
			return false;
		i += 2;
	}
	*ret = slice_make(out, n);
	return true;
}
