#include "base/num.h"
#include "protocol/log_position.h"
#include "write_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static int64_t next_offset = 1;
static int next_id = 1000;

static struct arena memory;

void fake_messages_reset(void)
{
	struct err err;

	if (!memory.memory)
		cr_assert_eq(arena_init(&memory, 64 << 20, 64 << 20, &err), 0, "%s", err.text);
	arena_reset(&memory);
}

static void *take(size_t count, size_t bytes)
{
	if (!memory.memory)
		fake_messages_reset();
	void *p = arena_take_zeroed(&memory, count, bytes);

	cr_assert(p);
	return p;
}

static void *new_zeroed(size_t count, size_t bytes)
{
	void *p = calloc(count, bytes);

	cr_assert(p);
	return p;
}

const uint8_t *fake_key(int teacher)
{
	static uint8_t keys[FAKE_TEACHERS][TEACHER_KEY_BYTES];

	for (int i = 0; i < FAKE_TEACHERS; i++)
		for (int j = 0; j < TEACHER_KEY_BYTES; j++)
			keys[i][j] = (uint8_t)(j == 0 ? i * 16 + 3 : (i * 7 + j * 31) % 251);
	return keys[teacher];
}

static int teacher_of_key(const uint8_t *key)
{
	for (int i = 0; i < FAKE_TEACHERS; i++)
		if (memcmp(fake_key(i), key, TEACHER_KEY_BYTES) == 0)
			return i;
	cr_assert(false, "a key that no teacher has");
	return -1;
}

static void digest_of(struct slice bytes, uint8_t out[DIGEST_BYTES])
{
	uint64_t a = 14695981039346656037u, b = 1099511628211u;

	for (size_t i = 0; i < bytes.n; i++) {
		a = (a ^ (uint8_t)bytes.p[i]) * 1099511628211u;
		b = (b + (uint8_t)bytes.p[i]) * 0x9E3779B97F4A7C15u;
	}
	memcpy(out, &a, sizeof a);
	memcpy(out + 8, &b, sizeof b);
}

/* Messages. */

int64_t fake_next_position(void)
{
	int64_t position;

	cr_assert(log_position_make(1, 0, next_offset++, &position));
	return position;
}

static struct message *new_message(enum verdict_kind kind, int board)
{
	struct message *message = take(1, sizeof *message);

	message->verdict.kind = (int32_t)kind;
	message->verdict.header.board = board;
	message->position = fake_next_position();
	return message;
}

static void set_id(struct wire_header *header, int id)
{
	char *text = take(32, 1);

	snprintf(text, 32, "voorbeeld-levering-%d", id);
	header->delivery_id = slice_of(text);
	memset(header->fingerprint, 0, sizeof header->fingerprint);
	memcpy(header->fingerprint, &id, sizeof id);
}

static struct slice content_text(int content)
{
	char *text = take(16, 1);

	snprintf(text, 16, "inhoud %d", content);
	return slice_of(text);
}

static int content_number(struct slice text)
{
	uint64_t n = 0;

	if (text.n == 0)
		return 0;
	cr_assert(num_parse_u64(slice_from(text, strlen("inhoud ")), 1000, &n));
	return (int)n;
}

struct message *fake_delivery(const struct fake_delivered *delivered, const struct fake_group *groups, size_t count)
{
	struct message *message = new_message(VERDICT_KIND_DELIVERY, delivered->board);
	struct wire_verdict *verdict = &message->verdict;
	uint8_t *keys = take(count, TEACHER_KEY_BYTES), *classes = take(count, 1),
		*hashes = take(count, CONTENT_HASH_BYTES);
	size_t readable = 0, hash_count = 0;

