/* access party list, mandate list, credential list, who, show: what there is, and who might do what on a day.
 *
 * No header: these commands stand in access_commands.h. */
#include "base/clock.h"
#include "ctl/access/access_commands.h"
#include "ctl/base/question.h"
#include "model/access_token.h"

#define NUMBER(row) "case " row ".kind when 1 then 'KVK:' when 2 then 'RSIN:' else 'OIN:' end || " row ".digits"
#define NUMBERS_OF_PARTY \
	"(select string_agg(" NUMBER("n") ", ' ' order by n.kind, n.digits) from rights.party_number n" \
	" where n.party = p.id)"
/* Days of the operator's clock are days in Amsterdam. */
#define DAY_OF(time) "to_char(" time " at time zone 'Europe/Amsterdam', 'YYYYMMDD')::int"

static int answer(struct ctl *ctl, const struct question *question, const struct pg_params *params)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = question_answer(ctl, link, question, params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_access_party_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = { { "party", "party", COLUMN_TEXT },
							{ "numbers", "numbers", COLUMN_TEXT },
							{ "added_at", "added at", COLUMN_TEXT } };
	const struct question question = { COLUMNS, ARRAY_LEN(COLUMNS),
					   "select p.name, " NUMBERS_OF_PARTY
					   ", " CTL_SQL_TIME("p.added_at") " from rights.party p order by p.name",
					   false, QUESTION_LIMIT_ANY };

	return answer(ctl, &question, NULL);
}

int run_access_mandate_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "board", "board", COLUMN_TEXT },	 { "party", "party", COLUMN_TEXT },
		{ "service", "service", COLUMN_TEXT },	 { "from", "from", COLUMN_TEXT },
		{ "until", "until", COLUMN_TEXT },	 { "given_by", "given by", COLUMN_TEXT },
		{ "given_at", "given at", COLUMN_TEXT }, { "withdrawn_at", "withdrawn at", COLUMN_TEXT },
	};
	const struct question question = {
		COLUMNS, ARRAY_LEN(COLUMNS),
		"select " CTL_SQL_BOARD("m.board") ", p.name, m.service, " CTL_SQL_DAY("m.from_day") ", "
		CTL_SQL_DAY("m.until_day") ", m.given_by, " CTL_SQL_TIME("m.given_at") ", "
		CTL_SQL_TIME("m.withdrawn_at")
		" from rights.mandate m join rights.party p on p.id = m.party"
		" where $1::int is null or m.board = $1 order by m.board, p.name, m.service, m.id",
		false, QUESTION_LIMIT_ANY
	};
	struct pg_params params;
	bool is_one = false;
	uint32_t board = 0;

	if (!question_board(ctl, &board, &is_one))
		return ctl_usage("a board number has 5 digits");
	pg_params_reset(&params);
	question_add_board(&params, board, is_one);
	return answer(ctl, &question, &params);
}

int run_access_credential_list(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "name", "name", COLUMN_TEXT },   { "begins", "begins", COLUMN_TEXT },
		{ "party", "party", COLUMN_TEXT }, { "board", "board", COLUMN_TEXT },
		{ "until", "until", COLUMN_TEXT }, { "withdrawn_at", "withdrawn at", COLUMN_TEXT },
	};
	const struct question question = { COLUMNS, ARRAY_LEN(COLUMNS),
					   "select c.name, c.prefix, p.name, " CTL_SQL_BOARD("c.board") ","
					   " " CTL_SQL_DAY("c.until_day") ", " CTL_SQL_TIME("c.withdrawn_at")
					   " from rights.credential c left join rights.party p on p.id = c.party"
					   " order by c.name",
					   false, QUESTION_LIMIT_ANY };

	return answer(ctl, &question, NULL);
}

