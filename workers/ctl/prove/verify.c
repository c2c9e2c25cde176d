/* verify: derives boards again from the log and compares them with the register that runs (design 6).
 *
 *   1. One snapshot of the register (repeatable read) for all of it; the wanted boards are chosen in it.
 *   2. Partition by partition verify_log derives those boards from the two logs, up to the snapshot's cursor.
 *   3. verify_compare puts each beside its rows; a board the log does not name must have none.
 *
 * No header: run_verify stands in prove_commands.h. */
#include "ctl/prove/prove_commands.h"

#include "base/num.h"
#include "ctl/prove/verify_compare.h"
#include "ctl/prove/verify_log.h"
#include "protocol/partitioning.h"

#include <stdlib.h>

struct verify {
	struct ctl *ctl;
	struct pg_link *link;
	bool *is_wanted; /* by board number */
	struct verify_log log;
	int64_t boards, refused;
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

static int compare_board(struct verify *verify, uint32_t number, struct err *err)
{
	struct verify_board none = { .number = number }, *board = verify->log.derived[number];
	int rc = verify_compare(verify->link, board ? board : &none, &verify->findings, err);

	verify->boards++;
	verify->refused += board ? board->refused : 0;
	verify_log_drop_board(&verify->log, number);
	return rc;
}

static int verify_partition(struct verify *verify, int32_t partition, struct err *err)
{
	if (!is_wanted_in(verify, partition))
		return 0;
	int rc = verify_log_derive(&verify->log, partition, err);

	for (uint32_t number = 0; rc == 0 && number < VERIFY_BOARDS; number++)
		if (verify->is_wanted[number] && partition_of(verify, number) == partition)
			rc = compare_board(verify, number, err);
	return rc;
}

/* ---- the command ---- */

static int want_boards(struct verify *verify, const char *board, const char *sample, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	uint64_t count = VERIFY_BOARDS;
	uint32_t number;

	if (board) {
		if (!ctl_board(board, &number))
			return err_set(err, ERR_DATA, "board", "a board number has 5 digits");
		verify->is_wanted[number] = true;
		return 0;
	}
	if (sample && (!num_parse_u64(slice_of(sample), VERIFY_BOARDS, &count) || count == 0))
		return err_set(err, ERR_DATA, "sample", "--sample is a number of boards");
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)count);
	int rc = pg_exec(verify->link, NULL, "select board from register.board order by random() limit $1", &params,
			 &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		verify->is_wanted[pg_get_i32(rows, i, 0)] = true;
	return rc;
}

static int open_verify(struct verify *verify, struct err *err)
{
	verify->is_wanted = calloc(VERIFY_BOARDS, sizeof *verify->is_wanted);
	if (!verify->is_wanted)
		return err_set(err, ERR_FATAL, "memory", "no memory for boards");
	int rc = ctl_connect(verify->ctl, false, &verify->link, err);

	if (rc == 0)
		/* the log is read meanwhile */
		rc = pg_script(verify->link, "set idle_in_transaction_session_timeout = 0", err);
	if (rc == 0)
		rc = pg_script(verify->link, "begin isolation level repeatable read read only", err);
	if (rc != 0)
		return rc;
	verify->log.ctl = verify->ctl;
	verify->log.link = verify->link;
	verify->log.is_wanted = verify->is_wanted;
	return verify_log_open(&verify->log, err);
}

static void close_verify(struct verify *verify)
{
	verify_log_close(&verify->log);
	pg_link_close(verify->link);
	free(verify->is_wanted);
}

static int print_sums(const struct verify *verify, struct err *err)
{
	static const struct output_column SUM_COLUMNS[] = { { "boards", NULL, COLUMN_NUMBER },
							    { "messages", NULL, COLUMN_NUMBER },
							    { "refused", NULL, COLUMN_NUMBER },
							    { "differences", NULL, COLUMN_NUMBER } };
	CLEANUP(output_release) struct output out = { 0 };

	if (verify->ctl->output == OUTPUT_TEXT) {
		printf("%lld boards derived from %lld messages: %lld differences%s\n", (long long)verify->boards,
		       (long long)verify->log.messages, (long long)verify->findings.count,
		       verify->refused > 0 ? "; teachers the register refused are taken as it says" : "");
		return 0;
	}
	output_init(&out, verify->ctl->output, SUM_COLUMNS, ARRAY_LEN(SUM_COLUMNS));
	out.is_record = true;
	output_number(&out, verify->boards);
	output_number(&out, verify->log.messages);
	output_number(&out, verify->refused);
	output_number(&out, verify->findings.count);
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

int run_verify(struct ctl *ctl)
{
	const char *board = ctl->options[OPTION_BOARD], *sample = ctl->options[OPTION_SAMPLE];
	struct verify verify = { .ctl = ctl, .findings.out = stdout };
	struct err err = { 0 };

	if (ctl_has(ctl, OPTION_BOARD) + ctl_has(ctl, OPTION_SAMPLE) + ctl_has(ctl, OPTION_ALL) != 1)
		return ctl_usage("verify wants one of --board N, --sample N, --all");
	if (ctl->output != OUTPUT_TEXT)
		verify.findings.out = stderr;
	verify.findings.shows_bsn = ctl_has(ctl, OPTION_WITH_BSN);
	int rc = verify.findings.shows_bsn ? record_look(ctl, &err) : 0;

	if (rc == 0)
		rc = open_verify(&verify, &err);

	if (rc == 0)
		rc = want_boards(&verify, board, sample, &err);
	for (int32_t partition = 0; rc == 0 && partition < verify.log.partitions; partition++)
		rc = verify_partition(&verify, partition, &err);
	if (rc == 0)
		rc = print_sums(&verify, &err);
	close_verify(&verify);
	if (rc != 0)
		return ctl_fail(&err);
	return verify.findings.count == 0 ? 0 : EXIT_ANSWER_IS_NO;
}
