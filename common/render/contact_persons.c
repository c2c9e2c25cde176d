#include "render/contact_persons.h"

#include "model/csv.h"
#include "render/json_build.h"
#include "render/summary.h"

#include <jansson.h>
#include <string.h>

enum { LOCK_OF_CONTACTS = 49201807 };

/* ---- a list as somebody sent it ---- */

static const char *const TASKS[] = { "leveringen", "inhoud", "techniek" };

static const struct {
	const char *name;
	size_t characters_max;
	bool is_needed;
} FIELDS[] = { { "taak", 20, true }, { "naam", 50, true }, { "telefoon", 20, false }, { "email", 75, false } };

/* Other members than these are refused: whoever misspells one must not think that we have it. */
static bool is_known(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

/* Absent and null are an empty text. false: no text, or too long a one. */
static bool read_field(const json_t *person, size_t field, struct slice *ret)
{
	const json_t *member = json_object_get(person, FIELDS[field].name);

	*ret = slice_make("", 0);
	if (member && !json_is_null(member)) {
		if (!json_is_string(member))
			return false;
		*ret = slice_make(json_string_value(member), json_string_length(member));
	}
	return is_printable(*ret) && utf8_length(*ret) <= FIELDS[field].characters_max &&
	       (ret->n > 0 || !FIELDS[field].is_needed);
}

static bool is_task(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(TASKS); i++)
		if (slice_equal_text(text, TASKS[i]))
			return true;
	return false;
}

/* The field that is wrong; NULL: none. *ret: the person with all fields as texts; NULL: no memory. */
static const char *read_person(const json_t *person, json_t **ret)
{
	struct slice values[ARRAY_LEN(FIELDS)];
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)person, name, member)
	{
		bool is_field = false;

		for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++)
			is_field |= strcmp(FIELDS[i].name, name) == 0;
		if (!is_field)
			return "personen";
	}
	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++)
		if (!read_field(person, i, &values[i]))
			return FIELDS[i].name;
	if (!is_task(values[0]))
		return "taak";
	if (values[2].n + values[3].n == 0) /* nobody could reach him */
		return "telefoon";
	*ret = json_object();
	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++)
		json_build_put(ret, FIELDS[i].name, json_stringn(values[i].p, values[i].n));
	return NULL;
}

/* NULL: the list is one; else what is wrong with it as a whole. */
static const char *check_list(const json_t *json)
{
	static const char *const MEMBERS[] = { "bestuur", "personen", "gezet_op", "uit_levering" };
	const json_t *list = json_object_get(json, "personen");
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)json, name, member)
	{
		if (!is_known(MEMBERS, ARRAY_LEN(MEMBERS), name))
			return "personen";
	}
	return json_is_array(list) && json_array_size(list) <= CONTACT_PERSONS_MAX ? NULL : "personen";
}

bool contact_persons_check(const struct json_t *json, struct strbuf *persons, struct contact_fault *ret_fault)
{
	const json_t *list = json_object_get(json, "personen");
	json_t *all;

	*ret_fault = (struct contact_fault){ .field = check_list(json) };
	if (ret_fault->field)
		return false;
	all = json_array();
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *person = NULL;
		const char *field = json_is_object(json_array_get(list, i))
					    ? read_person(json_array_get(list, i), &person)
					    : "personen";

		if (field) {
			json_decref(all);
			*ret_fault = (struct contact_fault){ .person = i + 1, .field = field };
			return false;
		}
		json_build_append(&all, person);
	}
	strbuf_reset(persons);
	summary_put_json(persons, all);
	return true;
}

/* ---- the register ---- */

int contact_persons_lock(struct pg_link *link, uint32_t board, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, LOCK_OF_CONTACTS);
	pg_add_i32(&params, (int32_t)board);
	return pg_exec(link, "contact_lock", "select pg_advisory_xact_lock($1, $2)", &params, NULL, NULL, err);
}

int contact_persons_digest(struct pg_link *link, uint32_t board, uint8_t ret[32], struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = pg_ask(link, "contact_digest", "select register.ask_contact_digest($1)", "=x32", &params, &rows, err);

	if (rc != 0)
		return rc;
	struct slice digest = pg_get_bytes(rows, 0, 0);

	if (digest.n != 32)
		return err_set(err, ERR_FATAL, "digest", "the register gives contact persons no digest");
	memcpy(ret, digest.p, 32);
	return 0;
}

static int read_text(struct pg_link *link, const char *name, const char *sql, const uint8_t reading[16],
		     struct strbuf *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, reading);
	int rc = pg_ask(link, name, sql, "=T", &params, &rows, err);

	if (rc != 0)
		return rc;
	strbuf_add(out, pg_get_bytes(rows, 0, 0));
	return strbuf_check(out, "contact persons", err);
}

int contact_persons_read(struct pg_link *link, const uint8_t reading[16], struct strbuf *out, struct err *err)
{
	return read_text(link, "contact_read", "select register.read_contact_persons($1)", reading, out, err);
}

int contact_persons_history(struct pg_link *link, const uint8_t reading[16], struct strbuf *out, struct err *err)
{
	return read_text(link, "contact_history", "select register.read_contact_history($1)", reading, out, err);
}

int contact_persons_set(struct pg_link *link, uint32_t board, struct slice persons, struct slice sender,
			struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_text(&params, persons);
	pg_add_text(&params, sender);
	return pg_exec(link, "contact_set",
		       "select register.set_contact_persons($1, $2::text::jsonb, $3, null, 'beheer')", &params, NULL,
		       NULL, err);
}
