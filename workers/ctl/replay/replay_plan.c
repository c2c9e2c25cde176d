#include "ctl/replay/replay_plan.h"

#include "base/num.h"
#include "base/random.h"
#include "ctl/base/raw_log.h"
#include "ctl/reference/reference_versions.h"
#include "ctl/replay/replay_commands.h"
#include "ctl/replay/replay_job.h"
#include "ctl/replay/replay_preview.h"
#include "model/date.h"
#include "model/delivery.h"
#include "render/json_build.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>

enum { RECORDS_BYTES_MAX = 1 << 20, FORESEEN_BYTES_MAX = 1024, SCOPE_BYTES = 512 };

static const char JOB_SQL[] =
	"insert into register.replay_job (id, planned_by, scope, reference, state, deliveries, lines, foreseen,"
	"  approval_needed)"
	" values ($1, $2, $3, $4, 'planned', $5, $6, $7, $8) returning approval_needed";

static const char ITEM_SQL[] =
	"insert into register.replay_item (job, position, attempt, reference_version, records, foreseen)"
	" values ($1, $2, $3, $4, $5, $6)";

/* A plan under way. */
struct plan {
	struct ctl *ctl;
	const struct replay_filter *filter;
	const char *scope;
	bool is_current; /* else each delivery's own reference version */
	struct pg_link *link;
	struct kafka_reader *reader;
	struct reference_versions *versions;
	struct replay_preview *preview;
	struct hmac_key key, key_before;
	uint8_t in_force[REFERENCE_VERSION_BYTES];
	uint8_t job[JOB_ID_BYTES];
	struct arena arena; /* of one delivery */
	struct replay_forecast forecast;
	bool needs_approval; /* as the register says, once the job is stored */
};

/* ---- one delivery ---- */

static int judge_target(struct plan *plan, const struct replay_target *target, const struct wire_delivery *original,
			const uint8_t *version, struct err *err)
{
	const struct reference *reference = NULL;
	struct wire_delivery lines;
	struct judged judged;
	int64_t back = 0;
	int rc = reference_versions_find(plan->versions, version, &reference, err);

	if (rc == 0 && !replay_cut(original, target->records, target->record_count, &plan->arena, &lines))
		rc = err_set(err, ERR_FATAL, "lines", "a delivery in the log has other lines than in the ledger");
	if (rc != 0)
		return rc;
	rc = raw_delivery_judge(&lines, reference, &plan->key, (const uint32_t *)target->records, &plan->arena, &judged,
				err);
	if (rc == 0)
		rc = replay_preview_add(plan->preview, target, &lines, &judged, &plan->forecast, &back, err);
	if (rc == 0 && back > 0 && plan->ctl->output == OUTPUT_TEXT)
		printf("  board %05u, delivery %.*s: %lld would come back\n", target->board,
		       (int)lines.header.delivery_id.n, lines.header.delivery_id.p, (long long)back);
	return rc;
}

/* What the forecast has more than before, by outcome. */
static void add_foreseen(struct strbuf *out, const struct replay_forecast *before, const struct replay_forecast *now)
{
	strbuf_init(out, FORESEEN_BYTES_MAX);
	pg_array_begin(out, PG_I32);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_array_add_i32(out, (int32_t)(now->outcomes[outcome] - before->outcomes[outcome]));
	pg_array_end(out, 0, OUTCOMES);
}

/* before: the forecast without this delivery. */
static int store_item(struct plan *plan, const struct replay_target *target, const uint8_t *version,
		      const struct replay_forecast *before, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf records, foreseen;
	struct pg_params params;

	strbuf_init(&records, RECORDS_BYTES_MAX);
	pg_array_begin(&records, PG_I32);
	for (size_t i = 0; i < target->record_count; i++)
		pg_array_add_i32(&records, target->records[i]);
	pg_array_end(&records, 0, (int32_t)target->record_count);
	add_foreseen(&foreseen, before, &plan->forecast);
	if (!strbuf_ok(&records) || !strbuf_ok(&foreseen))
		return err_set(err, ERR_FULL, "records", "a delivery has more lines than a plan can hold");
	pg_params_reset(&params);
	pg_add_uuid(&params, plan->job);
	pg_add_i64(&params, target->position);
	pg_add_i32(&params, target->attempt);
	pg_add_bytes(&params, slice_make(version, REFERENCE_VERSION_BYTES));
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&records));
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&foreseen));
	return pg_exec(plan->link, "replay_item", ITEM_SQL, &params, NULL, NULL, err);
}

