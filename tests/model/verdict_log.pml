/* verdict_log: the protocol of design 4 to 6 for spin, on small logs and with everything that may happen in between.
 *
 * One board of two teachers, one message per delivery. Validators 0 and 1 differ in their rules (a cell that is ANY is
 * accepted or rejected at every judging anew; -DANY_RULES: every cell), judge batches of up to BATCH, may die between
 * any two steps and are each other's zombie. Redis is rolled back to an earlier state, loses everything or its head,
 * goes away and comes back. The writer keeps ONE pending list of the unchanged (workers/write/unchanged.c), may in some
 * scenarios refuse a candidate or a whole message and lose the Forget; the register may go back to an earlier commit.
 * All this together at most FAULTS times, refusals and lost Forgets not counted.
 *   -DWRITERS=2   two writers, each with a cursor of its own as it last read it: the fence
 *   -DOTHER_KEY   validator 1 has another HMAC key: its verdicts count, but the register parks before the first
 *
 * Claims  1  an UNCHANGED verdict is true of the register when the writer reaches it, or its teacher is disowned
 *         2  every outcome and the register are those of the specification, folded over the verdicts that count
 *         3  each raw message takes effect once
 *         4  all folded, the cache holds no entry that contradicts the register
 *         5  nothing made with another HMAC key is applied
 * Writer and specification take a message together and must agree, so that the state of the specification before it is
 * the register's and need not be kept.
 *
 * How it stays small. Of a verdict offset only this matters: is it still the end of the log? So every holder of one has
 * a bit in at_end[], cleared when another writes. Verdicts that do not count are not kept: writer and fold skip
 * them. vp is then (head_raw, at_end), and the comparison at the advance is of gen and head_raw. Teachers are 1 and 2,
 * and their own bits.
 *
 *   spin -a -DSCENARIO=1 verdict_log.pml && gcc -w -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -E -m500000 -w24
 *   -DFAULTS=n (default 1); -DSCENARIO=0 is any of them; -DREACH must fail: it shows that the end is reached.
 * The scenarios stand at the end of this file; `check` knows which one fails without which safeguard. */
#ifndef SCENARIO
#define SCENARIO 1
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef BATCH
#define BATCH 2
#endif
#ifndef WRITERS
#define WRITERS 1
#endif
#define RAWS 7
#define DELIVERIES 6

mtype = { MUTATIE, VOLLEDIG, VOLLEDIG_WAITS, INTREKKING, CONFIRM, FORGET };	/* WAITS: too many would lapse */
mtype = { CANDIDATE, UNCHANGED, REJECTED, WITHDRAW };				/* a teacher's class; 0: not named */
mtype = { ACTIEF, VERVALLEN, INGETROKKEN };					/* 0: no state */
mtype = { NIEUW, GEWIJZIGD, ONGEWIJZIGD, VEROUDERD, AFGEKEURD, TERUG, QUARANTAINE };
#define NO 0
#define YES 1
#define ANY 2

/* ---- the raw log ---- */

byte raw_count = 0;
mtype raw_kind[RAWS];
byte raw_delivery[RAWS], raw_sequence[RAWS];
byte raw_attempt[RAWS];				/* 1, or 2: a Replay */
bit raw_dry[RAWS];
byte raw_content1[RAWS], raw_content2[RAWS];	/* 0: the teacher is not named */
byte raw_valid1[RAWS], raw_valid2[RAWS];	/* NO, YES, ANY */
#define IS_FULL(i) (raw_kind[i] == VOLLEDIG || raw_kind[i] == VOLLEDIG_WAITS)
#define IS_DELIVERY(i) (raw_kind[i] != CONFIRM && raw_kind[i] != FORGET)
#define IS_REPLAY(i) (raw_attempt[i] == 2)

/* ---- the verdict log: the verdicts that count, by raw offset ---- */

mtype class1[RAWS], class2[RAWS];
byte verdict_count = 0;
byte other_key = 0;	/* bit set: made with another HMAC key */
bool at_end[4];		/* validators 0 and 1, Redis, its snapshot */
#define REDIS 2
#define SNAPSHOT 3

/* ---- Redis, and a snapshot of it ---- */

bool redis_up = true, has_head = true;
byte head_gen = 1, head_raw = 0, cache_max = 0, cache_full = 0;
byte entry_content1 = 0, entry_sequence1 = 0, entry_content2 = 0, entry_sequence2 = 0;
bool has_snapshot = false, was_head;
byte was_gen, was_raw, was_max, was_full, was_content1, was_sequence1, was_content2, was_sequence2;
byte last_gen = 1, faults = 0;
byte refusals = 0, refusals_max = 0;

/* ---- the register, and a backup of it ---- */

typedef Register {
	byte cursor, max, completed, disowned;	/* completed: highest VOLLEDIG */
	mtype status[3];
	byte content[3], sequence[3];
	byte list_sequence, list_members;	/* the pending list */
	byte ledger[DELIVERIES];
	byte times[RAWS]			/* how often a message took effect */
};
Register reg, backup;
bool has_backup = false;
byte lost_forgets = 0;				/* teachers whose Forget is not in the log */

