#include "ctl/access/token_file.h"

#include "ctl/base/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, NEW_MODE = 0640 };

static void path_beside(const char *path, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s.new", path);
}

int token_file_read(const char *path, struct strbuf *out, struct err *err)
{
	return access(path, F_OK) != 0 && errno == ENOENT ? 0 : ctl_read_file(path, out, err);
}

int token_file_lock(const char *path, int *ret_fd, struct err *err)
{
	char beside[PATH_BYTES];

	path_beside(path, beside);
	*ret_fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_MODE);
	if (*ret_fd >= 0)
		return 0;
	if (errno == EEXIST)
		return err_set(err, ERR_DATA, "file",
			       "%s is there: another instroomctl changes the tokens, or one was killed; then remove it",
			       beside);
	return err_set(err, ERR_DATA, "file", "%s cannot be made: %s", beside, strerror(errno));
}

void token_file_unlock(const char *path, int fd)
{
	char beside[PATH_BYTES];

	path_beside(path, beside);
	close(fd);
	unlink(beside);
}

static bool write_all(int fd, struct slice text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = slice_from(text, (size_t)n);
	}
	return fsync(fd) == 0;
}

/* Those of the file that is there; of a new one the group may read it, and nobody else. */
static bool copy_owner(const char *path, int fd)
{
	struct stat old;

	if (stat(path, &old) != 0)
		return errno == ENOENT && fchmod(fd, NEW_MODE) == 0;
	return (fchown(fd, old.st_uid, old.st_gid) == 0 || errno == EPERM) && fchmod(fd, old.st_mode & 07777) == 0;
}

int token_file_replace(const char *path, int fd, struct slice text, struct err *err)
{
	char beside[PATH_BYTES];
	int rc = 0;

	path_beside(path, beside);
	if (!copy_owner(path, fd) || !write_all(fd, text) || rename(beside, path) != 0) {
		rc = err_set(err, ERR_DATA, "file", "%s cannot be written: %s", path, strerror(errno));
		unlink(beside);
	}
	close(fd);
	return rc;
}
