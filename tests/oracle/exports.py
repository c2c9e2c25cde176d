"""Feedback and exports, chapter 8, as bytes."""

import collections
from findings import APPOINTMENT_COLUMNS, PERSON_COLUMNS
from keyed import mac_of
from line_rules import looks_like_bsn
from register import OUTCOMES, REFUSED, WITHDRAWN

_FEEDBACK_COLUMNS = ("regel", "personeelsnummer", "benoemingssleutel", "uitkomst", "doel", "code",
                     "ernst", "veld", "melding")
_STATE_COLUMNS = ("status", "volgnummer", "vervallen_per")


def _csv_field(value):
    text = str(value)
    if any(character in text for character in ';"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _csv_bytes(rows):
    return "".join(";".join(map(_csv_field, row)) + "\n" for row in rows).encode("utf-8")


def feedback(delivery):
    """The terugmelding of an accepted delivery."""
    rows = [_FEEDBACK_COLUMNS]
    for judged in delivery.lines:
        begin = (judged.number, judged.echo("personeelsnummer"), judged.echo("benoemingssleutel"),
                 judged.outcome, judged.target)
        for finding in judged.findings:
            rows.append(begin + (finding.code, finding.ernst, finding.veld, finding.melding))
        if not judged.findings:
            rows.append(begin + ("",) * 4)
    return _csv_bytes(rows)


def summary(delivery):
    """The samenvatting, names in the order of 8.2."""
    header = delivery.header
    outcomes = collections.Counter(judged.outcome for judged in delivery.lines)
    codes = collections.Counter(finding.code for finding in delivery.findings)
    codes.update(finding.code for judged in delivery.lines for finding in judged.findings)
    return {
        "leveringsid": header.delivery_id,
        "bestuur": header["bestuur"],
        "soort": header["soort"],
        "proef": header["proef"],
        "volgnummer": header["volgnummer"],
        "extractiedatum": header["extractiedatum"],
        "status": delivery.status,
        "regels": 0 if delivery.status == REFUSED else len(delivery.lines),
        "tellingen": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        "ontbrekend": delivery.absent,
        "actief": delivery.active,
        "vervallen": delivery.lapsed,
        "codes": dict(sorted(codes.items())),
        "bevindingen": [finding.as_json() for finding in delivery.findings],
    }


def pseudonym(board_number, bsn):
    message = f"stand\n{board_number}\n{bsn}".encode("ascii")
    return mac_of(message)[:32]


def _state_rows(register):
    """(bestuur, bsn, benoemingssleutel, teacher), one per appointment or withdrawn teacher."""
    for board_number, board in register.boards.items():
        for bsn, teacher in board.teachers.items():
            keys = [""] if teacher.status == WITHDRAWN else teacher.appointments
            for key in keys:
                yield board_number, bsn, key, teacher


def _state_fields(teacher):
    return teacher.status, teacher.sequence, teacher.lapsed_on or ""


def _appointment_fields(teacher, key):
    if teacher.status == WITHDRAWN:
        return ("",) * (len(APPOINTMENT_COLUMNS) + 1)
    values = teacher.appointments[key]
    return tuple(values[column] for column in APPOINTMENT_COLUMNS) + (teacher.targets[key],)


def state_with_bsn(register):
    rows = [("bestuur", "bsn") + _STATE_COLUMNS + PERSON_COLUMNS + APPOINTMENT_COLUMNS
            + ("doel",)]
    for board_number, bsn, key, teacher in sorted(_state_rows(register), key=lambda row: row[:3]):
        person = teacher.person or ("",) * len(PERSON_COLUMNS)
        rows.append((board_number, bsn) + _state_fields(teacher) + person
                    + _appointment_fields(teacher, key))
    return _csv_bytes(rows)


def state_with_pseudonym(register):
    rows = [("bestuur", "pseudoniem") + _STATE_COLUMNS + APPOINTMENT_COLUMNS + ("doel",)]
    hidden = [(board_number, pseudonym(board_number, bsn), key, teacher)
              for board_number, bsn, key, teacher in _state_rows(register)]
    # Sorted by the stored key, also where the shown one is emptied.
    for board_number, name, key, teacher in sorted(hidden, key=lambda row: row[:3]):
        appointment = _appointment_fields(teacher, key)
        if looks_like_bsn(appointment[0]):
            appointment = ("",) + appointment[1:]
        rows.append((board_number, name) + _state_fields(teacher) + appointment)
    return _csv_bytes(rows)
