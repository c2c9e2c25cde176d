/* verify: derives boards again from the log and compares them with the register that runs (design 6).
 *
 *   1. One snapshot of the register (repeatable read) for all of it; the wanted boards are chosen in it. --all wants
 *      those of the log, too.
 *   2. Partition by partition verify_log derives those boards from the two logs, or from a checkpoint and what came
 *      behind it (verify_checkpoint), up to the snapshot's cursor. A partition whose logs cannot tell is said to be
 *      unproven, and the others go on.
 *   3. The cursor is compared with the chain's end, and verify_compare puts each board beside its rows; a board the log
 *      does not name must have none.
 *   4. --repair puts right what differs, board by board (verify_repair), when its partition was compared.
 *   5. --all looks for rows that belong to no board at all, and --all and --board at the seals of contact persons.
 *
 * checkpoint make is the same over all boards, and leaves a checkpoint of each partition in which nothing differs.
 * checkpoint restore is --repair of an empty register: its cursors are moved to where the checkpoints end, and all that
 * is missing is written. A partition is parked until all its boards are in; then writers go on from there.
 *
 * No header: run_verify, run_checkpoint_make and run_checkpoint_restore stand in prove_commands.h. */
#include "ctl/prove/prove_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/prove/verify_checkpoint.h"
#include "ctl/prove/verify_compare.h"
#include "ctl/prove/verify_log.h"
#include "ctl/prove/verify_repair.h"
#include "protocol/partitioning.h"

#include <stdlib.h>
#include <unistd.h>

enum { SHOW_EVERY_MS = 200 };

/* Every board of which any row stands in the register. */
#define BOARDS_SQL                                                                                    \
	"select board from register.board union select board from register.teacher"                   \
	" union select board from register.teacher_history union select board from register.delivery" \
	" union select board from register.contact union select board from register.confirmation"     \
	" union select board from register.key_list union select board from register.feedback"        \
	" union select board from register.admission"

struct verify {
	struct ctl *ctl;
	struct pg_link *link;
	bool *is_wanted, *is_stored; /* by board number; stored: some table has a row of it */
	struct verify_log log;
	struct verify_checkpoints checkpoints;
	enum err_kind checkpoint_error;	   /* the first of a kind that ends a command; 0: none */
	int64_t boards, refused, unproven; /* the last are partitions */
	int64_t begun_ms, shown_ms;
	bool is_unknown; /* the board that was asked for: to the register, at least */
	bool repairs;
	bool restores; /* checkpoint restore: the differences are all there is, and nobody wants to read them */
	int64_t unrepaired;
	struct verify_repair repair;
	struct verify_findings findings;
};

/* ---- partitions ---- */

static int32_t partition_of(const struct verify *verify, uint32_t board)
{
	return partitioning_partition(board, verify->log.partitions);
}

static bool is_wanted_in(const struct verify *verify, int32_t partition)
{
	for (uint32_t board = 0; board < VERIFY_BOARDS; board++)
		if (verify->is_wanted[board] && partition_of(verify, board) == partition)
			return true;
	return false;
}

/* One that differs is repaired later, when all of its partition were compared; all others go. */
static int compare_board(struct verify *verify, uint32_t number, struct err *err)
{
	struct verify_board none = { .number = number }, *board = verify->log.derived[number];
	int64_t before = verify->findings.count;
	int rc = verify_compare(verify->link, board ? board : &none, partition_of(verify, number), &verify->findings,
				err);

	if (rc == 0 && board)
		rc = verify_checkpoint_add(&verify->checkpoints, board, err);
	verify->boards++;
	verify->refused += board ? board->refused : 0;
	verify->is_wanted[number] = verify->repairs && verify->findings.count > before;
	if (!verify->is_wanted[number])
		verify_log_drop_board(&verify->log, number);
	return rc;
}

static bool is_compared(const struct verify *verify, uint32_t number, int32_t partition)
{
	return verify->is_wanted[number] && (verify->is_stored[number] || verify->log.derived[number]) &&
	       partition_of(verify, number) == partition;
}

