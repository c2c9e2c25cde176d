"""The register of all boards: chapters 2.2, 4.2, 6 and 7, one delivery after the other."""

import copy
from dataclasses import dataclass, field

from dates import add_days, parse_iso_date
from delivery_file import Refused, read_lines
from findings import APPOINTMENT_COLUMNS, PERSON_COLUMNS, in_order, make_finding
from group_rules import judge_group
from header import read_header
from line_rules import field_codes, judge_line, padded_site

ACTIVE, WITHDRAWN, LAPSED = "ACTIEF", "INGETROKKEN", "VERVALLEN"
REFUSED, WAITING, DONE = "geweigerd", "wacht_op_bevestiging", "verwerkt"
OUTCOMES = ("nieuw", "gewijzigd", "ongewijzigd", "verouderd", "afgekeurd", "ingetrokken",
            "quarantaine")
MAX_AGE_DAYS = 31


@dataclass
class Teacher:
    """State of chapter 6 of one (board, teacher)."""
    sequence: int
    status: str
    person: tuple = ()
    appointments: dict = field(default_factory=dict)   # benoemingssleutel -> canonical values
    targets: dict = field(default_factory=dict)        # benoemingssleutel -> doel
    lapsed_on: int = None

    def has_content(self, person, appointments):
        return self.person == person and self.appointments == appointments


@dataclass
class Delivery:
    """A delivery that is in the log, or a refused one; what the summary of 8.2 shows."""
    header: object
    received_on: int
    status: str = DONE
    findings: list = field(default_factory=list)
    lines: list = field(default_factory=list)
    named: set = field(default_factory=set)
    absent: int = 0
    active: int = 0
    lapsed: int = 0

    @property
    def board(self):
        return self.header["bestuur"]

    @property
    def kind(self):
        return self.header["soort"]

    @property
    def sequence(self):
        return self.header["volgnummer"]

    @property
    def extraction_date(self):
        return self.header.extraction_date

    @property
    def is_dry_run(self):
        return self.header.is_dry_run

    def add(self, code, veld="", /, **values):
        self.findings = in_order(self.findings + [make_finding(code, veld, **values)])


@dataclass
class Board:
    """All that is known of one board; boards do not influence each other."""
    teachers: dict = field(default_factory=dict)     # bsn -> Teacher
    deliveries: dict = field(default_factory=dict)   # leveringsid -> Delivery, accepted only
    highest_sequence: int = 0                        # of accepted deliveries, no dry runs
    highest_full: int = 0                            # of completed VOLLEDIG, no dry runs


class Register:
    def __init__(self, reference):
        self.reference = reference
        self.boards = {}

    def deliver(self, kop, content, received_on, may_send=True):
        """Takes in one delivery. Returns (delivery, is_repeat). may_send: chapter 15."""
        received = parse_iso_date(received_on)
        header = read_header(kop, content)
        if header.findings:
            return self._refuse(header, received, header.findings), False
        if not may_send:
            header.delivery_id = header["leveringsid"]  # 14.1: a made one is not shown
            stranger = make_finding("LR-K03", "bestuur", bestuur=header["bestuur"])
            return self._refuse(header, received, [stranger]), False
        board = self.boards.get(header["bestuur"], Board())
        known = board.deliveries.get(header.delivery_id)
        if known is not None:
            if known.header.fingerprint == header.fingerprint:
                return known, True
            clash = make_finding("LR-K01", "leveringsid")
            return self._refuse(header, received, [clash]), False
        try:
            lines = self._check_at_gateway(header, content, received)
        except Refused as refused:
            return self._refuse(header, received, refused.findings), False
        board = self.boards.setdefault(header["bestuur"], board)
        delivery = Delivery(header, received)
        board.deliveries[header.delivery_id] = delivery
        self._judge(board, delivery, lines)
        return delivery, False

    @staticmethod
    def _refuse(header, received_on, findings):
        return Delivery(header, received_on, REFUSED, in_order(findings))

    def _check_at_gateway(self, header, content, received_on):
        """Steps 3 - 5 of 2.2: the board, the extraction date and the file."""
        extraction_date = header.extraction_date
        if self.reference.find("besturen", extraction_date, header["bestuur"]) is None:
            raise Refused(make_finding("LR-K02", "bestuur", bestuur=header["bestuur"]))
        if extraction_date > received_on:
            raise Refused(make_finding("LR-K09", "extractiedatum"))
        return read_lines(content, header["soort"], header["regels"], header["sha256"])

    def _judge(self, board, delivery, lines):
        """The steps of 4.2."""
        _check_sequence_and_age(board, delivery)
        delivery.lines = [judge_line(line, delivery, self.reference) for line in lines]
        groups = group_lines(delivery.lines)
        delivery.named = {group[0]["bsn"] for group in groups if not group[0].has_unreadable_bsn}
        # A dry run works on a copy of the state, and leaves the board as it was (7.5).
        work = copy.copy(board)
        if delivery.is_dry_run:
            work.teachers = copy.deepcopy(board.teachers)
        for group in groups:
            _judge_teacher(work, delivery, group)
        if delivery.kind == "VOLLEDIG":
            _end_full_delivery(work, delivery)
        if not delivery.is_dry_run:
            board.highest_sequence = max(board.highest_sequence, delivery.sequence)
            if delivery.kind == "VOLLEDIG":
                board.highest_full = max(board.highest_full, delivery.sequence)
                _cancel_older(board, delivery.sequence)

    def confirm(self, board_number, delivery_id, names_others=False):
        """Confirm of 7.3. names_others: it has the digest of another L (8.6). Returns whether it was
        carried out."""
        board = self.boards.get(board_number, Board())
        delivery = board.deliveries.get(delivery_id)
        if delivery is None or delivery.status != WAITING or names_others:
            return False
        _lapse(delivery, _absent_teachers(board, delivery))
        return True

    def set_back(self, board_number, sequence):
        """Sets the volgnummer of a board back, 7.6. Returns whether it was carried out."""
        board = self.boards.get(board_number, Board())
        is_number = isinstance(sequence, int) and not isinstance(sequence, bool)
        if not is_number or not 0 <= sequence < board.highest_sequence:
            return False
        for delivery in board.deliveries.values():
            if delivery.status == WAITING and delivery.sequence > sequence:
                _cancel(delivery)
        for teacher in board.teachers.values():
            teacher.sequence = min(teacher.sequence, sequence)
        board.highest_sequence = sequence
        board.highest_full = min(board.highest_full, sequence)
        return True


