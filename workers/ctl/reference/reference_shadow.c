/* reference_shadow: reference effect: the newest deliveries of all boards are judged with the tables before and after.
 *
 *   1. SQL names them: of each board the last VOLLEDIG that counted and what came behind it, newest first
 *   2. each is read from the raw topic and judged twice, in memory; nothing is written anywhere
 *   3. a teacher that a newer delivery of the board named already is left out: its lines are of no more use
 *   4. counts by change and code, or by board; and what replay would be asked then
 *
 * No header: the command stands in reference_commands.h. */
#include "ctl/reference/reference_commands.h"

#include "base/clock.h"
#include "base/random.h"
#include "ctl/base/question.h"
#include "ctl/base/raw_log.h"
#include "ctl/reference/reference_effect.h"
#include "ctl/reference/reference_tables.h"

#include <stdlib.h>
#include <unistd.h>

enum { SHOW_EVERY_MS = 200, ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 64 << 20 };

/* Without trials, what waits for a confirmation, withdrawals, and deliveries that were late as a whole. */
static const char FIND_SQL[] =
	"with counted as (select position, board, kind from register.delivery where not dry_run and state = 1"
	"  and kind in (1, 2) and (verouderd = 0 or verouderd < lines) and ($1::int is null or board = $1)),"
	" whole as (select board, max(position) as position from counted where kind = 1 group by board)"
	" select c.position, c.board from counted c left join whole w on w.board = c.board"
	" where c.position >= coalesce(w.position, 0) order by c.board, c.position desc";

/* Teacher keys of one delivery that was judged, sorted. */
struct named {
	const uint8_t *keys;
	size_t count;
	struct named *older;
};

struct shadow {
	struct ctl *ctl;
	bool is_by_board;
	struct kafka_reader *reader;
	struct reference *before, *after;
	struct hmac_key key; /* of this run: it only tells teachers apart */
	struct arena delivery_arena, board_arena;
	uint32_t board;
	struct named *named; /* of the board, in board_arena */
	struct effect *effect;
	struct output out;
	int64_t gone, unreadable; /* deliveries */
	int64_t begun_ms, shown_ms;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, TEACHER_KEY_BYTES);
}

static bool is_named(const struct named *named, const uint8_t key[TEACHER_KEY_BYTES])
{
	for (; named; named = named->older)
		if (named->count > 0 &&
		    bsearch(key, named->keys, named->count, TEACHER_KEY_BYTES, compare_keys) != NULL)
			return true;
	return false;
}

/* Which groups count, and their keys for the older deliveries of the board. */
static int name_teachers(struct shadow *shadow, const struct judged *judged, bool **ret, struct err *err)
{
	bool *is_counted = arena_take_zeroed(&shadow->delivery_arena, judged->group_count, sizeof *is_counted);
	uint8_t *keys = arena_take(&shadow->board_arena, judged->readable_count, TEACHER_KEY_BYTES);
	struct named *named = arena_take(&shadow->board_arena, 1, sizeof *named);

	if (!is_counted || !keys || !named)
		return err_set(err, ERR_FULL, "arena", "no memory for the teachers of a delivery");
	for (size_t g = 0; g < judged->readable_count; g++) {
		is_counted[g] = !is_named(shadow->named, judged->groups[g].key);
		memcpy(keys + g * TEACHER_KEY_BYTES, judged->groups[g].key, TEACHER_KEY_BYTES);
	}
	*named = (struct named){ .keys = keys, .count = judged->readable_count, .older = shadow->named };
	shadow->named = named;
	*ret = is_counted;
	return 0;
}

static int judge_twice(struct shadow *shadow, const struct wire_delivery *delivery, struct err *err)
{
	struct arena *arena = &shadow->delivery_arena;
	struct judged before, after;
	bool *is_counted = NULL;
	int rc = raw_delivery_judge(delivery, shadow->before, &shadow->key, NULL, arena, &before, err);

	if (rc == 0)
		rc = raw_delivery_judge(delivery, shadow->after, &shadow->key, NULL, arena, &after, err);
	if (rc == 0)
		rc = name_teachers(shadow, &after, &is_counted, err);
	return rc != 0 ? rc
		       : effect_add(shadow->effect, shadow->board, &before, &after, is_counted,
				    (size_t)delivery->header.line_count, arena, err);
}

/* ---- rows ---- */