	verdict->header.kind = (int32_t)delivered->kind;
	verdict->header.sequence = delivered->sequence;
	verdict->header.dry_run = delivered->is_dry_run;
	verdict->header.extraction_date = 20180629;
	verdict->header.received_on = 20180701;
	set_id(&verdict->header, delivered->id != 0 ? delivered->id : next_id++);
	verdict->group_lines.items = take(count, sizeof(int32_t));
	verdict->candidates.items = take(count, sizeof(struct wire_candidate));
	for (size_t i = 0; i < count; i++) {
		int lines = groups[i].lines > 0 ? groups[i].lines : 1;

		classes[i] = (uint8_t)groups[i].class;
		verdict->group_lines.items[i] = lines;
		verdict->header.line_count += lines;
		if (groups[i].teacher >= 0)
			memcpy(keys + TEACHER_KEY_BYTES * readable++, fake_key(groups[i].teacher), TEACHER_KEY_BYTES);
		else
			verdict->unreadable_lines += lines;
		if (groups[i].class == VERDICT_CANDIDATE || groups[i].class == VERDICT_UNCHANGED)
			hashes[CONTENT_HASH_BYTES * hash_count++] = (uint8_t)groups[i].content;
		if (groups[i].class == VERDICT_CANDIDATE)
			verdict->candidates.items[verdict->candidates.count++] = (struct wire_candidate){
				.bsn = 100000000 + groups[i].teacher,
				.content = content_text(groups[i].content),
				.targets = SLICE_LITERAL("R"),
			};
	}
	verdict->group_lines.count = count;
	verdict->keys = slice_make(keys, readable * TEACHER_KEY_BYTES);
	verdict->classes = slice_make(classes, count);
	verdict->hashes = slice_make(hashes, hash_count * CONTENT_HASH_BYTES);
	digest_of(verdict->keys, verdict->keys_digest);
	return message;
}

struct message *fake_confirm(int board, int id)
{
	struct message *message = new_message(VERDICT_KIND_CONFIRM, board);

	set_id(&message->verdict.header, id);
	return message;
}

struct message *fake_forget(int board)
{
	return new_message(VERDICT_KIND_FORGET, board);
}

struct message *fake_set_back(int board, int64_t sequence)
{
	struct message *message = new_message(VERDICT_KIND_SET_BACK, board);

	message->verdict.header.sequence = sequence;
	return message;
}

/* The register. */

void fake_register_init(struct fake_register *fake)
{
	memset(fake, 0, sizeof *fake);
	fake->history = new_zeroed(FAKE_HISTORY_MAX, sizeof *fake->history);
	fake->key_lists = new_zeroed(FAKE_KEY_LISTS_MAX, sizeof *fake->key_lists);
	fake->deliveries = new_zeroed(FAKE_DELIVERIES_MAX, sizeof *fake->deliveries);
}

void fake_register_release(struct fake_register *fake)
{
	free(fake->history);
	free(fake->key_lists);
	free(fake->deliveries);
}

static int fake_read_boards(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err)
{
	struct fake_register *fake = self;

	(void)batch, (void)err;
	fake->asked[ASKED_BOARDS]++;
	for (size_t i = 0; i < count; i++)
		if (fake->boards[boards[i]->number].is_stored)
			board_state_set_row(boards[i], &fake->boards[boards[i]->number].row);
	return 0;
}

static void read_deliveries(const struct fake_register *fake, struct batch *batch, struct board_state *board)
{
	for (size_t i = 0; i < fake->delivery_count; i++) {
		const struct fake_delivery *delivery = &fake->deliveries[i];
		const struct wire_header *header = &delivery->message->verdict.header;

		if (delivery->board != board->number)
			continue;
		struct known_delivery *known = arena_take_zeroed(batch->arena, 1, sizeof *known);
		struct waiting *waiting = arena_take_zeroed(batch->arena, 1, sizeof *waiting);

		cr_assert(known && waiting);
		*known = (struct known_delivery){ .id = header->delivery_id, .fingerprint = header->fingerprint };
		board_state_add_known(board, known);
		if (delivery->state != DELIVERY_WACHT)
			continue;
		waiting->position = delivery->position;
		waiting->delivery_id = header->delivery_id;
		waiting->sequence = header->sequence;
		waiting->extraction_date = header->extraction_date;
		memcpy(waiting->key_list, delivery->message->verdict.keys_digest, DIGEST_BYTES);
		board_state_add_waiting(board, waiting);
	}
}

