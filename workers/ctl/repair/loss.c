/* loss: what Kafka has lost of a partition, and the decision to go on without it.
 *
 * Raw messages may go before they were judged: retention shorter than an outage, a person, a topic that was compacted.
 * Validators then park the partition, as nobody may decide that but a person. loss show says what is gone, as far as
 * anybody knows (lost_messages.h). loss accept makes that decision, for the offsets that were shown and no others:
 *
 *   1. All is read again. Below --below nothing may be held, and nothing above it may be lost: else what was shown is
 *      not what would be done.
 *   2. Who, when and why goes into register.loss.
 *   3. If verdicts are lost too, the chain is given up as refill does (chain_reset.h); validators must be stopped then.
 *   4. Verdicts go into the verdict log, each with its parent, as a validator's: for every delivery whose header is
 *      known one by which all its lines are quarantaine (LR-T01, as of a body that cannot be read), and for the rest
 *      one FOREIGN at the last offset lost, with a digest of zeros, which no message has. The chain then wants the
 *      first raw message that is held.
 *   5. The chain is read again: when a verdict of somebody else came between, ours are void, and are made again.
 *
 * So the log decides, as ever: the cache and the register follow those verdicts as any other, also after a restore. An
 * old validator that still holds one of the lost messages cannot make it count any more, nor can ours count if its
 * verdict came first. Killed anywhere, the command is run again: what counts already is found at 1.
 *
 * No header: its commands stand in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/num.h"
#include "base/random.h"
#include "ctl/base/publish.h"
#include "ctl/repair/chain_reset.h"
#include "ctl/repair/lost_messages.h"
#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "protocol/verdict_class.h"

enum { ATTEMPTS_MAX = 5, VERDICT_BYTES_MAX = 1 << 20 };

struct loss {
	struct ctl *ctl;
	struct pg_link *link;
	struct kafka_reader *reader;
	struct chain_end end;
	struct lost_messages lost;
};

static void loss_release(struct loss *loss)
{
	lost_messages_release(&loss->lost);
	kafka_reader_close(loss->reader);
	pg_link_close(loss->link);
}

/* false: what is wrong is on stderr. */
static bool take_partition(const struct ctl *ctl, int32_t *ret)
{
	uint64_t partition;

	if (!num_parse_u64(slice_of(ctl->arguments[0]), INT32_MAX, &partition)) {
		ctl_usage("a partition is a whole number");
		return false;
	}
	*ret = (int32_t)partition;
	return true;
}

static int open_loss(struct loss *loss, int32_t partition, bool is_owner, struct err *err)
{
	struct ctl *ctl = loss->ctl;
	int rc = ctl_connect(ctl, is_owner, &loss->link, err);

	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &loss->reader, err);
	if (rc == 0)
		rc = chain_end_read(ctl, loss->link, loss->reader, partition, &loss->end, err);
	if (rc == 0)
		rc = lost_messages_find(ctl, loss->reader, &loss->end, ctl->options[OPTION_RECEIPTS], &loss->lost, err);
	return rc;
}

/* ---- show ---- */

static const struct output_column LOST_COLUMNS[] = {
	{ "partition", "partition", COLUMN_NUMBER },
	{ "from", "from", COLUMN_NUMBER },
	{ "to", "to", COLUMN_NUMBER },
	{ "known_by", "known by", COLUMN_TEXT },
	{ "board", "board", COLUMN_TEXT },
	{ "delivery", "delivery", COLUMN_TEXT },
	{ "lines", "lines", COLUMN_NUMBER },
	{ "outcome", "outcome when accepted", COLUMN_TEXT },
};

static void add_place(struct output *out, const struct chain_end *end, int64_t from, int64_t to, const char *known_by)
{
	output_number(out, end->partition);
	output_number(out, from);
	output_number(out, to);
	output_text(out, slice_of(known_by));
}

static void add_unknown(struct output *out, const struct chain_end *end, int64_t from, int64_t below)
{
	if (from >= below)
		return;
	add_place(out, end, from, below - 1, "nobody");
	for (int column = 0; column < 3; column++)
		output_absent(out);
	output_text(out, slice_of("none: in no ledger"));
}

static void add_known(struct output *out, const struct chain_end *end, const struct lost_message *message)
{
	bool has_header = message->known_by == KNOWN_BY_VERDICT;

	add_place(out, end, message->offset, message->offset, has_header ? "verdict" : "receipt");
	if (has_header)
		output_board(out, (uint32_t)message->header.board);
	else
		output_absent(out);
	output_text(out, message->header.delivery_id);
	output_number(out, message->header.line_count);
	output_text(out, slice_of(has_header ? "quarantaine" : "none: in no ledger"));
}