static int plan_delivery(struct plan *plan, int64_t position, struct err *err)
{
	struct replay_target target;
	struct wire_delivery original;
	enum raw_found found = RAW_GONE;

	arena_reset(&plan->arena);
	int rc = replay_load(plan->link, plan->filter, position, &plan->arena, &target, err);

	if (rc != 0 || target.record_count == 0)
		return rc;
	rc = raw_log_read(plan->ctl, plan->reader, position, &plan->arena, &found, &original, err);
	if (rc != 0 && !kafka_reader_lacks_key(rc, err))
		return rc;
	found = rc != 0 ? RAW_UNREADABLE : found;
	if (found != RAW_FOUND) {
		bool is_gone = found == RAW_GONE;

		plan->forecast.gone_deliveries += is_gone;
		plan->forecast.gone_lines += is_gone ? (int64_t)target.record_count : 0;
		plan->forecast.unreadable_deliveries += !is_gone;
		plan->forecast.unreadable_lines += is_gone ? 0 : (int64_t)target.record_count;
		return 0;
	}
	const uint8_t *version = plan->is_current ? plan->in_force : target.reference_version;

	struct replay_forecast before = plan->forecast;

	rc = judge_target(plan, &target, &original, version, err);
	return rc != 0 ? rc : store_item(plan, &target, version, &before, err);
}

/* ---- the job ---- */

/* By our own settings; the register decides, and may want it where they do not. */
static bool asks_for_approval(const struct plan *plan)
{
	int64_t most = plan->ctl->config.replay_approval_lines;

	return most > 0 && plan->forecast.lines >= most;
}

static int store_job(struct plan *plan, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_drop) struct strbuf foreseen;
	struct pg_params params;

	strbuf_init(&foreseen, RECORDS_BYTES_MAX);
	pg_array_begin(&foreseen, PG_I32);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_array_add_i32(&foreseen, (int32_t)plan->forecast.outcomes[outcome]);
	pg_array_end(&foreseen, 0, OUTCOMES);
	pg_params_reset(&params);
	pg_add_uuid(&params, plan->job);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(plan->scope));
	pg_add_text(&params, slice_of(plan->is_current ? "current" : "original"));
	pg_add_i32(&params, (int32_t)plan->forecast.deliveries);
	pg_add_i32(&params, (int32_t)plan->forecast.lines);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&foreseen));
	pg_add_bool(&params, asks_for_approval(plan));
	int rc = pg_exec(plan->link, NULL, JOB_SQL, &params, &rows, NULL, err);

	if (rc == 0)
		plan->needs_approval = pg_get_bool(rows, 0, 0);
	return rc != 0 ? rc : replay_job_note(plan->link, plan->job, "plan", plan->scope, err);
}

/* One snapshot of the register for all of it. Planners wait for each other, as attempts are counted up, by a lock of
 * their own, taken before the snapshot: jobs that run meanwhile mark their items. */
