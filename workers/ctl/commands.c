#include "ctl/commands.h"

#include "ctl/access/access_commands.h"
#include "ctl/bundle.h"
#include "ctl/completion.h"
#include "ctl/deliver/deliver_commands.h"
#include "ctl/help.h"
#include "ctl/key/key_commands.h"
#include "ctl/look/look_commands.h"
#include "ctl/manual.h"
#include "ctl/person/person_commands.h"
#include "ctl/problem/problem_commands.h"
#include "ctl/prove/prove_commands.h"
#include "ctl/reference/reference_commands.h"
#include "ctl/repair/repair_commands.h"
#include "ctl/replay/replay_commands.h"
#include "ctl/setup/setup_commands.h"

#define OPTIONS_OF(list) .options = (list), .option_count = ARRAY_LEN(list)

enum { OPTIONAL = false, REQUIRED = true };
enum { TEXT_JSON = OUTPUT_TEXT | OUTPUT_JSON, TEXT_CSV_JSON = TEXT_JSON | OUTPUT_CSV };

static const struct command_option REASON_NEEDED[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
};
static const struct command_option REASON[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", OPTIONAL },
};

/* ---- set up ---- */

static const struct command_option MIGRATE_OPTIONS[] = {
	{ OPTION_FIX, NULL, "set the settings of topics that differ from what they must be", OPTIONAL },
};

static const struct command_option BUNDLE_OPTIONS[] = {
	{ OPTION_OUT, "FILE", "where it goes", REQUIRED },
};

static const struct command SETUP[] = {
	{ .name = "migrate",
	  .purpose = "make topics, tables, rights and cursors, as far as they are missing",
	  .help = "Safe to run again. Works as the owner of the database. Topics that exist are looked at: cleanup, "
		  "retention, sizes, timestamps, copies. Each difference is named.",
	  OPTIONS_OF(MIGRATE_OPTIONS),
	  .exits = { { 78, "a topic is not as it must be" } },
	  .run = run_migrate },
	{ .name = "doctor",
	  .purpose = "what is in the way: servers, topics, rights, migrations, keys, clocks",
	  .help = "Looks only; in Redis it tries each command of the cache on keys that nobody has and that are gone "
		  "at once. Kafka's rights are compared with deploy/kafka-acls.txt when our user may see them. Each "
		  "line is ok, unknown, warn or fail, and says what to do. A server that is away is a line that "
		  "fails; the others are told all the same. Wrong settings end it with 78, as every command. Unknown "
		  "is what cannot be seen from this machine or with these rights.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "something fails" } },
	  .run = run_doctor },
	{ .name = "bundle",
	  .arguments = "[LOG ..]",
	  .arguments_max = ARGUMENTS_ANY,
	  .purpose = "one file for whoever helps: doctor, status, settings, ends of logs",
	  .help = "What doctor, status, ledger, coverage and the lists of jobs, quarantine, losses and keys say, the "
		  "settings without secrets, and the last megabyte of each log named. What may be of a person "
		  "(numbers like a BSN, mail addresses, postcodes, telephone numbers) is masked before it is written. "
		  "A server that is away is told as such. The file must not exist; only you can read it.",
	  OPTIONS_OF(BUNDLE_OPTIONS),
	  .exits = { { 66, "a log cannot be read, or the file exists" } },
	  .run = run_bundle },
};

/* ---- reference ---- */

static const struct command_option IMPORT_OPTIONS[] = {
	{ OPTION_ALLOW_SMALLER, NULL, "take tables that lost more than a tenth of their rows", OPTIONAL },
};
static const struct command_option BUILD_OPTIONS[] = {
	{ OPTION_ALLOW_SMALLER, NULL, "take lists that lack much of what the others have", OPTIONAL },
	{ OPTION_DUO, "DIR", "where DUO's lists are", REQUIRED },
	{ OPTION_OUT, "DIR", "where the six tables go", REQUIRED },
};

static const struct command_option EXPORT_OPTIONS[] = {
	{ OPTION_OUT, "DIR", "where the six files go", REQUIRED },
};

static const struct command_option EFFECT_OPTIONS[] = {
	{ OPTION_BY, "board|code", "a row for each board too, or sums over boards by code", OPTIONAL },
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
};

static const struct command REFERENCE[] = {
	{ .name = "reference import",
	  .arguments = "DIR",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "take the six reference tables of DIR into the database",
	  .help = "DIR holds besturen.csv, scholen.csv, vestigingen.csv, bestuur_school.csv, benoemingsgrondslagen.csv "
		  "and onderwijsterreinen.csv. All or nothing; nothing is published yet. A table that is cut off, or "
		  "much smaller than the one before, is refused.",
	  OPTIONS_OF(IMPORT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "the tables are not sound; what is wrong is printed" } },
	  .run = run_reference_import },
	{ .name = "reference build",
	  .purpose = "make the six tables from DUO's own lists",
	  .help = "Reads the files as DUO publishes them, in their own encodings. WEC and MBO schools are not in them: "
		  "add those by hand. Lists that do not fit each other, as one that is cut off, are refused.",
	  OPTIONS_OF(BUILD_OPTIONS),
	  .exits = { { 1, "a list is not sound, or lacks what the others have" } },
	  .run = run_reference_build },
	{ .name = "reference publish",
	  .purpose = "publish the imported tables as the snapshot in force",
	  .help = "Deliveries accepted from now on are judged with it. The reason is kept with your name: reference "
		  "list and audit show it. The first publication needs none. A script that gives none goes on as "
		  "ever, with a warning; at a terminal nothing is published without.",
	  OPTIONS_OF(REASON),
	  .exits = { { 1, "no tables are imported, they are not sound, or a reason is wanted" } },
	  .run = run_reference_publish },
	{ .name = "reference list",
	  .purpose = "the versions that were published, by whom and why, and which is in force",
	  .help = "Of a version that was published again, the last time. While the register is away, without who and "
		  "why.",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_reference_list },
	{ .name = "reference show",
	  .arguments = "[VERSION]",
	  .arguments_max = 1,
	  .purpose = "the tables of a version: the first digits of it, current or imported",
	  .help = "The standard error says when the version was published, by whom and why.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "there is no such version" } },
	  .run = run_reference_show },
	{ .name = "reference diff",
	  .arguments = "[VERSION [VERSION]]",
	  .arguments_max = 2,
	  .purpose = "rows that were added and removed between two versions",
	  .help = "Without versions: what reference publish would change, from current to imported; reference effect "
		  "says what that does to lines. Text shortens wide rows.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "they differ, or there is no such version" } },
	  .run = run_reference_diff },
	{ .name = "reference effect",
	  .arguments = "[VERSION [VERSION]]",
	  .arguments_max = 2,
	  .purpose = "which lines would fail or pass with other tables",
	  .help = "Judges the newest deliveries of all boards twice, without effect: with current and with imported, "
		  "unless versions are named. A row without a code is the total of its change; a teacher's lines "
		  "pass or fail together.",
	  OPTIONS_OF(EFFECT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "something would change, or there is no such version" } },
	  .run = run_reference_effect },
	{ .name = "reference export",
	  .arguments = "VERSION",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "the six files of a version, as they were imported",
	  OPTIONS_OF(EXPORT_OPTIONS),
	  .exits = { { 1, "there is no such version" } },
	  .run = run_reference_export },
};