/* bits of ledger: attempts 1 and 2 were seen; then these */
#define NAMED(t) (2 << (t))
#define WAITS 16
#define ENDED 32
#define REJECTED_YET(t) (32 << (t))		/* the standing outcome is afgekeurd or quarantaine */
#define LEDGER(i) reg.ledger[raw_delivery[i]]

/* pending_sequence_of */
#define VIEW(t) \
	(((reg.list_members & (t)) && reg.list_sequence > reg.sequence[t]) -> reg.list_sequence : reg.sequence[t])

/* ---- specification 6: the writer's and the specification's ---- */

inline decide(i, new_content, of_status, of_content, of_sequence, out)
{
	if
	:: raw_kind[i] == INTREKKING ->
		if
		:: of_status == 0 -> out = AFGEKEURD
		:: of_status != 0 && raw_sequence[i] < of_sequence -> out = VEROUDERD
		:: of_status != 0 && raw_sequence[i] == of_sequence ->
			out = (of_status == INGETROKKEN -> ONGEWIJZIGD : AFGEKEURD)
		:: of_status != 0 && raw_sequence[i] > of_sequence ->
			if
			:: of_status == ACTIEF ->
				out = TERUG; of_status = INGETROKKEN; of_content = 0; of_sequence = raw_sequence[i]
			:: else -> out = AFGEKEURD
			fi
		fi
	:: else ->
		if
		:: of_status != 0 && raw_sequence[i] < of_sequence -> out = VEROUDERD
		:: of_status != 0 && raw_sequence[i] == of_sequence ->
			out = ((of_status == ACTIEF && of_content == new_content) -> ONGEWIJZIGD : AFGEKEURD)
		:: else ->
			out = (of_status != ACTIEF -> NIEUW : (of_content == new_content -> ONGEWIJZIGD : GEWIJZIGD));
			of_status = ACTIEF; of_content = new_content; of_sequence = raw_sequence[i]
		fi
	fi
}

#define IS_REPEAT(i) (LEDGER(i) & raw_attempt[i])
#ifdef DRY_REPLAY_COUNTS
#define IS_ENTERED(i) true
#else
#define IS_ENTERED(i) (!(raw_dry[i] && IS_REPLAY(i)))
#endif
/* A Replay decides only what stands rejected. */
#define IS_DECIDED_ALREADY(i, t) (IS_REPLAY(i) && !(LEDGER(i) & REJECTED_YET(t)))

/* ---- the specification ---- */

mtype spec_status[3];
byte spec_content[3], spec_sequence[3];

inline spec_load()
{
	spec_status[1] = reg.status[1]; spec_content[1] = reg.content[1]; spec_sequence[1] = VIEW(1);
	spec_status[2] = reg.status[2]; spec_content[2] = reg.content[2]; spec_sequence[2] = VIEW(2)
}

inline spec_one(i, t, its_content, class, is_refused, out)
{
	if
	:: class == 0 || IS_DECIDED_ALREADY(i, t) -> out = 0
	:: else ->
		if
		:: class == REJECTED -> out = AFGEKEURD
		:: class != REJECTED && (is_refused) -> out = QUARANTAINE
		:: else -> decide(i, its_content, spec_status[t], spec_content[t], spec_sequence[t], out)
		fi
	fi
}

#define SPEC_ABSENT(i, named, t) \
	(spec_status[t] == ACTIEF && spec_sequence[t] < raw_sequence[i] && !((named) & NAMED(t)) && \
	 reg.completed <= raw_sequence[i])

inline spec_lapse(i, named)
{
	if :: SPEC_ABSENT(i, named, 1) -> spec_status[1] = VERVALLEN; spec_sequence[1] = raw_sequence[i] :: else fi;
	if :: SPEC_ABSENT(i, named, 2) -> spec_status[2] = VERVALLEN; spec_sequence[2] = raw_sequence[i] :: else fi
}

inline specify(i, refused)
{
	if
	:: raw_kind[i] == FORGET
	:: raw_kind[i] == CONFIRM -> if :: LEDGER(i) & WAITS -> spec_lapse(i, LEDGER(i)) :: else fi
	:: IS_DELIVERY(i) && IS_REPEAT(i)					/* specification 2.1 */
	:: IS_DELIVERY(i) && !IS_REPEAT(i) ->
		spec_one(i, 1, raw_content1[i], class1[i], refused & 1, want1);
		spec_one(i, 2, raw_content2[i], class2[i], refused & 2, want2);
		if
		:: raw_kind[i] == VOLLEDIG && !IS_REPLAY(i) ->
			spec_lapse(i, LEDGER(i) | (class1[i] -> 4 : 0) | (class2[i] -> 8 : 0))	/* NAMED(1), NAMED(2) */
		:: else
		fi;
		if :: raw_dry[i] -> spec_load() :: else fi
	fi
}

/* ---- the writer: decision.c, unchanged.c, completion.c ---- */

#if defined(LIST_UNREAD)
#define READS_LIST(i) false
#elif defined(LIST_NOT_DRY)
#define READS_LIST(i) (raw_sequence[i] <= reg.max && !raw_dry[i])
#elif defined(LIST_BELOW_ONLY)
#define READS_LIST(i) (raw_sequence[i] < reg.max)
#else
#define READS_LIST(i) (raw_sequence[i] <= reg.max)
#endif