/* Of a day that is over: as it was known on that day, withdrawals of that day count from their moment only. */
static const char WHO_SQL[] =
	"with own as (select * from rights.board_number where board = $1 and from_day <= $3"
	"   and (until_day is null or until_day >= $3) and " DAY_OF("added_at") " <= greatest($3, $4)),"
	" mandate as (select * from rights.mandate where board = $1 and service = $2 and from_day <= $3"
	"   and (until_day is null or until_day >= $3) and " DAY_OF("given_at") " <= greatest($3, $4)"
	"   and (withdrawn_at is null or " DAY_OF("withdrawn_at") " >= $3)),"
	" may as ("
	"  select 'eigen' as basis, n.party, " NUMBER("own") " as number, own.from_day, own.until_day,"
	"    null::timestamptz as withdrawn_at"
	"    from own left join rights.party_number n on n.kind = own.kind and n.digits = own.digits"
	"  union all select 'machtiging', party, null, from_day, until_day, withdrawn_at from mandate"
	"  union all select 'eigen', null, null, " DAY_OF("made_at") ", until_day, withdrawn_at from rights.credential"
	"    where board = $1 and until_day >= $3 and " DAY_OF("made_at") " <= greatest($3, $4)"
	"      and (withdrawn_at is null or " DAY_OF("withdrawn_at") " >= $3))"
	" select may.basis, coalesce(p.name, '-'), coalesce(may.number, " NUMBERS_OF_PARTY "), "
	CTL_SQL_DAY("may.from_day") ", " CTL_SQL_DAY("may.until_day") ", " CTL_SQL_TIME("may.withdrawn_at") ","
	"  (select string_agg(c.name, ' ' order by c.name) from rights.credential c where c.until_day >= $3"
	"     and (c.withdrawn_at is null or " DAY_OF("c.withdrawn_at") " >= $3)"
	"     and (c.party = may.party or (may.party is null and may.number is null and c.board = $1)))"
	" from may left join rights.party p on p.id = may.party order by 1, 2, 3";

int run_access_who(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "basis", "basis", COLUMN_TEXT },
		{ "party", "party", COLUMN_TEXT },
		{ "numbers", "numbers", COLUMN_TEXT },
		{ "from", "from", COLUMN_TEXT },
		{ "until", "until", COLUMN_TEXT },
		{ "withdrawn_at", "withdrawn at", COLUMN_TEXT },
		{ "credentials", "credentials", COLUMN_TEXT },
	};
	const struct question question = { COLUMNS, ARRAY_LEN(COLUMNS), WHO_SQL, false, QUESTION_LIMIT_ANY };
	const char *service = ctl_has(ctl, OPTION_SERVICE) ? ctl->options[OPTION_SERVICE] : "leveren";
	int32_t today = clock_amsterdam_date(clock_wall_ms()), day = 0;
	struct pg_params params;
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	if (access_service_of(slice_of(service)) == 0)
		return ctl_usage("a service is leveren, inzien, bevestigen or beheer");
	if (!question_day(ctl, OPTION_ON, &day))
		return ctl_usage("a day is EEJJ-MM-DD");
	if (day == 0)
		day = today;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_text(&params, slice_of(service));
	pg_add_i32(&params, day);
	pg_add_i32(&params, day < today ? day : today);
	return answer(ctl, &question, &params);
}

int run_access_show(struct ctl *ctl)
{
	static const struct output_column COLUMNS[] = {
		{ "sequence", "version", COLUMN_NUMBER },  { "sha256", "sha256", COLUMN_TEXT },
		{ "made_at", "made at", COLUMN_TEXT },	   { "published_at", "published at", COLUMN_TEXT },
		{ "parties", "parties", COLUMN_NUMBER },   { "board_numbers", "numbers of boards", COLUMN_NUMBER },
		{ "mandates", "mandates", COLUMN_NUMBER }, { "credentials", "credentials", COLUMN_NUMBER },
	};
	const struct question question = {
		COLUMNS, ARRAY_LEN(COLUMNS),
		"select v.sequence, encode(v.sha256, 'hex'), " CTL_SQL_TIME("v.made_at") ", "
		CTL_SQL_TIME("v.published_at") ", (select count(*) from rights.party),"
		" (select count(*) from rights.board_number),"
		" (select count(*) from rights.mandate where withdrawn_at is null),"
		" (select count(*) from rights.credential where withdrawn_at is null)"
		" from rights.version v order by v.sequence desc limit 1",
		true, QUESTION_LIMIT_ANY
	};

	return answer(ctl, &question, NULL);
}
