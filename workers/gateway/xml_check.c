/* What happens with one document:
 *
 *   1. Its bytes go to expat piece by piece. A DOCTYPE, a processing instruction and a declaration of another version
 *      or encoding are faults of form (LR-F10), as is all that expat finds, which reads the document as UTF-8.
 *   2. start_element is called when a tag is complete and well-formed with its namespaces. The place where the reading
 *      is, and the column before, say whether the element belongs there (LR-F11).
 *   3. take_text keeps the text of a column's element, and finds text where none belongs.
 *   4. end_element makes a line at the end of a benoeming, or of a leraar that has none: the person's values, which
 *      stay those of the leraar, and the appointment's.
 *   5. The first fault stops expat, so the fault reported is the first in byte order. expat may still call a
 *      handler after that: each looks first. */
#include "gateway/xml_check.h"

#include "model/csv.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>
#include <strings.h>

enum { PIECE_BYTES = 65536, BLOCK_HEAD_BYTES = 16, LINE_BYTES_MIN = 9 /* "<leraar/>" */ };

/* Between namespace and name, as expat joins them: no character of XML, so no name holds it. */
#define SEPARATOR '\f'
#define OURS	  "urn:instroom:leraren:1\f"

enum place { PLACE_OUTSIDE, PLACE_TEACHERS, PLACE_TEACHER, PLACE_APPOINTMENT };

struct xml_reader {
	XML_Parser parser;
	struct arena *arena;
	struct file_reading *ret;
	enum place place;
	enum field open;      /* whose element is open; FIELD_NONE: none */
	enum field last;      /* the column before, within the leraar or the benoeming */
	bool has_appointment; /* the leraar has one */
	bool needs_bar;	      /* the value continues an earlier onderwijsterrein */
	char value[CSV_FIELD_BYTES_MAX];
	size_t value_bytes;
	struct slice cells[COLUMNS]; /* of the line being read */
	size_t lines, lines_kept_max;
	uint64_t bytes_sum; /* of the values of all lines */
	struct slice bytes; /* the document */
	enum rule fault;    /* the first; RULE_NONE: none so far */
	size_t fault_at;    /* n of its text */
	bool has_no_room;
};

/* ---- what expat may hold: its functions have no argument of ours, and one file is read at a time ---- */

static struct {
	size_t bytes;
	bool is_full;
} memory;

union block {
	size_t bytes;
	char head[BLOCK_HEAD_BYTES];
};

static void *grow_block(union block *old, size_t bytes)
{
	size_t before = old ? old->bytes : 0;

	if (bytes > XML_CHECK_MEMORY_BYTES_MAX || memory.bytes - before + bytes > XML_CHECK_MEMORY_BYTES_MAX) {
		memory.is_full = true;
		return NULL;
	}
	union block *block = realloc(old, sizeof *block + bytes);

	if (!block)
		return NULL;
	memory.bytes += bytes - before;
	block->bytes = bytes;
	return block + 1;
}

static void *take_memory(size_t bytes)
{
	return grow_block(NULL, bytes);
}

static void *change_memory(void *p, size_t bytes)
{
	return grow_block(p ? (union block *)p - 1 : NULL, bytes);
}

static void give_memory(void *p)
{
	if (!p)
		return;
	union block *block = (union block *)p - 1;

	memory.bytes -= block->bytes;
	free(block);
}

/* ---- faults ---- */

/* field: whose element it is about; FIELD_NONE: of none. */
static void stop(struct xml_reader *reader, enum rule rule, enum xml_fault_kind kind, enum field field)
{
	reader->fault = rule;
	reader->fault_at = reader->lines + 2;
	reader->ret->xml_fault = (struct xml_fault){ kind, field, XML_GetCurrentLineNumber(reader->parser) };
	XML_StopParser(reader->parser, XML_FALSE);
}

static bool is_stopped(const struct xml_reader *reader)
{
	return reader->fault != RULE_NONE || reader->has_no_room;
}

