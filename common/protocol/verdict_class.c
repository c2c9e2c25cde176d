#include "protocol/verdict_class.h"

#include "model/date.h"
#include "model/delivery.h"
#include "model/teacher_key.h"
#include "protocol/confirm_condition.h"

enum { BSN_MAX = 999999999, UTF8_BYTES_MAX = 4 };

static int refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_DATA, "verdict", "verdict does not hold together: %s", what);
}

static bool is_date(int32_t date)
{
	char text[16];

	if (date < 0)
		return false;
	return snprintf(text, sizeof text, "%d", date) == 8 && date_parse(slice_make(text, 8)) == date;
}

static bool is_contact_good(const struct wire_header *header)
{
	return header->contact_name.n <= CONTACT_NAME_MAX * UTF8_BYTES_MAX &&
	       header->contact_phone.n <= CONTACT_PHONE_MAX * UTF8_BYTES_MAX &&
	       header->contact_email.n <= CONTACT_EMAIL_MAX * UTF8_BYTES_MAX;
}

static bool is_board_good(const struct wire_header *header)
{
	return header->board >= 0 && header->board <= BOARD_NUMBER_MAX;
}

static int check_header(const struct wire_header *header, struct err *err)
{
	if (!is_board_good(header))
		return refuse(err, "header.board");
	if (!delivery_id_is_good(header->delivery_id))
		return refuse(err, "header.delivery_id");
	if (header->kind < DELIVERY_VOLLEDIG || header->kind > DELIVERY_INTREKKING)
		return refuse(err, "header.kind");
	if (header->sequence < 1)
		return refuse(err, "header.sequence");
	if (!is_date(header->extraction_date) || !is_date(header->received_on))
		return refuse(err, "a date of the header");
	if (header->line_count < 0 || header->line_count > FILE_LINES_MAX)
		return refuse(err, "header.line_count");
	return is_contact_good(header) ? 0 : refuse(err, "a contact field of the header");
}

static int check_keys(const struct wire_verdict *verdict, struct err *err)
{
	const char *keys = verdict->keys.p;

	if (verdict->keys.n % TEACHER_KEY_BYTES != 0)
		return refuse(err, "length of keys");
	for (size_t at = TEACHER_KEY_BYTES; at < verdict->keys.n; at += TEACHER_KEY_BYTES)
		if (memcmp(keys + at - TEACHER_KEY_BYTES, keys + at, TEACHER_KEY_BYTES) >= 0)
			return refuse(err, "order of keys");
	return 0;
}

static bool has_groups(const struct wire_verdict *verdict)
{
	return verdict->classes.n > 0 || verdict->hashes.n > 0 || verdict->group_lines.count > 0 ||
	       verdict->candidates.count > 0;
}

static int check_classes(const struct wire_verdict *verdict, struct err *err)
{
	size_t readable = verdict->keys.n / TEACHER_KEY_BYTES, counts[VERDICT_QUARANTINE + 1] = { 0 };

	for (size_t i = 0; i < verdict->classes.n; i++) {
		unsigned class = (uint8_t)verdict->classes.p[i];

		if (class < VERDICT_CANDIDATE || class > VERDICT_QUARANTINE)
			return refuse(err, "a class out of range");
		if (i >= readable && class != VERDICT_REJECTED && class != VERDICT_QUARANTINE)
			return refuse(err, "class of a group without key");
		counts[class]++;
	}
	if (verdict->candidates.count != counts[VERDICT_CANDIDATE])
		return refuse(err, "number of candidates");
	if (verdict->hashes.n != (counts[VERDICT_CANDIDATE] + counts[VERDICT_UNCHANGED]) * CONTENT_HASH_BYTES)
		return refuse(err, "length of hashes");
	return 0;
}

static int check_lines(const struct wire_verdict *verdict, struct err *err)
{
	size_t readable = verdict->keys.n / TEACHER_KEY_BYTES;
	int64_t lines = 0, unreadable = 0;

	for (size_t i = 0; i < verdict->group_lines.count; i++) {
		if (verdict->group_lines.items[i] <= 0)
			return refuse(err, "a group without lines");
		lines += verdict->group_lines.items[i];
		unreadable += i >= readable ? verdict->group_lines.items[i] : 0;
	}
	if (lines != verdict->header.line_count)
		return refuse(err, "sum of group_lines");
	return unreadable == verdict->unreadable_lines ? 0 : refuse(err, "unreadable_lines");
}

