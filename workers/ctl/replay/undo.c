/* undo: a delivery is undone by deliveries made from the history and the log (specification 7.7).
 *
 *   1. undo plan reads what the delivery changed and what it takes to have it as before, judges that by the reference
 *      data in force, shows it, and keeps its digests in register.undo. Nothing is delivered.
 *   2. undo approve, by another person, where it has many lines.
 *   3. undo start waits until the register is at the end of the board's partition, so that nothing it may have
 *      published before is unseen, and reads all again. Other digests than planned: the board delivered meanwhile,
 *      and it has to be planned again.
 *   4. Volgnummer, day and reference version are fixed in register.undo, then a MUTATIE and an INTREKKING go into the
 *      raw log, as far as each has lines. They are judged, written and answered as any delivery.
 *   5. Once the register has both, the undo is done. Lines that were not applied, as the reference data reject them or
 *      the board delivered in between, can be planned again: plan goes on with the next number.
 *
 * Killed behind 4, start goes on: what is in the ledger is not published again, and what is not is made of the same
 * lines, volgnummer and day, which is the same delivery. A delivery that the board makes between 3 and 4 stands before
 * these in the log: if its volgnummer is as high, its teachers stay as it has them. That it came is said.
 *
 * No header: the commands stand in replay_commands.h. */
#include "ctl/replay/replay_commands.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "ctl/base/applied_wait.h"
#include "ctl/base/publish.h"
#include "ctl/base/question.h"
#include "ctl/base/raw_log.h"
#include "ctl/reference/reference_versions.h"
#include "ctl/replay/approval.h"
#include "ctl/replay/undo_job.h"
#include "protocol/access_header.h"
#include "protocol/partitioning.h"
#include "protocol/raw_message.h"
#include "run/crash.h"

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 16 << 20, MESSAGE_BYTES_MAX = 48 << 20, WAITING = 2 };

struct undo {
	struct ctl *ctl;
	struct pg_link *link;
	struct kafka_reader *reader;
	struct reference_versions *versions;
	struct hmac_key key, stand_key;
	struct arena arena;
	struct undo_target target;
	struct undo_effect effect;
	struct undo_job job;
	uint8_t in_force[REFERENCE_VERSION_BYTES];
	bool has_changes;	   /* to deliver, or in the ledger already */
	int64_t rejected_teachers; /* of the changes, by the reference data in force */
};

/* ---- the delivery, and what it takes ---- */

static int find_delivery(struct undo *undo, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)undo->target.board);
	pg_add_text(&params, undo->target.id);
	int rc = pg_exec(undo->link, NULL,
			 "select position, dry_run, state from register.delivery where board = $1 and delivery_id = $2"
			 " order by position limit 1",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "unknown", "the ledger has no delivery of this id of board %05u",
			     undo->target.board);
	if (rc == 0 && pg_get_bool(rows, 0, 1))
		rc = err_set(err, ERR_DATA, "proef", "a proef changed nothing: there is nothing to undo");
	if (rc != 0)
		return rc;
	undo->target.position = pg_get_i64(rows, 0, 0);
	if (pg_get_i16(rows, 0, 2) == WAITING)
		fputs("instroomctl: it waits for a confirmation: who lapses by that is not undone by this\n", stderr);
	return 0;
}

/* One command at a time plans or starts an undo of a board, and nobody of it is erased meanwhile. */
static int lock_board(struct undo *undo, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)undo->target.board);
	return pg_exec(undo->link, NULL, "select pg_advisory_lock(" UNDO_LOCK_KEY_SQL("$1::int") ")", &params, NULL,
		       NULL, err);
}

static int set_keys(struct undo *undo, struct err *err)
{
	const struct ctl_config *config = &undo->ctl->config;

	if (config->hmac_key.bytes.n < HMAC_KEY_BYTES_MIN || config->stand_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file",
			       "undo needs hmac.key.file and stand.key.file, the keys of validators and gateways");
	hmac_key_init(&undo->key, config->hmac_key.bytes);
	hmac_key_init(&undo->stand_key, config->stand_key.bytes);
	return ctl_check_key(undo->ctl, undo->link, undo->key.id, err);
}

