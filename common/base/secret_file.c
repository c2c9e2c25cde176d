#include "base/secret_file.h"

#include "base/log.h"
#include "base/plain_file.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

static _Atomic int64_t failures;

int64_t secret_file_failures(void)
{
	return atomic_load(&failures);
}

void secret_file_count_failure(void)
{
	atomic_fetch_add(&failures, 1);
}

static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t n = folder ? strlen(folder) : 0;

	return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/' && !strstr(path, "/../");
}

static int check_mode(const char *path, const struct stat *stat, struct err *err)
{
	if (!S_ISREG(stat->st_mode) || stat->st_nlink == 0 || is_credential(path))
		return 0;
	if (stat->st_mode & S_IRWXO)
		return err_set(err, ERR_CONFIG, "mode", "may be used by others than its owner and group: chmod o= it");
	if (stat->st_mode & S_IWGRP)
		return err_set(err, ERR_CONFIG, "mode", "may be written by its group: chmod g-w it");
	return 0;
}

static void drop_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static int open_checked(const char *path, FILE **ret, struct err *err)
{
	struct stat stat;
	FILE *file = NULL;
	int rc = plain_file_open(path, &file, err);

	if (rc != 0)
		return rc;
	rc = fstat(fileno(file), &stat) == 0 ? check_mode(path, &stat, err)
					     : err_set(err, ERR_CONFIG, "file", "cannot be read");

	if (rc != 0) {
		fclose(file);
		return rc;
	}
	*ret = file;
	return 0;
}

int secret_file_check(const char *path, struct err *err)
{
	CLEANUP(drop_file) FILE *file = NULL;

	return open_checked(path, &file, err);
}

/* Of the bytes of a secret one final line break is no part, as editors and echo add one. */
static void drop_line_break(struct strbuf *bytes)
{
	if (bytes->n > 0 && bytes->p[bytes->n - 1] == '\n') {
		bytes->n--;
		if (bytes->n > 0 && bytes->p[bytes->n - 1] == '\r')
			bytes->n--;
	}
}

int secret_file_read(const char *path, struct strbuf *ret, struct err *err)
{
	CLEANUP(drop_file) FILE *file = NULL;
	char piece[4096];
	size_t n;
	int rc = open_checked(path, &file, err);

	if (rc == 0)
		setvbuf(file, NULL, _IONBF, 0); /* no copy of it is left in a buffer of the library */
	while (rc == 0 && strbuf_ok(ret) && (n = fread(piece, 1, sizeof piece, file)) > 0) /* a device has no end */
		strbuf_add_bytes(ret, piece, n);
	if (rc == 0 && (ferror(file) || !strbuf_ok(ret)))
		rc = err_set(err, ERR_CONFIG, "file", "cannot be read whole, or holds too much");
	explicit_bzero(piece, sizeof piece);
	if (rc == 0)
		drop_line_break(ret);
	else
		strbuf_wipe(ret);
	return rc;
}

void secret_now(const struct secret *secret, struct strbuf *ret)
{
	struct err err = { 0 };

	if (secret->path && *secret->path) {
		if (secret_file_read(secret->path, ret, &err) == 0)
			return;
		secret_file_count_failure();
		log_event(LOG_ERROR, "secret.unread", "file=%s why=%s effect=%s", LOG_QUOTED(secret->path),
			  LOG_QUOTED(err.text), LOG_QUOTED("what was read before stays in use"));
	}
	strbuf_reset(ret);
	if (secret->bytes.n > 0)
		strbuf_add_bytes(ret, secret->bytes.p, secret->bytes.n);
}

void strbuf_wipe(struct strbuf *buf)
{
	if (buf->p)
		explicit_bzero(buf->p, buf->capacity);
	strbuf_release(buf);
}