/* ---- what expat calls ---- */

static void take_declaration(void *self, const XML_Char *version, const XML_Char *encoding, int is_standalone)
{
	struct xml_reader *reader = self;

	(void)is_standalone;
	if (is_stopped(reader))
		return;
	if (!version || strcmp(version, "1.0") != 0 || (encoding && strcasecmp(encoding, "UTF-8") != 0))
		stop(reader, RULE_F10, XML_FAULT_DECLARATION, FIELD_NONE);
}

/* All that no other function takes, as it stands in the document: comments among it. */
static void take_other(void *self, const XML_Char *text, int bytes)
{
	struct slice token = slice_make(text, (size_t)bytes);

	if (!is_stopped(self) && slice_starts_with(token, "<?"))
		stop(self, RULE_F10, XML_FAULT_INSTRUCTION, FIELD_NONE);
	else if (!is_stopped(self) && slice_starts_with(token, "<!DOCTYPE"))
		stop(self, RULE_F10, XML_FAULT_DOCTYPE, FIELD_NONE);
}

static bool has_good_attributes(const XML_Char **attributes)
{
	for (; *attributes; attributes += 2)
		if (strcmp(*attributes, "http://www.w3.org/2001/XMLSchema-instance\fschemaLocation") != 0)
			return false;
	return true;
}

/* The column whose element has this name and may follow the one before; FIELD_NONE: none. */
static enum field column_of(const struct xml_reader *reader, struct slice name, int first, int last)
{
	for (int column = first; column <= last; column++)
		if (slice_equal_text(name, field_name((enum field)column)))
			return column > (int)reader->last ||
					       (column == FIELD_TEACHING_FIELDS && (int)reader->last == column)
				       ? (enum field)column
				       : FIELD_NONE;
	return FIELD_NONE;
}

/* Of an onderwijsterrein that is not the first the value goes on: reader->value still holds it, as it is the last
 * column. */
static bool open_column(struct xml_reader *reader, enum field column)
{
	if (column == FIELD_NONE)
		return false;
	if (column != reader->last)
		reader->value_bytes = 0;
	reader->needs_bar = reader->value_bytes > 0;
	reader->open = reader->last = column;
	return true;
}

static void forget_cells(struct xml_reader *reader, int first)
{
	for (int column = first; column <= COLUMNS; column++)
		reader->cells[column - 1] = (struct slice){ 0 };
	reader->last = FIELD_NONE;
}

static bool open_teacher(struct xml_reader *reader)
{
	reader->place = PLACE_TEACHER;
	reader->has_appointment = false;
	forget_cells(reader, FIELD_BSN);
	return true;
}

static bool open_appointment(struct xml_reader *reader)
{
	reader->place = PLACE_APPOINTMENT;
	reader->has_appointment = true;
	forget_cells(reader, APPOINTMENT_FIRST);
	return true;
}

/* name: without its namespace. false: the element does not belong here. */
static bool open_element(struct xml_reader *reader, struct slice name)
{
	if (reader->open != FIELD_NONE)
		return false;
	switch (reader->place) {
	case PLACE_OUTSIDE:
		reader->place = PLACE_TEACHERS;
		return slice_equal_text(name, "leraren");
	case PLACE_TEACHERS:
		return slice_equal_text(name, "leraar") && open_teacher(reader);
	case PLACE_TEACHER:
		if (slice_equal_text(name, "benoeming"))
			return open_appointment(reader);
		return !reader->has_appointment && open_column(reader, column_of(reader, name, FIELD_BSN, PERSON_LAST));
	default:
		return open_column(reader, column_of(reader, name, APPOINTMENT_FIRST, APPOINTMENT_LAST));
	}
}

