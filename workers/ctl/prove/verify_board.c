#include "ctl/prove/verify_board.h"

#include "model/bsn.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 64 << 10, CAPACITY_FIRST = 64 };

/* Blocks of text, the newest first. */
struct verify_texts {
	struct verify_texts *older;
	size_t used, capacity;
	char bytes[];
};

static int no_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for a board");
}

/* NULL: no memory; *items stays as it was. */
static void *grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
	if (count < *capacity)
		return items;
	size_t wanted = MAX(*capacity * 2, (size_t)CAPACITY_FIRST);
	void *grown = reallocarray(items, wanted, item_bytes);

	if (grown)
		*capacity = wanted;
	return grown;
}

void verify_board_release(struct verify_board *board)
{
	for (size_t i = 0; i < board->delivery_count; i++)
		free(board->deliveries[i].lines);
	while (board->texts) {
		struct verify_texts *older = board->texts->older;

		free(board->texts);
		board->texts = older;
	}
	free(board->deliveries);
	free(board->teachers);
	free(board->history);
	free(board->contacts);
	free(board->confirmations);
	free(board->set_backs);
	free(board->admissions);
	free(board->changes);
	free(board->removals);
	*board = (struct verify_board){ 0 };
}

int verify_board_text(struct verify_board *board, struct slice text, struct slice *ret, struct err *err)
{
	struct verify_texts *texts = board->texts;

	if (!texts || texts->capacity - texts->used < text.n) {
		size_t capacity = MAX((size_t)BLOCK_BYTES, text.n);

		texts = malloc(sizeof *texts + capacity);
		if (!texts)
			return no_memory(err);
		*texts = (struct verify_texts){ .older = board->texts, .capacity = capacity };
		board->texts = texts;
	}
	*ret = slice_make(texts->bytes + texts->used, text.n);
	if (text.n > 0)
		memcpy(texts->bytes + texts->used, text.p, text.n);
	texts->used += text.n;
	return 0;
}

int verify_board_archive(struct verify_board *board, struct verify_teacher *teacher, int64_t position, struct err *err)
{
	if (board->is_dry_run || teacher->state.status == STATUS_NONE)
		return 0;
	struct verify_version *history =
		grow(board->history, board->history_count, &board->history_capacity, sizeof *history);

	if (!history)
		return no_memory(err);
	board->history = history;
	history[board->history_count] = (struct verify_version){ .status = teacher->state.status,
								 .set_sequence = teacher->set_sequence,
								 .last_sequence = teacher->state.sequence,
								 .since = teacher->since,
								 .until = position,
								 .lapsed_on = teacher->lapsed_on,
								 .content = teacher->content,
								 .targets = teacher->targets,
								 .older = teacher->newest };
	memcpy(history[board->history_count].key, teacher->key, TEACHER_KEY_BYTES);
	teacher->newest = ++board->history_count;
	return 0;
}

void verify_board_erase(struct verify_board *board, const struct verify_teacher *teacher)
{
	size_t at = board->is_dry_run ? 0 : teacher->newest;

	while (at > 0) {
		struct verify_version *version = &board->history[at - 1];

		version->content = version->targets = (struct slice){ 0 };
		at = version->older;
	}
}

/* key: of either HMAC key. NULL: the log never named him. */
static struct verify_teacher *find_teacher(const struct verify_board *board, const uint8_t *key)
{
	uint8_t before[TEACHER_KEY_BYTES];
	char digits[BSN_DIGITS + 1];

	for (size_t i = 0; i < board->teacher_count; i++)
		if (memcmp(board->teachers[i].key, key, TEACHER_KEY_BYTES) == 0)
			return &board->teachers[i];
	for (size_t i = 0; board->key_before && i < board->teacher_count; i++) {
		snprintf(digits, sizeof digits, "%09u", board->teachers[i].bsn % 1000000000);
		hmac_key_teacher(board->key_before, board->number, slice_make(digits, BSN_DIGITS), before);
		if (memcmp(before, key, TEACHER_KEY_BYTES) == 0)
			return &board->teachers[i];
	}
	return NULL;
}

/* By the key that is stored: a line of before a rotation has both. */
static void erase_lines(struct verify_board *board, const uint8_t *key)
{
	for (size_t d = 0; d < board->delivery_count; d++)
		for (size_t i = 0; i < board->deliveries[d].line_count; i++) {
			struct verify_line *line = &board->deliveries[d].lines[i];

			if (!line->is_readable || line->is_erased ||
			    (memcmp(line->key, key, TEACHER_KEY_BYTES) != 0 &&
			     (!board->key_before || memcmp(line->key_before, key, TEACHER_KEY_BYTES) != 0)))
				continue;
			line->is_erased = true;
			memcpy(line->feedback, line->blank_feedback, sizeof line->feedback);
			line->feedback_body = line->blank_body;
		}
}

