#include "gateway/xml_check.h"

#include "base/strbuf.h"
#include "model/teacher_key.h"

#include <criterion/criterion.h>

#define NS	   "xmlns=\"urn:instroom:leraren:1\""
#define DOC(inner) "<leraren " NS ">" inner "</leraren>"
#define ONE	   "<leraar><bsn>1</bsn></leraar>"
#define XSI	   "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define X_64	   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X_1024	   X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64 X_64

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

TestSuite(gateway_xml_check, .init = set_up, .fini = tear_down);

static void check(struct slice bytes, const struct file_expected *expected, struct file_reading *ret)
{
	uint8_t sha256[32];
	struct err err;

	arena_reset(&arena);
	sha256_of(bytes, sha256);
	cr_assert_eq(xml_check(bytes, bytes.n, sha256, expected, &arena, ret, &err), 0, "%s", err.text);
}

/* "LR-F10(2)", or "3 lines". */
static const char *told(const struct file_reading *reading)
{
	static char text[64];

	if (reading->finding_count == 0)
		snprintf(text, sizeof text, "%zu lines", reading->line_count);
	else
		snprintf(text, sizeof text, "%s(%lld)", rule_code((enum rule)reading->findings[0].rule),
			 (long long)reading->findings[0].values[0]);
	return text;
}