inline disown(i, t, class)
{
	if
	:: raw_dry[i]
#ifdef DISOWN_CANDIDATES_ONLY
	:: !raw_dry[i] && class == UNCHANGED
#endif
	:: else -> reg.disowned = reg.disowned | t
	fi
}

inline decide_by_state(i, t, its_content, out)
{
	try_status = reg.status[t]; try_content = reg.content[t];
	try_sequence = (READS_LIST(i) -> VIEW(t) : reg.sequence[t]);
	try_before = try_sequence;
	decide(i, its_content, try_status, try_content, try_sequence, out);
	if
	:: raw_dry[i]
	:: !raw_dry[i] && out == ONGEWIJZIGD && try_sequence > try_before ->
		unchanged = unchanged | t; reg.disowned = reg.disowned & (3 - t)
	:: !raw_dry[i] && (out == NIEUW || out == GEWIJZIGD || out == TERUG) ->
		reg.status[t] = try_status; reg.content[t] = try_content; reg.sequence[t] = try_sequence;
		reg.disowned = reg.disowned & (3 - t)
	:: else
	fi;
	try_status = 0; try_content = 0; try_sequence = 0; try_before = 0
}

inline write_one(i, t, its_content, class, is_refused, out)
{
	if
#ifdef REPLAY_ALL
	:: class == 0 -> out = 0
#else
	:: class == 0 || IS_DECIDED_ALREADY(i, t) -> out = 0
#endif
	:: else ->
		if
		:: class == REJECTED -> out = AFGEKEURD
		:: class != REJECTED && (is_refused) -> out = QUARANTAINE; disown(i, t, class)
		:: class == UNCHANGED && !(is_refused) ->			/* claim 1 */
			assert(reg.status[t] == ACTIEF && reg.content[t] == its_content && raw_sequence[i] >= VIEW(t));
			out = ONGEWIJZIGD;
			if :: !raw_dry[i] -> unchanged = unchanged | t :: else fi
		:: class != REJECTED && class != UNCHANGED && !(is_refused) -> decide_by_state(i, t, its_content, out)
		fi;
		if
		:: !raw_dry[i] && (out == AFGEKEURD || out == QUARANTAINE) ->
			LEDGER(i) = LEDGER(i) | NAMED(t) | REJECTED_YET(t)
		:: !raw_dry[i] && out != AFGEKEURD && out != QUARANTAINE ->
			LEDGER(i) = (LEDGER(i) | NAMED(t)) & (255 - REJECTED_YET(t))
		:: else
		fi
	fi
}

inline raise_rows(members, to)
{
	if :: ((members) & 1) && reg.sequence[1] < to -> reg.sequence[1] = to :: else fi;
	if :: ((members) & 2) && reg.sequence[2] < to -> reg.sequence[2] = to :: else fi
}

/* One list per board: a newer one replaces it, and members of the old one only get their sequence into their row. */
inline enlist(i)
{
	if
	:: unchanged == 0
#ifdef NO_RAISE
	:: else
#else
	:: unchanged != 0 && raw_sequence[i] > reg.list_sequence ->
#ifndef NO_REMAINDER
		raise_rows(reg.list_members & (3 - unchanged), reg.list_sequence);
#endif
		reg.list_sequence = raw_sequence[i]; reg.list_members = unchanged
	:: else ->
#ifndef SMALL_LOST
		raise_rows(unchanged, raw_sequence[i])
#else
		skip
#endif
#endif
	fi;
	unchanged = 0
}

#define ABSENT(i, t, sequence_of) \
	(reg.status[t] == ACTIEF && (sequence_of) < raw_sequence[i] && !(LEDGER(i) & NAMED(t)) && \
	 reg.completed <= raw_sequence[i])
#ifdef LIST_NOT_ENDING
#define ENDING_SEQUENCE(i, t) reg.sequence[t]
#else
#define ENDING_SEQUENCE(i, t) (READS_LIST(i) -> VIEW(t) : reg.sequence[t])
#endif
#ifdef LIST_NOT_CONFIRM
#define CONFIRM_SEQUENCE(t) reg.sequence[t]
#else
#define CONFIRM_SEQUENCE(t) VIEW(t)
#endif

/* A macro: spin cannot take such an argument. */
#define LAPSE_ABSENT(i, sequence_of_1, sequence_of_2) \
	if :: ABSENT(i, 1, sequence_of_1) -> reg.status[1] = VERVALLEN; reg.sequence[1] = raw_sequence[i] :: else fi; \
	if :: ABSENT(i, 2, sequence_of_2) -> reg.status[2] = VERVALLEN; reg.sequence[2] = raw_sequence[i] :: else fi

inline ending(i)
{
	if
	:: IS_DELIVERY(i) && !raw_dry[i] && !IS_REPLAY(i) && !(LEDGER(i) & ENDED) ->
		if
		:: raw_kind[i] == VOLLEDIG -> LAPSE_ABSENT(i, ENDING_SEQUENCE(i, 1), ENDING_SEQUENCE(i, 2))
		:: raw_kind[i] == VOLLEDIG_WAITS &&
		   (ABSENT(i, 1, ENDING_SEQUENCE(i, 1)) || ABSENT(i, 2, ENDING_SEQUENCE(i, 2))) ->
			LEDGER(i) = LEDGER(i) | WAITS
		:: else
		fi;
		if :: IS_FULL(i) && raw_sequence[i] > reg.completed -> reg.completed = raw_sequence[i] :: else fi;
		LEDGER(i) = LEDGER(i) | ENDED;
		if :: raw_sequence[i] > reg.max -> reg.max = raw_sequence[i] :: else fi
	:: else
	fi
}

