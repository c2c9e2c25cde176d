#include "render/stand.h"

#include "base/arena.h"
#include "model/bsn.h"
#include "model/content.h"
#include "model/csv.h"
#include "model/outcome.h"
#include "model/reference.h"

#include <assert.h>

enum { BOARD_BYTES_MAX = 512 << 20, BOARD_BYTES_KEPT = 4 << 20, TEACHERS_FIRST = 1024 };

struct stand_teacher {
	char name[32]; /* BSN or pseudonym, name_bytes of it */
	int64_t sequence;
	int32_t lapsed_on;
	enum teacher_status status;
	struct slice content, targets;
};

/* The board under way. Its rows are kept until the next board begins, as they are sorted by name here. */
struct stand {
	const struct stand_options *options;
	struct arena arena;
	struct stand_teacher *teachers;
	size_t count, capacity;
	size_t name_bytes;
	uint32_t board;
	struct strbuf *out;
	int (*flush)(void *self, struct strbuf *out, struct err *err);
	void *self;
};

static const char *const STAND_SQL =
	"select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on,"
	" t.content, t.targets"
	" from register.teacher t left join ("
	"   select b.board, b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k"
	"   where $1::int is null or b.board = $1"
	" ) p on p.board = t.board and p.key = t.key"
	" where $1::int is null or t.board = $1 order by t.board";

static void add_header(const struct stand *stand)
{
	bool has_bsn = !stand->options->pseudonym_key;

	strbuf_add_text(stand->out, has_bsn ? "bestuur;bsn;status;volgnummer;vervallen_per"
					    : "bestuur;pseudoniem;status;volgnummer;vervallen_per");
	for (int field = has_bsn ? PERSON_FIRST : APPOINTMENT_FIRST; field <= APPOINTMENT_LAST; field++) {
		strbuf_add_char(stand->out, ';');
		strbuf_add_text(stand->out, field_name((enum field)field));
	}
	strbuf_add_text(stand->out, ";doel\n");
}

static void add_front(const struct stand *stand, const struct stand_teacher *teacher, const struct slice *person)
{
	strbuf_add_printf(stand->out, "%05u;%.*s;%s;%lld;", stand->board, (int)stand->name_bytes, teacher->name,
			  teacher_status_name(teacher->status), (long long)teacher->sequence);
	if (teacher->lapsed_on > 0)
		strbuf_add_printf(stand->out, "%08d", teacher->lapsed_on);
	for (size_t i = 0; !stand->options->pseudonym_key && i < PERSON_FIELDS; i++) {
		strbuf_add_char(stand->out, ';');
		csv_add_field(stand->out, person[i]);
	}
}

static bool is_like_bsn(struct slice text)
{
	return bsn_find(text, (struct slice){ 0 }) == RULE_P14;
}

/* specification 8.4: a benoemingssleutel that fits LR-P14 does not leave with a pseudonym. */
static void add_appointment(const struct stand *stand, const struct content_appointment *appointment,
			    enum target target)
{
	for (size_t i = 0; i < APPOINTMENT_FIELDS; i++) {
		bool is_hidden = i == 0 && stand->options->pseudonym_key && is_like_bsn(appointment->fields[i]);

		strbuf_add_char(stand->out, ';');
		if (!is_hidden)
			csv_add_field(stand->out, appointment->fields[i]);
	}
	strbuf_add_char(stand->out, ';');
	strbuf_add_text(stand->out, target_name(target));
	strbuf_add_char(stand->out, '\n');
}

/* One row less would be a person less in the register's image, and nobody would know. */
static int other_form(const struct stand *stand, struct err *err)
{
	return err_set(err, ERR_FATAL, "content",
		       "a teacher of board %05u holds content of another form: run instroomctl verify", stand->board);
}

static enum target target_of(struct slice targets, size_t at)
{
	if (at >= targets.n)
		return TARGET_NONE;
	return targets.p[at] == 'R' ? TARGET_REGISTER : targets.p[at] == 'V' ? TARGET_VOORPORTAAL : TARGET_NONE;
}