/* For a person who waits. */
static void show_progress(struct verify *verify, int32_t partition)
{
	int64_t now_ms = clock_ms(), took_ms = MAX(now_ms - verify->begun_ms, INT64_C(1)), done = partition + 1;

	if (!isatty(STDERR_FILENO) || (now_ms - verify->shown_ms < SHOW_EVERY_MS && done < verify->log.partitions))
		return;
	verify->shown_ms = now_ms;
	fprintf(stderr, "\r  partition %lld of %d, %lld messages, %lld/s, ready in %lld s   ", (long long)done,
		verify->log.partitions, (long long)verify->log.messages,
		(long long)(verify->log.messages * 1000 / took_ms),
		(long long)((verify->log.partitions - done) * took_ms / done / 1000));
	if (done == verify->log.partitions)
		fputs("\n", stderr);
}

static int derive_partition(struct verify *verify, int32_t partition, struct err *err)
{
	static const uint8_t NO_TIP[sizeof verify->log.tip];

	verify_log_begin_at(&verify->log, 0, 0, NO_TIP, NO_TIP);
	int rc = verify_checkpoint_start(&verify->checkpoints, &verify->log, partition, err);

	return rc == 0 ? verify_log_advance(&verify->log, partition, err) : rc;
}

/* The cursor's place is where verify begins and ends: what it says of that place is compared here, once all verdicts
 * below next_verdict were followed. A refill, an accepted loss, a rotated key, a set-back, a restore leave the three as
 * the chain has them: each goes on from the tip that stood (register.refill says which verdicts are none of it), by
 * verdicts of the log, or takes over what a checkpoint had followed. No --repair moves a cursor. */
static void compare_cursor(struct verify *verify, int32_t partition)
{
	const struct verify_log *log = &verify->log;
	const struct {
		const char *what;
		bool is_same;
	} WORDS[] = {
		{ "tip: another last verdict than the chain's",
		  memcmp(log->tip, log->register_tip, sizeof log->tip) == 0 },
		{ "digest: of another message than the chain's last",
		  memcmp(log->digest, log->register_digest, sizeof log->digest) == 0 },
		{ "next_raw: another than the chain's next message", log->chain_raw == log->next_raw },
	};

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (WORDS[i].is_same)
			continue;
		verify->findings.count++;
		verify->unrepaired++;
		if (verify->findings.out)
			fprintf(verify->findings.out, "partition %d, the register's cursor: %s\n", partition,
				WORDS[i].what);
	}
}

/* Restored, one with a board that is not in stays parked. */
static int repair_partition(struct verify *verify, int32_t partition, struct err *err)
{
	int64_t left = verify->repair.left;
	int rc = 0;

	for (uint32_t number = 0; rc == 0 && verify->repairs && number < VERIFY_BOARDS; number++)
		if (is_compared(verify, number, partition)) {
			rc = verify_repair_board(&verify->repair, number, partition, err);
			verify->is_wanted[number] = false;
		}
	return rc == 0 && verify->restores && verify->repair.left == left
		       ? verify_checkpoint_restored(&verify->log, verify->repair.link, partition, err)
		       : rc;
}

static int verify_partition(struct verify *verify, int32_t partition, struct err *err)
{
	int64_t before = verify->findings.count;

	if (!is_wanted_in(verify, partition))
		return 0;
	int rc = derive_partition(verify, partition, err);

	if (rc == 0)
		compare_cursor(verify, partition);
	if (rc == 0)
		rc = verify_checkpoint_begin(&verify->checkpoints, &verify->log, partition, err);
	for (uint32_t number = 0; rc == 0 && number < VERIFY_BOARDS; number++)
		if (is_compared(verify, number, partition))
			rc = compare_board(verify, number, err);
	if (rc == 0)
		rc = verify_checkpoint_end(&verify->checkpoints, verify->findings.count == before, err);
	return rc == 0 ? repair_partition(verify, partition, err) : rc;
}

