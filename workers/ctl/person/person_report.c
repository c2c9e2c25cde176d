/* person_report: all that the stores hold of one person, for a request to see it (GDPR 15).
 *
 *   1. He is named by his BSN in a file, or by a board and his key there (never by a BSN in the arguments).
 *   2. A row of register.access with the reason first: whoever looks at a person is known afterwards.
 *   3. The register: his rows at every board, history, deliveries that name him with their outcome, his lines in
 *      terugmeldingen, confirmations, marks.
 *   4. The logs from their beginning: raw, verdict, quarantine. A message is named by its place.
 *   5. The checkpoints of verify, when there are any.
 *   6. What cannot be asked is named: the cache, which holds hashes that follow from the log, backups, and the words
 *      of problems that his boards reported.
 *
 * No header: run_person_report stands in person_commands.h. */
#include "ctl/person/person_commands.h"

#include "ctl/person/person.h"

static const struct output_column REPORT_COLUMNS[] = {
	{ "store", "store", COLUMN_TEXT }, { "board", "board", COLUMN_TEXT }, { "place", "place", COLUMN_TEXT },
	{ "field", "field", COLUMN_TEXT }, { "value", "value", COLUMN_TEXT },
};

enum { TEXT_BYTES = 400 };

/* Where copies stand that no question reaches. boards: those where something was found. */
static void add_copies(const struct ctl *ctl, struct person_findings *findings)
{
	char text[TEXT_BYTES];

	snprintf(text, sizeof text,
		 "per board the HMAC of his BSN, a hash of his content and a volgnummer; follows from the logs, "
		 "which fill it again");
	person_found(findings, STORE_CACHE, 0, slice_of("{topic/partition}:..:board"), slice_of("holds"),
		     slice_of(text));
	snprintf(text, sizeof text, "copies of the register, of up to backup.keep.days = %lld days ago%s",
		 (long long)ctl->config.backup_keep_days,
		 ctl->config.backup_keep_days == 0 ? " (not said: ask who makes them)" : "");
	person_found(findings, STORE_BACKUP, 0, slice_of("PostgreSQL"), slice_of("holds"), slice_of(text));
	snprintf(text, sizeof text, "what was delivered goes with retention: topic.retention.days = %lld",
		 (long long)ctl->config.topic_retention_days);
	person_found(findings, STORE_BACKUP, 0, slice_of("Kafka"), slice_of("holds"), slice_of(text));
}

static bool is_found(const struct person_findings *findings)
{
	for (int store = 0; store < STORE_CACHE; store++)
		if (findings->counts[store] > 0)
			return true;
	return false;
}

static int answer(struct ctl *ctl, struct pg_link *link, struct person_findings *findings, struct err *err)
{
	struct person person;
	int64_t keys = 0;
	int rc = person_read(ctl, link, &person, err);

	if (rc == 0)
		rc = ctl_check_key(ctl, link, person.keys.now.id, err); /* with another nobody would be found */
	if (rc == 0)
		rc = ctl_record_act(link, "person report", person.has_bsn ? NULL : &person.board,
				    ctl->options[OPTION_REASON], NULL, err);
	if (rc == 0)
		rc = person_tell_blind_spots(ctl, link, &person, &keys, err);
	if (rc == 0)
		rc = person_look_in_register(ctl, link, &person, findings, err);
	if (rc == 0)
		rc = person_look_in_logs(ctl, &person, findings, err);
	if (rc == 0)
		rc = person_look_in_checkpoints(ctl, &person, findings, err);
	explicit_bzero(&person, sizeof person);
	if (rc != 0)
		return rc;
	if (!is_found(findings))
		return err_set(err, ERR_DATA, "unknown", "no store holds anything of this person");
	add_copies(ctl, findings);
	return output_print(&findings->out, stdout, err);
}

int run_person_report(struct ctl *ctl)
{
	struct person_findings findings = { 0 };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	int usage = person_check_words(ctl);

	if (usage != 0)
		return usage;
	output_init(&findings.out, ctl->output, REPORT_COLUMNS, ARRAY_LEN(REPORT_COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = answer(ctl, link, &findings, &err);
	output_release(&findings.out);
	return rc == 0 ? 0 : ctl_fail(&err);
}
