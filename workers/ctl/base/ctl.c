#include "ctl/base/ctl.h"

#include "base/num.h"
#include "model/delivery.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

enum { CONNECT_MS = 5000, IDLE_TRANSACTION_MS = 60000, SILENCE_MS = 30000 };

int ctl_fail(const struct err *err)
{
	if (exit_status_is_migration(err->code))
		fprintf(stderr,
			"instroomctl: the register lacks what this release needs: run instroomctl migrate (%s)\n",
			err->code);
	else
		fprintf(stderr, "instroomctl: %s%s%s%s\n", err->text, err->code[0] ? " (" : "", err->code,
			err->code[0] ? ")" : "");
	return exit_status_of(-(int)err->kind, err);
}

int ctl_usage(const char *fmt, ...)
{
	va_list args;

	fputs("instroomctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("\n", stderr);
	return EXIT_USAGE;
}

bool ctl_board(const char *text, uint32_t *ret)
{
	uint64_t board;

	if (strlen(text) != 5 || !num_parse_u64(slice_of(text), BOARD_NUMBER_MAX, &board))
		return false;
	*ret = (uint32_t)board;
	return true;
}

/* What we lack for the moment says nothing about the file. */
static enum err_kind kind_of_file_error(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ? ERR_FATAL : ERR_DATA;
}

int ctl_read_file(const char *path, struct strbuf *out, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[65536];
	size_t n;

	if (!file)
		return err_set(err, kind_of_file_error(errno), "file", "%s cannot be read: %s", path, strerror(errno));
	while (strbuf_ok(out) && (n = fread(bytes, 1, sizeof bytes, file)) > 0) /* a device has no end */
		strbuf_add_bytes(out, bytes, n);
	bool is_whole = !ferror(file) && strbuf_ok(out);

	fclose(file);
	if (out->is_out_of_memory)
		return err_set(err, ERR_FATAL, "memory", "no memory for %s", path);
	return is_whole ? 0 : err_set(err, ERR_DATA, "file", "%s cannot be read to its end, or is too large", path);
}

static bool must_leave(void)
{
	return stop_poll() == STOP_NOW;
}

/* Nothing bounds a COMMIT that waits for a standby, and its operator sees nothing of it. */
static void note_silence(void *opaque, int64_t waited_ms)
{
	struct ctl *ctl = opaque;

	if (ctl->has_noted_silence || waited_ms < SILENCE_MS)
		return;
	ctl->has_noted_silence = true;
	fprintf(stderr,
		"instroomctl: PostgreSQL has not answered for %d s: it works, or waits for a lock or for a synchronous "
		"standby; we go on waiting\n",
		SILENCE_MS / 1000);
}

/* Somebody altered the register. What is not written yet stays so, as at a kill. */
static void end_altered(const struct err *err)
{
	fflush(stdout);
	_exit(ctl_fail(err));
}

int ctl_connect(struct ctl *ctl, bool is_owner, struct pg_link **ret, struct err *err)
{
	struct pg_options options = settings_pg(is_owner ? &ctl->config.pg_owner : &ctl->config.pg, "instroomctl");
	struct pg_link *link;

	pg_set_altered(end_altered);
	options.must_write = is_owner;
	options.connect_ms = CONNECT_MS;
	options.lock_ms = CTL_WAIT_MS;
	options.idle_transaction_ms = IDLE_TRANSACTION_MS;
	options.should_stop = ctl->holds_job ? must_leave : stop_is_asked;
	options.waits = note_silence;
	options.waits_self = ctl;
	int rc = pg_link_open(&options, &link, err);

	if (rc != 0)
		return rc;
	rc = pg_link_connect(link, err);
	if (rc != 0) {
		pg_link_close(link);
		return rc;
	}
	*ret = link;
	return 0;
}

int ctl_check_key(const struct ctl *ctl, struct pg_link *link, uint32_t key_id, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, (int32_t)key_id);
	int rc =
		pg_exec(link, NULL,
			"select count(*) from register.cursor where topic = $1 and key_id is not null and key_id <> $2",
			&params, &rows, NULL, err);

	if (rc == 0 && pg_get_i64(rows, 0, 0) > 0)
		rc = err_set(err, ERR_CONFIG, "hmac.key.file", "hmac.key.file holds another key than the register's");
	return rc;
}