static void say_what_to_do(const struct chain_end *end)
{
	if (end->break_why)
		printf("verdicts from %lld on %s\n", (long long)end->at.next_verdict, end->break_why);
	if (!end->raw_gap && end->break_why)
		printf("no raw message is lost: instroomctl refill %d has them judged again\n", end->partition);
	if (!end->raw_gap && !end->break_why)
		printf("partition %d has lost nothing that waits to be judged\n", end->partition);
	if (!end->raw_gap)
		return;
	printf("raw messages %lld to %lld %s\n", (long long)end->from_raw, (long long)end->below_raw - 1,
	       kafka_gap_text(end->raw_gap));
	if (end->raw_gap != KAFKA_GAP_HIDDEN)
		printf("to go on without them: instroomctl loss accept %d --below %lld --reason TEXT%s\n",
		       end->partition, (long long)end->below_raw, end->break_why ? " --validators-are-stopped" : "");
}

static int print_lost(struct loss *loss, struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };
	const struct chain_end *end = &loss->end;
	int64_t next = end->from_raw;

	output_init(&out, loss->ctl->output, LOST_COLUMNS, ARRAY_LEN(LOST_COLUMNS));
	for (size_t i = 0; end->raw_gap && i < loss->lost.count; i++) {
		add_unknown(&out, end, next, loss->lost.items[i].offset);
		add_known(&out, end, &loss->lost.items[i]);
		next = loss->lost.items[i].offset + 1;
	}
	if (end->raw_gap)
		add_unknown(&out, end, next, end->below_raw);
	if (loss->ctl->output != OUTPUT_TEXT || end->raw_gap)
		return output_print(&out, stdout, err);
	return 0;
}

int run_loss_show(struct ctl *ctl)
{
	CLEANUP(loss_release) struct loss loss = { .ctl = ctl };
	struct err err = { 0 };
	int32_t partition;

	if (!take_partition(ctl, &partition))
		return EXIT_USAGE;
	int rc = open_loss(&loss, partition, false, &err);

	if (rc == 0)
		rc = print_lost(&loss, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (ctl->output == OUTPUT_TEXT)
		say_what_to_do(&loss.end);
	return loss.end.raw_gap || loss.end.break_why ? EXIT_ANSWER_IS_NO : 0;
}

/* ---- list ---- */

int run_loss_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "topic", "topic", COLUMN_TEXT },   { "partition", "partition", COLUMN_NUMBER },
		{ "from", "from", COLUMN_NUMBER },   { "to", "to", COLUMN_NUMBER },
		{ "lines", "lines", COLUMN_NUMBER }, { "at", "at", COLUMN_TEXT },
		{ "who", "who", COLUMN_TEXT },	     { "what", "they", COLUMN_TEXT },
		{ "state", "state", COLUMN_TEXT },   { "reason", "reason", COLUMN_TEXT },
	};
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	struct err err = { 0 };

	output_init(&out, ctl->output, COLUMNS, ARRAY_LEN(COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "select l.topic, l.partition::bigint, l.from_raw, l.below_raw - 1, l.lines, " CTL_SQL_TIME(
				     "l.at") ", l.who, l.what,"
					     " case when c.next_raw >= l.below_raw then 'passed' else 'not yet' end,"
					     " l.reason from register.loss l left join register.cursor c"
					     " on c.topic = l.topic and c.partition = l.partition"
					     " order by l.at, l.topic, l.partition",
			     NULL, &rows, NULL, &err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		for (int column = 0; column < (int)ARRAY_LEN(COLUMNS); column++)
			if (COLUMNS[column].type == COLUMN_NUMBER)
				output_number(&out, pg_get_i64(rows, i, column));
			else
				output_text(&out, pg_get_bytes(rows, i, column));
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- accept ---- */

static int positions_of(const struct loss *loss, int64_t *ret_from, int64_t *ret_below, struct err *err)
{
	const struct chain_end *end = &loss->end;
	int32_t generation;

	if (!log_position_split_topic(slice_of(loss->ctl->config.topic.raw), NULL, &generation) ||
	    !log_position_make(generation, end->partition, end->from_raw, ret_from) ||
	    !log_position_make(generation, end->partition, end->below_raw, ret_below))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	return 0;
}

/* Of an attempt that had no effect yet the last one stands. */
static int write_audit(struct loss *loss, struct err *err)
{
	const struct chain_end *end = &loss->end;
	int64_t from_position = 0, below_position = 0, lines;
	struct pg_params params;
	int32_t deliveries;
	int rc = positions_of(loss, &from_position, &below_position, err);

	if (rc != 0)
		return rc;
	lost_messages_count(&loss->lost, &deliveries, &lines);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(loss->ctl->config.topic.raw));
	pg_add_i32(&params, end->partition);
	pg_add_i64(&params, end->from_raw);
	pg_add_i64(&params, end->below_raw);
	pg_add_i64(&params, from_position);
	pg_add_i64(&params, below_position);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(loss->ctl->options[OPTION_REASON]));
	pg_add_text(&params, slice_of(kafka_gap_text(end->raw_gap)));
	pg_add_i32(&params, deliveries);
	pg_add_i64(&params, lines);
	return pg_exec(
		loss->link, NULL,
		"insert into register.loss (topic, partition, from_raw, below_raw, from_position, below_position,"
		" who, reason, what, deliveries, lines) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" on conflict (topic, partition, from_raw) do update set below_raw = excluded.below_raw,"
		" below_position = excluded.below_position, at = now(), who = excluded.who,"
		" reason = excluded.reason, what = excluded.what, deliveries = excluded.deliveries,"
		" lines = excluded.lines",
		&params, NULL, NULL, err);
}