static int add_teacher(const struct stand *stand, const struct stand_teacher *teacher, struct err *err)
{
	struct slice person[PERSON_FIELDS] = { { 0 } }, rest = teacher->content;
	struct content_appointment appointment;
	enum content_item item;
	size_t count = 0;

	if (teacher->status == STATUS_INGETROKKEN) {
		add_front(stand, teacher, person);
		for (size_t i = 0; i <= APPOINTMENT_FIELDS; i++)
			strbuf_add_char(stand->out, ';');
		strbuf_add_char(stand->out, '\n');
		return 0;
	}
	if (!content_read_person(&rest, person))
		return other_form(stand, err);
	while ((item = content_next_appointment(&rest, &appointment)) == CONTENT_APPOINTMENT) {
		enum target target = target_of(teacher->targets, count++);

		if (target == TARGET_NONE)
			return other_form(stand, err);
		add_front(stand, teacher, person);
		add_appointment(stand, &appointment, target);
	}
	return item == CONTENT_END && count == teacher->targets.n ? 0 : other_form(stand, err);
}

static int compare_names(const void *a, const void *b)
{
	return memcmp(((const struct stand_teacher *)a)->name, ((const struct stand_teacher *)b)->name,
		      sizeof((const struct stand_teacher *)a)->name);
}

static int end_board(struct stand *stand, struct err *err)
{
	if (stand->count > 0)
		qsort(stand->teachers, stand->count, sizeof *stand->teachers, compare_names);
	for (size_t i = 0; i < stand->count; i++) {
		int rc = add_teacher(stand, &stand->teachers[i], err);

		if (rc != 0)
			return rc;
	}
	stand->count = 0;
	arena_reset(&stand->arena);
	if (stand->out->is_out_of_memory)
		return err_set(err, ERR_RETRY, "memory", "no memory for the rows of board %05u", stand->board);
	if (!strbuf_ok(stand->out))
		return err_set(err, ERR_FULL, "stand", "the rows of board %05u are more than fit in memory",
			       stand->board);
	return stand->flush(stand->self, stand->out, err);
}

static void name_teacher(const struct stand *stand, int32_t bsn, char name[32])
{
	char digits[16];

	snprintf(digits, sizeof digits, "%09d", bsn);
	memset(name, 0, 32);
	if (stand->options->pseudonym_key)
		hmac_key_pseudonym(stand->options->pseudonym_key, stand->board, slice_make(digits, 9), name);
	else
		memcpy(name, digits, 9);
}

static int take_row(void *self, const struct pg_rows *row, struct err *err)
{
	struct stand *stand = self;
	uint32_t board = (uint32_t)pg_get_i32(row, 0, 0);

	if (stand->count > 0 && board != stand->board) {
		int rc = end_board(stand, err);

		if (rc != 0)
			return rc;
	}
	stand->board = board;
	if (stand->count == stand->capacity) {
		size_t capacity = MAX(stand->capacity * 2, (size_t)TEACHERS_FIRST);
		struct stand_teacher *teachers = reallocarray(stand->teachers, capacity, sizeof *teachers);

		if (!teachers)
			return err_set(err, ERR_RETRY, "memory", "no memory for the teachers of board %05u", board);
		stand->teachers = teachers;
		stand->capacity = capacity;
	}
	struct stand_teacher *teacher = &stand->teachers[stand->count++];

	name_teacher(stand, pg_get_i32(row, 0, 1), teacher->name);
	teacher->status = (enum teacher_status)pg_get_i16(row, 0, 2);
	teacher->sequence = pg_get_i64(row, 0, 3);
	teacher->lapsed_on = pg_is_null(row, 0, 4) ? 0 : pg_get_i32(row, 0, 4);
	teacher->content = teacher->targets = (struct slice){ 0 };
	if (pg_is_null(row, 0, 5))
		return 0;
	if (!arena_copy(&stand->arena, pg_get_bytes(row, 0, 5), &teacher->content) ||
	    !arena_copy(&stand->arena, pg_get_bytes(row, 0, 6), &teacher->targets))
		return err_set(err, ERR_FULL, "stand", "the teachers of board %05u are more than fit in memory", board);
	return 0;
}

int stand_write(struct pg_link *link, const struct stand_options *options, struct strbuf *out,
		int (*flush)(void *self, struct strbuf *out, struct err *err), void *self, struct err *err)
{
	struct stand stand = { .options = options,
			       .out = out,
			       .flush = flush,
			       .self = self,
			       .name_bytes = options->pseudonym_key ? 32 : 9 };
	struct pg_params params;
	int rc = arena_init(&stand.arena, BOARD_BYTES_MAX, BOARD_BYTES_KEPT, err);

	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	if (options->is_one_board)
		pg_add_i32(&params, (int32_t)options->board);
	else
		pg_add_null(&params, PG_I32);
	add_header(&stand);
	rc = pg_stream(link, STAND_SQL, &params, take_row, &stand, err);
	if (rc == 0)
		rc = end_board(&stand, err);
	free(stand.teachers);
	arena_release(&stand.arena);
	return rc;
}