/* ---- deliver ---- */

static const struct command_option DELIVER_OPTIONS[] = {
	{ OPTION_PARALLEL, "N", "uploads at a time, 1 to 256, else 8", OPTIONAL },
	{ OPTION_QUIET, NULL, "no progress", OPTIONAL },
};
static const struct command_option WAIT_OPTIONS[] = {
	{ OPTION_TIMEOUT, "SECONDS", "how long at most, else 600", OPTIONAL },
	{ OPTION_QUIET, NULL, "no progress, no sentence at the end", OPTIONAL },
};

static const struct command_option CONFIRM_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name. Without it nothing is confirmed", OPTIONAL },
	{ OPTION_DIGEST, "HEX", "only if those who would lapse are still the ones with this digest", OPTIONAL },
	{ OPTION_WITH_BSN, NULL, "show them with BSN; leaves a row in register.access", OPTIONAL },
};

static const struct command DELIVER[] = {
	{ .name = "deliver",
	  .arguments = "FILE|DIR ..",
	  .arguments_min = 1,
	  .arguments_max = ARGUMENTS_ANY,
	  .purpose = "upload deliveries through the gateway",
	  .help = "A delivery is x.csv or x.xml. Its header is x.json: an object with bestuur, soort, volgnummer, "
		  "extractiedatum and the other fields of a header. Folders within DIR are named, not looked into.\n\n"
		  "What was acknowledged is kept in DIR/acknowledged.jsonl: run the command again and it "
		  "goes on where it was.",
	  OPTIONS_OF(DELIVER_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "some were refused; their findings are printed" },
		     { 69, "the gateway did not take some of them" },
		     { 77, "the gateway does not accept the token" } },
	  .run = run_deliver },
	{ .name = "wait",
	  .purpose = "wait until all that is delivered now is judged and written",
	  .help = "A server that is away meanwhile is waited for, too.",
	  OPTIONS_OF(WAIT_OPTIONS),
	  .exits = { { 1, "not within the time" } },
	  .run = run_wait },
	{ .name = "confirm",
	  .arguments = "BOARD ID",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "confirm a VOLLEDIG that waits, for a board",
	  .help = "Without --reason: who would lapse (csv, as stand) and, to stderr, how many and their digest."
		  " With --reason the delivery is confirmed, and \"uitgevoerd: ja\" or \"uitgevoerd: nee\" is the "
		  "answer. The register compares --digest at the moment it judges the confirmation.",
	  OPTIONS_OF(CONFIRM_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "nothing is confirmed: no reason was given, or others would lapse by now" } },
	  .run = run_confirm },
};

/* ---- look ---- */

static const struct command_option LEDGER_OPTIONS[] = {
	{ OPTION_CHECK, NULL, "prove that everything balances", OPTIONAL },
	{ OPTION_BOARD, "N", "the sums of one board only", OPTIONAL },
};
static const struct command_option STATUS_OPTIONS[] = {
	{ OPTION_WATCH, "[SECONDS]", "again and again, so many seconds apart (5), until it is stopped", OPTIONAL,
	  .implied = "5" },
};
static const struct command_option FINDINGS_OPTIONS[] = {
	{ OPTION_BY, "board|value|code", "a row for each board, or sums over boards by value or by code", OPTIONAL },
	{ OPTION_CODE, "LR-xxx", "this code only", OPTIONAL },
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
	{ OPTION_SECTOR, "PO|VO|WEC|MBO", "of boards with schools of this sector", OPTIONAL },
	{ OPTION_SINCE, "DAY", "what began on this day or later", OPTIONAL },
	{ OPTION_LIMIT, "N", "so many rows, those with the most lines", OPTIONAL },
};
static const struct command_option DELIVERIES_OPTIONS[] = {
	{ OPTION_STATE, "verwerkt|wacht", "in this state", OPTIONAL },
	{ OPTION_DAY, "DAY", "received on this day", OPTIONAL },
	{ OPTION_SINCE, "DAY", "received on this day or later", OPTIONAL },
	{ OPTION_LIMIT, "N", "rows of a page, else 100", OPTIONAL },
	{ OPTION_AFTER, "POSITION", "the next page: the position that the page before ended with", OPTIONAL },
};
static const struct command_option TEACHER_OPTIONS[] = {
	{ OPTION_BSN_FILE, "FILE", "a file that holds the BSN, - for standard input", OPTIONAL },
	{ OPTION_DAY, "DAY", "the register as it stood behind the deliveries of this day", OPTIONAL },
	{ OPTION_WITH_PERSONAL_DATA, NULL, "show the values, not only which fields changed", OPTIONAL },
};
static const struct command_option CONTACT_OPTIONS[] = {
	{ OPTION_BOARD, "N", "of one board, and whom it named before", OPTIONAL },
	{ OPTION_ALL, NULL, "of all boards, who holds", OPTIONAL },
};
static const struct command_option AUDIT_OPTIONS[] = {
	{ OPTION_WHO, "NAME", "by this person", OPTIONAL },
	{ OPTION_SINCE, "DAY", "on this day or later, in UTC", OPTIONAL },
	{ OPTION_LIMIT, "N", "rows of a page, else 100", OPTIONAL },
	{ OPTION_AFTER, "PLACE", "the next page: the place that the page before ended with", OPTIONAL },
};
static const struct command_option COVERAGE_OPTIONS[] = {
	{ OPTION_DAY, "DAY", "boards valid on this day, else today", OPTIONAL },
	{ OPTION_SECTOR, "PO|VO|WEC|MBO", "boards with schools of this sector", OPTIONAL },
};
static const struct command_option STAND_OPTIONS[] = {
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
	{ OPTION_ALL, NULL, "of all boards", OPTIONAL },
	{ OPTION_WITH_BSN, NULL, "the board's own overview, with BSN; leaves a row in register.access", OPTIONAL },
};
static const struct command_option REFUSALS_OPTIONS[] = {
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
	{ OPTION_CODE, "CODE", "of one code or reason", OPTIONAL },
	{ OPTION_SINCE, "DAY", "refused on this day or later, in UTC", OPTIONAL },
};
static const struct command_option DUMP_OPTIONS[] = {
	{ OPTION_WITH_PERSONAL_DATA, NULL, "show personal fields; leaves a row in register.access", OPTIONAL },
};

