#include "ctl/prove/verify_state.h"

#include "ctl/base/erased_key.h"
#include "wire/wire.h"

#include <stdlib.h>

/* 1: of before removals were in it. */
enum { FORMAT_WITHOUT_REMOVALS = 1, FORMAT = 2, ATTEMPT_BITS = 63 };
/* At least so many bytes an item has: bounds what a count may claim. */
enum { TEACHER_BYTES_MIN = 40, VERSION_BYTES_MIN = 24, DELIVERY_BYTES_MIN = 70, LINE_BYTES_MIN = 5 };
enum { CONTACT_BYTES_MIN = 4, CONFIRMATION_BYTES_MIN = 20, SET_BACK_BYTES_MIN = 22, ADMISSION_BYTES_MIN = 8 };
enum { CHANGE_BYTES_MIN = 50, REMOVAL_BYTES_MIN = 18 };

/* One description of each struct serves both ways, so that what is written is what is read. */
struct state_io {
	struct strbuf *out; /* NULL: in is read */
	struct wire_input in;
	bool is_bad; /* what was read is no state */
};

/* ---- values ---- */

static void move_long(struct state_io *io, int64_t *value)
{
	if (io->out)
		wire_put_long(io->out, *value);
	else if (!io->is_bad && !wire_take_long(&io->in, value))
		io->is_bad = true;
}

/* One of 0 to max; more is no state. */
static int64_t move_bounded(struct state_io *io, int64_t value, int64_t max)
{
	move_long(io, &value);
	if (!io->out && (value < 0 || value > max)) {
		io->is_bad = true;
		return 0;
	}
	return value;
}

static void move_int(struct state_io *io, int32_t *value)
{
	int64_t wide = *value;

	move_long(io, &wide);
	if (!io->out && (wide < INT32_MIN || wide > INT32_MAX))
		io->is_bad = true;
	else
		*value = (int32_t)wide;
}

static void move_bool(struct state_io *io, bool *value)
{
	*value = move_bounded(io, *value, 1) == 1;
}

static void move_bytes(struct state_io *io, uint8_t *bytes, size_t n)
{
	if (io->out)
		strbuf_add_bytes(io->out, bytes, n);
	else if (!io->is_bad && !wire_take_fixed(&io->in, bytes, n))
		io->is_bad = true;
}

static void move_slice(struct state_io *io, struct slice *text)
{
	if (io->out)
		wire_put_slice(io->out, *text);
	else if (!io->is_bad && !wire_take_slice(&io->in, text))
		io->is_bad = true;
}

static void move_text(struct state_io *io, char *text, size_t bytes)
{
	struct slice taken = io->out ? slice_of(text) : (struct slice){ 0 };

	move_slice(io, &taken);
	if (io->out || io->is_bad)
		return;
	if (taken.n >= bytes || memchr(taken.n > 0 ? taken.p : "", '\0', taken.n)) {
		io->is_bad = true;
		return;
	}
	snprintf(text, bytes, "%.*s", (int)taken.n, taken.n > 0 ? taken.p : "");
}

static void move_counts(struct state_io *io, int64_t counts[OUTCOMES + 1])
{
	for (size_t i = 0; i <= OUTCOMES; i++)
		move_long(io, &counts[i]);
}

/* ---- structs ---- */

static void move_teacher(struct state_io *io, struct verify_teacher *teacher)
{
	move_bytes(io, teacher->key, sizeof teacher->key);
	teacher->bsn = (uint32_t)move_bounded(io, teacher->bsn, UINT32_MAX);
	move_long(io, &teacher->state.sequence);
	move_bytes(io, teacher->state.content_hash, sizeof teacher->state.content_hash);
	teacher->state.status = (enum teacher_status)move_bounded(io, (int64_t)teacher->state.status, STATUS_VERVALLEN);
	move_int(io, &teacher->lapsed_on);
	move_long(io, &teacher->since);
	move_long(io, &teacher->set_sequence);
	move_slice(io, &teacher->content);
	move_slice(io, &teacher->targets);
	teacher->newest = (size_t)move_bounded(io, (int64_t)teacher->newest, INT32_MAX);
}

