#include "gateway/csv_hint.h"

#include "base/suggestion.h"
#include "model/csv.h"
#include "model/delivery.h"
#include "model/field.h"

#include <stdio.h>
#include <strings.h>

enum { HEADER_LOOK_LINES = 20, NAME_BYTES_MAX = 64 };

/* ---- bytes ---- */

static size_t line_of(struct slice bytes, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += bytes.p[i] == '\n';
	return line;
}

static void hint_unreadable(struct slice bytes, char *ret, size_t ret_bytes)
{
	snprintf(ret, ret_bytes,
		 "het eerste teken dat niet leesbaar is staat op regel %zu; waarschijnlijk is het bestand opgeslagen "
		 "als ANSI of Windows-1252: kies bij het opslaan CSV UTF-8",
		 line_of(bytes, utf8_valid_bytes(bytes)));
}

/* LR-F01: nothing in it, nothing but a header row, too many lines, or a zero byte. */
static void hint_damaged(struct slice bytes, char *ret, size_t ret_bytes)
{
	const char *zero = bytes.n > 0 ? memchr(bytes.p, '\0', bytes.n) : NULL;

	if (zero)
		snprintf(ret, ret_bytes,
			 "op regel %zu staat een byte die in een csv niet hoort (nul); maak het bestand opnieuw aan",
			 line_of(bytes, (size_t)(zero - bytes.p)));
	else if (line_of(bytes, bytes.n) > FILE_LINES_MAX)
		snprintf(ret, ret_bytes, "het bestand heeft meer dan 50.000 regels; lever per bestuur een bestand");
	else
		snprintf(ret, ret_bytes,
			 "er staan geen regels met gegevens in; zijn er geen leraren meer, lever dan hun einddatums");
}

/* ---- separators ---- */

static struct slice first_line(struct slice bytes)
{
	size_t n = 0;

	while (n < bytes.n && bytes.p[n] != '\n' && bytes.p[n] != '\r')
		n++;
	return slice_make(bytes.p, n);
}

static bool has(struct slice text, char c)
{
	return text.n > 0 && memchr(text.p, c, text.n) != NULL;
}

static void hint_separator(struct slice bytes, char *ret, size_t ret_bytes)
{
	struct slice line = first_line(bytes);

	if (line.n >= 4 && strncasecmp(line.p, "sep=", 4) == 0)
		snprintf(ret, ret_bytes, "de eerste regel (sep=) is er voor Excel; haal die regel weg");
	else
		snprintf(ret, ret_bytes,
			 "tussen de kolommen staan %s; sla het bestand op met puntkomma's als scheidingsteken",
			 has(line, '\t') ? "tabs" : "komma's");
}

/* ---- the header row ---- */

/* What nobody sees in a name, and what stands where an underscore belongs. */
static const char *const UNSEEN[] = {
	"\t",
	"\xc2\xa0" /* U+00A0 */,
	"\xc2\xad" /* U+00AD */,
	"\xe2\x80\x8b" /* U+200B */,
	"\xe2\x80\x8c",
	"\xe2\x80\x8d",
	"\xe2\x80\x8e",
	"\xe2\x80\x8f",
	"\xe2\x80\xaf",
	"\xe2\x81\xa0",
	"\xef\xbb\xbf" /* U+FEFF */,
};

static size_t unseen_bytes(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(UNSEEN); i++)
		if (slice_starts_with(text, UNSEEN[i]))
			return strlen(UNSEEN[i]);
	return 0;
}

struct name {
	char text[NAME_BYTES_MAX];
	size_t n;
	bool had_unseen, is_long;
};

/* Lower case, without what cannot be seen. */
static struct name plain_name(struct slice field)
{
	struct name name = { 0 };

	while (field.n > 0) {
		size_t unseen = unseen_bytes(field);

		name.had_unseen |= unseen > 0;
		if (unseen == 0 && name.n + 1 < sizeof name.text) {
			char c = field.p[0];

			name.text[name.n++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
		} else if (unseen == 0) {
			name.is_long = true;
		}
		field = slice_from(field, unseen > 0 ? unseen : 1);
	}
	while (name.n > 0 && name.text[name.n - 1] == ' ')
		name.n--;
	name.text[name.n] = '\0';
	return name;
}

static enum field with_underscores(const struct name *name)
{
	char text[NAME_BYTES_MAX];