static const struct command LOOK[] = {
	{ .name = "status",
	  .purpose = "where each partition stands, what waits, and why",
	  .help = "To judge and to write are messages; rate and ETA are what the register applied between two looks a "
		  "second apart, taken when something waits. A server that is away makes its part empty, and the "
		  "status 69. To judge is counted behind the last verdict in the log.",
	  OPTIONS_OF(STATUS_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_status },
	{ .name = "ledger",
	  .purpose = "deliveries, lines and outcomes; --check proves that they balance",
	  OPTIONS_OF(LEDGER_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "with --check: something does not balance; what, is printed" } },
	  .run = run_ledger },
	{ .name = "findings",
	  .purpose = "what is wrong now: code, what its text names, board, lines, since when",
	  .help = "Of the newest delivery of each board that is no proef. The value is what the text of the code "
		  "names: a school, a ground, a field; record numbers and dates are left out. Since: the day of "
		  "the first delivery of the board from which on all had the code. The most lines come first."
		  "\n\n"
		  "instroomctl findings --by value --limit 10 names the school that many boards' lines lack.",
	  OPTIONS_OF(FINDINGS_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_findings },
	{ .name = "deliveries",
	  .arguments = "BOARD",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "the deliveries of a board, newest first",
	  .help = "If its volgnummer was ever set back, the standard error says when, by whom and why.",
	  OPTIONS_OF(DELIVERIES_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_deliveries },
	{ .name = "delivery",
	  .arguments = "BOARD ID",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "one delivery: who delivered, receipt, commit, state, replays, confirmation",
	  .help = "Also while it is only in the log (ontvangen). As whom and on what basis the gateway let it in "
		  "(eigen, machtiging, keten, beheer) stands beside the ledger; of a delivery of before that, the log "
		  "says it as long as it has it. A confirmation by this program names the operator, one through the "
		  "gateway its sender.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "neither the ledger nor the log has it" } },
	  .run = run_delivery },
	{ .name = "report",
	  .arguments = "BOARD ID",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "the terugmelding of a delivery",
	  .help = "Leaves a row in register.access.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "the board has no such delivery" } },
	  .run = run_report },
	{ .name = "stand",
	  .purpose = "what the register holds, as CSV",
	  .help = "With a pseudonym for each teacher (setting stand.key.file), or with BSN.",
	  OPTIONS_OF(STAND_OPTIONS),
	  .run = run_stand },
	{ .name = "coverage",
	  .purpose = "boards without contact person, behind, waiting, or with rejected lines",
	  .help = "Of boards that are valid on the day. Behind: more than 31 days since the last delivery, or none"
		  " ever. In text "
		  "only the boards that want attention are named; CSV and JSON have all, those that never delivered"
		  " too.",
	  OPTIONS_OF(COVERAGE_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_coverage },
	{ .name = "teacher",
	  .arguments = "BOARD [KEY]",
	  .arguments_min = 1,
	  .arguments_max = 2,
	  .purpose = "what set each field of a teacher, or how he stood on a day",
	  .help = "By his key, as verify names him, or by a BSN in a file. Leaves a row in register.access.",
	  OPTIONS_OF(TEACHER_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "the board has no such teacher" } },
	  .run = run_teacher },
	{ .name = "contact set",
	  .arguments = "BOARD FILE",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "set the contact persons of a board, all at once",
	  .help = "FILE (- for stdin) is what GET /v1/besturen/BOARD/contactpersonen gives: {\"personen\": [{\"taak\":"
		  " \"leveringen\", \"naam\": .., \"telefoon\": .., \"email\": ..}]}, with taak leveringen, inhoud or"
		  " techniek. The list replaces the board's; those of before are kept for a time"
		  " (retention.contact.months). Works as the owner; leaves a row in register.access.",
	  OPTIONS_OF(REASON_NEEDED),
	  .run = run_contact_set },
	{ .name = "contact",
	  .purpose = "whom to call at a board",
	  .help = "Those that were set, each with a task, and the one that the newest delivery named. Leaves a row in"
		  " register.access. Text shortens what is wide; CSV and JSON do not.",
	  OPTIONS_OF(CONTACT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_contact },
	{ .name = "audit",
	  .purpose = "who looked at persons, replayed, repaired or decided what",
	  .help = "Newest first.",
	  OPTIONS_OF(AUDIT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_audit },
	{ .name = "refusals",
	  .arguments = "[FILE ..]",
	  .arguments_max = ARGUMENTS_ANY,
	  .purpose = "whom the gateways refused: board, status, code, sender, how often, when",
	  .help = "Summed from the gateways' logs, in files or from stdin; the latest first:\n\n"
		  "journalctl -o cat -u 'instroom-gateway@*' --since today | instroomctl refusals\n\n"
		  "The code is that of the rule (LR-F03), or why a sender was refused: no_token, unknown, withdrawn, "
		  "expired, service, board, site, load, bsn (in the words of a problem), problems (too many).",
	  OPTIONS_OF(REFUSALS_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .is_bare = true,
	  .exits = { { 66, "a file cannot be read" } },
	  .run = run_refusals },
	{ .name = "dump",
	  .arguments = "TOPIC PARTITION OFFSET",
	  .arguments_min = 3,
	  .arguments_max = 3,
	  .purpose = "one message, decoded as JSON",
	  .help = "Personal fields are masked unless asked for.",
	  OPTIONS_OF(DUMP_OPTIONS),
	  .exits = { { 1, "there is no such message, or it cannot be decoded" } },
	  .run = run_dump },
};

/* ---- what boards report ---- */

static const struct command_option PROBLEM_LIST_OPTIONS[] = {
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
	{ OPTION_STATE, "ontvangen|verzonden|niet_verzonden|afgehandeld", "in this state", OPTIONAL },
	{ OPTION_ALL, NULL, "closed ones too", OPTIONAL },
	{ OPTION_SINCE, "DAY", "reported on this day or later, in UTC", OPTIONAL },
	{ OPTION_LIMIT, "N", "rows of a page, else 100", OPTIONAL },
	{ OPTION_AFTER, "REFERENCE", "the next page: the reference that the page before ended with", OPTIONAL },
};
static const struct command_option PROBLEM_CLOSE_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "the answer, which the board reads; it is kept with your name", REQUIRED },
};

static const struct command_option PROBLEM_SEND_OPTIONS[] = {
	{ OPTION_ALL, NULL, "those that the mail server refused too, and those whose pause is not over", OPTIONAL },
};

static const struct command PROBLEMS[] = {
	{ .name = "problems list",
	  .purpose = "what boards reported and is not closed, newest first",
	  .help = "With the state of each and of its mails: ontvangen (not mailed yet), verzonden, niet_verzonden (the "
		  "mail server refuses it for good, and says why), afgehandeld.",
	  OPTIONS_OF(PROBLEM_LIST_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_problems_list },
	{ .name = "problems show",
	  .arguments = "REFERENCE",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "one problem: the board's words, who reported it, its mails, the answer",
	  .help = "Leaves a row in register.access.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "there is no such problem" } },
	  .run = run_problems_show },
	{ .name = "problems close",
	  .arguments = "REFERENCE",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "close a problem with an answer, which the board reads",
	  .help = "Leaves a row in register.access.",
	  OPTIONS_OF(PROBLEM_CLOSE_OPTIONS),
	  .exits = { { 1, "there is no such problem, or it is closed" } },
	  .run = run_problems_close },
	{ .name = "problems send",
	  .purpose = "mail what boards reported to the helpdesk and the sector councils",
	  .help = "By the settings problems.mail.* and problems.*; instroom-problems.timer runs it every two minutes. "
		  "Each mail is sent at least once, always with the same Message-ID. What the server does not take now "
		  "(4xx) comes again after a pause of a minute to an hour; what it refuses (5xx) waits for --all. A "
		  "run takes 100 mails: those never tried before all others, the oldest first, then those whose pause "
		  "was over first, so that mails that are refused for good keep no others waiting.",
	  OPTIONS_OF(PROBLEM_SEND_OPTIONS),
	  .exits = { { 1, "mails are refused, have no address, or have waited for hours" },
		     { 69, "the mail server gave no answer; the other mails were not tried" },
		     { 77, "the mail server does not accept user and password" } },
	  .run = run_problems_send },
};

/* ---- replay ---- */

static const struct command_option PLAN_OPTIONS[] = {
	{ OPTION_DELIVERY, "BOARD ID", "lines of one delivery", OPTIONAL },
	{ OPTION_BOARD, "N", "lines of one board", OPTIONAL },
	{ OPTION_CODE, "LR-xxx", "lines of teachers with a finding of this code", OPTIONAL },
	{ OPTION_PERIOD, "FROM TO", "lines of deliveries by ontvangen_op, two dates JJJJMMDD", OPTIONAL },
	{ OPTION_QUARANTINE, NULL, "lines that stand as quarantaine", OPTIONAL },
	{ OPTION_WITHOUT, "N,N", "boards that are left out", OPTIONAL },
	{ OPTION_REFERENCE, "current|original", "judged with the data in force, or with each delivery's own",
	  OPTIONAL },
};
static const struct command_option APPROVE_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it stays with the job", REQUIRED },
};
static const struct command_option SHOW_JOB_OPTIONS[] = {
	{ OPTION_BY, "board|code", "what the plan foresaw, by board, or the codes it is about", OPTIONAL },
};
static const struct command_option START_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it stays with the job", REQUIRED },
	{ OPTION_RATE, "N/s", "messages a second at most; else as before, or replay.rate", OPTIONAL },
};
static const struct command_option RESUME_OPTIONS[] = {
	{ OPTION_RATE, "N/s", "messages a second at most; else as before, or replay.rate", OPTIONAL },
	{ OPTION_REASON, "TEXT", "why; it stays with the job", OPTIONAL },
};

static const struct command REPLAY[] = {
	{ .name = "replay plan",
	  .arguments_max = 1,
	  .purpose = "what judging failed lines again would do, and a job for it",
	  .help = "Takes lines that stand as afgekeurd or quarantaine, all lines of a teacher or none; --board, "
		  "--code, --period and --quarantine narrow each other. Nothing is published: replay start does"
		  " that. A plan that "
		  "nobody started expires after replay.plan.keep.",
	  OPTIONS_OF(PLAN_OPTIONS),
	  .outputs = TEXT_JSON,
	  .exits = { { 1, "there is nothing to replay" } },
	  .run = run_replay_plan },
	{ .name = "replay approve",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a large job be started: by another person than its planner",
	  .help = "A job of as many lines as approval list shows, or more, has to be approved first; the register "
		  "holds it. instroomctl replay show JOB --by board says what it would do.",
	  OPTIONS_OF(APPROVE_OPTIONS),
	  .exits = { { 1, "it needs no approval, is not planned any more, or you planned it" } },
	  .run = run_replay_approve },
	{ .name = "replay start",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "publish the messages of a job",
	  .help = "JOB is its id or the first digits of it. TERM stops it between two messages; replay resume goes on.",
	  OPTIONS_OF(START_OPTIONS),
	  .exits = { { 1, "it was stopped, or there is no such job to start" },
		     { 69, "not all of it is in the ledger yet, or Kafka did not take a message" } },
	  .run = run_replay_start },
	{ .name = "replay resume",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "go on with a job that was paused, stopped or killed",
	  .help = "What may be in the log already is published again: the writer knows the repeat by its attempt.",
	  OPTIONS_OF(RESUME_OPTIONS),
	  .exits = { { 1, "it was stopped, or there is no such job to resume" },
		     { 69, "not all of it is in the ledger yet, or Kafka did not take a message" } },
	  .run = run_replay_resume },
	{ .name = "replay pause",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a running job stop where it is",
	  OPTIONS_OF(REASON),
	  .exits = { { 1, "the job does not run" } },
	  .run = run_replay_pause },
	{ .name = "replay cancel",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "publish no more of a job",
	  .help = "What was published stays.",
	  OPTIONS_OF(REASON),
	  .exits = { { 1, "the job has ended" } },
	  .run = run_replay_cancel },
	{ .name = "replay list", .purpose = "all jobs", .outputs = TEXT_CSV_JSON, .run = run_replay_list },
	{ .name = "replay show",
	  .arguments = "JOB",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "how far a job is, what it changed, and who did what",
	  OPTIONS_OF(SHOW_JOB_OPTIONS),
	  .outputs = TEXT_JSON,
	  .exits = { { 1, "there is no such job" } },
	  .run = run_replay_show },
};

/* ---- undo ---- */

static const struct command_option UNDO_PLAN_OPTIONS[] = {
	{ OPTION_ALSO_LATER, NULL, "also teachers whom the board delivered again since", OPTIONAL },
	{ OPTION_WITH_BSN, NULL, "show them with BSN; leaves a row in register.access", OPTIONAL },
};

static const struct command UNDO[] = {
	{ .name = "undo plan",
	  .arguments = "BOARD ID",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "what it takes to undo a delivery, and a plan for it",
	  .help = "Teachers whom it changed get back what they were, by a MUTATIE; who came by it is withdrawn, by an "
		  "INTREKKING. Who was delivered again since is left as he is. What they were is taken from the "
		  "history, of those who were withdrawn from the log. Nothing is delivered: undo start does that. "
		  "Of one that was undone, what was not applied can be planned again. "
		  "Needs hmac.key.file and stand.key.file.",
	  OPTIONS_OF(UNDO_PLAN_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "there is nothing to undo, or not any more; or no such delivery" } },
	  .run = run_undo_plan },
	{ .name = "undo approve",
	  .arguments = "BOARD ID [PLAN]",
	  .arguments_min = 2,
	  .arguments_max = 3,
	  .purpose = "let a large undo be started: by another person than its planner",
	  .help = "One of as many lines as approval list shows, or more, has to be approved first; the register "
		  "holds it. PLAN: the number that undo plan shows; with it only that plan is approved, no newer one.",
	  OPTIONS_OF(REASON_NEEDED),
	  .exits = { { 1, "it needs no approval, is not planned (or by another plan), or you planned it" } },
	  .run = run_undo_approve },
	{ .name = "undo start",
	  .arguments = "BOARD ID",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "deliver what undoes a delivery, with the board's next volgnummer",
	  .help = "As leveringsid HERSTEL-.., let in as beheer; the answer is what came of it. Has the board delivered "
		  "since, so that other lines are needed, it has to be planned again. Killed, or run again, it does "
		  "what is missing, and no more.",
	  OPTIONS_OF(REASON_NEEDED),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "it is not planned or not approved, or has to be planned again" },
		     { 69, "it is not in the ledger yet: run it again" } },
	  .run = run_undo_start },
	{ .name = "undo list",
	  .arguments = "BOARD",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "the deliveries of a board that were undone: by whom, when and why",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_undo_list },
};