static void move_version(struct state_io *io, struct verify_version *version)
{
	move_bytes(io, version->key, sizeof version->key);
	version->status = (enum teacher_status)move_bounded(io, (int64_t)version->status, STATUS_VERVALLEN);
	move_long(io, &version->set_sequence);
	move_long(io, &version->last_sequence);
	move_long(io, &version->since);
	move_long(io, &version->until);
	move_int(io, &version->lapsed_on);
	move_slice(io, &version->content);
	move_slice(io, &version->targets);
	version->older = (size_t)move_bounded(io, (int64_t)version->older, INT32_MAX);
}

static void move_line(struct state_io *io, struct verify_line *line)
{
	move_int(io, &line->record_number);
	line->outcome = (uint8_t)move_bounded(io, line->outcome, OUTCOME_MAX);
	move_bool(io, &line->is_readable);
	move_bool(io, &line->has_feedback);
	move_bool(io, &line->is_erased);
	if (line->is_readable) {
		line->bsn = (uint32_t)move_bounded(io, line->bsn, UINT32_MAX);
		move_bytes(io, line->key, sizeof line->key);
		move_bytes(io, line->key_before, sizeof line->key_before);
	}
	if (!line->has_feedback)
		return;
	move_bytes(io, line->feedback, sizeof line->feedback);
	move_bytes(io, line->blank_feedback, sizeof line->blank_feedback);
	move_slice(io, &line->feedback_body);
	move_slice(io, &line->blank_body);
	move_slice(io, &line->rules);
}

/* But for its lines. */
static void move_delivery(struct state_io *io, struct verify_delivery *delivery)
{
	int64_t attempts = (int64_t)delivery->attempts;

	move_long(io, &delivery->position);
	move_text(io, delivery->id, sizeof delivery->id);
	move_bytes(io, delivery->fingerprint, sizeof delivery->fingerprint);
	delivery->kind = (enum delivery_kind)move_bounded(io, (int64_t)delivery->kind, DELIVERY_INTREKKING);
	move_bool(io, &delivery->is_dry_run);
	move_bool(io, &delivery->is_waiting);
	move_long(io, &delivery->sequence);
	move_int(io, &delivery->extraction_date);
	move_int(io, &delivery->received_on);
	move_bytes(io, delivery->reference_version, sizeof delivery->reference_version);
	delivery->notices = (uint32_t)move_bounded(io, delivery->notices, UINT32_MAX);
	move_long(io, &delivery->absent);
	move_long(io, &delivery->active);
	move_long(io, &delivery->lapsed);
	move_long(io, &attempts);
	delivery->attempts = (uint64_t)attempts;
	move_bool(io, &delivery->is_feedback_gone);
	if (delivery->is_feedback_gone)
		move_bytes(io, delivery->feedback_digest, sizeof delivery->feedback_digest);
	delivery->line_count = (size_t)move_bounded(io, (int64_t)delivery->line_count, FILE_LINES_MAX);
}

static void move_contact(struct state_io *io, struct verify_contact *contact)
{
	move_long(io, &contact->since);
	move_slice(io, &contact->name);
	move_slice(io, &contact->phone);
	move_slice(io, &contact->email);
}

static void move_confirmation(struct state_io *io, struct verify_confirmation *made)
{
	move_long(io, &made->position);
	move_long(io, &made->lapsed);
	move_bytes(io, made->request_id, sizeof made->request_id);
	move_text(io, made->delivery_id, sizeof made->delivery_id);
	move_bool(io, &made->is_executed);
	move_bool(io, &made->has_other_absent);
}

static void move_set_back(struct state_io *io, struct verify_set_back *made)
{
	move_long(io, &made->position);
	move_long(io, &made->sequence);
	move_long(io, &made->sequence_before);
	move_long(io, &made->states);
	move_long(io, &made->cancelled);
	move_bytes(io, made->request_id, sizeof made->request_id);
	move_bool(io, &made->is_executed);
}

static void move_admission(struct state_io *io, struct verify_admission *made)
{
	move_long(io, &made->position);
	move_long(io, &made->accepted_at_ms);
	move_bool(io, &made->is_confirmation);
	move_slice(io, &made->basis);
	move_slice(io, &made->version);
	move_slice(io, &made->party);
	move_slice(io, &made->sender);
	move_slice(io, &made->trace_id);
}

static void move_change(struct state_io *io, struct verify_change *change)
{
	move_long(io, &change->position);
	move_long(io, &change->replay_position);
	move_int(io, &change->attempt);
	move_bytes(io, change->job, sizeof change->job);
	move_bytes(io, change->reference_version, sizeof change->reference_version);
	move_long(io, &change->lines);
	move_counts(io, change->before);
	move_counts(io, change->after);
}

