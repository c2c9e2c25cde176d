/* codec_bench: what a line costs in the pure modules alone, one stage after the other, on one core.
 *
 *   codec_bench DELIVERIES REFERENCE ROUNDS
 *
 * DELIVERIES: a folder of instroom-gen (x.csv, board number first in the name). REFERENCE: the six tables. Every stage
 * runs over all files before the next one begins, ROUNDS times; the fastest round of each stage is printed as JSON, in
 * nanoseconds per line. Memory: the whole set as cells and as messages. A broken file ends the program with a
 * sentence. */
#include "base/clock.h"
#include "base/num.h"
#include "model/csv.h"
#include "model/judge.h"
#include "model/teacher_key.h"
#include "protocol/feedback_build.h"
#include "wire/gen/delivery.h"
#include "protocol/verdict_class.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES_MAX = 10000,
	ROUNDS_MAX = 100,
	ARENA_BYTES = 512 << 20,
	ARENA_KEEP_BYTES = 64 << 20,
	MESSAGE_BYTES_MAX = 64 << 20,
	DAY = 20180601,
};

enum stage {
	STAGE_CSV_SCAN,
	STAGE_DELIVERY_ENCODE,
	STAGE_DELIVERY_DECODE,
	STAGE_JUDGE,
	STAGE_FEEDBACK,
	STAGE_VERDICT_ENCODE,
	STAGE_VERDICT_DECODE,
	STAGES
};
static const char *const STAGE_NAMES[STAGES] = { "csv_scan",	   "delivery_encode", "delivery_decode", "judge",
						 "feedback_build", "verdict_encode",  "verdict_decode" };

/* One delivery on its way through the stages. */
struct item {
	uint32_t board;
	struct slice file;
	struct strbuf raw, verdict;
	size_t lines;
};

struct bench {
	struct item items[FILES_MAX];
	size_t count, lines;
	struct reference *reference;
	struct hmac_key key;
	struct arena arena;
	struct strbuf feedback;
	char *scratch;
	int64_t ns[STAGES], fastest_ns[STAGES];
};

static struct bench bench;

static _Noreturn void give_up(const char *what, const char *why)
{
	fprintf(stderr, "codec_bench: %s: %s\n", what, why);
	exit(70);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct slice read_file(const char *folder, const char *name)
{
	char path[4096];
	struct stat info;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &info) != 0)
		give_up(path, "cannot be opened");
	size_t bytes = (size_t)info.st_size;
	char *memory = malloc(bytes + 1);

	if (!memory || read(fd, memory, bytes) != (ssize_t)bytes)
		give_up(path, "cannot be read");
	close(fd);
	return slice_make(memory, bytes);
}

static void load_deliveries(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t largest = 0;

	if (!dir)
		give_up(folder, "is no folder");
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t n = strlen(entry->d_name);
		struct item *item = &bench.items[bench.count];

		if (n < 9 || strcmp(entry->d_name + n - 4, ".csv") != 0)
			continue;
		if (bench.count == FILES_MAX)
			give_up(folder, "holds too many files");
		item->board = (uint32_t)strtoul(entry->d_name, NULL, 10);
		item->file = read_file(folder, entry->d_name);
		strbuf_init(&item->raw, MESSAGE_BYTES_MAX);
		strbuf_init(&item->verdict, MESSAGE_BYTES_MAX);
		largest = item->file.n > largest ? item->file.n : largest;
		bench.count++;
	}
	closedir(dir);
	bench.scratch = malloc(largest + 1);
	if (!bench.scratch || bench.count == 0)
		give_up(folder, "holds no deliveries");
}

static void load_reference(const char *folder)
{
	struct slice csv[REFERENCE_TABLES];
	struct err err;

	for (int table = 0; table < REFERENCE_TABLES; table++)
		csv[table] = read_file(folder, reference_file((enum reference_table)table));
	if (reference_build(csv, &bench.reference, &err) != 0)
		give_up(folder, err.text);
}

