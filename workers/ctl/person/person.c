#include "ctl/person/person.h"

#include "base/num.h"
#include "ctl/base/bsn_file.h"

#include <stdlib.h>

enum { ARRAY_BYTES_MAX = 64 << 20, KEY_TEXT_BYTES = 36, CAPACITY_FIRST = 16 };

static void set_bsn(struct person *person, int32_t bsn)
{
	person->has_bsn = true;
	snprintf(person->bsn, sizeof person->bsn, "%09u", (unsigned)bsn % 1000000000);
}

static bool parse_key(const char *text, uint8_t ret[TEACHER_KEY_BYTES])
{
	char digits[2 * TEACHER_KEY_BYTES];
	size_t n = 0;

	for (const char *at = text; *at && n < sizeof digits; at++)
		if (*at != '-')
			digits[n++] = *at;
	return strlen(text) == KEY_TEXT_BYTES && n == sizeof digits &&
	       num_from_hex(slice_make(digits, n), ret, TEACHER_KEY_BYTES);
}

int person_check_words(const struct ctl *ctl)
{
	bool by_bsn = ctl_has(ctl, OPTION_BSN_FILE);
	uint8_t key[TEACHER_KEY_BYTES];
	uint32_t board;

	if (ctl->argument_count != (by_bsn ? 0 : 2))
		return ctl_usage("either --bsn-file is wanted, or a board and a key");
	if (!by_bsn && !ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	return by_bsn || parse_key(ctl->arguments[1], key)
		       ? 0
		       : ctl_usage("a teacher key has 32 hex digits, as verify names it");
}

/* By key: the row says his BSN, if there is one. */
static int read_key(struct ctl *ctl, struct pg_link *link, struct person *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	if (!ctl_board(ctl->arguments[0], &ret->board) || !parse_key(ctl->arguments[1], ret->key))
		return err_set(err, ERR_FATAL, "words", "person_check_words was not asked");
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)ret->board);
	pg_add_uuid(&params, ret->key);
	int rc = pg_exec(link, NULL, "select bsn from register.teacher where board = $1 and key = $2", &params, &rows,
			 NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 1)
		set_bsn(ret, pg_get_i32(rows, 0, 0));
	return rc;
}

int person_read(struct ctl *ctl, struct pg_link *link, struct person *ret, struct err *err)
{
	const char *path = ctl->options[OPTION_BSN_FILE];
	int32_t bsn = 0;

	*ret = (struct person){ 0 };
	int rc = key_pair_read(ctl, &ret->keys, err);

	if (rc != 0 || !path)
		return rc != 0 ? rc : read_key(ctl, link, ret, err);
	rc = bsn_file_read(path, &bsn, err);
	if (rc == 0)
		set_bsn(ret, bsn);
	return rc;
}

int person_tell_blind_spots(const struct ctl *ctl, struct pg_link *link, const struct person *person, int64_t *ret_keys,
			    struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)person->keys.now.id);
	pg_add_i32(&params, (int32_t)(person->keys.has_before ? person->keys.before : person->keys.now).id);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = pg_exec(link, NULL,
			 "select (select count(distinct old_key_id) from register.key_rotation"
			 "  where old_key_id not in ($1, $2)),"
			 " (select string_agg(distinct topic, ', ') from register.cursor where topic <> $3)",
			 &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_keys = person->has_bsn ? pg_get_i64(rows, 0, 0) : 0;
	if (*ret_keys > 0)
		fprintf(stderr,
			"instroomctl: not looked through: deliveries of before a rotation, by %lld HMAC keys not"
			" at hand (hmac.key.old.file takes one)\n",
			(long long)*ret_keys);
	if (!pg_is_null(rows, 0, 1))
		fprintf(stderr, "instroomctl: not looked through: %.*s and what came of it, until Kafka removes them\n",
			(int)pg_get_bytes(rows, 0, 1).n, pg_get_bytes(rows, 0, 1).p);
	if (!ctl->config.checkpoint_dir[0]) /* that of the timer stands in its unit */
		fputs("instroomctl: not looked through: checkpoints (checkpoint.dir is not set)\n", stderr);
	return 0;
}

size_t person_keys(const struct person *person, uint32_t board, uint8_t ret[PERSON_KEYS_MAX][TEACHER_KEY_BYTES])
{
	if (!person->has_bsn) {
		if (board != person->board)
			return 0;
		memcpy(ret[0], person->key, TEACHER_KEY_BYTES);
		return 1;
	}
	hmac_key_teacher(&person->keys.now, board, slice_of(person->bsn), ret[0]);
	if (!person->keys.has_before)
		return 1;
	hmac_key_teacher(&person->keys.before, board, slice_of(person->bsn), ret[1]);
	return 2;
}

