#include "gateway/file_check.h"
#include "gateway/upload_hint.h"
#include "gateway/xml_check.h"

#include "model/teacher_key.h"

#include <criterion/criterion.h>

#define HEADER                                                                                                     \
	"bsn;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;brin;vestiging;"         \
	"begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;benoemingsgrondslag;" \
	"onderwijsterrein"
#define LINE "123456782;Voorbeeld;;Vera;V;19800101;A1;99ZZ;00;20180101;;20180101;;101;V1"
#define BOM  "\xef\xbb\xbf"

static struct arena arena;

static void set_up(void)
{
	struct err err;

	cr_assert_eq(arena_init(&arena, FILE_CHECK_ARENA_BYTES, 1 << 20, &err), 0);
}

static void tear_down(void)
{
	arena_release(&arena);
}

TestSuite(gateway_upload_hint, .init = set_up, .fini = tear_down);

static const char *hint_of(struct slice bytes, const struct file_expected *expected)
{
	static char hint[UPLOAD_HINT_BYTES];
	struct file_reading reading;
	uint8_t sha256[32];
	struct err err;

	arena_reset(&arena);
	sha256_of(bytes, sha256);
	cr_assert_eq(file_check(bytes, bytes.n, sha256, expected, &arena, &reading, &err), 0);
	cr_assert(reading.finding_count > 0, "it is accepted");
	upload_hint_of_file(&(struct upload_refused){ bytes, bytes.n, UPLOAD_CSV, reading.findings[0] }, hint);
	return hint;
}

#define ROW(content, want)                   \
	{                                    \
		SLICE_LITERAL(content), want \
	}
#define TABLE(header, line) header "\n" line "\n"