static int open_undo(struct ctl *ctl, struct undo *undo, struct err *err)
{
	int rc = arena_init(&undo->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	undo->ctl = ctl;
	undo->target.id = slice_of(ctl->arguments[1]);
	if (rc == 0)
		rc = ctl_connect(ctl, true, &undo->link, err);
	if (rc == 0)
		rc = set_keys(undo, err);
	if (rc == 0)
		rc = lock_board(undo, err);
	if (rc == 0)
		rc = find_delivery(undo, err);
	if (rc == 0)
		rc = undo_job_load(undo->link, undo->target.position, &undo->job, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &undo->reader, err);
	if (rc == 0)
		rc = reference_versions_open(ctl, undo->reader, &undo->versions, err);
	return rc == 0 ? reference_versions_in_force(undo->versions, undo->in_force, err) : rc;
}

static void close_undo(struct undo *undo)
{
	undo_effect_release(&undo->effect);
	reference_versions_close(undo->versions);
	if (undo->reader)
		kafka_reader_close(undo->reader);
	pg_link_close(undo->link);
	arena_release(&undo->arena);
}

static int read_effect(struct undo *undo, bool takes_later, struct err *err)
{
	const struct undo_source source = { .ctl = undo->ctl,
					    .link = undo->link,
					    .reader = undo->reader,
					    .key = &undo->key,
					    .arena = &undo->arena,
					    .position = undo->target.position,
					    .takes_later = takes_later };

	return undo_effect_read(&source, &undo->effect, err);
}

/* id: of DELIVERY_ID_BYTES_MAX + 1 bytes, borrowed by *ret. */
static void make_delivery(const struct undo *undo, enum undo_part_name name, char *id, struct wire_delivery *ret)
{
	const struct undo_part *part = &undo->effect.parts[name];
	const struct undo_job *job = &undo->job;
	bool is_second = name == UNDO_WITHDRAWALS && undo->has_changes;

	undo_job_delivery_id(job, undo->target.position, name, id);
	struct delivery_header header = { .id = slice_of(id),
					  .board = undo->target.board,
					  .kind = name == UNDO_CHANGES ? DELIVERY_MUTATIE : DELIVERY_INTREKKING,
					  .sequence = job->sequence + is_second,
					  .extraction_date = job->received_on };

	*ret = (struct wire_delivery){ .header = { .board = (int32_t)header.board,
						   .delivery_id = header.id,
						   .kind = (int32_t)header.kind,
						   .sequence = header.sequence,
						   .extraction_date = header.extraction_date,
						   .received_on = job->received_on,
						   .line_count = (int32_t)part->line_count },
				       .columns = slice_make(part->columns, part->column_count),
				       .cells = { .items = part->cells,
						  .count = part->line_count * part->column_count } };
	memcpy(ret->content_sha256, part->content_sha256, sizeof ret->content_sha256);
	memcpy(ret->header.reference_version, job->reference_version, sizeof ret->header.reference_version);
	delivery_fingerprint(&header, part->content_sha256, &undo->stand_key, ret->header.fingerprint);
}

/* ---- plan ---- */

static int judge_changes(struct undo *undo, struct err *err)
{
	const struct reference *reference = NULL;
	char id[DELIVERY_ID_BYTES_MAX + 1];
	struct wire_delivery delivery;
	struct judged judged;

	if (undo->effect.parts[UNDO_CHANGES].line_count == 0)
		return 0;
	make_delivery(undo, UNDO_CHANGES, id, &delivery);
	int rc = reference_versions_find(undo->versions, undo->in_force, &reference, err);

	if (rc == 0)
		rc = raw_delivery_judge(&delivery, reference, &undo->key, NULL, &undo->arena, &judged, err);
	for (size_t i = 0; rc == 0 && i < judged.group_count; i++)
		undo->rejected_teachers += !judged.groups[i].is_valid;
	return rc;
}

static int print_counts(const struct undo *undo, struct err *err)
{
	static const struct output_column COLUMNS_OF_PLAN[] = { { "what", NULL, COLUMN_TEXT },
								{ "teachers", "teachers", COLUMN_NUMBER },
								{ NULL, "what becomes of them", COLUMN_TEXT } };
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, undo->ctl->output, COLUMNS_OF_PLAN, ARRAY_LEN(COLUMNS_OF_PLAN));
	for (size_t fate = 0; fate < UNDO_FATES; fate++)
		if (undo->effect.fates[fate] > 0 || undo->ctl->output != OUTPUT_TEXT) {
			output_text(&out, slice_of(undo_fate_name((enum undo_fate)fate)));
			output_number(&out, undo->effect.fates[fate]);
			output_text(&out, slice_of(undo_fate_words((enum undo_fate)fate)));
		}
	if (undo->rejected_teachers > 0 || undo->ctl->output != OUTPUT_TEXT) {
		output_text(&out, slice_of("rejected"));
		output_number(&out, undo->rejected_teachers);
		output_text(&out, slice_of("of the first the reference data in force reject"));
	}
	return output_print(&out, stdout, err);
}