	for (size_t i = 0; i <= name->n; i++)
		text[i] = name->text[i] != '\0' && strchr(" -.", name->text[i]) ? '_' : name->text[i];
	return field_of_column(slice_make(text, name->n));
}

/* The column of ours that is spelled nearly so; NULL: none. */
static const char *near_column(const struct name *name)
{
	struct suggestion near;
	enum field best = FIELD_NONE;

	if (name->is_long || name->n < 3)
		return NULL;
	suggestion_init(&near, name->text);
	for (int column = 1; column <= COLUMNS; column++)
		suggestion_try(&near, field_name((enum field)column));
	for (int column = 1; column <= COLUMNS; column++)
		if (strcmp(suggestion_best(&near), field_name((enum field)column)) == 0)
			best = (enum field)column;
	return best != FIELD_NONE ? field_name(best) : NULL;
}

/* One column that is none of ours. at: its position, from 1. */
static void hint_column(struct slice field, size_t at, char *ret, size_t ret_bytes)
{
	struct name name = plain_name(slice_trim(field));
	enum field column = field_of_column(slice_make(name.text, name.n));
	enum field underscored = with_underscores(&name);
	const char *near = near_column(&name);

	if (name.n == 0 && !name.had_unseen)
		snprintf(ret, ret_bytes,
			 "kolom %zu heeft geen naam; staan er achter de laatste nog lege kolommen, haal die dan weg",
			 at);
	else if (name.had_unseen && column != FIELD_NONE)
		snprintf(ret, ret_bytes,
			 "in de naam van kolom %zu staat een teken dat niet te zien is; typ de naam %s opnieuw", at,
			 field_name(column));
	else if (underscored != FIELD_NONE)
		snprintf(ret, ret_bytes, "kolom %zu moet %s heten, met lage streepjes (_)", at,
			 field_name(underscored));
	else if (near)
		snprintf(ret, ret_bytes, "kolom %zu lijkt %s te moeten heten", at, near);
}

static bool is_digits(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n >= 8 && text.n <= 9;
}

/* Whether a physical line begins as a header row of ours. */
static bool is_header_line(struct slice line)
{
	struct csv csv;
	struct slice fields[COLUMNS];
	size_t count = 0, known = 0;

	csv_init(&csv, line, ';', CSV_FIELD_BYTES_MAX, NULL);
	if (csv_next(&csv, fields, COLUMNS, &count) != CSV_RECORD)
		return false;
	for (size_t i = 0; i < MIN(count, (size_t)COLUMNS); i++)
		known += field_of_column(fields[i]) != FIELD_NONE;
	return known > 1;
}

/* The line, from 2, that is the header row; 0: none of the first ones. */
static size_t late_header(struct slice bytes)
{
	for (size_t line = 1; line <= HEADER_LOOK_LINES && bytes.n > 0; line++) {
		struct slice text = first_line(bytes);

		if (line > 1 && is_header_line(text))
			return line;
		const char *end = memchr(bytes.p, '\n', bytes.n);

		bytes = end ? slice_from(bytes, (size_t)(end - bytes.p) + 1) : (struct slice){ 0 };
	}
	return 0;
}

static void hint_header(struct slice bytes, char *ret, size_t ret_bytes)
{
	struct slice line = first_line(bytes), fields[COLUMNS + 1];
	size_t count = 0, late = late_header(bytes);
	struct csv csv;

	if (slice_starts_with(bytes, "\xef\xbb\xbf")) {
		snprintf(ret, ret_bytes, "aan het begin staat twee keer een BOM; sla het bestand opnieuw op");
		return;
	}
	csv_init(&csv, bytes, ';', CSV_FIELD_BYTES_MAX, NULL);
	if (csv_next(&csv, fields, ARRAY_LEN(fields), &count) != CSV_RECORD)
		return;
	if (late > 0 && !is_header_line(line)) {
		snprintf(ret, ret_bytes, "de kopregel staat op regel %zu; haal weg wat erboven staat", late);
	} else if (is_digits(slice_trim(fields[0]))) {
		snprintf(ret, ret_bytes, "de kopregel ontbreekt; de eerste regel moet de namen van de kolommen hebben");
	} else if (count == 1 && has(fields[0], ';')) {
		snprintf(ret, ret_bytes,
			 "elke regel staat in zijn geheel tussen aanhalingstekens; haal die aan begin en eind weg");
	} else if (count == 1 && has(fields[0], '|')) {
		snprintf(ret, ret_bytes, "tussen de kolommen staan verticale strepen; gebruik puntkomma's");
	} else {
		for (size_t i = 0; i < MIN(count, ARRAY_LEN(fields)); i++)
			if (field_of_column(fields[i]) == FIELD_NONE) {
				hint_column(fields[i], i + 1, ret, ret_bytes);
				return;
			}
	}
}

/* ---- records ---- */

enum fault {
	FAULT_NONE,
	FAULT_QUOTE_WITHIN,
	FAULT_BEHIND_QUOTE,
	FAULT_OPEN_QUOTE,
	FAULT_CR,
	FAULT_LONG,
	FAULT_FORMULA
};

struct place {
	struct slice rest;
	int64_t record; /* from 1, as column, which is that of the field read last */
	size_t column;
};

static enum fault step_quoted(struct place *at)
{
	size_t i = 1, value_bytes = 0;

