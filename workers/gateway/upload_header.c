#include "gateway/upload_header.h"

#include "gateway/content_type.h"
#include "gateway/request.h"
#include "model/date.h"

struct header_walk {
	const struct request *request;
	struct upload_header *header;
	struct header_form form;
	bool takes_received_on;
	bool is_wrong; /* as a request */
};

static struct header_field *deliver_field(struct header_walk *walk, enum field field)
{
	struct header_field *to = &walk->form.fields[field - HEADER_FIRST];

	walk->is_wrong |= to->is_delivered; /* twice */
	to->is_delivered = true;
	return to;
}

static bool take_parameter(void *self, struct slice name, struct slice value)
{
	struct header_walk *walk = self;
	enum field field = header_field_of_query(name);

	if (field != FIELD_NONE) {
		deliver_field(walk, field)->value = value;
	} else if (slice_equal_text(name, "ontvangen_op") && walk->takes_received_on) {
		walk->header->received_on = date_parse_iso(value);
		walk->is_wrong |= walk->header->received_on <= 0;
	} else {
		walk->is_wrong = true;
	}
	return !walk->is_wrong;
}

static const char UNREADABLE[] = "\xff"; /* no UTF-8: LR-K08 on the field */

static bool take_header(void *self, struct slice name, struct slice value)
{
	static const char OURS[] = "Instroom-";
	struct header_walk *walk = self;
	enum field field = header_field_of_http(name);

	if (field == FIELD_NONE) {
		walk->is_wrong = name.n >= sizeof OURS - 1 && strncasecmp(name.p, OURS, sizeof OURS - 1) == 0;
		return !walk->is_wrong;
	}
	if (field == FIELD_CONTENT_HASH) {
		struct header_field *digests = &walk->form.fields[field - HEADER_FIRST];

		digests->is_delivered = true;
		if (!request_header_whole_list(walk->request, "Content-Digest", walk->header->digests, &digests->value))
			digests->value = SLICE_LITERAL(UNREADABLE); /* what is left out may be another digest */
		return true;
	}
	struct header_field *to = deliver_field(walk, field);

	if (!header_percent_decode(value, walk->header->contact[field - FIELD_CONTACT_NAME], CONTACT_BYTES_MAX,
				   &to->value))
		to->value = SLICE_LITERAL(UNREADABLE);
	return !walk->is_wrong;
}

static bool equals_ascii(struct slice a, const char *text)
{
	return a.n == strlen(text) && strncasecmp(a.p, text, a.n) == 0;
}

/* Takes the text up to the separator off *rest, and the separator. */
static struct slice cut_to(struct slice *rest, char separator)
{
	const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct slice part = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	*rest = slice_from(*rest, 1);
	return slice_trim(part);
}

static enum upload_form form_of_type(struct slice type)
{
	if (equals_ascii(type, "text/csv"))
		return UPLOAD_CSV;
	return equals_ascii(type, "application/xml") || equals_ascii(type, "text/xml") ? UPLOAD_XML : UPLOAD_OTHER;
}

enum upload_form upload_header_form(const struct request *request)
{
	struct slice rest = request_header(request, "Content-Type");

	if (!rest.p)
		return UPLOAD_CSV;
	bool is_utf8;
	enum upload_form form = form_of_type(content_type_read(rest, &is_utf8));

	return is_utf8 ? form : UPLOAD_OTHER;
}

bool upload_header_is_encoded(const struct request *request)
{
	char buf[REQUEST_LIST_BYTES];
	struct slice rest;

	if (!request_header_whole_list(request, "Content-Encoding", buf, &rest))
		return true; /* nobody names so much for nothing */
	while (rest.n > 0) {
		struct slice coding = cut_to(&rest, ',');

		if (coding.n > 0 && !equals_ascii(coding, "identity"))
			return true;
	}
	return false;
}

bool upload_header_read(const struct request *request, bool takes_received_on, struct upload_header *header)
{
	struct header_walk walk = { .request = request, .header = header, .takes_received_on = takes_received_on };

	header->received_on = 0;
	request_walk_query(request, take_parameter, &walk);
	if (!walk.is_wrong)
		request_walk_headers(request, take_header, &walk);
	if (walk.is_wrong)
		return false;
	header_form_read(&walk.form, &header->reading);
	return true;
}
