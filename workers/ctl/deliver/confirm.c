/* confirm: publishes a Confirm message and waits for the answer to it (specification 7.3).
 *
 * No header: run_confirm stands in deliver_commands.h. */
#include "ctl/deliver/deliver_commands.h"

#include "base/clock.h"
#include "base/random.h"
#include "ctl/base/publish.h"
#include "render/terugmelding.h"
#include "protocol/raw_message.h"
#include "wire/wire.h"

enum { CONFIRM_BYTES_MAX = 1 << 16, POLL_MS = 10, ANSWER_MS_MAX = 60000 };

static int publish(struct ctl *ctl, const struct wire_confirm *confirm, struct err *err)
{
	struct raw_message message;
	struct strbuf value;

	strbuf_init(&value, CONFIRM_BYTES_MAX);
	raw_message_of_confirm(&message, confirm, &value);
	int rc = strbuf_check(&value, "the confirmation", err);

	if (rc == 0)
		rc = publish_one(ctl,
				 &(struct publish_message){ .what = "the confirmation",
							    .topic = ctl->config.topic.raw,
							    .partition = KAFKA_ANY_PARTITION,
							    .key = message.key,
							    .value = message.value,
							    .headers = message.headers.items,
							    .header_count = message.headers.count },
				 err);
	strbuf_release(&value);
	return rc;
}

static int answer(const struct ctl *ctl, bool is_executed, int32_t lapsed)
{
	static const struct output_column ANSWER_COLUMNS[] = { { "uitgevoerd", NULL, COLUMN_FLAG },
							       { "vervallen", NULL, COLUMN_NUMBER } };
	CLEANUP(output_release) struct output out = { 0 };
	struct err err;

	if (ctl->output == OUTPUT_TEXT) {
		printf("uitgevoerd: %s\n", is_executed ? "ja" : "nee");
		return 0;
	}
	output_init(&out, ctl->output, ANSWER_COLUMNS, ARRAY_LEN(ANSWER_COLUMNS));
	out.is_record = true;
	output_flag(&out, is_executed);
	output_number(&out, lapsed);
	return output_print(&out, stdout, &err) == 0 ? 0 : ctl_fail(&err);
}

int run_confirm(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct wire_confirm confirm = { 0 };
	bool is_known = false, is_executed = false;
	struct err err = { 0 };
	char what[64]; /* a leveringsid has at most 36 characters */
	int32_t lapsed = 0;
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board) || !delivery_id_is_good(slice_of(ctl->arguments[1]))) {
		fputs("instroomctl: no delivery has a board number or leveringsid of this form\n", stderr);
		return answer(ctl, false, 0); /* specification 14.11: as of any unknown delivery */
	}
	confirm.board = (int32_t)board;
	confirm.delivery_id = slice_of(ctl->arguments[1]);
	int rc = random_fill(confirm.request_id, sizeof confirm.request_id, &err);

	if (rc == 0)
		rc = ctl_connect(ctl, false, &link, &err);
	snprintf(what, sizeof what, "confirm %s", ctl->arguments[1]);
	if (rc == 0) /* who, for instroomctl delivery and audit */
		rc = ctl_record_access(link, what, &board, NULL, &err);
	if (rc == 0)
		rc = publish(ctl, &confirm, &err);
	int64_t end_ms = clock_ms() + ANSWER_MS_MAX;

	while (rc == 0) {
		rc = terugmelding_confirmation(link, confirm.request_id, &is_known, &is_executed, &lapsed, &err);
		if (rc != 0 || is_known || clock_ms() >= end_ms || !app_wait(POLL_MS))
			break;
	}
	if (rc == 0 && !is_known)
		rc = err_set(&err, ERR_RETRY, "waiting",
			     "the confirmation is in the log, but is not applied yet: is a writer running?");
	if (rc != 0)
		return ctl_fail(&err);
	return answer(ctl, is_executed, lapsed);
}
