/* Sources are collected first, key by key, each overriding the one before; then the values that stand are read, so
 * that one pass lists all that is wrong. A value that is overridden is not looked at. Help and reference pages are
 * written from the same table (config_help.c). */
#include "run/config.h"

#include "base/log.h"
#include "base/num.h"
#include "base/plain_file.h"
#include "base/secret_file.h"
#include "base/suggestion.h"
#include "run/config_help.h"
#include "run/config_manual.h"
#include "run/config_text.h"

#include <ctype.h>
#include <unistd.h>

enum {
	FILE_BYTES_MAX = 1 << 20,
	VALUE_BYTES_MAX = 4096,
	ENV_BYTES_MAX = 128,
	LOG_BYTES = 1536, /* of settings on a line; log_event cuts off what is beyond its own 2048 */
	FAULT_BYTES_MAX = 512,
	LINE_BREAK_BYTES_MAX = 2,
};

struct setting {
	char *text;	   /* on the heap; NULL: the fallback stands */
	const char *name;  /* the one it was given by: key or old key */
	const char *where; /* a file name, "environment" or "argument" */
	unsigned line;	   /* in the file, else 0 */
};

struct load {
	const struct config_table *table;
	struct setting *settings; /* one per key */
	const char *file;
	size_t fault_count;
	bool is_out_of_memory; /* which says nothing about the settings */
};

