#include "validate/verdict_maker.h"

#include "protocol/frame.h"
#include "validate/cache_fold.h"
#include "protocol/feedback_build.h"

#include <assert.h>

enum {
	KEEP_BYTES = 1 << 20, /* of a strbuf after a large message */
};

void verdict_maker_init(struct verdict_maker *maker, const struct hmac_key *key)
{
	*maker = (struct verdict_maker){ .key = key };
	strbuf_init(&maker->feedback, VERDICT_BYTES_MAX);
	strbuf_init(&maker->message, VERDICT_BYTES_MAX);
}

void verdict_maker_release(struct verdict_maker *maker)
{
	strbuf_release(&maker->feedback);
	strbuf_release(&maker->message);
}

/* For the next message; a large one's memory goes back. */
static void empty(struct strbuf *buf)
{
	if (buf->capacity > KEEP_BYTES) {
		strbuf_release(buf);
		strbuf_init(buf, VERDICT_BYTES_MAX);
	}
	strbuf_reset(buf);
}

static void digest16(struct slice bytes, uint8_t out[16])
{
	uint8_t digest[32];

	sha256_of(bytes, digest);
	memcpy(out, digest, 16);
}

/* ---- a judged delivery ---- */

static void count_findings(const struct judged *judged, struct arena *arena, struct wire_verdict *verdict)
{
	int32_t lines[RULE_LETTERS][RULE_NUMBERS] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < judged->finding_count; i++) {
		unsigned letter = (unsigned)(judged->findings[i].rule >> 8) - 'A',
			 number = judged->findings[i].rule & 0xff;

		assert(letter < RULE_LETTERS && number < RULE_NUMBERS);
		count += lines[letter][number]++ == 0;
	}
	struct wire_finding_count *counts = arena_take(arena, count, sizeof *counts);

	verdict->findings.items = counts;
	for (unsigned letter = 0; counts && letter < RULE_LETTERS; letter++)
		for (unsigned number = 0; number < RULE_NUMBERS; number++)
			if (lines[letter][number] > 0)
				counts[verdict->findings.count++] =
					(struct wire_finding_count){ .rule = (int32_t)RULE_ID(letter + 'A', number),
								     .lines = lines[letter][number] };
}

/* The arrays of a verdict, each with one place per group. */
struct group_arrays {
	uint8_t *keys, *classes, *hashes;
	int32_t *lines;
	struct wire_candidate *candidates;
};

static bool take_arrays(struct arena *arena, size_t groups, struct group_arrays *ret)
{
	ret->keys = arena_take(arena, groups, TEACHER_KEY_BYTES);
	ret->classes = arena_take(arena, groups, 1);
	ret->hashes = arena_take(arena, groups, CONTENT_HASH_BYTES);
	ret->lines = arena_take(arena, groups, sizeof *ret->lines);
	ret->candidates = arena_take(arena, groups, sizeof *ret->candidates);
	return ret->keys && ret->classes && ret->hashes && ret->lines && ret->candidates;
}

static void fill_groups(const struct judged *judged, const struct group_arrays *arrays, struct wire_verdict *verdict)
{
	size_t hashes = 0, candidates = 0;

	for (size_t i = 0; i < judged->group_count; i++) {
		const struct judged_group *group = &judged->groups[i];
		uint8_t class = arrays->classes[i];

		arrays->lines[i] = (int32_t)group->line_count;
		if (i < judged->readable_count)
			memcpy(arrays->keys + i * TEACHER_KEY_BYTES, group->key, TEACHER_KEY_BYTES);
		else
			verdict->unreadable_lines += (int32_t)group->line_count;
		if (class == VERDICT_CANDIDATE || class == VERDICT_UNCHANGED)
			memcpy(arrays->hashes + hashes++ * CONTENT_HASH_BYTES, group->content_hash, CONTENT_HASH_BYTES);
		if (class == VERDICT_CANDIDATE)
			arrays->candidates[candidates++] = (struct wire_candidate){ .bsn = (int32_t)group->bsn,
										    .content = group->content,
										    .targets = group->targets };
	}
	verdict->keys = slice_make(arrays->keys, judged->readable_count * TEACHER_KEY_BYTES);
	verdict->classes = slice_make(arrays->classes, judged->group_count);
	verdict->hashes = slice_make(arrays->hashes, hashes * CONTENT_HASH_BYTES);
	verdict->group_lines.items = arrays->lines;
	verdict->group_lines.count = judged->group_count;
	verdict->candidates.items = arrays->candidates;
	verdict->candidates.count = candidates;
}

