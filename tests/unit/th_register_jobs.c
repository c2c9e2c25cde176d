/* register_jobs: every job that was taken comes back once with its own answer, whatever the threads do meanwhile; a
 * spell without the register ends; and closing leaves no thread at a job.
 *
 * The register is a fake: these names go before those of the libraries. */
#include "gateway/problem_store.h"
#include "gateway/register_jobs.h"
#include "gateway/access_publisher.h"
#include "gateway/gateway_metrics.h"
#include "render/contact_persons.h"
#include "render/terugmelding.h"
#include "render/stand.h"
#include "th.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ASKERS = 4, JOBS = 64, ANSWERS = 8000, BODY_BYTES_MAX = 64, WAIT_MS = 10000, SPELL_AT = 3000 };

struct pg_link {
	bool is_up;
	uint64_t questions; /* owner: one thread; ThreadSanitizer sees another */
	uint32_t locked;    /* the board of the change under way */
};

static _Atomic int asked;
static _Atomic bool lacks_right;  /* JOB_MIGHT and JOB_MANDATE_CHANGE: SQLSTATE 42501 of what served us before */
static _Atomic bool is_unaskable; /* whether a version is unpublished */
static _Atomic bool is_gone;	  /* the server */
static _Atomic bool is_crowded;	  /* it has no connection left for the thread of changes, which lost its own */
static _Atomic int crowded_out;	  /* how often */
static _Atomic uintptr_t changes_link;
static _Atomic bool has_no_standby; /* a COMMIT waits for one without end, and nothing else does */

int pg_link_open(const struct pg_options *options, struct pg_link **ret, struct err *err)
{
	(void)options, (void)err;
	*ret = calloc(1, sizeof **ret);
	return 0;
}

void pg_link_close(struct pg_link *link)
{
	free(link);
}

bool pg_link_is_up(const struct pg_link *link)
{
	return link->is_up;
}

/* Away once, at one question amid the others. */
int pg_link_connect(struct pg_link *link, struct err *err)
{
	link->questions++;
	if (atomic_load(&is_crowded) && (uintptr_t)link == atomic_load(&changes_link)) {
		link->is_up = false;
		atomic_fetch_add(&crowded_out, 1);
		return err_set(err, ERR_RETRY, "53300", "no connection left");
	}
	if (atomic_load(&is_gone)) {
		link->is_up = false;
		return err_set(err, ERR_RETRY, "th", "gone");
	}
	link->is_up = atomic_fetch_add(&asked, 1) != SPELL_AT;
	return link->is_up ? 0 : err_set(err, ERR_RETRY, "th", "away");
}

int pg_script(struct pg_link *link, const char *sql, struct err *err)
{
	(void)sql;
	link->questions++;
	link->is_up = link->is_up && !atomic_load(&is_gone);
	return link->is_up ? 0 : err_set(err, ERR_RETRY, "th", "gone");
}

int pg_ask(struct pg_link *link, const char *name, const char *sql, const char *columns, const struct pg_params *params,
	   struct pg_rows **ret, struct err *err)
{
	(void)columns, (void)params, (void)ret;
	if (name && strcmp(name, "record_access") == 0 && atomic_load(&has_no_standby))
		return err_set(err, ERR_RETRY, "57014", "a COMMIT that nobody confirms");
	return pg_script(link, sql, err);
}

static _Atomic int64_t unpublished = -1;

void gateway_metric_set(enum gateway_metric metric, int64_t v)
{
	TH_EXPECT(metric == METRIC_ACCESS_UNPUBLISHED);
	atomic_store(&unpublished, v);
}

int mandate_store_list(struct pg_link *link, uint32_t board, int32_t day, struct strbuf *out, struct err *err)
{
	(void)day;
	strbuf_add_printf(out, "%u", board);
	return pg_script(link, "list", err);
}

/* As pg_link does: the line is dropped. */
static int refuse_right(struct pg_link *link, struct err *err)
{
	link->is_up = false;
	return err_set(err, ERR_RETRY, "42501", "a grant is missing");
}