/* Each as the program named makes it, and what its owner is told. */
Test(gateway_upload_hint, says_to_a_person_what_a_file_is_or_what_broke_it)
{
	static const struct {
		struct slice content;
		const char *want;
	} ROWS[] = {
		/* what is no csv */
		ROW("PK\3\4\x14\0\6\0\x08\0[Content_Types].xml",
		    "een Excel-werkmap (xlsx); sla het in Excel op als CSV"),
		ROW("PK\3\4\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "LibreOffice (ods)"),
		ROW("PK\3\4\x14\0leraren.csv", "ingepakt (zip)"),
		ROW("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "(xls, of met een wachtwoord)"),
		ROW("\x1f\x8b\x08\0", "ingepakt (gzip)"),
		ROW("%PDF-1.4\n", "een pdf"),
		ROW("{\\rtf1\\ansi", "(rtf)"),
		ROW("<!DOCTYPE html>\n<html>", "een webpagina"),
		ROW("\n<html><body>", "een webpagina"),
		ROW("[{\"bsn\":1}]", "JSON"),
		ROW("------x\r\nContent-Disposition: form-data; name=f\r\n\r\n" HEADER, "webformulier (multipart)"),
		ROW("<?xml version=\"1.0\"?><leraren/>", "Content-Type: application/xml"),
		ROW("b\0s\0n\0;\0", "in UTF-16"),
		/* bytes */
		ROW("", "leeg bestand"),
		ROW("\n", "geen regels met gegevens"),
		ROW(HEADER "\n", "geen regels met gegevens"),
		ROW(TABLE(HEADER, LINE) LINE "\0", "op regel 3 staat een byte"),
		ROW(TABLE(HEADER, LINE) "123456782;Zo\xeb", "staat op regel 3; waarschijnlijk"),
		/* separators */
		ROW("sep=;\n" TABLE(HEADER, LINE), "de eerste regel (sep=)"),
		ROW("bsn,geslachtsnaam\n1,2\n", "tussen de kolommen staan komma's"),
		ROW("bsn\tgeslachtsnaam\n1\t2\n", "tussen de kolommen staan tabs"),
		ROW("bsn|geslachtsnaam\n1|2\n", "verticale strepen"),
		ROW("\"bsn;geslachtsnaam\"\n\"1;2\"\n", "in zijn geheel tussen aanhalingstekens"),
		/* the header row */
		ROW(BOM BOM TABLE(HEADER, LINE), "twee keer een BOM"),
		ROW(LINE "\n", "de kopregel ontbreekt"),
		ROW("\n" TABLE(HEADER, LINE), "de kopregel staat op regel 2"),
		ROW("Export;van;2018\n;;\n" TABLE(HEADER, LINE), "de kopregel staat op regel 3"),
		ROW(TABLE(HEADER ";", LINE ";"), "kolom 16 heeft geen naam"),
		ROW(TABLE("\xc2\xa0" HEADER, LINE),
		    "in de naam van kolom 1 staat een teken dat niet te zien is; typ de naam bsn"),
		ROW(TABLE(HEADER "\xe2\x80\x8b", LINE), "in de naam van kolom 15 staat een teken"),
		ROW("bsn;Begin Benoeming\n1;2\n", "kolom 2 moet begin_benoeming heten"),
		ROW("bsn;vesteging\n1;2\n", "kolom 2 lijkt vestiging te moeten heten"),
		/* records */
		ROW(TABLE(HEADER, "\"123456782") LINE,
		    "in regel 2, kolom 1, staat een aanhalingsteken dat niet wordt gesloten"),
		ROW(TABLE(HEADER, LINE) "1;Vo\"or",
		    "in regel 3, kolom 2, staat een aanhalingsteken midden in een waarde"),
		ROW(TABLE(HEADER, "=\"123456782\";x"), "in regel 2, kolom 1, staat een formule"),
		ROW(TABLE(HEADER, "\"1\"2;x"), "in regel 2, kolom 1, staat nog iets achter het aanhalingsteken"),
		ROW(HEADER "\r" LINE "\n", "in regel 1, kolom 15, staat een regeleinde"),
		ROW(TABLE(HEADER, LINE ";"), "regel 2 heeft een puntkomma te veel"),
		ROW(TABLE(HEADER, LINE) "\n" LINE "\n", "regel 3 is leeg of is geen regel met gegevens"),
	};
	static const struct file_expected EXPECTED = { .kind = DELIVERY_VOLLEDIG };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *hint = hint_of(ROWS[i].content, &EXPECTED);

		cr_expect(strstr(hint, ROWS[i].want), "row %zu, %s: %s", i, ROWS[i].want, hint);
		cr_expect(strncmp(hint, "Deze levering is geweigerd: ", 28) == 0, "row %zu: %s", i, hint);
		cr_expect(hint[strlen(hint) - 1] != '.' && !strstr(hint, ". "), "row %zu: one sentence: %s", i, hint);
	}
}

/* A name, a number or any other value of a delivery stands in no answer (specification 12). */
Test(gateway_upload_hint, shows_nothing_that_was_delivered)
{
	static const struct slice CONTENTS[] = {
		SLICE_LITERAL("Geheim;bsn\n1;2\n"),	   SLICE_LITERAL("Geheim\n" TABLE(HEADER, LINE)),
		SLICE_LITERAL(TABLE(HEADER, "Geheim\"x")), SLICE_LITERAL(TABLE(HEADER, "Geheim")),
		SLICE_LITERAL("begin_Geheim;bsn\n1;2\n"),
	};
	static const struct file_expected EXPECTED = { .kind = DELIVERY_VOLLEDIG };

	for (size_t i = 0; i < ARRAY_LEN(CONTENTS); i++)
		cr_expect_not(strcasestr(hint_of(CONTENTS[i], &EXPECTED), "geheim"), "row %zu", i);
}

Test(gateway_upload_hint, says_nothing_of_what_was_changed_on_the_way)
{
	static const struct file_expected EXPECTED = { .kind = DELIVERY_VOLLEDIG, .has_content_hash = true };

	cr_expect_str_eq(hint_of(SLICE_LITERAL("PK\3\4"), &EXPECTED), "");
}

Test(gateway_upload_hint, says_which_form_a_field_of_the_header_has)
{
	static const struct finding FINDINGS[] = {
		{ .rule = RULE_K08, .field = FIELD_SEQUENCE },
		{ .rule = RULE_K08, .field = FIELD_EXTRACTION_DATE },
	};
	struct finding all[HEADER_LAST - FIELD_DELIVERY_ID + 1];
	char hint[UPLOAD_HINT_BYTES];

	upload_hint_of_header(FINDINGS, ARRAY_LEN(FINDINGS), hint);
	cr_expect_str_eq(hint,
			 "Deze levering is geweigerd: volgnummer is een geheel getal vanaf 1, zonder punten; "
			 "extractiedatum is een dag die bestaat, geschreven als 2018-06-29");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		all[i] = (struct finding){ .rule = RULE_K08, .field = (uint8_t)(FIELD_DELIVERY_ID + i) };
	upload_hint_of_header(all, ARRAY_LEN(all), hint);
	cr_expect(strlen(hint) > 400 && strlen(hint) < sizeof hint, "%zu", strlen(hint));
}

static const struct {
	const char *text;
	size_t bytes;
	enum upload_form form;
	const char *holds; /* NULL: no hint */
} HINTS[] = {
	{ "<?xml version=\"1.0\"?>", 21, UPLOAD_CSV, "application/xml" },
	{ "\xef\xbb\xbf\r\n <leraren>", 15, UPLOAD_CSV, "application/xml" },
	{ "bsn;naam\n", 9, UPLOAD_CSV, NULL },
	{ "bsn;naam\n", 9, UPLOAD_XML, "text/csv" },
	{ "<leraren/>", 10, UPLOAD_XML, NULL },
	{ "\xff\xfe<\0", 4, UPLOAD_XML, "UTF-16" },
	{ "\xfe\xff\0<", 4, UPLOAD_XML, "UTF-16" },
	{ "b\0s\0", 4, UPLOAD_CSV, "UTF-16" },
	{ "", 0, UPLOAD_XML, NULL },
};

Test(gateway_upload_hint, says_when_xml_was_sent_as_csv_and_csv_as_xml)
{
	for (size_t i = 0; i < ARRAY_LEN(HINTS); i++) {
		struct slice bytes = slice_make(HINTS[i].text, HINTS[i].bytes);
		struct finding finding = { .rule = RULE_F10 };
		char hint[UPLOAD_HINT_BYTES];

		upload_hint_of_file(&(struct upload_refused){ bytes, 1, HINTS[i].form, finding }, hint);
		cr_expect(HINTS[i].holds ? strstr(hint, HINTS[i].holds) != NULL : !*hint, "row %zu: %s", i, hint);
	}
}

#define DOC(inner)     "<leraren xmlns=\"urn:instroom:leraren:1\">\n" inner "</leraren>"
#define TEACHER(inner) DOC("<leraar>" inner "</leraar>")
#define X_64	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X_256	       X_64 X_64 X_64 X_64

/* What was sent ("Jansen", "naam") is in none of them. */
Test(gateway_upload_hint, says_what_broke_an_xml_document_and_where)
{
	static const struct {
		struct slice content;
		const char *want;
	} ROWS[] = {
		ROW("<leraren>Jansen</leraren>", "op regel 1 van het XML-bestand hoort het buitenste element"),
		ROW("<naam xmlns=\"urn:instroom:leraren:1\"/>", "urn:instroom:leraren:1"),
		ROW(DOC("<leraar xmlns=\"urn:x\"/>"),
		    "op regel 2 van het XML-bestand staat een element van een andere"),
		ROW(TEACHER("<bsn nil=\"true\"/>"), "(xsi:nil)"),
		ROW(DOC("Jansen"), "tekst tussen de elementen"),
		ROW(TEACHER("<bsn><b>Jansen</b></bsn>"), "binnen bsn; daar hoort alleen een waarde"),
		ROW(TEACHER("<bsn/>\n<bsn/>"), "op regel 3 van het XML-bestand staat bsn dubbel"),
		ROW(TEACHER("<voornamen/><geslachtsnaam/>"), "geslachtsnaam dubbel of niet op zijn plaats"),
		ROW(TEACHER("<benoeming/><bsn/>"), "bsn dubbel of niet op zijn plaats"),
		ROW(TEACHER("<brin/>"), "brin buiten benoeming"),
		ROW(TEACHER("<benoeming><bsn/></benoeming>"), "bsn binnen benoeming"),
		ROW(TEACHER("<naam>Jansen</naam>"), "een element dat daar niet hoort"),
		ROW(DOC("<brin/>"), "een element dat daar niet hoort"),
		ROW("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" TEACHER(""), "een andere tekenset dan UTF-8"),
		ROW("<?xml version=\"1.1\"?>" TEACHER(""), "een andere versie dan 1.0"),
		ROW(" <?xml version=\"1.0\"?>" TEACHER(""), "niet helemaal vooraan"),
		ROW("<!DOCTYPE leraren>" TEACHER(""), "een DOCTYPE"),
		ROW(DOC("<?naam Jansen?>"), "verwerkingsinstructie"),
		ROW(TEACHER("<bsn>" X_256 X_256 X_256 X_256 "x</bsn>"), "de waarde van bsn langer dan 1.024 bytes"),
		ROW(TEACHER("<geslachtsnaam>Zo\xeb</geslachtsnaam>"), "geen UTF-8"),
		ROW(TEACHER("<geslachtsnaam>Zo\xc3"), "geen UTF-8"),
		ROW(TEACHER("<plaats>Jansen & Co</plaats>"), "schrijf & als &amp;"),
		ROW(TEACHER("<plaats>&naam;</plaats>"), "een verwijzing"),
		ROW(TEACHER("<plaats>&#1;</plaats>"), "een verwijzing"),
		ROW(TEACHER("<plaats></straat>"), "een eindtag"),
		ROW(TEACHER("<x:plaats/>"), "de namespace niet genoemd"),
		ROW("<leraren xmlns=\"urn:instroom:leraren:1\"><leraar>", "houdt het document op"),
		ROW(TEACHER("") "Jansen", "achter het einde van het document"),
		ROW(TEACHER("<bsn a=\"1\" a=\"2\"/>"), "niet goed gevormd"),
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct file_expected expected = { .kind = DELIVERY_MUTATIE };
		struct slice bytes = ROWS[i].content;
		char hint[UPLOAD_HINT_BYTES];
		struct file_reading reading;
		uint8_t sha256[32];
		struct err err;

		arena_reset(&arena);
		sha256_of(bytes, sha256);
		cr_assert_eq(xml_check(bytes, bytes.n, sha256, &expected, &arena, &reading, &err), 0);
		upload_hint_of_file(&(struct upload_refused){ bytes, bytes.n, UPLOAD_XML, reading.findings[0],
							      reading.xml_fault },
				    hint);
		cr_expect(strstr(hint, ROWS[i].want), "row %zu: %s", i, hint);
		cr_expect(!strstr(hint, "Jansen") && !strstr(hint, "naam>"), "row %zu: %s", i, hint);
	}
}