/* Under an audit row, which stands before anybody is shown. */
static int print_teachers(const struct undo *undo, struct err *err)
{
	static const struct output_column COLUMNS_OF_TEACHERS[] = { { "bsn", "bsn", COLUMN_TEXT },
								    { "what", "what", COLUMN_TEXT } };
	CLEANUP(output_release) struct output out = { 0 };
	int rc = ctl_record_access(undo->link, "undo plan --with-bsn", &undo->target.board, NULL, err);

	output_init(&out, undo->ctl->output, COLUMNS_OF_TEACHERS, ARRAY_LEN(COLUMNS_OF_TEACHERS));
	for (size_t i = 0; rc == 0 && i < undo->effect.teacher_count; i++) {
		output_text(&out, slice_of(undo->effect.teachers[i].bsn));
		output_text(&out, slice_of(undo_fate_name(undo->effect.teachers[i].fate)));
	}
	return rc == 0 ? output_print(&out, stdout, err) : rc;
}

static int64_t lines_of(const struct undo *undo)
{
	return (int64_t)(undo->effect.parts[UNDO_CHANGES].line_count + undo->effect.parts[UNDO_WITHDRAWALS].line_count);
}

/* By our own settings; the register decides, and may want it where they do not. */
static bool asks_for_approval(const struct undo *undo)
{
	int64_t most = undo->ctl->config.replay_approval_lines;

	return most > 0 && lines_of(undo) >= most;
}

static int plan(struct undo *undo, struct err *err)
{
	bool takes_later = ctl_has(undo->ctl, OPTION_ALSO_LATER);

	int rc = read_effect(undo, takes_later, err);

	if (rc == 0 && lines_of(undo) > 0)
		rc = undo_job_plan(undo->link, &undo->target, &undo->effect, takes_later, asks_for_approval(undo),
				   &undo->job, err);
	undo->job.received_on = clock_amsterdam_date(clock_wall_ms());
	if (rc == 0)
		rc = judge_changes(undo, err);
	if (rc == 0)
		rc = ctl_has(undo->ctl, OPTION_WITH_BSN) ? print_teachers(undo, err) : print_counts(undo, err);
	return rc;
}

int run_undo_plan(struct ctl *ctl)
{
	struct undo undo = { 0 };
	struct err err = { 0 };

	if (!ctl_board(ctl->arguments[0], &undo.target.board))
		return ctl_usage("a board number has 5 digits");
	int rc = open_undo(ctl, &undo, &err);

	if (rc == 0)
		rc = plan(&undo, &err);
	int64_t lines = rc == 0 ? lines_of(&undo) : 0;

	if (rc == 0 && lines == 0)
		fprintf(stderr, "instroomctl: there is nothing to undo%s\n",
			undo.job.state == UNDO_DONE ? " any more: it was undone already" : "");
	else if (rc == 0)
		fprintf(stderr,
			"instroomctl: plan %d: %lld lines, nothing is delivered yet: %sundo start %s %s --reason "
			"TEXT\n",
			undo.job.number, (long long)lines,
			undo.job.lacks_approval ? "another person has to undo approve it, then " : "",
			ctl->arguments[0], ctl->arguments[1]);
	close_undo(&undo);
	if (rc != 0)
		return ctl_fail(&err);
	return lines > 0 ? 0 : EXIT_ANSWER_IS_NO;
}