/* The key stands inverted in it: whoever looks for one (person_checkpoint) finds it only where anything else of the
 * teacher is held. */
static void move_removal(struct state_io *io, struct verify_removal *removal)
{
	uint8_t inverted[TEACHER_KEY_BYTES];

	for (size_t i = 0; i < sizeof inverted; i++)
		inverted[i] = (uint8_t)~removal->key[i];
	move_bytes(io, inverted, sizeof inverted);
	for (size_t i = 0; i < sizeof inverted; i++)
		removal->key[i] = (uint8_t)~inverted[i];
	move_long(io, &removal->position);
	move_bool(io, &removal->is_erased);
}

/* *ret_format: of what is read. */
static void move_board(struct state_io *io, struct verify_board *board, int64_t *ret_format)
{
	int64_t format = move_bounded(io, FORMAT, FORMAT);
	int64_t number = move_bounded(io, board->number, BOARD_NUMBER_MAX);

	*ret_format = format;
	if (!io->out && (format < FORMAT_WITHOUT_REMOVALS || number != board->number))
		io->is_bad = true;
	move_long(io, &board->sequence_max);
	move_long(io, &board->sequence_full);
	move_long(io, &board->sequence_top);
	move_long(io, &board->removed_to);
	move_long(io, &board->refused);
}

/* ---- writing ---- */

static bool is_kept_teacher(const struct verify_teacher *teacher)
{
	return teacher->state.status != STATUS_NONE;
}

static bool is_kept_version(const struct verify_version *version)
{
	return !version->is_removed && !version->is_expired;
}

/* By index: the place that a version has among those that are kept, and 1. NULL: no memory. */
static size_t *place_versions(const struct verify_board *board)
{
	size_t *places = calloc(board->history_count + 1, sizeof *places), kept = 0;

	for (size_t i = 0; places && i < board->history_count; i++)
		if (is_kept_version(&board->history[i]))
			places[i] = ++kept;
	return places;
}

/* at: as verify_teacher.newest; that of the first one from there on which is kept. */
static size_t kept_place(const struct verify_board *board, const size_t *places, size_t at)
{
	while (at > 0 && places[at - 1] == 0)
		at = board->history[at - 1].older;
	return at > 0 ? places[at - 1] : 0;
}

static void write_teachers(struct state_io *io, const struct verify_board *board, const size_t *places)
{
	int64_t count = 0;

	for (size_t i = 0; i < board->teacher_count; i++)
		count += is_kept_teacher(&board->teachers[i]);
	move_long(io, &count);
	for (size_t i = 0; i < board->teacher_count; i++) {
		struct verify_teacher teacher = board->teachers[i];

		if (!is_kept_teacher(&teacher))
			continue;
		teacher.newest = kept_place(board, places, teacher.newest);
		move_teacher(io, &teacher);
	}
}

static void write_history(struct state_io *io, const struct verify_board *board, const size_t *places)
{
	int64_t count = 0;

	for (size_t i = 0; i < board->history_count; i++)
		count += places[i] > 0;
	move_long(io, &count);
	for (size_t i = 0; i < board->history_count; i++) {
		struct verify_version version = board->history[i];

		if (places[i] == 0)
			continue;
		version.older = kept_place(board, places, version.older);
		move_version(io, &version);
	}
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp((*(struct verify_line *const *)a)->key, (*(struct verify_line *const *)b)->key,
		      TEACHER_KEY_BYTES);
}

static int compare_keys_before(const void *a, const void *b)
{
	return memcmp((*(struct verify_line *const *)a)->key_before, (*(struct verify_line *const *)b)->key_before,
		      TEACHER_KEY_BYTES);
}

