#include "gen/gen_teacher.h"

#include "gen/gen_chance.h"
#include "gen/gen_error.h"
#include "model/reference.h"

#include <stdarg.h>

enum { VOORPORTAAL_PPM = 100000, PREFIX_PPM = 250000, ADDRESS_PPM = 300000 };

/* What a chance decides; each has a number of its own. */
enum what {
	W_LINES = 10,
	W_NAME,
	W_PREFIX,
	W_GIVEN,
	W_SEX,
	W_BIRTH,
	W_ADDRESS,
	W_SITE,
	W_GROUND,
	W_START,
	W_ERROR,
	W_ERROR_KIND,
	W_CHANGED = 1000,
	W_JOINED = 2000,
	W_LEFT = 3000
};

static const char *const FAMILY[] = {
	"Jansen",   "Vries",	 "Berg",     "Bakker",	  "Dijk",   "Visser", "Smit",	  "Meijer",
	"Boer",	    "Mulder",	 "Groot",    "Bos",	  "Vos",    "Peters", "Hendriks", "Leeuwen",
	"Dekker",   "Brouwer",	 "Wit",	     "Dijkstra",  "Smits",  "Graaf",  "Meer",	  "Linden",
	"Kok",	    "Jacobs",	 "Haan",     "Vermeulen", "Heuvel", "Veen",   "Öztürk",	  "Yılmaz",
	"Çelik",    "El Amrani", "Müller",   "Nguyen",	  "Kovač",  "García", "O'Brien",  "Bosch-van Drakestein",
	"Ramdhani", "Kowalski",	 "Ferreira", "Sørensen"
};
static const char *const PREFIXES[] = { "de", "van", "van de", "van der", "ten", "van den" };
static const char *const GIVEN[] = { "Anna",  "Maria",	"Johanna", "Jan",	 "Pieter", "Kees", "Emre",  "Fatma",
				     "Sanne", "Lisa",	"Tim",	   "Noor",	 "Daan",   "Eva",  "Zoë",   "André",
				     "Loïs",  "Jeroen", "Marieke", "Hans-Peter", "Wim",	   "Els",  "Karin", "Ahmed",
				     "Sofia", "Bram",	"Iris",	   "Ruud",	 "Femke",  "Joost" };
static const char *const STREETS[] = { "Kerkstraat", "Dorpsstraat", "Schoolstraat",
				       "Molenweg",   "Beatrixlaan", "Lindelaan" };
static const char *const CITIES[] = {
	"Utrecht", "Zwolle", "Ede", "Leeuwarden", "Breda", "Den Haag", "'s-Hertogenbosch"
};
static const char *const FIELDS_PO[] = { "P001", "P002" };
static const char *const FIELDS_VO[] = { "V0011", "V0021", "V0053", "V0011|V0053" };

