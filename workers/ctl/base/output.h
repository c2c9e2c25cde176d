/* output: rows of an answer as aligned text, CSV or JSON, from one description of their columns. Where there are none a
 * table has its titles alone, in text and CSV: it was asked.
 *
 * An answer is whole or it is not there: rows are collected in memory and output_print writes them at the end, so a
 * server that goes away halfway leaves no half of a JSON array. Board numbers are texts of 5 digits, times are ISO 8601
 * in UTC (CTL_SQL_TIME), CSV has ; between its fields as all CSV of this system has. A text that a spreadsheet would
 * take for a formula has an apostrophe in front in CSV. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdio.h>

struct json_t; /* of jansson */

enum output_format { OUTPUT_TEXT = 1, OUTPUT_CSV = 2, OUTPUT_JSON = 4 };

const char *output_format_name(enum output_format format); /* "csv" */

enum output_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_FLAG };

/* One column. name: in CSV and JSON, NULL: it stands in text only. title: in text, NULL: it stands in CSV and JSON
 * only. */
struct output_column {
	const char *name, *title;
	enum output_type type;
};

enum { OUTPUT_COLUMNS_MAX = 32 };

struct output {
	enum output_format format;
	/* One row: a JSON object instead of an array of them, in text a line for each column. None: null in JSON. */
	bool is_record;
	const struct output_column *columns;
	size_t column_count;
	size_t column; /* the next cell's */
	size_t rows;
	size_t widths[OUTPUT_COLUMNS_MAX]; /* of text, in characters */
	struct strbuf body;
};

void output_init(struct output *out, enum output_format format, const struct output_column *columns, size_t count);
void output_release(struct output *out);

/* Cells, in the order of the columns; after the last one the next row begins. An absent value is NULL in JSON, empty
 * elsewhere. */
void output_text(struct output *out, struct slice text);
void output_number(struct output *out, int64_t number);
void output_flag(struct output *out, bool flag);
void output_seconds(struct output *out, int64_t ms);   /* 1.234, a COLUMN_NUMBER */
void output_board(struct output *out, uint32_t board); /* a COLUMN_TEXT */
void output_absent(struct output *out);

/* Writes all rows; whether all of it got there is asked at the end of the program (ctl.c). ERR_FULL: it is
 * more than fits in memory. */
MUSTUSE int output_print(struct output *out, FILE *to, struct err *err);

/* Appends a text as JSON, in quotes. Bytes that are not UTF-8 become question marks. */
void output_json_text(struct strbuf *out, struct slice text);

/* Shows a text that must not be in force before somebody has seen it whole: not shown is ERR_FATAL, with why. */
MUSTUSE int output_show_first(const char *text, const char *why, struct err *err);

/* Writes a tree of jansson's to stdout, for people, and releases it. json NULL: there was no memory for it, ERR_FATAL;
 * so it is when only a part got there. */
MUSTUSE int output_print_json(struct json_t *json, struct err *err);

#endif