	while (i < at->rest.n && (at->rest.p[i] != '"' || (i + 1 < at->rest.n && at->rest.p[i + 1] == '"'))) {
		i += at->rest.p[i] == '"' ? 2 : 1;
		value_bytes++;
	}
	if (i >= at->rest.n)
		return FAULT_OPEN_QUOTE;
	at->rest = slice_from(at->rest, i + 1);
	if (at->rest.n > 0 && at->rest.p[0] != ';' && at->rest.p[0] != '\r' && at->rest.p[0] != '\n')
		return FAULT_BEHIND_QUOTE;
	return value_bytes > CSV_FIELD_BYTES_MAX ? FAULT_LONG : FAULT_NONE;
}

static enum fault step_plain(struct place *at)
{
	size_t n = 0;

	while (n < at->rest.n && at->rest.p[n] != ';' && at->rest.p[n] != '\r' && at->rest.p[n] != '\n') {
		if (at->rest.p[n] == '"')
			return at->rest.p[0] == '=' ? FAULT_FORMULA : FAULT_QUOTE_WITHIN;
		n++;
	}
	at->rest = slice_from(at->rest, n);
	return n > CSV_FIELD_BYTES_MAX ? FAULT_LONG : FAULT_NONE;
}

/* One field and what ends it. */
static enum fault step(struct place *at)
{
	at->column++;
	enum fault fault = at->rest.n > 0 && at->rest.p[0] == '"' ? step_quoted(at) : step_plain(at);

	if (fault != FAULT_NONE || at->rest.n == 0)
		return fault;
	char end = at->rest.p[0];

	if (end == '\r' && (at->rest.n == 1 || at->rest.p[1] != '\n'))
		return FAULT_CR;
	at->rest = slice_from(at->rest, end == '\r' ? 2 : 1);
	if (end != ';') {
		at->record++;
		at->column = 0;
	}
	return FAULT_NONE;
}

static void hint_broken(struct slice bytes, int64_t record, char *ret, size_t ret_bytes)
{
	static const char *const FAULTS[] = {
		[FAULT_QUOTE_WITHIN] = "een aanhalingsteken midden in een waarde",
		[FAULT_BEHIND_QUOTE] = "nog iets achter het aanhalingsteken dat de waarde sluit",
		[FAULT_OPEN_QUOTE] = "een aanhalingsteken dat niet wordt gesloten",
		[FAULT_CR] = "een regeleinde dat wij niet kunnen lezen (CR zonder LF)",
		[FAULT_LONG] =
			"een waarde van meer dan 1.024 bytes; misschien ontbreekt er een puntkomma of aanhalingsteken",
		[FAULT_FORMULA] = "een formule; lever de waarde zelf, de kolom als tekst",
	};
	struct place at = { .rest = bytes, .record = 1 };
	enum fault fault = FAULT_NONE;

	while (fault == FAULT_NONE && at.rest.n > 0)
		fault = step(&at);
	if (fault != FAULT_NONE && at.record == record)
		snprintf(ret, ret_bytes, "in regel %lld, kolom %zu, staat %s", (long long)record, at.column,
			 FAULTS[fault]);
}

static void hint_odd(const struct finding *finding, char *ret, size_t ret_bytes)
{
	int64_t record = finding->values[0], count = finding->values[1], wanted = finding->values[2];

	if (count == wanted + 1)
		snprintf(ret, ret_bytes,
			 "regel %lld heeft een puntkomma te veel: achter de laatste kolom, of in een waarde die "
			 "dan tussen aanhalingstekens moet",
			 (long long)record);
	else if (count == 1)
		snprintf(ret, ret_bytes,
			 "regel %lld is leeg of is geen regel met gegevens (een totaal, een opmerking); haal die weg",
			 (long long)record);
}

void csv_hint(struct slice bytes, const struct finding *finding, char *ret, size_t ret_bytes)
{
	ret[0] = '\0';
	switch (finding->rule) {
	case RULE_F01:
		hint_damaged(bytes, ret, ret_bytes);
		break;
	case RULE_F02:
		hint_unreadable(bytes, ret, ret_bytes);
		break;
	case RULE_F03:
	case RULE_F04:
		hint_header(bytes, ret, ret_bytes);
		break;
	case RULE_F05:
		hint_odd(finding, ret, ret_bytes);
		break;
	case RULE_F08:
		hint_broken(bytes, finding->values[0], ret, ret_bytes);
		break;
	case RULE_F12:
		hint_separator(bytes, ret, ret_bytes);
		break;
	default:
		break;
	}
}
