/* Rows as text, CSV and JSON from one description of columns. */
#include "ctl/base/output.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* CSI as one character, two that turn the direction of a text, and a dash, which is harmless. */
#define ODD	"\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x93"
#define SHOWN	"???\xe2\x80\x93"
#define ESCAPED "\\u009b\\u202e\\u2066\xe2\x80\x93"

static const struct output_column COLUMNS_OF_TEST[] = {
	{ "board", "board", COLUMN_TEXT }, { "lines", "lines", COLUMN_NUMBER }, { "raw", NULL, COLUMN_NUMBER },
	{ NULL, "open", COLUMN_FLAG },	   { "note", "note", COLUMN_TEXT },
};

static char *printed(enum output_format format, bool is_record, size_t rows)
{
	struct output out;
	struct err err = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	output_init(&out, format, COLUMNS_OF_TEST, sizeof COLUMNS_OF_TEST / sizeof *COLUMNS_OF_TEST);
	out.is_record = is_record;
	for (size_t i = 0; i < rows; i++) {
		output_board(&out, i == 0 ? 7 : 99901);
		output_number(&out, i == 0 ? 5 : 12345);
		output_number(&out, -1);
		output_flag(&out, i == 0);
		if (i == 0)
			output_text(&out, SLICE_LITERAL("é\";\n\x1b[" ODD));
		else
			output_absent(&out);
	}
	cr_assert_eq(output_print(&out, to, &err), 0);
	output_release(&out);
	fclose(to);
	return text;
}

static void expect(enum output_format format, bool is_record, size_t rows, const char *wanted)
{
	char *text = printed(format, is_record, rows);

	cr_expect_str_eq(text, wanted);
	free(text);
}

Test(ctl_output, text_is_aligned_and_harmless_to_a_terminal)
{
	expect(OUTPUT_TEXT, false, 2,
	       "board  lines  open  note\n"
	       "00007      5  yes   é\";??[" SHOWN
	       "\n"
	       "99901  12345  no    \n");
}

Test(ctl_output, text_without_rows_has_its_titles)
{
	expect(OUTPUT_TEXT, false, 0, "board  lines  open  note\n");
}

Test(ctl_output, a_record_in_text_is_a_line_for_each_column)
{
	expect(OUTPUT_TEXT, true, 1, "board  00007\nlines  5\nopen   yes\nnote   é\";??[" SHOWN "\n");
}

Test(ctl_output, a_record_that_is_not_there_is_null)
{
	expect(OUTPUT_JSON, true, 0, "null\n");
	expect(OUTPUT_CSV, true, 0, "board;lines;raw;note\n");
	expect(OUTPUT_TEXT, true, 0, "");
}

Test(ctl_output, csv_has_its_header_and_quotes)
{
	expect(OUTPUT_CSV, false, 2, "board;lines;raw;note\n00007;5;-1;\"é\"\";\n\x1b[" ODD "\"\n99901;12345;-1;\n");
	expect(OUTPUT_CSV, false, 0, "board;lines;raw;note\n");
}

/* Contact persons and senders write what they like; a spreadsheet runs what begins so. */
Test(ctl_output, csv_has_no_formulas)
{
	static const struct output_column COLUMNS[] = { { "text", "text", COLUMN_TEXT },
							{ "number", "number", COLUMN_NUMBER } };
	static const struct {
		const char *text, *csv, *json;
	} ROWS[] = {
		{ "=1+1", "'=1+1;-5", "=1+1" },		 { "+31612345678", "'+31612345678;-5", "+31612345678" },
		{ "-2+3", "'-2+3;-5", "-2+3" },		 { "@SUM(1;2)", "\"'@SUM(1;2)\";-5", "@SUM(1;2)" },
		{ "\t=1", "'\t=1;-5", "\\u0009=1" },	 { "\r=1", "\"'\r=1\";-5", "\\u000d=1" },
		{ "\n=1", "\"'\n=1\";-5", "\\u000a=1" }, { "a=1", "a=1;-5", "a=1" },
		{ "'t Hart", "'t Hart;-5", "'t Hart" },	 { "", ";-5", "" },
	};

	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
		for (int is_json = 0; is_json < 2; is_json++) {
			struct output out;
			struct err err = { 0 };
			char *text = NULL, wanted[100];
			size_t n = 0;
			FILE *to = open_memstream(&text, &n);

			output_init(&out, is_json ? OUTPUT_JSON : OUTPUT_CSV, COLUMNS, 2);
			output_text(&out, slice_of(ROWS[i].text));
			output_number(&out, -5);
			cr_assert_eq(output_print(&out, to, &err), 0);
			output_release(&out);
			fclose(to);
			if (is_json)
				snprintf(wanted, sizeof wanted, "[\n {\"text\": \"%s\", \"number\": -5}\n]\n",
					 ROWS[i].json);
			else
				snprintf(wanted, sizeof wanted, "text;number\n%s\n", ROWS[i].csv);
			cr_expect_str_eq(text, wanted);
			free(text);
		}
}

Test(ctl_output, json_is_an_array_or_one_object)
{
	expect(OUTPUT_JSON, false, 2,
	       "[\n {\"board\": \"00007\", \"lines\": 5, \"raw\": -1, \"note\": \"é\\\";\\u000a\\u001b[" ESCAPED
	       "\"},\n"
	       " {\"board\": \"99901\", \"lines\": 12345, \"raw\": -1, \"note\": null}\n]\n");
	expect(OUTPUT_JSON, true, 1,
	       "{\"board\": \"00007\", \"lines\": 5, \"raw\": -1, \"note\": \"é\\\";\\u000a\\u001b[" ESCAPED "\"}\n");
	expect(OUTPUT_JSON, false, 0, "[]\n");
}

Test(ctl_output, bytes_that_are_no_utf8_become_question_marks)
{
	struct strbuf out;

	strbuf_init(&out, 64);
	output_json_text(&out, SLICE_LITERAL("a\xff\xfe z"));
	cr_expect_str_eq(strbuf_text(&out), "\"a?? z\"");
	strbuf_release(&out);
}