/* A checkpoint that cannot be used is no reason either, nor a day key that is missing; the exit status tells of a
 * checkpoint's kind in the end. */
static bool is_of_partition(struct verify *verify, int rc, const struct err *err)
{
	bool is_of_checkpoint = strncmp(err->code, "checkpoint", strlen("checkpoint")) == 0;

	if (rc == -ERR_CONFIG && is_of_checkpoint && !verify->checkpoint_error)
		verify->checkpoint_error = ERR_CONFIG;
	return rc == -ERR_DATA || (rc == -ERR_CONFIG && is_of_checkpoint) || kafka_reader_lacks_key(rc, err);
}

/* What its logs do not tell is no reason to leave the others unproven; a server that is away is. */
static int try_partition(struct verify *verify, int32_t partition, struct err *err)
{
	struct err second;
	int rc = verify_partition(verify, partition, err);

	for (uint32_t number = 0; rc != 0 && number < VERIFY_BOARDS; number++)
		verify_log_drop_board(&verify->log, number);
	if (rc != 0 && verify_checkpoint_end(&verify->checkpoints, false, &second) != 0)
		return rc;
	show_progress(verify, partition);
	if (rc == 0 || !is_of_partition(verify, rc, err))
		return rc;
	fprintf(stderr, "instroomctl: partition %d is unproven: %s\n", partition, err->text);
	verify->unproven++;
	return 0;
}

/* ---- rows of no board ---- */

static const struct {
	const char *what, *sql;
	bool is_repaired; /* by --repair */
} STRAYS[] = {
	{ "findings of no delivery",
	  "select count(*) from register.finding f"
	  " where not exists (select from register.delivery d where d.position = f.position)",
	  true },
	{ "replays of no delivery",
	  "select count(*) from register.replay_change c"
	  " where not exists (select from register.delivery d where d.position = c.position)",
	  true },
	{ "rows of a number that no board can have",
	  "select count(*) from (" BOARDS_SQL ") b where board not between 0 and 99999", false },
};

static int look_for_strays(struct verify *verify, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(STRAYS); i++) {
		CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

		rc = pg_exec(verify->link, NULL, STRAYS[i].sql, NULL, &rows, NULL, err);
		if (rc != 0 || pg_get_i64(rows, 0, 0) == 0)
			continue;
		if (verify->findings.out)
			fprintf(verify->findings.out, "%lld %s\n", (long long)pg_get_i64(rows, 0, 0), STRAYS[i].what);
		verify->findings.count++;
		verify->unrepaired += !STRAYS[i].is_repaired;
	}
	return rc == 0 && verify->repairs ? verify_repair_strays(&verify->repair, err) : rc;
}

/* ---- contact persons ---- */

/* Those that were set stand in no log: their seals say how (0031-seals.sql). board NULL: of all. */
static int look_for_contacts(struct verify *verify, const char *board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	uint32_t number = 0;

	if (board && !ctl_board(board, &number))
		return err_set(err, ERR_FATAL, "board", "check_boards was not asked");
	pg_params_reset(&params);
	pg_add_i32(&params, board ? (int32_t)number : -1);
	int rc = pg_exec(verify->link, NULL,
			 "select board, number, what, is_final from register.contact_faults()"
			 " where $1 in (-1, board) order by board, number, what",
			 &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct slice what = pg_get_bytes(rows, i, 2);

		verify->findings.count++;
		verify->unrepaired += pg_get_bool(rows, i, 3);
		if (verify->findings.out)
			fprintf(verify->findings.out, "board %05d, contact persons, list %d: %.*s\n",
				pg_get_i32(rows, i, 0), pg_get_i32(rows, i, 1), (int)what.n, what.p);
	}
	return rc == 0 && verify->repairs ? verify_repair_contacts(&verify->repair, board ? (int32_t)number : -1, err)
					  : rc;
}

/* ---- the command ---- */

