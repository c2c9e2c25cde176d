#include "gen/gen.h"

#include "base/num.h"
#include "gen/gen_main.h"
#include "model/date.h"
#include "model/reference.h"
#include "model/teacher_key.h"
#include "run/app.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <sys/stat.h>

enum { FILE_BYTES_LIMIT = 256 << 20, LINE_BYTES_MAX = COLUMNS * GEN_CELL_BYTES + COLUMNS + 1 };

/* What the deliveries hold, so that a ledger can be compared with it. */
struct tally {
	int64_t deliveries, teachers, lines, bytes;
	int64_t new_lines, changed_lines, same_lines, rejected_lines, left_teachers;
	int64_t *errors; /* teachers per entry of GEN_ERRORS */
};

int gen_write_file(const char *dir, const char *name, struct slice bytes, struct err *err)
{
	char path[4096];

	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return err_set(err, ERR_DATA, "file", "the folder %s cannot be made", dir);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *file = fopen(path, "we");
	bool is_written = file && fwrite(bytes.p, 1, bytes.n, file) == bytes.n;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written ? 0 : err_set(err, ERR_DATA, "file", "%s cannot be written", path);
}

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
	int rc = text ? gen_write_file(options->out, file, slice_of(text), err)
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
	int rc = gen_write_file(options->out, csv, strbuf_slice(file), err);

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
				 (json_int_t)tally->new_lines, "gewijzigd", (json_int_t)tally->changed_lines, "ongewijzigd",
				 (json_int_t)tally->same_lines, "afgekeurd", (json_int_t)tally->rejected_lines,
				 "left_teachers", (json_int_t)tally->left_teachers, "errors", errors);

	for (size_t i = 0; i < GEN_ERROR_COUNT; i++)
		if (tally->errors[i] > 0)
			json_object_set_new(errors, GEN_ERRORS[i].code, json_integer(tally->errors[i]));
	char *text = json_dumps(json, JSON_INDENT(1));
	int rc = gen_write_file(options->out, "counts.txt", slice_of(text), err);

	printf("%lld deliveries, %lld teachers, %lld lines, %.1f MB in %s\n", (long long)tally->deliveries,
	       (long long)tally->teachers, (long long)tally->lines, (double)tally->bytes / 1e6, options->out);
	free(text);
	json_decref(json);
	return rc;
}

static int generate(const struct gen_options *options, bool is_hostile, struct err *err)
{
	struct gen_world world;
	struct strbuf file;
	struct tally tally = { .errors = calloc(GEN_ERROR_COUNT, sizeof *tally.errors) };

	if (!tally.errors)
		return err_set(err, ERR_FATAL, "memory", "no memory");
	if (mkdir(options->out, 0777) != 0 && errno != EEXIST) {
		free(tally.errors);
		return err_set(err, ERR_DATA, "file", "the folder %s cannot be made", options->out);
	}
	strbuf_init(&file, FILE_BYTES_LIMIT);
	int rc = gen_world_load(options, &world, err);

	for (size_t b = 0; rc == 0 && !is_hostile && b < world.board_count; b++)
		rc = write_board(options, &world.boards[b], &file, &tally, err);
	if (rc == 0)
		rc = is_hostile ? gen_hostile(options, &world, err) : write_tally(options, &tally, err);
	strbuf_release(&file);
	gen_world_release(&world);
	free(tally.errors);
	return rc;
}

/* ---- options ---- */

static const char USAGE[] =
	"usage: instroom-gen --out DIR [options]\n\n"
	"Writes one delivery a board (x.csv and its header x.json) and counts.txt with the generator's own counts.\n"
	"All persons are invented. The same options make the same bytes.\n\n"
	"  --out DIR           folder to write into\n"
	"  --reference DIR     the six reference tables: real boards and schools\n"
	"  --boards N          so many boards (1450); those the tables lack are invented. The tables that go with the\n"
	"                      deliveries are written to reference/ in the folder of --out\n"
	"  --teachers N        teachers of all boards together (230000, the country); at least 5 a board\n"
	"  --seed N            (1)\n"
	"  --date EEJJ-MM-DD   extractiedatum (2018-06-01)\n"
	"  --received EEJJ-MM-DD  put ontvangen_op into the headers; only test gateways obey it\n"
	"  --sequence N        volgnummer of the first night (1)\n"
	"  --night N           the N-th nightly delivery after the first (0): volgnummer + N\n"
	"  --changed P% --joined P% --left P%   what each night brings (0%)\n"
	"  --errors P%         teachers with one broken rule, over all rules (0%)\n"
	"  --hostile           instead: files a gateway must withstand\n"
	"  --help, --version\n";

static bool read_percent(const char *text, uint32_t *ret)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || (*end != '\0' && strcmp(end, "%") != 0) || !(value >= 0) || value > 100)
		return false;
	*ret = (uint32_t)(value * 10000 + 0.5);
	return true;
}