static void digest16(struct slice bytes, uint8_t out[VERDICT_ID_BYTES])
{
	uint8_t digest[32];

	sha256_of(bytes, digest);
	memcpy(out, digest, VERDICT_ID_BYTES);
}

/* Puts a verdict behind *tip into the log, and moves *tip to it. */
static int publish_verdict(struct loss *loss, struct wire_verdict *verdict, uint8_t tip[VERDICT_ID_BYTES],
			   struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };

	memcpy(verdict->parent, tip, VERDICT_ID_BYTES);
	verdict->key_id = loss->end.key_id;
	digest16(verdict->keys, verdict->keys_digest);
	digest16(verdict->feedback, verdict->feedback_digest);
	int rc = random_fill(verdict->id, VERDICT_ID_BYTES, err);

	strbuf_init(&value, VERDICT_BYTES_MAX);
	frame_put(&value, WIRE_VERDICT_SCHEMA);
	wire_verdict_encode(&value, verdict);
	if (rc == 0)
		rc = strbuf_check(&value, "a verdict", err);
	struct publish_message message = { .what = "a verdict on a lost message",
					   .topic = loss->ctl->config.topic.verdict,
					   .partition = loss->end.partition,
					   .key = slice_of("loss"),
					   .value = strbuf_slice(&value) };

	if (rc == 0)
		rc = publish_one(loss->ctl, &message, err);
	if (rc == 0)
		memcpy(tip, verdict->id, VERDICT_ID_BYTES);
	return rc;
}

/* The verdicts of 4, from end's tip on. */
static int publish_verdicts(struct loss *loss, struct err *err)
{
	uint8_t tip[VERDICT_ID_BYTES];
	int64_t last = loss->end.below_raw - 1;
	int rc = 0;

	memcpy(tip, loss->end.at.tip, sizeof tip);
	for (size_t i = 0; rc == 0 && i < loss->lost.count; i++) {
		const struct lost_message *message = &loss->lost.items[i];
		struct wire_verdict verdict = { .kind = VERDICT_KIND_DELIVERY,
						.raw_offset = message->offset,
						.header = message->header,
						.body_unreadable = true,
						.unreadable_lines = message->header.line_count };

		if (message->known_by != KNOWN_BY_VERDICT)
			continue;
		memcpy(verdict.raw_digest, message->digest, sizeof verdict.raw_digest);
		rc = publish_verdict(loss, &verdict, tip, err);
		if (message->offset == last)
			return rc;
	}
	struct wire_verdict rest = { .kind = VERDICT_KIND_FOREIGN, .raw_offset = last };

	return rc == 0 ? publish_verdict(loss, &rest, tip, err) : rc;
}

/* Until they count, or somebody else's verdict passed over the same offsets. */
static int publish_until_counted(struct loss *loss, struct err *err)
{
	int64_t below = loss->end.below_raw;

	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		int rc = publish_verdicts(loss, err);

		if (rc == 0)
			rc = chain_end_read(loss->ctl, loss->link, loss->reader, loss->end.partition, &loss->end, err);
		if (rc != 0)
			return rc;
		if (loss->end.at.next_raw >= below)
			return 0;
		if (loss->end.break_why || loss->end.below_raw != below)
			break;
	}
	return err_set(err, ERR_DATA, "moved", "the partition changes under us: look at it again with loss show");
}