/* ---- repair ---- */

static const struct command_option REFILL_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
	{ OPTION_VALIDATORS_ARE_STOPPED, NULL, "your word that no validator runs", REQUIRED },
};
static const struct command_option LOSS_SHOW_OPTIONS[] = {
	{ OPTION_RECEIPTS, "FILE", "acknowledged.jsonl of deliver: names deliveries that nothing else knows",
	  OPTIONAL },
};
static const struct command_option LOSS_ACCEPT_OPTIONS[] = {
	{ OPTION_BELOW, "OFFSET", "the offset that loss show names: what you have seen is what is done", REQUIRED },
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
	{ OPTION_VALIDATORS_ARE_STOPPED, NULL, "your word that no validator runs; needed when verdicts are lost too",
	  OPTIONAL },
};
static const struct command_option QUARANTINE_REPLAY_OPTIONS[] = {
	{ OPTION_REFERENCE, "current|original", "judged with the data in force, or with each delivery's own",
	  OPTIONAL },
};
static const struct command_option DISCARD_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
};

static const struct command_option ROTATE_OPTIONS[] = {
	{ OPTION_VALIDATORS_ARE_STOPPED, NULL, "your word that none with the old key runs or will", OPTIONAL },
};

/* ---- who may deliver ---- */

static const struct command_option TOKEN_OPTIONS[] = {
	{ OPTION_UNTIL, "DAY", "its last day, as 2027-07-31", REQUIRED },
	{ OPTION_OWNER, "PARTY", "whose it is, as KVK:12345678", OPTIONAL },
	{ OPTION_SERVICES, "LIST", "some of leveren,inzien,bevestigen; else all", OPTIONAL },
};

