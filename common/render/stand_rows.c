#include "render/stand_rows.h"

#include "model/bsn.h"
#include "model/content.h"
#include "model/csv.h"
#include "model/reference.h"

#include <stdlib.h>

void stand_add_header(struct strbuf *out, bool has_bsn)
{
	strbuf_add_text(out, has_bsn ? "bestuur;bsn;status;volgnummer;vervallen_per"
				     : "bestuur;pseudoniem;status;volgnummer;vervallen_per");
	for (int field = has_bsn ? PERSON_FIRST : APPOINTMENT_FIRST; field <= APPOINTMENT_LAST; field++) {
		strbuf_add_char(out, ';');
		strbuf_add_text(out, field_name((enum field)field));
	}
	strbuf_add_text(out, ";doel\n");
}

/* Where the rows go. */
struct rows {
	struct strbuf *out;
	uint32_t board;
	bool has_bsn;
};

static void add_front(const struct rows *rows, const struct stand_teacher *teacher, const struct slice *person)
{
	strbuf_add_printf(rows->out, "%05u;%.*s;%s;%lld;", rows->board, (int)strnlen(teacher->name, STAND_NAME_BYTES),
			  teacher->name, teacher_status_name(teacher->status), (long long)teacher->sequence);
	if (teacher->lapsed_on > 0)
		strbuf_add_printf(rows->out, "%08d", teacher->lapsed_on);
	for (size_t i = 0; rows->has_bsn && i < PERSON_FIELDS; i++) {
		strbuf_add_char(rows->out, ';');
		csv_add_field(rows->out, person[i]);
	}
}

static bool is_like_bsn(struct slice text)
{
	return bsn_find(text, (struct slice){ 0 }) == RULE_P14;
}

/* specification 8.4: a benoemingssleutel that fits LR-P14 does not leave with a pseudonym. */
static void add_appointment(const struct rows *rows, const struct content_appointment *appointment, enum target target)
{
	for (size_t i = 0; i < APPOINTMENT_FIELDS; i++) {
		bool is_hidden = i == 0 && !rows->has_bsn && is_like_bsn(appointment->fields[i]);

		strbuf_add_char(rows->out, ';');
		if (!is_hidden)
			csv_add_field(rows->out, appointment->fields[i]);
	}
	strbuf_add_char(rows->out, ';');
	strbuf_add_text(rows->out, target_name(target));
	strbuf_add_char(rows->out, '\n');
}

/* One row less would be a person less in the register's image, and nobody would know. */
static int other_form(const struct rows *rows, struct err *err)
{
	return err_set(err, ERR_FATAL, STAND_OTHER_FORM,
		       "a teacher of board %05u holds content of another form: run instroomctl verify", rows->board);
}

static enum target target_of(struct slice targets, size_t at)
{
	if (at >= targets.n)
		return TARGET_NONE;
	return targets.p[at] == 'R' ? TARGET_REGISTER : targets.p[at] == 'V' ? TARGET_VOORPORTAAL : TARGET_NONE;
}

int stand_add_teacher(struct strbuf *out, uint32_t board, bool has_bsn, const struct stand_teacher *teacher,
		      struct err *err)
{
	const struct rows rows = { out, board, has_bsn };
	struct slice person[PERSON_FIELDS] = { { 0 } }, rest = teacher->content;
	struct content_appointment appointment;
	enum content_item item;
	size_t count = 0;

	if (teacher->status == STATUS_INGETROKKEN) {
		add_front(&rows, teacher, person);
		for (size_t i = 0; i <= APPOINTMENT_FIELDS; i++)
			strbuf_add_char(out, ';');
		strbuf_add_char(out, '\n');
		return 0;
	}
	if (!content_read_person(&rest, person))
		return other_form(&rows, err);
	while ((item = content_next_appointment(&rest, &appointment)) == CONTENT_APPOINTMENT) {
		enum target target = target_of(teacher->targets, count++);

		if (target == TARGET_NONE)
			return other_form(&rows, err);
		add_front(&rows, teacher, person);
		add_appointment(&rows, &appointment, target);
	}
	return item == CONTENT_END && count == teacher->targets.n ? 0 : other_form(&rows, err);
}

static int compare_names(const void *a, const void *b)
{
	return memcmp(((const struct stand_teacher *)a)->name, ((const struct stand_teacher *)b)->name,
		      sizeof((const struct stand_teacher *)a)->name);
}

void stand_sort(struct stand_teacher *teachers, size_t count)
{
	if (count > 0)
		qsort(teachers, count, sizeof *teachers, compare_names);
}

void stand_set_bsn(struct stand_teacher *teacher, int32_t bsn)
{
	char digits[16];

	snprintf(digits, sizeof digits, "%09d", bsn);
	memset(teacher->name, 0, sizeof teacher->name);
	memcpy(teacher->name, digits, 9);
}