static int make_plan(struct plan *plan, struct err *err)
{
	int64_t *positions = NULL;
	size_t count = 0;
	int rc = pg_script(plan->link, REPLAY_PLAN_LOCK_SQL, err);

	if (rc == 0)
		rc = replay_job_expire(plan->link, plan->ctl->config.replay_plan_keep_ms, err);
	if (rc == 0)
		rc = pg_script(plan->link, "begin isolation level repeatable read", err);

	if (rc == 0)
		rc = replay_find(plan->link, plan->filter, &plan->ctl->arena, &positions, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = stop_poll() == STOP_NONE ? plan_delivery(plan, positions[i], err)
					      : err_set(err, ERR_STOP, "stop", "stopped: nothing is planned");
	if (rc == 0 && plan->forecast.deliveries > 0)
		rc = store_job(plan, err);
	return rc != 0 ? rc : pg_script(plan->link, plan->forecast.deliveries > 0 ? "commit" : "rollback", err);
}

static int open_plan(struct plan *plan, struct err *err)
{
	if (plan->ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file",
			       "replay plan needs hmac.key.file, the validators' key");
	struct slice before = plan->ctl->config.hmac_old_key.bytes;
	bool has_before = before.n > 0;

	hmac_key_init(&plan->key, plan->ctl->config.hmac_key.bytes);
	if (has_before)
		hmac_key_init(&plan->key_before, before);
	int rc = arena_init(&plan->arena, (size_t)1 << 30, 64 << 20, err);

	if (rc == 0)
		rc = ctl_connect(plan->ctl, true, &plan->link, err);
	if (rc == 0)
		rc = ctl_check_key(plan->ctl, plan->link, plan->key.id, err);
	if (rc == 0)
		rc = replay_preview_open(plan->link, has_before ? &plan->key_before : NULL, &plan->preview, err);
	if (rc == 0)
		rc = kafka_reader_open(&plan->ctl->kafka, CTL_MESSAGE_BYTES_MAX, &plan->reader, err);
	if (rc == 0)
		rc = reference_versions_open(plan->ctl, plan->reader, &plan->versions, err);
	if (rc == 0 && plan->is_current)
		rc = reference_versions_in_force(plan->versions, plan->in_force, err);
	return rc;
}

static void close_plan(struct plan *plan)
{
	reference_versions_close(plan->versions);
	if (plan->reader)
		kafka_reader_close(plan->reader);
	replay_preview_close(plan->preview);
	pg_link_close(plan->link);
	arena_release(&plan->arena);
}

/* ---- printing ---- */

static const struct {
	const char *name;
	size_t offset;
	const char *words;
} LEFT_OUT[] = {
	{ "unreadable_deliveries", offsetof(struct replay_forecast, unreadable_deliveries),
	  "deliveries left out: this program cannot read their body either" },
	{ "unreadable_lines", offsetof(struct replay_forecast, unreadable_lines), "lines of those" },
	{ "gone_deliveries", offsetof(struct replay_forecast, gone_deliveries),
	  "deliveries left out: the log no longer holds them" },
	{ "gone_lines", offsetof(struct replay_forecast, gone_lines), "lines of those" },
	{ "brought_back", offsetof(struct replay_forecast, brought_back),
	  "teachers would come back though a newer VOLLEDIG no longer names them" },
};

static int64_t figure(const struct replay_forecast *forecast, size_t i)
{
	return *(const int64_t *)((const char *)forecast + LEFT_OUT[i].offset);
}

static void uuid_text(const uint8_t id[JOB_ID_BYTES], char out[JOB_TEXT_BYTES])
{
	char hex[2 * JOB_ID_BYTES];

	num_to_hex(id, JOB_ID_BYTES, hex);
	snprintf(out, JOB_TEXT_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static int print_json(const struct plan *plan, const char *job, struct err *err)
{
	json_t *json = json_object(), *outcomes = json_object();

	json_build_put(&json, "job", plan->forecast.deliveries > 0 ? json_string(job) : json_null());
	json_build_put(&json, "deliveries", json_integer(plan->forecast.deliveries));
	json_build_put(&json, "lines", json_integer(plan->forecast.lines));
	json_build_put(&json, "approval_needed", json_boolean(plan->needs_approval));
	json_build_put(&json, "teachers", json_integer(plan->forecast.teachers));
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		json_build_put(&outcomes, outcome_name((enum outcome)outcome),
			       json_integer(plan->forecast.outcomes[outcome]));
	json_build_put(&json, "foreseen", outcomes);
	for (size_t i = 0; i < ARRAY_LEN(LEFT_OUT); i++)
		json_build_put(&json, LEFT_OUT[i].name, json_integer(figure(&plan->forecast, i)));
	return output_print_json(json, err);
}

static void print_plan(const struct plan *plan, const char *job)
{
	if (plan->forecast.deliveries == 0)
		puts("nothing to replay");
	else
		printf("job %s: nothing is published yet\n%lld deliveries, %lld lines, %lld teachers, judged with %s; "
		       "they would be\n",
		       job, (long long)plan->forecast.deliveries, (long long)plan->forecast.lines,
		       (long long)plan->forecast.teachers,
		       plan->is_current ? "the reference data in force" : "the reference data of each delivery");
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		if (plan->forecast.outcomes[outcome] > 0)
			printf("  %-12s %7lld%s\n", outcome_name((enum outcome)outcome),
			       (long long)plan->forecast.outcomes[outcome],
			       outcome == OUTCOME_AFGEKEURD ? "  again" : "");
	for (size_t i = 0; i < ARRAY_LEN(LEFT_OUT); i++)
		if (figure(&plan->forecast, i) > 0)
			printf("%lld %s\n", (long long)figure(&plan->forecast, i), LEFT_OUT[i].words);
	if (plan->needs_approval)
		printf("another person has to approve it: instroomctl replay approve %.8s --reason TEXT\n", job);
}

int replay_make_plan(struct ctl *ctl, const struct replay_filter *filter, const char *scope, bool is_current)
{
	struct plan plan = { .ctl = ctl, .filter = filter, .scope = scope, .is_current = is_current };
	struct err err = { 0 };
	char job[JOB_TEXT_BYTES];

	int rc = random_fill(plan.job, sizeof plan.job, &err);

	if (rc == 0)
		rc = open_plan(&plan, &err);
	if (rc == 0)
		rc = make_plan(&plan, &err);
	uuid_text(plan.job, job);
	if (rc == 0 && ctl->output == OUTPUT_JSON)
		rc = print_json(&plan, job, &err);
	else if (rc == 0)
		print_plan(&plan, job);
	close_plan(&plan);
	if (rc != 0)
		return ctl_fail(&err);
	return plan.forecast.deliveries > 0 ? 0 : EXIT_ANSWER_IS_NO;
}

/* ---- the command ---- */

static bool take_date(const char *text, int32_t *ret)
{
	*ret = date_parse(slice_of(text));
	return *ret > 0;
}

/* Puts a piece of the scope in words behind the others. */
static void say(char scope[SCOPE_BYTES], const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(char scope[SCOPE_BYTES], const char *fmt, ...)
{
	size_t n = strlen(scope);
	va_list args;

	if (n > 0 && n < SCOPE_BYTES - 1)
		scope[n++] = ' ';
	va_start(args, fmt);
	vsnprintf(scope + n, SCOPE_BYTES - n, fmt, args);
	va_end(args);
}

/* 0, or the exit status of a usage error. argument: ID of --delivery BOARD ID. */
static int take_board(const struct ctl *ctl, const char *argument, struct replay_filter *filter,
		      char scope[SCOPE_BYTES])
{
	const char *delivery = ctl->options[OPTION_DELIVERY], *board = delivery ? delivery : ctl->options[OPTION_BOARD];

	if (!board)
		return 0;
	if (!ctl_board(board, &filter->board))
		return ctl_usage("a board number has 5 digits");
	filter->has_board = true;
	say(scope, "board %05u", filter->board);
	if (!delivery)
		return 0;
	if (!delivery_id_is_good(slice_of(argument)))
		return ctl_usage("%s is no leveringsid", argument);
	filter->delivery_id = argument;
	say(scope, "delivery %s", filter->delivery_id);
	return 0;
}

/* "12345,23456" or NULL. */
static bool take_left_out(const char *text, struct replay_filter *filter, char scope[SCOPE_BYTES])
{
	struct slice rest = text ? slice_of(text) : (struct slice){ 0 };
	char board[6];

	if (text && rest.n == 0)
		return false;
	while (rest.n > 0) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct slice one = slice_cut(&rest, comma ? (size_t)(comma - rest.p) : rest.n);

		snprintf(board, sizeof board, "%.*s", (int)MIN(one.n, sizeof board), one.p);
		if (one.n != sizeof board - 1 || filter->left_out_count == REPLAY_LEFT_OUT_MAX ||
		    !ctl_board(board, &filter->left_out[filter->left_out_count]))
			return false;
		filter->left_out_count++;
		rest = comma ? slice_from(rest, 1) : rest;
	}
	if (text)
		say(scope, "without %s", text);
	return true;
}

/* argument: ID of --delivery BOARD ID, TO of --period FROM TO. */
static int take_filter(const struct ctl *ctl, const char *argument, struct replay_filter *filter,
		       char scope[SCOPE_BYTES])
{
	const char *code = ctl->options[OPTION_CODE], *from = ctl->options[OPTION_PERIOD];
	int status = take_board(ctl, argument, filter, scope);

	if (status != 0)
		return status;
	if (code) {
		filter->rule = rule_of_code(slice_of(code));
		if (filter->rule == RULE_NONE)
			return ctl_usage("there is no code %s", code);
		say(scope, "code %s", rule_code(filter->rule));
	}
	if (from) {
		if (!take_date(from, &filter->from) || !take_date(argument, &filter->to))
			return ctl_usage("a period is two dates JJJJMMDD, of ontvangen_op");
		say(scope, "received %d to %d", filter->from, filter->to);
	}
	if (!take_left_out(ctl->options[OPTION_WITHOUT], filter, scope))
		return ctl_usage("--without is board numbers of 5 digits, with commas between them");
	filter->is_quarantine_only = ctl_has(ctl, OPTION_QUARANTINE);
	if (filter->is_quarantine_only)
		say(scope, "quarantine");
	return 0;
}

int run_replay_plan(struct ctl *ctl)
{
	bool has_delivery = ctl_has(ctl, OPTION_DELIVERY), has_board = ctl_has(ctl, OPTION_BOARD),
	     has_period = ctl_has(ctl, OPTION_PERIOD);
	struct replay_filter filter = { 0 };
	char scope[SCOPE_BYTES] = "";

	if (has_delivery && (has_board || has_period))
		return ctl_usage("--delivery stands alone: it names one delivery");
	if (ctl->argument_count != (has_delivery || has_period))
		return ctl_usage("--delivery wants BOARD ID, --period FROM TO; nothing else takes an argument");
	if (!has_delivery && !has_board && !has_period && !ctl_has(ctl, OPTION_CODE) &&
	    !ctl_has(ctl, OPTION_QUARANTINE))
		return ctl_usage("say what to replay: --delivery, --board, --code, --period or --quarantine");
	int status = take_filter(ctl, ctl->argument_count > 0 ? ctl->arguments[0] : NULL, &filter, scope);

	return status != 0 ? status : replay_make_plan(ctl, &filter, scope, replay_is_current(ctl));
}
