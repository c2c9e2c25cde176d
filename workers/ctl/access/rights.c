/* access ..: changes of who may deliver for whom (specification 15). Each is one transaction and one new snapshot
 * (rights_store.h).
 *
 * No header: these commands stand in access_commands.h. */
#include "base/clock.h"
#include "base/random.h"
#include "ctl/access/access_commands.h"
#include "ctl/access/rights_store.h"
#include "ctl/base/question.h"
#include "model/teacher_key.h"
#include "run/exit_status.h"

enum { PREFIX_BYTES = 15 }; /* instroom_ and 24 bits of 256 */

/* What a command was given, read. */
struct words {
	const char *name; /* of a party or a credential */
	uint32_t board;
	struct party_number number;
	const char *service;
	int32_t from, until;
};

/* ---- reading ---- */

static int read_board_word(const char *text, struct words *words)
{
	return ctl_board(text, &words->board) ? 0 : ctl_usage("a board number has 5 digits");
}

static int read_name_word(const char *text, struct words *words)
{
	words->name = text;
	return access_token_is_name(slice_of(text)) ? 0 : ctl_usage("a name has letters, digits and ._:@- only");
}

static int read_number_word(const char *text, struct words *words)
{
	return party_number_read(slice_of(text), &words->number)
		       ? 0
		       : ctl_usage("a number is KVK: with 8 digits, RSIN: with 9 or OIN: with 20");
}

static int read_service_word(const char *text, struct words *words)
{
	words->service = text;
	return access_service_of(slice_of(text)) != 0 ? 0
						      : ctl_usage("a service is leveren, inzien, bevestigen or beheer");
}

/* --from, else today; --until, else no end. */
static int read_days(const struct ctl *ctl, struct words *words)
{
	if (!question_day(ctl, OPTION_FROM, &words->from) || !question_day(ctl, OPTION_UNTIL, &words->until))
		return ctl_usage("a day is EEJJ-MM-DD");
	if (words->from == 0)
		words->from = clock_amsterdam_date(clock_wall_ms());
	return words->until == 0 || words->until >= words->from ? 0 : ctl_usage("--until lies before --from");
}

static void add_number(struct pg_params *params, const struct party_number *number)
{
	pg_add_i32(params, number->kind);
	pg_add_text(params, slice_of(number->digits));
}

/* ---- one change ---- */

struct change {
	const char *sql;
	const struct pg_params *params;
	const char *missing; /* said when no row was touched */
	const char *made;    /* printed once it is stored; NULL: nothing */
};

static int change_rows(struct rights_store *store, const struct change *change, int64_t *ret_count, struct err *err)
{
	int rc = pg_exec(store->link, NULL, change->sql, change->params, NULL, ret_count, err);

	if (rc != 0 && strcmp(err->code, "23505") == 0) /* of a unique constraint */
		return err_set(err, ERR_DATA, "23505", "that is there already");
	return rc;
}

static int carry_out(struct ctl *ctl, const struct change *change)
{
	struct rights_store store;
	struct err err = { 0 };
	int64_t count = 0;
	int rc = rights_begin(ctl, &store, &err);

	if (rc == 0)
		rc = change_rows(&store, change, &count, &err);
	if (rc != 0)
		rc = ctl_fail(&err);
	else if (count == 0) {
		fprintf(stderr, "instroomctl: %s\n", change->missing);
		rc = EXIT_ANSWER_IS_NO;
	} else {
		rc = rights_finish(&store, change->made);
	}
	rights_end(&store);
	return rc;
}

/* ---- parties and numbers ---- */

int run_access_party_add(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_name_word(ctl->arguments[0], &words);

	if (rc == 0 && ctl->argument_count > 1)
		rc = read_number_word(ctl->arguments[1], &words);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(words.name));
	add_number(&params, &words.number);
	return carry_out(ctl,
			 &(struct change){ "with added as (insert into rights.party (name) values ($1) returning id)"
					   " , numbered as (insert into rights.party_number (party, kind, digits)"
					   "   select id, $2, $3 from added where $2 <> 0)"
					   " select from added",
					   &params, "the party could not be added", NULL });
}

int run_access_number_add(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_name_word(ctl->arguments[0], &words);

	if (rc == 0)
		rc = read_number_word(ctl->arguments[1], &words);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(words.name));
	add_number(&params, &words.number);
	return carry_out(ctl, &(struct change){ "insert into rights.party_number (party, kind, digits)"
						" select id, $2, $3 from rights.party where name = $1",
						&params, "there is no party of that name", NULL });
}

int run_access_board_number_add(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_board_word(ctl->arguments[0], &words);

	if (rc == 0)
		rc = read_number_word(ctl->arguments[1], &words);
	if (rc == 0)
		rc = read_days(ctl, &words);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)words.board);
	add_number(&params, &words.number);
	pg_add_i32(&params, words.from);
	question_add_day(&params, words.until);
	return carry_out(ctl,
			 &(struct change){ "insert into rights.board_number (board, kind, digits, from_day, until_day)"
					   " values ($1, $2, $3, $4, $5)",
					   &params, "", NULL });
}

