/* register_targets: the tables that take what was delivered, as they are written. A column of them that somebody made
 * narrower or of another type refuses sound content, or takes it as something else. So each COPY asks first
 * (pg_copy_run), and before content is called refused all of them are looked at. */
#ifndef WRITE_REGISTER_TARGETS_H
#define WRITE_REGISTER_TARGETS_H

#include "write/register_session.h"

#define TARGET_KEY_LIST "register.key_list (board, digest, keys)"
#define TYPES_KEY_LIST	"iux"
#define TARGET_FEEDBACK "register.feedback (board, digest, body)"
#define TYPES_FEEDBACK	"iux"
#define TARGET_DELIVERY                                                                                                \
	"register.delivery (position, board, delivery_id, fingerprint, kind, dry_run, sequence, extraction_date,"      \
	" received_on, reference_version, attempt, state, lines, nieuw, gewijzigd, ongewijzigd, verouderd, afgekeurd," \
	" ingetrokken, quarantaine, absent, active, lapsed, notices, unreadable_lines, key_list, feedback, outcomes)"
#define TYPES_DELIVERY "litxsbliixisiiiiiiiiiiisiuux"
#define TARGET_CONTACT "register.contact (board, since, name, phone, email)"
#define TYPES_CONTACT  "ilttt"
#define TARGET_CONFIRMATION \
	"register.confirmation (position, request_id, board, delivery_id, executed, lapsed, has_other_absent)"
#define TYPES_CONFIRMATION "luitbib"
#define TARGET_TEACHER                                                                 \
	"register.teacher (board, key, bsn, status, sequence, since, lapsed_on, hash," \
	" content, targets)"
#define TYPES_TEACHER "iuislliutt"
#define TARGET_HISTORY \
	"register.teacher_history (board, key, status, sequence, since, until, lapsed_on, hash, content, targets)"
#define TYPES_HISTORY "iusllliutt"

/* Not 0: somebody altered one of them, and err says which column. ERR_RETRY: that is waited for. Outside a
 * transaction. */
MUSTUSE int register_targets_check(struct register_session *session, struct err *err);

#endif