static const struct command_option PERIOD_OPTIONS[] = {
	{ OPTION_FROM, "DAY", "its first day, else today", OPTIONAL },
	{ OPTION_UNTIL, "DAY", "its last day, else without end", OPTIONAL },
};
static const struct command_option END_OPTIONS[] = {
	{ OPTION_UNTIL, "DAY", "its last day", REQUIRED },
};
static const struct command_option MANDATE_OPTIONS[] = {
	{ OPTION_GIVEN_BY, "TEXT", "who of the board gave it, as a function or a file number; no name", REQUIRED },
	{ OPTION_FROM, "DAY", "its first day, else today", OPTIONAL },
	{ OPTION_UNTIL, "DAY", "its last day, else without end", OPTIONAL },
};
static const struct command_option MANDATE_LIST_OPTIONS[] = {
	{ OPTION_BOARD, "N", "of one board", OPTIONAL },
};
static const struct command_option WHO_OPTIONS[] = {
	{ OPTION_SERVICE, "WORD", "leveren, inzien, bevestigen or beheer; else leveren", OPTIONAL },
	{ OPTION_ON, "DAY", "on this day, else today", OPTIONAL },
};

/* What every change of the access data answers with beside 0. */
#define EXITS_OF_CHANGE                                                                                         \
	{                                                                                                       \
		{ 1, "there is no such thing to change; nothing is changed" },                                  \
		{                                                                                               \
			69, "PostgreSQL is away and nothing is changed; or Kafka is, and access publish is due" \
		}                                                                                               \
	}

static const struct command ACCESS[] = {
	{ .name = "token make",
	  .arguments = "NAME BOARDS",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "a new token for a sender; it is shown once",
	  .help = "BOARDS is * or numbers joined by commas. Its SHA-256 goes into the file of tokens.file, with all "
		  "that is said of it; the gateway takes it within seconds.",
	  OPTIONS_OF(TOKEN_OPTIONS),
	  .run = run_token_make },
	{ .name = "token list",
	  .purpose = "the tokens there are, and what each may",
	  .help = "Never a token itself.",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_token_list },
	{ .name = "token withdraw",
	  .arguments = "NAME",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a token open nothing any more",
	  .help = "The gateway refuses it within seconds. Its line stays, with the time.",
	  .exits = { { 1, "there is none of that name, or it is withdrawn already" } },
	  .run = run_token_withdraw },
};

static const struct command RIGHTS[] = {
	{ .name = "access party-add",
	  .arguments = "NAME [NUMBER]",
	  .arguments_min = 1,
	  .arguments_max = 2,
	  .purpose = "a party that delivers for boards, as an administration office",
	  .help = "NUMBER is KVK: with 8 digits, RSIN: with 9 or OIN: with 20.",
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_party_add },
	{ .name = "access party-list",
	  .purpose = "the parties, and the numbers each is known by",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_access_party_list },
	{ .name = "access number-add",
	  .arguments = "PARTY NUMBER",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "one more number by which a party is known",
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_number_add },
	{ .name = "access board-number-add",
	  .arguments = "BOARD NUMBER",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "a board's own number: whoever proves to have it is the board",
	  .help = "Several boards may share one number. Days are days in Amsterdam, the first and the last included.",
	  OPTIONS_OF(PERIOD_OPTIONS),
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_board_number_add },
	{ .name = "access board-number-end",
	  .arguments = "BOARD NUMBER",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "let a board's own number end, as when boards merge",
	  OPTIONS_OF(END_OPTIONS),
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_board_number_end },
	{ .name = "access mandate-give",
	  .arguments = "BOARD PARTY SERVICE",
	  .arguments_min = 3,
	  .arguments_max = 3,
	  .purpose = "let a party deliver, read, confirm or manage for a board",
	  .help = "SERVICE is leveren, inzien, bevestigen or beheer. Gateways take it within seconds.",
	  OPTIONS_OF(MANDATE_OPTIONS),
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_mandate_give },
	{ .name = "access mandate-withdraw",
	  .arguments = "BOARD PARTY SERVICE",
	  .arguments_min = 3,
	  .arguments_max = 3,
	  .purpose = "end it from this moment on",
	  .help = "The next delivery is refused within seconds. Those accepted before stay.",
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_mandate_withdraw },
	{ .name = "access mandate-list",
	  .purpose = "the mandates there are and were",
	  OPTIONS_OF(MANDATE_LIST_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_access_mandate_list },
	{ .name = "access credential-make",
	  .arguments = "NAME OWNER",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "a token for a party, or for a board itself; it is shown once",
	  .help = "OWNER is a party, or a board of 5 digits. Only its SHA-256 is kept.",
	  OPTIONS_OF(END_OPTIONS),
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_credential_make },
	{ .name = "access credential-withdraw",
	  .arguments = "NAME",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a token open nothing any more",
	  .exits = EXITS_OF_CHANGE,
	  .run = run_access_credential_withdraw },
	{ .name = "access credential-list",
	  .purpose = "the tokens there are and were; never a token itself",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_access_credential_list },
	{ .name = "access who",
	  .arguments = "BOARD",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "who may use a service for a board on a day, or might on one that is over",
	  .help = "Of a day that is over: by what was known on that day. Tokens of the tokens file are "
		  "not in it: see token list.",
	  OPTIONS_OF(WHO_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_access_who },
	{ .name = "access show",
	  .purpose = "the version of the access data, and whether the gateways were given it",
	  .help = "Without published at it is stored, but not in force: access publish puts it in force.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "nothing was ever changed" } },
	  .run = run_access_show },
	{ .name = "access publish",
	  .purpose = "give the gateways the access data as they are stored",
	  .help = "Every other command does it by itself; for when it said that it could not.",
	  .run = run_access_publish },
};

/* ---- keys ---- */

static const struct command KEY[] = {
	{ .name = "key status",
	  .purpose = "which HMAC key each partition has, and what key rotate would do",
	  .help = "Needs hmac.key.file, the present key, and hmac.key.old.file, the one before, "
		  "as the validators have them.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "a partition has another key than the present one" } },
	  .run = run_key_status },
	{ .name = "key rotate",
	  .purpose = "rename the teachers of the register to the present HMAC key",
	  .help = "Board by board, each in a transaction; killed, it is run again. Writers of a partition that is due "
		  "wait for it and go on by themselves. RUNBOOK.md has the order of a rotation.",
	  OPTIONS_OF(ROTATE_OPTIONS),
	  .exits = { { 1, "some partitions are not due yet: run it again" } },
	  .run = run_key_rotate },
	{ .name = "key retire",
	  .purpose = "check that nothing can bring the key before back",
	  .help = "No partition has it, no delivery that was judged with it is in the log or waits. Then "
		  "hmac.key.old.file can go from the settings. Backups from before the rotation still need it: keep it "
		  "with them.",
	  .exits = { { 1, "something can; what is printed" } },
	  .run = run_key_retire },
};

static const struct command_option SHRED_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name, and it is done", OPTIONAL },
	{ OPTION_TIMER, NULL, "what the setting retention.timer says: for a timer, which gives no reason", OPTIONAL },
};

static const struct command_option MAKE_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name: the master of the keys that are there is lost",
	  OPTIONAL },
};