/* Reads the file into cells in the arena. */
static void scan(const struct item *item, struct wire_delivery *ret)
{
	struct slice fields[COLUMNS];
	struct csv csv;
	size_t count, capacity = item->file.n, used = 0;
	struct slice *cells = arena_take(&bench.arena, capacity, sizeof *cells);
	uint8_t *columns = arena_take(&bench.arena, COLUMNS, 1);

	csv_init(&csv, csv_skip_bom(item->file), ';', CSV_FIELD_BYTES_MAX, bench.scratch);
	if (!cells || !columns || csv_next(&csv, fields, COLUMNS, &count) != CSV_RECORD || count > COLUMNS)
		give_up("scan", "no usable header row");
	size_t width = count;

	for (size_t i = 0; i < width; i++)
		columns[i] = (uint8_t)field_of_column(fields[i]);
	while (csv_next(&csv, cells + used, width, &count) == CSV_RECORD && count == width)
		used += width;
	*ret = (struct wire_delivery){
		.header = { .board = (int32_t)item->board,
			    .delivery_id = slice_of("BENCH-0000000000"),
			    .kind = DELIVERY_VOLLEDIG,
			    .sequence = 1,
			    .extraction_date = DAY,
			    .received_on = DAY,
			    .line_count = (int32_t)(used / width) },
		.columns = slice_make(columns, width),
	};
	ret->cells.items = cells;
	ret->cells.count = used;
}

static void judge(const struct wire_delivery *delivery, struct judged *ret)
{
	struct judge_input input = {
		.reference = bench.reference,
		.key = &bench.key,
		.board = (uint32_t)delivery->header.board,
		.kind = DELIVERY_VOLLEDIG,
		.extraction_date = DAY,
		.received_on = DAY,
		.columns = (const uint8_t *)delivery->columns.p,
		.column_count = delivery->columns.n,
		.cells = delivery->cells.items,
		.line_count = (size_t)delivery->header.line_count,
	};

	if (judge_delivery(&input, &bench.arena, ret, NULL) != 0)
		give_up("judge", "the arena is full");
}

/* Every valid group a CANDIDATE, all others REJECTED: the dearest verdict there is. */
static void fill_verdict(const struct wire_delivery *delivery, const struct judged *judged, struct wire_verdict *ret)
{
	size_t groups = judged->group_count, hashes = 0;
	uint8_t *keys = arena_take(&bench.arena, groups, TEACHER_KEY_BYTES),
		*classes = arena_take(&bench.arena, groups, 1);
	uint8_t *hash = arena_take(&bench.arena, groups, CONTENT_HASH_BYTES);
	int32_t *lines = arena_take(&bench.arena, groups, sizeof *lines);
	struct wire_candidate *candidates = arena_take(&bench.arena, groups, sizeof *candidates);

	if (!keys || !classes || !hash || !lines || !candidates)
		give_up("verdict", "the arena is full");
	*ret = (struct wire_verdict){ .kind = VERDICT_KIND_DELIVERY, .header = delivery->header };
	for (size_t i = 0; i < groups; i++) {
		const struct judged_group *group = &judged->groups[i];

		lines[i] = (int32_t)group->line_count;
		classes[i] = group->is_valid ? VERDICT_CANDIDATE : VERDICT_REJECTED;
		if (group->is_readable)
			memcpy(keys + i * TEACHER_KEY_BYTES, group->key, TEACHER_KEY_BYTES);
		if (!group->is_valid)
			continue;
		memcpy(hash + hashes * CONTENT_HASH_BYTES, group->content_hash, CONTENT_HASH_BYTES);
		candidates[hashes++] = (struct wire_candidate){ .bsn = (int32_t)group->bsn,
								.content = group->content,
								.targets = group->targets };
	}
	ret->keys = slice_make(keys, judged->readable_count * TEACHER_KEY_BYTES);
	ret->classes = slice_make(classes, groups);
	ret->hashes = slice_make(hash, hashes * CONTENT_HASH_BYTES);
	ret->group_lines.items = lines;
	ret->group_lines.count = groups;
	ret->candidates.items = candidates;
	ret->candidates.count = hashes;
	ret->feedback = strbuf_slice(&bench.feedback);
}

