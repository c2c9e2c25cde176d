/* gen_file: files of the generator. */
#ifndef GEN_GEN_FILE_H
#define GEN_GEN_FILE_H

#include "base/err.h"
#include "base/slice.h"

/* Makes the folder if need be; a file of this name is replaced. ERR_DATA: it cannot be written. */
MUSTUSE int gen_file_write(const char *dir, const char *name, struct slice bytes, struct err *err);

#endif