static const struct command_option LOST_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
};

static const struct command DAY_KEYS[] = {
	{ .name = "day-keys list",
	  .purpose = "the keys that bodies are encrypted with, and what became of each",
	  .help = "left: a wrapped form of a shredded key still stands in the topic, until Kafka has compacted it.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "today or one of the next three days has no key that can be unwrapped" } },
	  .run = run_day_keys_list },
	{ .name = "day-keys check",
	  .purpose = "which messages in Kafka cannot be opened, for want of which key, and what to do",
	  .help = "Reads all of raw, verdict and quarantine, but opens nothing. deleted, missing: a record was taken "
		  "out of the topic past instroomctl; locked: encrypt.key.file is not that of the other machines.",
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "some cannot, or will not be when programs start anew; which, is printed" } },
	  .run = run_day_keys_check },
	{ .name = "day-keys lost",
	  .arguments = "KEY",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "say that nobody has this key any more",
	  .help = "Until then whoever needs a message that is sealed with it waits. Afterwards such messages come into "
		  "quarantine when they were not judged yet: their boards have to deliver again. There is no way back. "
		  "Refused while the key opens, and of a locked one where encrypt.key.file opens no key of today: "
		  "that file is not the one of the other machines then.",
	  OPTIONS_OF(LOST_OPTIONS),
	  .exits = { { 1, "the key is here: nothing is given up" } },
	  .run = run_day_keys_lost },
	{ .name = "day-keys make",
	  .arguments = "[DAYS]",
	  .arguments_max = 1,
	  .purpose = "make the keys of today and the coming days, as far as they are missing",
	  .help = "14 days when none are said. Each is wrapped by the master of the keys that are there, the first "
		  "ones by the last key of encrypt.key.file. Safe to run again, and from several machines: a day with "
		  "two keys has two. Refused where days have keys, and no master key of encrypt.key.file unwraps any: "
		  "this is not the file of the other machines then. With "
		  "--reason, when that master is lost, keys are made beside them. What somebody deleted from the "
		  "topic, and Kafka has not compacted away yet, is put back.\n\n"
		  "instroom-day-keys.timer runs it every day.",
	  OPTIONS_OF(MAKE_OPTIONS),
	  .run = run_day_keys_make },
	{ .name = "day-keys rewrap",
	  .purpose = "wrap every day key by the newest master key",
	  .help = "Give every program the new master first, below the old one in encrypt.key.file. Afterwards the old "
		  "one can go, but for backups of the topic.",
	  .exits = { { 1, "some keys are wrapped by a master that encrypt.key.file does not hold" } },
	  .run = run_day_keys_rewrap },
	{ .name = "day-keys shred",
	  .arguments = "[DATE]",
	  .arguments_max = 1,
	  .purpose = "make the bodies of all days before DATE unreadable, also in copies of the logs",
	  .help = "Shows which keys; with --reason erases them, for good. Refused for days within "
		  "topic.retention.days, and while a message that is encrypted with one of them stands in raw, verdict "
		  "or quarantine: what remains are copies, on disks and in backups. Without DATE all days are meant "
		  "for which neither holds. Kafka removes wrapped keys from its own disks within "
		  "max.compaction.lag.ms and a roll of the segment: list says which are left. A backup of the "
		  "topic of day keys from before still has them: with the master of then it opens what they sealed.\n\n"
		  "instroom-day-keys.timer runs it with --timer, and so shows only what is due until retention.timer = "
		  "remove is set.",
	  OPTIONS_OF(SHRED_OPTIONS),
	  .exits = { { 1, "messages still need one of the keys; nothing is erased" } },
	  .run = run_day_keys_shred },
};

