/* ctl: instroomctl, questions and chores for operators. Prints, never daemonises.
 *
 * instroomctl [--config FILE] [--key=value ..] COMMAND [options] [arguments]. Results go to stdout, all else to stderr.
 * Exit status: 0 done; 1 done, and the answer is no (a check failed, deliveries were refused); 64 usage; 66 no such file;
 * 69 a server is away; 70 our bug; 77 wrong credentials; 78 settings or a missing migration.
 *
 * Private header of workers/ctl: what its commands share. One file a command. */
#ifndef CTL_BASE_CTL_H
#define CTL_BASE_CTL_H

#include "base/arena.h"
#include "ctl/base/ctl_config.h"
#include "kafka/kafka.h"
#include "pg/pg_link.h"
#include "run/app.h"

enum { EXIT_ANSWER_IS_NO = 1, CTL_WAIT_MS = 10000, CTL_MESSAGE_BYTES_MAX = 64 << 20 };

struct ctl {
	struct ctl_config config;
	struct kafka_options kafka;
	const struct ctl_command *command; /* the one that runs */
	bool wants_json;		   /* --json, of the commands whose arguments name it */
	bool holds_job; /* a first signal is its own to handle, only a second breaks off what PostgreSQL does */
	struct arena arena;
};

struct ctl_command {
	const char *name;				    /* "reference publish" has a blank */
	const char *arguments;				    /* "BOARD ID [--format text|csv|json]" */
	const char *purpose;				    /* one line */
	const char *help;				    /* what else --help tells */
	int (*run)(struct ctl *ctl, int argc, char **argv); /* argv[0] is the command; returns the exit status */
};

extern const struct ctl_command CTL_COMMANDS[];
extern const size_t CTL_COMMAND_COUNT;

/* Options of a command, read one after the other. --json is taken here. */
struct ctl_option {
	const char *name; /* "format"; takes a value when has_value */
	bool has_value;
	const char **value;
	bool *flag;
};
/* Reads options and leaves the arguments in argv[1..] in order. Returns their number, or -1 after telling what is wrong. */
int ctl_options(struct ctl *ctl, int argc, char **argv, const struct ctl_option *options, size_t count,
		int arguments_min, int arguments_max);

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
/* ERR_CONFIG: the register's teacher keys are made with another HMAC key than this one. */
MUSTUSE int ctl_check_key(const struct ctl *ctl, struct pg_link *link, uint32_t key_id, struct err *err);
/* A board number of 5 digits. */
MUSTUSE bool ctl_board(const char *text, uint32_t *ret);
/* Whole file into out. ERR_DATA code "file" when it cannot be read. */
MUSTUSE int ctl_read_file(const char *path, struct strbuf *out, struct err *err);

#endif
