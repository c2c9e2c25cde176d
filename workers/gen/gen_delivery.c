#include "gen/gen_delivery.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "gen/gen_error.h"
#include "gen/gen_file.h"
#include "gen/gen_teacher.h"
#include "model/date.h"
#include "model/teacher_key.h"

#include <jansson.h>

enum { FILE_BYTES_LIMIT = 256 << 20, LINE_BYTES_MAX = COLUMNS * GEN_CELL_BYTES + COLUMNS + 1 };

/* What the deliveries hold, so that a ledger can be compared with it. */
struct tally {
	int64_t deliveries, teachers, lines, bytes;
	int64_t new_lines, changed_lines, same_lines, rejected_lines, left_teachers;
	int64_t *errors; /* teachers per entry of GEN_ERRORS */
};

static void add_line(struct strbuf *out, const struct gen_line *line)
{
	char text[LINE_BYTES_MAX];
	size_t n = 0;

	for (int i = 0; i < COLUMNS; i++) {
		size_t cell = strlen(line->cells[i]);

		memcpy(text + n, line->cells[i], cell);
		n += cell;
		text[n++] = i == COLUMNS - 1 ? '\n' : ';';
	}
	strbuf_add_bytes(out, text, n);
}

static void add_names(struct strbuf *out)
{
	for (int field = 1; field <= COLUMNS; field++) {
		strbuf_add_text(out, field_name((enum field)field));
		strbuf_add_char(out, field == COLUMNS ? '\n' : ';');
	}
}

static void count_teacher(struct tally *tally, const struct gen_teacher *teacher, enum gen_night night)
{
	int64_t lines = (int64_t)teacher->line_count;

	tally->teachers++;
	tally->lines += lines;
	if (teacher->error >= 0) {
		tally->rejected_lines += lines;
		tally->errors[teacher->error]++;
		return;
	}
	tally->new_lines += night == GEN_NEW ? lines : 0;
	tally->changed_lines += night == GEN_CHANGED ? lines : 0;
	tally->same_lines += night == GEN_SAME ? lines : 0;
}

static int write_header(const struct gen_options *options, const struct gen_board *board, const char *name,
			int64_t lines, struct slice content, struct err *err)
{
	uint8_t sha256[32];
	char hex[65] = "", date[11], number[8], file[80];

	sha256_of(content, sha256);
	num_to_hex(sha256, sizeof sha256, hex);
	date_to_iso(options->date, date);
	snprintf(number, sizeof number, "%05u", board->number);
	json_t *header = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s}", "bestuur", number, "soort", "VOLLEDIG",
				   "volgnummer", (json_int_t)(options->sequence + options->night), "extractiedatum",
				   date, "regels", (json_int_t)lines, "sha256", hex, "contact_naam", "P. Voorbeeld",
				   "contact_email", "p.voorbeeld@voorbeeld.test");

	if (options->received_on > 0) {
		date_to_iso(options->received_on, date);
		json_object_set_new(header, "ontvangen_op", json_string(date));
	}
	char *text = json_dumps(header, JSON_INDENT(1));

	snprintf(file, sizeof file, "%s.json", name);
	int rc = text ? gen_file_write(options->out, file, slice_of(text), err)
		      : err_set(err, ERR_FATAL, "memory", "no memory");

	free(text);
	json_decref(header);
	return rc;
}

static int write_board(const struct gen_options *options, const struct gen_board *board, struct strbuf *file,
		       struct tally *tally, struct err *err)
{
	static struct gen_teacher teacher;
	int64_t lines_before = tally->lines;
	char name[64], csv[80];

	strbuf_reset(file);
	add_names(file);
	for (uint64_t number = 0; number < (uint64_t)board->teachers * 2; number++) {
		enum gen_night night = gen_teacher_make(options, board, number, &teacher);

		if (night == GEN_ABSENT) {
			tally->left_teachers += number < (uint64_t)board->teachers;
			continue;
		}
		count_teacher(tally, &teacher, night);
		for (size_t i = 0; i < teacher.line_count; i++)
			add_line(file, &teacher.lines[i]);
	}
	snprintf(name, sizeof name, "%05u-%lld", board->number, (long long)(options->sequence + options->night));
	snprintf(csv, sizeof csv, "%s.csv", name);
	if (!strbuf_ok(file))
		return err_set(err, ERR_FATAL, "memory", "the delivery of board %05u is too large", board->number);
	int rc = gen_file_write(options->out, csv, strbuf_slice(file), err);

	if (rc == 0)
		rc = write_header(options, board, name, tally->lines - lines_before, strbuf_slice(file), err);
	tally->deliveries++;
	tally->bytes += (int64_t)file->n;
	return rc;
}

/* The generator's own counts, beside the files; .txt so that it is no delivery's header. */
static int write_tally(const struct gen_options *options, const struct tally *tally, struct err *err)
{
	json_t *errors = json_object();
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "deliveries",
				 (json_int_t)tally->deliveries, "teachers", (json_int_t)tally->teachers, "lines",
				 (json_int_t)tally->lines, "bytes", (json_int_t)tally->bytes, "nieuw",
				 (json_int_t)tally->new_lines, "gewijzigd", (json_int_t)tally->changed_lines,
				 "ongewijzigd", (json_int_t)tally->same_lines, "afgekeurd",
				 (json_int_t)tally->rejected_lines, "left_teachers", (json_int_t)tally->left_teachers,
				 "errors", errors);

	for (size_t i = 0; i < GEN_ERROR_COUNT; i++)
		if (tally->errors[i] > 0)
			json_object_set_new(errors, GEN_ERRORS[i].code, json_integer(tally->errors[i]));
	char *text = json_dumps(json, JSON_INDENT(1));
	int rc = gen_file_write(options->out, "counts.txt", slice_of(text), err);

	printf("%lld deliveries, %lld teachers, %lld lines, %.1f MB in %s\n", (long long)tally->deliveries,
	       (long long)tally->teachers, (long long)tally->lines, (double)tally->bytes / 1e6, options->out);
	free(text);
	json_decref(json);
	return rc;
}

int gen_deliveries_write(const struct gen_options *options, const struct gen_world *world, struct err *err)
{
	struct tally tally = { .errors = calloc(GEN_ERROR_COUNT, sizeof *tally.errors) };
	struct strbuf file;
	int rc = tally.errors ? 0 : err_set(err, ERR_FATAL, "memory", "no memory");

	strbuf_init(&file, FILE_BYTES_LIMIT);
	for (size_t b = 0; rc == 0 && b < world->board_count; b++)
		rc = write_board(options, &world->boards[b], &file, &tally, err);
	if (rc == 0)
		rc = write_tally(options, &tally, err);
	strbuf_release(&file);
	free(tally.errors);
	return rc;
}
