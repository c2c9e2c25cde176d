#include "ctl/base/applied_wait.h"

#include "base/clock.h"

enum { APPLIED_MS_MAX = 120000, POLL_MS = 20 };

static int read_next(struct ctl *ctl, struct pg_link *link, int32_t partition, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(link, NULL, "select next_raw from register.cursor where topic = $1 and partition = $2",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) != 1)
		return err_set(err, ERR_CONFIG, "cursor", "the register has no cursor for partition %d", partition);
	if (rc == 0)
		*ret = pg_get_i64(rows, 0, 0);
	return rc;
}

int applied_wait(struct ctl *ctl, struct pg_link *link, int32_t partition, int64_t end, struct err *err)
{
	int64_t until_ms = clock_ms() + APPLIED_MS_MAX, at = 0;

	for (;;) {
		int rc = read_next(ctl, link, partition, &at, err);

		if (rc != 0 || at >= end)
			return rc;
		if (clock_ms() >= until_ms || !app_wait(POLL_MS))
			break;
	}
	return err_set(err, ERR_RETRY, "waiting",
		       "partition %d is at %lld and has to come to %lld: is a writer running? Run it again", partition,
		       (long long)at, (long long)end);
}
