"""work: one round of what a school board does, the same again and again: what comes of it must be the same each time.

VOLLEDIG with rejected lines, MUTATIE, INTREKKING, a VOLLEDIG that waits and is confirmed, a proef of many lines, a
repeat; and the questions a board asks. It begins and ends with the same teachers in the register, so that each round
but the first has the same outcome, whatever failed in between.
"""
import http.client
import json
import re
import time
import urllib.parse
from dataclasses import dataclass, field

from chaos import TESTS
from chaos.sender import cases

BOARD, SCHOOL = "99906", "99QF"
AGAIN = {408, 429, 500, 502, 503, 504}
TAKEN = {200, 202}
PAUSE_S = 0.02
DRY_LINES = 120
COLUMNS = "bsn;personeelsnummer;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;brin;" \
          "vestiging;begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;" \
          "benoemingsgrondslag;onderwijsterrein\n"


class WorkError(Exception):
    """What a board would complain of."""


def make_bsns(count):
    """Numbers that pass the 11-test, of those that are given to nobody."""
    found = []
    for number in range(999900000, 999999999):
        digits = [int(digit) for digit in str(number)]
        if (sum(digit * (9 - i) for i, digit in enumerate(digits[:8])) - digits[8]) % 11 == 0:
            found.append(str(number))
        if len(found) == count:
            return found
    raise AssertionError("there are that many")


BSNS = make_bsns(DRY_LINES + 20)


def line(number, name="Jansen", born="19800601"):
    return f"{BSNS[number]};p{number};{name};;Jan;M;{born};A-1;{SCHOOL};00;20100801;;20100801;;701;\n"


def full_file():
    return COLUMNS + "".join(line(i) for i in range(8)) + line(9, born="18000101") + line(10, name="")


FILES = [  # kind, content, other parameters
    ("VOLLEDIG", full_file(), {}),
    ("MUTATIE", COLUMNS + line(0, "Pietersen") + line(8) + line(11, born="20180101"), {}),
    ("INTREKKING", f"bsn;personeelsnummer\n{BSNS[1]};p1\n", {}),
    ("VOLLEDIG", COLUMNS + line(0, "Pietersen") + line(2), {}),  # waits
    ("MUTATIE", COLUMNS + "".join(line(i) for i in range(DRY_LINES)), {"proef": "ja"}),
]
WAITS = 3


@dataclass
class Door:
    """Where and as whom a board comes to the gateway."""
    port: int
    token: str
    tls: object = None                             # an SSLContext
    speakers: list = field(default_factory=list)   # (name, Authorization or None: none), who ask as well
    strangers: list = field(default_factory=list)  # Authorization of those who hear no


