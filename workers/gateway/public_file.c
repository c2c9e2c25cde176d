#include "gateway/public_file.h"

#include "base/plain_file.h"

enum { PIPE_WAIT_MS = 1000 /* the loop that reads one again stands still so long */ };

int public_file_read(const char *setting, const char *path, struct strbuf *ret, struct err *err)
{
	struct err why = { 0 };
	char bytes[4096];
	FILE *file;
	size_t n;

	if (plain_file_open_within(path, PIPE_WAIT_MS, &file, &why) != 0)
		return err_set(err, why.kind, setting, "%.200s %s", path, why.text);
	while (strbuf_ok(ret) && (n = fread(bytes, 1, sizeof bytes, file)) > 0) /* a device has no end */
		strbuf_add_bytes(ret, bytes, n);
	bool has_failed = ferror(file);

	fclose(file);
	if (has_failed)
		return err_set(err, ERR_CONFIG, setting, "%s cannot be read", path);
	return strbuf_ok(ret) ? 0 : err_set(err, ERR_CONFIG, setting, "%s is too large", path);
}
