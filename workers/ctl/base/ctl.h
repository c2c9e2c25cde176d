/* ctl: what the commands of instroomctl share: settings, options, connections, errors. A command lives in one process
 * that prints and ends; results go to stdout, all else to stderr.
 *
 * Layout of workers/ctl:
 *
 *   base/       this, options, output, questions of one statement, and deliveries read back from the log
 *   access/     token make, list, withdraw; access
 *   deliver/    deliver, confirm, wait
 *   key/        key status, rotate, retire; day-keys
 *   look/       status, ledger, findings, deliveries, report, stand, coverage, teacher, contact, audit, refusals, dump
 *   person/     person report, erase, retention
 *   problem/    problems list, show, close, send
 *   replay/     replay plan, start, resume, pause, cancel, list, show; undo plan, approve, start, list;
 *               approval list, set
 *   prove/      verify, statement
 *   repair/     refill, loss, quarantine, volgnummer
 *   reference/  reference import, build, publish, list, show, diff, effect, export
 *   setup/      migrate, doctor
 *
 * Above them the shell: commands.c is the one table of commands, from which arguments, help, manual and completion are
 * made; ctl.c runs one of them.
 *
 * Exit status: 0 done; 1 done, and the answer is no (a check failed, deliveries were refused); 64 usage; 66 no such
 * file; 69 a server is away; 70 a fault of ours, or output that could not be written whole; 77 wrong credentials; 78
 * settings or a missing migration. */
#ifndef CTL_BASE_CTL_H
#define CTL_BASE_CTL_H

#include "base/arena.h"
#include "ctl/base/ctl_config.h"
#include "ctl/base/option.h"
#include "ctl/base/output.h"
#include "kafka/kafka.h"
#include "pg/pg_link.h"
#include "run/app.h"

enum { CTL_WAIT_MS = 10000, CTL_MESSAGE_BYTES_MAX = 64 << 20 };

/* A time of PostgreSQL's as every answer shows it: ISO 8601 in UTC. */
#define CTL_SQL_TIME(expression) "to_char(" expression " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

/* Who holds it, until its connection ends, is the only one who plans replays. */
#define REPLAY_PLAN_LOCK_SQL "select pg_advisory_lock(hashtextextended('instroom replay plan', 0))"
/* Key of the advisory lock of an undo of a board; board: SQL. */
#define UNDO_LOCK_KEY_SQL(board) "hashtextextended('instroom undo ' || " board ", 0)"

struct command_table;	/* of the shell */
struct body_encryption; /* of encryption/body_encryption.h */

struct ctl {
	const struct command_table *commands; /* for help, completion and the man page */
	struct ctl_config config;
	struct kafka_options kafka;
	struct body_encryption *encryption; /* NULL: it is off */
	const char *options[OPTIONS];	    /* the value of each option, "" of one without; NULL: not given */
	char **arguments;		    /* those of the command */
	size_t argument_count;
	enum output_format output;
	bool holds_job;		/* a first signal is its own to handle, only a second breaks off what PostgreSQL does */
	bool has_noted_silence; /* of PostgreSQL, once a command */
	struct arena arena;
};

static inline bool ctl_has(const struct ctl *ctl, enum option option)
{
	return ctl->options[option] != NULL;
}

/* Prints "instroomctl: text" and gives the exit status of the kind. */
int ctl_fail(const struct err *err);
int ctl_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* A connection as owner (migrate, import), writer or reader. */
MUSTUSE int ctl_connect(struct ctl *ctl, bool is_owner, struct pg_link **ret, struct err *err);
static inline void drop_pg_link(struct pg_link **link)
{
	pg_link_close(*link);
}
const char *ctl_operator(void); /* who works here, for audit rows */
/* Leaves a row in register.access before personal data is shown. board NULL: all; place NULL: not a message. */
struct ctl_place {
	const char *topic;
	int32_t partition;
	int64_t offset;
};
MUSTUSE int ctl_record_access(struct pg_link *link, const char *what, const uint32_t *board,
			      const struct ctl_place *place, struct err *err);
/* A row for what an operator does, and why. board NULL: all. request_id: 16 bytes under which what came of it is kept;
 * NULL: nowhere. */
MUSTUSE int ctl_record_act(struct pg_link *link, const char *what, const uint32_t *board, const char *reason,
			   const uint8_t *request_id, struct err *err);
/* ERR_CONFIG: the register's teacher keys are made with another HMAC key than this one. */
MUSTUSE int ctl_check_key(const struct ctl *ctl, struct pg_link *link, uint32_t key_id, struct err *err);
/* A board number of 5 digits. */
MUSTUSE bool ctl_board(const char *text, uint32_t *ret);
/* Whole file into out. ERR_DATA code "file" when it cannot be read. */
MUSTUSE int ctl_read_file(const char *path, struct strbuf *out, struct err *err);

#endif
