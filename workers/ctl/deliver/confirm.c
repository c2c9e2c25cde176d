/* confirm: shows who would lapse (specification 8.6), publishes a Confirm message and waits for the answer to it
 * (7.3).
 *
 * No header: run_confirm stands in deliver_commands.h. */
#include "ctl/deliver/deliver_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/random.h"
#include "ctl/base/publish.h"
#include "protocol/confirm_condition.h"
#include "protocol/raw_message.h"
#include "render/stand.h"
#include "render/terugmelding.h"
#include "wire/wire.h"

enum { CONFIRM_BYTES_MAX = 1 << 16, ROWS_BYTES_MAX = 512 << 20, POLL_MS = 10, ANSWER_MS_MAX = 60000 };

static int publish(struct ctl *ctl, struct pg_link *link, const struct wire_confirm *confirm, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf value;
	struct raw_message message;

	strbuf_init(&value, CONFIRM_BYTES_MAX);
	raw_message_of_confirm(&message, confirm, &value);
	return publish_raw(ctl, link, "the confirmation", &message, &value, err);
}

static int answer(const struct ctl *ctl, const struct confirmation_answer *made)
{
	static const struct output_column ANSWER_COLUMNS[] = { { "uitgevoerd", NULL, COLUMN_FLAG },
							       { "vervallen", NULL, COLUMN_NUMBER },
							       { "ontbrekenden_anders", NULL, COLUMN_FLAG } };
	CLEANUP(output_release) struct output out = { 0 };
	struct err err;

	if (made->has_other_absent)
		fputs("instroomctl: nothing is confirmed: others would lapse by now than --digest says\n", stderr);
	if (ctl->output == OUTPUT_TEXT) {
		printf("uitgevoerd: %s\n", made->is_executed ? "ja" : "nee");
		return made->has_other_absent;
	}
	output_init(&out, ctl->output, ANSWER_COLUMNS, ARRAY_LEN(ANSWER_COLUMNS));
	out.is_record = true;
	output_flag(&out, made->is_executed);
	output_number(&out, made->lapsed);
	output_flag(&out, made->has_other_absent);
	return output_print(&out, stdout, &err) == 0 ? made->has_other_absent : ctl_fail(&err);
}

static int print_rows(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)err;
	fwrite(out->p, 1, out->n, stdout); /* whether it got there is asked at the end of the program */
	strbuf_reset(out);
	return 0;
}

/* The rows of who would lapse. */
static int print_absent(struct ctl *ctl, struct pg_link *link, uint32_t board, int64_t delivery, struct err *err)
{
	struct stand_options stand = { .is_one_board = true, .board = board, .absent_of = delivery };
	struct hmac_key key;
	struct strbuf out;
	int rc = 0;

	if (ctl_has(ctl, OPTION_WITH_BSN)) {
		rc = ctl_record_access(link, "confirm --with-bsn", &board, NULL, err);
	} else if (ctl->config.stand_key.bytes.n < HMAC_KEY_BYTES_MIN) {
		rc = err_set(err, ERR_CONFIG, "stand.key.file", "pseudonyms need stand.key.file: or give --with-bsn");
	} else {
		hmac_key_init(&key, ctl->config.stand_key.bytes);
		stand.pseudonym_key = &key;
	}
	strbuf_init(&out, ROWS_BYTES_MAX);
	if (rc == 0)
		rc = stand_write(link, &stand, &out, print_rows, NULL, err);
	strbuf_release(&out);
	return rc;
}

/* Who would lapse at this moment: how many, their digest, and, as long as nothing is confirmed, their rows. */
static int show_absent(struct ctl *ctl, struct pg_link *link, uint32_t board, struct err *err)
{
	enum stand_waiting waiting;
	uint8_t sha256[CONDITION_DIGEST_BYTES];
	char digest[2 * CONDITION_DIGEST_BYTES + 1] = "";
	int64_t delivery;
	size_t count;
	int rc = stand_find_waiting(link, board, slice_of(ctl->arguments[1]), &waiting, &delivery, err);

	if (rc != 0)
		return rc;
	if (waiting != WAITING_FOUND) {
		fputs("instroomctl: no delivery of this id waits for a confirmation at this moment\n", stderr);
		return 0;
	}
	rc = stand_absent_sha256(link, board, delivery, sha256, &count, err);
	if (rc == 0 && !ctl_has(ctl, OPTION_REASON))
		rc = print_absent(ctl, link, board, delivery, err);
	if (rc != 0)
		return rc;
	num_to_hex(sha256, sizeof sha256, digest);
	fprintf(stderr, "instroomctl: %zu teachers would lapse at this moment, digest %s\n", count, digest);
	return 0;
}

static int confirm_and_wait(struct ctl *ctl, struct pg_link *link, struct wire_confirm *confirm,
			    struct confirmation_answer *ret, struct err *err)
{
	char what[64]; /* a leveringsid has at most 36 characters */
	int rc = random_fill(confirm->request_id, sizeof confirm->request_id, err);

	snprintf(what, sizeof what, "confirm %s", ctl->arguments[1]);
	if (rc == 0) /* who, for instroomctl delivery and audit */
		rc = ctl_record_act(link, what, &(uint32_t){ (uint32_t)confirm->board }, ctl->options[OPTION_REASON],
				    confirm->request_id, err);
	if (rc == 0)
		rc = publish(ctl, link, confirm, err);
	int64_t end_ms = clock_ms() + ANSWER_MS_MAX;

	while (rc == 0) {
		rc = terugmelding_confirmation(link, (uint32_t)confirm->board, confirm->request_id, ret, err);
		if (rc != 0 || ret->is_known || clock_ms() >= end_ms || !app_wait(POLL_MS))
			break;
	}
	if (rc == 0 && !ret->is_known)
		rc = err_set(err, ERR_RETRY, "waiting",
			     "the confirmation is in the log, but is not applied yet: is a writer running?");
	return rc;
}

int run_confirm(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *digest = ctl->options[OPTION_DIGEST], *reason = ctl->options[OPTION_REASON];
	uint8_t condition[CONDITION_DIGEST_BYTES];
	struct wire_confirm confirm = { 0 };
	struct confirmation_answer made = { 0 };
	struct err err = { 0 };
	uint32_t board;

	if (digest && !num_from_hex(slice_of(digest), condition, sizeof condition))
		return ctl_usage("--digest has %d hex digits", 2 * CONDITION_DIGEST_BYTES);
	if (!ctl_board(ctl->arguments[0], &board) || !delivery_id_is_good(slice_of(ctl->arguments[1]))) {
		fputs("instroomctl: no delivery has a board number or leveringsid of this form\n", stderr);
		return answer(ctl, &made); /* specification 14.11: as of any unknown delivery */
	}
	confirm.board = (int32_t)board;
	confirm.delivery_id = slice_of(ctl->arguments[1]);
	if (digest)
		confirm.condition = slice_make(condition, sizeof condition);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = show_absent(ctl, link, board, &err);
	if (rc == 0 && !reason) {
		fputs("instroomctl: nothing is confirmed: --reason TEXT confirms\n", stderr);
		return 1;
	}
	if (rc == 0)
		rc = confirm_and_wait(ctl, link, &confirm, &made, &err);
	return rc == 0 ? answer(ctl, &made) : ctl_fail(&err);
}
