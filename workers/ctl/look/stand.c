/* stand: what the register holds, as CSV (specification 8.4).
 *
 * No header: run_stand stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "render/stand.h"

enum { OUT_BYTES_MAX = 512 << 20 };

static int print_rows(void *self, struct strbuf *out, struct err *err)
{
	(void)self;
	if (fwrite(out->p, 1, out->n, stdout) != out->n)
		return err_set(err, ERR_FATAL, "stdout", "the output could not be written whole: is the disk full?");
	strbuf_reset(out);
	return 0;
}

int run_stand(struct ctl *ctl)
{
	const char *board = ctl->options[OPTION_BOARD];
	bool is_all = ctl_has(ctl, OPTION_ALL), has_bsn = ctl_has(ctl, OPTION_WITH_BSN);
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct stand_options stand = { 0 };
	struct hmac_key key;
	struct strbuf out;
	struct err err = { 0 };

	if (is_all == (board != NULL) || (board && !ctl_board(board, &stand.board)))
		return ctl_usage("stand wants either --all or --board with a number of 5 digits");
	if (!has_bsn && ctl->config.stand_key.bytes.n == 0)
		return ctl_usage("a pseudonym needs the setting stand.key.file");
	stand.is_one_board = !is_all;
	if (!has_bsn) {
		hmac_key_init(&key, ctl->config.stand_key.bytes);
		stand.pseudonym_key = &key;
	}
	strbuf_init(&out, OUT_BYTES_MAX);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0 && has_bsn)
		rc = ctl_record_access(link, "stand --with-bsn", is_all ? NULL : &stand.board, NULL, &err);
	if (rc == 0)
		rc = stand_write(link, &stand, &out, print_rows, NULL, &err);
	strbuf_release(&out);
	return rc == 0 ? 0 : ctl_fail(&err);
}