/* Why an element does not belong where it stands. column: whose name it has; FIELD_NONE: of no column. */
static enum xml_fault_kind why_not(const struct xml_reader *reader, enum place place, enum field column)
{
	if (place == PLACE_OUTSIDE)
		return XML_FAULT_ROOT;
	if (reader->open != FIELD_NONE)
		return XML_FAULT_WITHIN_VALUE;
	if (column == FIELD_NONE || place == PLACE_TEACHERS)
		return XML_FAULT_UNKNOWN;
	if (((int)column >= APPOINTMENT_FIRST) == (place == PLACE_APPOINTMENT))
		return XML_FAULT_ORDER;
	return place == PLACE_APPOINTMENT ? XML_FAULT_WITHIN_APPOINTMENT : XML_FAULT_OUTSIDE_APPOINTMENT;
}

static void stop_at_element(struct xml_reader *reader, enum place place, struct slice name)
{
	enum field column = FIELD_NONE;

	for (int i = FIELD_BSN; i <= COLUMNS; i++)
		if (slice_equal_text(name, field_name((enum field)i)))
			column = (enum field)i;
	stop(reader, RULE_F11, why_not(reader, place, column), reader->open != FIELD_NONE ? reader->open : column);
}

static void start_element(void *self, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *reader = self;
	struct slice local = slice_of(name);
	enum place place = reader->place;

	if (is_stopped(reader))
		return;
	if (!slice_starts_with(local, OURS)) {
		stop(reader, RULE_F11, place == PLACE_OUTSIDE ? XML_FAULT_ROOT : XML_FAULT_NAMESPACE, FIELD_NONE);
		return;
	}
	if (!has_good_attributes(attributes)) {
		stop(reader, RULE_F11, XML_FAULT_ATTRIBUTE, FIELD_NONE);
		return;
	}
	local = slice_from(local, sizeof OURS - 1);
	if (!open_element(reader, local))
		stop_at_element(reader, place, local);
}

static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			return false;
	return true;
}

static bool add_value(struct xml_reader *reader, struct slice text)
{
	if (reader->value_bytes + reader->needs_bar + text.n > sizeof reader->value)
		return false;
	if (reader->needs_bar)
		reader->value[reader->value_bytes++] = '|';
	reader->needs_bar = false;
	memcpy(reader->value + reader->value_bytes, text.p, text.n);
	reader->value_bytes += text.n;
	return true;
}

static void take_text(void *self, const XML_Char *text, int bytes)
{
	struct xml_reader *reader = self;
	struct slice piece = slice_make(text, (size_t)bytes);

	if (is_stopped(reader) || bytes == 0)
		return;
	if (reader->open == FIELD_NONE) {
		if (!is_blank(piece))
			stop(reader, RULE_F11, XML_FAULT_TEXT, FIELD_NONE);
	} else if (!add_value(reader, piece)) {
		stop(reader, RULE_F10, XML_FAULT_VALUE, reader->open);
	}
}

static void end_line(struct xml_reader *reader)
{
	size_t line = reader->lines++;

	for (size_t i = 0; i < COLUMNS; i++)
		reader->bytes_sum += reader->cells[i].n;
	if (line < reader->lines_kept_max)
		memcpy(reader->ret->cells + line * COLUMNS, reader->cells, sizeof reader->cells);
}

static void keep_value(struct xml_reader *reader, enum field column)
{
	struct slice value = slice_make(reader->value, reader->value_bytes);

	reader->has_no_room = !arena_copy(reader->arena, value, &reader->cells[column - 1]);
	if (reader->has_no_room)
		XML_StopParser(reader->parser, XML_FALSE);
}

/* The onderwijsterreinen are one value, which is whole at the end of the benoeming. */
static void close_column(struct xml_reader *reader)
{
	if (reader->open != FIELD_TEACHING_FIELDS)
		keep_value(reader, reader->open);
	reader->open = FIELD_NONE;
}

