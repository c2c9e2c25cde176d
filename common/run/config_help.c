#include "run/config_help.h"

#include <assert.h>
#include <inttypes.h>

enum { NUMBER_BYTES = 32, ENV_BYTES_MAX = 128 };

static void set_default(struct config_key *keys, size_t count, const struct config_default *different)
{
	size_t i = 0;

	while (i < count && strcmp(keys[i].key, different->key) != 0)
		i++;
	assert(i < count);
	keys[i].fallback = different->fallback;
	if (different->is_optional)
		keys[i].min = 0;
}

struct config_table config_flatten(const struct config_table *table, struct config_key *keys)
{
	struct config_table flat = { .program = table->program, .purpose = table->purpose, .keys = keys };

	for (size_t i = 0; i < table->shared_count; i++) {
		const struct config_section *section = &table->shared[i];

		assert(flat.key_count + section->rows->count <= CONFIG_KEYS_MAX);
		for (size_t row = 0; row < section->rows->count; row++) {
			struct config_key *key = &keys[flat.key_count++];

			*key = section->rows->keys[row];
			key->offset += section->offset;
		}
	}
	for (size_t i = 0; i < table->default_count; i++)
		set_default(keys, flat.key_count, &table->defaults[i]);
	assert(flat.key_count + table->key_count <= CONFIG_KEYS_MAX);
	for (size_t i = 0; i < table->key_count; i++)
		keys[flat.key_count++] = table->keys[i];
	return flat;
}

const char *config_number(enum config_type type, int64_t value, char *buf, size_t buf_bytes)
{
	static const struct {
		enum config_type type;
		int64_t factor;
		const char *suffix;
	} UNITS[] = {
		{ CONFIG_COUNT, 1000000000, "G" }, { CONFIG_COUNT, 1000000, "M" }, { CONFIG_COUNT, 1000, "k" },
		{ CONFIG_BYTES, 1 << 30, "G" },	   { CONFIG_BYTES, 1 << 20, "M" }, { CONFIG_BYTES, 1 << 10, "k" },
		{ CONFIG_MS, 60000, "m" },	   { CONFIG_MS, 1000, "s" },	   { CONFIG_MS, 1, "ms" },
	};

	for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
		if (UNITS[i].type != type || value % UNITS[i].factor != 0 || (value == 0 && UNITS[i].factor != 1))
			continue;
		snprintf(buf, buf_bytes, "%" PRId64 "%s", value / UNITS[i].factor, UNITS[i].suffix);
		return buf;
	}
	snprintf(buf, buf_bytes, "%" PRId64, value);
	return buf;
}

bool config_next_word(const char **words, struct slice *ret)
{
	size_t n = strcspn(*words, "|");

	*ret = slice_make(*words, n);
	*words += n + ((*words)[n] == '|');
	return n > 0;
}

/* "none, lz4 or zstd" */
static void print_words(const struct config_key *key, char *buf, size_t buf_bytes)
{
	const char *rest = key->words;
	struct slice word;
	size_t used = 0;

	while (used < buf_bytes && config_next_word(&rest, &word)) {
		const char *between = used == 0 ? "" : *rest || key->min == 0 ? ", " : " or ";

		used += (size_t)snprintf(buf + used, buf_bytes - used, "%s%.*s", between, (int)word.n, word.p);
	}
	if (key->min == 0 && used < buf_bytes)
		snprintf(buf + used, buf_bytes - used, " or nothing");
}

const char *config_range(const struct config_key *key, char *buf, size_t buf_bytes)
{
	char min[NUMBER_BYTES], max[NUMBER_BYTES];

	switch (key->type) {
	case CONFIG_BOOL:
		snprintf(buf, buf_bytes, "yes or no");
		break;
	case CONFIG_WORD:
		print_words(key, buf, buf_bytes);
		break;
	case CONFIG_TEXT:
	case CONFIG_ADDRESS:
		snprintf(buf, buf_bytes, "a text of %" PRId64 " to %" PRId64 " bytes", key->min, key->max);
		break;
	case CONFIG_SECRET:
		snprintf(buf, buf_bytes, "a file of %" PRId64 " to %" PRId64 " bytes", key->min, key->max);
		break;
	default:
		snprintf(buf, buf_bytes, "%s to %s", config_number(key->type, key->min, min, sizeof min),
			 config_number(key->type, key->max, max, sizeof max));
		break;
	}
	return buf;
}

