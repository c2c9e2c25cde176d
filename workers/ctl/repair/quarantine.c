/* quarantine: messages a validator could not judge, and what became of them.
 *
 * The topic keeps them for good as long as its retention; a message is named by partition/offset there. One is open
 * while lines of its delivery stand as quarantaine and nobody decided otherwise. Headers only are shown: they hold
 * nothing personal. What has no readable headers belongs to no delivery: it can be looked at and discarded.
 *
 * No header: its commands stand in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/num.h"
#include "ctl/base/topic_walk.h"
#include "ctl/replay/replay_plan.h"
#include "protocol/frame.h"
#include "wire/gen/quarantine.h"
#include "protocol/log_position.h"
#include "protocol/raw_headers.h"
#include "wire/wire.h"

enum { HEADERS_MAX = 32, NAME_BYTES = 64, NAMES_BYTES = HEADERS_MAX * NAME_BYTES };

struct quarantined {
	int32_t partition;
	int64_t offset;
	struct wire_quarantine message;
	bool has_headers;
	struct raw_headers headers;
	int64_t position;  /* of the raw message in the ledger; 0: its topic has no generation */
	const char *state; /* open, replayed, discarded, foreign */
};

static const char STATE_SQL[] =
	"select exists (select from register.quarantine_decision"
	"   where topic = $1 and partition = $2 and \"offset\" = $3),"
	"  (select quarantaine from register.delivery where position = $4)";

/* Kafka header names need a NUL at their end. */
static void read_headers(struct quarantined *q, char names[NAMES_BYTES])
{
	struct message_header headers[HEADERS_MAX];
	size_t count = MIN(q->message.header_names.count, (size_t)HEADERS_MAX);

	count = MIN(count, q->message.header_values.count);
	for (size_t i = 0; i < count; i++) {
		char *name = names + i * NAME_BYTES;

		snprintf(name, NAME_BYTES, "%.*s", (int)q->message.header_names.items[i].n,
			 q->message.header_names.items[i].p);
		headers[i] = (struct message_header){ name, q->message.header_values.items[i] };
	}
	q->has_headers = raw_headers_read(headers, count, &q->headers);
}

static bool read_message(const struct kafka_message *message, struct arena *arena, char names[NAMES_BYTES],
			 struct quarantined *ret)
{
	struct slice body;
	uint64_t schema;
	int32_t generation;

	*ret = (struct quarantined){ .partition = message->partition, .offset = message->offset };
	if (frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_quarantine_decode_as(schema, body, arena, &ret->message, NULL) != 0)
		return false;
	read_headers(ret, names);
	if (!log_position_split_topic(ret->message.topic, NULL, &generation) ||
	    !log_position_make(generation, ret->message.partition, ret->message.offset, &ret->position))
		ret->position = 0; /* no delivery's: the register knows nothing of it */
	return true;
}

static int read_state(struct ctl *ctl, struct pg_link *link, struct quarantined *q, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.quarantine));
	pg_add_i32(&params, q->partition);
	pg_add_i64(&params, q->offset);
	pg_add_i64(&params, q->position);
	int rc = pg_exec(link, "quarantine_state", STATE_SQL, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	bool is_delivery = !pg_is_null(rows, 0, 1);

	q->state = pg_get_bool(rows, 0, 0)	 ? "discarded"
		   : !is_delivery		 ? "foreign"
		   : pg_get_i32(rows, 0, 1) == 0 ? "replayed"
						 : "open";
	return 0;
}

/* ---- showing ---- */

static const struct output_column MESSAGE_COLUMNS[] = {
	{ "message", "message", COLUMN_TEXT },	     { "state", "state", COLUMN_TEXT },
	{ "reason", "reason", COLUMN_TEXT },	     { "topic", "topic", COLUMN_TEXT },
	{ "partition", "partition", COLUMN_NUMBER }, { "offset", "offset", COLUMN_NUMBER },
	{ "bytes", "bytes", COLUMN_NUMBER },	     { "kind", "kind", COLUMN_TEXT },
	{ "board", "board", COLUMN_TEXT },	     { "delivery", "delivery", COLUMN_TEXT },
	{ "lines", "lines", COLUMN_NUMBER },
};

