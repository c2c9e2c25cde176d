/* config_text: what editors, mails and the habits of other programs leave in a file of settings: dropped where it means
 * nothing, named where it would change a value.
 *
 * A fault is a sentence that goes on behind the name of the file or key and says what to do; NULL: there is none. No
 * sentence shows a value. Pure. */
#ifndef RUN_CONFIG_TEXT_H
#define RUN_CONFIG_TEXT_H

#include "base/slice.h"

/* Without blanks, line ends and characters that cannot be seen at both ends. */
struct slice config_trim(struct slice s);

/* UTF-16, zero bytes, CR alone: no line of it can be read. */
const char *config_fault_of_file(struct slice bytes);

/* What to do about a line without "key = value", with ": " in front; "" when nothing strikes. line: not empty. */
const char *config_line_advice(struct slice line);

/* Quotation marks around it, a comment behind it (in a file), what is no text. */
const char *config_fault_of_value(struct slice value, bool is_of_file);

/* Of a connection string: quotation marks around it. A # or a line end within may be of a password, or white space. */
const char *config_fault_of_conninfo(struct slice value);

/* A byte order mark, UTF-16: it would be sent as part of a password. */
const char *config_fault_of_secret(struct slice bytes);

#endif
