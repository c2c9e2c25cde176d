/* contact set: an operator sets the contact persons of a board (specification 8.8), as a board does over HTTP. They
 * come in a file and not as arguments, which others on the machine can see.
 *
 * No header: run_contact_set stands in person_commands.h. */
#include "ctl/person/person_commands.h"

#include "render/contact_persons.h"

#include <jansson.h>

enum { FILE_BYTES_MAX = 64 << 10, SENDER_BYTES = 96 };

static int read_persons(const char *path, struct strbuf *persons, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text = { 0 };
	struct contact_fault fault;

	strbuf_init(&text, FILE_BYTES_MAX);
	int rc = ctl_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text, err);

	if (rc != 0)
		return rc;
	json_t *json = text.n > 0 ? json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool is_good = json_is_object(json) && contact_persons_check(json, persons, &fault);

	if (!json_is_object(json))
		rc = err_set(err, ERR_DATA, "json", "%s holds no JSON object", path);
	else if (!is_good && fault.person == 0)
		rc = err_set(err, ERR_DATA, "personen",
			     "%s: personen is a list of at most 20, and nothing else stands there", path);
	else if (!is_good)
		rc = err_set(err, ERR_DATA, "personen", "%s: of person %zu %s is not right", path, fault.person,
			     fault.field);
	else
		rc = strbuf_check(persons, "the contact persons", err);
	json_decref(json);
	return rc;
}

static int set(struct ctl *ctl, uint32_t board, struct slice persons, struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	char sender[SENDER_BYTES];
	int rc = ctl_connect(ctl, true, &link, err);

	snprintf(sender, sizeof sender, "operator:%s", ctl_operator());
	if (rc == 0)
		rc = pg_begin(link, err);
	if (rc == 0)
		rc = contact_persons_lock(link, board, err);
	if (rc == 0)
		rc = ctl_record_act(link, "contact set", &board, ctl->options[OPTION_REASON], NULL, err);
	if (rc == 0)
		rc = contact_persons_set(link, board, persons, slice_of(sender), err);
	return rc == 0 ? pg_script(link, "commit", err) : rc;
}

int run_contact_set(struct ctl *ctl)
{
	CLEANUP(strbuf_drop) struct strbuf persons = { 0 };
	struct err err = { 0 };
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	strbuf_init(&persons, FILE_BYTES_MAX);
	int rc = read_persons(ctl->arguments[1], &persons, &err);

	if (rc == 0)
		rc = set(ctl, board, strbuf_slice(&persons), &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}
