/* config_manual: a worker's manual page in roff, from its settings table, and the pieces that instroomctl's page
 * shares. */
#ifndef RUN_CONFIG_MANUAL_H
#define RUN_CONFIG_MANUAL_H

#include "run/config_table.h"

#include <stdio.h>

/* Text of ours in roff: a hyphen stays one, a line that begins with a dot is no request, an empty line is a
 * paragraph. */
void manual_text(FILE *to, const char *text);

/* One tagged paragraph: the name bold, the value (or NULL) italic, the text below. */
void manual_entry(FILE *to, const char *name, const char *value, const char *text);

/* One entry per key, with what it takes and its default. table: a flat one (config_flatten). */
void manual_settings(FILE *to, const struct config_table *table);

/* The whole page of a worker, section 8. table: a flat one. */
void config_manual(FILE *to, const struct config_table *table);

/* Answers --manual on stdout. false: it is not among the arguments. */
MUSTUSE bool config_manual_answer(const struct config_table *table, int argc, char **argv);

#endif
