/* option: every option that a command may have. One name has one meaning, whichever command takes it.
 *
 * Which command takes which, with what value, stands in commands.c. */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

enum option {
	OPTION_AFTER,
	OPTION_ALL,
	OPTION_ALLOW_SMALLER,
	OPTION_BELOW,
	OPTION_BOARD,
	OPTION_BSN_FILE,
	OPTION_BY,
	OPTION_CHECK,
	OPTION_CODE,
	OPTION_DAY,
	OPTION_DELIVERY,
	OPTION_DUO,
	OPTION_FIX,
	OPTION_LIMIT,
	OPTION_OUT,
	OPTION_PARALLEL,
	OPTION_PERIOD,
	OPTION_QUARANTINE,
	OPTION_QUIET,
	OPTION_RATE,
	OPTION_REASON,
	OPTION_RECEIPTS,
	OPTION_REFERENCE,
	OPTION_SAMPLE,
	OPTION_SECTOR,
	OPTION_SINCE,
	OPTION_STATE,
	OPTION_TIMEOUT,
	OPTION_VALIDATORS_ARE_STOPPED,
	OPTION_WHO,
	OPTION_WITH_BSN,
	OPTION_WITH_PERSONAL_DATA,
	OPTIONS,
};

const char *option_name(enum option option); /* "with-bsn" */

#endif