void verify_board_remove(struct verify_board *board, const uint8_t key[TEACHER_KEY_BYTES], bool is_erased)
{
	struct verify_teacher *teacher = find_teacher(board, key);
	size_t at = teacher ? teacher->newest : 0;

	if (is_erased)
		erase_lines(board, key);
	while (at > 0) {
		board->history[at - 1].is_removed = true;
		at = board->history[at - 1].older;
	}
	if (!teacher)
		return;
	teacher->state = (struct teacher_state){ 0 };
	teacher->content = teacher->targets = (struct slice){ 0 };
	teacher->newest = 0;
	teacher->lapsed_on = 0;
}

int verify_board_contact(struct verify_board *board, int64_t position, const struct wire_header *header,
			 struct err *err)
{
	const struct verify_contact *last = board->contact_count > 0 ? &board->contacts[board->contact_count - 1]
								     : NULL;

	if (header->dry_run || header->contact_name.n + header->contact_phone.n + header->contact_email.n == 0 ||
	    (last && slice_equal(last->name, header->contact_name) && slice_equal(last->phone, header->contact_phone) &&
	     slice_equal(last->email, header->contact_email)))
		return 0;
	struct verify_contact *contacts =
		grow(board->contacts, board->contact_count, &board->contact_capacity, sizeof *contacts);

	if (!contacts)
		return no_memory(err);
	board->contacts = contacts;
	struct verify_contact *contact = &contacts[board->contact_count++];

	*contact = (struct verify_contact){ .since = position };
	int rc = verify_board_text(board, header->contact_name, &contact->name, err);

	if (rc == 0)
		rc = verify_board_text(board, header->contact_phone, &contact->phone, err);
	return rc != 0 ? rc : verify_board_text(board, header->contact_email, &contact->email, err);
}

int verify_board_confirmation(struct verify_board *board, const struct verify_confirmation *confirmation,
			      struct err *err)
{
	struct verify_confirmation *confirmations = grow(board->confirmations, board->confirmation_count,
							 &board->confirmation_capacity, sizeof *confirmations);

	if (!confirmations)
		return no_memory(err);
	board->confirmations = confirmations;
	confirmations[board->confirmation_count++] = *confirmation;
	return 0;
}

int verify_board_set_back(struct verify_board *board, const struct verify_set_back *set_back, struct err *err)
{
	struct verify_set_back *set_backs =
		grow(board->set_backs, board->set_back_count, &board->set_back_capacity, sizeof *set_backs);

	if (!set_backs)
		return no_memory(err);
	board->set_backs = set_backs;
	set_backs[board->set_back_count++] = *set_back;
	return 0;
}

int verify_board_admission(struct verify_board *board, const struct verify_admission *admission, struct err *err)
{
	struct verify_admission *admissions =
		grow(board->admissions, board->admission_count, &board->admission_capacity, sizeof *admissions);

	if (!admissions)
		return no_memory(err);
	board->admissions = admissions;
	struct verify_admission *kept = &admissions[board->admission_count++];
	struct slice *const texts[] = { &kept->basis, &kept->version, &kept->party, &kept->sender, &kept->trace_id };
	int rc = 0;

	*kept = *admission;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(texts); i++)
		rc = verify_board_text(board, *texts[i], texts[i], err);
	return rc;
}

int verify_board_change(struct verify_board *board, const struct verify_change *change, struct err *err)
{
	struct verify_change *changes =
		grow(board->changes, board->change_count, &board->change_capacity, sizeof *changes);

	if (!changes)
		return no_memory(err);
	board->changes = changes;
	changes[board->change_count++] = *change;
	return 0;
}

int verify_board_removal(struct verify_board *board, const struct verify_removal *removal, struct err *err)
{
	struct verify_removal *removals =
		grow(board->removals, board->removal_count, &board->removal_capacity, sizeof *removals);

	if (!removals)
		return no_memory(err);
	board->removals = removals;
	removals[board->removal_count++] = *removal;
	return 0;
}

void verify_delivery_count(const struct verify_delivery *delivery, int64_t ret[OUTCOMES + 1])
{
	memset(ret, 0, (OUTCOMES + 1) * sizeof *ret);
	for (size_t i = 0; i < delivery->line_count; i++)
		ret[outcome_counted_as((enum outcome)delivery->lines[i].outcome)]++;
}
