#!/usr/bin/python3
"""What Kafka loses (docs/design.md 6), all ways it can go in one partition: two raw messages and a marker of a
transaction between them, a validator with and without its cache, one that is a zombie and still holds what it fetched,
a writer, logs whose beginnings are deleted, and an operator who refills or accepts a loss and is killed between any two
steps. A verdict names the message it judges, so the chain jumps over markers, and over what was accepted as lost.

Checked in every state: each message has at most one verdict that counts for the register; none is passed over about
which nobody decided; the writer meets no hole. And from every state there is a way to the end, where each message has
been judged, or was accepted as lost: nothing gets stuck.

  lost_messages.py           the protocol, and each variant, which must fail; exit status 0: all as expected
"""
import sys
from collections import deque, namedtuple

RAW = "m-m"       # messages and markers by offset
VERDICTS_MAX = 2  # of validators, in the verdict log; void ones too
GENESIS = 0
END = len(RAW)

# is_mark: the operator's, on what is lost
Verdict = namedtuple("Verdict", "id parent raw is_mark")
# A place in the chain: pos: verdicts looked at; tip: the last that counts; raw: the next to judge
Place = namedtuple("Place", "pos tip raw")
# has_cache: it judges on the head, not without; held: a raw message it has fetched
Validator = namedtuple("Validator", "place held has_cache")
# what: refill or accept; step: how far it is; read: where the chain ended for it; below: as shown
Operator = namedtuple("Operator", "what step read below")
State = namedtuple("State", "log raw_low verdict_low validators head register done accepted operator")
BEGIN_PLACE = Place(0, GENESIS, 0)
BEGIN = State((), 0, 0, (Validator(BEGIN_PLACE, None, True), Validator(BEGIN_PLACE, 0, False)), BEGIN_PLACE,
              BEGIN_PLACE, (), frozenset(), None)

VARIANTS = {
    "PASSES_ANY_GAP": "a validator goes on behind whatever lacks",
    "RESET_KEEPS_TIP_ONLY": "a loss is accepted by moving the register's next raw message, with no verdict",
    "CURSOR_FIRST": "the cursor moves before the cache's head goes",
    "KEEPS_HEAD": "the cache's head stays when the chain is given up",
    "BELOW_NOT_COMPARED": "what is lost by now is accepted, whatever was shown",
    "COUNTS_UNREAD": "the operator takes its verdict for one that counts, and says so",
    "WRITER_PASSES_GAP": "the writer goes on behind verdicts that lack",
}


def follow(place, verdict):
    """The place behind it, or None: a hole."""
    if verdict.parent != place.tip:
        return place._replace(pos=place.pos + 1)
    if verdict.raw < place.raw:
        return None
    return Place(place.pos + 1, verdict.id, verdict.raw + 1)


def next_message(state, raw):
    """Offset of the first message from raw on that is held, END: none."""
    return next((offset for offset in range(max(raw, state.raw_low), END) if RAW[offset] == "m"), END)


def with_validator(state, at, validator):
    validators = list(state.validators)
    validators[at] = validator
    return state._replace(validators=tuple(validators))


def starts_of(state):
    """Places where a validator may begin: the cache's head, else the register's."""
    return state.head if state.head else state.register


def validator_steps(state, at, variants):
    validator = state.validators[at]
    place = starts_of(state)
    # it starts anew, cold when there is no head: then it makes one. The other one is a zombie: it only wakes up
    if place.pos >= state.verdict_low and at == 0:
        begun = state._replace(head=place)
        yield with_validator(begun, at, Validator(place, None, True))
    if validator.place is None:
        return
    yield with_validator(state, at, Validator(None, None, False))  # it dies, or is stopped
    place = validator.place
    # it fetches, and may hold that long after the log has lost it
    offset = next_message(state, place.raw)
    is_proved = state.raw_low <= place.raw or "PASSES_ANY_GAP" in variants
    if validator.held is None and offset < END and is_proved and at == 0:
        yield with_validator(state, at, validator._replace(held=offset))
    # it judges what it holds, wherever the log has gone meanwhile
    if validator.held is not None and len(state.log) < VERDICTS_MAX:
        verdict = Verdict(len(state.log) + 1, place.tip, validator.held, False)
        yield with_validator(state._replace(log=(*state.log, verdict)), at, validator._replace(held=None))
    # it follows the log; with the cache, only as long as the head is where it left it
    if at == 1:
        return
    if state.verdict_low <= place.pos < len(state.log):
        after = follow(place, state.log[place.pos])
        if after is None:
            return
        held = validator.held if validator.held is not None and validator.held >= after.raw else None
        if validator.has_cache and state.head == place:
            yield with_validator(state._replace(head=after), at, Validator(after, held, True))
        elif not validator.has_cache:
            yield with_validator(state, at, Validator(after, held, False))
    if validator.has_cache:
        yield with_validator(state, at, validator._replace(has_cache=False))  # the cache is away


def passed_over(state, verdict):
    """What is wrong with what the register passes over by this verdict."""
    for offset in range(state.register.raw, verdict.raw + 1):
        if RAW[offset] != "m" or offset in state.accepted or (offset == verdict.raw and not verdict.is_mark):
            continue
        return f"raw message {offset} is passed over, and nobody decided that"
    return None


def writer_steps(state, variants):
    place = state.register
    if place.pos < state.verdict_low:
        if "WRITER_PASSES_GAP" in variants:
            yield state._replace(register=place._replace(pos=state.verdict_low))
        return
    if place.pos >= len(state.log):
        return
    verdict = state.log[place.pos]
    after = follow(place, verdict)
    if after is None:
        yield "the writer meets a hole"
        return
    if after.tip == place.tip:
        yield state._replace(register=after)
        return
    wrong = passed_over(state, verdict)
    if wrong:
        yield wrong
        return
    yield state._replace(register=after, done=state.done if verdict.is_mark else (*state.done, verdict.raw))