static void add_quarantined(struct output *out, const struct quarantined *q)
{
	char name[48];

	snprintf(name, sizeof name, "%d/%lld", q->partition, (long long)q->offset);
	output_text(out, slice_of(name));
	output_text(out, slice_of(q->state));
	output_text(out, q->message.reason);
	output_text(out, q->message.topic);
	output_number(out, q->message.partition);
	output_number(out, q->message.offset);
	output_number(out, (int64_t)q->message.body.n);
	if (!q->has_headers) { /* nobody knows what it is */
		for (int column = 0; column < 4; column++)
			output_absent(out);
		return;
	}
	output_text(out, slice_of(raw_kind_name(q->headers.kind)));
	output_board(out, q->headers.board);
	output_text(out, q->headers.delivery_id);
	output_number(out, q->headers.line_count);
}

/* What a walk through the topic carries along. */
struct listing {
	struct ctl *ctl;
	struct pg_link *link;
	struct output out;
};

static int add_one(void *self, const struct kafka_message *message, struct err *err)
{
	struct listing *listing = self;
	char names[NAMES_BYTES];
	struct quarantined q;

	arena_reset(&listing->ctl->arena);
	if (!read_message(message, &listing->ctl->arena, names, &q)) {
		fprintf(stderr, "instroomctl: %d/%lld cannot be read\n", message->partition,
			(long long)message->offset);
		return 0;
	}
	int rc = read_state(listing->ctl, listing->link, &q, err);

	if (rc == 0)
		add_quarantined(&listing->out, &q);
	return rc;
}

static int list_partition(struct listing *listing, struct kafka_reader *reader, int32_t partition, struct err *err)
{
	const char *topic = listing->ctl->config.topic.quarantine;
	struct kafka_topic_range range;
	int rc = kafka_reader_range(reader, topic, partition, CTL_WAIT_MS, &range, err);

	return rc != 0 ? rc : topic_walk(reader, topic, partition, range.low, range.high, add_one, listing, err);
}

int run_quarantine_list(struct ctl *ctl)
{
	struct listing listing = { .ctl = ctl };
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };
	int32_t partitions = 0;

	output_init(&listing.out, ctl->output, MESSAGE_COLUMNS, ARRAY_LEN(MESSAGE_COLUMNS));
	int rc = ctl_connect(ctl, false, &listing.link, &err);

	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &err);
	if (rc == 0)
		rc = kafka_reader_partitions(reader, ctl->config.topic.quarantine, CTL_WAIT_MS, &partitions, &err);
	for (int32_t partition = 0; rc == 0 && partition < partitions; partition++)
		rc = list_partition(&listing, reader, partition, &err);
	if (rc == 0)
		rc = output_print(&listing.out, stdout, &err);
	if (reader)
		kafka_reader_close(reader);
	pg_link_close(listing.link);
	output_release(&listing.out);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- one of them ---- */

struct place {
	const char *text;
	int32_t partition;
	int64_t offset;
};

/* false: what is wrong is on stderr. */
static bool take_place(const char *text, struct place *ret)
{
	const char *slash = strchr(text, '/');
	uint64_t partition, offset;

	if (!slash || !num_parse_u64(slice_make(text, (size_t)(slash - text)), INT32_MAX, &partition) ||
	    !num_parse_u64(slice_of(slash + 1), INT64_MAX, &offset)) {
		ctl_usage("a message in quarantine is named PARTITION/OFFSET, as quarantine list shows it");
		return false;
	}
	*ret = (struct place){ text, (int32_t)partition, (int64_t)offset };
	return true;
}

