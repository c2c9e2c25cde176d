/* config: one table of keys drives parsing, ranges, help text, the reference page and the environment names.
 *
 * Order: built-in default, file (--config FILE), environment (INSTROOM_ + key in capitals, dots as underscores),
 * arguments (--key=value or --key value). All faults are listed at once with their place, before anything is opened.
 * An unknown key in the file or among the arguments is a fault (an unknown INSTROOM_ variable is not: other programs
 * share the prefix; one that is spelled nearly as a key is warned of). A key that was renamed is also accepted under
 * its old name, with a warning; both names given are a fault. File form: "key = value" lines, # comments; a byte order
 * mark, CRLF and blanks at the end of a line are accepted; quotation marks around a value, a comment behind it, UTF-16
 * and CR alone are faults (config_text). Values: COUNT and BYTES take k, M, G; MS takes ms, s, m; SECRET names a file
 * whose bytes are the value, one final line break (LF or CRLF) dropped, and prints as ***. Strings live until
 * config_release. */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include "base/err.h"
#include "run/config_table.h"

/* Fills *target (a struct the table's offsets speak of). Returns 0 to go on; 1 when --help or --version or
 * --config-help was answered on stdout and the program is to exit 0; -ERR_CONFIG with all faults already on stderr,
 * one per line. */
MUSTUSE int config_load(const struct config_table *table, int argc, char **argv, void *target);
void config_release(const struct config_table *table, void *target);

/* At a SIGHUP: reads the files of the secrets, logs which changed, and which no start would take (counted in
 * secret_file_failures). *target stays as it is: adapters read a password's file themselves at each login. */
void config_look_again(const struct config_table *table, const void *target);

/* The effective settings at start, secrets as ***: as many settings.read events as their length asks. */
void config_log(const struct config_table *table, const void *target);

#endif