/* ---- approve ---- */

int run_undo_approve(struct ctl *ctl)
{
	struct undo undo = { .ctl = ctl, .target = { .id = slice_of(ctl->arguments[1]) } };
	struct err err = { 0 };
	int64_t number = 0;

	if (!ctl_board(ctl->arguments[0], &undo.target.board))
		return ctl_usage("a board number has 5 digits");
	if (ctl->argument_count > 2 && !num_parse_i64(slice_of(ctl->arguments[2]), 1, INT32_MAX, &number))
		return ctl_usage("a plan is the number that undo plan shows");
	int rc = ctl_connect(ctl, true, &undo.link, &err);

	if (rc == 0)
		rc = find_delivery(&undo, &err);
	if (rc == 0)
		rc = undo_job_approve(undo.link, undo.target.position, (int32_t)number, ctl->options[OPTION_REASON],
				      &err);
	pg_link_close(undo.link);
	if (rc != 0)
		return ctl_fail(&err);
	printf("approved: instroomctl undo start %s %s --reason TEXT\n", ctl->arguments[0], ctl->arguments[1]);
	return 0;
}

/* ---- start ---- */

/* Until the register has all that is in the board's partition now. */
static int catch_up(struct undo *undo, struct err *err)
{
	const char *topic = undo->ctl->config.topic.raw;
	struct kafka_topic_range range = { 0 };
	int32_t partitions = 0;
	int rc = raw_log_partitions(undo->ctl, undo->link, &partitions, err);

	if (rc != 0)
		return rc;
	int32_t partition = partitioning_partition(undo->target.board, partitions);

	rc = kafka_reader_range(undo->reader, topic, partition, CTL_WAIT_MS, &range, err);
	return rc == 0 ? applied_wait(undo->ctl, undo->link, partition, range.high, err) : rc;
}

/* Whether the ledger has it. A board may deliver under that id, too: ours is let in as beheer, and says what it
 * undoes. */
static int is_entered(struct undo *undo, enum undo_part_name part, bool *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	char id[DELIVERY_ID_BYTES_MAX + 1];
	struct pg_params params;

	undo_job_delivery_id(&undo->job, undo->target.position, part, id);
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)undo->target.board);
	pg_add_text(&params, slice_of(id));
	pg_add_text(&params, undo->target.id);
	int rc = pg_exec(undo->link, NULL,
			 "select 1 from register.delivery d join register.admission a on a.position = d.position"
			 " where d.board = $1 and d.delivery_id = $2 and a.basis = 'beheer'"
			 "  and a.sender = 'ongedaan-gemaakt:' || $3",
			 &params, &rows, NULL, err);

	*ret = rc == 0 && pg_rows_count(rows) > 0;
	return rc;
}

static int publish(struct undo *undo, enum undo_part_name name, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value;
	char id[DELIVERY_ID_BYTES_MAX + 1], speaker[64], access[ACCESS_HEADER_TEXT_BYTES];
	struct wire_delivery delivery;
	struct raw_message message;

	make_delivery(undo, name, id, &delivery);
	strbuf_init(&value, MESSAGE_BYTES_MAX);
	raw_message_of_delivery(&message, &delivery, &value);
	snprintf(speaker, sizeof speaker, "ongedaan-gemaakt:%.*s", (int)undo->target.id.n, undo->target.id.p);
	access_header_write(&(struct access_header){ .basis = slice_of("beheer"), .speaker = slice_of(speaker) },
			    access);
	raw_headers_add(&message.headers, ACCESS_HEADER_NAME, access);
	return publish_raw(undo->ctl, undo->link, "the undo", &message, &value, err);
}

static bool is_as_planned(const struct undo *undo, enum undo_part_name part)
{
	return memcmp(undo->effect.parts[part].digest, undo->job.digests[part], sizeof undo->job.digests[part]) == 0;
}