/* Its slices live in ctl->arena, its header names in names. */
static int find_one(struct ctl *ctl, struct pg_link *link, const struct place *place, char names[NAMES_BYTES],
		    struct quarantined *ret, struct err *err)
{
	struct kafka_reader *reader = NULL;
	struct kafka_message message = { 0 };
	enum topic_found found = TOPIC_GONE;
	int rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, err);

	if (rc == 0)
		rc = topic_message_at(reader, ctl->config.topic.quarantine, place->partition, place->offset, &found,
				      &message, err);
	if (rc == 0 && found != TOPIC_FOUND)
		rc = err_set(err, ERR_DATA, "empty", "there is no message %s in quarantine", place->text);
	if (rc == 0) {
		struct kafka_message kept = message; /* with its bytes in our arena */
		bool is_read = arena_copy(&ctl->arena, message.value, &kept.value) &&
			       read_message(&kept, &ctl->arena, names, ret);

		kafka_message_drop(&message);
		rc = is_read ? 0 : err_set(err, ERR_DATA, "unreadable", "message %s cannot be read", place->text);
	}
	if (reader)
		kafka_reader_close(reader);
	return rc == 0 ? read_state(ctl, link, ret, err) : rc;
}

int run_quarantine_show(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	char names[NAMES_BYTES];
	struct quarantined q;
	struct place place;
	struct err err = { 0 };

	if (!take_place(ctl->arguments[0], &place))
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = find_one(ctl, link, &place, names, &q, &err);
	output_init(&out, ctl->output, MESSAGE_COLUMNS, ARRAY_LEN(MESSAGE_COLUMNS));
	out.is_record = true;
	if (rc == 0) {
		add_quarantined(&out, &q);
		rc = output_print(&out, stdout, &err);
	}
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_quarantine_discard(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	char names[NAMES_BYTES];
	struct pg_params params;
	struct quarantined q;
	struct place place;
	struct err err = { 0 };

	if (!take_place(ctl->arguments[0], &place))
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = find_one(ctl, link, &place, names, &q, &err);
	if (rc != 0)
		return ctl_fail(&err);
	int64_t added = 0;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.quarantine));
	pg_add_i32(&params, q.partition);
	pg_add_i64(&params, q.offset);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(ctl->options[OPTION_REASON]));
	pg_add_i64(&params, q.position);
	rc = pg_exec(link, NULL,
		     "insert into register.quarantine_decision (topic, partition, \"offset\", who, decision, reason,"
		     "  position) values ($1, $2, $3, $4, 'discard', $5, $6) on conflict do nothing",
		     &params, NULL, &added, &err);
	if (rc == 0 && added == 0)
		rc = err_set(&err, ERR_DATA, "discarded",
			     "%s was discarded before: who did it and why stay as they were", place.text);
	if (rc != 0)
		return ctl_fail(&err);
	printf("%s is discarded; its lines stay quarantaine\n", place.text);
	return 0;
}

int run_quarantine_replay(struct ctl *ctl)
{
	struct replay_filter filter = { .is_quarantine_only = true };
	char scope[80] = "quarantine", names[NAMES_BYTES];
	struct quarantined q = { 0 };
	struct err err = { 0 };

	if (ctl->argument_count == 1) {
		CLEANUP(drop_pg_link) struct pg_link *link = NULL;
		struct place place;

		if (!take_place(ctl->arguments[0], &place))
			return EXIT_USAGE;
		if (ctl_connect(ctl, false, &link, &err) != 0 || find_one(ctl, link, &place, names, &q, &err) != 0)
			return ctl_fail(&err);
		if (q.position == 0) { /* which a filter takes for any */
			(void)err_set(&err, ERR_DATA, "foreign",
				      "message %s is of no topic with a generation: it is no delivery of this register",
				      place.text);
			return ctl_fail(&err);
		}
		filter.position = q.position;
		snprintf(scope, sizeof scope, "quarantine %.40s", place.text);
	}
	return replay_make_plan(ctl, &filter, scope, replay_is_current(ctl));
}
