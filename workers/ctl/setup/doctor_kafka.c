#include "ctl/setup/doctor_kafka.h"

#include "ctl/setup/kafka_rights.h"
#include "kafka/kafka_acls.h"

#include <stdlib.h>

enum { ACLS_MAX = 1024, LISTED_MAX = 20, WORD_BYTES = 256, USERS_MAX = 8 };

static const char CHECK[] = "kafka rights";

struct acls {
	struct kafka_acl items[ACLS_MAX]; /* the texts are copies, in text */
	size_t count;
	bool has_more;
	struct arena *text;
};

/* ---- what Kafka has on record ---- */

static const char *keep(struct arena *arena, const char *text)
{
	struct slice copy = { 0 };

	return arena_copy(arena, slice_make(text, strlen(text) + 1), &copy) ? copy.p : "";
}

static void keep_acl(void *self, const struct kafka_acl *acl)
{
	struct acls *acls = self;

	if (acls->count == ACLS_MAX) {
		acls->has_more = true;
		return;
	}
	struct kafka_acl *kept = &acls->items[acls->count++];

	*kept = *acl; /* kind and operation are constants */
	kept->name = keep(acls->text, acl->name);
	kept->principal = keep(acls->text, acl->principal);
	kept->host = keep(acls->text, acl->host);
}

static bool speaks_of(const struct kafka_acl *acl, const char *kind, const char *name)
{
	if (strcmp(acl->kind, kind) != 0)
		return false;
	if (acl->is_prefix)
		return strncmp(acl->name, name, strlen(acl->name)) == 0;
	return strcmp(acl->name, "*") == 0 || strcmp(acl->name, name) == 0;
}

static bool is_of_user(const struct kafka_acl *acl, const char *user)
{
	return strncmp(acl->principal, "User:", 5) == 0 &&
	       (strcmp(acl->principal + 5, user) == 0 || strcmp(acl->principal + 5, "*") == 0);
}

/* Kafka lets whoever may read, write, delete or alter describe too. To take one away says nothing of the other. */
static bool gives(const struct kafka_acl *acl, const char *operation)
{
	static const char *const IMPLY[][2] = { { "Describe", "Read" },
						{ "Describe", "Write" },
						{ "Describe", "Delete" },
						{ "Describe", "Alter" },
						{ "DescribeConfigs", "AlterConfigs" } };

	if (strcmp(acl->operation, operation) == 0 || strcmp(acl->operation, "All") == 0)
		return true;
	for (size_t i = 0; !acl->is_denied && i < ARRAY_LEN(IMPLY); i++)
		if (strcmp(IMPLY[i][0], operation) == 0 && strcmp(IMPLY[i][1], acl->operation) == 0)
			return true;
	return false;
}

static bool has_right(const struct acls *acls, const char *user, const char *kind, const char *name,
		      const char *operation)
{
	bool is_given = false;

	for (size_t i = 0; i < acls->count; i++) {
		const struct kafka_acl *acl = &acls->items[i];

		if (!is_of_user(acl, user) || !speaks_of(acl, kind, name) || !gives(acl, operation))
			continue;
		if (acl->is_denied)
			return false;
		is_given |= strcmp(acl->host, "*") == 0; /* of one host: our programs may be on another */
	}
	return is_given;
}

/* Who may create on the cluster may create each topic, whatever is said of that one. */
static bool may(const struct acls *acls, const char *user, const char *kind, const char *name, const char *operation)
{
	return has_right(acls, user, kind, name, operation) ||
	       (strcmp(kind, "topic") == 0 && strcmp(operation, "Create") == 0 &&
		has_right(acls, user, "cluster", KAFKA_ACL_CLUSTER, operation));
}

/* ---- what the table has ---- */

struct right {
	char user[WORD_BYTES], kind[WORD_BYTES], name[WORD_BYTES];
	const char *operations; /* with spaces between them */
};

