#include "base/plain_file.h"

#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One that the process was given open, as a shell does for <(command): whoever made it is at its other end. */
static bool is_given_open(const char *path)
{
	static const char *const FOLDERS[] = { "/dev/fd/", "/proc/self/fd/" };

	for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++)
		if (strncmp(path, FOLDERS[i], strlen(FOLDERS[i])) == 0)
			return true;
	return strcmp(path, "/dev/stdin") == 0;
}

/* Whether something was written into the pipe, or its writer has closed it. */
static bool has_writer(int fd, int wait_ms)
{
	struct pollfd pipe = { .fd = fd, .events = POLLIN };
	int rc;

	do
		rc = poll(&pipe, 1, wait_ms);
	while (rc < 0 && errno == EINTR);
	return rc > 0;
}

static int check_kind(int fd, const char *path, int pipe_wait_ms, struct err *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return err_set(err, ERR_CONFIG, "file", "cannot be read: %s", strerror(errno));
	if (S_ISDIR(info.st_mode))
		return err_set(err, ERR_CONFIG, "file", "is a folder, and a file is needed");
	if (S_ISFIFO(info.st_mode) && !is_given_open(path) && !has_writer(fd, pipe_wait_ms))
		return err_set(err, ERR_CONFIG, "file",
			       "is a pipe into which nothing was written within %d s, and a file is needed",
			       pipe_wait_ms / 1000);
	return 0;
}

int plain_file_open(const char *path, FILE **ret, struct err *err)
{
	return plain_file_open_within(path, PLAIN_FILE_PIPE_WAIT_MS, ret, err);
}

int plain_file_open_within(const char *path, int pipe_wait_ms, FILE **ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would hold us here */

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_CONFIG, "file", "does not exist");
	if (fd < 0)
		return err_set(err, ERR_CONFIG, "file", "cannot be read: %s", strerror(errno));
	int rc = check_kind(fd, path, pipe_wait_ms, err);

	if (rc == 0 && fcntl(fd, F_SETFL, 0) != 0)
		rc = err_set(err, ERR_CONFIG, "file", "cannot be read: %s", strerror(errno));
	FILE *file = rc == 0 ? fdopen(fd, "r") : NULL;

	if (rc == 0 && !file)
		rc = err_set(err, ERR_FATAL, "memory", "cannot be read: no memory");
	if (!file)
		close(fd);
	else
		*ret = file;
	return rc;
}