int mandate_store_might(struct pg_link *link, uint32_t board, const struct mandate_question *question, bool *ret,
			struct err *err)
{
	(void)board, (void)question;
	*ret = true;
	return atomic_load(&lacks_right) ? refuse_right(link, err) : pg_script(link, "might", err);
}

int mandate_store_change(struct pg_link *link, struct arena *arena, uint32_t board, const struct mandate_wish *wish,
			 const struct mandate_actor *actor, enum mandate_outcome *ret, struct strbuf *out,
			 struct err *err)
{
	(void)arena, (void)wish, (void)actor;
	*ret = MANDATE_MADE;
	if (atomic_load(&lacks_right))
		return refuse_right(link, err);
	strbuf_add_printf(out, "%u", board);
	return pg_script(link, "change", err);
}

int access_publisher_open(const struct access_publisher_options *options, struct access_publisher **ret,
			  struct err *err)
{
	(void)options, (void)err;
	*ret = malloc(1);
	return 0;
}

void access_publisher_close(struct access_publisher *publisher)
{
	free(publisher);
}

int access_publisher_is_behind(struct pg_link *link, bool *ret, struct err *err)
{
	*ret = true;
	atomic_store(&changes_link, (uintptr_t)link);
	return atomic_load(&is_unaskable) ? refuse_right(link, err) : pg_script(link, "behind", err);
}

int access_publisher_publish(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
			     struct err *err)
{
	(void)publisher, (void)arena;
	return pg_script(link, "publish", err);
}

int access_publisher_catch_up(struct access_publisher *publisher, struct pg_link *link, struct arena *arena,
			      bool *ret_tried, struct err *err)
{
	*ret_tried = true;
	return access_publisher_publish(publisher, link, arena, err);
}

int pg_begin(struct pg_link *link, struct err *err)
{
	return pg_script(link, "begin", err);
}

int contact_persons_lock(struct pg_link *link, uint32_t board, struct err *err)
{
	link->locked = board;
	return pg_script(link, "lock", err);
}

int contact_persons_digest(struct pg_link *link, uint32_t board, uint8_t ret[32], struct err *err)
{
	(void)board;
	memset(ret, 0, 32);
	return pg_script(link, "digest", err);
}

int contact_persons_read(struct pg_link *link, const uint8_t reading[16], struct strbuf *out, struct err *err)
{
	(void)reading;
	strbuf_add_printf(out, "%u", link->locked);
	return pg_script(link, "read", err);
}

int contact_persons_history(struct pg_link *link, const uint8_t reading[16], struct strbuf *out, struct err *err)
{
	return contact_persons_read(link, reading, out, err);
}

/* The number of a reading. */
struct slice pg_get_bytes(const struct pg_rows *rows, size_t row, int column)
{
	(void)rows, (void)row, (void)column;
	return slice_make("0123456789abcdef", 16);
}

bool pg_is_null(const struct pg_rows *rows, size_t row, int column)
{
	(void)rows, (void)row, (void)column;
	return false;
}

void pg_rows_free(struct pg_rows *rows)
{
	(void)rows;
}

int terugmelding_find(struct pg_link *link, uint32_t board, struct slice id,
		      struct terugmelding_found ret[TERUGMELDING_FOUND_MAX], size_t *ret_count, struct err *err)
{
	(void)id, (void)err;
	link->questions++;
	ret[0] = (struct terugmelding_found){ .position = board };
	*ret_count = 1;
	return 0;
}

/* Known with another fingerprint: those of uneven boards. */
int terugmelding_find_all(struct pg_link *link, const struct terugmelding_name *names, size_t count,
			  struct arena *arena, struct terugmelding_match **ret, size_t *ret_count, struct err *err)
{
	struct terugmelding_match *matches =
		arena_take(arena, count * sizeof *matches, _Alignof(struct terugmelding_match));

	if (!matches)
		return err_set(err, ERR_FATAL, "memory", "no memory");
	link->questions++;
	*ret_count = 0;
	for (size_t i = 0; i < count; i++)
		if (names[i].board % 2 == 1)
			matches[(*ret_count)++] =
				(struct terugmelding_match){ .name = i, .found = { .fingerprint = { 1 } } };
	*ret = matches;
	return 0;
}