/* The name of this installation for one of the table's; NULL: it has no such topic or group. */
static const char *name_here(const struct ctl_config *config, const char *kind, const char *name)
{
	const struct {
		const char *kind, *theirs, *ours;
	} NAMES[] = {
		{ "topic", "instroom.raw.1", config->topic.raw },
		{ "topic", "instroom.verdict.1", config->topic.verdict },
		{ "topic", "instroom.quarantine.1", config->topic.quarantine },
		{ "topic", "instroom.reference.1", config->topic.reference },
		{ "topic", "instroom.access.1", config->topic.access },
		{ "topic", "instroom.daykeys.1", settings_topics(&config->topic, &config->encrypt).day_keys },
		{ "group", "instroom-validate", config->validate_group },
		{ "group", "instroom-write", config->write_group },
	};

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		if (strcmp(NAMES[i].kind, kind) == 0 && strcmp(NAMES[i].theirs, name) == 0)
			return NAMES[i].ours;
	return NULL;
}

static bool parse_right(const struct ctl_config *config, const char *line, struct right *ret)
{
	char name[WORD_BYTES];
	int at = 0;

	if (sscanf(line, "%255s %255s %255s %n", ret->user, ret->kind, name, &at) != 3)
		return false;
	const char *ours = name_here(config, ret->kind, name);

	snprintf(ret->name, sizeof ret->name, "%s", ours ? ours : "");
	ret->operations = line + at;
	return ours != NULL && strcmp(ret->user, "instroom-keda") != 0; /* who scales has it or is not there */
}

static bool has_word(const char *words, const char *word)
{
	char next[WORD_BYTES];

	for (int at = 0; sscanf(words, "%255s %n", next, &at) == 1; words += at)
		if (strcmp(next, word) == 0)
			return true;
	return false;
}

static bool is_in_table(const struct ctl_config *config, const struct kafka_acl *acl, const char *name)
{
	struct right right;

	for (size_t i = 0; i < KAFKA_RIGHT_COUNT; i++)
		if (parse_right(config, KAFKA_RIGHTS[i], &right) && strcmp(right.name, name) == 0 &&
		    strncmp(acl->principal, "User:", 5) == 0 && strcmp(acl->principal + 5, right.user) == 0 &&
		    has_word(right.operations, acl->operation))
			return true;
	return false;
}

/* ---- beside each other ---- */

static bool has_any(const struct acls *acls, const char *user)
{
	for (size_t i = 0; i < acls->count; i++)
		if (is_of_user(&acls->items[i], user))
			return true;
	return false;
}

/* Operations that a user lacks of one right, as options of the tool that grants them; empty: none. */
static void find_lacking(const struct acls *acls, const struct right *right, char *ret, size_t ret_bytes)
{
	char operation[WORD_BYTES];
	const char *rest = right->operations;
	size_t n = 0;
	int at = 0;

	ret[0] = '\0';
	for (; sscanf(rest, "%255s %n", operation, &at) == 1; rest += at)
		if (!may(acls, right->user, right->kind, right->name, operation) && n < ret_bytes)
			n += (size_t)snprintf(ret + n, ret_bytes - n, " --operation %s", operation);
}

static void say_lacking(const struct right *right, const char *operations, struct diagnosis *diagnosis)
{
	char advice[1024];

	snprintf(advice, sizeof advice,
		 "kafka-acls.sh --add --allow-principal User:%s --%s %s%s (unless super.users of the brokers has it)",
		 right->user, right->kind, right->name, operations);
	diagnosis_say(diagnosis, DIAGNOSIS_FAIL, CHECK, advice, "User:%s lacks a right on %s %s", right->user,
		      right->kind, right->name);
}