class Round:
    def __init__(self, number, door, wait_s):
        self.number = number
        self.door = door
        self.wait_s = wait_s
        self.deadline = time.monotonic() + wait_s
        self.signs = []   # what a sender saw of a fault, which is no difference: "503", "line broken"
        self.outcome = {}

    def name(self, index):
        return f"torture-{self.number:05}-{index:02}"

    def path(self, index):
        return f"/v1/besturen/{BOARD}/leveringen/{self.name(index)}"

    # --- one request ---

    def ask_once(self, method, path, body, headers):
        door = self.door
        connection = (http.client.HTTPSConnection("127.0.0.1", door.port, timeout=5, context=door.tls) if door.tls else
                      http.client.HTTPConnection("127.0.0.1", door.port, timeout=5))
        headers = {"Authorization": f"Bearer {door.token}"} | headers
        try:
            connection.request(method, path, body, {name: text for name, text in headers.items() if text is not None})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None, headers=None, until=None):
        """(status, content) of an answer that is one: asked again as every sender does when there is none."""
        while True:
            try:
                status, content = self.ask_once(method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                status, content = 0, repr(error).encode()
            if status and status not in AGAIN and (until is None or until(status, content)):
                return status, content
            if status == 0 or status in AGAIN:
                self.signs.append(str(status) if status else "line broken")
            if time.monotonic() > self.deadline:
                raise WorkError(f"{method} {path}: {status} {content[:200]!r} after {self.wait_s} s")
            time.sleep(PAUSE_S)

    # --- the round ---

    def play(self):
        for index in range(4):
            self.deliver(index)
        for index in range(4):
            self.wait_until(index, "wacht_op_bevestiging" if index == WAITS else "verwerkt")
        self.fetch(WAITS, "waiting")
        self.confirm()
        self.deliver(4)
        self.wait_until(4, "verwerkt")
        self.deliver(0)  # a repeat
        for index in range(len(FILES)):
            self.fetch(index, "")
        self.ask_questions()
        self.speak()
        return self.outcome

    def speak(self):
        """Each proof is looked at: a question, and a proef under a mandate."""
        path = f"/v1/besturen/{BOARD}/stand"
        for authorization in self.door.strangers:
            try:
                self.ask_once("GET", path, None, {"Authorization": authorization})
            except (OSError, http.client.HTTPException):
                self.signs.append("line broken")
        for index, (name, authorization) in enumerate(self.door.speakers, len(FILES)):
            status, content = self.ask("GET", path, headers={"Authorization": authorization})
            self.outcome[f"stand as {name}"] = f"{status}\n{self.normal(content)}"
            words = {"bestuur": BOARD, "soort": "MUTATIE", "volgnummer": self.number * 10 + index, "proef": "ja",
                     "leveringsid": self.name(index), "extractiedatum": "2018-07-01", "ontvangen_op": "2018-07-02"}
            status, content = self.ask("POST", "/v1/leveringen?" + urllib.parse.urlencode(words),
                                       (COLUMNS + line(0)).encode(),
                                       {"Content-Type": "text/csv", "Authorization": authorization})
            if status not in TAKEN:
                raise WorkError(f"a proef as {name} was answered {status}: {content[:300]!r}")

    def deliver(self, index):
        kind, text, more = FILES[index]
        words = {"bestuur": BOARD, "soort": kind, "volgnummer": self.number * 10 + index,
                 "leveringsid": self.name(index), "extractiedatum": "2018-07-01", "ontvangen_op": "2018-07-02"} | more
        headers = {"Content-Type": "text/csv"} | cases.field_headers({"kop": {"contact_naam": "Jan Vis"}})
        status, content = self.ask("POST", "/v1/leveringen?" + urllib.parse.urlencode(words), text.encode(), headers)
        if status not in TAKEN:
            raise WorkError(f"delivery {index} of the round was answered {status}: {content[:300]!r}")

    def wait_until(self, index, state):
        def is_there(status, content):
            return status == 200 and json.loads(content)["status"] == state
        self.ask("GET", self.path(index), until=is_there)

    def confirm(self):
        status, content = self.ask("POST", self.path(WAITS) + "/bevestiging", b"", {"Content-Type": "application/json"})
        if status not in TAKEN:
            raise WorkError(f"the confirmation was answered {status}: {content[:300]!r}")
        self.wait_until(WAITS, "verwerkt")

    def fetch(self, index, when):
        for kind, path, accept in (("summary", "", "application/json"), ("csv", "/terugmelding", "text/csv"),
                                   ("json", "/terugmelding", "application/json")):
            status, content = self.ask("GET", self.path(index) + path, headers={"Accept": accept})
            self.outcome[f"{index} {kind} {when}"] = f"{status}\n{self.normal(content)}"

    def ask_questions(self):
        for path in (f"/v1/besturen/{BOARD}/stand", f"/v1/besturen/{BOARD}/stand?bsn=ja", "/v1/installatie",
                     "/v1/toegang", f"/v1/besturen/{BOARD}/leveringen/none-of-this-nam",
                     "/v1/leveringen?bestuur=1&bestuur=2"):
            status, content = self.ask("GET", path)
            self.outcome[path] = f"{status}\n{self.normal(content)}"
        for path in ("/healthz", "/metrics"):
            self.outcome[path] = str(self.ask("GET", path)[0])
        status, content = self.ask("GET", f"/v1/besturen/{BOARD}/stand", headers={"Authorization": "Bearer none"})
        self.outcome["no token"] = f"{status}\n{self.normal(content)}"
        status, content = self.ask("POST", f"/v1/leveringen?bestuur={BOARD}&soort=ALLES&volgnummer=0&extractiedatum=x",
                                   b"bsn\n", {"Content-Type": "text/csv"})
        self.outcome["refused"] = f"{status}\n{self.normal(content)}"

    def normal(self, content):
        """Without what differs from round to round: names, numbers and moments."""
        text = content.decode("utf-8", "replace").replace(f"torture-{self.number:05}", "torture")
        text = re.sub(r'("volgnummer": ?|;)%d(\d)\b' % self.number, r"\1N\2", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT", text)
        return re.sub(r'"(verwijzing|referentie|instance|kenmerk)": ?"[^"]*"', r'"\1"', text)


def differences(expected, actual):
    found = []
    for name in sorted(expected.keys() | actual.keys()):
        old, new = expected.get(name, ""), actual.get(name, "")
        if old != new:
            at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
            found.append(f"{name}: {old[max(0, at - 40):at + 60]!r} became {new[max(0, at - 40):at + 60]!r}")
    return found