/* Marks those of the register, in a random order up to count. */
static int mark_stored(struct verify *verify, bool *marks, int32_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, count);
	int rc = pg_exec(verify->link, NULL,
			 "select board from (" BOARDS_SQL
			 ") b where board between 0 and 99999"
			 " order by random() limit $1",
			 &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		marks[pg_get_i32(rows, i, 0)] = true;
	return rc;
}

static int want_boards(struct verify *verify, const char *board, const char *sample, struct err *err)
{
	uint64_t count = 0;
	uint32_t number;
	int rc = mark_stored(verify, verify->is_stored, VERIFY_BOARDS, err);

	if (rc != 0)
		return rc;
	if (board) {
		if (!ctl_board(board, &number))
			return err_set(err, ERR_FATAL, "board", "check_boards was not asked");
		verify->is_unknown = !verify->is_stored[number];
		verify->is_wanted[number] = verify->is_stored[number] = true;
		return 0;
	}
	if (!sample) {
		memset(verify->is_wanted, true, VERIFY_BOARDS * sizeof *verify->is_wanted);
		return 0;
	}
	if (!num_parse_u64(slice_of(sample), VERIFY_BOARDS, &count))
		return err_set(err, ERR_FATAL, "sample", "check_boards was not asked");
	return mark_stored(verify, verify->is_wanted, (int32_t)count, err);
}

static const char SNAPSHOT_SQL[] = "begin isolation level repeatable read read only";

/* And a snapshot that sees them. */
static int restore_cursors(struct verify *verify, struct err *err)
{
	int rc = verify_checkpoints_restore(&verify->checkpoints, &verify->log, verify->repair.link, err);

	if (rc == 0)
		rc = pg_script(verify->link, "rollback", err);
	return rc == 0 ? pg_script(verify->link, SNAPSHOT_SQL, err) : rc;
}

static int open_verify(struct verify *verify, struct err *err)
{
	verify->is_wanted = calloc(VERIFY_BOARDS, sizeof *verify->is_wanted);
	verify->is_stored = calloc(VERIFY_BOARDS, sizeof *verify->is_stored);
	if (!verify->is_wanted || !verify->is_stored)
		return err_set(err, ERR_FATAL, "memory", "no memory for boards");
	int rc = ctl_connect(verify->ctl, false, &verify->link, err);

	if (rc == 0)
		/* the log is read meanwhile */
		rc = pg_script(verify->link, "set idle_in_transaction_session_timeout = 0", err);
	if (rc == 0)
		rc = pg_script(verify->link, SNAPSHOT_SQL, err);
	if (rc != 0)
		return rc;
	if (verify->repairs)
		rc = ctl_connect(verify->ctl, true, &verify->repair.link, err);
	if (rc != 0)
		return rc;
	verify->repair.log = &verify->log;
	verify->repair.reason = verify->ctl->options[OPTION_REASON];
	verify->repair.out = verify->ctl->output == OUTPUT_TEXT ? stdout : stderr;
	verify->log.keeps_feedback = verify->repairs || verify->checkpoints.to;
	verify->log.ctl = verify->ctl;
	verify->log.link = verify->link;
	verify->log.is_wanted = verify->is_wanted;
	rc = verify_log_open(&verify->log, err);
	if (rc == 0)
		rc = verify_checkpoints_open(&verify->checkpoints, &verify->log, err);
	return rc == 0 && verify->restores ? restore_cursors(verify, err) : rc;
}

static void close_verify(struct verify *verify)
{
	verify_checkpoints_close(&verify->checkpoints);
	verify_log_close(&verify->log);
	pg_link_close(verify->link);
	pg_link_close(verify->repair.link);
	free(verify->is_wanted);
	free(verify->is_stored);
}