def _check_sequence_and_age(board, delivery):
    if delivery.sequence <= board.highest_sequence:
        delivery.add("LR-K04", "volgnummer")
    if add_days(delivery.extraction_date, MAX_AGE_DAYS) < delivery.received_on:
        delivery.add("LR-K05", "extractiedatum")


def group_lines(lines):
    """Lines by teacher, in order of first line; an unreadable BSN is a group of its own."""
    groups = {}
    for judged in lines:
        key = judged.number if judged.has_unreadable_bsn else judged["bsn"]
        groups.setdefault(key, []).append(judged)
    return list(groups.values())


def _judge_teacher(board, delivery, group):
    if delivery.kind != "INTREKKING":
        judge_group(group)
    if any(judged.is_rejected for judged in group):
        for judged in group:
            if not judged.is_rejected:
                judged.add("LR-X04")
        outcome, code = "afgekeurd", None
    elif delivery.kind == "INTREKKING":
        outcome, code = _withdraw(board, delivery, group)
    else:
        outcome, code = _apply(board, delivery, group)
    for judged in group:
        judged.outcome = outcome
        if code is not None:
            judged.add(code, n=delivery.sequence)
        judged.findings = in_order(judged.findings)


def person_of(group):
    return tuple(group[0][column] for column in PERSON_COLUMNS)


def appointments_of(group):
    return {judged["benoemingssleutel"]: _canonical_appointment(judged) for judged in group}


def _canonical_appointment(judged):
    values = {column: judged[column] for column in APPOINTMENT_COLUMNS}
    values["vestiging"] = padded_site(values["vestiging"])
    values["onderwijsterrein"] = "|".join(sorted(field_codes(values["onderwijsterrein"])))
    return values


def _apply(board, delivery, group):
    """Chapter 6 for VOLLEDIG and MUTATIE: (outcome, code)."""
    bsn, sequence = group[0]["bsn"], delivery.sequence
    person, appointments = person_of(group), appointments_of(group)
    old = board.teachers.get(bsn)
    if old is not None:
        is_same = old.status == ACTIVE and old.has_content(person, appointments)
        if sequence < old.sequence:
            return "verouderd", None
        if sequence == old.sequence and not is_same:
            return "afgekeurd", "LR-R08"
        if is_same:
            old.sequence = sequence
            return "ongewijzigd", None
    targets = {judged["benoemingssleutel"]: judged.target for judged in group}
    board.teachers[bsn] = Teacher(sequence, ACTIVE, person, appointments, targets)
    return ("gewijzigd" if old is not None and old.status == ACTIVE else "nieuw"), None


def _withdraw(board, delivery, group):
    """Chapter 6 for INTREKKING: (outcome, code)."""
    bsn, sequence = group[0]["bsn"], delivery.sequence
    old = board.teachers.get(bsn)
    if old is None:
        return "afgekeurd", "LR-R01"
    if sequence < old.sequence:
        return "verouderd", None
    if sequence == old.sequence:
        return ("ongewijzigd", None) if old.status == WITHDRAWN else ("afgekeurd", "LR-R08")
    if old.status != ACTIVE:
        return "afgekeurd", "LR-R01"
    board.teachers[bsn] = Teacher(sequence, WITHDRAWN)
    return "ingetrokken", None


def _absent_teachers(board, delivery):
    """L of 7.1."""
    if board.highest_full > delivery.sequence:
        return []
    return [teacher for bsn, teacher in board.teachers.items()
            if teacher.status == ACTIVE and teacher.sequence < delivery.sequence
            and bsn not in delivery.named]


def _end_full_delivery(board, delivery):
    """Lapse or wait, 7.2."""
    absent = _absent_teachers(board, delivery)
    n = delivery.absent = len(absent)
    m = delivery.active = sum(teacher.status == ACTIVE for teacher in board.teachers.values())
    has_unreadable = any(judged.has_unreadable_bsn for judged in delivery.lines)
    if n > 0 and (has_unreadable or n * 2 > m or (n > 5 and n * 10 > m)):
        delivery.add("LR-K06", n=n, m=m)
        delivery.status = DONE if delivery.is_dry_run else WAITING
    else:
        _lapse(delivery, absent)


def _lapse(delivery, teachers):
    for teacher in teachers:
        teacher.status = LAPSED
        teacher.sequence = delivery.sequence
        teacher.lapsed_on = delivery.extraction_date
    delivery.lapsed = len(teachers)
    if teachers:
        delivery.add("LR-R06", n=len(teachers))
    delivery.status = DONE


def _cancel_older(board, sequence):
    for waiting in board.deliveries.values():
        if waiting.status == WAITING and waiting.sequence < sequence:
            _cancel(waiting)


def _cancel(waiting):
    waiting.status = DONE
    waiting.add("LR-K10")
