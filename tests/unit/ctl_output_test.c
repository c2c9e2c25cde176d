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

Test(ctl_output, text_without_rows_is_nothing)
{
	expect(OUTPUT_TEXT, false, 0, "");
}

Test(ctl_output, a_record_in_text_is_a_line_for_each_column)
{
	expect(OUTPUT_TEXT, true, 1, "board  00007\nlines  5\nopen   yes\nnote   é\";??[" SHOWN "\n");
}

Test(ctl_output, csv_has_its_header_and_quotes)
{
	expect(OUTPUT_CSV, false, 2, "board;lines;raw;note\n00007;5;-1;\"é\"\";\n\x1b[" ODD "\"\n99901;12345;-1;\n");
	expect(OUTPUT_CSV, false, 0, "board;lines;raw;note\n");
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
