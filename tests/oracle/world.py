"""Invented boards' administrations: schools from the reference tables, teachers made up."""

import copy
from dataclasses import dataclass, field

import sample_values as sample
from dates import add_days, add_months
from findings import ADDRESS_COLUMNS, COLUMNS

_INVENTED_BOARD = "999"


@dataclass
class School:
    brin: str
    ground_sector: str
    sites: list


@dataclass
class Person:
    """A teacher as the board's own administration holds him."""
    bsn: str
    values: dict                                # columns 2-16
    appointments: list = field(default_factory=list)   # of dicts, columns 17-25

    def lines(self):
        return [dict.fromkeys(COLUMNS, "") | {"bsn": self.bsn} | self.values | appointment
                for appointment in self.appointments]


@dataclass
class Office:
    """One board: its schools, its people and its counter of volgnummers."""
    board: str
    schools: list
    people: list = field(default_factory=list)
    sequence: int = 0
    made: int = 0      # people made so far, for personeelsnummers

    def copy_of_people(self):
        return copy.deepcopy(self.people)


class World:
    """Everything that is invented for one folder, on top of the reference tables."""

    def __init__(self, rng, reference, today):
        self.rng = rng
        self.reference = reference
        self.today = today
        self._schools = self._find_schools()
        self._grounds = self._find_grounds()
        self._field_codes = {}
        for row in reference.rows("onderwijsterreinen"):
            self._field_codes.setdefault(row["sector"], []).append(row["code"])

    def _find_schools(self):
        """Schools by board that are open today."""
        sites = {}
        for row in self.reference.rows("vestigingen"):
            if self.reference.find("vestigingen", self.today, row["brin"], row["vestiging"]) is row:
                sites.setdefault(row["brin"], []).append(row["vestiging"])
        schools = {}
        for row in self.reference.rows("bestuur_school"):
            school_row = self.reference.find("scholen", self.today, row["brin"])
            is_open = (school_row is not None and row["brin"] in sites
                       and self.reference.find("bestuur_school", self.today, row["bestuur"],
                                               row["brin"]) is row)
            if is_open:
                schools.setdefault(row["bestuur"], []).append(
                    School(row["brin"], _ground_sector(school_row), sites[row["brin"]]))
        return schools

    def _find_grounds(self):
        grounds = {}
        for row in self.reference.rows("benoemingsgrondslagen"):
            if self.reference.find("benoemingsgrondslagen", self.today, row["code"]) is row:
                grounds.setdefault((row["sector"], row["doel"]), []).append(row)
        return grounds

    def make_offices(self, count):
        """Some invented boards and some from the lists, each with its schools."""
        boards = [board for board in self._schools
                  if self.reference.find("besturen", self.today, board) is not None]
        invented = sorted(board for board in boards if board.startswith(_INVENTED_BOARD))
        listed = sorted(set(boards) - set(invented))
        chosen = self.rng.sample(invented, min(len(invented), max(1, count // 2)))
        chosen += self.rng.sample(listed, min(len(listed), count - len(chosen)))
        return [self._make_office(board) for board in chosen]

    def _make_office(self, board):
        schools = self._schools[board]
        schools = self.rng.sample(schools, min(len(schools), 5))
        start = self.rng.choice((0, 0, 0, 4, 45, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 40, 2 ** 53))
        return Office(board, schools, sequence=start)

    def hire(self, office, count):
        for _ in range(count):
            office.people.append(self.make_person(office))

    def make_person(self, office):
        rng = self.rng
        office.made += 1
        number = str(1000 + office.made)
        values = dict.fromkeys(COLUMNS[1:16], "")
        birth = f"{rng.randrange(1957, 1996)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
        if rng.random() < 0.1:
            birth = birth[:rng.choice((4, 6))].ljust(8, "0")
        values.update(
            personeelsnummer=number if rng.random() < 0.9 else "",
            geslachtsnaam=rng.choice(sample.FAMILY_NAMES),
            voorvoegsel=rng.choice(sample.NAME_PREFIXES),
            voornamen=rng.choice(sample.GIVEN_NAMES),
            geslacht=rng.choice("MVO"), geboortedatum=birth)
        if rng.random() < 0.2:
            values.update(self._good_address())
        person = Person(sample.make_bsn(rng), values)
        for _ in range(rng.choice((1, 1, 1, 1, 1, 2, 2, 3))):
            person.appointments.append(self.make_appointment(office, person))
        return person

    def _good_address(self):
        rng = self.rng
        if rng.random() < 0.3:
            return {"postcode": "1234AB"}
        if rng.random() < 0.3:
            return {"land": "5010", "adresregel1": "Rue Une 1",
                    "adresregel3": rng.choice(("", "Belgique"))}
        return {"straat": rng.choice(sample.STREETS), "huisnummer": str(rng.randrange(1, 300)),
                "toevoeging": rng.choice(("", "a", "bis")), "postcode": "9711AA",
                "plaats": rng.choice(sample.CITIES)}

    def make_appointment(self, office, person, target=None):
        """A good appointment; the key is the next free one of this person."""
        rng = self.rng
        school = rng.choice(office.schools)
        if target is None:
            target = rng.choice(("REGISTER", "REGISTER", "VOORPORTAAL"))
        row = self._ground_row(school, target)
        begin = self._date_between(add_days(self.today, -2400), self.today)
        contract_start = begin if rng.random() < 0.6 else add_days(begin, -rng.randrange(0, 900))
        end = ""
        if row["einddatum_nodig"] == "J" or rng.random() < 0.1:
            end = str(self._good_end(begin, row))
        contract_end = end if end and rng.random() < 0.5 else ""
        codes = []
        if row["onderwijsterrein_nodig"] == "J":
            available = self._field_codes.get(row["sector"], [])
            codes = rng.sample(available, min(len(available), rng.choice((1, 1, 1, 2, 3, 4))))
        return {
            "benoemingssleutel": self._free_key(person), "brin": school.brin,
            "vestiging": rng.choice(school.sites),
            "begin_arbeidsovereenkomst": str(contract_start),
            "einde_arbeidsovereenkomst": contract_end, "begin_benoeming": str(begin),
            "einde_benoeming": end, "benoemingsgrondslag": row["code"],
            "onderwijsterrein": "|".join(codes),
        }

    def _free_key(self, person):
        used = {appointment["benoemingssleutel"] for appointment in person.appointments}
        number = len(used) + 1
        stem = person.values["personeelsnummer"] or "x"
        while f"A-{stem}-{number}" in used:
            number += 1
        return f"A-{stem}-{number}"

    def _ground_row(self, school, target):
        rows = self._grounds.get((school.ground_sector, target)) or self._grounds[("PO", target)]
        return self.rng.choice(rows)

    def _good_end(self, begin, row):
        limit = int(row["max_maanden"] or 24) + int(row["verleng_maanden"] or 0)
        last = add_days(add_months(begin, limit), -1)
        if self.rng.random() < 0.3:
            return last
        return self._date_between(begin, last)

    def _date_between(self, first, last):
        days = 0
        while add_days(first, days + 30) <= last:
            days += 30
        return add_days(first, self.rng.randrange(days + 1))

    def field_codes(self, sector):
        return self._field_codes.get(sector, [])

    def ground_row(self, code):
        return self.reference.find("benoemingsgrondslagen", self.today, code)

    def other_brin(self, office):
        """A school of another board."""
        others = [board for board in sorted(self._schools) if board != office.board]
        return self.rng.choice(self._schools[self.rng.choice(others)]).brin if others else "99ZZ"

    def change(self, office, person):
        """One change a board really makes to a teacher. Returns its name."""
        rng = self.rng
        name = rng.choice(("naam", "adres", "einde", "erbij", "eraf", "terrein", "sleutel",
                           "vestiging"))
        appointment = rng.choice(person.appointments)
        if name == "naam":
            person.values["geslachtsnaam"] = rng.choice(sample.FAMILY_NAMES)
        elif name == "adres":
            person.values.update(dict.fromkeys(ADDRESS_COLUMNS, ""), **self._good_address())
        elif name == "einde":
            row = self.ground_row(appointment["benoemingsgrondslag"])
            if row is not None:
                appointment["einde_benoeming"] = str(
                    self._good_end(int(appointment["begin_benoeming"]), row))
                appointment["einde_arbeidsovereenkomst"] = ""
        elif name == "eraf" and len(person.appointments) > 1:
            person.appointments.remove(appointment)
        elif name == "sleutel":
            appointment["benoemingssleutel"] = self._free_key(person)
        elif name == "vestiging":
            school = next((school for school in office.schools
                           if school.brin == appointment["brin"]), None)
            if school is not None:
                appointment["vestiging"] = rng.choice(school.sites)
        elif name == "terrein" and appointment["onderwijsterrein"]:
            codes = appointment["onderwijsterrein"].split("|")
            rng.shuffle(codes)
            appointment["onderwijsterrein"] = "|".join(codes[:rng.randrange(1, len(codes) + 1)])
        else:
            person.appointments.append(self.make_appointment(office, person))
        return name


def _ground_sector(school_row):
    if school_row["sector"] != "WEC":
        return school_row["sector"]
    return "VO" if school_row["schoolsoort"] == "VSO_EXAMEN" else "PO"
