/* replay_preview: what judging the lines in scope again would do to today's register. */
#ifndef CTL_REPLAY_PREVIEW_H
#define CTL_REPLAY_PREVIEW_H

#include "ctl/replay/replay_scope.h"
#include "model/judge.h"
#include "model/outcome.h"

/* What a plan would do, in lines but for the last. */
struct replay_forecast {
	int64_t deliveries, lines, teachers;
	int64_t outcomes[OUTCOMES + 1];
	int64_t unreadable_deliveries, unreadable_lines; /* this program cannot read their body either */
	int64_t gone_deliveries, gone_lines;		 /* the log no longer holds them */
	int64_t brought_back; /* teachers that a newer VOLLEDIG no longer names, and that would be new all the same */
};

struct replay_preview; /* today's register, a board at a time, as the plan's deliveries change it */

/* key_before: that of before a rotation, by which lists of before it name teachers; NULL: none. */
MUSTUSE int replay_preview_open(struct pg_link *link, const struct hmac_key *key_before, struct replay_preview **ret,
				struct err *err);
void replay_preview_close(struct replay_preview *preview);
/* Deliveries in log order. judged: its lines in scope. *ret_back: its teachers that would come back. */
MUSTUSE int replay_preview_add(struct replay_preview *preview, const struct replay_target *target,
			       const struct wire_delivery *delivery, const struct judged *judged,
			       struct replay_forecast *forecast, int64_t *ret_back, struct err *err);

#endif