/* Whether what was shown is what would be done. */
static int check_shown(const struct loss *loss, int64_t below, struct err *err)
{
	const struct chain_end *end = &loss->end;

	if (end->raw_gap == KAFKA_GAP_HIDDEN)
		return err_set(err, ERR_DATA, "hidden", "raw messages %lld to %lld %s: nothing is accepted",
			       (long long)end->from_raw, (long long)end->below_raw - 1, kafka_gap_text(end->raw_gap));
	if (end->below_raw != below)
		return err_set(err, ERR_DATA, "below",
			       "raw messages %lld to %lld are lost, which is not what --below %lld says: instroomctl"
			       " loss show %d shows it",
			       (long long)end->from_raw, (long long)end->below_raw - 1, (long long)below,
			       end->partition);
	if (end->break_why && end->at.next_verdict != end->cursor.next_verdict)
		return err_set(err, ERR_DATA, "behind",
			       "verdicts up to %lld are there and not applied yet: start the writers first",
			       (long long)end->at.next_verdict - 1);
	return 0;
}

/* The chain begins anew behind all verdicts that are there. */
static int give_chain_up(struct loss *loss, struct err *err)
{
	CLEANUP(chain_reset_release) struct chain_reset reset = { 0 };
	struct chain_end *end = &loss->end;
	int rc = chain_reset_prepare(loss->ctl, loss->link, end->partition, &reset, err);

	if (rc == 0)
		rc = write_audit(loss, err);
	if (rc == 0)
		rc = chain_reset_run(loss->ctl, loss->link, &reset, end, loss->ctl->options[OPTION_REASON], err);
	end->break_why = NULL;
	return rc;
}

static int accept(struct loss *loss, int64_t below, struct err *err)
{
	struct chain_end *end = &loss->end;
	int rc = check_shown(loss, below, err);

	if (rc != 0)
		return rc;
	if (!end->has_key_id) { /* nothing was ever judged here */
		struct hmac_key key;

		if (loss->ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
			return err_set(err, ERR_CONFIG, "hmac.key.file",
				       "this needs hmac.key.file, the validators' key");
		hmac_key_init(&key, loss->ctl->config.hmac_key.bytes);
		end->key_id = (int32_t)key.id;
	}
	rc = end->break_why ? give_chain_up(loss, err) : write_audit(loss, err);
	return rc == 0 ? publish_until_counted(loss, err) : rc;
}

static void print_accepted(const struct lost_messages *lost, const struct chain_end *end, int64_t from, int64_t below,
			   bool is_restarted)
{
	int32_t deliveries;
	int64_t lines;

	lost_messages_count(lost, &deliveries, &lines);
	printf("partition %d goes on at raw message %lld without %lld to %lld: ", end->partition, (long long)below,
	       (long long)from, (long long)below - 1);
	if (deliveries > 0)
		printf("%d deliveries with %lld lines get quarantaine, of the rest nothing is known", deliveries,
		       (long long)lines);
	else
		printf("nothing is known of them, they are in no ledger");
	puts(is_restarted ? "; start the validators, restart the writers" : "; validators go on by themselves");
}

int run_loss_accept(struct ctl *ctl)
{
	CLEANUP(loss_release) struct loss loss = { .ctl = ctl };
	struct err err = { 0 };
	int32_t partition;
	int64_t below;

	if (!take_partition(ctl, &partition))
		return EXIT_USAGE;
	if (!num_parse_i64(slice_of(ctl->options[OPTION_BELOW]), 1, INT64_MAX, &below))
		return ctl_usage("--below takes the offset that loss show names");
	int rc = open_loss(&loss, partition, true, &err);

	if (rc != 0)
		return ctl_fail(&err);
	bool is_broken = loss.end.break_why != NULL;
	int64_t from = loss.end.from_raw;

	if (!loss.end.raw_gap && !is_broken) {
		printf("nothing below raw message %lld is lost, or it was accepted before: nothing is changed\n",
		       (long long)from);
		return 0;
	}
	if (!loss.end.raw_gap) {
		say_what_to_do(&loss.end);
		return EXIT_ANSWER_IS_NO;
	}
	if (is_broken && !ctl_has(ctl, OPTION_VALIDATORS_ARE_STOPPED))
		return ctl_usage("verdicts are lost too: stop all validators, and say --validators-are-stopped");
	rc = accept(&loss, below, &err);
	if (rc != 0)
		return ctl_fail(&err);
	print_accepted(&loss.lost, &loss.end, from, below, is_broken);
	return 0;
}
