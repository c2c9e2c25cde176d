/* config_table: the rows of which a program's settings are made; config reads values by them, config_help lists them.
 *
 * A table is made of rows that programs share (settings/settings.h) and of the program's own. A default or an optional
 * value in which the program differs from the shared row stands in its list of defaults. */
#ifndef RUN_CONFIG_TABLE_H
#define RUN_CONFIG_TABLE_H

#include "base/secret_file.h"

#include <stdbool.h>

enum config_type {
	CONFIG_TEXT,	/* const char *: min and max are its length */
	CONFIG_ADDRESS, /* const char *: as TEXT, without slashes at its end */
	CONFIG_WORD,	/* const char *: one of words, as it is spelled there; capitals do not count */
	CONFIG_COUNT,	/* int64_t */
	CONFIG_BYTES,	/* int64_t */
	CONFIG_MS,	/* int64_t */
	CONFIG_BOOL,	/* bool: yes or no */
	CONFIG_SECRET,	/* struct secret: the content of the file named, and its path; empty when the value is empty */
};

struct config_key {
	const char *key;
	enum config_type type;
	size_t offset; /* of the member in the worker's config struct */
	const char *fallback;
	int64_t min, max;
	const char *help;
	const char *words;   /* of CONFIG_WORD: "none|lz4|zstd"; with min 0 empty is valid too */
	const char *old_key; /* deprecated name; NULL: none */
	bool needs_restart;  /* of CONFIG_SECRET: a change of its file is in use after a restart only */
	bool may_have_bom;   /* of CONFIG_SECRET: who uses it drops what an editor put there */
	bool is_conninfo;    /* of CONFIG_TEXT: libpq reads it, in which # and any white space may stand */
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

#endif