/* Replaces the keys of erased teachers as a key list has them. lines: of readable ones, count of them. */
static void replace_erased(struct verify_line **lines, size_t count, bool by_key_before)
{
	uint8_t was[TEACHER_KEY_BYTES], listed[TEACHER_KEY_BYTES] = { 0 }, last[TEACHER_KEY_BYTES];

	if (count > 0)
		qsort(lines, count, sizeof(struct verify_line *), by_key_before ? compare_keys_before : compare_keys);
	for (size_t i = 0; i < count; i++) {
		uint8_t *key = by_key_before ? lines[i]->key_before : lines[i]->key;

		if (i == 0 || memcmp(was, key, sizeof was) != 0) {
			memcpy(was, key, sizeof was);
			memcpy(last, listed, sizeof last);
			if (lines[i]->is_erased)
				erased_key_after(i > 0 ? last : NULL, listed);
			else
				memcpy(listed, key, sizeof listed);
		}
		if (!lines[i]->is_erased)
			continue;
		memcpy(key, listed, sizeof listed);
		lines[i]->bsn = 0;
	}
}

/* The codes of a terugmelding that is gone stay: the register keeps how many lines had each. */
static bool blank_lines(const struct verify_delivery *delivery, struct verify_line *copy)
{
	struct verify_line **readable = calloc(delivery->line_count, sizeof(struct verify_line *));
	size_t count = 0;

	for (size_t i = 0; readable && i < delivery->line_count; i++) {
		if (copy[i].is_readable)
			readable[count++] = &copy[i];
		if (delivery->is_feedback_gone)
			copy[i].feedback_body = copy[i].blank_body = (struct slice){ 0 };
		else if (copy[i].is_erased)
			copy[i].feedback_body = copy[i].blank_body;
	}
	if (readable) {
		replace_erased(readable, count, false);
		replace_erased(readable, count, true);
	}
	free(readable);
	return readable;
}

static int write_deliveries(struct state_io *io, const struct verify_board *board, struct err *err)
{
	int64_t count = (int64_t)board->delivery_count;

	move_long(io, &count);
	for (size_t d = 0; d < board->delivery_count; d++) {
		struct verify_delivery delivery = board->deliveries[d];
		struct verify_line *lines = calloc(delivery.line_count, sizeof *lines);
		bool is_made = lines;

		if (is_made) {
			memcpy(lines, delivery.lines, delivery.line_count * sizeof *lines);
			is_made = blank_lines(&delivery, lines);
		}
		if (is_made)
			move_delivery(io, &delivery);
		for (size_t i = 0; is_made && i < delivery.line_count; i++)
			move_line(io, &lines[i]);
		free(lines);
		if (!is_made)
			return err_set(err, ERR_FATAL, "memory", "no memory for the state of a board");
	}
	return 0;
}

static void write_contacts(struct state_io *io, const struct verify_board *board)
{
	int64_t count = 0;

	for (size_t i = 0; i < board->contact_count; i++)
		count += !board->contacts[i].is_expired;
	move_long(io, &count);
	for (size_t i = 0; i < board->contact_count; i++) {
		struct verify_contact contact = board->contacts[i];

		if (!contact.is_expired)
			move_contact(io, &contact);
	}
}

#define WRITE_ALL(io, items, count, move)                        \
	do {                                                     \
		int64_t all = (int64_t)(count);                  \
                                                                 \
		move_long(io, &all);                             \
		for (size_t nr = 0; nr < (count); nr++) {        \
			__typeof__(*(items)) item = (items)[nr]; \
                                                                 \
			move(io, &item);                         \
		}                                                \
	} while (0)

int verify_state_write(const struct verify_board *board, struct strbuf *out, struct err *err)
{
	struct state_io io = { .out = out };
	struct verify_board head = *board;
	size_t *places = place_versions(board);
	int64_t format;

	if (!places)
		return err_set(err, ERR_FATAL, "memory", "no memory for the state of a board");
	move_board(&io, &head, &format);
	write_history(&io, board, places);
	write_teachers(&io, board, places);
	free(places);
	int rc = write_deliveries(&io, board, err);

	write_contacts(&io, board);
	WRITE_ALL(&io, board->confirmations, board->confirmation_count, move_confirmation);
	WRITE_ALL(&io, board->set_backs, board->set_back_count, move_set_back);
	WRITE_ALL(&io, board->admissions, board->admission_count, move_admission);
	WRITE_ALL(&io, board->changes, board->change_count, move_change);
	WRITE_ALL(&io, board->removals, board->removal_count, move_removal);
	return rc;
}

/* ---- reading ---- */

/* Memory for as many items as there are; NULL: none, or it is no state, or io->is_bad says that there was no memory.
 * The count is compared with the bytes that are left. */