static const struct command REPAIR[] = {
	{ .name = "refill",
	  .arguments = "PARTITION",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a parked partition's raw messages be judged again",
	  .help = "For a partition whose chain of verdicts cannot go on. Afterwards start the validators and restart "
		  "the writers: what the register has not applied is judged anew, and nothing is applied twice. "
		  "Where raw messages are gone it changes nothing: see loss show.",
	  OPTIONS_OF(REFILL_OPTIONS),
	  .exits = { { 1, "raw messages are lost, the raw log does not fit the register, or the partition moves" } },
	  .run = run_refill },
	{ .name = "loss show",
	  .arguments = "PARTITION",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "raw messages that Kafka lost before they were judged",
	  .help = "Names the offsets, and the deliveries as far as a verdict or a receipt knows them. Changes nothing.",
	  OPTIONS_OF(LOSS_SHOW_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "raw messages or verdicts are lost" } },
	  .run = run_loss_show },
	{ .name = "loss accept",
	  .arguments = "PARTITION",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "let a partition go on without the raw messages it lost",
	  .help = "The last resort, for what no backup brings back. Lines of deliveries that a verdict knows get "
		  "quarantaine; what nobody knows has no outcome and stands in loss list. Validators go on by "
		  "themselves; when verdicts are lost too, stop them first. Safe to run again. Those boards must "
		  "deliver again.",
	  OPTIONS_OF(LOSS_ACCEPT_OPTIONS),
	  .exits = { { 1, "something else is lost than --below says, or Kafka does not let us see what" } },
	  .run = run_loss_accept },
	{ .name = "loss list",
	  .purpose = "what was accepted as lost: by whom, when and why",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_loss_list },
	{ .name = "volgnummer set-back",
	  .arguments = "BOARD VOLGNUMMER",
	  .arguments_min = 2,
	  .arguments_max = 2,
	  .purpose = "set the highest volgnummer of a board back",
	  .help = "For a board that once sent an absurd volgnummer. Without --reason: what would change. Teachers "
		  "above it get it, what waits above it ends (LR-K10); content, status and outcomes stay. The "
		  "register decides, in the board's own order. Validators take the board's deliveries for late, "
		  "which only costs time, until they are above what was set back.",
	  OPTIONS_OF(REASON),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "nothing is set back: no reason was given, or it is not below the highest" } },
	  .run = run_set_back },
	{ .name = "volgnummer list",
	  .arguments = "BOARD",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "when the volgnummer of a board was set back, by whom and why",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_set_back_list },
	{ .name = "quarantine list",
	  .purpose = "messages in quarantine, and what became of them",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_quarantine_list },
	{ .name = "quarantine show",
	  .arguments = "PARTITION/OFFSET",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "one of them",
	  .outputs = TEXT_CSV_JSON,
	  .output = OUTPUT_JSON,
	  .exits = { { 1, "there is no such message" } },
	  .run = run_quarantine_show },
	{ .name = "quarantine replay",
	  .arguments = "[PARTITION/OFFSET]",
	  .arguments_max = 1,
	  .purpose = "plan a replay of one of them, or of all that are open",
	  .help = "As replay plan: carry it out with replay start.",
	  OPTIONS_OF(QUARANTINE_REPLAY_OPTIONS),
	  .outputs = TEXT_JSON,
	  .exits = { { 1, "there is nothing to replay" } },
	  .run = run_quarantine_replay },
	{ .name = "quarantine discard",
	  .arguments = "PARTITION/OFFSET",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "decide that one of them is not to be replayed",
	  .help = "Its lines stay quarantaine; the message stays in its topic.",
	  OPTIONS_OF(DISCARD_OPTIONS),
	  .exits = { { 1, "there is no such message, or it was discarded before" } },
	  .run = run_quarantine_discard },
};

/* ---- prove ---- */

static const struct command_option VERIFY_OPTIONS[] = {
	{ OPTION_BOARD, "N", "one board", OPTIONAL },
	{ OPTION_SAMPLE, "N", "so many boards, chosen at random", OPTIONAL },
	{ OPTION_ALL, NULL, "all boards", OPTIONAL },
	{ OPTION_WITH_BSN, NULL, "name teachers by BSN beside their key; leaves a row in register.access", OPTIONAL },
	{ OPTION_REPAIR, NULL, "show which rows would be put right, as the log says; with --reason do it", OPTIONAL },
	{ OPTION_REASON, "TEXT", "of --repair: why; it is kept with your name", OPTIONAL },
	{ OPTION_FROM_CHECKPOINT, NULL, "from the newest checkpoints on, also where the log is whole", OPTIONAL },
};

static const struct command_option CHECKPOINT_MAKE_OPTIONS[] = {
	{ OPTION_FROM_CHECKPOINT, NULL, "from the newest checkpoints on, also where the log is whole", OPTIONAL },
	{ OPTION_WITH_BSN, NULL, "name teachers by BSN beside their key; leaves a row in register.access", OPTIONAL },
};
static const struct command_option CHECKPOINT_PRUNE_OPTIONS[] = {
	{ OPTION_KEEP, "N", "so many of each partition, else checkpoint.keep", OPTIONAL },
};

static const struct command_option STATEMENT_OPTIONS[] = {
	{ OPTION_ON, "DAY", "show the statement of a day, by board", OPTIONAL },
	{ OPTION_LIST, NULL, "all days with their hashes", OPTIONAL },
	{ OPTION_CHECK, NULL, "derive all statements again from the ledger", OPTIONAL },
};

static const struct command PROVE[] = {
	{ .name = "verify",
	  .purpose = "derive the register again from the log and compare it",
	  .help = "Content, BSN, targets, history, outcomes, feedback, counts, contact persons, confirmations and"
		  " the state of "
		  "deliveries: all that a board, a keeper or a court could see. A teacher is named by key, and the"
		  " field that "
		  "differs. Needs the setting hmac.key.file, and the log from its beginning; where retention has "
		  "removed that, the newest checkpoint of checkpoint.dir and the log from there on.\n\n"
		  "--repair works as the owner, one transaction per board, while writers go on: they wait for it. What"
		  " no log says stays. Killed, run it again.",
	  OPTIONS_OF(VERIFY_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "something differs, or a partition is unproven; what, is printed" },
		     { 78, "too: a checkpoint is of another key, cluster, topic or format; the others were proved" } },
	  .run = run_verify },
	{ .name = "checkpoint make",
	  .purpose = "verify all boards, and keep what was derived as a place to start from",
	  .help = "As verify --all. A partition in which nothing differs leaves a checkpoint in checkpoint.dir: the "
		  "derived boards at this place of the log, sealed with checkpoint.key.file and signed with "
		  "checkpoint.sign.key.file. One in which something differs keeps those it has. Killed, run it again: "
		  "half a checkpoint is never taken for one; nor on a full disk (70). All but the newest "
		  "checkpoint.keep go.",
	  OPTIONS_OF(CHECKPOINT_MAKE_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "something differs, or a partition is unproven: it has no new checkpoint" },
		     { 69, "a server is away, or another process works in checkpoint.dir" },
		     { 78, "too: keys or the folder are not as they must be, or a checkpoint is of others" } },
	  .run = run_checkpoint_make },
	{ .name = "checkpoint list",
	  .purpose = "the checkpoints there are, the newest of each partition first",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_checkpoint_list },
	{ .name = "checkpoint check",
	  .purpose = "prove that no checkpoint was altered",
	  .help = "Signature, digest and chain of each; with checkpoint.key.file that each board's state opens, too. "
		  "Without it checkpoint.public.key.file is enough. Asks no server.",
	  .exits = { { 1, "one is altered, or does not follow the one before it; what, is printed" },
		     { 78, "too: one is of another key or format" } },
	  .run = run_checkpoint_check },
	{ .name = "checkpoint restore",
	  .purpose = "write a lost register again, as the newest checkpoints have it",
	  .help = "Into an empty register (migrate) while no writer and no validator runs. Cursors go to where the "
		  "checkpoints end, then all boards are written, one transaction each; a partition is parked until "
		  "its boards are in. Start the writers: what came since they take from the log. Killed, run it "
		  "again. Where the newest checkpoint is altered nothing is written: remove its two files, and the "
		  "one before it is taken. hmac.key.file is the key that was in force when they were made. What "
		  "stands in no log is not brought back: RUNBOOK.md, The register is lost.",
	  OPTIONS_OF(REASON_NEEDED),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "the register is not empty, a checkpoint is altered, or the log does not reach back to it" },
		     { 78, "too: a checkpoint is of another key, cluster, topic or format" } },
	  .run = run_checkpoint_restore },
	{ .name = "checkpoint prune",
	  .purpose = "remove all but the newest checkpoints of each partition",
	  .help = "After a person was erased: checkpoint make, then checkpoint prune --keep 1.",
	  OPTIONS_OF(CHECKPOINT_PRUNE_OPTIONS),
	  .exits = { { 69, "another process works in checkpoint.dir" } },
	  .run = run_checkpoint_prune },
	{ .name = "statement",
	  .purpose = "what came in since the day before, in a chain of hashes",
	  .help = "Makes the statement of today, unless there is one, and prints its sums and its hash: keep them "
		  "elsewhere. Every day's deliveries, lines, outcomes, confirmations and replays are counted once, by "
		  "their place in the log; a row that is altered, added or deleted afterwards is found by --check.",
	  OPTIONS_OF(STATEMENT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1,
		       "--check: a statement is not as the ledger has it; --on: there is none of that day; else: "
		       "the last one is of a day to come" } },
	  .run = run_statement },
};