static void print_checkpoints(const struct verify_checkpoints *checkpoints)
{
	if (checkpoints->used > 0)
		printf("; %lld partitions are derived from a checkpoint on", (long long)checkpoints->used);
	if (checkpoints->made > 0)
		printf("; %lld checkpoints were made", (long long)checkpoints->made);
	if (checkpoints->refused > 0)
		printf("; %lld partitions get none, and keep the one before", (long long)checkpoints->refused);
}

static int print_sums(const struct verify *verify, struct err *err)
{
	static const struct output_column SUM_COLUMNS[] = { { "boards", NULL, COLUMN_NUMBER },
							    { "messages", NULL, COLUMN_NUMBER },
							    { "refused", NULL, COLUMN_NUMBER },
							    { "differences", NULL, COLUMN_NUMBER },
							    { "unproven_partitions", NULL, COLUMN_NUMBER },
							    { "repaired_boards", NULL, COLUMN_NUMBER },
							    { "repaired_rows", NULL, COLUMN_NUMBER },
							    { "from_checkpoint", NULL, COLUMN_NUMBER },
							    { "checkpoints_made", NULL, COLUMN_NUMBER } };
	CLEANUP(output_release) struct output out = { 0 };

	if (verify->ctl->output == OUTPUT_TEXT) {
		printf("%lld boards derived from %lld messages: %lld differences", (long long)verify->boards,
		       (long long)verify->log.messages, (long long)verify->findings.count);
		print_checkpoints(&verify->checkpoints);
		if (verify->unproven > 0)
			printf("; %lld partitions are unproven", (long long)verify->unproven);
		if (verify->repairs)
			printf("; %lld rows of %lld boards %s", (long long)verify->repair.rows,
			       (long long)verify->repair.boards,
			       verify->repair.reason ? "were put right" : "would be put right: --reason does it");
		puts(verify->refused > 0 ? "; teachers the register refused are taken as it says" : "");
		return 0;
	}
	output_init(&out, verify->ctl->output, SUM_COLUMNS, ARRAY_LEN(SUM_COLUMNS));
	out.is_record = true;
	output_number(&out, verify->boards);
	output_number(&out, verify->log.messages);
	output_number(&out, verify->refused);
	output_number(&out, verify->findings.count);
	output_number(&out, verify->unproven);
	output_number(&out, verify->repair.reason ? verify->repair.boards : 0);
	output_number(&out, verify->repair.reason ? verify->repair.rows : 0);
	output_number(&out, verify->checkpoints.used);
	output_number(&out, verify->checkpoints.made);
	return output_print(&out, stdout, err);
}

/* Before the snapshot, which takes no rows. */
static int record_look(struct ctl *ctl, struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *text = ctl->options[OPTION_BOARD];
	uint32_t board = 0;
	int rc = ctl_connect(ctl, false, &link, err);

	return rc != 0 ? rc
		       : ctl_record_access(link, "verify --with-bsn", text && ctl_board(text, &board) ? &board : NULL,
					   NULL, err);
}

static bool is_well(const struct verify *verify)
{
	bool is_repaired = verify->repairs && verify->repair.reason && verify->unrepaired + verify->repair.left == 0;

	return (verify->findings.count == 0 || is_repaired) && verify->unproven == 0;
}

/* Every partition, rows of none, and the sums. */
static int prove(struct verify *verify, struct err *err)
{
	const char *board = verify->ctl->options[OPTION_BOARD], *sample = verify->ctl->options[OPTION_SAMPLE];
	int rc = open_verify(verify, err);

	if (rc == 0)
		rc = want_boards(verify, board, sample, err);
	verify->begun_ms = clock_ms();
	for (int32_t partition = 0; rc == 0 && partition < verify->log.partitions; partition++)
		rc = try_partition(verify, partition, err);
	if (rc == 0 && !board && !sample)
		rc = look_for_strays(verify, err);
	if (rc == 0 && !sample && !verify->restores)
		rc = look_for_contacts(verify, board, err);
	return rc;
}

