#include "gen/gen_main.h"

#include "base/num.h"
#include "gen/gen_delivery.h"
#include "gen/gen_hostile.h"
#include "model/date.h"
#include "run/app.h"

#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>

static int generate(const struct gen_options *options, bool is_hostile, struct err *err)
{
	struct gen_world world;

	if (mkdir(options->out, 0777) != 0 && errno != EEXIST)
		return err_set(err, ERR_DATA, "file", "the folder %s cannot be made", options->out);
	int rc = gen_world_load(options, &world, err);

	if (rc == 0)
		rc = is_hostile ? gen_hostile_write(options, &world, err) : gen_deliveries_write(options, &world, err);
	gen_world_release(&world);
	return rc;
}

/* ---- options ---- */

static const char USAGE[] =
	"usage: instroom-gen --out DIR [options]\n\n"
	"Writes one delivery per board (x.csv and its header x.json) and counts.txt with the generator's own counts.\n"
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
