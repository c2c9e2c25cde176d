/* deliveries: the deliveries of a board, newest first, and one of them with its receipt, commit and what came after. If
 * the volgnummer of the board was set back, stderr says so.
 *
 * A delivery that the writer has not applied yet is in no table: it is looked for in the raw log, between the place the
 * register has come to and the end of its board's partition.
 *
 * As whom a delivery was let in, and on what basis, stands beside the ledger (register.admission). Of one of before
 * that, or of one that is not written yet, the header of its raw message says it, as long as the log has it.
 *
 * No header: run_deliveries and run_delivery stand in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "base/log.h"
#include "base/num.h"
#include "ctl/base/question.h"
#include "ctl/base/raw_log.h"
#include "ctl/base/topic_walk.h"
#include "model/date.h"
#include "model/delivery.h"
#include "protocol/admission.h"
#include "protocol/delivery_state.h"
#include "protocol/log_position.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"

#include <time.h>

enum { PAGE_ROWS = 100, TIME_BYTES = 80, NAME_BYTES = 128, REASON_BYTES = 256, HEX_BYTES = 2 * FINGERPRINT_BYTES + 1 };

#define KIND_NAME  "case d.kind when 1 then 'VOLLEDIG' when 2 then 'MUTATIE' else 'INTREKKING' end"
#define STATE_NAME "case d.state when 2 then 'wacht_op_bevestiging' else 'verwerkt' end"
#define REPLAYS	   "(select count(*) from register.replay_change r where r.position = d.position)"

/* ---- deliveries ---- */

static const char LIST_SQL[] =
	"select " CTL_SQL_DAY("d.received_on") ", d.delivery_id, " KIND_NAME ", d.sequence, " STATE_NAME ","
	"  case d.state when 2 then 'wacht' else case when d.dry_run then 'proef' else 'verwerkt' end end,"
	"  d.dry_run, d.lines, d.afgekeurd, d.quarantaine, d.afgekeurd + d.quarantaine, " REPLAYS ","
	"  " CTL_SQL_TIME("d.committed_at") ", a.basis, a.party, a.sender, d.position::text"
	" from register.delivery d left join register.admission a on a.position = d.position"
	" where d.board = $1 and d.position < coalesce($2::text::bigint, 9223372036854775807)"
	"  and ($3::int is null or d.state = $3) and ($4::int is null or d.received_on >= $4)"
	"  and ($5::int is null or d.received_on = $5) order by d.position desc limit $6 + 1";

static const struct output_column LIST_COLUMNS[] = {
	{ "received_on", "received", COLUMN_TEXT },
	{ "delivery_id", "delivery", COLUMN_TEXT },
	{ "kind", "kind", COLUMN_TEXT },
	{ "sequence", NULL, COLUMN_NUMBER },
	{ "state", NULL, COLUMN_TEXT },
	{ NULL, "state", COLUMN_TEXT },
	{ "dry_run", NULL, COLUMN_FLAG },
	{ "lines", NULL, COLUMN_NUMBER },
	{ "afgekeurd", NULL, COLUMN_NUMBER },
	{ "quarantaine", NULL, COLUMN_NUMBER },
	{ NULL, "failed", COLUMN_NUMBER },
	{ "replays", NULL, COLUMN_NUMBER },
	{ "committed_at", NULL, COLUMN_TEXT },
	{ "basis", "let in as", COLUMN_TEXT },
	{ "party", NULL, COLUMN_TEXT },
	{ "sender", NULL, COLUMN_TEXT },
	{ "position", NULL, COLUMN_TEXT },
};

static void copy_text(struct slice text, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%.*s", (int)text.n, text.n > 0 ? text.p : "");
}

/* The last time that the volgnummer was set back (specification 7.6), and how often it was. */
static const char SET_BACK_SQL[] =
	"select s.sequence_before, s.sequence, coalesce(" CTL_SQL_TIME("a.at") ", '?'), coalesce(a.who, '?'),"
	"  coalesce(a.reason, '?'), count(*) over ()"
	" from register.set_back s left join register.access a on a.request_id = s.request_id"
	" where s.board = $1 and s.executed order by s.position desc limit 1";

