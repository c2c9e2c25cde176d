#include "gateway/file_check.h"

#include "base/strbuf.h"
#include "model/teacher_key.h"
#include "rule_values.h"

#include <criterion/criterion.h>

/* The columns a VOLLEDIG must have, and a line for them. */
#define HEADER                                                                                                     \
	"bsn;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;brin;vestiging;"         \
	"begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;benoemingsgrondslag;" \
	"onderwijsterrein"
#define LINE	  "123456782;Voorbeeld;;Vera;V;19800101;A1;99ZZ;00;20180101;;20180101;;101;V1"
#define BOM	  "\xef\xbb\xbf"
#define X_25	  "xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X_100	  X_25 X_25 X_25 X_25
#define X_1000	  X_100 X_100 X_100 X_100 X_100 X_100 X_100 X_100 X_100 X_100
#define X_1024	  X_1000 "xxxxxxxxxxxxxxxxxxxxxxxx"
#define SPACES_25 "                         "
#define SPACES_1025                                                                                                   \
	SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 \
		SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25   \
			SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25     \
				SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25 SPACES_25       \
					SPACES_25 SPACES_25 SPACES_25

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

TestSuite(gateway_file_check, .init = set_up, .fini = tear_down);

static void check_as(struct slice bytes, const struct file_expected *expected, struct file_reading *ret)
{
	uint8_t sha256[32];
	struct err err;

	arena_reset(&arena);
	sha256_of(bytes, sha256);
	cr_assert_eq(file_check(bytes, bytes.n, sha256, expected, &arena, ret, &err), 0);
}

static void check(struct slice bytes, enum delivery_kind kind, struct file_reading *ret)
{
	check_as(bytes, &(struct file_expected){ .kind = kind }, ret);
}

