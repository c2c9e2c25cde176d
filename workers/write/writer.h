/* writer: what the parts of instroom-write share. Owner: the poll loop's thread, with everything in it. */
#ifndef WRITE_WRITER_H
#define WRITE_WRITER_H

#include "settings/backlog.h"
#include "settings/topic_guard.h"
#include "trace/span_exporter.h"
#include "write/assignment.h"
#include "write/forgets.h"
#include "write/transaction.h"
#include "write/write_config.h"
#include "write/writer_state.h"

struct writer {
	struct write_config config;
	struct kafka_options kafka;
	struct status *status;
	enum writer_state state;
	struct inbox inbox;
	struct kafka_consumer *consumer;
	struct body_encryption *encryption; /* NULL: it is off */
	struct kafka_producer *producer;
	struct pg_link *link;
	bool is_register_checked;
	bool is_commit_late; /* and told so */
	bool is_outside;     /* the group has lost us, and did not take us again yet */
	struct assignment assignment;
	struct transaction transaction;
	struct forgets forgets;
	struct topic_guard guard;
	struct backlog *backlog;
	struct span_exporter *spans;	  /* NULL: none are made */
	int64_t check_at_ms, count_at_ms; /* not before */
	int64_t lingered_at_ms;		  /* the last batch was complete */
	struct cursor_move moves[INBOX_PARTITIONS_MAX];
	struct cursor_move moves_each[INBOX_MESSAGES_MAX];
};

#endif
