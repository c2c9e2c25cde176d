"""Scenarios: what boards send, one after the other, right and wrong."""

import hashlib
import json
import random

import faults
import rendering
import sample_values as sample
from dates import add_days, iso_date
from findings import COLUMNS
from oracle import run_events, write_expected
from register import REFUSED, WAITING, Register
from world import World

FIRST_DAY = 20180620
MAX_NUMBER = 2 ** 63 - 1


class Folder:
    """The events of one folder, run through the specification as they are made."""

    def __init__(self, out, reference):
        self.out = out
        self.events = []
        self.register = Register(reference)

    def deliver(self, kop, content, received_on, scenario):
        name = f"{len(self.events):04d}-{kop.get('bestuur') or 'geen'}.csv"
        name = "".join(letter if letter.isascii() and letter.isalnum() or letter in "-." else "x"
                       for letter in name)
        (self.out / name).write_bytes(content)
        event = {"type": "levering", "bestand": name, "kop": dict(kop),
                 "ontvangen_op": iso_date(received_on), "scenario": scenario}
        self.events.append(event)
        delivery, _ = self.register.deliver(kop, content, event["ontvangen_op"])
        return delivery

    def confirm(self, board, delivery_id, scenario):
        self.events.append({"type": "bevestiging", "bestuur": board, "leveringsid": delivery_id,
                            "scenario": scenario})
        return self.register.confirm(board, delivery_id)

    def set_back(self, board, sequence, scenario):
        self.events.append({"type": "herstel", "bestuur": board, "volgnummer": sequence,
                            "scenario": scenario})
        return self.register.set_back(board, sequence)

    def keep_first(self, count):
        """Drops what the last scenario made too many."""
        for event in self.events[count:]:
            if event["type"] == "levering":
                (self.out / event["bestand"]).unlink()
        del self.events[count:]

    def write(self, seed, reference):
        manifest = {"seed": seed, "gebeurtenissen": self.events}
        (self.out / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        write_expected(self.out, run_events(manifest, self.out, reference))


class Deck:
    """Draws every card once before any card comes again."""

    def __init__(self, rng, cards):
        self.rng, self.cards, self.left = rng, sorted(cards), []

    def draw(self):
        if not self.left:
            self.left = list(self.cards)
            self.rng.shuffle(self.left)
        return self.left.pop()


class CaseMaker:
    def __init__(self, seed, events, reference, out, json_types):
        self.rng = random.Random(seed)
        self.count = events
        self.today = FIRST_DAY
        self.world = World(self.rng, reference, FIRST_DAY)
        self.folder = Folder(out, reference)
        header_faults = dict(faults.HEADER_FAULTS)
        if json_types:
            header_faults.update(faults.JSON_HEADER_FAULTS)
        self.header_faults = header_faults
        self.header_deck = Deck(self.rng, header_faults)
        self.file_deck = Deck(self.rng, faults.FILE_FAULTS)
        self.line_deck = Deck(self.rng, faults.LINE_FAULTS)
        self.group_deck = Deck(self.rng, faults.GROUP_FAULTS)
        self.scenario_deck = Deck(self.rng, [name for name, weight in SCENARIOS.items()
                                             for _ in range(weight)])
        self.scenario = ""
        self.has_been_large = False
        offices = max(2, min(6, events // 12))
        self.offices = self.world.make_offices(offices)

    # -- making events

    def run(self):
        for office in self.offices:
            self.scenario = "eerste"
            self.world.hire(office, self.rng.choice((2, 4, 5, 6, 8, 9)))
            self.deliver(office, "VOLLEDIG")
        while len(self.folder.events) < self.count:
            self.next_day()
            self.scenario = self.scenario_deck.draw()
            getattr(self, "do_" + self.scenario)(self.rng.choice(self.offices))

    def next_day(self):
        self.today = add_days(self.today, self.rng.choice((0, 0, 0, 1, 1, 3, 9, 31, 40)))

    def next_sequence(self, office):
        step = self.rng.choice((1, 1, 1, 1, 2, 5))
        office.sequence = min(office.sequence + step, MAX_NUMBER)
        return office.sequence

    def extraction_date(self):
        return add_days(self.today, -self.rng.choice((0, 0, 1, 1, 2, 3, 30, 31, 32)))

    def header(self, office, kind, sequence=None, extraction=None):
        rng = self.rng
        kop = {"bestuur": office.board, "soort": kind,
               "volgnummer": sequence or self.next_sequence(office),
               "extractiedatum": iso_date(extraction or self.extraction_date())}
        if rng.random() < 0.3:
            kop["proef"] = False
        if rng.random() < 0.75:
            kop["leveringsid"] = self.new_id()
        if rng.random() < 0.05:
            kop.update(contact_naam="P. Voorbeeld", contact_telefoon="0201234567",
                       contact_email="p@voorbeeld.test")
        return kop

    def new_id(self):
        text = f"L-{self.rng.getrandbits(32):08x}-{len(self.folder.events):04d}-test"
        return text.ljust(self.rng.choice((16, 16, 16, 16, 36)), "0")

    def add_checks(self, kop, content, lines):
        """The optional fields that let the gateway check the file."""
        if self.rng.random() < 0.25 and "regels" not in kop:
            kop["regels"] = len(lines)
        if self.rng.random() < 0.35 and "sha256" not in kop:
            digest = hashlib.sha256(content).hexdigest()
            kop["sha256"] = self.rng.choice((digest, digest.upper()))

    def send(self, kop, content):
        return self.folder.deliver(kop, content, self.today, self.scenario)

    def deliver(self, office, kind, lines=None, sequence=None, dry_run=False, extraction=None):
        """A delivery that is good of form. Without lines: all of the board's people."""
        if lines is None:
            lines = [line for person in office.people for line in person.lines()]
        if kind == "INTREKKING":
            lines = [self.withdrawal_line(line) for line in lines]
        if not lines:
            return None
        lines = list(lines)
        if self.rng.random() < 0.3:
            self.rng.shuffle(lines)
        kop = self.header(office, kind, sequence, extraction)
        if dry_run:
            kop["proef"] = True
        content = rendering.render(self.rng, lines, rendering.random_style(self.rng, lines, kind))
        self.add_checks(kop, content, lines)
        return self.send(kop, content)

    def withdrawal_line(self, line):
        kept = ("bsn", "personeelsnummer")
        if self.rng.random() < 0.1:
            kept = COLUMNS[:16]
        return {column: line[column] if column in kept else "" for column in COLUMNS}

    def some_people(self, office, least=1, most=5):
        count = self.rng.randint(least, max(least, most))
        return self.rng.sample(office.people, min(count, len(office.people)))

    @staticmethod
    def lines_of(people):
        return [line for person in people for line in person.lines()]

    def all_but(self, office, people):
        return self.lines_of([person for person in office.people if person not in people])

    def change_some(self, office, most=3):
        people = self.some_people(office, 1, most)
        for person in people:
            self.world.change(office, person)
        return people

    # -- scenarios: the daily flow

    def do_gelijk(self, office):
        self.deliver(office, "VOLLEDIG", dry_run=self.rng.random() < 0.1)

    def do_volledig(self, office):
        self.change_some(office)
        if self.rng.random() < 0.4:
            self.world.hire(office, 1)
        self.deliver(office, "VOLLEDIG")

    def do_mutatie(self, office):
        people = self.change_some(office)
        self.deliver(office, "MUTATIE", self.lines_of(people), dry_run=self.rng.random() < 0.1)

    def do_intrekking(self, office):
        people = self.some_people(office, 1, 3)
        self.deliver(office, "INTREKKING", self.lines_of(people),
                     dry_run=self.rng.random() < 0.2)
        if self.rng.random() < 0.6:
            kind = self.rng.choice(("MUTATIE", "VOLLEDIG", "INTREKKING"))
            back = None if kind == "VOLLEDIG" else self.lines_of(people)
            self.deliver(office, kind, back)

    def do_aba(self, office):
        """A change and back again: each is gewijzigd."""
        person = self.rng.choice(office.people)
        before = person.lines()
        self.deliver(office, "MUTATIE", before)
        self.world.change(office, person)
        self.deliver(office, "MUTATIE", person.lines())
        self.deliver(office, "MUTATIE", before)

    # -- scenarios: sequence numbers

    def do_zelfde_volgnummer(self, office):
        sequence = self.next_sequence(office)
        people = self.some_people(office, 1, 3)
        for kind in self.rng.choice((("MUTATIE", "MUTATIE"), ("MUTATIE", "INTREKKING"),
                                     ("INTREKKING", "MUTATIE", "INTREKKING"),
                                     ("VOLLEDIG", "MUTATIE", "VOLLEDIG"),
                                     ("MUTATIE", "VOLLEDIG", "INTREKKING"))):
            if self.rng.random() < 0.6:
                self.world.change(office, self.rng.choice(people))
            lines = None if kind == "VOLLEDIG" else self.lines_of(people)
            if kind == "VOLLEDIG" and self.rng.random() < 0.5:
                lines = self.all_but(office, people[:1])
            self.deliver(office, kind, lines, sequence=sequence,
                         dry_run=self.rng.random() < 0.15)

    def do_wissel(self, office):
        """Deliveries that overtook each other."""
        high = self.next_sequence(office) + 3
        office.sequence = high = min(high, MAX_NUMBER)
        person = self.rng.choice(office.people)
        steps = [high, max(1, high - 1), max(1, high - 2), high]
        self.rng.shuffle(steps)
        for sequence in steps[:3]:
            self.world.change(office, person)
            kind = self.rng.choice(("MUTATIE", "MUTATIE", "INTREKKING", "VOLLEDIG"))
            self.deliver(office, kind, None if kind == "VOLLEDIG" else person.lines(),
                         sequence=sequence)

    def do_verouderd(self, office):
        older = max(1, office.sequence - self.rng.choice((0, 1, 1, 2, 5)))
        people = self.some_people(office, 1, 3)
        lines = self.all_but(office, people) or None
        kind = self.rng.choice(("VOLLEDIG", "VOLLEDIG", "MUTATIE", "INTREKKING"))
        self.deliver(office, kind, lines, sequence=older, dry_run=self.rng.random() < 0.2)

    def do_hoogste(self, office):
        """The end of the numbers: once there, a board can only repeat its highest."""
        if len(self.folder.events) < self.count * 0.8:
            return self.do_volledig(office)
        office.sequence = max(office.sequence, MAX_NUMBER - 2)
        self.deliver(office, "MUTATIE", self.lines_of(self.change_some(office)))
        office.sequence = MAX_NUMBER - 1
        self.deliver(office, "VOLLEDIG", sequence=MAX_NUMBER)
        return self.deliver(office, "MUTATIE", self.lines_of(self.change_some(office)),
                            sequence=MAX_NUMBER)

    # -- scenarios: absent teachers

    def confirm(self, office, delivery):
        if delivery is not None and delivery.header.delivery_id is not None:
            self.folder.confirm(office.board, delivery.header.delivery_id, self.scenario)

    def do_minder(self, office):
        """Around the limits of 7.2; sometimes confirmed, with other deliveries between."""
        rng = self.rng
        if len(office.people) < 4:
            self.world.hire(office, 4)
            self.deliver(office, "VOLLEDIG")
        half = len(office.people) // 2
        absent = rng.sample(office.people, rng.choice((1, 1, half, half, half + 1,
                                                       len(office.people) - 1)))
        delivery = self.deliver(office, "VOLLEDIG", self.all_but(office, absent),
                                dry_run=rng.random() < 0.15)
        if rng.random() < 0.4:
            kind = rng.choice(("MUTATIE", "MUTATIE", "INTREKKING"))
            some = rng.sample(absent, rng.randint(1, len(absent)))
            self.deliver(office, kind, self.lines_of(some))
        if rng.random() < 0.3:
            self.deliver(office, "VOLLEDIG", self.all_but(office, absent[:1]), dry_run=True)
        if rng.random() < 0.7:
            self.confirm(office, delivery)
        if rng.random() < 0.2:
            self.confirm(office, delivery)
        if rng.random() < 0.4:
            office.people = [person for person in office.people if person not in absent] \
                or office.people

    def do_groot(self, office):
        """A board of sixty or so: six absent is where a tenth starts to count."""
        rng = self.rng
        if self.has_been_large or rng.random() < 0.5:
            return self.do_minder(office)
        self.has_been_large = True
        size = rng.choice((56, 59, 60, 61, 66))
        while len(office.people) < size:
            person = self.world.make_person(office)
            del person.appointments[1:]
            office.people.append(person)
        self.deliver(office, "VOLLEDIG")
        absent = rng.sample(office.people, rng.choice((5, 6, 6, 7)))
        delivery = self.deliver(office, "VOLLEDIG", self.all_but(office, absent))
        if rng.random() < 0.6:
            self.confirm(office, delivery)
        del office.people[8:]
        return self.deliver(office, "VOLLEDIG", dry_run=rng.random() < 0.3)

    def do_twee_wacht(self, office):
        """Two fulls that may both wait: lower, equal and higher, in any order."""
        rng = self.rng
        if len(office.people) < 4:
            self.world.hire(office, 3)
        self.deliver(office, "VOLLEDIG")
        first = self.next_sequence(office)
        second = max(1, min(MAX_NUMBER, first + rng.choice((1, 1, 0, 0, -1))))
        office.sequence = max(first, second)
        made = []
        for sequence in (first, second):
            keep = self.some_people(office, 1, max(1, len(office.people) // 2 - 1))
            made.append(self.deliver(office, "VOLLEDIG", self.lines_of(keep), sequence=sequence,
                                     dry_run=rng.random() < 0.1))
            if rng.random() < 0.3:
                self.deliver(office, rng.choice(("MUTATIE", "INTREKKING")),
                             self.lines_of(self.some_people(office, 1, 2)))
        rng.shuffle(made)
        for delivery in made[:rng.choice((0, 1, 2, 2))]:
            self.confirm(office, delivery)

    def do_onleesbaar(self, office):
        """A full with a BSN that cannot be read: with anyone absent it waits."""
        rng = self.rng
        self.deliver(office, "VOLLEDIG")
        absent = self.some_people(office, 0, 1)
        lines = self.all_but(office, absent) or self.lines_of(office.people)
        rng.choice(lines)["bsn"] = sample.bad_bsn(rng, lines[0]["bsn"])
        delivery = self.deliver(office, "VOLLEDIG", lines, dry_run=rng.random() < 0.1)
        if rng.random() < 0.5:
            self.deliver(office, "MUTATIE", self.lines_of(absent))
        if rng.random() < 0.6:
            self.confirm(office, delivery)

    def do_bevestig_niets(self, office):
        """Confirmations that do nothing: unknown, refused, done, dry, of another board."""
        deliveries = [(board, delivery_id)
                      for board, state in sorted(self.folder.register.boards.items())
                      for delivery_id in state.deliveries]
        board, delivery_id = self.rng.choice(deliveries)
        other = self.rng.choice(self.offices).board
        refused = [event["kop"]["leveringsid"] for event in self.folder.events
                   if event["type"] == "levering" and event["kop"].get("leveringsid")]
        self.folder.confirm(*self.rng.choice((
            (board, delivery_id), (other, delivery_id), (board, self.new_id()),
            (board, "G-" + "0" * 32),
            (board, self.rng.choice([text for text in refused if 16 <= len(text) <= 36]
                                    or [delivery_id])))), self.scenario)

    def do_bevestig_wachtend(self, office):
        waiting = [(board, delivery_id)
                   for board, state in sorted(self.folder.register.boards.items())
                   for delivery_id, delivery in state.deliveries.items()
                   if delivery.status == WAITING]
        if not waiting:
            return self.do_bevestig_niets(office)
        return self.folder.confirm(*self.rng.choice(waiting), self.scenario)

    # -- scenarios: the volgnummer set back

    def do_herstel(self, office):
        """A volgnummer that was a mistake, and mostly set back again; or one that cannot be."""
        rng = self.rng
        before, delivery = office.sequence, None
        if rng.random() < 0.8:
            office.sequence = min(before + rng.choice((1, 7, 10 ** 6, 2 ** 62)), MAX_NUMBER - 9)
            kind = rng.choice(("VOLLEDIG", "VOLLEDIG", "VOLLEDIG", "MUTATIE", "INTREKKING"))
            some = self.some_people(office, 1, 2)
            lines = self.lines_of(some) if kind != "VOLLEDIG" or rng.random() < 0.6 else None
            delivery = self.deliver(office, kind, lines, dry_run=rng.random() < 0.1)
            if rng.random() < 0.3:
                self.do_mutatie(office)
        highest = self.folder.register.boards[office.board].highest_sequence \
            if office.board in self.folder.register.boards else 0
        back = rng.choice((before, before, before, before - 1, before - 3, before // 2, 0,
                           highest - 1, highest, highest + 1))
        if self.folder.set_back(office.board, max(0, back), self.scenario):
            office.sequence = max(0, back)
        if rng.random() < 0.2:
            self.folder.set_back(office.board, max(0, back), self.scenario)
        if rng.random() < 0.3:
            self.confirm(office, delivery)
        what = rng.choice(("gelijk", "mutatie", "verouderd", "minder", "herhaling", "niets"))
        if what != "niets":
            getattr(self, "do_" + what)(office)

    # -- scenarios: identity

    def earlier_event(self):
        return self.rng.choice([event for event in self.folder.events
                                if event["type"] == "levering"])

    def content_of(self, event):
        return (self.folder.out / event["bestand"]).read_bytes()

    def do_herhaling(self, office):
        """The same delivery again; what the gateway does not compare may differ."""
        event = self.earlier_event()
        kop = dict(event["kop"])
        change = self.rng.choice(("", "", "regels", "sha256", "contact_naam", "proef", "null"))
        if change == "regels":
            kop["regels"] = 9999
        elif change == "sha256":
            kop["sha256"] = "0" * 64
        elif change == "contact_naam":
            kop["contact_naam"] = "Q. Anders"
        elif change == "proef":
            kop["proef"] = bool(kop.get("proef"))
        elif change == "null":
            kop["regels"] = None
        self.send(kop, self.content_of(event))

    def do_id_botsing(self, office):
        """A known id with one part of the fingerprint changed."""
        event = self.earlier_event()
        kop, content = dict(event["kop"]), self.content_of(event)
        if not kop.get("leveringsid"):
            made = [delivery_id for state in self.folder.register.boards.values()
                    for delivery_id in state.deliveries if delivery_id.startswith("G-")]
            if made:
                kop["leveringsid"] = self.rng.choice(made)
        change = self.rng.choice(("inhoud", "proef", "volgnummer", "soort", "extractiedatum",
                                  "bestuur", "inhoud"))
        if change == "inhoud":
            content += b"\n"
            kop.pop("sha256", None)
        elif change == "proef":
            kop["proef"] = not kop.get("proef")
        elif change == "volgnummer":
            kop["volgnummer"] = (kop.get("volgnummer") or 0) + 1
        elif change == "soort":
            kop["soort"] = "MUTATIE" if kop.get("soort") == "VOLLEDIG" else "VOLLEDIG"
        elif change == "extractiedatum":
            kop["extractiedatum"] = iso_date(self.extraction_date())
        else:
            kop["bestuur"] = office.board
        self.send(kop, content)

    def do_id_opnieuw(self, office):
        """The id of a refused delivery is free; the made id of another may be delivered."""
        lines = self.lines_of(self.some_people(office, 1, 2))
        kop = self.header(office, "MUTATIE")
        kop["leveringsid"] = self.new_id()
        wrong = dict(kop, regels=len(lines) + 1)
        content = rendering.render(self.rng, lines,
                                   rendering.random_style(self.rng, lines, "MUTATIE"))
        self.send(wrong, content)
        self.send(kop, content)
        if self.rng.random() < 0.5:
            delivery = self.deliver(office, "MUTATIE", lines)
            if delivery is not None and delivery.status != REFUSED:
                event = self.folder.events[-1]
                again = dict(event["kop"], leveringsid=delivery.header.delivery_id)
                self.send(again, self.content_of(event))

    def do_ander_bestuur(self, office):
        """The same teachers, keys and ids at another board: nothing may show."""
        other = self.rng.choice(self.offices)
        people = self.some_people(other, 1, 3)
        self.deliver(office, self.rng.choice(("MUTATIE", "MUTATIE", "INTREKKING")),
                     self.lines_of(people))

    # -- scenarios: faults

    def do_kop(self, office):
        lines = self.lines_of(self.some_people(office, 1, 2))
        content = rendering.render(self.rng, lines, rendering.plain_style(
            rendering.needed_columns(lines, "MUTATIE")))
        for _ in range(3):
            kop = self.header(office, "MUTATIE")
            self.header_faults[self.header_deck.draw()](self.rng, kop, self.today)
            self.send(kop, content)

    def do_bestand(self, office):
        for _ in range(3):
            kind = self.rng.choice(("MUTATIE", "MUTATIE", "VOLLEDIG", "INTREKKING"))
            people = office.people if kind == "VOLLEDIG" else self.some_people(office, 1, 2)
            lines = self.lines_of(people)
            if kind == "INTREKKING":
                lines = [self.withdrawal_line(line) for line in lines]
            style = rendering.random_style(self.rng, lines, kind)
            kop = self.header(office, kind)
            if self.rng.random() < 0.01:
                fault = faults.RARE_FILE_FAULTS["te-veel-records"]
            else:
                fault = faults.FILE_FAULTS[self.file_deck.draw()]
            content = fault(self.rng, lines, style, kop)
            if self.rng.random() < 0.2 and "sha256" not in kop:
                kop["sha256"] = hashlib.sha256(content).hexdigest()
            self.send(kop, content)

    def fault_dates(self):
        extraction = self.extraction_date()
        return faults.DeliveryDates(extraction, self.today)

    def do_regels(self, office):
        """Lines that are wrong, or just not, most in one way and some in many."""
        rng = self.rng
        dates = self.fault_dates()
        lines = []
        for _ in range(rng.randrange(5, 12)):
            person = self.world.make_person(office)
            made = person.lines()
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                fault = faults.LINE_FAULTS[self.line_deck.draw()]
                fault(rng, self.world, office, rng.choice(made), dates)
            lines += made
        self.deliver(office, "MUTATIE", lines, extraction=dates.extraction_date,
                     dry_run=rng.random() < 0.1)

    def do_groepen(self, office):
        rng = self.rng
        dates = self.fault_dates()
        lines = []
        for _ in range(rng.randrange(3, 7)):
            person = self.world.make_person(office)
            made = faults.GROUP_FAULTS[self.group_deck.draw()](rng, self.world, office, person,
                                                               dates)
            lines += made
        self.deliver(office, "MUTATIE", lines, extraction=dates.extraction_date,
                     dry_run=rng.random() < 0.1)

    def do_fout(self, office):
        """A real full or mutation in which some lines of known teachers are wrong."""
        rng = self.rng
        dates = self.fault_dates()
        kind = rng.choice(("VOLLEDIG", "MUTATIE"))
        people = office.people if kind == "VOLLEDIG" else self.some_people(office, 2, 5)
        lines = self.lines_of(people)
        for line in rng.sample(lines, min(len(lines), rng.randrange(1, 4))):
            faults.LINE_FAULTS[self.line_deck.draw()](rng, self.world, office, line, dates)
        self.deliver(office, kind, lines, extraction=dates.extraction_date)

    def do_verkeerde_intrekking(self, office):
        """INTREKKING lines with LR-X05, numbers that are wrong, unknown or twice there."""
        rng = self.rng
        dates = self.fault_dates()
        lines = []
        for person in self.some_people(office, 2, 4) + [self.world.make_person(office)]:
            for line in person.lines()[:2]:
                made = self.withdrawal_line(line)
                what = rng.choice(("goed", "goed", "benoeming", "sleutel", "bsn", "ref", "leeg"))
                if what == "benoeming":
                    for column in rng.sample(COLUMNS[16:], rng.choice((1, 1, 3))):
                        made[column] = line[column]
                elif what == "sleutel":
                    faults.LINE_FAULTS["benoemingssleutel"](rng, self.world, office, made, dates)
                elif what == "bsn":
                    faults.LINE_FAULTS["bsn"](rng, self.world, office, made, dates)
                elif what == "ref":
                    faults.LINE_FAULTS["personeelsnummer"](rng, self.world, office, made, dates)
                elif what == "leeg":
                    made[rng.choice(COLUMNS[16:])] = "   "
                lines.append(made)
        kop = self.header(office, "INTREKKING", extraction=dates.extraction_date)
        content = rendering.render(rng, lines, rendering.random_style(rng, lines, "INTREKKING"))
        self.add_checks(kop, content, lines)
        self.send(kop, content)


# Name of the method do_<name>: how often it comes by before all have been.
SCENARIOS = {
    "gelijk": 2, "volledig": 2, "mutatie": 3, "intrekking": 2, "aba": 1,
    "zelfde_volgnummer": 2, "wissel": 1, "verouderd": 1, "hoogste": 1,
    "minder": 3, "groot": 1, "twee_wacht": 2, "onleesbaar": 1, "bevestig_niets": 2,
    "bevestig_wachtend": 2, "herhaling": 3, "id_botsing": 2, "id_opnieuw": 1, "ander_bestuur": 1,
    "kop": 5, "bestand": 6, "regels": 6, "groepen": 5, "fout": 3, "verkeerde_intrekking": 1,
    "herstel": 3,
}
