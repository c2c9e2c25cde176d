#include "write/register_targets.h"

static const struct {
	const char *target, *columns;
} TARGETS[] = {
	{ TARGET_TEACHER, TYPES_TEACHER },	     { TARGET_HISTORY, TYPES_HISTORY },
	{ TARGET_DELIVERY, TYPES_DELIVERY },	     { TARGET_KEY_LIST, TYPES_KEY_LIST },
	{ TARGET_FEEDBACK, TYPES_FEEDBACK },	     { TARGET_CONTACT, TYPES_CONTACT },
	{ TARGET_CONFIRMATION, TYPES_CONFIRMATION },
};

int register_targets_check(struct register_session *session, struct err *err)
{
	int rc = pg_link_connect(session->link, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(TARGETS); i++)
		rc = pg_target_check(session->link, TARGETS[i].target, TARGETS[i].columns, err);
	return rc;
}
