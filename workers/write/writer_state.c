#include "write/writer_state.h"

#include "base/log.h"
#include "run/app.h"

#include <assert.h>

#define TO(state) (1u << WRITER_##state)

struct row {
	unsigned allowed; /* bits of the states that may come next */
	bool is_ready;
	enum log_level level;
	const char *event, *effect;
};

/* To itself: with another reason. */
static const struct row ROWS[WRITER_STATES] = {
	[WRITER_STARTING] = { TO(STARTING) | TO(RUNNING) | TO(RETRYING) | TO(ISOLATING), false, LOG_INFO,
			      "writer.starting", "nothing is applied yet" },
	[WRITER_RUNNING] = { TO(RUNNING) | TO(WAITING) | TO(RETRYING) | TO(ISOLATING), true, LOG_INFO, "writer.running",
			     "verdicts are polled and applied" },
	[WRITER_WAITING] = { TO(RUNNING) | TO(WAITING) | TO(RETRYING) | TO(ISOLATING), false, LOG_WARN,
			     "writer.waiting", "nothing is applied; the peers are asked again" },
	[WRITER_RETRYING] = { TO(WAITING) | TO(RETRYING) | TO(ISOLATING), false, LOG_WARN, "writer.retrying",
			      "the batch is kept and applied again as a whole" },
	[WRITER_ISOLATING] = { TO(RUNNING) | TO(WAITING) | TO(RETRYING_SINGLY), true, LOG_WARN, "writer.isolating",
			       "the batch goes in message by message" },
	[WRITER_RETRYING_SINGLY] = { TO(WAITING) | TO(RETRYING_SINGLY), false, LOG_WARN, "writer.retrying-singly",
				     "what is left of the batch is kept and goes in message by message" },
};

bool writer_state_may_change(enum writer_state from, enum writer_state to)
{
	return ROWS[from].allowed >> to & 1;
}

bool writer_state_is_ready(enum writer_state state)
{
	return ROWS[state].is_ready;
}

void writer_state_change(enum writer_state *state, enum writer_state to, const char *why)
{
	const struct row *row = &ROWS[to];
	enum writer_state from = *state;

	assert(writer_state_may_change(from, to));
	*state = to;
	app_set_ready(row->is_ready, why);
	if (from != to)
		log_event(row->level, row->event, "why=%s effect=%s", LOG_QUOTED(why), LOG_QUOTED(row->effect));
}

void writer_state_wait(enum writer_state *state, const char *why)
{
	enum writer_state to = *state == WRITER_RUNNING ? WRITER_WAITING : *state;

	writer_state_change(state, to, why);
}