inline apply(i, refused)
{
	if
	:: raw_kind[i] == FORGET
	:: raw_kind[i] == CONFIRM ->
		if
		:: LEDGER(i) & WAITS ->
			LAPSE_ABSENT(i, CONFIRM_SEQUENCE(1), CONFIRM_SEQUENCE(2));
			LEDGER(i) = LEDGER(i) & (255 - WAITS)
		:: else
		fi
	:: IS_DELIVERY(i) ->
		if
#ifdef APPLY_REPEATS
		:: true ->
#else
		:: IS_REPEAT(i) && IS_ENTERED(i)
		:: !(IS_REPEAT(i) && IS_ENTERED(i)) ->
#endif
			write_one(i, 1, raw_content1[i], class1[i], refused & 1, is1);
			write_one(i, 2, raw_content2[i], class2[i], refused & 2, is2);
			enlist(i);
			if :: IS_ENTERED(i) -> LEDGER(i) = LEDGER(i) | raw_attempt[i] :: else fi;
#ifndef NO_ROUNDS
			ending(i)
#endif
		fi
	fi
}

#define IS_SAME(t) (reg.status[t] == spec_status[t] && reg.content[t] == spec_content[t] && VIEW(t) == spec_sequence[t])
#define IS_TRUE(t, its_content, its_sequence) \
	(its_sequence == 0 || its_sequence < cache_full || (reg.disowned & lost_forgets & t) || \
	 (reg.status[t] == ACTIEF && reg.content[t] == its_content && VIEW(t) == its_sequence))

/* whose UNCHANGED is not believed */
#ifdef NO_DISOWN
#define MARKED(i) 0
#else
#define MARKED(i) \
	((class1[i] == UNCHANGED -> (reg.disowned & 1) : 0) | (class2[i] == UNCHANGED -> (reg.disowned & 2) : 0))
#endif

inline forget(t)
{
	if
	:: raw_count < RAWS ->
		raw_kind[raw_count] = FORGET; raw_delivery[raw_count] = t; raw_count++;
		lost_forgets = lost_forgets & (3 - t)
	:: else
	fi
}

inline copy_register(to, from)
{
	to.cursor = from.cursor; to.max = from.max; to.completed = from.completed; to.disowned = from.disowned;
	to.status[1] = from.status[1]; to.content[1] = from.content[1]; to.sequence[1] = from.sequence[1];
	to.status[2] = from.status[2]; to.content[2] = from.content[2]; to.sequence[2] = from.sequence[2];
	to.list_sequence = from.list_sequence; to.list_members = from.list_members;
	to.ledger[1] = from.ledger[1]; to.ledger[2] = from.ledger[2]; to.ledger[3] = from.ledger[3];
	to.ledger[4] = from.ledger[4]; to.ledger[5] = from.ledger[5];
	to.times[0] = from.times[0]; to.times[1] = from.times[1];
	to.times[2] = from.times[2]; to.times[3] = from.times[3];
	to.times[4] = from.times[4]; to.times[5] = from.times[5]; to.times[6] = from.times[6]
}

inline blank_register(r)
{
	r.cursor = 0; r.max = 0; r.completed = 0; r.disowned = 0; r.list_sequence = 0; r.list_members = 0;
	r.status[1] = 0; r.content[1] = 0; r.sequence[1] = 0; r.status[2] = 0; r.content[2] = 0; r.sequence[2] = 0;
	r.ledger[1] = 0; r.ledger[2] = 0; r.ledger[3] = 0; r.ledger[4] = 0; r.ledger[5] = 0;
	r.times[0] = 0; r.times[1] = 0; r.times[2] = 0; r.times[3] = 0; r.times[4] = 0; r.times[5] = 0; r.times[6] = 0
}

inline take_effect(i)
{
	reg.times[i]++;
	assert(reg.times[i] == 1);						/* claim 3 */
	assert(!(other_key >> i & 1));						/* claim 5 */
}

#ifdef NO_KEY_CHECK
#define HAS_OUR_KEY(i) true
#else
#define HAS_OUR_KEY(i) (!(other_key >> (i) & 1))
#endif

/* at: where this writer believes the cursor to be. Alone it cannot be wrong. */
#if WRITERS == 1
#define AT reg.cursor
#define FENCE true
#else
#define AT at
#ifdef NO_FENCE
#define FENCE true
#else
#define FENCE (reg.cursor == at)
#endif
#endif