static void show_set_back(const struct pg_rows *rows, uint32_t board)
{
	char at[TIME_BYTES], who[NAME_BYTES], why[REASON_BYTES];
	int64_t times = pg_get_i64(rows, 0, 5);

	copy_text(pg_get_bytes(rows, 0, 2), at, sizeof at);
	copy_text(pg_get_bytes(rows, 0, 3), who, sizeof who);
	copy_text(pg_get_bytes(rows, 0, 4), why, sizeof why);
	fprintf(stderr, "instroomctl: the volgnummer was set back from %lld to %lld at %s by %s: %s\n",
		(long long)pg_get_i64(rows, 0, 0), (long long)pg_get_i64(rows, 0, 1), at, LOG_QUOTED(who),
		LOG_QUOTED(why));
	if (times > 1)
		fprintf(stderr, "instroomctl: the last of %lld times: instroomctl volgnummer list %05u\n",
			(long long)times, board);
}

static int tell_set_back(struct pg_link *link, uint32_t board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = pg_exec(link, NULL, SET_BACK_SQL, &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) > 0)
		show_set_back(rows, board);
	return rc;
}

/* Who undid a delivery, and why; id NULL: how many of the board's were. */
static int tell_undone(struct pg_link *link, uint32_t board, const char *id, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	char at[TIME_BYTES], who[NAME_BYTES], why[REASON_BYTES];
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	question_add_text(&params, id);
	int rc = pg_exec(link, NULL,
			 "select distinct on (position) " CTL_SQL_TIME(
				 "started_at") ", started_by, reason from register.undo where board = $1"
					       " and delivery_id = coalesce($2, delivery_id) and state <> 'planned'"
					       " order by position, number desc",
			 &params, &rows, NULL, err);

	if (rc != 0 || pg_rows_count(rows) == 0)
		return rc;
	if (!id) {
		fprintf(stderr, "instroomctl: %zu deliveries were undone: instroomctl undo list %05u\n",
			pg_rows_count(rows), board);
		return 0;
	}
	copy_text(pg_get_bytes(rows, 0, 0), at, sizeof at);
	copy_text(pg_get_bytes(rows, 0, 1), who, sizeof who);
	copy_text(pg_get_bytes(rows, 0, 2), why, sizeof why);
	fprintf(stderr, "instroomctl: it was undone at %s by %s: %s\n", at, LOG_QUOTED(who), LOG_QUOTED(why));
	return 0;
}

static bool is_position(const char *text)
{
	int64_t position;

	return num_parse_i64(slice_of(text), 0, INT64_MAX, &position);
}

