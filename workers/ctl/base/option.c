#include "ctl/base/option.h"

const char *option_name(enum option option)
{
	static const char *const NAMES[OPTIONS] = {
		[OPTION_AFTER] = "after",
		[OPTION_ALL] = "all",
		[OPTION_ALLOW_SMALLER] = "allow-smaller",
		[OPTION_BELOW] = "below",
		[OPTION_BOARD] = "board",
		[OPTION_BSN_FILE] = "bsn-file",
		[OPTION_BY] = "by",
		[OPTION_CHECK] = "check",
		[OPTION_CODE] = "code",
		[OPTION_DAY] = "day",
		[OPTION_DELIVERY] = "delivery",
		[OPTION_DUO] = "duo",
		[OPTION_FIX] = "fix",
		[OPTION_LIMIT] = "limit",
		[OPTION_OUT] = "out",
		[OPTION_OWNER] = "owner",
		[OPTION_PARALLEL] = "parallel",
		[OPTION_PERIOD] = "period",
		[OPTION_QUARANTINE] = "quarantine",
		[OPTION_QUIET] = "quiet",
		[OPTION_RATE] = "rate",
		[OPTION_REASON] = "reason",
		[OPTION_RECEIPTS] = "receipts",
		[OPTION_REFERENCE] = "reference",
		[OPTION_REPAIR] = "repair",
		[OPTION_SAMPLE] = "sample",
		[OPTION_SECTOR] = "sector",
		[OPTION_SERVICES] = "services",
		[OPTION_SINCE] = "since",
		[OPTION_STATE] = "state",
		[OPTION_TIMEOUT] = "timeout",
		[OPTION_UNTIL] = "until",
		[OPTION_VALIDATORS_ARE_STOPPED] = "validators-are-stopped",
		[OPTION_WATCH] = "watch",
		[OPTION_WHO] = "who",
		[OPTION_WITH_BSN] = "with-bsn",
		[OPTION_WITH_PERSONAL_DATA] = "with-personal-data",
		[OPTION_WITHOUT] = "without",
	};

	return NAMES[option];
}