proctype Writer()
{
	mtype is1, is2, want1, want2, try_status;
	byte try_content, try_sequence, try_before, unchanged, refused, to_forget;
#if WRITERS == 2
	byte at = 0;
#endif

	do
	:: atomic { AT < verdict_count && FENCE && HAS_OUR_KEY(AT) ->
		refused = 0;
		if
		:: true
		:: refusals < refusals_max && class1[AT] == CANDIDATE && !raw_dry[AT] && !IS_REPEAT(AT) ->
			refused = 1; refusals++
		:: refusals < refusals_max && (class1[AT] || class2[AT]) && !raw_dry[AT] && !IS_REPEAT(AT) ->
			refused = 3; refusals++
		fi;
		to_forget = 0;
		d_step {
			refused = refused | MARKED(AT);
			if :: !IS_DELIVERY(AT) || IS_REPEAT(AT) -> refused = 0 :: else fi;
			if
			:: (refused & 1) && (class1[AT] == 0 || class1[AT] == REJECTED) -> refused = refused & 2
			:: else
			fi;
			if
			:: (refused & 2) && (class2[AT] == 0 || class2[AT] == REJECTED) -> refused = refused & 1
			:: else
			fi;
			take_effect(AT);
			spec_load();
			specify(AT, refused);
			apply(AT, refused);
			assert(is1 == want1 && is2 == want2);			/* claim 2 */
#ifdef NO_ROUNDS
			if					/* the next message in the same set, then both ends */
			:: IS_FULL(AT) && !IS_REPLAY(AT) && AT + 1 < verdict_count && raw_kind[AT + 1] == MUTATIE &&
			   !IS_REPEAT(AT + 1) ->
				AT++; take_effect(AT);
				specify(AT, 0);
				apply(AT, 0);
				assert(is1 == want1 && is2 == want2);
				ending(AT - 1)
			:: else
			fi;
			ending(AT);
#endif
			assert(IS_SAME(1) && IS_SAME(2));
			to_forget = refused & reg.disowned;
#if WRITERS == 2
			at++; reg.cursor = at;
#else
			reg.cursor++;
#endif
			is1 = 0; is2 = 0; want1 = 0; want2 = 0; refused = 0;
			spec_status[1] = 0; spec_content[1] = 0; spec_sequence[1] = 0;
			spec_status[2] = 0; spec_content[2] = 0; spec_sequence[2] = 0
		};
		if							/* after COMMIT: ask for a Forget, or die */
		:: to_forget & 1 -> if :: forget(1) :: lost_forgets = lost_forgets | 1 fi
		:: else
		fi;
		if
		:: to_forget & 2 -> if :: forget(2) :: lost_forgets = lost_forgets | 2 fi
		:: else
		fi;
		to_forget = 0
	}
#if WRITERS == 2
	:: atomic { at != reg.cursor -> at = reg.cursor }			/* fenced, or idle and asked */
#endif
	:: d_step { reg.cursor == raw_count && redis_up && has_head && head_raw == raw_count ->	/* claim 4 */
		assert(IS_TRUE(1, entry_content1, entry_sequence1));
		assert(IS_TRUE(2, entry_content2, entry_sequence2));
#ifdef REACH
		assert(false)
#endif
	}
#ifndef NO_RESTORE
	:: atomic { reg.cursor < raw_count && faults < FAULTS && !has_backup ->
		d_step { has_backup = true; copy_register(backup, reg) }
	}
	:: atomic { has_backup && faults < FAULTS && backup.cursor < reg.cursor ->
		d_step { faults++; has_backup = false; copy_register(reg, backup); blank_register(backup) }
	}
#endif
	od
}

/* ---- the validators: the table of design 4, cache_fold.c ---- */

#if defined(LATE_EQUAL)
#define IS_NEWER(q) ((q) >= fold_max)
#elif defined(TRUST_LATE)
#define IS_NEWER(q) true
#else
#define IS_NEWER(q) ((q) > fold_max)
#endif
#ifdef NO_FULL
#define IS_NOT_LAPSED(q) true
#else
#define IS_NOT_LAPSED(q) ((q) >= fold_full)
#endif

inline fold_group(i, class, its_content, entry_content, entry_sequence)
{
	if
	:: class == UNCHANGED -> entry_content = its_content; entry_sequence = raw_sequence[i]
	:: class == CANDIDATE && IS_NEWER(raw_sequence[i]) ->
		entry_content = its_content; entry_sequence = raw_sequence[i]
#ifndef KEEP_LATE
	:: class == CANDIDATE && !IS_NEWER(raw_sequence[i]) -> entry_content = 0; entry_sequence = 0
#endif
#ifndef KEEP_WITHDRAWN
	:: class == WITHDRAW -> entry_content = 0; entry_sequence = 0
#endif
	:: else
	fi
}