int run_deliveries(struct ctl *ctl)
{
	const char *after = ctl->options[OPTION_AFTER], *state = ctl->options[OPTION_STATE];
	struct question question = { LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS), LIST_SQL, false, PAGE_ROWS };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	int32_t since = 0, day = 0;
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	if (!question_limit(ctl, PAGE_ROWS, &question.limit) || (after && !is_position(after)))
		return ctl_usage("--limit is a number of rows, --after the position that a page ended with");
	if (!question_day(ctl, OPTION_SINCE, &since) || !question_day(ctl, OPTION_DAY, &day))
		return ctl_usage("a day is EEJJ-MM-DD, by ontvangen_op");
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	question_add_text(&params, after);
	question_add_day(&params, !state ? 0 : strcmp(state, "wacht") == 0 ? DELIVERY_WACHT : DELIVERY_VERWERKT);
	question_add_day(&params, since);
	question_add_day(&params, day);
	pg_add_i64(&params, question.limit);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = question_answer(ctl, link, &question, &params, NULL, &err);
	if (rc == 0)
		rc = tell_set_back(link, board, &err);
	if (rc == 0)
		rc = tell_undone(link, board, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- delivery ---- */

static const char ONE_SQL[] =
	"select " CTL_SQL_BOARD("d.board") ", d.delivery_id, " STATE_NAME ", " KIND_NAME ", d.dry_run, d.sequence,"
	"  " CTL_SQL_DAY("d.extraction_date") ", " CTL_SQL_DAY("d.received_on") ","
	"  ((d.position >> 40) & 4095)::int, d.position & 1099511627775, $3::text, " CTL_SQL_TIME("d.committed_at") ","
	"  encode(d.reference_version, 'hex'), encode(d.fingerprint, 'hex'),"
	"  d.lines, d.afgekeurd, d.quarantaine, d.lapsed, " REPLAYS ", r.job::text, " CTL_SQL_TIME("r.changed_at") ","
	"  r.who, c.executed,"
	"  case when c.executed is null then null else coalesce(a.who, e.sender || ', ' || e.basis, 'the board') end,"
	"  coalesce(m.basis, $4), case when m.basis is null then $5 else m.version::text end,"
	"  case when m.basis is null then $6 else m.party end, case when m.basis is null then $7 else m.sender end,"
	"  m.trace_id"
	" from register.delivery d left join register.admission m on m.position = d.position"
	" left join lateral (select x.job, x.changed_at, (select e.who from register.replay_event e where e.job = x.job"
	"     and e.what in ('start', 'resume') order by e.at limit 1) as who"
	"   from register.replay_change x where x.position = d.position order by x.attempt desc limit 1) r on true"
	" left join lateral (select executed, position from register.confirmation c where c.board = d.board"
	"   and c.delivery_id = d.delivery_id order by c.executed desc, c.position limit 1) c on true"
	" left join lateral (select who from register.access where board = d.board and what = 'confirm ' ||"
	" d.delivery_id"
	"   order by at limit 1) a on true"
	" left join register.admission e on e.position = c.position"
	" where d.board = $1 and d.delivery_id = $2 order by d.position limit 1";

static const struct output_column ONE_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },
	{ "delivery_id", "delivery", COLUMN_TEXT },
	{ "state", "state", COLUMN_TEXT },
	{ "kind", "kind", COLUMN_TEXT },
	{ "dry_run", "proef", COLUMN_FLAG },
	{ "sequence", "volgnummer", COLUMN_NUMBER },
	{ "extraction_date", "data of", COLUMN_TEXT },
	{ "received_on", "received on", COLUMN_TEXT },
	{ "partition", "partition", COLUMN_NUMBER },
	{ "offset", "offset", COLUMN_NUMBER },
	{ "received_at", "receipt", COLUMN_TEXT },
	{ "committed_at", "committed", COLUMN_TEXT },
	{ "reference_version", "reference", COLUMN_TEXT },
	{ "fingerprint", "fingerprint", COLUMN_TEXT },
	{ "lines", "lines", COLUMN_NUMBER },
	{ "afgekeurd", "afgekeurd", COLUMN_NUMBER },
	{ "quarantaine", "quarantaine", COLUMN_NUMBER },
	{ "lapsed", "lapsed", COLUMN_NUMBER },
	{ "replays", "replays", COLUMN_NUMBER },
	{ "replay_job", "last replay", COLUMN_TEXT },
	{ "replayed_at", "replayed at", COLUMN_TEXT },
	{ "replayed_by", "replayed by", COLUMN_TEXT },
	{ "confirmed", "confirmed", COLUMN_FLAG },
	{ "confirmed_by", "confirmed by", COLUMN_TEXT },
	{ "basis", "let in as", COLUMN_TEXT },
	{ "access_version", "by version", COLUMN_TEXT },
	{ "party", "party", COLUMN_TEXT },
	{ "sender", "sender", COLUMN_TEXT },
	{ "trace_id", "trace id", COLUMN_TEXT },
};
/* Of a delivery that is only in the raw log: the columns from the one on are not known, up to the last few. */
enum { ONE_FIRST_UNKNOWN = 15, ONE_ACCESS_COLUMNS = 5 };

