/* cache_fold: the cache is the fold of the verdicts that count (design 4). Its table, for judging (class) and folding
 * (entry); q is the delivery's volgnummer:
 *
 *   a teacher's group                                        class         entry
 *   breaks a rule                                            REJECTED      as it was
 *   valid, q > max, entry present, same hash, seq >= full    UNCHANGED     seq = q
 *   valid, q > max, else                                     CANDIDATE     hash, seq = q
 *   valid, q <= max: late, repeated, replayed                CANDIDATE     removed
 *   withdrawal                                               WITHDRAW      removed
 *   quarantined                                              QUARANTINE    as it was
 *   afterwards, any delivery: max = max(max, q); VOLLEDIG: full = max(full, q)
 *   a volgnummer set back: all of the board's are removed, as volgnummers that fall together do not say any more which
 *   came first; max and full stay, as what comes again of before must be late
 *   Forget: removed. Confirm, FOREIGN: all as it was. Dry runs are CANDIDATE throughout and fold to nothing.
 *
 * CANDIDATE is always right, only dearer; UNCHANGED must be certain. Each condition is there because without it a
 * sequence of events exists that loses an update: tests/unit/validate_fold_test.c has one for each. Pure: memory comes
 * from the arena alone. */
#ifndef VALIDATE_CACHE_FOLD_H
#define VALIDATE_CACHE_FOLD_H

#include "base/arena.h"
#include "model/judge.h"
#include "redis/redis_cache.h"
#include "protocol/verdict_class.h"

/* Folds a verdict that verdict_check found sound into its board. board->entries lies in arena and may be written:
 * it is changed in place where no teacher joins, else copied. ERR_FULL: the arena is; board may then be half folded and
 * must not be used. key_id: of the key that made the entries' teacher keys. From a verdict made with another key one
 * cannot know which entries it touches, so all are removed. */
MUSTUSE int cache_fold(struct cache_board *board, const struct wire_verdict *verdict, uint32_t key_id,
		       struct arena *arena, struct err *err);

/* The class of each group of a judged delivery. board: the state before it; NULL: nothing is certain.
 * ret_classes has one byte per group. */
void cache_classify(const struct cache_board *board, enum delivery_kind kind, int64_t sequence, bool is_dry,
		    const struct judged *judged, uint8_t *ret_classes);

#endif