/* own: the verdict is of the key whose cache this is */
inline fold(i, of1, of2, own)
{
	if
	:: raw_kind[i] == FORGET ->
#ifndef NO_FORGET
		if
		:: raw_delivery[i] == 1 -> fold_content1 = 0; fold_sequence1 = 0
		:: else -> fold_content2 = 0; fold_sequence2 = 0
		fi
#else
		skip
#endif
	:: raw_kind[i] == CONFIRM
#ifndef DRY_FOLDS
	:: IS_DELIVERY(i) && raw_dry[i]
	:: IS_DELIVERY(i) && !raw_dry[i] ->
#else
	:: IS_DELIVERY(i) ->
#endif
		if
		:: own ->
			fold_group(i, of1, raw_content1[i], fold_content1, fold_sequence1);
			fold_group(i, of2, raw_content2[i], fold_content2, fold_sequence2)
		:: else -> fold_content1 = 0; fold_sequence1 = 0; fold_content2 = 0; fold_sequence2 = 0
		fi;
#ifdef FULL_NOT_LATE
		if
		:: IS_FULL(i) && raw_sequence[i] > fold_full && raw_sequence[i] > fold_max ->
			fold_full = raw_sequence[i]
		:: else
		fi;
#else
		if :: IS_FULL(i) && raw_sequence[i] > fold_full -> fold_full = raw_sequence[i] :: else fi;
#endif
		if :: raw_sequence[i] > fold_max -> fold_max = raw_sequence[i] :: else fi
	fi
}

#ifdef ANY_RULES
#define MAY_FAIL(valid) true
#else
#define MAY_FAIL(valid) (valid != YES)
#endif
#define IS_SURELY_CURRENT(its_content, entry_content, entry_sequence) \
	(!is_bypassing && !raw_dry[next] && IS_NEWER(raw_sequence[next]) && entry_sequence > 0 && \
	 entry_content == its_content && IS_NOT_LAPSED(entry_sequence))

inline classify(its_content, valid, entry_content, entry_sequence, class)
{
	if
	:: its_content == 0 || !IS_DELIVERY(next) -> class = 0
	:: its_content != 0 && MAY_FAIL(valid) -> class = REJECTED
	:: its_content != 0 && valid != NO ->
		if
		:: raw_kind[next] == INTREKKING -> class = WITHDRAW
		:: else ->
			class = (IS_SURELY_CURRENT(its_content, entry_content, entry_sequence) -> UNCHANGED : CANDIDATE)
		fi
	fi
}

#define IS_BUSY (verdict_count < raw_count || (redis_up && head_raw < raw_count))
#ifdef OTHER_KEY
#define HAS_OTHER_KEY (me == 1)
#else
#define HAS_OTHER_KEY false
#endif

inline drop()
{
	next = 0; from = 0; my_gen = 0; fold_max = 0; fold_full = 0;
	fold_content1 = 0; fold_sequence1 = 0; fold_content2 = 0; fold_sequence2 = 0;
	made1 = 0; made2 = 0; in_a_row = true; is_bypassing = false; at_end[me] = false
}

inline read_cache()
{
	next = head_raw; from = head_raw; my_gen = head_gen; fold_max = cache_max; fold_full = cache_full;
	fold_content1 = entry_content1; fold_sequence1 = entry_sequence1;
	fold_content2 = entry_content2; fold_sequence2 = entry_sequence2; at_end[me] = at_end[REDIS]
}

proctype Validator(byte me)
{
	byte next, from, my_gen, fold_max, fold_full, fold_content1, fold_sequence1, fold_content2, fold_sequence2;
	mtype made1, made2;
	bool in_a_row = true, is_bypassing = false;

start:	skip;
	if
	:: atomic { (!redis_up || HAS_OTHER_KEY) && verdict_count < raw_count -> /* no cache: from the end of the log */
		next = verdict_count; from = verdict_count; is_bypassing = true; at_end[me] = true; goto judge }
	:: atomic { redis_up && !has_head && !HAS_OTHER_KEY && IS_BUSY ->	/* cold: one snapshot of the register */
		next = reg.cursor; fold_max = reg.max };
#ifdef SPLIT_COLD_READ
		next = reg.cursor;
#endif
		atomic {
			if
			:: redis_up && !has_head ->
#ifndef NO_GEN
				last_gen++;
#endif
				has_head = true; head_gen = last_gen; head_raw = next; at_end[REDIS] = false;
#ifdef NO_MAX_ON_COLD
				cache_max = 0;
#else
				cache_max = fold_max;
#endif
#ifdef NO_FULL_ON_COLD
				cache_full = 0
#else
				cache_full = fold_max
#endif
			:: else
			fi;
			drop(); goto start
		}
	:: atomic { redis_up && has_head && !HAS_OTHER_KEY && IS_BUSY ->
		read_cache();
		if
		:: !at_end[me] ->							/* fold what the log has */
			d_step {
				do
				:: next < verdict_count ->
					fold(next, class1[next], class2[next], !(other_key >> next & 1)); next++
				:: else -> break
				od;
				at_end[me] = true
			};
			goto advance
		:: next < raw_count						/* go on, also where a fold was due */
		fi
	}
	fi;
judge:
	atomic {
		classify(raw_content1[next], raw_valid1[next], fold_content1, fold_sequence1, made1);
		classify(raw_content2[next], raw_valid2[next], fold_content2, fold_sequence2, made2)
	}
	if
	:: atomic {								/* produce */
		d_step {
			if
#ifdef FIRST_ONLY
			:: next == verdict_count ->
#else
			:: at_end[me] ->				/* it stands where it was made for: it counts */
				assert(next == verdict_count);
#endif
				class1[verdict_count] = made1; class2[verdict_count] = made2;
				if :: HAS_OTHER_KEY -> other_key = other_key | (1 << verdict_count) :: else fi;
				verdict_count++
			:: else
			fi;
			in_a_row = in_a_row && at_end[me];
			at_end[1 - me] = false; at_end[REDIS] = false; at_end[SNAPSHOT] = false;
			fold(next, made1, made2, true); made1 = 0; made2 = 0; next++
		}
		if
		:: next < raw_count && next < from + BATCH -> goto judge
		:: true
		fi
	}
	:: atomic { faults < FAULTS -> faults++; drop(); goto start }
	fi;
	if
	:: true
	:: atomic { faults < FAULTS -> faults++; drop(); goto start }
	fi;
advance:
	atomic {
		if
#if defined(NO_VP_CHECK)
		:: redis_up && has_head && !is_bypassing && in_a_row -> head_raw = next;
#elif defined(NO_CHECK)
		:: redis_up && has_head && !is_bypassing && head_gen == my_gen && head_raw == from -> head_raw = next;
#else
		:: redis_up && has_head && !is_bypassing && in_a_row && head_gen == my_gen && head_raw == from ->
			head_raw = next;
#endif
			cache_max = fold_max; cache_full = fold_full;
			entry_content1 = fold_content1; entry_sequence1 = fold_sequence1;
			entry_content2 = fold_content2; entry_sequence2 = fold_sequence2; at_end[REDIS] = at_end[me]
		:: else
		fi;
		drop(); goto start
	}
}