/* What the log says of a delivery and the ledger does not; "": the log no longer holds it, or Kafka is away. */
struct receipt {
	char at[TIME_BYTES];
	char basis[16], version[24], party[32], sender[128];
};

static void time_text(int64_t ms, char ret[TIME_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	ret[0] = '\0';
	if (ms > 0 && gmtime_r(&seconds, &utc))
		snprintf(ret, TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
			 utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* A search in the raw log. */
struct search {
	uint32_t board;
	const char *id;
	const struct ctl *ctl;
	bool is_found;
};

static void output_or_absent(struct output *out, struct slice text)
{
	if (text.n > 0)
		output_text(out, text);
	else
		output_absent(out);
}

static void add_received(const struct search *search, const struct kafka_message *message,
			 const struct raw_headers *headers, struct output *out)
{
	char hex[HEX_BYTES] = "", day[11], at[TIME_BYTES];
	struct admission admission;

	output_board(out, search->board);
	output_text(out, headers->delivery_id);
	output_text(out, slice_of(delivery_state_name(DELIVERY_ONTVANGEN)));
	output_text(out, slice_of(delivery_kind_name(headers->delivery_kind)));
	output_flag(out, headers->is_dry_run);
	output_number(out, headers->sequence);
	date_to_iso(headers->extraction_date, day);
	output_text(out, slice_of(day));
	date_to_iso(headers->received_on, day);
	output_text(out, slice_of(day));
	output_number(out, message->partition);
	output_number(out, message->offset);
	time_text(message->timestamp_ms, at);
	output_text(out, slice_of(at));
	output_absent(out);
	num_to_hex(headers->reference_version, REFERENCE_VERSION_BYTES, hex);
	output_text(out, slice_of(hex));
	num_to_hex(headers->fingerprint, FINGERPRINT_BYTES, hex);
	output_text(out, slice_of(hex));
	output_number(out, headers->line_count);
	for (size_t i = ONE_FIRST_UNKNOWN; i < ARRAY_LEN(ONE_COLUMNS) - ONE_ACCESS_COLUMNS; i++)
		output_absent(out);
	admission_read(message->headers, message->header_count, &admission);
	output_or_absent(out, admission.access.basis);
	output_or_absent(out, admission.access.version);
	output_or_absent(out, admission.access.party);
	output_or_absent(out, admission.access.speaker);
	output_or_absent(out, admission.trace_id);
}

static int look_at(void *self, const struct kafka_message *message, struct err *err)
{
	struct search *search = self;
	CLEANUP(output_release) struct output out = { 0 };
	struct raw_headers headers;

	if (search->is_found || !raw_headers_read(message->headers, message->header_count, &headers) ||
	    headers.kind != RAW_DELIVERY || headers.board != search->board ||
	    !slice_equal_text(headers.delivery_id, search->id))
		return 0;
	search->is_found = true;
	output_init(&out, search->ctl->output, ONE_COLUMNS, ARRAY_LEN(ONE_COLUMNS));
	out.is_record = true;
	add_received(search, message, &headers, &out);
	return output_print(&out, stdout, err);
}

/* Between what the register has applied and the end of the board's partition. */
static int search_raw(struct ctl *ctl, struct pg_link *link, struct kafka_reader *reader, struct search *search,
		      struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct kafka_topic_range range = { 0 };
	const char *topic = ctl->config.topic.raw;
	struct pg_params params;
	int32_t partitions = 0;
	int rc = raw_log_partitions(ctl, link, &partitions, err);

	if (rc != 0)
		return rc;
	int32_t partition = partitioning_partition(search->board, partitions);

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(topic));
	pg_add_i32(&params, partition);
	rc = pg_exec(link, NULL, "select next_raw from register.cursor where topic = $1 and partition = $2", &params,
		     &rows, NULL, err);
	if (rc == 0)
		rc = kafka_reader_range(reader, topic, partition, CTL_WAIT_MS, &range, err);
	if (rc != 0 || pg_rows_count(rows) == 0)
		return rc;
	int64_t from = MAX(pg_get_i64(rows, 0, 0), range.low);

	return from < range.high ? topic_walk(reader, topic, partition, from, range.high, look_at, search, err) : 0;
}

static void read_receipt(struct ctl *ctl, struct kafka_reader *reader, int64_t position, struct receipt *ret)
{
	struct access_header access;
	enum topic_found found = TOPIC_GONE;
	struct kafka_message message;
	struct err unknown;

	if (topic_message_at(reader, ctl->config.topic.raw, log_position_partition(position),
			     log_position_offset(position), &found, &message, &unknown) != 0 ||
	    found != TOPIC_FOUND)
		return;
	time_text(message.timestamp_ms, ret->at);
	access_header_read(message.headers, message.header_count, &access);
	copy_text(access.basis, ret->basis, sizeof ret->basis);
	copy_text(access.version, ret->version, sizeof ret->version);
	copy_text(access.party, ret->party, sizeof ret->party);
	copy_text(access.speaker, ret->sender, sizeof ret->sender);
	kafka_message_drop(&message);
}

/* *ret_rows 0: the ledger does not have it. */
static int show_entered(struct ctl *ctl, struct pg_link *link, struct kafka_reader *reader, const struct search *search,
			size_t *ret_rows, struct err *err)
{
	const struct question question = { ONE_COLUMNS, ARRAY_LEN(ONE_COLUMNS), ONE_SQL, true, QUESTION_LIMIT_ANY };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct receipt receipt = { 0 };
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)search->board);
	pg_add_text(&params, slice_of(search->id));
	int rc = pg_exec(
		link, NULL,
		"select position from register.delivery where board = $1 and delivery_id = $2 order by position",
		&params, &rows, NULL, err);

	*ret_rows = rc == 0 ? pg_rows_count(rows) : 0;
	if (rc != 0 || *ret_rows == 0)
		return rc;
	if (reader)
		read_receipt(ctl, reader, pg_get_i64(rows, 0, 0), &receipt);
	for (const char *const *text = (const char *const[]){ receipt.at, receipt.basis, receipt.version, receipt.party,
							      receipt.sender, NULL };
	     *text; text++)
		question_add_text(&params, **text ? *text : NULL);
	return question_answer(ctl, link, &question, &params, NULL, err);
}