static bool read_count(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return num_parse_i64(slice_of(text), min, max, ret);
}

static bool read_date(const char *text, int32_t *ret)
{
	*ret = date_parse_iso(slice_of(text));
	return *ret > 0;
}

enum {
	OPT_OUT = 1,
	OPT_REFERENCE,
	OPT_BOARDS,
	OPT_TEACHERS,
	OPT_SEED,
	OPT_DATE,
	OPT_RECEIVED,
	OPT_SEQUENCE,
	OPT_NIGHT,
	OPT_CHANGED,
	OPT_JOINED,
	OPT_LEFT,
	OPT_ERRORS,
	OPT_HOSTILE,
	OPT_HELP,
	OPT_VERSION
};

static bool take_option(int option, struct gen_options *options, bool *ret_is_hostile)
{
	int64_t seed;

	switch (option) {
	case OPT_OUT:
		options->out = optarg;
		return true;
	case OPT_REFERENCE:
		options->reference = optarg;
		return true;
	case OPT_BOARDS:
		return read_count(optarg, 1, 20000, &options->boards);
	case OPT_TEACHERS:
		return read_count(optarg, 1, 4000000, &options->teachers);
	case OPT_SEED:
		if (!read_count(optarg, 0, INT64_MAX, &seed))
			return false;
		options->seed = (uint64_t)seed;
		return true;
	case OPT_DATE:
		return read_date(optarg, &options->date);
	case OPT_RECEIVED:
		return read_date(optarg, &options->received_on);
	case OPT_SEQUENCE:
		return read_count(optarg, 1, INT64_MAX / 2, &options->sequence);
	case OPT_NIGHT:
		return read_count(optarg, 0, 10000, &options->night);
	case OPT_CHANGED:
		return read_percent(optarg, &options->changed_ppm);
	case OPT_JOINED:
		return read_percent(optarg, &options->joined_ppm);
	case OPT_LEFT:
		return read_percent(optarg, &options->left_ppm);
	case OPT_ERRORS:
		return read_percent(optarg, &options->errors_ppm);
	case OPT_HOSTILE:
		*ret_is_hostile = true;
		return true;
	default:
		return false;
	}
}

int gen_main(int argc, char **argv)
{
	static const struct option LONG[] = {
		{ "out", required_argument, NULL, OPT_OUT },
		{ "reference", required_argument, NULL, OPT_REFERENCE },
		{ "boards", required_argument, NULL, OPT_BOARDS },
		{ "teachers", required_argument, NULL, OPT_TEACHERS },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "date", required_argument, NULL, OPT_DATE },
		{ "received", required_argument, NULL, OPT_RECEIVED },
		{ "sequence", required_argument, NULL, OPT_SEQUENCE },
		{ "night", required_argument, NULL, OPT_NIGHT },
		{ "changed", required_argument, NULL, OPT_CHANGED },
		{ "joined", required_argument, NULL, OPT_JOINED },
		{ "left", required_argument, NULL, OPT_LEFT },
		{ "errors", required_argument, NULL, OPT_ERRORS },
		{ "hostile", no_argument, NULL, OPT_HOSTILE },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	struct gen_options options = { .seed = 1, .boards = 1450, .teachers = 230000, .sequence = 1, .date = 20180601 };
	struct err err = { 0 };
	bool is_hostile = false;

	for (int option, at = 0; (option = getopt_long(argc, argv, "", LONG, &at)) != -1;) {
		if (option == OPT_HELP || option == OPT_VERSION) {
			fputs(option == OPT_HELP ? USAGE : "instroom-gen " INSTROOM_VERSION "\n", stdout);
			return 0;
		}
		if (option == '?')
			return EXIT_USAGE;
		if (!take_option(option, &options, &is_hostile)) {
			fprintf(stderr, "instroom-gen: --%s does not take the value %s; see --help\n", LONG[at].name,
				optarg);
			return EXIT_USAGE;
		}
	}
	if (!options.out || optind < argc) {
		fputs("instroom-gen: --out DIR is wanted, and no other words; see --help\n", stderr);
		return EXIT_USAGE;
	}
	if (options.teachers < options.boards * GEN_TEACHERS_MIN) {
		fprintf(stderr, "instroom-gen: a board has at least %d teachers: give --teachers %lld or more\n",
			GEN_TEACHERS_MIN, (long long)options.boards * GEN_TEACHERS_MIN);
		return EXIT_USAGE;
	}
	if (generate(&options, is_hostile, &err) == 0)
		return 0;
	fprintf(stderr, "instroom-gen: %s\n", err.text);
	return err.kind == ERR_DATA || err.kind == ERR_CONFIG ? EXIT_NO_FILE : EXIT_BUG;
}
