/* bsn_file: the BSN that a command is about. It stands in a file and never in the arguments, which every user of the
 * machine sees. */
#ifndef CTL_BSN_FILE_H
#define CTL_BSN_FILE_H

#include "base/err.h"

#include <stdint.h>

/* path "-": standard input. ERR_DATA: it does not hold one number of 9 digits. */
MUSTUSE int bsn_file_read(const char *path, int32_t *ret, struct err *err);

#endif