int run_access_board_number_end(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_board_word(ctl->arguments[0], &words);

	if (rc == 0)
		rc = read_number_word(ctl->arguments[1], &words);
	if (rc == 0 && !question_day(ctl, OPTION_UNTIL, &words.until))
		rc = ctl_usage("a day is EEJJ-MM-DD");
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)words.board);
	add_number(&params, &words.number);
	pg_add_i32(&params, words.until);
	return carry_out(
		ctl,
		&(struct change){ "update rights.board_number set until_day = $4 where board = $1 and kind = $2"
				  " and digits = $3 and from_day <= $4 and (until_day is null or until_day > $4)",
				  &params, "the board has no such number on that day that does not end before", NULL });
}

/* ---- mandates ---- */

static int read_mandate(const struct ctl *ctl, struct words *words)
{
	int rc = read_board_word(ctl->arguments[0], words);

	if (rc == 0)
		rc = read_name_word(ctl->arguments[1], words);
	return rc == 0 ? read_service_word(ctl->arguments[2], words) : rc;
}

int run_access_mandate_give(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_mandate(ctl, &words);

	if (rc == 0)
		rc = read_days(ctl, &words);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)words.board);
	pg_add_text(&params, slice_of(words.name));
	pg_add_text(&params, slice_of(words.service));
	pg_add_i32(&params, words.from);
	question_add_day(&params, words.until);
	pg_add_text(&params, slice_of(ctl->options[OPTION_GIVEN_BY]));
	return carry_out(
		ctl,
		&(struct change){ "insert into rights.mandate (board, party, service, from_day, until_day, given_by)"
				  " select $1, id, $3, $4, $5, $6 from rights.party where name = $2",
				  &params, "there is no party of that name", NULL });
}

int run_access_mandate_withdraw(struct ctl *ctl)
{
	struct words words = { 0 };
	struct pg_params params;
	int rc = read_mandate(ctl, &words);

	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)words.board);
	pg_add_text(&params, slice_of(words.name));
	pg_add_text(&params, slice_of(words.service));
	return carry_out(ctl, &(struct change){
				      "update rights.mandate set withdrawn_at = now() where board = $1 and service = $3"
				      " and withdrawn_at is null"
				      " and party = (select id from rights.party where name = $2)",
				      &params, "there is no such mandate, or it is withdrawn already", NULL });
}

/* ---- credentials ---- */

/* OWNER is a board of 5 digits, or a party. */
static void add_owner(struct pg_params *params, const char *owner)
{
	uint32_t board;
	bool is_board = ctl_board(owner, &board);

	question_add_text(params, is_board ? NULL : owner);
	question_add_board(params, is_board ? board : 0, is_board);
}

static int make_credential(struct ctl *ctl, const struct words *words, const char *token)
{
	struct pg_params params;
	uint8_t sha256[32];

	sha256_of(slice_of(token), sha256);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(words->name));
	pg_add_bytes(&params, slice_make(sha256, sizeof sha256));
	pg_add_text(&params, slice_make(token, PREFIX_BYTES));
	pg_add_i32(&params, words->until);
	add_owner(&params, ctl->arguments[1]);
	return carry_out(
		ctl, &(struct change){ "insert into rights.credential (name, sha256, prefix, until_day, party, board)"
				       " select $1, $2, $3, $4, p.id, $6 from (select) x"
				       " left join rights.party p on p.name = $5"
				       " where $6::int is not null or p.id is not null",
				       &params, "there is no party of that name", token });
}

int run_access_credential_make(struct ctl *ctl)
{
	uint8_t bytes[ACCESS_TOKEN_RANDOM_BYTES];
	char token[ACCESS_TOKEN_TEXT_BYTES];
	struct words words = { 0 };
	struct err err = { 0 };
	int rc = read_name_word(ctl->arguments[0], &words);

	if (rc == 0 && !question_day(ctl, OPTION_UNTIL, &words.until))
		rc = ctl_usage("--until is a day, as 2027-07-31");
	if (rc != 0)
		return rc;
	if (random_fill(bytes, sizeof bytes, &err) != 0)
		return ctl_fail(&err);
	access_token_write(bytes, token);
	explicit_bzero(bytes, sizeof bytes);
	rc = make_credential(ctl, &words, token);
	explicit_bzero(token, sizeof token);
	return rc;
}

int run_access_credential_withdraw(struct ctl *ctl)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->arguments[0]));
	return carry_out(ctl,
			 &(struct change){ "update rights.credential set withdrawn_at = now() where name = $1"
					   " and withdrawn_at is null",
					   &params, "there is none of that name, or it is withdrawn already", NULL });
}

/* ---- publish ---- */

int run_access_publish(struct ctl *ctl)
{
	struct rights_store store;
	struct err err = { 0 };
	int rc = rights_begin(ctl, &store, &err);

	if (rc == 0)
		rc = rights_commit(&store, true, &err);
	if (rc == 0)
		rc = rights_publish(&store, &err);
	if (rc == 0)
		printf("published access data version %lld\n", (long long)store.snapshot.version.sequence);
	else
		rc = ctl_fail(&err);
	rights_end(&store);
	return rc;
}