int run_delivery(struct ctl *ctl)
{
	struct search search = { .id = ctl->arguments[1], .ctl = ctl };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct kafka_reader *reader = NULL;
	struct err err = { 0 }, away = { 0 };
	size_t count = 0;

	if (!ctl_board(ctl->arguments[0], &search.board))
		return ctl_usage("a board number has 5 digits");
	int rc = ctl_connect(ctl, false, &link, &err);
	int kafka = rc == 0 ? kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &away) : 0;

	if (rc == 0)
		rc = show_entered(ctl, link, kafka == 0 ? reader : NULL, &search, &count, &err);
	if (rc == 0 && count == 0 && kafka != 0)
		rc = kafka, err = away;
	if (rc == 0 && count == 0)
		rc = search_raw(ctl, link, reader, &search, &err);
	if (rc == 0 && count == 0 && !search.is_found) /* it may have been entered between the two looks */
		rc = show_entered(ctl, link, reader, &search, &count, &err);
	if (rc == 0 && count == 0 && !search.is_found)
		rc = err_set(&err, ERR_DATA, "unknown",
			     "neither the ledger nor the log beyond it has a delivery %s of board %05u", search.id,
			     search.board);
	if (rc == 0)
		rc = tell_undone(link, search.board, search.id, &err);
	if (rc == 0 && count > 1)
		fprintf(stderr, "instroomctl: %zu deliveries have this id; this is the first\n", count);
	if (reader)
		kafka_reader_close(reader);
	return rc == 0 ? 0 : ctl_fail(&err);
}