/* ---- persons ---- */

static const struct command_option PERSON_REPORT_OPTIONS[] = {
	{ OPTION_BSN_FILE, "FILE", "file that holds his BSN, - for standard input", OPTIONAL },
	{ OPTION_REASON, "TEXT", "why; it is kept with your name", REQUIRED },
};

static const struct command_option PERSON_ERASE_OPTIONS[] = {
	{ OPTION_BSN_FILE, "FILE", "file that holds his BSN, - for standard input", OPTIONAL },
	{ OPTION_REASON, "TEXT", "why, naming nobody; it is kept with your name, and it is done", OPTIONAL },
};

static const struct command_option RETENTION_OPTIONS[] = {
	{ OPTION_REASON, "TEXT", "why; it is kept with your name, and it is done", OPTIONAL },
	{ OPTION_TIMER, NULL, "what the setting retention.timer says: for a timer, which gives no reason", OPTIONAL },
};

static const struct command PERSON[] = {
	{ .name = "retention",
	  .purpose = "what is kept longer than its term; with --reason it is removed",
	  .help = "Lapsed teachers, what teachers were, terugmeldingen, contact persons after whom another came,"
		  " who looked at persons, and problems that were closed: the settings retention.*.months say"
		  " how long each is kept. Deliveries, their outcomes and counts stay. What waits for"
		  " a confirmation keeps what came behind it in its partition.\n\n"
		  "Works as the owner, some boards in a transaction, while writers go on: they wait for it. Killed, run"
		  " it again. What was delivered goes by topic.retention.days.\n\n"
		  "instroom-retention.timer runs it with --timer, and so shows only what is due until retention.timer ="
		  " remove is set.",
	  OPTIONS_OF(RETENTION_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .run = run_retention },
	{ .name = "person report",
	  .arguments = "[BOARD KEY]",
	  .arguments_max = 2,
	  .purpose = "all that every store holds about one person, over all boards",
	  .help = "By his BSN in a file, or by a board and his key there. Register, history, deliveries that name him,"
		  " terugmeldingen, confirmations, quarantine and the places of messages in the logs, which are read"
		  " from their beginning, and the checkpoints of checkpoint.dir; cache and backups are named. Contact"
		  " persons are known by name only: instroomctl contact shows them. Leaves a row in register.access."
		  " Needs hmac.key.file.",
	  OPTIONS_OF(PERSON_REPORT_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "no store holds anything of him" } },
	  .run = run_person_report },
	{ .name = "person erase",
	  .arguments = "[BOARD KEY]",
	  .arguments_max = 2,
	  .purpose = "what would go of one person at all boards; with --reason it goes",
	  .help = "By his BSN in a file, or by a board and his key there. Register, history and marks go; in"
		  " terugmeldingen his lines lose the board's numbers, in key lists another key takes his place; the"
		  " cache forgets him. Outcomes and counts stay. Then all stores are looked through again: what stands"
		  " in the logs stays until topic.retention.days, in checkpoints until checkpoint make and then"
		  " checkpoint prune --keep 1. A delivery behind it that names him brings him back:"
		  " his board has to leave him out first.\n\n"
		  "Works as the owner, board by board, while writers go on. Killed, run it again. Leaves rows in"
		  " register.access and, without whom, in register.removal.",
	  OPTIONS_OF(PERSON_ERASE_OPTIONS),
	  .outputs = TEXT_CSV_JSON,
	  .exits = { { 1, "the register still holds something of him" } },
	  .run = run_person_erase },
};

/* ---- this program ---- */

static const struct command PROGRAM[] = {
	{ .name = "help",
	  .arguments = "[COMMAND]",
	  .arguments_max = 2,
	  .purpose = "what there is, or what one command takes",
	  .is_bare = true,
	  .run = run_help },
	{ .name = "completion",
	  .arguments = "bash",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "a script that completes commands and options in bash",
	  .help = "For this shell: . <(instroomctl completion bash)",
	  .is_bare = true,
	  .run = run_completion },
	{ .name = "man", .purpose = "the man page, as roff", .is_bare = true, .run = run_man },
};

static const struct command APPROVAL[] = {
	{ .name = "approval list",
	  .purpose = "from how many lines on a plan wants approval; the first row is in force",
	  .outputs = TEXT_CSV_JSON,
	  .run = run_approval_list },
	{ .name = "approval set",
	  .arguments = "LINES",
	  .arguments_min = 1,
	  .arguments_max = 1,
	  .purpose = "from how many lines on a replay or undo wants another person's approval",
	  .help = "0: none does. replay.approval.lines of whoever plans can only ask for approval of less. Who raises "
		  "it does not raise it for his own plans. Wants the right of instroom_access, which a planner lacks.",
	  OPTIONS_OF(REASON_NEEDED),
	  .run = run_approval_set },
};

static const struct command_group GROUPS[] = {
	{ "Setting up", SETUP, ARRAY_LEN(SETUP) },
	{ "Reference tables", REFERENCE, ARRAY_LEN(REFERENCE) },
	{ "Delivering", DELIVER, ARRAY_LEN(DELIVER) },
	{ "Looking", LOOK, ARRAY_LEN(LOOK) },
	{ "Tokens of senders", ACCESS, ARRAY_LEN(ACCESS) },
	{ "Who may deliver for whom", RIGHTS, ARRAY_LEN(RIGHTS) },
	{ "Problems of boards", PROBLEMS, ARRAY_LEN(PROBLEMS) },
	{ "Keys", KEY, ARRAY_LEN(KEY) },
	{ "Keys of bodies", DAY_KEYS, ARRAY_LEN(DAY_KEYS) },
	{ "Replaying", REPLAY, ARRAY_LEN(REPLAY) },
	{ "Undoing", UNDO, ARRAY_LEN(UNDO) },
	{ "Approval of both", APPROVAL, ARRAY_LEN(APPROVAL) },
	{ "Repairing", REPAIR, ARRAY_LEN(REPAIR) },
	{ "Proving", PROVE, ARRAY_LEN(PROVE) },
	{ "Persons", PERSON, ARRAY_LEN(PERSON) },
	{ "This program", PROGRAM, ARRAY_LEN(PROGRAM) },
};
const struct command_table COMMANDS = { GROUPS, ARRAY_LEN(GROUPS) };