static void set(struct gen_line *line, enum field field, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void set(struct gen_line *line, enum field field, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(line->cells[field - 1], GEN_CELL_BYTES, fmt, args);
	va_end(args);
}

static const char *pick(const char *const *list, size_t count, uint64_t chance)
{
	return list[(chance >> 20) % count];
}

void gen_bsn(uint64_t number, char out[10])
{
	/* seven digits from a permutation of the number, one to steer clear of remainder 10, one to check */
	uint64_t x = (number * 7654321 + 1234567) % 10000000;
	char digits[10];

	for (int eighth = x == 0; /* 000000000 is no BSN */; eighth++) {
		unsigned sum = 0;

		snprintf(digits, sizeof digits, "%07u%d", (unsigned)x, eighth % 10);
		for (int i = 0; i < 8; i++)
			sum += (unsigned)((9 - i) * (digits[i] - '0'));
		if (sum % 11 == 10)
			continue;
		memcpy(out, digits, 8);
		out[8] = (char)('0' + sum % 11);
		out[9] = '\0';
		return;
	}
}

/* 1.39 lines per teacher on average, some with up to 6 (specification 11). */
static size_t lines_of(uint64_t chance)
{
	static const unsigned LIMITS[GEN_LINES_MAX] = { 740, 910, 965, 985, 995, 1000 };
	unsigned at = (unsigned)(chance % 1000);
	size_t n = 0;

	while (at >= LIMITS[n])
		n++;
	return n + 1;
}

static void make_person(const struct gen_options *options, uint64_t id, struct gen_line *line)
{
	uint64_t seed = options->seed;
	uint64_t sex = gen_chance(seed, id, 0, W_SEX), birth = gen_chance(seed, id, 0, W_BIRTH);
	uint64_t address = gen_chance(seed, id, 0, W_ADDRESS), given = gen_chance(seed, id, 0, W_GIVEN);
	char bsn[10];

	gen_bsn(id, bsn);
	set(line, FIELD_BSN, "%s", bsn);
	set(line, FIELD_EMPLOYEE_REF, "P%llu", (unsigned long long)(100000 + id % 900000));
	set(line, FIELD_FAMILY_NAME, "%s", pick(FAMILY, ARRAY_LEN(FAMILY), gen_chance(seed, id, 0, W_NAME)));
	if (gen_happens(gen_chance(seed, id, 0, W_PREFIX), PREFIX_PPM))
		set(line, FIELD_NAME_PREFIX, "%s",
		    pick(PREFIXES, ARRAY_LEN(PREFIXES), gen_chance(seed, id, 1, W_PREFIX)));
	set(line, FIELD_GIVEN_NAMES, given % 2 ? "%s %s" : "%s", pick(GIVEN, ARRAY_LEN(GIVEN), given),
	    pick(GIVEN, ARRAY_LEN(GIVEN), given >> 8));
	set(line, FIELD_SEX, "%s", sex % 100 < 69 ? "V" : sex % 100 < 99 ? "M" : "O");
	/* between 22 and 55 years before the earliest appointment there is: 19850801 */
	set(line, FIELD_BIRTH_DATE, "%04u%02u%02u", (unsigned)(1953 + birth % 38), (unsigned)(1 + birth / 64 % 12),
	    (unsigned)(birth / 1024 % 50 == 0 ? 0 : 1 + birth / 1024 % 28));
	if (!gen_happens(address, ADDRESS_PPM))
		return;
	set(line, FIELD_POSTCODE, "%04u%c%c", (unsigned)(1000 + address / 8 % 9000), (char)('A' + address / 9 % 26),
	    (char)('A' + address / 300 % 26));
	if (address % 3 == 0)
		return;
	set(line, FIELD_STREET, "%s", pick(STREETS, ARRAY_LEN(STREETS), address));
	set(line, FIELD_HOUSE_NUMBER, "%u", (unsigned)(1 + address / 77 % 250));
	if (address % 11 == 0)
		set(line, FIELD_HOUSE_NUMBER_SUFFIX, "bis");
	set(line, FIELD_CITY, "%s", pick(CITIES, ARRAY_LEN(CITIES), address >> 9));
}

/* Not yet qualified: an end date, a field of teaching, and a school year, so that no limit of LR-B11 is passed. */
static void make_voorportaal(const struct gen_options *options, uint8_t sector, uint64_t chance, struct gen_line *line)
{
	static const char *const VO[] = { "911", "914", "915", "916" };
	int32_t year = options->date / 10000 - (options->date % 10000 < 801 ? 1 : 0);

	set(line, FIELD_APPOINTMENT_GROUND, "%s",
	    sector == SECTOR_VO	   ? pick(VO, ARRAY_LEN(VO), chance)
	    : sector == SECTOR_MBO ? "962"
	    : chance % 2	   ? "708"
				   : "951");
	set(line, FIELD_TEACHING_FIELDS, "%s",
	    sector == SECTOR_VO	   ? pick(FIELDS_VO, ARRAY_LEN(FIELDS_VO), chance >> 3)
	    : sector == SECTOR_MBO ? "M001"
				   : pick(FIELDS_PO, ARRAY_LEN(FIELDS_PO), chance >> 3));
	set(line, FIELD_APPOINTMENT_START, "%04d0801", year);
	set(line, FIELD_APPOINTMENT_END, "%04d0731", year + 1);
	if (chance % 3 == 0)
		set(line, FIELD_CONTRACT_END, "%04d0731", year + 1);
}

static void make_appointment(const struct gen_options *options, const struct gen_board *board, uint64_t id, size_t nth,
			     struct gen_line *line)
{
	static const char *const VO[] = { "901", "902", "903", "904", "905", "906", "907", "908" };
	uint64_t ground = gen_chance(options->seed, id, nth, W_GROUND),
		 start = gen_chance(options->seed, id, 0, W_START);
	const struct gen_site *site =
		&board->sites[(gen_chance(options->seed, id, nth % 2, W_SITE) >> 9) % board->site_count];
	/* one year further for each next line: no two are the same appointment, all lie after an age of 20 */
	unsigned year = 2011 + (unsigned)(start % 2) - (unsigned)nth;

	set(line, FIELD_APPOINTMENT_KEY, "A-%llu-%zu", (unsigned long long)(id % 100000000), nth + 1);
	set(line, FIELD_BRIN, "%s", site->brin);
	set(line, FIELD_SITE, "%s", site->site);
	set(line, FIELD_CONTRACT_START, "%04u0801", year - (unsigned)(start / 2 % 2));
	set(line, FIELD_APPOINTMENT_START, "%04u%02u01", year, (unsigned)(8 + start / 4 % 4));
	if (nth == 0 && gen_happens(ground, VOORPORTAAL_PPM)) {
		make_voorportaal(options, site->sector, ground >> 20, line);
		return;
	}
	set(line, FIELD_APPOINTMENT_GROUND, "%s",
	    site->sector == SECTOR_VO	 ? pick(VO, (ground >> 30) % 4 == 0 ? ARRAY_LEN(VO) : 1, ground)
	    : site->sector == SECTOR_MBO ? "961"
					 : "701");
}

/* A change of a night: the surname's spelling, or another site date; always other content than before. */
static void change(struct gen_teacher *teacher, unsigned times)
{
	for (size_t i = 0; i < teacher->line_count; i++) {
		size_t n = strlen(teacher->lines[i].cells[FIELD_FAMILY_NAME - 1]);

		for (unsigned t = 0; t < times && n + 2 < GEN_CELL_BYTES - 8; t++)
			n += (size_t)snprintf(teacher->lines[i].cells[FIELD_FAMILY_NAME - 1] + n, GEN_CELL_BYTES - n,
					      "%c", (char)('a' + t % 26));
	}
}

static bool is_there(const struct gen_options *options, const struct gen_board *board, uint64_t id, uint64_t number,
		     int64_t night)
{
	bool has_joined = number < (uint64_t)board->teachers;

	for (int64_t n = 1; n <= night; n++) {
		/* a joining teacher is one of as many numbers as the board has, each tried once per night */
		if (!has_joined)
			has_joined =
				gen_happens(gen_chance(options->seed, id, (uint64_t)n, W_JOINED), options->joined_ppm);
		else if (gen_happens(gen_chance(options->seed, id, (uint64_t)n, W_LEFT), options->left_ppm))
			return false; /* for good */
	}
	return has_joined;
}

static void make_lines(const struct gen_options *options, const struct gen_board *board, uint64_t id,
		       struct gen_teacher *ret)
{
	*ret = (struct gen_teacher){ .line_count = lines_of(gen_chance(options->seed, id, 0, W_LINES)), .error = -1 };
	make_person(options, id, &ret->lines[0]);
	for (size_t i = 0; i < ret->line_count; i++) {
		ret->lines[i] = ret->lines[0];
		memset(ret->lines[i].cells[APPOINTMENT_FIRST - 1], 0,
		       sizeof ret->lines[i].cells[0] * APPOINTMENT_FIELDS);
		make_appointment(options, board, id, i, &ret->lines[i]);
	}
}

/* All changes up to this night. true: one of them is this night's. */
static bool make_changes(const struct gen_options *options, uint64_t id, struct gen_teacher *teacher)
{
	unsigned changes = 0;
	bool is_changed = false;

	for (int64_t n = 1; n <= options->night; n++) {
		is_changed = gen_happens(gen_chance(options->seed, id, (uint64_t)n, W_CHANGED), options->changed_ppm);
		changes += is_changed;
	}
	change(teacher, changes);
	return is_changed;
}

static void break_a_rule(const struct gen_options *options, uint64_t id, struct gen_teacher *teacher)
{
	size_t kind = gen_chance(options->seed, id, 0, W_ERROR_KIND) % GEN_ERROR_COUNT;

	while (!GEN_ERRORS[kind].break_it(teacher))
		kind = (kind + 1) % GEN_ERROR_COUNT;
	teacher->error = (int)kind;
}

enum gen_night gen_teacher_make(const struct gen_options *options, const struct gen_board *board, uint64_t number,
				struct gen_teacher *ret)
{
	uint64_t id = board->first + number;

	if (!is_there(options, board, id, number, options->night))
		return GEN_ABSENT;
	make_lines(options, board, id, ret);
	bool is_changed = make_changes(options, id, ret);

	if (gen_happens(gen_chance(options->seed, id, 0, W_ERROR), options->errors_ppm))
		break_a_rule(options, id, ret);
	if (options->night == 0 || !is_there(options, board, id, number, options->night - 1))
		return GEN_NEW;
	return is_changed ? GEN_CHANGED : GEN_SAME;
}
