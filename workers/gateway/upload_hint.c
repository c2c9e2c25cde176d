#include "gateway/upload_hint.h"

#include "model/csv.h"

static bool is_utf_16(struct slice bytes)
{
	if (bytes.n < 2)
		return false;
	return memcmp(bytes.p, "\xff\xfe", 2) == 0 || memcmp(bytes.p, "\xfe\xff", 2) == 0 ||
	       (bytes.p[0] == '\0') != (bytes.p[1] == '\0');
}

static bool begins_with_tag(struct slice text)
{
	while (text.n > 0 && strchr(" \t\r\n", text.p[0]))
		text = slice_from(text, 1);
	return text.n > 0 && text.p[0] == '<';
}

const char *upload_hint(struct slice bytes, enum upload_form form)
{
	if (bytes.n == 0)
		return NULL;
	if (is_utf_16(bytes))
		return "Deze levering is geweigerd: het bestand lijkt in UTF-16 te zijn, lever het in UTF-8";
	bool is_xml = begins_with_tag(csv_skip_bom(bytes));

	if (form == UPLOAD_CSV && is_xml)
		return "Deze levering is geweigerd: het bestand lijkt XML te zijn, stuur het dan met de kop "
		       "Content-Type: application/xml";
	if (form == UPLOAD_XML && !is_xml)
		return "Deze levering is geweigerd: het bestand lijkt geen XML te zijn, stuur csv met de kop "
		       "Content-Type: text/csv";
	return NULL;
}