static int fake_read_ledgers(void *self, struct batch *batch, struct board_state **boards, size_t count,
			     struct err *err)
{
	struct fake_register *fake = self;

	(void)err;
	fake->asked[ASKED_LEDGERS]++;
	for (size_t i = 0; i < count; i++) {
		read_deliveries(fake, batch, boards[i]);
		for (int t = 0; t < FAKE_TEACHERS; t++)
			if (fake->boards[boards[i]->number].is_disowned[t])
				cr_assert(batch_set_disowned(batch, boards[i], fake_key(t)));
	}
	return 0;
}

static struct teacher_state state_of(const struct fake_row *row)
{
	struct teacher_state state = { .sequence = row->sequence, .status = row->status };

	state.content_hash[0] = (uint8_t)row->content;
	return state;
}

static int fake_read_teachers(void *self, struct batch *batch, struct teacher **teachers, size_t count, struct err *err)
{
	struct fake_register *fake = self;

	(void)batch, (void)err;
	fake->asked[ASKED_TEACHERS]++;
	for (size_t i = 0; i < count; i++) {
		int t = teacher_of_key(teachers[i]->key);
		struct teacher_state state = state_of(&fake->boards[teachers[i]->board->number].teachers[t]);

		if (state.status != STATUS_NONE)
			teacher_set_row(teachers[i], &state);
	}
	return 0;
}

static int fake_read_all(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err)
{
	struct fake_register *fake = self;

	(void)err;
	fake->asked[ASKED_ALL]++;
	for (size_t i = 0; i < count; i++)
		for (int t = 0; t < FAKE_TEACHERS; t++) {
			struct teacher_state state = state_of(&fake->boards[boards[i]->number].teachers[t]);

			if (state.status != STATUS_NONE)
				cr_assert(batch_set_row(batch, boards[i], fake_key(t), &state));
		}
	return 0;
}

static const struct fake_key_list *find_key_list(const struct fake_register *fake, int board, const uint8_t *digest)
{
	for (size_t i = 0; i < fake->key_list_count; i++)
		if (fake->key_lists[i].board == board && memcmp(fake->key_lists[i].digest, digest, DIGEST_BYTES) == 0)
			return &fake->key_lists[i];
	return NULL;
}

static int fake_read_key_lists(void *self, struct batch *batch, struct key_list_want *wants, size_t count,
			       struct err *err)
{
	struct fake_register *fake = self;

	(void)batch, (void)err;
	fake->asked[ASKED_NAMES]++;
	for (size_t i = 0; i < count; i++) {
		const struct fake_key_list *list = find_key_list(fake, wants[i].board, wants[i].digest);

		if (!list)
			continue;
		*wants[i].ret = list->keys;
		*wants[i].ret_is_known = true;
	}
	return 0;
}

static int fake_read_absent_sha256(void *self, const struct message *message, uint8_t ret[32], struct err *err)
{
	struct fake_register *fake = self;

	(void)err;
	cr_assert(message->confirms && message->verdict.condition.n > 0, "nobody else asks");
	memcpy(ret, fake->absent_sha256, sizeof fake->absent_sha256);
	return 0;
}

struct batch_port fake_port(struct fake_register *fake)
{
	return (struct batch_port){
		.self = fake,
		.read_boards = fake_read_boards,
		.read_ledgers = fake_read_ledgers,
		.read_teachers = fake_read_teachers,
		.read_all_teachers = fake_read_all,
		.read_key_lists = fake_read_key_lists,
		.read_absent_sha256 = fake_read_absent_sha256,
	};
}

int64_t fake_sequence(const struct fake_register *fake, int board, int teacher)
{
	const struct fake_board *b = &fake->boards[board];
	struct pending pending = { 0 };

	if (b->row.pending_key_list) {
		const struct fake_key_list *list = find_key_list(fake, board, b->row.pending_key_list);

		cr_assert(list);
		pending.sequence = b->row.pending_sequence;
		pending.members = (const uint8_t *)b->row.pending_members.p;
		pending.member_bytes = b->row.pending_members.n;
		pending.has_keys = true;
		pending.keys = list->keys;
	}
	return pending_sequence_of(&pending, fake_key(teacher), b->teachers[teacher].sequence);
}