static int check_candidates(const struct wire_verdict *verdict, struct err *err)
{
	for (size_t i = 0; i < verdict->candidates.count; i++) {
		const struct wire_candidate *candidate = &verdict->candidates.items[i];

		if (candidate->bsn < 0 || candidate->bsn > BSN_MAX)
			return refuse(err, "bsn of a candidate");
		if (candidate->content.n == 0 || candidate->targets.n == 0 || candidate->targets.n > TEACHER_LINES_MAX)
			return refuse(err, "length of a candidate's content or targets");
		for (size_t j = 0; j < candidate->targets.n; j++)
			if (candidate->targets.p[j] != 'R' && candidate->targets.p[j] != 'V')
				return refuse(err, "targets of a candidate");
	}
	return 0;
}

static int check_findings(const struct wire_verdict *verdict, struct err *err)
{
	for (size_t i = 0; i < verdict->findings.count; i++)
		if (verdict->findings.items[i].rule <= 0 || verdict->findings.items[i].rule > UINT16_MAX ||
		    verdict->findings.items[i].lines <= 0)
			return refuse(err, "a finding count");
	return 0;
}

static int check_delivery(const struct wire_verdict *verdict, struct err *err)
{
	int rc = check_header(&verdict->header, err);

	if (rc != 0)
		return rc;
	if ((verdict->kind == VERDICT_KIND_REPLAY) != (verdict->attempt > 0) || verdict->attempt < 0)
		return refuse(err, "attempt");
	if (verdict->body_unreadable)
		return has_groups(verdict) || verdict->keys.n > 0 ? refuse(err, "groups of an unreadable body") : 0;
	if (verdict->classes.n != verdict->group_lines.count ||
	    verdict->classes.n < verdict->keys.n / TEACHER_KEY_BYTES)
		return refuse(err, "number of groups");
	if ((rc = check_classes(verdict, err)) != 0 || (rc = check_lines(verdict, err)) != 0 ||
	    (rc = check_candidates(verdict, err)) != 0)
		return rc;
	return check_findings(verdict, err);
}

static int check_foreign(const struct wire_verdict *verdict, struct err *err)
{
	return has_groups(verdict) || verdict->keys.n > 0 ? refuse(err, "groups of a FOREIGN") : 0;
}

static int check_confirm(const struct wire_verdict *verdict, struct err *err)
{
	if (!is_board_good(&verdict->header) || !delivery_id_is_good(verdict->header.delivery_id))
		return refuse(err, "header of a CONFIRM");
	if (!condition_is_good(verdict->condition))
		return refuse(err, "condition of a CONFIRM");
	return has_groups(verdict) || verdict->keys.n > 0 ? refuse(err, "groups of a CONFIRM") : 0;
}

static int check_forget(const struct wire_verdict *verdict, struct err *err)
{
	if (!is_board_good(&verdict->header))
		return refuse(err, "header of a FORGET");
	return has_groups(verdict) ? refuse(err, "groups of a FORGET") : 0;
}

static int check_set_back(const struct wire_verdict *verdict, struct err *err)
{
	if (!is_board_good(&verdict->header) || verdict->header.sequence < 0)
		return refuse(err, "header of a SET_BACK");
	return has_groups(verdict) || verdict->keys.n > 0 ? refuse(err, "groups of a SET_BACK") : 0;
}

int verdict_check(const struct wire_verdict *verdict, struct err *err)
{
	int rc = check_keys(verdict, err);

	if (rc != 0)
		return rc;
	if (verdict->raw_offset < 0)
		return refuse(err, "raw_offset");
	if (verdict->kind != VERDICT_KIND_CONFIRM && verdict->condition.n > 0)
		return refuse(err, "condition");
	switch (verdict->kind) {
	case VERDICT_KIND_DELIVERY:
	case VERDICT_KIND_REPLAY:
		return check_delivery(verdict, err);
	case VERDICT_KIND_CONFIRM:
		return check_confirm(verdict, err);
	case VERDICT_KIND_FORGET:
		return check_forget(verdict, err);
	case VERDICT_KIND_FOREIGN:
		return check_foreign(verdict, err);
	case VERDICT_KIND_SET_BACK:
		return check_set_back(verdict, err);
	default:
		return refuse(err, "kind");
	}
}

bool verdict_hides_teacher(const struct wire_verdict *verdict)
{
	size_t readable = verdict->keys.n / TEACHER_KEY_BYTES;

	return verdict->body_unreadable ||
	       (verdict->classes.n > readable &&
		memchr(verdict->classes.p + readable, VERDICT_QUARANTINE, verdict->classes.n - readable));
}