static void end_element(void *self, const XML_Char *name)
{
	struct xml_reader *reader = self;

	(void)name;
	if (is_stopped(reader))
		return;
	if (reader->open != FIELD_NONE) {
		close_column(reader);
		return;
	}
	if (reader->place == PLACE_APPOINTMENT && reader->last == FIELD_TEACHING_FIELDS)
		keep_value(reader, FIELD_TEACHING_FIELDS);
	if (reader->place == PLACE_APPOINTMENT || (reader->place == PLACE_TEACHER && !reader->has_appointment))
		end_line(reader);
	reader->place = (enum place)(reader->place - 1);
	if (reader->place == PLACE_TEACHER)
		reader->last = FIELD_FOREIGN_ADDRESS_3; /* only another benoeming may follow */
}

/* ---- the whole document ---- */

static XML_Parser make_parser(struct xml_reader *reader)
{
	static const XML_Memory_Handling_Suite OURS_ONLY = { take_memory, change_memory, give_memory };
	static const XML_Char BETWEEN[] = { SEPARATOR, '\0' };

	memory.bytes = 0;
	memory.is_full = false;
	XML_Parser parser = XML_ParserCreate_MM("UTF-8", &OURS_ONLY, BETWEEN);

	if (!parser)
		return NULL;
	XML_SetUserData(parser, reader);
	XML_SetXmlDeclHandler(parser, take_declaration);
	XML_SetElementHandler(parser, start_element, end_element);
	XML_SetCharacterDataHandler(parser, take_text);
	XML_SetDefaultHandler(parser, take_other);
	return reader->parser = parser;
}

/* What expat found, as far as it says so: it stops at the very byte that is no UTF-8. */
static enum xml_fault_kind kind_of(const struct xml_reader *reader)
{
	static const struct {
		enum XML_Error error;
		enum xml_fault_kind kind;
	} KINDS[] = {
		{ XML_ERROR_INVALID_TOKEN, XML_FAULT_CHARACTER },
		{ XML_ERROR_UNDEFINED_ENTITY, XML_FAULT_REFERENCE },
		{ XML_ERROR_BAD_CHAR_REF, XML_FAULT_REFERENCE },
		{ XML_ERROR_TAG_MISMATCH, XML_FAULT_TAG },
		{ XML_ERROR_UNBOUND_PREFIX, XML_FAULT_PREFIX },
		{ XML_ERROR_NO_ELEMENTS, XML_FAULT_CUT },
		{ XML_ERROR_UNCLOSED_TOKEN, XML_FAULT_CUT },
		{ XML_ERROR_UNCLOSED_CDATA_SECTION, XML_FAULT_CUT },
		{ XML_ERROR_JUNK_AFTER_DOC_ELEMENT, XML_FAULT_BEHIND },
		{ XML_ERROR_MISPLACED_XML_PI, XML_FAULT_DECLARATION_PLACE },
		{ XML_ERROR_UNKNOWN_ENCODING, XML_FAULT_DECLARATION },
		{ XML_ERROR_INCORRECT_ENCODING, XML_FAULT_DECLARATION },
	};

	size_t valid = utf8_valid_bytes(reader->bytes);

	if (valid < reader->bytes.n && XML_GetCurrentByteIndex(reader->parser) == (XML_Index)valid)
		return XML_FAULT_ENCODING;
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
		if (XML_GetErrorCode(reader->parser) == KINDS[i].error)
			return KINDS[i].kind;
	return XML_FAULT_FORM;
}

/* expat stopped by itself: what it found is a fault of form, but for what it could not hold. */
static int sort_failure(struct xml_reader *reader, struct err *err)
{
	if (XML_GetErrorCode(reader->parser) != XML_ERROR_NO_MEMORY) {
		stop(reader, RULE_F10, kind_of(reader), FIELD_NONE);
		return 0;
	}
	if (!memory.is_full)
		return err_set(err, ERR_FULL, "memory", "no memory to read a document");
	stop(reader, RULE_F11, XML_FAULT_TOO_LARGE, FIELD_NONE);
	return 0;
}