static const struct {
	const char *text, *told, *why;
} ROWS[] = {
	{ DOC(ONE), "1 lines", "" },
	{ DOC(ONE ONE), "2 lines", "" },
	{ DOC("<leraar/>"), "1 lines", "a leraar without anything is a line" },
	{ DOC("<leraar><benoeming/><benoeming/></leraar>"), "2 lines", "a line for each benoeming" },
	{ DOC(""), "LR-F01(0)", "no line" },
	{ "", "LR-F01(0)", "no byte" },
	{ "\xef\xbb\xbf" DOC(ONE), "1 lines", "a BOM" },
	{ "\xef\xbb\xbf\xef\xbb\xbf" DOC(ONE), "LR-F10(2)", "two" },
	{ "<?xml version='1.0'?>" DOC(ONE), "1 lines", "no encoding named" },
	{ "<?xml version='1.0' encoding='uTf-8' standalone='yes'?>" DOC(ONE), "1 lines", "any case" },
	{ "<?xml version='1.1'?>" DOC(ONE), "LR-F10(2)", "another version" },
	{ "<?xml version='1.0' encoding='ISO-8859-1'?>" DOC(ONE), "LR-F10(2)", "another encoding" },
	{ "<?xml version='1.0' encoding='UTF-16'?>" DOC(ONE), "LR-F10(2)", "" },
	{ " <?xml version='1.0'?>" DOC(ONE), "LR-F10(2)", "a blank before the declaration" },
	{ "<!DOCTYPE leraren>" DOC(ONE), "LR-F10(2)", "a DOCTYPE" },
	{ "<!DOCTYPE leraren [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" DOC("&b;"), "LR-F10(2)", "laughs" },
	{ "<!DOCTYPE leraren SYSTEM \"file:///etc/passwd\">" DOC(ONE), "LR-F10(2)", "one from outside" },
	{ "<!DOCTYPE leraren", "LR-F10(2)", "half of one" },
	{ "<?xml-stylesheet href='a'?>" DOC(ONE), "LR-F10(2)", "a processing instruction" },
	{ DOC(ONE "<?php?>"), "LR-F10(3)", "" },
	{ DOC(ONE) "<?php?>", "LR-F10(3)", "" },
	{ "<!-- a -->" DOC("<!-- <b> --><leraar><!-- - --><bsn>1<!-- x -->2</bsn></leraar>") "<!-- c -->", "1 lines",
	  "comments" },
	{ DOC("<leraar><bsn>&lt;&#x41;<![CDATA[<a>]]></bsn></leraar>"), "1 lines", "references and CDATA" },
	{ DOC("<leraar><bsn>&nergens;</bsn></leraar>"), "LR-F10(2)", "an entity of nobody" },
	{ DOC("<leraar><bsn>&#0;</bsn></leraar>"), "LR-F10(2)", "" },
	{ DOC("<leraar><bsn>]]></bsn></leraar>"), "LR-F10(2)", "" },
	{ DOC("<leraar><bsn>\xff</bsn></leraar>"), "LR-F10(2)", "no UTF-8" },
	{ DOC("<leraar><bsn>\xc0\x80</bsn></leraar>"), "LR-F10(2)", "overlong" },
	{ DOC("<leraar><bsn>\xed\xa0\x80</bsn></leraar>"), "LR-F10(2)", "a surrogate" },
	{ DOC(ONE) "x", "LR-F10(3)", "behind the end" },
	{ DOC(ONE) DOC(ONE), "LR-F10(3)", "" },
	{ "<leraren " NS ">" ONE, "LR-F10(3)", "cut off" },
	{ DOC("<leraar>"), "LR-F10(2)", "" },
	{ "bsn;naam\n1;2\n", "LR-F10(2)", "CSV" },
	{ "<leraren>" ONE "</leraren>", "LR-F11(2)", "no namespace" },
	{ "<leraren xmlns=\"urn:instroom:leraren:2\">" ONE "</leraren>", "LR-F11(2)", "another" },
	{ "<leraren xmlns=\"urn:instroom:leraren:1&#10;\">" ONE "</leraren>", "LR-F11(2)", "" },
	{ "<x:leraren xmlns:x=\"urn:instroom:leraren:1\"><x:leraar/></x:leraren>", "1 lines", "a prefix" },
	{ "<x:leraren>", "LR-F10(2)", "a prefix of nobody" },
	{ DOC("<x:leraar/>"), "LR-F10(2)", "" },
	{ DOC("<leraar xmlns=\"\"/>"), "LR-F11(2)", "" },
	{ "<leraar " NS "/>", "LR-F11(2)", "another root" },
	{ DOC("<bsn/>"), "LR-F11(2)", "" },
	{ DOC(ONE "<Leraar/>"), "LR-F11(3)", "case counts" },
	{ DOC("<leraar><naam/></leraar>"), "LR-F11(2)", "" },
	{ DOC("<leraar><bsn/><bsn/></leraar>"), "LR-F11(2)", "twice" },
	{ DOC("<leraar><geslachtsnaam/><bsn/></leraar>"), "LR-F11(2)", "order" },
	{ DOC("<leraar><benoeming/><bsn/></leraar>"), "LR-F11(3)", "behind a line" },
	{ DOC("<leraar><brin/></leraar>"), "LR-F11(2)", "" },
	{ DOC("<leraar><benoeming><bsn/></benoeming></leraar>"), "LR-F11(2)", "" },
	{ DOC("<leraar><benoeming><vestiging/><brin/></benoeming></leraar>"), "LR-F11(2)", "" },
	{ DOC("<leraar><benoeming><onderwijsterrein/><onderwijsterrein/></benoeming></leraar>"), "1 lines", "" },
	{ DOC("<leraar><bsn><b/></bsn></leraar>"), "LR-F11(2)", "an element in a value" },
	{ DOC("<leraar a=\"1\"/>"), "LR-F11(2)", "an attribute" },
	{ DOC("<leraar xml:lang=\"nl\"/>"), "LR-F11(2)", "" },
	{ "<leraren " NS " " XSI " xsi:schemaLocation=\"a b\">" ONE "</leraren>", "1 lines", "the one there may be" },
	{ "<leraren " NS " " XSI " xsi:noNamespaceSchemaLocation=\"a\">" ONE "</leraren>", "LR-F11(2)", "" },
	{ "<leraren " NS " a=\"1\" a=\"2\">" ONE "</leraren>", "LR-F10(2)", "form comes before place" },
	{ DOC("x" ONE), "LR-F11(2)", "text between elements" },
	{ DOC(ONE "<leraar>.</leraar>"), "LR-F11(3)", "" },
	{ DOC(" \t\r\n" ONE "&#32;<![CDATA[ ]]>"), "1 lines", "blanks between them" },
	{ DOC("\xc2\xa0" ONE), "LR-F11(2)", "a no-break space is none" },
	{ DOC("x\x01" ONE), "LR-F11(2)", "the first fault in byte order" },
	{ DOC("\x01x" ONE), "LR-F10(2)", "" },
	{ DOC("<leraar><bsn>" X_1024 "</bsn></leraar>"), "1 lines", "1,024 bytes" },
	{ DOC("<leraar><bsn>x" X_1024 "</bsn></leraar>"), "LR-F10(2)", "one more" },
	{ DOC("<leraar><bsn>" X_1024 "<!-- -->x</bsn><nergens/></leraar>"), "LR-F10(2)", "in two pieces" },
	{ DOC("<leraar><benoeming><onderwijsterrein>" X_1024
	      "</onderwijsterrein><onderwijsterrein/></benoeming></leraar>"),
	  "1 lines", "an empty one adds no bar" },
	{ DOC("<leraar><benoeming><onderwijsterrein>" X_1024 "</onderwijsterrein><onderwijsterrein>x</onderwijsterrein>"
	      "</benoeming></leraar>"),
	  "LR-F10(2)", "joined" },
};