/* What was published before has its effect, and is not as planned any more. */
static int check_plan(struct undo *undo, const bool has_entered[UNDO_PARTS], struct err *err)
{
	for (int part = 0; part < UNDO_PARTS; part++)
		if (!has_entered[part] && !is_as_planned(undo, (enum undo_part_name)part))
			return err_set(err, ERR_DATA, "plan",
				       "the board delivered since it was planned, and other lines are needed by now: "
				       "run instroomctl undo plan again");
	return 0;
}

static int begin(struct undo *undo, struct err *err)
{
	const char *reason = undo->ctl->options[OPTION_REASON];
	char what[64]; /* a leveringsid has at most 36 characters */

	undo->job.received_on = clock_amsterdam_date(clock_wall_ms());
	memcpy(undo->job.reference_version, undo->in_force, sizeof undo->job.reference_version);
	snprintf(what, sizeof what, "undo %.*s", (int)undo->target.id.n, undo->target.id.p);
	int rc = pg_begin(undo->link, err);

	if (rc == 0)
		rc = ctl_record_act(undo->link, what, &undo->target.board, reason, NULL, err);
	if (rc == 0)
		rc = approval_explain(undo_job_start(undo->link, &undo->target, reason, &undo->job, err), err);
	if (rc == 0)
		rc = pg_script(undo->link, "commit", err);
	crash_point("undo.started");
	return rc;
}

/* ---- what came of it ---- */

static const char RESULT_SQL[] =
	"select d.delivery_id, case d.kind when 2 then 'MUTATIE' else 'INTREKKING' end, d.sequence, d.lines, d.nieuw,"
	"  d.gewijzigd, d.ongewijzigd, d.ingetrokken, d.verouderd + d.afgekeurd + d.quarantaine"
	" from register.undo u join register.delivery d on d.board = u.board"
	"  and d.delivery_id like 'HERSTEL-' || lpad(to_hex(u.position), 16, '0') || '-' || u.number || '_'"
	" join register.admission a on a.position = d.position and a.basis = 'beheer'"
	"  and a.sender = 'ongedaan-gemaakt:' || u.delivery_id"
	" where u.position = $1 and u.number = $2 order by d.position";

static const struct output_column RESULT_COLUMNS[] = {
	{ "delivery_id", "delivery", COLUMN_TEXT }, { "kind", "kind", COLUMN_TEXT },
	{ "sequence", NULL, COLUMN_NUMBER },	    { "lines", "lines", COLUMN_NUMBER },
	{ "nieuw", NULL, COLUMN_NUMBER },	    { "gewijzigd", NULL, COLUMN_NUMBER },
	{ "ongewijzigd", NULL, COLUMN_NUMBER },	    { "ingetrokken", NULL, COLUMN_NUMBER },
	{ "not_applied", "failed", COLUMN_NUMBER },
};

/* The board's own deliveries between the reading and ours, which the plan did not know. */
static int tell_between(struct undo *undo, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, undo->target.position);
	pg_add_i32(&params, undo->job.number);
	int rc = pg_exec(
		undo->link, NULL,
		"with ours as (select d.position, u.board, u.newest from register.undo u join register.delivery"
		"   d on d.board = u.board and d.delivery_id like 'HERSTEL-' || lpad(to_hex(u.position), 16, '0')"
		"   || '-' || u.number || '_' join register.admission a on a.position = d.position"
		"   and a.basis = 'beheer' and a.sender = 'ongedaan-gemaakt:' || u.delivery_id"
		"   where u.position = $1 and u.number = $2)"
		" select count(distinct d.position) from ours o join register.delivery d on d.board = o.board"
		"  and d.position > o.newest and d.position < o.position and not d.dry_run"
		"  and d.position not in (select position from ours)",
		&params, &rows, NULL, err);

	if (rc == 0 && pg_get_i64(rows, 0, 0) > 0)
		fprintf(stderr,
			"instroomctl: %lld deliveries of the board came in between, which the plan did not know: "
			"look at them\n",
			(long long)pg_get_i64(rows, 0, 0));
	return rc;
}