def chain_end(state):
    """Where the chain ends, as the operator reads it; None: it is broken."""
    place = state.register
    if place.pos < state.verdict_low:
        return None
    while place.pos < len(state.log):
        after = follow(place, state.log[place.pos])
        if after is None:
            return None
        place = after
    return place


def nobody_runs(state):
    """As far as the group knows: the zombie is none of it."""
    return state.validators[0].place is None


def give_up_steps(state, operator, variants):
    """The chain is given up: head, then cursor."""
    moved = state.register._replace(pos=len(state.log))
    is_first = operator.step == 0
    if is_first == ("CURSOR_FIRST" not in variants):
        after = state if "KEEPS_HEAD" in variants else state._replace(head=None)
        last = "CURSOR_FIRST" in variants
    else:
        after = state._replace(register=moved)
        last = "CURSOR_FIRST" not in variants
    if not last:
        yield after._replace(operator=operator._replace(step=operator.step + 1))
    elif operator.what == "refill":
        yield after._replace(operator=None)
    else:
        yield after._replace(operator=Operator("accept", 2, chain_end(after), operator.below))


def begin_steps(state):
    """What the operator may begin, after a look."""
    end = chain_end(state)
    raw = end.raw if end else state.register.raw
    is_lost = state.raw_low > raw
    is_head_outside = state.head is not None and state.head.pos < state.verdict_low
    begins = state.register.raw  # what a refill has judged again
    if (end is None or is_head_outside) and nobody_runs(state) and state.raw_low <= begins:
        yield state._replace(operator=Operator("refill", 0, None, None))
    if is_lost and (end is not None or nobody_runs(state)):
        yield state._replace(operator=Operator("accept", 0 if end is None else 2, end, state.raw_low))


def operator_steps(state, variants):
    operator = state.operator
    if operator is None:
        yield from begin_steps(state)
        return
    yield state._replace(operator=None)  # killed
    if operator.step < 2:
        if operator.step == 0 and state.raw_low != operator.below and operator.below is not None:
            return  # something else is lost than was shown
        yield from give_up_steps(state, operator, variants)
        return
    end, below = operator.read, state.raw_low if "BELOW_NOT_COMPARED" in variants else operator.below
    if end is None:
        return
    if operator.step == 2:
        lost = {offset for offset in range(end.raw, operator.below) if RAW[offset] == "m"}
        yield state._replace(accepted=state.accepted | lost, operator=operator._replace(step=3))
    elif operator.step == 3 and "RESET_KEEPS_TIP_ONLY" in variants:
        yield state._replace(register=state.register._replace(raw=below), head=None, operator=None)
    elif operator.step == 3 and len(state.log) < VERDICTS_MAX + 1:
        verdict = Verdict(len(state.log) + 1, end.tip, below - 1, True)
        yield state._replace(log=(*state.log, verdict), operator=operator._replace(step=4))
    elif operator.step == 4:
        now = chain_end(state)
        if now is not None and now.raw < operator.below and "COUNTS_UNREAD" in variants:
            yield "the operator says that the partition goes on, and it does not"
        if now is None or now.raw >= operator.below or state.raw_low != operator.below:
            yield state._replace(operator=None)
        else:
            yield state._replace(operator=operator._replace(step=2, read=now))


def loss_steps(state, variants):
    """A log loses its beginning: of raw all but the last message, or it is ten times as many states for little."""
    if state.raw_low < END - ("BELOW_NOT_COMPARED" not in variants):
        yield state._replace(raw_low=state.raw_low + 1)
    if state.verdict_low < min(len(state.log), 2):
        yield state._replace(verdict_low=state.verdict_low + 1)


def steps(state, variants):
    for at in range(len(state.validators)):
        yield from validator_steps(state, at, variants)
    yield from writer_steps(state, variants)
    yield from operator_steps(state, variants)
    yield from loss_steps(state, variants)


def is_over(state):
    return state.register.raw >= END


def wrong_of(state):
    if len(set(state.done)) != len(state.done):
        return "a message is judged twice"
    return None


def explore(variants):
    """(what is wrong or None, states)"""
    seen, todo, before = {BEGIN}, deque([BEGIN]), {}
    while todo:
        state = todo.popleft()
        wrong = wrong_of(state)
        if wrong:
            return wrong, len(seen)
        for after in steps(state, variants):
            if isinstance(after, str):
                return after, len(seen)
            before.setdefault(after, []).append(state)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    # backwards from the ends: what is not reached gets stuck; a log that is full in this model says nothing
    goals = [state for state in seen if is_over(state) or len(state.log) >= VERDICTS_MAX]
    good, todo = set(goals), deque(goals)
    while todo:
        for state in before.get(todo.popleft(), ()):
            if state not in good:
                good.add(state)
                todo.append(state)
    return None if len(good) == len(seen) else "it gets stuck", len(seen)


def main():
    wrong, states = explore(())
    print(f"{'ok ' if wrong is None else 'NOT'} the protocol: {wrong or 'holds'}, {states} states", flush=True)
    is_good = wrong is None
    for variant, text in VARIANTS.items():
        wrong, states = explore((variant,))
        is_good &= wrong is not None
        print(f"{'ok ' if wrong else 'NOT'} {variant}, {text}: {wrong or 'holds, and must not'}, {states} states",
              flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