Test(gateway_xml_check, finds_the_first_fault_in_byte_order)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct file_expected expected = { .kind = DELIVERY_MUTATIE };
		struct file_reading reading;

		check(slice_of(ROWS[i].text), &expected, &reading);
		cr_expect_str_eq(told(&reading), ROWS[i].told, "%s: %.300s", ROWS[i].why, ROWS[i].text);
	}
}

Test(gateway_xml_check, makes_the_cells_of_the_lines)
{
	static const char TEXT[] = DOC(
		"<leraar><bsn> 1 </bsn><geslachtsnaam>A &amp; B\r\nC</geslachtsnaam><benoeming><brin>99ZZ</brin>"
		"<onderwijsterrein>V1</onderwijsterrein><onderwijsterrein/><onderwijsterrein>V2|V3</onderwijsterrein>"
		"</benoeming><benoeming><vestiging>01</vestiging></benoeming></leraar><leraar/>");
	struct file_expected expected = { .kind = DELIVERY_VOLLEDIG, .has_line_count = true, .line_count = 3 };
	struct file_reading reading;

	check(slice_of(TEXT), &expected, &reading);
	cr_assert_str_eq(told(&reading), "3 lines");
	cr_expect_eq(reading.column_count, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		cr_expect_eq(reading.columns[i], i + 1);
	const struct slice *first = reading.cells - 1, *second = first + COLUMNS, *third = second + COLUMNS;

	cr_expect(slice_equal_text(first[FIELD_BSN], " 1 ") && slice_equal_text(second[FIELD_BSN], " 1 "));
	cr_expect(slice_equal_text(second[FIELD_FAMILY_NAME], "A & B\nC"));
	cr_expect(slice_equal_text(first[FIELD_BRIN], "99ZZ") && second[FIELD_BRIN].n == 0);
	cr_expect(slice_equal_text(first[FIELD_TEACHING_FIELDS], "V1|V2|V3"));
	cr_expect(second[FIELD_TEACHING_FIELDS].n == 0 && slice_equal_text(second[FIELD_SITE], "01"));
	for (size_t i = 1; i <= COLUMNS; i++)
		cr_expect_eq(third[i].n, 0);
	expected.line_count = 2;
	check(slice_of(TEXT), &expected, &reading);
	cr_expect_str_eq(told(&reading), "LR-F06(2)");
	expected = (struct file_expected){ .kind = DELIVERY_VOLLEDIG, .has_content_hash = true };
	check(slice_of(TEXT), &expected, &reading);
	cr_expect_str_eq(told(&reading), "LR-F07(0)");
}

static const char *told_of_many(const char *before, const char *again, size_t times, const char *after)
{
	struct file_expected expected = { .kind = DELIVERY_MUTATIE };
	struct file_reading reading;
	struct strbuf text;

	strbuf_init(&text, 1 << 26);
	strbuf_add_text(&text, before);
	for (size_t i = 0; i < times; i++)
		strbuf_add_text(&text, again);
	strbuf_add_text(&text, after);
	check(strbuf_slice(&text), &expected, &reading);
	strbuf_release(&text);
	return told(&reading);
}

Test(gateway_xml_check, bounds_what_a_document_can_make)
{
	static const char ROOT[] = "<leraren " NS ">", END[] = "</leraren>";

	cr_expect_str_eq(told_of_many(ROOT, "<leraar/>", 50000, END), "50000 lines");
	cr_expect_str_eq(told_of_many(ROOT, "<leraar/>", 50001, END), "LR-F01(0)");
	cr_expect_str_eq(told_of_many(ROOT, "<leraar/>", 50001, "<x/></leraren>"), "LR-F11(50003)", "the fault");
	cr_expect_str_eq(told_of_many("<", "leraren-zonder-eind-", (1 << 20) - 1, ">"), "LR-F11(2)",
			 "a name of 20 MiB");
	cr_expect_str_eq(told_of_many(ROOT, "<a>", 1 << 20, ""), "LR-F11(2)", "deep");
	cr_expect_str_eq(told_of_many("<leraren " NS " a=\"", X_64, 300000, "\"/>"), "LR-F11(2)", "a large attribute");
	cr_expect_str_eq(told_of_many(DOC(ONE) "<?", X_64, 300000, "?>"), "LR-F11(3)", "a large instruction");
	cr_expect_str_eq(told_of_many(ROOT, X_64, 300000, END), "LR-F11(2)", "a large text");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><benoeming>", "<onderwijsterrein>x</onderwijsterrein>",
				      500000, "</benoeming></leraar></leraren>"),
			 "LR-F10(2)", "a value that grows");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><benoeming>", "<onderwijsterrein/>", 1000000,
				      "</benoeming></leraar></leraren>"),
			 "1 lines", "one that does not");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><bsn>123456782</bsn>", "<benoeming/>", 500,
				      "</leraar></leraren>"),
			 "500 lines", "of one teacher");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><bsn>123456782</bsn>", "<benoeming/>", 501,
				      "</leraar></leraren>"),
			 "LR-F09(0)", "one more");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><bsn>123456782</bsn><geslachtsnaam>" X_1024
				      "</geslachtsnaam><voorvoegsel>" X_1024 "</voorvoegsel>",
				      "<benoeming/>", 300, "</leraar></leraren>"),
			 "LR-F09(0)", "values of the leraar count with each line");
	cr_expect_str_eq(told_of_many("<leraren " NS "><leraar><geslachtsnaam>" X_1024 "</geslachtsnaam>",
				      "<benoeming/>", 30000, "</leraar></leraren>"),
			 "LR-F01(0)", "more than any file can hold");
}

/* A good document in UTF-16, in either order, with a BOM and without. */
Test(gateway_xml_check, is_utf_8_only)
{
	static const char TEXT[] = DOC(ONE);

	for (int kind = 0; kind < 4; kind++) {
		struct file_expected expected = { .kind = DELIVERY_MUTATIE };
		bool is_big = kind & 1, has_bom = kind & 2;
		struct file_reading reading;
		char bytes[2 * sizeof TEXT];
		size_t n = 0;

		if (has_bom)
			memcpy(bytes, is_big ? "\xfe\xff" : "\xff\xfe", 2), n = 2;
		for (size_t i = 0; i + 1 < sizeof TEXT; i++) {
			bytes[n + is_big] = TEXT[i];
			bytes[n + !is_big] = '\0';
			n += 2;
		}
		check(slice_make(bytes, n), &expected, &reading);
		cr_expect_str_eq(told(&reading), "LR-F10(2)", "kind %d", kind);
	}
}