static struct judge_input judge_input_of(const struct raw_input *input, const struct reference *reference,
					 const struct hmac_key *key)
{
	const struct wire_delivery *delivery = &input->delivery;

	return (struct judge_input){
		.reference = reference,
		.key = key,
		.board = input->headers.board,
		.kind = input->headers.delivery_kind,
		.extraction_date = delivery->header.extraction_date,
		.received_on = delivery->header.received_on,
		.columns = (const uint8_t *)delivery->columns.p,
		.column_count = delivery->columns.n,
		.cells = delivery->cells.items,
		.line_count = (size_t)delivery->header.line_count,
		.record_nos = input->record_nos,
	};
}

/* ERR_FULL: it is more than the arena or a message holds. ERR_RETRY: no memory. */
static int fill_judged(struct verdict_maker *maker, const struct raw_input *input, const struct reference *reference,
		       const struct cache_board *board, struct arena *arena, struct wire_verdict *verdict,
		       struct err *err)
{
	struct judge_input judging = judge_input_of(input, reference, maker->key);
	bool may_skip = input->headers.kind == RAW_DELIVERY && !input->headers.is_dry_run; /* never of a replay */
	struct group_arrays arrays;
	struct judged judged;

	if (judge_delivery(&judging, arena, &judged, NULL) != 0 || !take_arrays(arena, judged.group_count, &arrays))
		return err_set(err, ERR_FULL, "arena", "a delivery that the arena of a message does not hold");
	cache_classify(board, judging.kind, input->headers.sequence, !may_skip, &judged, arrays.classes);
	verdict->header = input->delivery.header;
	fill_groups(&judged, &arrays, verdict);
	count_findings(&judged, arena, verdict);
	feedback_build(&maker->feedback, &judged, judging.line_count);
	verdict->feedback = strbuf_slice(&maker->feedback);
	if (!verdict->findings.items)
		return err_set(err, ERR_FULL, "arena", "findings that the arena of a message does not hold");
	return strbuf_check(&maker->feedback, "the feedback of a delivery", err);
}

/* ---- messages without lines, and those given up ---- */

static void fill_from_headers(const struct raw_headers *headers, struct wire_header *ret)
{
	ret->board = (int32_t)headers->board;
	ret->delivery_id = headers->delivery_id;
	memcpy(ret->fingerprint, headers->fingerprint, sizeof ret->fingerprint);
	ret->kind = (int32_t)headers->delivery_kind;
	ret->dry_run = headers->is_dry_run;
	ret->sequence = headers->sequence;
	ret->extraction_date = headers->extraction_date;
	ret->received_on = headers->received_on;
	memcpy(ret->reference_version, headers->reference_version, sizeof ret->reference_version);
	ret->line_count = headers->line_count;
}

/* A FOREIGN message that has headers keeps board and delivery id, for whoever looks into it. Its kind says that nothing
 * else of it is to be believed. */
static void fill_given_up(const struct raw_input *input, struct wire_verdict *verdict)
{
	if (input->state == RAW_INPUT_UNREADABLE) {
		fill_from_headers(&input->headers, &verdict->header);
		verdict->body_unreadable = true;
		/* specification 4.3: their teachers are not known */
		verdict->unreadable_lines = input->headers.line_count;
		return;
	}
	verdict->kind = VERDICT_KIND_FOREIGN;
	if (input->has_headers) {
		verdict->header.board = (int32_t)input->headers.board;
		verdict->header.delivery_id = input->headers.delivery_id;
	}
}

