/* sim_variants: the safeguards, each with a name. A variant is the protocol without one of them; it must show
 * violations, else the safeguard is not needed or the simulator cannot see why it is. CANNOT: no log shows one, and the
 * sentence says why. X(NAME, expected, what is taken away). */
#ifndef MODEL_SIM_VARIANTS_H
#define MODEL_SIM_VARIANTS_H

#include <stdbool.h>

#define VARIANTS(X)                                                                                             \
	/* the chain */                                                                                         \
	X(FIRST_ONLY, FAILS, "the first verdict of a raw message counts, whatever it was computed on")          \
	X(NO_CHECK, FAILS, "the cache advances though the verdicts do not stand in a row")                      \
	X(NO_VP_CHECK, FAILS, "the cache advances without comparing gen and vp")                                \
	X(BATCH_BLIND, FAILS, "each message of a batch is judged on the state before the batch")                \
	X(ROLLBACK_BLIND, FAILS, "the start does not fold what the log has beyond the cache")                   \
	X(DUPLICATES_APPLIED, FAILS, "the writer applies verdicts that do not count")                           \
	X(FOLLOW_NOT, CANNOT,                                                                                   \
	  "without the cache: judged from a position without following the chain; all of it is void")           \
	/* offsets that Kafka never hands out, and those it lost */                                             \
	X(EXACT_RAW, FAILS, "whoever follows the chain wants a verdict of the very next raw offset")            \
	X(MARKERS_LOST, FAILS, "an offset that never was a message counts as lost")                             \
	X(END_AWAITED, FAILS, "who reads a log to its end waits until the last offset is handed out")           \
	X(PASSES_ANY_GAP, FAILS, "a validator goes on behind whatever lacks")                                   \
	X(LOSS_MOVES_CURSOR, FAILS, "a loss is accepted by moving the register's position, with no verdict")    \
	/* the cache's table */                                                                                 \
	X(NO_FULL, FAILS, "UNCHANGED though a VOLLEDIG may have lapsed the teacher")                            \
	X(LATE_EQUAL, FAILS, "a sequence equal to the highest is not late")                                     \
	X(TRUST_LATE, FAILS, "no sequence is late")                                                             \
	X(KEEP_LATE, FAILS, "a late candidate leaves the entry")                                                \
	X(KEEP_WITHDRAWN, FAILS, "a withdrawal leaves the entry")                                               \
	X(FULL_NOT_LATE, FAILS, "a late VOLLEDIG does not raise full")                                          \
	X(DRY_FOLDS, FAILS, "a dry run folds into the cache")                                                   \
	X(DRY_UNCHANGED, CANNOT, "a dry run may get UNCHANGED; true, and a dry run raises no sequence")         \
	X(REJECT_REMOVES, CANNOT, "a rejection removes the entry: only dearer")                                 \
	X(UNCHANGED_NEEDS_ENTRY, CANNOT, "UNCHANGED sets no entry that is not there: only dearer")              \
	X(SET_BACK_KEEPS_ENTRIES, FAILS, "entries outlive a volgnummer that is set back")                       \
	X(SET_BACK_LOWERS_MAX, FAILS, "the cache's highest falls with it: a repeat of before is not late")      \
	X(SET_BACK_COLD, FAILS, "a cold start knows the highest since the set-back only")                       \
	/* the cache as a whole */                                                                              \
	X(NO_GEN, FAILS, "a cold start keeps the generation, and so old entries")                               \
	X(HEAD_FIRST, FAILS, "the head is written before the entries, not with them")                           \
	X(NO_MAX_ON_COLD, FAILS, "a cold start does not know the highest sequences")                            \
	X(NO_FULL_ON_COLD, CANNOT, "a cold start does not know full: no entry is older than it")                \
	X(SPLIT_COLD_READ, FAILS, "cursor and highest sequences are not read in one snapshot")                  \
	X(NO_SEAL, FAILS, "entries are believed that the head does not vouch for: an old string put back")      \
	X(FOLD_OTHER_KEY, CANNOT, "a verdict of another HMAC key leaves entries: the register parks before it") \
	/* messages that kill */                                                                                \
	X(NO_TRIES, FAILS, "attempts are not counted")                                                          \
	X(COUNT_RETURNS, FAILS, "attempts that came back are counted too")                                      \
	X(NO_SLOW_START, FAILS, "a lane begins with whole batches")                                             \
	/* the writer's transaction */                                                                          \
	X(NO_FENCE, FAILS, "the cursor is not compared")                                                        \
	X(NO_ROUNDS, FAILS, "ends of deliveries are judged after all messages of the transaction")              \
	X(ISOLATE_MOVES_BATCH, FAILS, "a message applied alone moves the cursor to the end of its batch")       \
	X(DOUBT_IS_DONE, FAILS,                                                                                 \
	  "a lost answer to COMMIT is taken for done; without a further verdict nobody finds out")              \
	X(DOUBT_IS_UNDONE, CANNOT, "the cursor is not asked after a lost answer: the fence finds out")          \
	X(LINK_NOT_NOTICED, FAILS,                                                                              \
	  "after a restore of the register a writer without work does not read the cursors again")              \
	X(NO_KEY_CHECK, FAILS, "verdicts of another HMAC key are applied")                                      \
	/* what the register refused */                                                                         \
	X(NO_DISOWN, FAILS, "UNCHANGED of a refused teacher is believed")                                       \
	X(DISOWN_CANDIDATES_ONLY, FAILS, "of a whole message refused, the UNCHANGED are not disowned")          \
	X(NO_FORGET, FAILS, "Forget is not published")                                                          \
	X(CLEAR_NEVER, FAILS, "the mark is never cleared")                                                      \
	X(BELIEVE_LATE, CANNOT, "the writer believes a late UNCHANGED: a sound validator makes none")           \
	/* sequences of the unchanged */                                                                        \
	X(NO_RAISE, FAILS, "UNCHANGED does not raise the sequence")                                             \
	X(NO_LIST_CANDIDATE, FAILS, "teachers the writer finds ongewijzigd are not listed")                     \
	X(NO_REMAINDER, FAILS, "members of the old list that the new one does not cover are forgotten")         \
	X(SAME_NAMES_COVER, FAILS, "a list of the same names counts as covering the old one")                   \
	X(SMALL_LOST, FAILS, "teachers of a list that does not replace the old one are forgotten")              \
	X(LOWER_REPLACES, CANNOT,                                                                               \
	  "a list with a lower sequence replaces: none of its members is in the old one, only dearer")          \
	X(LIST_UNREAD, FAILS, "nobody reads the list")                                                          \
	X(LIST_BELOW_ONLY, FAILS, "a message equal to the highest sequence does not read the list")             \
	X(LIST_NOT_DRY, FAILS, "a dry run does not read the list")                                              \
	X(LIST_NOT_REPLAY, FAILS, "a Replay does not read the list")                                            \
	X(LIST_NOT_CONFIRM, FAILS, "a Confirm does not read the list")                                          \
	X(LIST_NOT_ENDING, FAILS, "the end of a late VOLLEDIG does not read the list")                          \
	X(COUNT_NAMED, FAILS, "every teacher named counts as ACTIEF when nobody-absent is decided")             \
	X(UNKNOWN_ENDS, FAILS, "a VOLLEDIG of unknown teachers ends as any other")                              \
	X(SET_BACK_LIST_STAYS, FAILS, "a volgnummer is set back in the rows, and not in the list")              \
	X(SET_BACK_WAITING_STAY, FAILS, "what waits above the volgnummer that is set back waits on")            \
	/* repeats and Replays */                                                                               \
	X(APPLY_REPEATS, FAILS, "a repeat is applied")                                                          \
	X(REPLAY_ALL, FAILS, "a Replay decides every line in its scope")                                        \
	X(REPLAY_ENDS, FAILS, "a Replay does the end of the delivery again")                                    \
	X(REPLAY_NAMES_NOT, CANNOT,                                                                             \
	  "teachers of a Replay are not named by the delivery: those who are known are named before")           \
	X(REPLAY_ABOVE_MAX, FAILS, "a Replay from before a set-back counts with its old volgnummer")            \
	X(DRY_REPLAY_COUNTS, FAILS, "a dry Replay is entered, so that the real one is its repeat")              \
	X(OLDER_ATTEMPT_REPEATS, FAILS, "an attempt below one already seen counts as a repeat")

#define VARIANT_ENUM(name, expected, sentence) name,
enum variant { VARIANTS(VARIANT_ENUM) VARIANTS_END };

enum variant_expected { FAILS, CANNOT };

struct variant_about {
	const char *name;
	enum variant_expected expected;
	const char *without;
};
extern const struct variant_about VARIANTS_ABOUT[VARIANTS_END];

extern bool variant_is_on[VARIANTS_END];

/* The safeguard of this variant is taken away. */
static inline bool without(enum variant variant)
{
	return variant_is_on[variant];
}

/* false: no such name. */
bool variant_find(const char *name, enum variant *ret);

#endif