int terugmelding_summary(struct pg_link *link, uint32_t board, int64_t position, struct arena *arena,
			 struct summary *ret, struct err *err)
{
	(void)link, (void)board, (void)position, (void)arena, (void)ret;
	return err_set(err, ERR_FATAL, "th", "not asked here");
}

/* Its text is the position. */
struct terugmelding_stream {
	int64_t position;
};

int terugmelding_stream_open(struct pg_link *link, uint32_t board, int64_t position, enum terugmelding_form form,
			     struct terugmelding_stream **ret, struct err *err)
{
	(void)board, (void)form, (void)err;
	link->questions++;
	*ret = malloc(sizeof **ret);
	TH_EXPECT(*ret);
	(*ret)->position = position;
	return 0;
}

void terugmelding_stream_sha256(const struct terugmelding_stream *stream, uint8_t ret[32])
{
	(void)stream;
	memset(ret, 0, 32);
}

void terugmelding_stream_free(struct terugmelding_stream *stream)
{
	free(stream);
}

int terugmelding_is_applied(struct pg_link *link, const char *topic, int32_t partition, int64_t offset, bool *ret,
			    struct err *err)
{
	(void)topic, (void)partition, (void)offset, (void)err;
	link->questions++;
	*ret = true;
	return 0;
}

int terugmelding_partitions(struct pg_link *link, const char *topic, int32_t *ret, struct err *err)
{
	(void)topic, (void)err;
	link->questions++;
	*ret = 12;
	return 0;
}

int terugmelding_confirmation(struct pg_link *link, uint32_t board, const uint8_t request_id[16],
			      struct confirmation_answer *ret, struct err *err)
{
	(void)board, (void)request_id, (void)err;
	link->questions++;
	*ret = (struct confirmation_answer){ .is_known = true, .is_executed = true, .lapsed = 7 };
	return 0;
}

int problem_list_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out, struct err *err)
{
	(void)query, (void)out, (void)err;
	link->questions++;
	return 0;
}

int problem_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out, bool *ret_is_found,
		  struct err *err)
{
	*ret_is_found = true;
	return problem_list_write(link, query, out, err);
}

int problem_store_add(struct pg_link *link, const struct problem_submission *submission,
		      char ret_reference[PROBLEM_REFERENCE_BYTES], bool *ret_is_new, struct err *err)
{
	(void)submission, (void)ret_reference, (void)ret_is_new, (void)err;
	link->questions++;
	return 0;
}

int problem_store_mail(struct pg_link *link, const struct problem_submission *submission, const char *reference,
		       bool *ret_has_sector, struct err *err)
{
	(void)submission, (void)reference, (void)err;
	link->questions++;
	*ret_has_sector = true;
	return 0;
}

int delivery_list_write(struct pg_link *link, const struct delivery_list *list, struct strbuf *out, struct err *err)
{
	(void)err;
	link->questions++;
	strbuf_add_printf(out, "%u", list->board);
	return 0;
}

int stand_find_waiting(struct pg_link *link, uint32_t board, struct slice id, enum stand_waiting *ret,
		       int64_t *ret_position, struct err *err)
{
	(void)board, (void)id, (void)err;
	link->questions++;
	*ret = WAITING_FOUND;
	*ret_position = 1;
	return 0;
}

int stand_write(struct pg_link *link, const struct stand_options *options, struct strbuf *out,
		int (*flush)(void *self, struct strbuf *out, struct err *err), void *self, struct err *err)
{
	link->questions++;
	strbuf_add_printf(out, "%u", options->board);
	return flush(self, out, err);
}

static const struct access_grant GRANT = { .basis = BASIS_OWN, .speaker = "token:x" };
static const struct trace NO_TRACE;
static const enum register_job_kind KINDS[] = { JOB_KNOWN,	  JOB_FEEDBACK_CSV,   JOB_STAND,       JOB_DELIVERIES,
						JOB_CONTACTS_SET, JOB_MANDATE_CHANGE, JOB_CONFIRMATION };

/* A job is the loop's, or that of the threads. */
struct slot {
	struct register_job job;
	bool is_out;
};

static struct slot slots[JOBS];
static uint32_t board_last;