static int read_document(struct xml_reader *reader, struct slice rest, struct err *err)
{
	enum XML_Status status = XML_STATUS_OK;

	while (status == XML_STATUS_OK && rest.n > 0) {
		struct slice piece = slice_cut(&rest, MIN(rest.n, (size_t)PIECE_BYTES));

		status = XML_Parse(reader->parser, piece.p, (int)piece.n, rest.n == 0);
	}
	if (reader->has_no_room)
		return err_set(err, ERR_FULL, "arena", "no room for the values of a document");
	return status == XML_STATUS_OK || is_stopped(reader) ? 0 : sort_failure(reader, err);
}

/* Steps 4 to 6, of a document without a fault. Values of a leraar count with each of his lines: a small document could
 * make of them more than any CSV file can hold, and more than a message can. */
static int check_lines(const struct xml_reader *reader, const struct file_expected *expected, struct err *err)
{
	struct file_reading *ret = reader->ret;
	int64_t lines = (int64_t)reader->lines;

	if (lines == 0 || lines > FILE_LINES_MAX || reader->bytes_sum > FILE_BYTES_MAX) {
		file_check_refuse(ret, RULE_F01, 0, 0);
		return 0;
	}
	if (expected->has_line_count && expected->line_count != lines) {
		file_check_refuse(ret, RULE_F06, expected->line_count, lines);
		return 0;
	}
	ret->line_count = reader->lines;
	return file_check_teacher_sizes(reader->arena, ret, err);
}

/* expat believes the first two bytes more than us when they look like UTF-16, and would read it. */
static bool begins_as_utf_16(struct slice bytes)
{
	return bytes.p[0] == '\0' || bytes.p[0] == '\xff' || bytes.p[0] == '\xfe' ||
	       (bytes.n > 1 && bytes.p[1] == '\0');
}

static int check_document(struct xml_reader *reader, struct slice bytes, const struct file_expected *expected,
			  struct err *err)
{
	struct file_reading *ret = reader->ret;

	reader->lines_kept_max = MIN((size_t)FILE_LINES_MAX, bytes.n / LINE_BYTES_MIN + 1);
	ret->cells = arena_take(reader->arena, reader->lines_kept_max * COLUMNS, sizeof *ret->cells);
	if (!ret->cells)
		return err_set(err, ERR_FULL, "arena", "no room for the cells of a document");
	for (size_t i = 0; i < COLUMNS; i++)
		ret->columns[i] = (uint8_t)(i + 1);
	ret->column_count = COLUMNS;
	if (!make_parser(reader))
		return err_set(err, ERR_FULL, "memory", "no memory to read a document");
	int rc = read_document(reader, bytes, err);

	XML_ParserFree(reader->parser);
	if (rc != 0)
		return rc;
	if (reader->fault == RULE_NONE)
		return check_lines(reader, expected, err);
	file_check_refuse(ret, reader->fault, (int64_t)reader->fault_at, 0);
	return 0;
}

int xml_check(struct slice bytes, uint64_t bytes_total, const uint8_t sha256[32], const struct file_expected *expected,
	      struct arena *arena, struct file_reading *ret, struct err *err)
{
	struct xml_reader reader = { .arena = arena, .ret = ret, .bytes = bytes };

	*ret = (struct file_reading){ 0 };
	if (bytes_total == 0 || bytes_total > FILE_BYTES_MAX) {
		file_check_refuse(ret, RULE_F01, 0, 0);
		return 0;
	}
	assert(bytes.n == bytes_total);
	if (expected->has_content_hash && memcmp(expected->content_hash, sha256, 32) != 0) {
		file_check_refuse(ret, RULE_F07, 0, 0);
		return 0;
	}
	if (begins_as_utf_16(bytes)) {
		file_check_refuse(ret, RULE_F10, 2, 0);
		return 0;
	}
	return check_document(&reader, bytes, expected, err);
}