active proctype Redis()
{
	do
	:: d_step { IS_BUSY && faults < FAULTS && !has_snapshot && redis_up && has_head ->
		has_snapshot = true; was_head = has_head; was_gen = head_gen; was_raw = head_raw; was_max = cache_max;
		was_full = cache_full; was_content1 = entry_content1; was_sequence1 = entry_sequence1;
		was_content2 = entry_content2; was_sequence2 = entry_sequence2; at_end[SNAPSHOT] = at_end[REDIS] }
	:: d_step { has_snapshot && faults < FAULTS && redis_up ->
		faults++; has_snapshot = false; has_head = was_head; head_gen = was_gen; head_raw = was_raw;
		cache_max = was_max;
		cache_full = was_full; entry_content1 = was_content1; entry_sequence1 = was_sequence1;
		entry_content2 = was_content2; entry_sequence2 = was_sequence2; at_end[REDIS] = at_end[SNAPSHOT];
		was_head = false; was_gen = 0; was_raw = 0; was_max = 0; was_full = 0;
		was_content1 = 0; was_sequence1 = 0; was_content2 = 0; was_sequence2 = 0; at_end[SNAPSHOT] = false }
	:: d_step { IS_BUSY && faults < FAULTS && has_head -> /* all, or its head: an old gen is never read */
		faults++; has_head = false; head_raw = 0; cache_max = 0; cache_full = 0; at_end[REDIS] = false;
#ifndef NO_GEN
		entry_content1 = 0; entry_sequence1 = 0; entry_content2 = 0; entry_sequence2 = 0
#endif
	}
	:: d_step { IS_BUSY && faults < FAULTS && redis_up && has_head -> /* a board's entries: one string */
		faults++; entry_content1 = 0; entry_sequence1 = 0; entry_content2 = 0; entry_sequence2 = 0 }
	:: d_step { IS_BUSY && faults < FAULTS && redis_up -> faults++; redis_up = false }
	:: d_step { !redis_up -> redis_up = true }
	od
}

/* ---- scenarios ---- */

/* delivery, kind, sequence, attempt, dry run; content and validity of teacher 1, of teacher 2 */
inline msg(delivery, kind, sequence_, attempt, dry, has1, ok1, has2, ok2)
{
	raw_delivery[raw_count] = delivery; raw_kind[raw_count] = kind; raw_sequence[raw_count] = sequence_;
	raw_attempt[raw_count] = attempt; raw_dry[raw_count] = dry;
	raw_content1[raw_count] = has1; raw_valid1[raw_count] = ok1;
	raw_content2[raw_count] = has2; raw_valid2[raw_count] = ok2; raw_count++
}

#if SCENARIO == 0
#define IS_SCENARIO(n) true
#else
#define IS_SCENARIO(n) (SCENARIO == n)
#endif