bool person_has_line(const struct person *person, uint32_t board, struct slice bsn)
{
	uint8_t key[TEACHER_KEY_BYTES];

	bsn = slice_trim(bsn);
	if (person->has_bsn)
		return slice_equal_text(bsn, person->bsn);
	if (board != person->board || bsn.n != BSN_DIGITS)
		return false;
	hmac_key_teacher(&person->keys.now, board, bsn, key);
	if (memcmp(key, person->key, sizeof key) == 0)
		return true;
	hmac_key_teacher(&person->keys.before, board, bsn, key);
	return memcmp(key, person->key, sizeof key) == 0;
}

bool person_is_named(const struct person *person, uint32_t board, struct slice keys, size_t *ret_index)
{
	uint8_t his[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	size_t count = person_keys(person, board, his);

	for (size_t i = 0; i < keys.n / TEACHER_KEY_BYTES; i++)
		for (size_t k = 0; k < count; k++)
			if (memcmp(keys.p + i * TEACHER_KEY_BYTES, his[k], TEACHER_KEY_BYTES) == 0) {
				*ret_index = i;
				return true;
			}
	return false;
}

int person_key_rows(const struct person *person, struct pg_link *link, struct person_key_rows *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	uint8_t keys[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	int32_t count = 0;

	strbuf_init(&ret->boards, ARRAY_BYTES_MAX);
	strbuf_init(&ret->keys, ARRAY_BYTES_MAX);
	int rc = pg_exec(link, NULL,
			 "select board from register.board union select board from register.teacher_history"
			 " order by board",
			 NULL, &rows, NULL, err);

	if (rc != 0)
		return rc;
	pg_array_begin(&ret->boards, PG_I32);
	pg_array_begin(&ret->keys, PG_UUID);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		int32_t board = pg_get_i32(rows, i, 0);
		size_t key_count = board < 0 ? 0 : person_keys(person, (uint32_t)board, keys);

		for (size_t k = 0; k < key_count; k++) {
			pg_array_add_i32(&ret->boards, board);
			pg_array_add_uuid(&ret->keys, keys[k]);
			count++;
		}
	}
	pg_array_end(&ret->boards, 0, count);
	pg_array_end(&ret->keys, 0, count);
	rc = strbuf_check(&ret->boards, "the boards of a person", err);
	return rc == 0 ? strbuf_check(&ret->keys, "the keys of a person", err) : rc;
}

void person_key_rows_release(struct person_key_rows *rows)
{
	strbuf_release(&rows->boards);
	strbuf_release(&rows->keys);
}

const char *person_store_name(enum person_store store)
{
	static const char *const NAMES[PERSON_STORES] = {
		[STORE_REGISTER] = "register",
		[STORE_HISTORY] = "history",
		[STORE_LEDGER] = "ledger",
		[STORE_FEEDBACK] = "terugmelding",
		[STORE_CONFIRMATION] = "confirmation",
		[STORE_MARK] = "mark",
		[STORE_RAW] = "raw log",
		[STORE_VERDICT] = "verdict log",
		[STORE_QUARANTINE] = "quarantine",
		[STORE_CHECKPOINT] = "checkpoints",
		[STORE_CACHE] = "cache",
		[STORE_BACKUP] = "backups",
		[STORE_PROBLEM] = "problems",
	};

	return NAMES[store];
}

/* NULL: no memory. */
static struct person_board *board_of(struct person_findings *findings, uint32_t board)
{
	for (size_t i = 0; i < findings->board_count; i++)
		if (findings->boards[i].board == board)
			return &findings->boards[i];
	if (findings->board_count == findings->board_capacity) {
		size_t capacity = MAX(findings->board_capacity * 2, (size_t)CAPACITY_FIRST);
		struct person_board *grown = reallocarray(findings->boards, capacity, sizeof *grown);

		if (!grown)
			return NULL;
		findings->boards = grown;
		findings->board_capacity = capacity;
	}
	findings->boards[findings->board_count] = (struct person_board){ .board = board };
	return &findings->boards[findings->board_count++];
}

void person_findings_release(struct person_findings *findings)
{
	free(findings->boards);
	findings->boards = NULL;
	findings->board_count = findings->board_capacity = 0;
}

void person_found(struct person_findings *findings, enum person_store store, uint32_t board, struct slice place,
		  struct slice field, struct slice value)
{
	findings->counts[store]++;
	if (findings->counts_only) {
		struct person_board *at = board_of(findings, board);

		findings->is_out_of_memory |= !at;
		if (!at)
			return;
		at->counts[store]++;
		at->in_register += store < STORE_RAW;
		return;
	}
	output_text(&findings->out, slice_of(person_store_name(store)));
	output_board(&findings->out, board);
	output_text(&findings->out, place);
	output_text(&findings->out, field);
	output_text(&findings->out, value);
}
