#!/usr/bin/python3
"""The rotation of the HMAC key (docs/design.md 9), all ways it can go in one partition: two validators, one with the
old key and one with both, a writer, an operator who is killed between any two steps, and a register that is restored
once.

Checked in every state: the register has one row for the teacher, with the content of the last delivery applied, and
what is said to be unchanged is. And that behind the new key no verdict of the old one ever counts, for which a writer
would wait for ever.

  key_rotation.py            the protocol, and each variant, which must fail; exit status 0: all as expected
"""
import sys
from collections import deque, namedtuple

CONTENTS = "aab"  # of the deliveries of one teacher, in the log's order
VERDICTS_MAX = 4   # in the verdict log: those of both validators, void ones too
OLD, NEW = "O", "N"
GENESIS = 0

Verdict = namedtuple("Verdict", "id parent raw key is_unchanged")
# pos: verdicts of the log looked at; tip: the last that counts; raw: the next to judge; entry: content its cache is
# sure of
Validator = namedtuple("Validator", "pos tip raw entry is_parked")
# rows: content by name; key: of the cursor
Register = namedtuple("Register", "pos tip raw key rows")
State = namedtuple("State", "log old new register backup")
BEGIN = State((), Validator(0, GENESIS, 0, None, False), Validator(0, GENESIS, 0, None, False),
              Register(0, GENESIS, 0, None, ()), None)

VARIANTS = {
    "FOLLOWS_ANY_KEY": "a validator goes on behind a key it does not know",
    "TIP_WITHOUT_KEY": "a validator takes its place from the register without looking at the key",
    "WRITER_APPLIES_ANY_KEY": "a writer does not wait at another key",
    "RENAMES_ANY_TIME": "key rotate does not wait for the place where the key changes",
    "CURSOR_FIRST": "key rotate changes the cursor before the rows",
}


def knows(me, key):
    return key is None or key == me or me == NEW


def with_validator(state, me, validator):
    return state._replace(**{"old" if me == OLD else "new": validator})


def validator_steps(state, me, variants):
    validator = state.old if me == OLD else state.new
    register = state.register
    if not validator.is_parked and validator.raw < len(CONTENTS) and len(state.log) < VERDICTS_MAX:
        content = CONTENTS[validator.raw]
        verdict = Verdict(len(state.log) + 1, validator.tip, validator.raw, me, validator.entry == content)
        yield state._replace(log=(*state.log, verdict))
    if not validator.is_parked and validator.pos < len(state.log):
        verdict = state.log[validator.pos]
        after = validator._replace(pos=validator.pos + 1)
        if verdict.parent == validator.tip:
            if not knows(me, verdict.key) and "FOLLOWS_ANY_KEY" not in variants:
                after = validator._replace(is_parked=True)
            else:
                entry = CONTENTS[verdict.raw] if verdict.key == me else None
                after = after._replace(tip=verdict.id, raw=verdict.raw + 1, entry=entry)
        yield with_validator(state, me, after)
    # it starts anew, cold, from the register
    if knows(me, register.key) or "TIP_WITHOUT_KEY" in variants:
        yield with_validator(state, me, Validator(register.pos, register.tip, register.raw, None, False))


def applied(register, verdict):
    """The register behind it, or what is wrong."""
    rows, content = dict(register.rows), CONTENTS[verdict.raw]
    if verdict.is_unchanged and rows.get(verdict.key) != content:
        return "unchanged is said of what has changed"
    rows[verdict.key] = content
    if len(rows) > 1:
        return "a teacher has two rows"
    return Register(register.pos + 1, verdict.id, verdict.raw + 1, verdict.key, tuple(sorted(rows.items())))


def next_counted(state):
    """Place of the next verdict that counts for the register, or None."""
    for at in range(state.register.pos, len(state.log)):
        if state.log[at].parent == state.register.tip:
            return at
    return None


def writer_steps(state, variants):
    register, at = state.register, next_counted(state)
    if at is None:
        return
    verdict = state.log[at]
    if register.key == NEW and verdict.key == OLD:
        yield "the key goes back: the writer waits for ever"
        return
    if register.key not in (None, verdict.key) and "WRITER_APPLIES_ANY_KEY" not in variants:
        return
    yield applied(register._replace(pos=at), verdict)


def operator_steps(state, variants):
    register, at = state.register, next_counted(state)
    is_due = at is not None and state.log[at].key == NEW
    names = [name for name, _ in register.rows]
    if register.key == OLD and (is_due or "RENAMES_ANY_TIME" in variants):
        renamed = register._replace(rows=tuple((NEW, content) for _, content in register.rows))
        if OLD in names:
            yield renamed
        if OLD not in names or "CURSOR_FIRST" in variants:
            yield register._replace(key=NEW)
    if register.key == NEW and OLD in names and "CURSOR_FIRST" in variants:
        yield register._replace(rows=tuple((NEW, content) for _, content in register.rows))


def steps(state, variants):
    for me in (OLD, NEW):
        yield from validator_steps(state, me, variants)
    for register in (*writer_steps(state, variants), *operator_steps(state, variants)):
        yield register if isinstance(register, str) else state._replace(register=register)
    if state.backup is None:
        yield state._replace(backup=state.register)
    elif state.backup != "used":
        yield state._replace(register=state.backup, backup="used")


def explore(variants):
    """(what is wrong or None, states)"""
    seen, todo = {BEGIN}, deque([BEGIN])
    while todo:
        state = todo.popleft()
        for after in steps(state, variants):
            if isinstance(after, str):
                return after, len(seen)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return None, len(seen)


def main():
    wrong, states = explore(())
    print(f"{'ok ' if wrong is None else 'NOT'} the protocol: {wrong or 'holds'}, {states} states")
    is_good = wrong is None
    for variant, text in VARIANTS.items():
        wrong, states = explore((variant,))
        is_good &= wrong is not None
        print(f"{'ok ' if wrong else 'NOT'} {variant}, {text}: {wrong or 'holds, and must not'}, {states} states",
              flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
