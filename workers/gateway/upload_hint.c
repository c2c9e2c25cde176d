#include "gateway/upload_hint.h"

#include "gateway/csv_hint.h"
#include "gateway/xml_hint.h"
#include "model/csv.h"

#include <stdio.h>
#include <strings.h>

enum { LOOK_BYTES = 4096 }; /* so much of the begin says what a file is */

static bool is_utf_16(struct slice bytes)
{
	if (bytes.n < 2)
		return false;
	return memcmp(bytes.p, "\xff\xfe", 2) == 0 || memcmp(bytes.p, "\xfe\xff", 2) == 0 ||
	       (bytes.p[0] == '\0') != (bytes.p[1] == '\0');
}

static struct slice skip_blanks(struct slice text)
{
	while (text.n > 0 && text.p[0] != '\0' && strchr(" \t\r\n", text.p[0]))
		text = slice_from(text, 1);
	return text;
}

static bool starts_as(struct slice text, const char *begin)
{
	size_t n = strlen(begin);

	return text.n >= n && strncasecmp(text.p, begin, n) == 0;
}

static bool holds(struct slice bytes, const char *text)
{
	bytes.n = MIN(bytes.n, (size_t)LOOK_BYTES);
	return bytes.n > 0 && memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
}

/* What begins with these bytes is no text. */
static const struct {
	const char *begin;
	size_t n;
	const char *within; /* and this near the begin; NULL: nothing else */
	const char *hint;
} KINDS[] = {
	{ "PK\3\4", 4, "[Content_Types].xml",
	  "het bestand is een Excel-werkmap (xlsx); sla het in Excel op als CSV UTF-8 en lever dat" },
	{ "PK\3\4", 4, "opendocument.spreadsheet",
	  "het bestand is een werkblad van LibreOffice (ods); sla het op als csv met tekenset UTF-8 en lever dat" },
	{ "PK\3\4", 4, NULL, "het bestand is ingepakt (zip); pak het uit en lever het bestand dat erin zit" },
	{ "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, NULL,
	  "het bestand is een Excel-werkmap (xls, of met een wachtwoord); sla het in Excel op als CSV UTF-8 en lever "
	  "dat" },
	{ "\x1f\x8b", 2, NULL, "het bestand is ingepakt (gzip); pak het uit en lever het bestand dat erin zit" },
	{ "7z\xbc\xaf\x27\x1c", 6, NULL,
	  "het bestand is ingepakt (7z); pak het uit en lever het bestand dat erin zit" },
	{ "Rar!", 4, NULL, "het bestand is ingepakt (rar); pak het uit en lever het bestand dat erin zit" },
	{ "%PDF-", 5, NULL, "het bestand is een pdf; lever de lijst als csv" },
	{ "{\\rtf", 5, NULL, "het bestand is opgemaakte tekst (rtf); sla het op als tekst zonder opmaak" },
};

/* NULL: it is not told by its begin. */
static const char *kind_of(struct slice bytes)
{
	if (is_utf_16(bytes))
		return "het bestand lijkt in UTF-16 te zijn, lever het in UTF-8";
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
		if (bytes.n >= KINDS[i].n && memcmp(bytes.p, KINDS[i].begin, KINDS[i].n) == 0 &&
		    (!KINDS[i].within || holds(bytes, KINDS[i].within)))
			return KINDS[i].hint;
	struct slice text = skip_blanks(csv_skip_bom(bytes));

	if (starts_as(text, "--") && holds(text, "Content-Disposition:"))
		return "om het bestand zit een webformulier (multipart); stuur alleen de inhoud van het bestand";
	if (starts_as(text, "<!doctype html") || starts_as(text, "<html"))
		return "het bestand is een webpagina; misschien is een aanmeldscherm opgeslagen en niet de lijst";
	return NULL;
}