static int show_result(struct undo *undo, struct err *err)
{
	const struct question question = { RESULT_COLUMNS, ARRAY_LEN(RESULT_COLUMNS), RESULT_SQL, false,
					   QUESTION_LIMIT_ANY };
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, undo->target.position);
	pg_add_i32(&params, undo->job.number);
	int rc = question_answer(undo->ctl, undo->link, &question, &params, NULL, err);

	return rc == 0 ? tell_between(undo, err) : rc;
}

static int start(struct undo *undo, struct err *err)
{
	bool has_entered[UNDO_PARTS] = { false };
	int rc = catch_up(undo, err);

	for (int part = 0; rc == 0 && part < UNDO_PARTS && undo->job.state == UNDO_STARTED; part++)
		rc = is_entered(undo, (enum undo_part_name)part, &has_entered[part], err);
	if (rc == 0)
		rc = read_effect(undo, undo->job.takes_later, err);
	undo->has_changes = has_entered[UNDO_CHANGES] || undo->effect.parts[UNDO_CHANGES].line_count > 0;
	if (rc == 0)
		rc = check_plan(undo, has_entered, err);
	if (rc == 0 && undo->job.state == UNDO_PLANNED)
		rc = begin(undo, err);
	for (int part = 0; rc == 0 && part < UNDO_PARTS; part++)
		if (!has_entered[part] && undo->effect.parts[part].line_count > 0) {
			rc = publish(undo, (enum undo_part_name)part, err);
			crash_point("undo.published");
		}
	if (rc == 0)
		rc = catch_up(undo, err);
	return rc == 0 ? undo_job_end(undo->link, undo->target.position, undo->job.number, err) : rc;
}

int run_undo_start(struct ctl *ctl)
{
	struct undo undo = { 0 };
	struct err err = { 0 };

	if (!ctl_board(ctl->arguments[0], &undo.target.board))
		return ctl_usage("a board number has 5 digits");
	int rc = open_undo(ctl, &undo, &err);

	if (rc == 0 && undo.job.state == UNDO_NONE)
		rc = err_set(&err, ERR_DATA, "plan", "it is not planned: instroomctl undo plan %s %s",
			     ctl->arguments[0], ctl->arguments[1]);
	if (rc == 0 && undo.job.lacks_approval)
		rc = err_set(&err, ERR_DATA, "approval", "another person has to approve it: instroomctl undo approve");
	if (rc == 0 && undo.job.state == UNDO_DONE)
		fputs("instroomctl: it was undone before; nothing is done\n", stderr);
	else if (rc == 0)
		rc = start(&undo, &err);
	if (rc == 0)
		rc = show_result(&undo, &err);
	close_undo(&undo);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- list ---- */

static const char LIST_SQL[] =
	"select delivery_id, number, state, " CTL_SQL_TIME("planned_at") ", planned_by, approved_by, " CTL_SQL_TIME(
		"started_at") ", started_by, reason, left(reason, 20), teachers, lines, takes_later from register.undo"
			      " where board = $1 order by planned_at desc";

static const struct output_column LIST_COLUMNS[] = {
	{ "delivery_id", "delivery", COLUMN_TEXT },
	{ "plan", "plan", COLUMN_NUMBER },
	{ "state", "state", COLUMN_TEXT },
	{ "planned_at", NULL, COLUMN_TEXT },
	{ "planned_by", NULL, COLUMN_TEXT },
	{ "approved_by", NULL, COLUMN_TEXT },
	{ "started_at", NULL, COLUMN_TEXT },
	{ "started_by", NULL, COLUMN_TEXT },
	{ "reason", NULL, COLUMN_TEXT },
	{ NULL, "reason", COLUMN_TEXT },
	{ "teachers", NULL, COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },
	{ "also_later", NULL, COLUMN_FLAG },
};

int run_undo_list(struct ctl *ctl)
{
	const struct question question = { LIST_COLUMNS, ARRAY_LEN(LIST_COLUMNS), LIST_SQL, false, QUESTION_LIMIT_ANY };

	return question_run_board(ctl, &question);
}
