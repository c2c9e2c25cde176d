"""Cross-line rules, chapter 5.6: the lines of one teacher in one delivery together."""

from dates import add_days, add_months
from findings import PERSON_COLUMNS
from line_rules import field_codes, has_good_field_codes, padded_site

_GAP_MONTHS = 3


def judge_group(group):
    """group: the judged lines of one teacher in record order, or one unreadable line."""
    _check_doubles(group, "LR-X01", "benoemingssleutel", _good_key)
    _check_person(group)
    _check_doubles(group, "LR-X06", "begin_benoeming", _appointment_identity)
    _check_now_qualified(group)
    _check_periods(group)


def _good_key(judged):
    if judged.has("LR-B13", "benoemingssleutel"):
        return None
    return judged["benoemingssleutel"]


def _appointment_identity(judged):
    """What makes two appointments the same (LR-X06), or None if not all of it is good."""
    is_good = (judged.begin is not None and not judged.has("LR-S01")
               and not judged.has("LR-S05")
               and not judged.has("LR-B13", "benoemingsgrondslag")
               and has_good_field_codes(judged["onderwijsterrein"]))
    if not is_good:
        return None
    return (judged["brin"], padded_site(judged["vestiging"]), judged["benoemingsgrondslag"],
            judged.begin, frozenset(field_codes(judged["onderwijsterrein"])))


def _check_doubles(group, code, veld, identity):
    lines_by_identity = {}
    for judged in group:
        key = identity(judged)
        if key is not None:
            lines_by_identity.setdefault(key, []).append(judged)
    for lines in lines_by_identity.values():
        if len(lines) < 2:
            continue
        lowest, second = lines[0].number, lines[1].number
        for judged in lines:
            other = second if judged is lines[0] else judged.number
            judged.add(code, veld, a=lowest, b=other)


def _check_person(group):
    first = group[0]
    is_first_marked = False
    for judged in group[1:]:
        differing = [veld for veld in PERSON_COLUMNS if judged[veld] != first[veld]]
        if not differing:
            continue
        judged.add("LR-X02", differing[0], a=first.number, b=judged.number)
        if not is_first_marked:
            first.add("LR-X02", differing[0], a=first.number, b=judged.number)
            is_first_marked = True


def _check_now_qualified(group):
    """LR-X03: a temporary appointment that goes on after a qualified one has begun."""
    for judged in group:
        if judged.target != "VOORPORTAAL" or judged.ground_row["einddatum_nodig"] != "J":
            continue
        if any(_overtakes(other, judged) for other in group):
            judged.add("LR-X03", "einde_benoeming")


def _overtakes(qualified, temporary):
    return (qualified.target == "REGISTER" and qualified["brin"] == temporary["brin"]
            and qualified.begin > temporary.begin
            and (temporary.end is None or temporary.end >= qualified.begin))


def _limit(judged):
    row = judged.ground_row
    return int(row["max_maanden"]) + int(row["verleng_maanden"] or 0)


def _check_periods(group):
    """LR-B11: appointments on one ground, with gaps of at most three months, count as one."""
    lines_by_ground = {}
    for judged in group:
        has_limit = judged.ground_row is not None and judged.ground_row["max_maanden"] != ""
        if has_limit and judged.end is not None and judged.end >= judged.begin:
            lines_by_ground.setdefault(judged["benoemingsgrondslag"], []).append(judged)
    for lines in lines_by_ground.values():
        for chain in _chains(sorted(lines, key=lambda judged: (judged.begin, judged.end))):
            _check_chain(chain)


def _chains(lines):
    chains, latest_end = [], None
    for judged in lines:
        goes_on = (chains and judged.begin
                   <= add_months(add_days(latest_end, 1), _GAP_MONTHS))
        if goes_on:
            chains[-1].append(judged)
            latest_end = max(latest_end, judged.end)
        else:
            chains.append([judged])
            latest_end = judged.end
    return chains


def _check_chain(chain):
    first_begin = chain[0].begin
    latest_end = max(judged.end for judged in chain)
    for judged in chain:
        limit = _limit(judged)
        if latest_end >= add_months(first_begin, limit):
            judged.add("LR-B11", "einde_benoeming", n=limit)