static int fill_ready(struct verdict_maker *maker, const struct raw_input *input, const struct reference *reference,
		      const struct cache_board *board, struct arena *arena, struct wire_verdict *verdict,
		      struct err *err)
{
	memcpy(verdict->request_id, input->request_id, sizeof verdict->request_id);
	if (raw_input_has_lines(input)) {
		verdict->attempt = input->delivery.attempt;
		verdict->replay_dry_run = input->headers.is_replay_dry_run;
		return fill_judged(maker, input, reference, board, arena, verdict, err);
	}
	verdict->header.board = (int32_t)input->headers.board;
	verdict->header.delivery_id = input->headers.delivery_id;
	verdict->keys = input->forget_keys;
	verdict->condition = input->condition;
	verdict->header.sequence = input->set_back_to;
	return 0;
}

static int32_t kind_of(enum raw_kind kind)
{
	static const int32_t KINDS[] = {
		[RAW_DELIVERY] = VERDICT_KIND_DELIVERY, [RAW_CONFIRM] = VERDICT_KIND_CONFIRM,
		[RAW_REPLAY] = VERDICT_KIND_REPLAY,	[RAW_FORGET] = VERDICT_KIND_FORGET,
		[RAW_SET_BACK] = VERDICT_KIND_SET_BACK,
	};

	return KINDS[kind];
}

static struct wire_verdict verdict_begin(const struct verdict_maker *maker, struct slice raw,
					 const struct raw_input *input, const struct verdict_link *link)
{
	struct wire_verdict verdict = { .raw_offset = link->raw_offset, .key_id = (int32_t)maker->key->id };

	memcpy(verdict.id, link->id, sizeof verdict.id);
	memcpy(verdict.parent, link->parent, sizeof verdict.parent);
	digest16(raw, verdict.raw_digest);
	if (input->has_headers)
		verdict.kind = kind_of(input->headers.kind);
	return verdict;
}

/* ERR_FULL: it does not fit a message. ERR_RETRY: no memory. */
static int encode(struct verdict_maker *maker, struct wire_verdict *verdict, struct err *err)
{
	empty(&maker->message);
	digest16(verdict->keys, verdict->keys_digest);
	digest16(verdict->feedback, verdict->feedback_digest);
	frame_put(&maker->message, WIRE_VERDICT_SCHEMA);
	wire_verdict_encode(&maker->message, verdict);
	return strbuf_check(&maker->message, "a verdict", err);
}

static int make_ready(struct verdict_maker *maker, const struct raw_input *input, const struct reference *reference,
		      const struct cache_board *board, struct arena *arena, struct wire_verdict *verdict,
		      struct err *err)
{
	int rc = fill_ready(maker, input, reference, board, arena, verdict, err);

	if (rc == 0)
		rc = verdict_check(verdict, err);
	return rc == 0 ? encode(maker, verdict, err) : rc;
}

int verdict_make(struct verdict_maker *maker, struct slice raw, struct raw_input *input,
		 const struct verdict_link *link, const struct reference *reference, const struct cache_board *board,
		 struct arena *arena, struct wire_verdict *ret, struct err *err)
{
	struct wire_verdict verdict = verdict_begin(maker, raw, input, link);

	assert(input->state != RAW_INPUT_WAITING);
	empty(&maker->feedback);
	if (input->state == RAW_INPUT_READY) {
		*ret = verdict;
		int rc = make_ready(maker, input, reference, board, arena, ret, err);

		if (rc == 0 || rc == -ERR_RETRY)
			return rc;
		raw_input_give_up(input, REASON_POISON);
	}
	fill_given_up(input, &verdict);
	*ret = verdict;
	int rc = encode(maker, ret, err);

	assert(rc != -ERR_FULL); /* headers and positions only */
	return rc;
}