static void add_row(struct shadow *shadow, enum effect_change change, enum rule rule, const struct effect_count *count)
{
	if (count->teachers == 0)
		return;
	output_text(&shadow->out, slice_of(effect_change_name(change)));
	if (rule == RULE_NONE)
		output_absent(&shadow->out);
	else
		output_text(&shadow->out, slice_of(rule_code(rule)));
	if (shadow->is_by_board)
		output_board(&shadow->out, count->last_board);
	else
		output_number(&shadow->out, count->boards);
	output_number(&shadow->out, count->teachers);
	output_number(&shadow->out, count->lines);
}

/* Totals first, those without a code. */
static void add_rows(struct shadow *shadow)
{
	for (int change = 0; change < EFFECT_CHANGES; change++) {
		add_row(shadow, (enum effect_change)change, RULE_NONE, &shadow->effect->totals[change]);
		for (size_t place = 0; place < EFFECT_RULES; place++)
			add_row(shadow, (enum effect_change)change, effect_rule(place),
				&shadow->effect->by_rule[change][place]);
	}
}

/* With --by board the counts of each are its rows; the sums over all go on. */
static void end_board(struct shadow *shadow)
{
	struct effect *effect = shadow->effect;

	if (shadow->is_by_board && shadow->board != 0) {
		add_rows(shadow);
		memset(effect->totals, 0, sizeof effect->totals);
		memset(effect->by_rule, 0, sizeof effect->by_rule);
	}
	arena_reset(&shadow->board_arena);
	shadow->named = NULL;
}

/* ---- all deliveries ---- */

static void show_progress(struct shadow *shadow, size_t done, size_t all)
{
	int64_t now_ms = clock_ms(), took_ms = MAX(now_ms - shadow->begun_ms, INT64_C(1));

	if (!isatty(STDERR_FILENO) || (now_ms - shadow->shown_ms < SHOW_EVERY_MS && done < all))
		return;
	shadow->shown_ms = now_ms;
	fprintf(stderr, "\r  %zu of %zu deliveries, %lld lines/s, ready in %lld s   ", done, all,
		(long long)(shadow->effect->lines * 1000 / took_ms),
		(long long)((int64_t)(all - done) * took_ms / (int64_t)done / 1000));
	if (done == all)
		fputs("\n", stderr);
}

static int try_delivery(struct shadow *shadow, int64_t position, uint32_t board, struct err *err)
{
	struct wire_delivery delivery;
	enum raw_found found = RAW_GONE;

	if (board != shadow->board)
		end_board(shadow);
	shadow->board = board;
	arena_reset(&shadow->delivery_arena);
	int rc = raw_log_read(shadow->ctl, shadow->reader, position, &shadow->delivery_arena, &found, &delivery, err);

	if (rc != 0 && !kafka_reader_lacks_key(rc, err))
		return rc;
	found = rc != 0 ? RAW_UNREADABLE : found;
	shadow->gone += found == RAW_GONE;
	shadow->unreadable += found == RAW_UNREADABLE;
	return found == RAW_FOUND ? judge_twice(shadow, &delivery, err) : 0;
}

static int try_all(struct shadow *shadow, uint32_t board, bool is_one_board, struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	int rc = ctl_connect(shadow->ctl, false, &link, err);

	pg_params_reset(&params);
	question_add_board(&params, board, is_one_board);
	if (rc == 0)
		rc = pg_exec(link, NULL, FIND_SQL, &params, &rows, NULL, err);
	for (size_t i = 0, all = rc == 0 ? pg_rows_count(rows) : 0; rc == 0 && i < all; i++) {
		rc = stop_poll() == STOP_NONE
			     ? try_delivery(shadow, pg_get_i64(rows, i, 0), (uint32_t)pg_get_i32(rows, i, 1), err)
			     : err_set(err, ERR_STOP, "stop", "stopped: nothing was changed");
		if (rc == 0)
			show_progress(shadow, i + 1, all);
	}
	if (rc == 0)
		end_board(shadow);
	if (rc == 0 && !shadow->is_by_board)
		add_rows(shadow);
	return rc;
}

/* ---- the command ---- */

