/* access: the row that every reading of personal data leaves (design 9).
 *
 * No header: what it offers stands in ctl.h, with all that commands share. */
#include "ctl/base/ctl.h"

#include <pwd.h>
#include <unistd.h>

const char *ctl_operator(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? user->pw_name : "unknown";
}

static void add_board(struct pg_params *params, const uint32_t *board)
{
	if (board)
		pg_add_i32(params, (int32_t)*board);
	else
		pg_add_null(params, PG_I32);
}

int ctl_record_access(struct pg_link *link, const char *what, const uint32_t *board, const struct ctl_place *place,
		      struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(what));
	add_board(&params, board);
	if (place) {
		pg_add_text(&params, slice_of(place->topic));
		pg_add_i32(&params, place->partition);
		pg_add_i64(&params, place->offset);
	} else {
		pg_add_null(&params, PG_TEXT);
		pg_add_null(&params, PG_I32);
		pg_add_null(&params, PG_I64);
	}
	return pg_exec(link, NULL,
		       "insert into register.access (who, what, board, topic, partition, \"offset\")"
		       " values ($1, $2, $3, $4, $5, $6)",
		       &params, NULL, NULL, err);
}

int ctl_record_act(struct pg_link *link, const char *what, const uint32_t *board, const char *reason,
		   const uint8_t *request_id, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(what));
	add_board(&params, board);
	pg_add_text(&params, slice_of(reason));
	if (request_id)
		pg_add_uuid(&params, request_id);
	else
		pg_add_null(&params, PG_UUID);
	return pg_exec(link, NULL,
		       "insert into register.access (who, what, board, reason, request_id) values ($1, $2, $3, $4, $5)",
		       &params, NULL, NULL, err);
}
