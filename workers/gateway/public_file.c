#include "gateway/public_file.h"

#include <stdio.h>

int public_file_read(const char *setting, const char *path, struct strbuf *ret, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!file)
		return err_set(err, ERR_CONFIG, setting, "%s cannot be read", path);
	while (strbuf_ok(ret) && (n = fread(bytes, 1, sizeof bytes, file)) > 0) /* a device has no end */
		strbuf_add_bytes(ret, bytes, n);
	bool has_failed = ferror(file);

	fclose(file);
	if (has_failed)
		return err_set(err, ERR_CONFIG, setting, "%s cannot be read", path);
	return strbuf_ok(ret) ? 0 : err_set(err, ERR_CONFIG, setting, "%s is too large", path);
}