static const char *form_of(struct slice bytes, enum upload_form form)
{
	struct slice text = skip_blanks(csv_skip_bom(bytes));
	bool is_xml = text.n > 0 && text.p[0] == '<';

	if (form == UPLOAD_CSV && is_xml)
		return "het bestand lijkt XML te zijn, stuur het dan met de kop Content-Type: application/xml";
	if (form == UPLOAD_CSV && text.n > 0 && (text.p[0] == '{' || text.p[0] == '['))
		return "het bestand lijkt JSON te zijn; lever de lijst als csv";
	if (form == UPLOAD_XML && !is_xml)
		return "het bestand lijkt geen XML te zijn, stuur csv met de kop Content-Type: text/csv";
	return NULL;
}

static const char *of_size(const struct upload_refused *refused)
{
	if (refused->finding.rule != RULE_F01)
		return NULL;
	if (refused->bytes_total == 0)
		return "er is een leeg bestand aangekomen; kijk of het juiste bestand is gestuurd";
	return refused->bytes_total > FILE_BYTES_MAX ? "het bestand is groter dan 20 MiB; lever per bestuur een bestand"
						     : NULL;
}

void upload_hint_of_file(const struct upload_refused *refused, char ret[UPLOAD_HINT_BYTES])
{
	static const char REFUSED[] = "Deze levering is geweigerd: ";
	const char *hint = of_size(refused);
	size_t n = sizeof REFUSED - 1;

	ret[0] = '\0';
	if (refused->finding.rule == RULE_F07) /* something was lost or added on the way: it is not what they have */
		return;
	if (!hint && refused->bytes.n > 0)
		hint = kind_of(refused->bytes);
	if (!hint && refused->bytes.n > 0)
		hint = form_of(refused->bytes, refused->form);
	memcpy(ret, REFUSED, n + 1);
	if (hint)
		snprintf(ret + n, UPLOAD_HINT_BYTES - n, "%s", hint);
	else if (refused->bytes.n > 0 && refused->form == UPLOAD_CSV)
		csv_hint(csv_skip_bom(refused->bytes), &refused->finding, ret + n, UPLOAD_HINT_BYTES - n);
	else if (refused->form == UPLOAD_XML)
		xml_hint(&refused->xml_fault, ret + n, UPLOAD_HINT_BYTES - n);
	if (ret[n] == '\0')
		ret[0] = '\0';
}

/* ---- the header ---- */

static const struct {
	enum field field;
	const char *form;
} FORMS[] = {
	{ FIELD_DELIVERY_ID, "leveringsid is 16 tot 36 letters, cijfers en koppeltekens" },
	{ FIELD_BOARD, "bestuur is een nummer van 5 cijfers" },
	{ FIELD_KIND, "soort is VOLLEDIG, MUTATIE of INTREKKING, in hoofdletters" },
	{ FIELD_DRY_RUN, "proef is ja of nee" },
	{ FIELD_SEQUENCE, "volgnummer is een geheel getal vanaf 1, zonder punten" },
	{ FIELD_EXTRACTION_DATE, "extractiedatum is een dag die bestaat, geschreven als 2018-06-29" },
	{ FIELD_LINE_COUNT, "regels is het aantal regels zonder de kopregel, of staat er niet bij" },
	{ FIELD_CONTENT_HASH, "de kop Content-Digest is sha-256=:..: met de SHA-256 van het bestand in base64" },
	{ FIELD_CONTACT_NAME, "contact_naam is hoogstens 50 tekens UTF-8, met procenten gecodeerd" },
	{ FIELD_CONTACT_PHONE, "contact_telefoon is hoogstens 20 tekens UTF-8, met procenten gecodeerd" },
	{ FIELD_CONTACT_EMAIL, "contact_email is hoogstens 75 tekens UTF-8, met procenten gecodeerd" },
};

void upload_hint_of_header(const struct finding *findings, size_t count, char ret[UPLOAD_HINT_BYTES])
{
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < ARRAY_LEN(FORMS); j++) {
			if (findings[i].rule != RULE_K08 || findings[i].field != FORMS[j].field)
				continue;
			const char *before = n == 0 ? "Deze levering is geweigerd: " : "; ";
			size_t wanted = strlen(before) + strlen(FORMS[j].form);

			if (n + wanted >= UPLOAD_HINT_BYTES) /* the findings name the others */
				return;
			n += (size_t)snprintf(ret + n, UPLOAD_HINT_BYTES - n, "%s%s", before, FORMS[j].form);
		}
}