static int run(struct verify *verify)
{
	const char *dir = verify->ctl->config.checkpoint_dir;
	struct err err = { 0 };
	int64_t removed;

	if (verify->restores)
		verify->findings.out = NULL;
	else if (verify->ctl->output != OUTPUT_TEXT)
		verify->findings.out = stderr;
	verify->checkpoints.from = dir[0] ? dir : NULL;
	verify->checkpoints.is_asked = verify->restores || ctl_has(verify->ctl, OPTION_FROM_CHECKPOINT);
	int rc = verify->findings.shows_bsn ? record_look(verify->ctl, &err) : 0;

	if (rc == 0)
		rc = prove(verify, &err);
	if (rc == 0 && verify->checkpoints.to)
		rc = checkpoint_store_prune(dir, verify->ctl->config.checkpoint_keep, &removed, &err);
	if (rc == 0 && verify->is_unknown && verify->log.messages == 0) /* nothing was proved of it */
		fprintf(stderr, "instroomctl: neither register nor log has a board %s: is the number right?\n",
			verify->ctl->options[OPTION_BOARD]);
	if (rc == 0)
		rc = print_sums(verify, &err);
	close_verify(verify);
	if (rc != 0)
		return ctl_fail(&err);
	if (verify->checkpoint_error)
		return exit_status_of(-(int)verify->checkpoint_error, &(struct err){ .kind = ERR_CONFIG });
	return is_well(verify) ? 0 : EXIT_ANSWER_IS_NO;
}

/* "--from-checkpoint needs .." */
static int need_folder(const struct ctl *ctl, const char *what)
{
	return ctl->config.checkpoint_dir[0] ? 0 : ctl_usage("%s needs the setting checkpoint.dir", what);
}

/* 1 would say that something differs. */
static int check_boards(const char *board, const char *sample)
{
	uint64_t count;
	uint32_t number;

	if (board && !ctl_board(board, &number))
		return ctl_usage("a board number has 5 digits");
	if (sample && (!num_parse_u64(slice_of(sample), VERIFY_BOARDS, &count) || count == 0))
		return ctl_usage("--sample is a number of boards, 1 to %d", VERIFY_BOARDS);
	return 0;
}

int run_verify(struct ctl *ctl)
{
	struct verify verify = { .ctl = ctl, .findings.out = stdout, .checkpoints.lock = -1 };

	if (ctl_has(ctl, OPTION_BOARD) + ctl_has(ctl, OPTION_SAMPLE) + ctl_has(ctl, OPTION_ALL) != 1)
		return ctl_usage("verify wants one of --board N, --sample N, --all");
	if (ctl_has(ctl, OPTION_REASON) && (!ctl_has(ctl, OPTION_REPAIR) || !ctl->options[OPTION_REASON][0]))
		return ctl_usage("--reason says why --repair is to be done");
	int usage = check_boards(ctl->options[OPTION_BOARD], ctl->options[OPTION_SAMPLE]);

	if (usage == 0 && ctl_has(ctl, OPTION_FROM_CHECKPOINT))
		usage = need_folder(ctl, "--from-checkpoint");
	verify.repairs = ctl_has(ctl, OPTION_REPAIR);
	verify.findings.shows_bsn = ctl_has(ctl, OPTION_WITH_BSN);
	return usage != 0 ? usage : run(&verify);
}

int run_checkpoint_make(struct ctl *ctl)
{
	struct verify verify = { .ctl = ctl, .findings.out = stdout, .checkpoints.lock = -1 };
	int usage = need_folder(ctl, "checkpoint make");

	verify.checkpoints.to = ctl->config.checkpoint_dir;
	return usage != 0 ? usage : run(&verify);
}

int run_checkpoint_restore(struct ctl *ctl)
{
	struct verify verify = { .ctl = ctl, .repairs = true, .restores = true, .checkpoints.lock = -1 };
	int usage = need_folder(ctl, "checkpoint restore");

	if (usage == 0 && !ctl->options[OPTION_REASON][0])
		return ctl_usage("--reason says why it is restored");
	return usage != 0 ? usage : run(&verify);
}
