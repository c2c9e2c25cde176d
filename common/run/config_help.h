/* config_help: what a program says about its own settings: --help, --version and the reference page. For config.c. */
#ifndef RUN_CONFIG_HELP_H
#define RUN_CONFIG_HELP_H

#include "run/config.h"

enum { CONFIG_RANGE_BYTES = 96 };

/* Answers --help, --version or --config-help on stdout. false: none of them is among the arguments. */
MUSTUSE bool config_answer(const struct config_table *table, int argc, char **argv);

void config_env_name(const char *key, char *buf, size_t buf_bytes); /* "a.b" as INSTROOM_A_B */

/* "1 to 10k", "1ms to 5s", "yes or no", "a text of 1 to 255 bytes", "a file of at most 256 bytes". Returns buf. */
const char *config_range(const struct config_key *key, char *buf, size_t buf_bytes);

/* A number in the largest unit that holds it whole: 5000 of CONFIG_MS is "5s". Returns buf. */
const char *config_number(enum config_type type, int64_t value, char *buf, size_t buf_bytes);

#endif