static void *take_items(struct state_io *io, size_t item_bytes, size_t item_bytes_min, size_t *ret_count,
			size_t *ret_capacity)
{
	size_t count = (size_t)move_bounded(io, 0, (int64_t)(wire_rest_bytes(&io->in) / item_bytes_min));
	void *items = !io->is_bad && count > 0 ? calloc(count, item_bytes) : NULL;

	if (count > 0 && !items)
		io->is_bad = true;
	*ret_count = *ret_capacity = items ? count : 0;
	return items;
}

#define READ_ALL(io, items, name, bytes_min, move)                                                     \
	do {                                                                                           \
		(items) = take_items(io, sizeof *(items), bytes_min, &name##_count, &name##_capacity); \
		for (size_t nr = 0; nr < name##_count && !(io)->is_bad; nr++)                          \
			move(io, &(items)[nr]);                                                        \
	} while (0)

static bool are_good_teachers(const struct verify_board *board)
{
	for (size_t i = 0; i < board->history_count; i++)
		if (board->history[i].older > i || board->history[i].status == STATUS_NONE)
			return false; /* each is older than the one that names it: no circle */
	for (size_t i = 0; i < board->teacher_count; i++) {
		const struct verify_teacher *teacher = &board->teachers[i];

		if (teacher->newest > board->history_count || teacher->state.status == STATUS_NONE ||
		    (i > 0 && memcmp(teacher[-1].key, teacher->key, TEACHER_KEY_BYTES) >= 0))
			return false;
	}
	return true;
}

static void read_lines(struct state_io *io, struct verify_delivery *delivery)
{
	size_t count = delivery->line_count;

	delivery->line_count = 0;
	if (io->is_bad || count == 0 || count > wire_rest_bytes(&io->in) / LINE_BYTES_MIN) {
		io->is_bad = true;
		return;
	}
	delivery->lines = calloc(count, sizeof *delivery->lines);
	if (!delivery->lines) {
		io->is_bad = true;
		return;
	}
	delivery->line_count = count;
	for (size_t i = 0; i < count && !io->is_bad; i++) {
		move_line(io, &delivery->lines[i]);
		io->is_bad |= delivery->lines[i].outcome == OUTCOME_NONE;
	}
}

static void read_delivery(struct state_io *io, struct verify_delivery *delivery)
{
	move_delivery(io, delivery);
	read_lines(io, delivery);
	io->is_bad |= delivery->kind == 0;
}

static bool are_rising(const struct verify_board *board)
{
	for (size_t d = 1; d < board->delivery_count; d++)
		if (board->deliveries[d - 1].position >= board->deliveries[d].position)
			return false;
	return true;
}

static void read_board(struct state_io *io, struct verify_board *board)
{
	int64_t format;

	move_board(io, board, &format);
	READ_ALL(io, board->history, board->history, VERSION_BYTES_MIN, move_version);
	READ_ALL(io, board->teachers, board->teacher, TEACHER_BYTES_MIN, move_teacher);
	READ_ALL(io, board->deliveries, board->delivery, DELIVERY_BYTES_MIN, read_delivery);
	READ_ALL(io, board->contacts, board->contact, CONTACT_BYTES_MIN, move_contact);
	READ_ALL(io, board->confirmations, board->confirmation, CONFIRMATION_BYTES_MIN, move_confirmation);
	READ_ALL(io, board->set_backs, board->set_back, SET_BACK_BYTES_MIN, move_set_back);
	READ_ALL(io, board->admissions, board->admission, ADMISSION_BYTES_MIN, move_admission);
	READ_ALL(io, board->changes, board->change, CHANGE_BYTES_MIN, move_change);
	if (format > FORMAT_WITHOUT_REMOVALS)
		READ_ALL(io, board->removals, board->removal, REMOVAL_BYTES_MIN, move_removal);
}

int verify_state_read(struct slice state, struct verify_board *board, struct err *err)
{
	struct slice kept;
	int rc = verify_board_text(board, state, &kept, err); /* what its slices point to */

	if (rc != 0)
		return rc;
	struct state_io io = { .in = wire_input_of(kept, NULL) };

	read_board(&io, board);
	if (!io.is_bad && wire_rest_bytes(&io.in) == 0 && are_good_teachers(board) && are_rising(board))
		return 0;
	return err_set(err, ERR_DATA, "checkpoint", "the state of board %05u cannot be read by this program",
		       board->number);
}