/* "LR-F05(3;2;15)" for each finding, joined by blanks; lines and columns when there is none. */
static const char *summary_of(const struct file_reading *reading)
{
	static char text[1024];
	size_t n = 0;

	if (reading->finding_count == 0) {
		snprintf(text, sizeof text, "%zu x %zu", reading->line_count, reading->column_count);
		return text;
	}
	for (size_t i = 0; i < reading->finding_count; i++) {
		const struct finding *finding = &reading->findings[i];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
				      rule_code((enum rule)finding->rule) + 3);
		if (finding->field)
			n += (size_t)snprintf(text + n, sizeof text - n, ":%s", field_name((enum field)finding->field));
		for (unsigned v = 0; v < rule_value_count((enum rule)finding->rule) && finding->field == 0; v++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%c%lld", v ? ',' : ':',
					      (long long)finding->values[v]);
	}
	return text;
}

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct {
	struct slice file;
	enum delivery_kind kind;
	const char *want, *why;
} FILES[] = {
	/* accepted */
	{ TEXT(HEADER "\n" LINE "\n"), DELIVERY_VOLLEDIG, "1 x 15", "the least of a VOLLEDIG" },
	{ TEXT(HEADER "\n" LINE "\n"), DELIVERY_MUTATIE, "1 x 15", "the least of a MUTATIE" },
	{ TEXT("bsn\n123456782\n"), DELIVERY_INTREKKING, "1 x 1", "the least of an INTREKKING" },
	{ TEXT(HEADER "\r\n" LINE "\n" LINE "\r\n" LINE), DELIVERY_VOLLEDIG, "3 x 15",
	  "line ends mixed, the last lacks its own" },
	{ TEXT(BOM HEADER "\n" LINE "\n"), DELIVERY_VOLLEDIG, "1 x 15", "a BOM" },
	{ TEXT(BOM "\"bsn\"\n123456782\n"), DELIVERY_INTREKKING, "1 x 1", "a quote right behind the BOM" },
	{ TEXT(" BSN ;Geslachtsnaam\n1;2\n"), DELIVERY_INTREKKING, "1 x 2", "names trimmed, in any case" },
	{ TEXT("\" bsn \"\n1\n"), DELIVERY_INTREKKING, "1 x 1", "a quoted name is trimmed too" },
	{ TEXT("geslachtsnaam;bsn\n1;2\n"), DELIVERY_INTREKKING, "1 x 2", "in any order" },
	{ TEXT("bsn\n1\n\n\r\n\n"), DELIVERY_INTREKKING, "1 x 1", "empty records at the end are dropped" },
	{ TEXT("bsn\n1\n\n2\n"), DELIVERY_INTREKKING, "3 x 1",
	  "an empty record in the middle is a record with one field" },
	{ TEXT("bsn\n\n\n1\n"), DELIVERY_INTREKKING, "3 x 1", "also right behind the header row" },
	{ TEXT("bsn\n1\n\"\"\n"), DELIVERY_INTREKKING, "1 x 1", "so is a record of \"\"" },
	{ TEXT("bsn\n1\n \n"), DELIVERY_INTREKKING, "1 x 1", "and one of a space" },
	{ TEXT("bsn\n1\n\" \"\n \n\n"), DELIVERY_INTREKKING, "1 x 1", "and one of a quoted space" },
	{ TEXT("bsn\n1\n;;;\n"), DELIVERY_INTREKKING, "1 x 1", "whatever their number of fields" },
	{ TEXT("bsn;land\n1;2\n;\n\n;;\r\n ; "), DELIVERY_INTREKKING, "1 x 2", "mixed, the last without its line end" },
	{ TEXT("bsn\n1\n;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;\n"), DELIVERY_INTREKKING, "1 x 1",
	  "more than there are columns" },
	{ TEXT("bsn\n1\n\"\"\n2\n"), DELIVERY_INTREKKING, "3 x 1", "but not when another record holds a value" },
	{ TEXT("bsn;land\n1;2\n;\n ; \n;2\n;\n"), DELIVERY_INTREKKING, "4 x 2", "likewise, with separators" },
	{ TEXT("bsn\n1\n\t\n"), DELIVERY_INTREKKING, "2 x 1", "a tab is a value" },
	{ TEXT("bsn\n1\n\xc2\xa0\n"), DELIVERY_INTREKKING, "2 x 1", "so is a no-break space" },
	{ TEXT("bsn\n1\n\"\n\"\n"), DELIVERY_INTREKKING, "2 x 1", "and a line end in quotes" },
	{ TEXT("bsn\n1\n\"\"\"\"\n"), DELIVERY_INTREKKING, "2 x 1", "and a quote" },
	{ TEXT("bsn\n\"1\n2\"\n"), DELIVERY_INTREKKING, "1 x 1", "a line end inside quotes begins no record" },
	{ TEXT("bsn\n\xef\xbf\xbe\n"), DELIVERY_INTREKKING, "1 x 1", "U+FFFE is valid UTF-8" },
	{ TEXT("bsn\n" X_1024 "\n"), DELIVERY_INTREKKING, "1 x 1", "1,024 bytes" },
	{ TEXT("bsn\n\"" X_1000 "\"\"xxxxxxxxxxxxxxxxxxxxxxx\"\n"), DELIVERY_INTREKKING, "1 x 1",
	  "1,024 bytes, a doubled quote counts once and the enclosing ones do not" },

	/* 1: size */
	{ TEXT(""), DELIVERY_VOLLEDIG, "F01", "nothing" },

	/* 3: NUL, before UTF-8 */
	{ TEXT("bsn\n1\0\n"), DELIVERY_INTREKKING, "F01", "a NUL" },
	{ TEXT("bsn\n1\0\xff\n"), DELIVERY_INTREKKING, "F01", "a NUL comes before bytes that are no UTF-8" },
	{ TEXT("\xff\xfe"
	       "b\0s\0n\0\n\0"),
	  DELIVERY_INTREKKING, "F01", "UTF-16 has NUL bytes" },
	{ TEXT("bsn\n\"1\0"), DELIVERY_INTREKKING, "F01", "also inside quotes that do not end" },

	/* 4: UTF-8, before the form of records */
	{ TEXT("bsn\n\xc0\xaf\n"), DELIVERY_INTREKKING, "F02", "overlong" },
	{ TEXT("bsn\n\xe0\x80\x80\n"), DELIVERY_INTREKKING, "F02", "overlong" },
	{ TEXT("bsn\n\xed\xa0\x80\n"), DELIVERY_INTREKKING, "F02", "a surrogate" },
	{ TEXT("bsn\n\xf4\x90\x80\x80\n"), DELIVERY_INTREKKING, "F02", "above U+10FFFF" },
	{ TEXT("bsn\n1\xc3"), DELIVERY_INTREKKING, "F02", "cut off at the end" },
	{ TEXT("bsn\n\"\xff"), DELIVERY_INTREKKING, "F02", "comes before the quote that does not end" },
	{ TEXT("geboorteda\xff;b\"\n"), DELIVERY_INTREKKING, "F02", "also in the header row" },
	{ TEXT("sep=;\r\xff"), DELIVERY_INTREKKING, "F02", "before line ends and separators" },
	{ TEXT("bsn\r1\r"), DELIVERY_INTREKKING, "F13", "line ends of old machines" },
	{ TEXT("bsn,land\r1,2\r"), DELIVERY_INTREKKING, "F13", "before another separator" },
	{ TEXT("sep=;\rbsn\r1\r"), DELIVERY_INTREKKING, "F13", "before a line for spreadsheets" },
	{ TEXT("\"a\rb\";bsn"), DELIVERY_INTREKKING, "F13", "a CR in quotes counts" },
	{ TEXT("\r"), DELIVERY_INTREKKING, "F13", "nothing but a CR" },
	{ TEXT("bsn;\"a\rb\"\n1;2"), DELIVERY_INTREKKING, "F04:2", "not with a LF anywhere" },
	{ TEXT("bsn;land\n1;\"a\rb\""), DELIVERY_INTREKKING, "1 x 2", "not with a LF anywhere" },
	{ TEXT("sep=;\nbsn\n1\n"), DELIVERY_INTREKKING, "F12", "a line for spreadsheets" },
	{ TEXT("sep=\nbsn\n1\n"), DELIVERY_INTREKKING, "F12", "without a separator" },
	{ TEXT("SEP=;\r\nbsn\n1\n"), DELIVERY_INTREKKING, "F12", "in any case" },
	{ TEXT("sEp=a;bsn\n1;2\n"), DELIVERY_INTREKKING, "F12", "whatever follows" },
	{ TEXT(BOM "sep=;\nbsn\n1\n"), DELIVERY_INTREKKING, "F12", "behind a BOM" },
	{ TEXT("sep=,"), DELIVERY_INTREKKING, "F12", "without a line end" },
	{ TEXT(" sep=;\nbsn\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "not behind a space" },
	{ TEXT("\"sep=;\"\nbsn\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "nor behind a quote" },
	{ TEXT("\nsep=;\nbsn\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "nor in the second line" },
	{ TEXT("sep;bsn\n1;2\n"), DELIVERY_INTREKKING, "F04:1", "nor without its sign" },
	{ TEXT("bsn,land\n1,2\n"), DELIVERY_INTREKKING, "F12", "commas" },
	{ TEXT("bsn\tland\n1\t2\n"), DELIVERY_INTREKKING, "F12", "tabs" },
	{ TEXT("\"bsn,\"\n1\n"), DELIVERY_INTREKKING, "F12", "in quotes too" },
	{ TEXT("bsn,\"\n1\n"), DELIVERY_INTREKKING, "F12", "before a quote that does not end" },
	{ TEXT("bsn,x;land\n1;2\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "not beside a semicolon" },
	{ TEXT("bsn\n1,2\n"), DELIVERY_INTREKKING, "1 x 1", "nor in another line" },
	{ TEXT("\"bsn\n\";,\n1;2\n"), DELIVERY_INTREKKING, "F03:bsn F04:1",
	  "the line ends at the first LF, quoted or not" },

	/* 5: records that cannot be read, then none at all */
	{ TEXT("bsn\n1\n;;\n\"\n"), DELIVERY_INTREKKING, "F08:4", "behind rows of separators" },
	{ TEXT("bsn\n1\n;;\n\" \n"), DELIVERY_INTREKKING, "F08:4", "a record that cannot be read is never dropped" },
	{ TEXT("bsn\n1\n\"2\n"), DELIVERY_INTREKKING, "F08:3",
	  "a quote that does not end: the record in which it opens" },
	{ TEXT("bsn\n1\n\"2\n3\n4\n"), DELIVERY_INTREKKING, "F08:3", "however many lines follow" },
	{ TEXT("bsn\n\"1\n1\"\n2\"\n"), DELIVERY_INTREKKING, "F08:3", "records count, not physical lines" },
	{ TEXT("bsn\n\n\n1\"\n"), DELIVERY_INTREKKING, "F08:4", "empty records count" },
	{ TEXT("bsn\n1\n\n\n\"\n"), DELIVERY_INTREKKING, "F08:5", "an unread record behind them makes them count" },
	{ TEXT("b\"sn\n1\n"), DELIVERY_INTREKKING, "F08:1", "a quote inside a name" },
	{ TEXT("bsn\n1\"2\n"), DELIVERY_INTREKKING, "F08:2", "a quote inside a field" },
	{ TEXT("bsn\n \"1\"\n"), DELIVERY_INTREKKING, "F08:2", "a blank before the quote" },
	{ TEXT("bsn\n\"1\" \n"), DELIVERY_INTREKKING, "F08:2", "a blank behind it" },
	{ TEXT("bsn\n\"1\"2\n"), DELIVERY_INTREKKING, "F08:2", "something behind it" },
	{ TEXT("bsn\n1\r"), DELIVERY_INTREKKING, "F08:2", "a CR at the end" },
	{ TEXT("bsn\n\"1\"\r"), DELIVERY_INTREKKING, "F08:2", "a CR at the end, behind a quote" },
	{ TEXT("bsn\n1\r\r\n"), DELIVERY_INTREKKING, "F08:2", "two CR" },
	{ TEXT("bsn\n" X_1024 "x\n"), DELIVERY_INTREKKING, "F08:2", "1,025 bytes" },
	{ TEXT("bsn\n\"" X_1024 "x\"\n"), DELIVERY_INTREKKING, "F08:2", "1,025 bytes in quotes" },
	{ TEXT("bsn\n" SPACES_1025 "\n"), DELIVERY_INTREKKING, "F08:2", "before trimming" },
	{ TEXT(X_1024 "x\n1\n"), DELIVERY_INTREKKING, "F08:1", "a name of 1,025 bytes" },
	{ TEXT(BOM), DELIVERY_VOLLEDIG, "F01", "only a BOM" },
	{ TEXT("\n"), DELIVERY_VOLLEDIG, "F01", "only a line end" },
	{ TEXT(BOM "\r\n\n\r\n"), DELIVERY_VOLLEDIG, "F01", "only a BOM and line ends" },
	{ TEXT(";;\n \n\"\";\"  \"\n"), DELIVERY_VOLLEDIG, "F01", "only blank records, the header row is dropped too" },
	{ TEXT(";;"), DELIVERY_VOLLEDIG, "F01", "one of them" },
	{ TEXT("foutje\n\"1\n"), DELIVERY_INTREKKING, "F08:2", "before wrong columns" },

	/* 6: columns, all findings */
	{ TEXT("\"\"\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "a header row of one empty name" },
	{ TEXT(";\n1;2\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "of two" },
	{ TEXT("bsn;x\n;\n"), DELIVERY_INTREKKING, "F04:2", "before a file of blank records" },
	{ TEXT("\nbsn\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "an empty first record is the header row" },
	{ TEXT("\n\nbsn\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "likewise" },
	{ TEXT(" \n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "a name of a blank is empty" },
	{ TEXT("bsn;\n1;\n"), DELIVERY_INTREKKING, "F04:2", "an empty name is unknown" },
	{ TEXT("bsn;naam;adres\n1;2;3\n"), DELIVERY_INTREKKING, "F04:2", "once, at the lowest position" },
	{ TEXT("\"x;y\";bsn;z\n1;2;3\n"), DELIVERY_INTREKKING, "F04:1", "positions count columns as parsed" },
	{ TEXT("bsn;\"x;\"\";y\";z\n1;2;3\n"), DELIVERY_INTREKKING, "F04:2", "with a doubled quote" },
	{ TEXT("\"x\"\";bsn\";bsn\n1;2\n"), DELIVERY_INTREKKING, "F04:1", "a separator behind a doubled quote" },
	{ TEXT("\"bsn\"\"\"\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "a name with a quote is no name of ours" },
	{ TEXT("bsn;BSN\n1;2\n"), DELIVERY_INTREKKING, "F03:bsn", "double" },
	{ TEXT("bsn;bsn;bsn\n1;2;3\n"), DELIVERY_INTREKKING, "F03:bsn", "once, however often it stands" },
	{ TEXT("bsn;land;Land \n1;2;3\n"), DELIVERY_INTREKKING, "F03:land", "also one that need not be there" },
	{ TEXT("land;land;plaats;plaats\n1;2;3;4\n"), DELIVERY_INTREKKING, "F03:bsn F03:plaats F03:land",
	  "in the order of specification 3.2" },
	{ TEXT("x;bsn;land;land\n1;2;3;4\n"), DELIVERY_INTREKKING, "F03:land F04:1", "LR-F03 before LR-F04" },
	{ TEXT("benoemingssleutel\n1\n"), DELIVERY_INTREKKING, "F03:bsn", "an INTREKKING needs the bsn only" },
	{ TEXT("bs\xc5\x84\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "no letter but ASCII's" },
	{ TEXT("\xe2\x84\xaa\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "U+212A is no k" },
	{ TEXT(BOM BOM "bsn\n1\n"), DELIVERY_INTREKKING, "F03:bsn F04:1", "a second BOM belongs to the name" },
	{ TEXT("bsn;x\n"), DELIVERY_INTREKKING, "F04:2", "before a file without lines" },
	{ TEXT("bsn;x\n1\n"), DELIVERY_INTREKKING, "F04:2", "before a wrong number of fields" },

	/* 7: number of lines */
	{ TEXT("bsn\n"), DELIVERY_INTREKKING, "F01", "a header row only" },
	{ TEXT("bsn"), DELIVERY_INTREKKING, "F01", "without its line end" },
	{ TEXT("bsn\n\n\r\n"), DELIVERY_INTREKKING, "F01", "and empty records" },
	{ TEXT("bsn\n;;\n \n\"\"\n"), DELIVERY_INTREKKING, "F01", "and blank ones" },

	/* 8: number of fields */
	{ TEXT("bsn;land\n1;2\n1\n1;2;3\n"), DELIVERY_INTREKKING, "F05:3,1,2", "one too few" },
	{ TEXT("bsn;land\n1;2;3\n1\n"), DELIVERY_INTREKKING, "F05:2,3,2", "one too many; the first record" },
	{ TEXT("bsn;land\n1;2\n\n1;2\n"), DELIVERY_INTREKKING, "F05:3,1,2",
	  "an empty record in the middle has one field" },
	{ TEXT("bsn;land\n\n1;2\n"), DELIVERY_INTREKKING, "F05:2,1,2", "right behind the header row" },
	{ TEXT("bsn;land\n1;2\n;;\n1;2\n;;\n"), DELIVERY_INTREKKING, "F05:3,3,2", "a blank one in the middle" },
	{ TEXT("bsn;land\n1;2\n1\n;;\n"), DELIVERY_INTREKKING, "F05:3,1,2", "before blank ones" },
	{ TEXT("bsn;land\n1;2\n\"1\n2\";2\n1\n"), DELIVERY_INTREKKING, "F05:4,1,2", "records, not physical lines" },
	{ TEXT("bsn\n1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1\n"), DELIVERY_INTREKKING, "F05:2,30,1",
	  "more fields than there are columns" },
};

Test(gateway_file_check, gives_the_findings_of_the_first_step_that_has_one)
{
	for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
		struct file_reading reading;

		check(FILES[i].file, FILES[i].kind, &reading);
		cr_expect_str_eq(summary_of(&reading), FILES[i].want, "row %zu: %s: %s instead of %s", i, FILES[i].why,
				 summary_of(&reading), FILES[i].want);
	}
}

Test(gateway_file_check, misses_each_column_a_volledig_or_mutatie_must_have_and_no_other)
{
	static const char ALL[] =
		"bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;straat;huisnummer;"
		"toevoeging;postcode;plaats;land;adresregel1;adresregel2;adresregel3;benoemingssleutel;brin;vestiging;"
		"begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;"
		"benoemingsgrondslag;onderwijsterrein";

	for (int left_out = 1; left_out <= COLUMNS; left_out++) {
		struct file_reading reading;
		struct strbuf file;
		char want[64] = "1 x 24";

		strbuf_init(&file, 4096);
		for (int column = 1; column <= COLUMNS; column++)
			if (column != left_out)
				strbuf_add_printf(&file, "%s%s", file.n ? ";" : "", field_name((enum field)column));
		strbuf_add_text(&file, "\nx;;;;;;;;;;;;;;;;;;;;;;;\n");
		if (strstr(HEADER, field_name((enum field)left_out)))
			snprintf(want, sizeof want, "F03:%s", field_name((enum field)left_out));
		check(strbuf_slice(&file), DELIVERY_VOLLEDIG, &reading);
		cr_expect_str_eq(summary_of(&reading), want);
		check(strbuf_slice(&file), DELIVERY_MUTATIE, &reading);
		cr_expect_str_eq(summary_of(&reading), want);
		strbuf_release(&file);
	}
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 4096);
	strbuf_add_text(&file, ALL);
	strbuf_add_text(&file, "\nx;;;;;;;;;;;;;;;;;;;;;;;;\n");
	check(strbuf_slice(&file), DELIVERY_VOLLEDIG, &reading);
	cr_expect_str_eq(summary_of(&reading), "1 x 25");
	strbuf_release(&file);
}

Test(gateway_file_check, gives_all_findings_of_a_header_row_without_any_column_of_ours)
{
	struct file_reading reading;

	check(SLICE_LITERAL("x\n1\n"), DELIVERY_VOLLEDIG, &reading);
	cr_expect_eq(reading.finding_count, 16, "15 columns and the unknown one");
	cr_expect_eq(reading.findings[15].rule, RULE_F04);
	for (size_t i = 1; i < 15; i++)
		cr_expect_lt(reading.findings[i - 1].field, reading.findings[i].field);
}

Test(gateway_file_check, finds_an_unknown_column_behind_more_than_there_can_be)
{
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 1 << 20);
	strbuf_add_text(&file, "bsn");
	for (int i = 0; i < 30; i++)
		strbuf_add_text(&file, ";land");
	strbuf_add_text(&file, ";onbekend\n1\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F03:land F04:32");
	strbuf_release(&file);
}

Test(gateway_file_check, keeps_columns_and_cells_in_the_order_of_the_file)
{
	static const char *const WANT[] = { "1", " a;b ", "2", "c\"d", "", "", "3", "" };
	struct file_reading reading;

	check(SLICE_LITERAL("land;BSN\n1;\" a;b \"\n2;\"c\"\"d\"\r\n;\n3;\n;\n"), DELIVERY_INTREKKING, &reading);
	cr_assert_str_eq(summary_of(&reading), "4 x 2");
	cr_expect_eq(reading.columns[0], FIELD_COUNTRY);
	cr_expect_eq(reading.columns[1], FIELD_BSN);
	for (size_t i = 0; i < ARRAY_LEN(WANT); i++)
		cr_expect(slice_equal_text(reading.cells[i], WANT[i]), "cell %zu", i);
}

Test(gateway_file_check, keeps_an_empty_record_in_the_middle_as_one_empty_cell)
{
	static const char *const WANT[] = { "1", "", "", "2" };
	struct file_reading reading;

	check(SLICE_LITERAL("bsn\n1\n\n\r\n2\n\n"), DELIVERY_INTREKKING, &reading);
	cr_assert_str_eq(summary_of(&reading), "4 x 1");
	for (size_t i = 0; i < ARRAY_LEN(WANT); i++)
		cr_expect(slice_equal_text(reading.cells[i], WANT[i]), "cell %zu", i);
}

Test(gateway_file_check, compares_the_hash_before_all_but_the_size)
{
	struct file_expected expected = { .kind = DELIVERY_INTREKKING, .has_content_hash = true };
	struct file_reading reading;

	check_as(SLICE_LITERAL(""), &expected, &reading);
	cr_expect_str_eq(summary_of(&reading), "F01", "an empty file");
	check_as(SLICE_LITERAL("bsn\n\0\xff"), &expected, &reading);
	cr_expect_str_eq(summary_of(&reading), "F07", "before NUL and UTF-8");
	check_as(SLICE_LITERAL("bsn\n1\n"), &expected, &reading);
	cr_expect_str_eq(summary_of(&reading), "F07");
	sha256_of(SLICE_LITERAL(BOM "bsn\n1\n"), expected.content_hash);
	check_as(SLICE_LITERAL(BOM "bsn\n1\n"), &expected, &reading);
	cr_expect_str_eq(summary_of(&reading), "1 x 1", "the hash is of all bytes, BOM included");
	check_as(SLICE_LITERAL("bsn\n1\n"), &expected, &reading);
	cr_expect_str_eq(summary_of(&reading), "F07", "and not of those without it");
}

static const struct {
	const char *file;
	int64_t line_count;
	const char *want, *why;
} COUNTED[] = {
	{ "bsn\n1\n2\n", 2, "2 x 1", "right" },
	{ "bsn\n1\n2\n\n\n", 2, "2 x 1", "empty records at the end do not count" },
	{ "bsn\n1\n2\n;;\n \n", 2, "2 x 1", "nor do blank ones" },
	{ "bsn\n1\n\n2\n", 2, "F06:2,3", "those in the middle do" },
	{ "bsn\n1\n2\n", 1, "F06:1,2", "one too few" },
	{ "bsn\n1\n2\n", 3, "F06:3,2", "one too many" },
	{ "bsn\n1\n2\n", 0, "F06:0,2", "none" },
	{ "bsn\n1\n2\n", INT64_MAX, "F06:9223372036854775807,2", "as many as can be" },
	{ "bsn\n", 0, "F01", "a file without lines is refused before" },
	{ "bsn\n1;2\n", 2, "F05:2,2,1", "a wrong number of fields comes before" },
};

Test(gateway_file_check, compares_the_number_of_lines_with_the_one_declared)
{
	for (size_t i = 0; i < ARRAY_LEN(COUNTED); i++) {
		struct file_expected expected = { .kind = DELIVERY_INTREKKING,
						  .has_line_count = true,
						  .line_count = COUNTED[i].line_count };
		struct file_reading reading;

		check_as(slice_of(COUNTED[i].file), &expected, &reading);
		cr_expect_str_eq(summary_of(&reading), COUNTED[i].want, "%s: %s", COUNTED[i].why, summary_of(&reading));
	}
}

static struct slice repeat(struct strbuf *file, const char *head, const char *line, size_t count)
{
	strbuf_reset(file);
	strbuf_add_text(file, head);
	for (size_t i = 0; i < count; i++)
		strbuf_add_text(file, line);
	return strbuf_slice(file);
}

Test(gateway_file_check, takes_fifty_thousand_lines_and_not_one_more)
{
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 64 << 20);
	check(repeat(&file, "bsn\n", "\n", 50000), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F01", "all empty, all dropped");
	check(repeat(&file, "bsn\n", "x\n", 50000), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "50000 x 1");
	for (int i = 0; i < 50000; i++)
		strbuf_add_text(&file, ";\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "50000 x 1", "blank records behind them");
	check(repeat(&file, "bsn\n", "x\n", 50001), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F01");
	check(repeat(&file, "bsn\n", "x;y\n", 50001), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F01", "before a wrong number of fields");
	repeat(&file, "bsn\n", "\n", 49999);
	strbuf_add_text(&file, "x");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "50000 x 1", "empty records before the last count");
	repeat(&file, "bsn\n", "\n", 50000);
	strbuf_add_text(&file, "x");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F01");
	check(repeat(&file, HEADER "\n", LINE "\n", 50000), DELIVERY_VOLLEDIG, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "one teacher");
	strbuf_release(&file);
}

Test(gateway_file_check, takes_twenty_mebibyte_and_not_one_byte_more)
{
	static const uint8_t NO_HASH[32];
	struct file_expected expected = { .kind = DELIVERY_INTREKKING };
	struct file_reading reading;
	struct strbuf file;
	struct err err;

	strbuf_init(&file, 64 << 20);
	repeat(&file, "bsn;land\n", ";" X_1000 "\n", FILE_BYTES_MAX / 1002);
	while (file.n < FILE_BYTES_MAX)
		strbuf_add_char(&file, '\n');
	cr_assert_eq(file.n, (size_t)FILE_BYTES_MAX);
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_eq(reading.finding_count, 0, "%s", summary_of(&reading));
	cr_assert_eq(file_check((struct slice){ 0 }, FILE_BYTES_MAX + 1, NO_HASH, &expected, &arena, &reading, &err),
		     0);
	cr_expect_str_eq(summary_of(&reading), "F01", "its bytes need not be there");
	expected.has_content_hash = true;
	cr_assert_eq(file_check((struct slice){ 0 }, FILE_BYTES_MAX + 1, (const uint8_t[32]){ 1 }, &expected, &arena,
				&reading, &err),
		     0);
	cr_expect_str_eq(summary_of(&reading), "F01", "before the hash");
	strbuf_release(&file);
}

Test(gateway_file_check, can_hold_the_largest_files_there_can_be)
{
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 64 << 20);
	strbuf_add_text(&file, "bsn");
	for (size_t i = file.n; i < FILE_BYTES_MAX; i++)
		strbuf_add_char(&file, ';');
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F04:2", "one record of 20 million columns");
	repeat(&file, "bsn;land\n", "\"\"\"\";\"\"\"\"\n", 50000);
	while (file.n + 1 < FILE_BYTES_MAX)
		strbuf_add_char(&file, '\n');
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "50000 x 2",
			 "every field with a doubled quote, and millions of empty records");
	repeat(&file,
	       "bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;straat;huisnummer;"
	       "toevoeging;postcode;plaats;land;adresregel1;adresregel2;adresregel3;benoemingssleutel;brin;vestiging;"
	       "begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;"
	       "benoemingsgrondslag;onderwijsterrein\n",
	       ";;;;;;;;;;;;;;;;;;;;;;;;" X_100 X_100 X_100 "\n", 50000);
	check(strbuf_slice(&file), DELIVERY_VOLLEDIG, &reading);
	cr_expect_str_eq(summary_of(&reading), "50000 x 25", "all columns of all lines");
	strbuf_release(&file);
}

Test(gateway_file_check, takes_five_hundred_lines_of_a_teacher_and_not_one_more)
{
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 64 << 20);
	check(repeat(&file, "bsn\n", "123456782\n", 500), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "500 x 1");
	check(repeat(&file, "bsn\n", "123456782\n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09");
	check(repeat(&file, "bsn\n", "000000000\n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "a BSN or not");
	check(repeat(&file, "bsn\n", " 123456782 \n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "trimmed");
	check(repeat(&file, "bsn\n", "12345678\n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "501 x 1", "8 digits are nobody");
	check(repeat(&file, "bsn\n", "1234567820\n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "501 x 1", "10 digits are nobody");
	check(repeat(&file, "bsn\n",
		     "\xc2\xa0"
		     "123456782\n",
		     501),
	      DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "501 x 1", "a no-break space is not trimmed");
	check(repeat(&file, "land;bsn\n", "1;123456782\n", 501), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "wherever the column stands");
	repeat(&file, "bsn\n", "123456782\n", 500);
	strbuf_add_text(&file, "111222333\n\"123456782\"\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "the lines need not follow each other, quotes do not matter");
	repeat(&file, "bsn\n", "123456782\n111222333\n", 500);
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "1000 x 1", "two teachers");
	strbuf_release(&file);
}

/* 512 lines would be too many: fewer lines, more columns. Each line has 9 + 1,024 + 1,015 = 2,048 bytes of values. */
Test(gateway_file_check, takes_half_a_mebibyte_of_a_teacher_and_not_one_byte_more)
{
	static const char HEAD[] = "bsn;straat;plaats\n";
	static const char FULL[] = "123456782;" X_1024 ";" X_1000 "xxxxxxxxxxxxxxx\n";
	struct file_reading reading;
	struct strbuf file;

	strbuf_init(&file, 64 << 20);
	check(repeat(&file, HEAD, FULL, 256), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "256 x 3", "524,288 bytes");
	strbuf_add_text(&file, "111222333;x;x\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "257 x 3", "those of another teacher do not count");
	repeat(&file, HEAD, FULL, 255);
	strbuf_add_text(&file, "123456782;" X_1024 ";" X_1000 "xxxxxxxxxxxxxxxx\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "524,289 bytes");
	repeat(&file, HEAD, FULL, 255);
	strbuf_add_text(&file, "123456782;\"" X_1024 "\";\"" X_1000 "xxxxxxxxxxxxx\"\"x\"\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "256 x 3", "quotes do not count, a doubled one once");
	repeat(&file, HEAD, FULL, 255);
	strbuf_add_text(&file, " 123456782;" X_1024 ";" X_1000 "xxxxxxxxxxxxxxx\n");
	check(strbuf_slice(&file), DELIVERY_INTREKKING, &reading);
	cr_expect_str_eq(summary_of(&reading), "F09", "values as delivered, blanks included");
	strbuf_release(&file);
}
