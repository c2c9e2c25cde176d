#include "gen/gen_file.h"

#include <errno.h>
#include <sys/stat.h>

int gen_file_write(const char *dir, const char *name, struct slice bytes, struct err *err)
{
	char path[4096];

	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return err_set(err, ERR_DATA, "file", "the folder %s cannot be made", dir);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *file = fopen(path, "we");
	bool is_written = file && fwrite(bytes.p, 1, bytes.n, file) == bytes.n;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written ? 0 : err_set(err, ERR_DATA, "file", "%s cannot be written", path);
}