/* where: NULL when nobody set the key. line: 0 when it was no file. */
static void fault(struct load *load, const char *where, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void fault(struct load *load, const char *where, unsigned line, const char *fmt, ...)
{
	char text[FAULT_BYTES_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (!where)
		fprintf(stderr, "%s: %s\n", load->table->program, text);
	else if (line > 0)
		fprintf(stderr, "%s: %s:%u: %s\n", load->table->program, where, line, text);
	else
		fprintf(stderr, "%s: %s: %s\n", load->table->program, where, text);
	load->fault_count++;
}

static void lack_memory(struct load *load, const char *what)
{
	load->is_out_of_memory = true;
	fault(load, NULL, 0, "%s: no memory", what);
}

/* --- keys and their sources --- */

void config_env_name(const char *key, char *buf, size_t buf_bytes)
{
	size_t n = (size_t)snprintf(buf, buf_bytes, "INSTROOM_%s", key);

	for (char *p = buf; p < buf + MIN(n, buf_bytes - 1); p++)
		*p = *p == '.' || *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

/* *ret_name: which of the key's two names it is. */
static const struct config_key *find_key(const struct config_table *table, struct slice name, const char **ret_name)
{
	for (size_t i = 0; i < table->key_count; i++) {
		const struct config_key *key = &table->keys[i];

		if (!slice_equal_text(name, key->key) && !(key->old_key && slice_equal_text(name, key->old_key)))
			continue;
		*ret_name = slice_equal_text(name, key->key) ? key->key : key->old_key;
		return key;
	}
	return NULL;
}

/* The key that name would be if dots, underscores, hyphens and capitals did not count, nor a begin as that of a
 * variable of the environment; else the one that is spelled nearly so. Empty: none. */
static void find_similar(const struct config_table *table, struct slice name, char ret[SUGGESTION_BYTES])
{
	char text[ENV_BYTES_MAX], want[ENV_BYTES_MAX], has[ENV_BYTES_MAX];
	struct suggestion near;

	ret[0] = '\0';
	if (slice_starts_with(name, "export "))
		name = config_trim(slice_from(name, strlen("export ")));
	if (name.n >= sizeof text || memchr(name.p, '\0', name.n))
		return;
	snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
	config_env_name(text, want, sizeof want);
	suggestion_init(&near, text);
	for (size_t i = 0; i < table->key_count; i++) {
		const char *key = table->keys[i].key;

		config_env_name(key, has, sizeof has);
		if (strcmp(want, has) == 0 || strcasecmp(text, has) == 0) {
			snprintf(ret, SUGGESTION_BYTES, "%s", key);
			return;
		}
		suggestion_try(&near, key);
	}
	memcpy(ret, suggestion_best(&near), SUGGESTION_BYTES);
}

static void set_value(struct load *load, struct slice name, struct slice value, const char *where, unsigned line)
{
	const char *known_name = NULL;
	const struct config_key *key = find_key(load->table, name, &known_name);

	if (!key) {
		char similar[SUGGESTION_BYTES];

		find_similar(load->table, name, similar);
		fault(load, where, line, "unknown key \"%.*s\"%s%s%s", (int)MIN(name.n, (size_t)100), name.p,
		      *similar ? "; did you mean " : "", similar, *similar ? "?" : "");
		return;
	}
	struct setting *setting = &load->settings[key - load->table->keys];

	if (value.n > VALUE_BYTES_MAX || memchr(value.p, '\0', value.n)) {
		fault(load, where, line, "%s: the value is longer than %d bytes or holds a zero byte", known_name,
		      VALUE_BYTES_MAX);
		return;
	}
	if (setting->name && setting->name != known_name) {
		fault(load, where, line, "%s is the old name of %s, and both are given: leave out the old one",
		      key->old_key, key->key);
		return;
	}
	if (setting->text && line > 0 && setting->line > 0) {
		fault(load, where, line, "%s: stands on line %u already", key->key, setting->line);
		return;
	}
	free(setting->text);
	setting->text = strndup(value.p, value.n);
	if (!setting->text)
		lack_memory(load, key->key);
	setting->name = known_name;
	setting->where = where;
	setting->line = line;
}

static void read_line(struct load *load, struct slice line, unsigned number)
{
	line = config_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return;
	const char *equals = memchr(line.p, '=', line.n);

	if (!equals || equals == line.p) {
		fault(load, load->file, number, "no \"key = value\"%s", config_line_advice(line));
		return;
	}
	struct slice name = config_trim(slice_make(line.p, (size_t)(equals - line.p)));

	set_value(load, name, config_trim(slice_from(line, (size_t)(equals - line.p) + 1)), load->file, number);
}

/* All bytes of a file of at most bytes_max. */
static int slurp(const char *path, size_t bytes_max, struct strbuf *ret, struct err *err)
{
	char piece[4096];
	size_t n;
	FILE *file;
	int rc = plain_file_open(path, &file, err);

	if (rc != 0)
		return rc;
	strbuf_init(ret, bytes_max);
	while (strbuf_ok(ret) && (n = fread(piece, 1, sizeof piece, file)) > 0) /* a device has no end */
		strbuf_add_bytes(ret, piece, n);
	if (ferror(file) || !strbuf_ok(ret))
		rc = err_set(err, ERR_CONFIG, "file", "cannot be read whole, or is larger than %zu bytes", bytes_max);
	explicit_bzero(piece, sizeof piece);
	fclose(file);
	return rc;
}

static void read_file(struct load *load)
{
	CLEANUP(strbuf_drop) struct strbuf content = { 0 };
	struct err err;

	if (slurp(load->file, FILE_BYTES_MAX, &content, &err) != 0) {
		fault(load, load->file, 0, "%s", err.text);
		return;
	}
	struct slice rest = strbuf_slice(&content);
	const char *fault_of_all = config_fault_of_file(rest);

	if (fault_of_all) { /* line by line it would be a flood of faults that say nothing */
		fault(load, load->file, 0, "%s", fault_of_all);
		return;
	}
	if (slice_starts_with(rest, "\xef\xbb\xbf")) /* the byte order mark some editors put there */
		rest = slice_from(rest, 3);
	for (unsigned number = 1; rest.n > 0; number++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_cut(&rest, end ? (size_t)(end - rest.p) : rest.n);

		if (end)
			slice_cut(&rest, 1);
		read_line(load, line, number);
	}
}

static void read_variable(struct load *load, const char *key)
{
	char name[ENV_BYTES_MAX];

	config_env_name(key, name, sizeof name);
	const char *value = getenv(name);

	if (value)
		set_value(load, slice_of(key), config_trim(slice_of(value)), "environment", 0);
}

/* One letter or two beside a key's: who set it thinks that it is in use. Others share the prefix, so it is no fault. */
static void warn_of_variable(const struct load *load, const char *name)
{
	enum { TYPOS_MAX = 2 };
	char env[ENV_BYTES_MAX], typed[ENV_BYTES_MAX];
	const char *near = NULL;

	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
	for (size_t i = 0; i < load->table->key_count; i++) {
		const struct config_key *key = &load->table->keys[i];
		const char *const NAMES[] = { key->key, key->old_key };

		for (size_t j = 0; j < ARRAY_LEN(NAMES) && NAMES[j]; j++) {
			config_env_name(NAMES[j], env, sizeof env);
			if (strcmp(env, typed) == 0)
				return;
			if (edit_distance(env, typed) <= TYPOS_MAX)
				near = key->key;
		}
	}
	if (near)
		log_event(LOG_WARN, "setting.unknown",
			  "where=environment name=%s effect=\"not read; did you mean %s?\"", LOG_QUOTED(typed), near);
}

static void warn_of_environment(const struct load *load)
{
	for (char **variable = environ; variable && *variable; variable++)
		if (strncmp(*variable, "INSTROOM_", strlen("INSTROOM_")) == 0)
			warn_of_variable(load, *variable);
}

static void read_environment(struct load *load)
{
	for (size_t i = 0; i < load->table->key_count; i++) {
		read_variable(load, load->table->keys[i].key);
		if (load->table->keys[i].old_key)
			read_variable(load, load->table->keys[i].old_key);
	}
}

/* Splits argv[*i], "--key=value" or "--key value", and moves *i to the last word used. false: no such form. */
static bool take_argument(int argc, char **argv, int *i, struct slice *ret_name, struct slice *ret_value)
{
	struct slice word = slice_of(argv[*i]);

	if (word.n < 3 || word.p[0] != '-' || word.p[1] != '-')
		return false;
	word = slice_from(word, 2);
	const char *equals = memchr(word.p, '=', word.n);

	if (equals) {
		*ret_name = slice_make(word.p, (size_t)(equals - word.p));
		*ret_value = slice_from(word, ret_name->n + 1);
		return ret_name->n > 0;
	}
	if (*i + 1 >= argc)
		return false;
	*ret_name = word;
	*ret_value = slice_of(argv[++*i]);
	return true;
}

/* is_config_pass: only --config is read; else all but --config. */
static void read_arguments(struct load *load, int argc, char **argv, bool is_config_pass)
{
	for (int i = 1; i < argc; i++) {
		struct slice name, value;
		int at = i;

		if (!take_argument(argc, argv, &i, &name, &value)) {
			if (is_config_pass)
				fault(load, argv[at], 0,
				      strcmp(argv[at], "--config") == 0 ? "a file is needed behind it"
									: "no --key=value; see --help");
			continue;
		}
		if (slice_equal_text(name, "config") != is_config_pass)
			continue;
		if (is_config_pass && value.n == 0)
			fault(load, "--config", 0, "a file is needed behind it");
		else if (is_config_pass)
			load->file = value.p; /* the end of a word of argv: has its NUL */
		else
			set_value(load, name, value, "argument", 0);
	}
}

/* --- values --- */

struct unit {
	const char *suffix;
	int64_t factor;
};
static const struct unit COUNT_UNITS[] = { { "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 } };
static const struct unit BYTES_UNITS[] = { { "", 1 }, { "k", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 } };
static const struct unit MS_UNITS[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };

static bool parse_scaled(struct slice text, const struct unit *units, size_t unit_count, int64_t *ret)
{
	size_t digits = 0;
	int64_t value;

	while (digits < text.n && num_is_digit(text.p[digits]))
		digits++;
	if (!num_parse_i64(slice_make(text.p, digits), 0, INT64_MAX, &value))
		return false;
	for (size_t i = 0; i < unit_count; i++)
		if (slice_equal_text(slice_from(text, digits), units[i].suffix))
			return !__builtin_mul_overflow(value, units[i].factor, ret);
	return false;
}

static bool parse_number(enum config_type type, struct slice text, int64_t *ret)
{
	if (type == CONFIG_COUNT)
		return parse_scaled(text, COUNT_UNITS, ARRAY_LEN(COUNT_UNITS), ret);
	if (type == CONFIG_BYTES)
		return parse_scaled(text, BYTES_UNITS, ARRAY_LEN(BYTES_UNITS), ret);
	return parse_scaled(text, MS_UNITS, ARRAY_LEN(MS_UNITS), ret);
}

static void value_fault(struct load *load, const struct config_key *key, const char *what)
{
	const struct setting *setting = &load->settings[key - load->table->keys];
	char env[ENV_BYTES_MAX], range[CONFIG_RANGE_BYTES];
	const char *where = setting->text ? setting->where : NULL;

	config_range(key, range, sizeof range);
	if (where && strcmp(where, "environment") == 0) {
		config_env_name(setting->name, env, sizeof env);
		where = env;
	}
	fault(load, where, setting->text ? setting->line : 0, "%s: %s; it takes %s",
	      setting->name ? setting->name : key->key, what, range);
}

/* what: for a value that was set to nothing. */
static const char *missing(const struct load *load, const struct config_key *key, const char *what)
{
	return load->settings[key - load->table->keys].text ? what : "it has to be set";
}

static void take_number(struct load *load, const struct config_key *key, struct slice text, int64_t *ret)
{
	int64_t value;

	if (!parse_number(key->type, text, &value))
		value_fault(load, key,
			    key->type == CONFIG_MS ? "the value cannot be read: a whole number and ms, s or m behind it"
						   : "the value cannot be read");
	else if (value < key->min || value > key->max)
		value_fault(load, key, "the value is outside its range");
	else
		*ret = value;
}

static void take_bool(struct load *load, const struct config_key *key, struct slice text, bool *ret)
{
	if (slice_equal_text(text, "yes"))
		*ret = true;
	else if (slice_equal_text(text, "no"))
		*ret = false;
	else
		value_fault(load, key, "the value cannot be read");
}

static void take_text(struct load *load, const struct config_key *key, struct slice text, const char **ret)
{
	if ((int64_t)text.n < key->min || (int64_t)text.n > key->max) {
		value_fault(load, key,
			    text.n == 0 ? missing(load, key, "a value is needed") : "the length is outside its range");
		return;
	}
	*ret = strndup(text.n > 0 ? text.p : "", text.n);
	if (!*ret)
		lack_memory(load, key->key);
}

static void take_address(struct load *load, const struct config_key *key, struct slice text, const char **ret)
{
	while (text.n > 1 && text.p[text.n - 1] == '/')
		text.n--;
	take_text(load, key, text, ret);
}

static void take_word(struct load *load, const struct config_key *key, struct slice text, const char **ret)
{
	struct slice word;

	if (text.n == 0 && key->min == 0) {
		take_text(load, key, text, ret);
		return;
	}
	for (const char *words = key->words; config_next_word(&words, &word);) {
		if (word.n != text.n || strncasecmp(word.p, text.p, text.n) != 0)
			continue;
		*ret = strndup(word.p, word.n);
		if (!*ret)
			lack_memory(load, key->key);
		return;
	}
	value_fault(load, key, "there is no such word");
}

/* A value that does not look like a path may be the secret itself, written where its file belongs: it is not shown. */
static void secret_fault(struct load *load, const struct config_key *key, const char *path, const char *what)
{
	bool is_path = path[0] == '/' || path[0] == '.';
	char text[FAULT_BYTES_MAX];

	snprintf(text, sizeof text, "%s %s", is_path ? path : "a path is needed here; the file it names", what);
	value_fault(load, key, text);
}

static void take_secret(struct load *load, const struct config_key *key, const char *path, struct secret *ret)
{
	struct strbuf content;
	struct err err = { 0 };

	strbuf_init(&content, (size_t)key->max + LINE_BREAK_BYTES_MAX);
	if (*path && secret_file_read(path, &content, &err) != 0) {
		secret_fault(load, key, path, err.text);
		return;
	}
	const char *odd = key->may_have_bom ? NULL : config_fault_of_secret(strbuf_slice(&content));

	if (odd) {
		secret_fault(load, key, path, odd);
		strbuf_wipe(&content);
		return;
	}
	if ((int64_t)content.n < key->min || (int64_t)content.n > key->max) {
		value_fault(load, key,
			    *path ? "the file named holds too little or too much"
				  : missing(load, key, "a file is needed"));
		strbuf_wipe(&content);
		return;
	}
	ret->bytes = strbuf_slice(&content); /* the memory is theirs now, until config_release */
	ret->path = *path ? strdup(path) : NULL;
	if (*path && !ret->path)
		lack_memory(load, key->key);
}

static const char *odd_of(const struct config_key *key, const struct setting *setting)
{
	struct slice value = slice_of(setting->text);

	return key->is_conninfo ? config_fault_of_conninfo(value) : config_fault_of_value(value, setting->line > 0);
}

static void take_value(struct load *load, const struct config_key *key, void *target)
{
	const struct setting *setting = &load->settings[key - load->table->keys];
	const char *text = setting->text ? setting->text : key->fallback;
	void *member = (char *)target + key->offset;
	const char *odd = setting->text ? odd_of(key, setting) : NULL;

	if (odd) {
		value_fault(load, key, odd);
		return;
	}

	switch (key->type) {
	case CONFIG_TEXT:
		take_text(load, key, slice_of(text), member);
		break;
	case CONFIG_ADDRESS:
		take_address(load, key, slice_of(text), member);
		break;
	case CONFIG_WORD:
		take_word(load, key, slice_of(text), member);
		break;
	case CONFIG_COUNT:
	case CONFIG_BYTES:
	case CONFIG_MS:
		take_number(load, key, slice_of(text), member);
		break;
	case CONFIG_BOOL:
		take_bool(load, key, slice_of(text), member);
		break;
	case CONFIG_SECRET:
		take_secret(load, key, text, member);
		break;
	}
}

/* --- the doors --- */

static bool holds_text(enum config_type type)
{
	return type == CONFIG_TEXT || type == CONFIG_ADDRESS || type == CONFIG_WORD;
}

static void clear_members(const struct config_table *table, void *target)
{
	for (size_t i = 0; i < table->key_count; i++) {
		void *member = (char *)target + table->keys[i].offset;

		if (holds_text(table->keys[i].type))
			*(const char **)member = NULL;
		else if (table->keys[i].type == CONFIG_SECRET)
			*(struct secret *)member = (struct secret){ 0 };
	}
}

static void release_members(const struct config_table *table, void *target)
{
	for (size_t i = 0; i < table->key_count; i++) {
		void *member = (char *)target + table->keys[i].offset;

		if (holds_text(table->keys[i].type)) {
			free((void *)(uintptr_t) * (const char **)member);
		} else if (table->keys[i].type == CONFIG_SECRET) {
			struct secret *secret = member;

			if (secret->bytes.p)
				explicit_bzero((void *)(uintptr_t)secret->bytes.p, secret->bytes.n);
			free((void *)(uintptr_t)secret->bytes.p);
			free((void *)(uintptr_t)secret->path);
		}
	}
	clear_members(table, target);
}

static void load_all(struct load *load, int argc, char **argv, void *target)
{
	read_arguments(load, argc, argv, true);
	if (load->file)
		read_file(load);
	read_environment(load);
	read_arguments(load, argc, argv, false);
	for (size_t i = 0; i < load->table->key_count; i++)
		take_value(load, &load->table->keys[i], target);
}

static void log_deprecated(const struct load *load)
{
	for (size_t i = 0; i < load->table->key_count; i++) {
		const struct config_key *key = &load->table->keys[i];
		const char *name = load->settings[i].name;

		if (name && name != key->key)
			log_event(LOG_WARN, "setting.deprecated",
				  "name=%s where=%s effect=\"taken as %s, its new name\"", name,
				  LOG_QUOTED(load->settings[i].where), key->key);
	}
}

int config_load(const struct config_table *whole, int argc, char **argv, void *target)
{
	struct config_key keys[CONFIG_KEYS_MAX];
	const struct config_table flat = config_flatten(whole, keys), *table = &flat;

	if (config_answer(table, argc, argv) || config_manual_answer(table, argc, argv))
		return 1;
	struct load load = { .table = table, .settings = calloc(table->key_count + 1, sizeof *load.settings) };

	clear_members(table, target);
	if (load.settings)
		load_all(&load, argc, argv, target);
	else
		lack_memory(&load, "settings");
	if (load.fault_count == 0)
		log_deprecated(&load);
	if (load.settings)
		warn_of_environment(&load);
	for (size_t i = 0; load.settings && i < table->key_count; i++)
		free(load.settings[i].text);
	free(load.settings);
	if (load.fault_count == 0)
		return 0;
	release_members(table, target);
	return load.is_out_of_memory ? -ERR_FATAL : -ERR_CONFIG;
}

void config_release(const struct config_table *table, void *target)
{
	struct config_key keys[CONFIG_KEYS_MAX];
	const struct config_table flat = config_flatten(table, keys);

	release_members(&flat, target);
}

/* A connection string may name one, as key and value or in a URI. */
static bool may_hold_password(const char *text)
{
	return strcasestr(text, "password") || strstr(text, "://");
}

static void add_text(struct strbuf *out, const char *text)
{
	char buf[256];

	strbuf_add_text(out, may_hold_password(text) ? "***" : log_quote(text, buf, sizeof buf));
}

static void add_effective(struct strbuf *out, const struct config_key *key, const void *target)
{
	const void *member = (const char *)target + key->offset;
	char buf[256];

	if (holds_text(key->type))
		add_text(out, *(const char *const *)member);
	else if (key->type == CONFIG_BOOL)
		strbuf_add_text(out, *(const bool *)member ? "yes" : "no");
	else if (key->type == CONFIG_SECRET)
		strbuf_add_text(out, ((const struct secret *)member)->bytes.n > 0 ? "***" : "\"\"");
	else
		strbuf_add_text(out, config_number(key->type, *(const int64_t *)member, buf, sizeof buf));
}

static void log_settings(struct strbuf *line)
{
	if (line->n > 0)
		log_event(LOG_INFO, "settings.read", "%s", strbuf_text(line));
	strbuf_reset(line);
}

void config_log(const struct config_table *table, const void *target)
{
	CLEANUP(strbuf_drop) struct strbuf line, setting;
	struct config_key keys[CONFIG_KEYS_MAX];
	size_t key_count = config_flatten(table, keys).key_count;

	strbuf_init(&line, 2 * LOG_BYTES);
	strbuf_init(&setting, LOG_BYTES);
	for (size_t i = 0; i < key_count; i++) {
		strbuf_reset(&setting);
		strbuf_add_text(&setting, keys[i].key);
		strbuf_add_char(&setting, '=');
		add_effective(&setting, &keys[i], target);
		if (line.n + setting.n > LOG_BYTES)
			log_settings(&line);
		if (line.n > 0)
			strbuf_add_char(&line, ' ');
		strbuf_add(&line, strbuf_slice(&setting));
	}
	log_settings(&line);
}

/* Whether the file is one that a start would take. *ret_has_changed: it holds another secret than that start did. */
static int look_again(const struct config_key *key, const struct secret *secret, bool *ret_has_changed, struct err *err)
{
	struct strbuf content;

	strbuf_init(&content, (size_t)key->max + LINE_BREAK_BYTES_MAX);
	int rc = secret_file_read(secret->path, &content, err);

	if (rc == 0 && ((int64_t)content.n < key->min || (int64_t)content.n > key->max))
		rc = err_set(err, ERR_CONFIG, "file", "the file holds too little or too much");
	*ret_has_changed = rc == 0 && !slice_equal(strbuf_slice(&content), secret->bytes);
	strbuf_wipe(&content);
	return rc;
}

void config_look_again(const struct config_table *table, const void *target)
{
	struct config_key keys[CONFIG_KEYS_MAX];
	const struct config_table flat = config_flatten(table, keys);

	for (size_t i = 0; i < flat.key_count; i++) {
		const struct config_key *key = &flat.keys[i];
		const struct secret *secret = (const void *)((const char *)target + key->offset);
		bool has_changed;
		struct err err = { 0 };

		if (key->type != CONFIG_SECRET || !secret->path)
			continue;
		if (look_again(key, secret, &has_changed, &err) != 0) {
			secret_file_count_failure();
			log_event(LOG_ERROR, "secret.unread", "setting=%s file=%s why=%s effect=%s", key->key,
				  LOG_QUOTED(secret->path), LOG_QUOTED(err.text),
				  LOG_QUOTED("what was read before stays in use"));
		} else if (has_changed) {
			log_event(LOG_INFO, "secret.changed", "setting=%s effect=%s", key->key,
				  key->needs_restart ? LOG_QUOTED("in use after a restart")
						     : LOG_QUOTED("in use from the next login on"));
		}
	}
}