/* Rows of one user stand together in the table. */
static size_t look_for_lacking(const struct ctl_config *config, const struct acls *acls, struct diagnosis *diagnosis)
{
	char user[WORD_BYTES] = "", operations[WORD_BYTES];
	bool is_known = false;
	size_t found = 0;
	struct right right;

	for (size_t i = 0; i < KAFKA_RIGHT_COUNT; i++) {
		if (!parse_right(config, KAFKA_RIGHTS[i], &right))
			continue;
		if (strcmp(user, right.user) != 0) {
			snprintf(user, sizeof user, "%s", right.user);
			is_known = has_any(acls, user);
			if (!is_known && ++found > 0)
				diagnosis_say(diagnosis, DIAGNOSIS_WARN, CHECK,
					      "if its programs log in as somebody else, compare by hand with "
					      "deploy/kafka-acls.txt; if super.users of the brokers has it, it may do "
					      "all, which is too much; else add its rows",
					      "Kafka has no right of User:%s on record", user);
		}
		find_lacking(acls, &right, operations, sizeof operations);
		if (!is_known || !operations[0])
			continue;
		if (++found <= LISTED_MAX)
			say_lacking(&right, operations, diagnosis);
	}
	return found;
}

static bool changes(const char *operation)
{
	static const char *const CHANGES[] = { "All", "Write", "Delete", "Alter", "AlterConfigs" };

	for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++)
		if (strcmp(operation, CHANGES[i]) == 0)
			return true;
	return false;
}

/* Who may write into a topic of ours can make deliveries or verdicts; who may delete, the log. */
static size_t look_for_others(const struct ctl_config *config, const struct acls *acls, struct diagnosis *diagnosis)
{
	const struct topic_settings topics = settings_topics(&config->topic, &config->encrypt);
	const char *const names[] = { topics.raw,	topics.verdict, topics.quarantine,
				      topics.reference, topics.access,	topics.day_keys };
	size_t found = 0;

	for (size_t i = 0; i < acls->count; i++)
		for (size_t t = 0; t < ARRAY_LEN(names); t++) {
			const struct kafka_acl *acl = &acls->items[i];

			if (!names[t] || acl->is_denied || !changes(acl->operation) ||
			    !speaks_of(acl, "topic", names[t]) || is_in_table(config, acl, names[t]))
				continue;
			if (++found <= LISTED_MAX)
				diagnosis_say(
					diagnosis, DIAGNOSIS_WARN, CHECK,
					"kafka-acls.sh --remove, if nobody needs it: deploy/kafka-acls.txt has all "
					"that Instroom needs",
					"%s may %s topic %s", acl->principal, acl->operation, names[t]);
		}
	return found;
}

static void say_unasked(const struct err *err, struct diagnosis *diagnosis)
{
	bool is_hidden = strcmp(err->code, "rights") == 0;

	diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, CHECK,
		      is_hidden ? "kafka-acls.sh --add --cluster --operation Describe for this user, and look again; "
				  "without authorizer.class.name whoever reaches a broker may do all"
				: "RUNBOOK.md, A server refuses us",
		      "not compared: %s (%s)", err->text, err->code);
}

void doctor_look_at_kafka_rights(struct ctl *ctl, struct diagnosis *diagnosis)
{
	struct acls *acls = calloc(1, sizeof *acls);
	struct err err = { 0 };

	if (!acls) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, CHECK, "look again", "not compared: no memory");
		return;
	}
	acls->text = &ctl->arena;
	int rc = kafka_acls_visit(&ctl->kafka, CTL_WAIT_MS, keep_acl, acls, &err);

	if (rc != 0) {
		say_unasked(&err, diagnosis);
	} else if (acls->has_more) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, CHECK, "compare with deploy/kafka-acls.txt by hand",
			      "not compared: Kafka has more than %d rights on record", ACLS_MAX);
	} else if (look_for_lacking(&ctl->config, acls, diagnosis) + look_for_others(&ctl->config, acls, diagnosis) ==
		   0) {
		diagnosis_say(diagnosis, DIAGNOSIS_OK, CHECK, NULL,
			      "each stage has those of deploy/kafka-acls.txt, and nobody else may write but who "
			      "stands in super.users of the brokers");
	}
	free(acls);
}