/* Taking over. */

static void add_history(struct fake_register *fake, int board, int teacher, const struct fake_row *row, int64_t until)
{
	cr_assert(fake->history_count < FAKE_HISTORY_MAX);
	fake->history[fake->history_count++] = (struct fake_history){ board, teacher, *row, until };
}

static void erase_history(struct fake_register *fake, int board, int teacher, int64_t until)
{
	for (size_t i = 0; i < fake->history_count; i++)
		if (fake->history[i].board == board && fake->history[i].teacher == teacher &&
		    fake->history[i].until <= until)
			fake->history[i].row.content = 0;
}

static void apply_versions(struct fake_register *fake, const struct teacher_version *version, int board, int teacher,
			   const struct fake_row *stored)
{
	if (!version)
		return;
	apply_versions(fake, version->older, board, teacher, stored);
	struct fake_row row = {
		.status = version->state.status,
		.sequence = version->state.sequence,
		.since = version->since,
		.lapsed_on = version->lapsed_on,
		.content = version->keeps_content ? stored->content : content_number(version->content),
		.bsn = stored->bsn,
	};

	add_history(fake, board, teacher, &row, version->until);
}

static void apply_teacher(struct fake_register *fake, const struct teacher *teacher)
{
	int board = teacher->board->number, t = teacher_of_key(teacher->key);
	struct fake_row *row = &fake->boards[board].teachers[t];
	struct fake_row stored = *row;

	fake->boards[board].is_disowned[t] = teacher->flags & TEACHER_DISOWNED;
	if (!(teacher->flags & TEACHER_WRITTEN)) {
		int64_t sequence = teacher->flags & TEACHER_LOADED ? teacher->now.sequence : teacher->raised_to;

		if (teacher->flags & TEACHER_RAISED && sequence > row->sequence) {
			cr_assert_neq(row->status, STATUS_NONE, "a row that does not exist was raised");
			row->sequence = sequence;
		}
		return;
	}
	cr_assert(teacher->flags & TEACHER_LOADED);
	cr_assert_eq(!!(teacher->flags & TEACHER_STORED), stored.status != STATUS_NONE);
	if (teacher->bsn != 0)
		row->bsn = stored.bsn = teacher->bsn;
	apply_versions(fake, teacher->versions, board, t, &stored);
	if (teacher->flags & TEACHER_STORED) {
		struct fake_row was = stored;

		was.sequence = teacher->was_sequence;
		if (teacher->flags & TEACHER_ERASED)
			was.content = 0;
		add_history(fake, board, t, &was, teacher->was_until);
	}
	if (teacher->flags & TEACHER_ERASED)
		erase_history(fake, board, t, teacher->erased_at);
	row->status = teacher->now.status;
	row->sequence = teacher->now.sequence;
	row->since = teacher->since;
	row->lapsed_on = teacher->lapsed_on;
	if (!(teacher->flags & TEACHER_KEEPS_CONTENT))
		row->content = content_number(teacher->content);
}

static void apply_board(struct fake_register *fake, const struct board_state *board)
{
	struct fake_board *row = &fake->boards[board->number];

	row->is_stored = true;
	row->row = (struct board_row){
		.sequence_max = board->sequence_max,
		.sequence_full = board->sequence_full,
		.sequence_top = board->sequence_top,
		.teachers = board->teachers,
		.active = board->active,
		.disowned = board->disowned,
	};
	if (board->pending.sequence == 0)
		return;
	cr_assert_leq(board->pending.member_bytes, sizeof row->pending_members);
	memcpy(row->pending_key_list, board->pending.key_list, DIGEST_BYTES);
	memcpy(row->pending_members, board->pending.members, board->pending.member_bytes);
	row->row.pending_sequence = board->pending.sequence;
	row->row.pending_key_list = row->pending_key_list;
	row->row.pending_members = slice_make(row->pending_members, board->pending.member_bytes);
}