static int64_t lap(enum stage stage, int64_t since_ns)
{
	int64_t now = now_ns();

	bench.ns[stage] += now - since_ns;
	return now;
}

static void run_gateway_side(struct item *item)
{
	struct wire_delivery delivery;
	int64_t t = now_ns();

	scan(item, &delivery);
	t = lap(STAGE_CSV_SCAN, t);
	strbuf_reset(&item->raw);
	wire_delivery_encode(&item->raw, &delivery);
	lap(STAGE_DELIVERY_ENCODE, t);
	item->lines = (size_t)delivery.header.line_count;
	arena_reset(&bench.arena);
}

static void run_validator_side(struct item *item)
{
	struct wire_delivery delivery;
	struct wire_verdict verdict;
	struct judged judged;
	struct err err;
	int64_t t = now_ns();

	if (wire_delivery_decode(strbuf_slice(&item->raw), &bench.arena, &delivery, &err) != 0)
		give_up("delivery", err.text);
	t = lap(STAGE_DELIVERY_DECODE, t);
	judge(&delivery, &judged);
	t = lap(STAGE_JUDGE, t);
	strbuf_reset(&bench.feedback);
	feedback_build(&bench.feedback, &judged, item->lines);
	t = lap(STAGE_FEEDBACK, t);
	fill_verdict(&delivery, &judged, &verdict);
	strbuf_reset(&item->verdict);
	wire_verdict_encode(&item->verdict, &verdict);
	lap(STAGE_VERDICT_ENCODE, t);
	arena_reset(&bench.arena);
}

static void run_writer_side(struct item *item)
{
	struct wire_verdict verdict;
	struct err err;
	int64_t t = now_ns();

	if (wire_verdict_decode(strbuf_slice(&item->verdict), &bench.arena, &verdict, &err) != 0)
		give_up("verdict", err.text);
	lap(STAGE_VERDICT_DECODE, t);
	arena_reset(&bench.arena);
}

static void run_round(bool is_first)
{
	memset(bench.ns, 0, sizeof bench.ns);
	bench.lines = 0;
	for (size_t i = 0; i < bench.count; i++)
		run_gateway_side(&bench.items[i]);
	for (size_t i = 0; i < bench.count; i++)
		run_validator_side(&bench.items[i]);
	for (size_t i = 0; i < bench.count; i++) {
		run_writer_side(&bench.items[i]);
		bench.lines += bench.items[i].lines;
	}
	for (int stage = 0; stage < STAGES; stage++)
		if (is_first || bench.ns[stage] < bench.fastest_ns[stage])
			bench.fastest_ns[stage] = bench.ns[stage];
}

static void print(void)
{
	size_t raw = 0, verdict = 0;

	for (size_t i = 0; i < bench.count; i++) {
		raw += bench.items[i].raw.n;
		verdict += bench.items[i].verdict.n;
	}
	printf("{\"lines\": %zu, \"raw_bytes\": %zu, \"verdict_bytes\": %zu", bench.lines, raw, verdict);
	for (int stage = 0; stage < STAGES; stage++)
		printf(", \"%s\": %.1f", STAGE_NAMES[stage], (double)bench.fastest_ns[stage] / (double)bench.lines);
	puts("}");
}

int main(int argc, char **argv)
{
	struct err err;
	long rounds = argc == 4 ? strtol(argv[3], NULL, 10) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fputs("usage: codec_bench DELIVERIES REFERENCE ROUNDS\n", stderr);
		return 64;
	}
	if (arena_init(&bench.arena, ARENA_BYTES, ARENA_KEEP_BYTES, &err) != 0)
		give_up("arena", err.text);
	strbuf_init(&bench.feedback, MESSAGE_BYTES_MAX);
	hmac_key_init(&bench.key, slice_of("a key of the benchmark only"));
	load_deliveries(argv[1]);
	load_reference(argv[2]);
	for (long round = 0; round < rounds; round++)
		run_round(round == 0);
	print();
	return 0;
}