static bool submit(struct register_jobs *jobs, struct slot *slot)
{
	board_last++;
	slot->job = (struct register_job){ .kind = KINDS[board_last % ARRAY_LEN(KINDS)],
					   .board = board_last / 4,
					   .has_bsn = board_last % 8 == 2,
					   .grant = &GRANT,
					   .trace = &NO_TRACE,
					   .has_position = board_last % 8 == 1,
					   .owner = slot };
	slot->is_out = register_jobs_submit(jobs, &slot->job);
	return slot->is_out;
}

static void check_answer(struct register_job *job)
{
	char own[16];

	snprintf(own, sizeof own, "%u", job->board);
	if (job->answer == JOB_AWAY) {
		TH_EXPECT(asked > SPELL_AT);
	} else if (job->answer == JOB_FAILED) {
		TH_EXPECT(atomic_load(&lacks_right));
	} else if (job->kind == JOB_KNOWN) {
		TH_EXPECT(job->answer == (job->board % 2 == 1 ? JOB_CLASH : JOB_UNKNOWN));
	} else if (job->kind == JOB_CONFIRMATION) {
		TH_EXPECT(job->answer == JOB_FOUND && job->confirmation.is_executed && job->confirmation.lapsed == 7);
	} else {
		TH_EXPECT(job->answer == JOB_FOUND);
		if (job->kind == JOB_FEEDBACK_CSV)
			TH_EXPECT(job->terugmelding->position == job->board);
		else
			TH_EXPECT(slice_equal_text(strbuf_slice(&job->body), own));
	}
	terugmelding_stream_free(job->terugmelding);
	job->terugmelding = NULL;
	strbuf_release(&job->body);
}

/* Number of answers that were waiting. */
static int take_answers(struct register_jobs *jobs)
{
	struct pollfd wait = { .fd = register_jobs_fd(jobs), .events = POLLIN };
	uint64_t wakes;
	int count = 0;

	TH_EXPECT(poll(&wait, 1, WAIT_MS) == 1);
	TH_EXPECT(read(wait.fd, &wakes, sizeof wakes) == sizeof wakes);
	for (struct register_job *next, *job = register_jobs_take(jobs); job; job = next, count++) {
		struct slot *slot = job->owner;

		next = job->next;
		TH_EXPECT(slot->is_out);
		slot->is_out = false;
		check_answer(job);
	}
	return count;
}

/* Of one job of this kind. */
static enum register_job_answer answer_to(struct register_jobs *jobs, enum register_job_kind kind)
{
	slots[0] = (struct slot){ .is_out = true };
	slots[0].job = (struct register_job){
		.kind = kind, .board = 4, .grant = &GRANT, .trace = &NO_TRACE, .owner = &slots[0]
	};
	TH_EXPECT(register_jobs_submit(jobs, &slots[0].job));
	TH_EXPECT(take_answers(jobs) == 1);
	return slots[0].job.answer;
}

/* A reading is shown to nobody without its row, and the register is not away for that: other questions are answered. */
static void check_unrecorded(const struct register_jobs_options *options)
{
	struct register_jobs *jobs;
	struct err err;

	TH_EXPECT(register_jobs_open(options, &jobs, &err) == 0);
	atomic_store(&has_no_standby, true);
	TH_EXPECT(answer_to(jobs, JOB_STAND) == JOB_AWAY);
	TH_EXPECT(register_jobs_is_up(jobs));
	TH_EXPECT(answer_to(jobs, JOB_DELIVERIES) == JOB_FOUND);
	atomic_store(&has_no_standby, false);
	TH_EXPECT(answer_to(jobs, JOB_STAND) == JOB_FOUND);
	register_jobs_close(jobs);
}

/* A question that lacks a right fails; others are answered, whoever repeats it. */
static void check_without_right(const struct register_jobs_options *options)
{
	struct register_jobs *jobs;
	struct err err;

	TH_EXPECT(register_jobs_open(options, &jobs, &err) == 0);
	atomic_store(&lacks_right, true);
	TH_EXPECT(answer_to(jobs, JOB_MIGHT) == JOB_FAILED);
	TH_EXPECT(answer_to(jobs, JOB_MANDATE_CHANGE) == JOB_FAILED);
	TH_EXPECT(register_jobs_is_up(jobs));
	TH_EXPECT(answer_to(jobs, JOB_DELIVERIES) == JOB_FOUND);
	atomic_store(&lacks_right, false);
	TH_EXPECT(answer_to(jobs, JOB_MANDATE_CHANGE) == JOB_FOUND);
	register_jobs_close(jobs);
}

