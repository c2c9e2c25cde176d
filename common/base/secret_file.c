#include "base/secret_file.h"

#include <fcntl.h>
#include <unistd.h>

struct slice secret_without_line_break(struct slice bytes)
{
	if (bytes.n > 0 && bytes.p[bytes.n - 1] == '\n') {
		bytes.n--;
		if (bytes.n > 0 && bytes.p[bytes.n - 1] == '\r')
			bytes.n--;
	}
	return bytes;
}

bool secret_file_read(const char *path, char *buf, size_t buf_bytes, struct slice *ret)
{
	size_t n = 0;
	ssize_t got = 0;
	int fd = path && *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	while (n < buf_bytes && (got = read(fd, buf + n, buf_bytes - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0 || n == buf_bytes)
		return false;
	*ret = secret_without_line_break(slice_make(buf, n));
	return true;
}