init
{
	atomic {
		at_end[REDIS] = true;
		if
		/* A, B, A; the two validators do not agree about B */
		:: IS_SCENARIO(1) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, ANY, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 1, YES, 0, 0)
		/* late B, then B again */
		:: IS_SCENARIO(2) ->
			msg(1, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, ANY, 0, 0);
			msg(3, MUTATIE, 4, 1, 0, 2, YES, 0, 0);
			msg(4, MUTATIE, 5, 1, 0, 1, ANY, 0, 0)
		/* absent from a VOLLEDIG, then back with the same content */
		:: IS_SCENARIO(3) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, VOLLEDIG, 2, 1, 0, 0, 0, 1, ANY);
			msg(3, MUTATIE, 3, 1, 0, 1, YES, 1, YES)
		/* two deliveries with one sequence */
		:: IS_SCENARIO(4) ->
			msg(1, MUTATIE, 2, 1, 0, 1, ANY, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, ANY, 1, YES);
			msg(3, MUTATIE, 3, 1, 0, 2, YES, 1, YES)
		/* a repeat after the reference data changed: the first rejects, the second would accept */
		:: IS_SCENARIO(5) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, NO, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, YES, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 2, ANY, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 2, YES, 0, 0)
		/* a VOLLEDIG waits; a MUTATIE; Confirm; back */
		:: IS_SCENARIO(6) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, VOLLEDIG_WAITS, 2, 1, 0, 0, 0, 1, YES);
			msg(3, MUTATIE, 3, 1, 0, 1, ANY, 0, 0);
			msg(2, CONFIRM, 2, 1, 0, 0, 0, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 0, 0)
		/* Replay of a rejected line after newer data, with another rule; and the same content again */
		:: IS_SCENARIO(7) ->
			msg(1, MUTATIE, 1, 1, 0, 2, NO, 1, YES);
			msg(2, MUTATIE, 2, 1, 0, 1, ANY, 2, YES);
			msg(1, MUTATIE, 1, 2, 0, 2, YES, 1, YES);
			msg(3, MUTATIE, 3, 1, 0, 2, YES, 1, YES)
		/* withdrawn, then a late older delivery, then back */
		:: IS_SCENARIO(8) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, INTREKKING, 3, 1, 0, 1, ANY, 0, 0);
			msg(3, MUTATIE, 2, 1, 0, 1, YES, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 0, 0)
		/* the writer refuses a candidate; UNCHANGED follows; Forget; again */
		:: IS_SCENARIO(9) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 2, 1, 0, 2, YES, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 2, ANY, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 2, YES, 0, 0);
			refusals_max = 1
		/* dry runs between: of other data, of an older sequence */
		:: IS_SCENARIO(10) ->
			msg(1, MUTATIE, 2, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 1, 2, YES, 0, 0);
			msg(3, VOLLEDIG, 4, 1, 1, 0, 0, 1, YES);
			msg(4, MUTATIE, 5, 1, 0, 2, ANY, 0, 0);
			msg(5, MUTATIE, 6, 1, 0, 1, YES, 0, 0)
		/* rejected, so named, in a VOLLEDIG; then an older one without the teacher, late */
		:: IS_SCENARIO(11) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, VOLLEDIG, 3, 1, 0, 1, ANY, 1, YES);
			msg(3, VOLLEDIG, 2, 1, 0, 0, 0, 1, YES);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 1, YES)
		/* lapse and MUTATIE right behind each other: one transaction, two rounds */
		:: IS_SCENARIO(12) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, VOLLEDIG, 2, 1, 0, 0, 0, 1, YES);
			msg(3, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 1, ANY, 1, YES)
		/* a late VOLLEDIG lapses a teacher who comes back */
		:: IS_SCENARIO(13) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 0, 0, 0, 1, YES);
			msg(3, VOLLEDIG, 2, 1, 0, 0, 0, 1, YES);
			msg(4, MUTATIE, 4, 1, 0, 1, ANY, 1, YES)
		/* a whole message refused, its UNCHANGED teachers too; a late VOLLEDIG lapses them */
		:: IS_SCENARIO(14) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 1, YES);
			msg(3, VOLLEDIG, 2, 1, 0, 0, 0, 1, YES);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 0, 0);
			refusals_max = 1
		/* unchanged raises the sequence: an equal one and a late one after it */
		:: IS_SCENARIO(15) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 2, ANY, 0, 0);
			msg(4, MUTATIE, 2, 1, 0, 2, YES, 0, 0)
		/* a late delivery that wins over an older row, then the old content again */
		:: IS_SCENARIO(16) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 0, 0, 0, 1, YES);
			msg(3, MUTATIE, 2, 1, 0, 2, ANY, 0, 0);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 0, 0)
		/* withdrawn, then delivered again */
		:: IS_SCENARIO(17) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, INTREKKING, 2, 1, 0, 1, ANY, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 1, YES, 0, 0)
		/* unchanged, then a dry run with an older sequence */
		:: IS_SCENARIO(18) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 0, 0);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(3, MUTATIE, 2, 1, 1, 2, YES, 0, 0)
		/* two lists: the second does not cover the first; then a late delivery of the one left out */
		:: IS_SCENARIO(19) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 1, YES);
			msg(3, MUTATIE, 4, 1, 0, 0, 0, 1, YES);
			msg(4, MUTATIE, 2, 1, 0, 2, ANY, 0, 0)
		/* unchanged at one sequence twice: the second list does not replace; then a late VOLLEDIG */
		:: IS_SCENARIO(20) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(3, MUTATIE, 3, 1, 0, 0, 0, 1, YES);
			msg(4, VOLLEDIG, 2, 1, 0, 0, 0, 1, ANY)
		/* unchanged, then a late VOLLEDIG without the teacher: nobody lapses */
		:: IS_SCENARIO(21) ->
			msg(1, MUTATIE, 1, 1, 0, 1, YES, 1, YES);
			msg(2, MUTATIE, 3, 1, 0, 1, YES, 0, 0);
			msg(3, VOLLEDIG, 2, 1, 0, 0, 0, 1, ANY);
			msg(4, MUTATIE, 4, 1, 0, 1, YES, 1, YES)
		fi;
		run Validator(0); run Validator(1); run Writer();
#if WRITERS == 2
		run Writer()
#endif
	}
}