static const char *type_name(enum config_type type)
{
	static const char *const NAMES[] = {
		[CONFIG_TEXT] = "text",	  [CONFIG_ADDRESS] = "address",	   [CONFIG_WORD] = "word",
		[CONFIG_COUNT] = "count", [CONFIG_BYTES] = "bytes",	   [CONFIG_MS] = "duration",
		[CONFIG_BOOL] = "yes/no", [CONFIG_SECRET] = "secret file",
	};

	return NAMES[type];
}

/* The part of a key before its first dot: the group it is shown in. */
static size_t group_bytes(const char *key)
{
	return strcspn(key, ".");
}

static bool is_same_group(const char *a, const char *b)
{
	return group_bytes(a) == group_bytes(b) && strncmp(a, b, group_bytes(a)) == 0;
}

static bool is_group_first(const struct config_table *table, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same_group(table->keys[i].key, table->keys[at].key))
			return false;
	return true;
}

static void print_key(const struct config_key *key)
{
	char range[CONFIG_RANGE_BYTES];

	printf("    --%s=%s\n        %s\n        %s; %s%s\n", key->key, type_name(key->type), key->help,
	       config_range(key, range, sizeof range), key->min > 0 && !*key->fallback ? "has to be set" : "default ",
	       *key->fallback ? key->fallback
	       : key->min > 0 ? ""
			      : "empty");
	if (key->old_key)
		printf("        its old name %s is deprecated\n", key->old_key);
}

static void print_group(const struct config_table *table, size_t first)
{
	const char *name = table->keys[first].key;

	printf("\n  %.*s\n", (int)group_bytes(name), name);
	for (size_t i = first; i < table->key_count; i++)
		if (is_same_group(name, table->keys[i].key))
			print_key(&table->keys[i]);
}

static void print_help(const struct config_table *table)
{
	printf("%s %s: %s\n\n"
	       "Usage: %s [--config FILE] [--key=value ..]\n"
	       "       %s --help | --version | --config-help | --manual\n\n"
	       "Settings come from their default, then FILE (\"key = value\" a line, # comments), "
	       "then the environment\n"
	       "(INSTROOM_ and the key in capitals, dots as underscores), then the arguments; the last one stands.\n"
	       "Counts and bytes take k, M, G (1000 and 1024); durations ms, s, m. All faults are listed at once.\n"
	       "Exit status: 0 drained, 70 failed, 77 wrong credentials, 78 wrong settings or missing migration.\n",
	       table->program, INSTROOM_VERSION, table->purpose, table->program, table->program);
	for (size_t i = 0; i < table->key_count; i++)
		if (is_group_first(table, i))
			print_group(table, i);
}

/* A cell of a Markdown table: a bar would end it. */
static void print_cell(const char *text)
{
	for (; *text; text++)
		printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void print_reference(const struct config_table *table)
{
	printf("## %s\n\n%s\n\n| key | environment | default | takes | meaning |\n|---|---|---|---|---|\n",
	       table->program, table->purpose);
	for (size_t i = 0; i < table->key_count; i++) {
		const struct config_key *key = &table->keys[i];
		char env[ENV_BYTES_MAX], range[CONFIG_RANGE_BYTES];

		config_env_name(key->key, env, sizeof env);
		printf("| `%s` | `%s` | %s%s%s | %s | ", key->key, env, *key->fallback ? "`" : "", key->fallback,
		       *key->fallback ? "`" : "", config_range(key, range, sizeof range));
		print_cell(key->help);
		if (key->old_key)
			printf(" (was `%s`)", key->old_key);
		printf(" |\n");
	}
}

bool config_answer(const struct config_table *table, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			print_help(table);
		else if (strcmp(argv[i], "--version") == 0)
			printf("%s %s\n", table->program, INSTROOM_VERSION);
		else if (strcmp(argv[i], "--config-help") == 0)
			print_reference(table);
		else
			continue;
		return true;
	}
	return false;
}