static int load_reference(struct ctl *ctl, const char *name, struct reference **ret, struct err *err)
{
	struct reference_walk walk = { .wanted = NULL };
	struct slice csv[REFERENCE_TABLES];
	int rc = reference_tables_load(ctl, name, &walk, err);

	for (size_t t = 0; t < REFERENCE_TABLES; t++)
		csv[t] = strbuf_slice(&walk.tables[t]);
	if (rc == 0)
		rc = reference_build(csv, ret, err);
	reference_tables_release(&walk);
	return rc;
}

static int open_shadow(struct shadow *shadow, struct err *err)
{
	struct ctl *ctl = shadow->ctl;
	uint8_t key[HMAC_KEY_BYTES_MIN];
	int rc = random_fill(key, sizeof key, err);

	hmac_key_init(&shadow->key, slice_make(key, sizeof key));
	shadow->effect = calloc(1, sizeof *shadow->effect);
	if (rc == 0 && !shadow->effect)
		rc = err_set(err, ERR_FATAL, "memory", "no memory to count");
	if (rc == 0)
		rc = arena_init(&shadow->delivery_arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0)
		rc = arena_init(&shadow->board_arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0)
		rc = load_reference(ctl, ctl->argument_count > 0 ? ctl->arguments[0] : "current", &shadow->before, err);
	if (rc == 0)
		rc = load_reference(ctl, ctl->argument_count > 1 ? ctl->arguments[1] : "imported", &shadow->after, err);
	return rc != 0 ? rc : kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &shadow->reader, err);
}

static void close_shadow(struct shadow *shadow)
{
	if (shadow->reader)
		kafka_reader_close(shadow->reader);
	reference_free(shadow->before);
	reference_free(shadow->after);
	arena_release(&shadow->delivery_arena);
	arena_release(&shadow->board_arena);
	output_release(&shadow->out);
	free(shadow->effect);
}

static void say_what_was_judged(const struct shadow *shadow, bool is_imported)
{
	if (shadow->gone + shadow->unreadable > 0)
		fprintf(stderr,
			"instroomctl: left out: %lld deliveries that the log no longer holds, %lld that this program"
			" cannot read\n",
			(long long)shadow->gone, (long long)shadow->unreadable);
	if (shadow->ctl->output != OUTPUT_TEXT)
		return;
	printf("%lld lines of %lld teachers judged twice; nothing was changed\n", (long long)shadow->effect->lines,
	       (long long)shadow->effect->teachers);
	if (is_imported && shadow->out.rows > 0)
		puts("after reference publish, replay plan --code LR-xxx judges the rejected lines of a code again");
}

int run_reference_effect(struct ctl *ctl)
{
	static const struct output_column COLUMNS_BY_CODE[] = {
		{ "change", "change", COLUMN_TEXT },	   { "code", "code", COLUMN_TEXT },
		{ "boards", "boards", COLUMN_NUMBER },	   { "teachers", "teachers", COLUMN_NUMBER },
		{ "lines", "their lines", COLUMN_NUMBER },
	};
	static const struct output_column COLUMNS_BY_BOARD[] = {
		{ "change", "change", COLUMN_TEXT },	   { "code", "code", COLUMN_TEXT },
		{ "board", "board", COLUMN_TEXT },	   { "teachers", "teachers", COLUMN_NUMBER },
		{ "lines", "their lines", COLUMN_NUMBER },
	};
	const char *by = ctl->options[OPTION_BY];
	struct shadow shadow = { .ctl = ctl, .is_by_board = by && strcmp(by, "board") == 0, .begun_ms = clock_ms() };
	uint32_t board = 0;
	bool is_one_board = false;
	struct err err = { 0 };

	if (!question_board(ctl, &board, &is_one_board))
		return ctl_usage("a board number has 5 digits");
	output_init(&shadow.out, ctl->output, shadow.is_by_board ? COLUMNS_BY_BOARD : COLUMNS_BY_CODE,
		    ARRAY_LEN(COLUMNS_BY_CODE));
	int rc = open_shadow(&shadow, &err);

	if (rc == 0)
		rc = try_all(&shadow, board, is_one_board, &err);
	bool is_changed = shadow.out.rows > 0;

	if (rc == 0)
		rc = output_print(&shadow.out, stdout, &err);
	if (rc == 0)
		say_what_was_judged(&shadow, ctl->argument_count < 2);
	close_shadow(&shadow);
	if (rc != 0)
		return ctl_fail(&err);
	return is_changed ? EXIT_ANSWER_IS_NO : 0;
}
