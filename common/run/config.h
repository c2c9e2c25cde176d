/* config: one table of keys drives parsing, ranges, help text, the reference page and the environment names.
 *
 * A table is made of rows that programs share (settings/settings.h) and of the program's own. A default or an optional
 * value in which the program differs from the shared row stands in its list of defaults.
 *
 * Order: built-in default, file (--config FILE), environment (INSTROOM_ + key in capitals, dots as underscores),
 * arguments (--key=value or --key value). All faults are listed at once with their place, before anything is opened;
 * an unknown key in the file or among the arguments is a fault (an unknown INSTROOM_ variable is not: other programs
 * share the prefix). A key that was renamed is also taken under its old name, with a warning; both names given are a
 * fault. File form: "key = value" lines, # comments; a byte order mark, CRLF and blanks at the end of a line are
 * accepted. Values: COUNT and BYTES take k, M, G; MS takes ms, s, m; SECRET names a file whose bytes are the value, one
 * final line break (LF or CRLF) dropped, and prints as ***. Strings live until config_release. */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

enum config_type {
	CONFIG_TEXT,	/* const char *: min and max are its length */
	CONFIG_ADDRESS, /* const char *: as TEXT, without slashes at its end */
	CONFIG_WORD,	/* const char *: one of words, as it is spelled there; capitals do not count */
	CONFIG_COUNT,	/* int64_t */
	CONFIG_BYTES,	/* int64_t */
	CONFIG_MS,	/* int64_t */
	CONFIG_BOOL,	/* bool: yes or no */
	CONFIG_SECRET,	/* struct slice: the content of the file named; empty when the value is empty */
};

struct config_key {
	const char *key;
	enum config_type type;
	size_t offset; /* of the member in the worker's config struct */
	const char *fallback;
	int64_t min, max;
	const char *help;
	const char *words;   /* of CONFIG_WORD: "none|lz4|zstd"; with min 0 empty is taken too */
	const char *old_key; /* deprecated name; NULL: none */
};

struct config_rows {
	const struct config_key *keys;
	size_t count;
};

struct config_section {
	const struct config_rows *rows;
	size_t offset; /* of the struct the rows speak of, in the program's */
};

struct config_default {
	const char *key;
	const char *fallback;
	bool is_optional; /* the value may be empty */
};

enum { CONFIG_KEYS_MAX = 96 };

struct config_table {
	const char *program; /* "instroom-validate" */
	const char *purpose; /* one line for --help */
	const struct config_key *keys;
	size_t key_count;
	const struct config_section *shared;
	size_t shared_count;
	const struct config_default *defaults; /* of shared keys */
	size_t default_count;
};

/* Fills *target (a struct the table's offsets speak of). Returns 0 to go on; 1 when --help or --version or
 * --config-help was answered on stdout and the program is to exit 0; -ERR_CONFIG with all faults already on stderr,
 * one a line. */
MUSTUSE int config_load(const struct config_table *table, int argc, char **argv, void *target);
void config_release(const struct config_table *table, void *target);

/* The effective settings at start, one logfmt event, secrets as ***. */
void config_log(const struct config_table *table, const void *target);

#endif