static void wait_for_unpublished(int64_t wanted)
{
	for (int i = 0; i < WAIT_MS && atomic_load(&unpublished) != wanted; i++)
		usleep(1000);
	TH_EXPECT(atomic_load(&unpublished) == wanted);
}

/* What cannot be asked counts as unpublished, until it can. */
static void check_unaskable(const struct register_jobs_options *options)
{
	struct register_jobs *jobs;
	struct err err;

	atomic_store(&is_unaskable, true);
	atomic_store(&unpublished, 0);
	TH_EXPECT(register_jobs_open(options, &jobs, &err) == 0);
	wait_for_unpublished(1);
	atomic_store(&is_unaskable, false);
	wait_for_unpublished(0);
	register_jobs_close(jobs);
}

static bool has_come(bool (*is_there)(const struct register_jobs *jobs), const struct register_jobs *jobs)
{
	for (int i = 0; i < WAIT_MS && !is_there(jobs); i++)
		usleep(1000);
	return is_there(jobs);
}

static bool is_away(const struct register_jobs *jobs)
{
	return !register_jobs_is_up(jobs);
}

/* Nobody asks anything. The thread of changes without a connection shuts the register for nobody; a server that is gone
 * is noticed. */
static void check_unasked(const struct register_jobs_options *options)
{
	struct register_jobs *jobs;
	struct err err;

	atomic_store(&is_unaskable, true);
	atomic_store(&unpublished, 0);
	TH_EXPECT(register_jobs_open(options, &jobs, &err) == 0);
	wait_for_unpublished(1); /* its line is down */
	atomic_store(&is_unaskable, false);
	atomic_store(&is_crowded, true);
	for (int i = 0; i < WAIT_MS && atomic_load(&crowded_out) < 2; i++) {
		TH_EXPECT(register_jobs_is_up(jobs));
		usleep(1000);
	}
	usleep(1000);
	TH_EXPECT(atomic_load(&crowded_out) >= 2 && register_jobs_is_up(jobs));
	atomic_store(&is_gone, true);
	TH_EXPECT(has_come(is_away, jobs));
	atomic_store(&is_crowded, false);
	atomic_store(&is_gone, false);
	TH_EXPECT(has_come(register_jobs_is_up, jobs));
	register_jobs_close(jobs);
}

int main(void)
{
	struct hmac_key key;
	const struct register_jobs_options options = { .pg = { .connect_ms = 1000, .statement_ms = 5000 },
						       .raw_topic = "raw",
						       .stand_key = &key,
						       .access_topic = "access",
						       .threads = ASKERS,
						       .queue_max = JOBS,
						       .body_bytes_max = BODY_BYTES_MAX };
	struct register_jobs *jobs;
	struct err err;
	int answers = 0, out = 0;

	hmac_key_init(&key, slice_of("a key of the tests, 32 bytes or so"));

	TH_EXPECT(register_jobs_open(&options, &jobs, &err) == 0);
	while (answers < ANSWERS) {
		for (size_t i = 0; i < JOBS; i++)
			out += !slots[i].is_out && submit(jobs, &slots[i]);
		int taken = out > 0 ? take_answers(jobs) : 0;

		if (out == 0)
			usleep(1000); /* the register is away: until a trial */
		answers += taken;
		out -= taken;
	}
	TH_EXPECT(asked > SPELL_AT && register_jobs_is_up(jobs));
	register_jobs_close(jobs);
	for (size_t i = 0; i < JOBS; i++) { /* ours again, answered or not */
		slots[i].job.answer = JOB_FAILED;
		if (slots[i].is_out)
			strbuf_release(&slots[i].job.body);
	}
	check_unrecorded(&options);
	check_without_right(&options);
	check_unaskable(&options);
	check_unasked(&options);
	return EXIT_SUCCESS;
}