static void apply_delivery(struct fake_register *fake, struct message *message)
{
	const struct ledger *ledger = &message->ledger;
	struct fake_delivery *delivery = &fake->deliveries[fake->delivery_count++];

	cr_assert(fake->delivery_count <= FAKE_DELIVERIES_MAX);
	*delivery = (struct fake_delivery){
		.message = message,
		.position = message->position,
		.board = message->board->number,
		.state = ledger->state,
		.notices = ledger->notices,
		.absent = ledger->absent,
		.active = ledger->active,
		.lapsed = ledger->lapsed,
		.group_count = ledger->group_count,
	};
	memcpy(delivery->lines, ledger->lines, sizeof delivery->lines);
	cr_assert_leq(ledger->group_count, sizeof delivery->outcomes);
	memcpy(delivery->outcomes, ledger->outcomes, ledger->group_count);
	if (find_key_list(fake, delivery->board, message->verdict.keys_digest))
		return;
	struct fake_key_list *list = &fake->key_lists[fake->key_list_count++];

	cr_assert(fake->key_list_count <= FAKE_KEY_LISTS_MAX);
	list->board = delivery->board;
	memcpy(list->digest, message->verdict.keys_digest, DIGEST_BYTES);
	list->keys = message->verdict.keys;
}

static void apply_waiting(struct fake_register *fake, const struct waiting *waiting)
{
	if (!waiting->is_over || waiting->message)
		return;
	for (size_t i = 0; i < fake->delivery_count; i++) {
		struct fake_delivery *delivery = &fake->deliveries[i];

		if (delivery->position != waiting->position)
			continue;
		delivery->state = DELIVERY_VERWERKT;
		delivery->notices |= waiting->notices;
		delivery->lapsed = waiting->lapsed;
	}
}

/* As register_set_back.c does, before the board's row is written. */
static void apply_set_back(struct fake_register *fake, struct message *message)
{
	struct fake_board *board = &fake->boards[message->board->number];
	int64_t sequence = message->verdict.header.sequence;

	for (int t = 0; t < FAKE_TEACHERS; t++) {
		message->set_back.states += fake_sequence(fake, message->board->number, t) > sequence;
		board->teachers[t].sequence = MIN(board->teachers[t].sequence, sequence);
	}
}

void fake_apply(struct fake_register *fake, const struct batch *batch)
{
	for (size_t i = 0; i < batch->message_count; i++)
		if (batch->messages[i]->set_back.is_executed)
			apply_set_back(fake, batch->messages[i]);
	for (size_t i = 0; i < batch->message_count; i++)
		if (batch->messages[i]->is_entered)
			apply_delivery(fake, batch->messages[i]);
	for (size_t i = 0; i < batch->board_count; i++) {
		const struct board_state *board = batch->boards[i];

		if (board->is_changed)
			apply_board(fake, board);
		for (const struct teacher *teacher = board->teachers_first; teacher; teacher = teacher->next)
			apply_teacher(fake, teacher);
		for (const struct waiting *waiting = board->waiting; waiting; waiting = waiting->next)
			apply_waiting(fake, waiting);
	}
}

uint32_t fake_check_share;

void fake_run(struct fake_register *fake, struct message **messages, size_t count)
{
	static struct arena arena; /* what came of the messages lives until the next run */
	struct batch batch;
	struct err err;
	struct batch_port port = fake_port(fake);

	if (!arena.memory)
		cr_assert_eq(arena_init(&arena, 64 << 20, 64 << 20, &err), 0);
	arena_reset(&arena);
	memset(arena.memory, 0xa5, 1 << 14); /* nothing may rest on memory being zero */
	cr_assert_eq(batch_init(&batch, &arena, messages, count, &err), 0, "%s", err.text);
	batch.check_share = fake_check_share;
	cr_assert_eq(rounds_run(&batch, &port, &err), 0, "%s", err.text);
	fake_apply(fake, &batch);
}
