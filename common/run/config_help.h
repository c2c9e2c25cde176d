/* config_help: what a program says about its own settings: --help, --version and the reference page.
 * config_manual has the manual. */
#ifndef RUN_CONFIG_HELP_H
#define RUN_CONFIG_HELP_H

#include "run/config_table.h"

enum { CONFIG_RANGE_BYTES = 96 };

/* The same table as one list of keys in keys[CONFIG_KEYS_MAX], shared ones first. */
struct config_table config_flatten(const struct config_table *table, struct config_key *keys);

/* table: a flat one, here and below. Answers --help, --version or --config-help on stdout. false: none of them is among
 * the arguments. */
MUSTUSE bool config_answer(const struct config_table *table, int argc, char **argv);

void config_env_name(const char *key, char *buf, size_t buf_bytes); /* "a.b" as INSTROOM_A_B */

/* Cuts the next word off "none|lz4|zstd" and moves *words behind it. false: there is none. */
MUSTUSE bool config_next_word(const char **words, struct slice *ret);

/* "1 to 10k", "1ms to 5s", "yes or no", "none, lz4 or zstd", "a text of 1 to 255 bytes", "a file of 0 to 256 bytes".
 * Returns buf. */
const char *config_range(const struct config_key *key, char *buf, size_t buf_bytes);

/* A number in the largest unit that holds it whole: 5000 of CONFIG_MS is "5s". Returns buf. */
const char *config_number(enum config_type type, int64_t value, char *buf, size_t buf_bytes);

#endif
