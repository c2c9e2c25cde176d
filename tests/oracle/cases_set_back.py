"""The folder herstel: a board's volgnummer set back, 7.6."""

from case_folder import MAX_NUMBER, line
from cases_state import BoardOfCase

ABSURD = 2 ** 53 + 1   # no double holds it


def make_herstel(folder):
    _make_limits(folder)
    _make_statuses(folder)
    _make_waiting(folder)
    _make_full(folder)
    _make_unchanged(folder)
    _make_repeats(folder)
    _make_highest(folder)


class Board(BoardOfCase):
    def set_back(self, scenario, sequence):
        self.folder.set_back(f"{self.board}: {scenario}", self.board, sequence)

    def content(self):
        """The file that was sent last."""
        return self.folder.files[self.folder.events[-1]["bestand"]]


def _make_limits(folder):
    """Below the highest of LR-K04, 0 or higher; otherwise nothing happens."""
    board = Board(folder, "99906", "99QF")
    board.set_back("voor de eerste levering: niet uitgevoerd", 0)
    folder.set_back("onbekend bestuur: niet uitgevoerd", "00000", 0)
    board.send("geweigerd verhoogt niet", "VOLLEDIG", range(4), sequence=8, regels=99)
    board.send("proef verhoogt niet", "VOLLEDIG", range(4), sequence=9, proef=True)
    board.set_back("nog niets dat telt: niet uitgevoerd", 7)
    board.send("eerste", "VOLLEDIG", range(4), sequence=5)
    board.set_back("gelijk aan het hoogste: niet uitgevoerd", 5)
    board.set_back("boven het hoogste: niet uitgevoerd", 6)
    board.set_back("onder de 0: niet uitgevoerd", -1)
    board.set_back("boven wat een volgnummer kan zijn: niet uitgevoerd", MAX_NUMBER + 1)
    board.send("er is niets gebeurd: LR-R08", "MUTATIE", (0,), sequence=5, change={"geslacht": "V"})
    board.set_back("een onder het hoogste: uitgevoerd", 4)
    board.send("volgnummer 4 is dat van de leraar: LR-R08", "MUTATIE", (0,), sequence=4,
               change={"geslacht": "V"})
    board.send("5 is weer hoger, geen LR-K04: gewijzigd", "MUTATIE", (0,), sequence=5,
               change={"geslacht": "V"})
    board.set_back("nog eens: uitgevoerd", 2)
    board.set_back("twee keer na elkaar: niet uitgevoerd", 2)
    board.set_back("naar 0: uitgevoerd", 0)
    board.set_back("lager kan niet", 0)
    board.send("1 is weer hoger dan alles", "VOLLEDIG", range(4), sequence=1)


def _make_statuses(folder):
    """Every state above X gets X, whatever its status; what is at or below X keeps its own."""
    board = Board(folder, "99907", "99QG")
    board.send("eerste", "VOLLEDIG", range(12), sequence=1)
    board.send("lager dan waarnaar hersteld wordt", "MUTATIE", (1,), sequence=3)
    board.send("gelijk aan waarnaar hersteld wordt", "MUTATIE", (2,), sequence=10)
    board.send("absurd: gewijzigd", "MUTATIE", (3, 4), sequence=ABSURD, change={"geslacht": "V"})
    board.send("absurd: ingetrokken", "INTREKKING", (5, 6), sequence=ABSURD)
    board.send("absurd: een vervalt, twee veranderen terug", "VOLLEDIG",
               (0, 1, 2, 3, 4, 8, 9, 10, 11), sequence=ABSURD + 1)
    board.send("nog een ingetrokken", "INTREKKING", (8,), sequence=ABSURD + 2)
    other = Board(folder, "99908", "99QH")
    other.send("dezelfde leraren bij een ander bestuur", "VOLLEDIG", range(4), sequence=ABSURD)
    board.set_back("inhoud, status en vervallen_per blijven", 10)
    board.send("lager dan 10: verouderd", "MUTATIE", (0, 3, 5, 7), sequence=9)
    board.send("ACTIEF, ongewijzigd met 10", "MUTATIE", (3,), sequence=10)
    board.send("ACTIEF, andere inhoud met 10: LR-R08", "MUTATIE", (4,), sequence=10,
               change={"geslacht": "V"})
    board.send("INGETROKKEN met 10: LR-R08", "MUTATIE", (5,), sequence=10)
    board.send("VERVALLEN met 10: LR-R08", "MUTATIE", (7,), sequence=10)
    board.send("intrekking met 10: ongewijzigd, of LR-R08", "INTREKKING", (5, 3, 7), sequence=10)
    board.send("intrekking met 11 van wie er niet meer is: LR-R01", "INTREKKING", (5, 7), sequence=11)
    board.send("hoger: nieuw en gewijzigd", "MUTATIE", (5, 7, 4), sequence=11,
               change={"geslacht": "V"})
    board.send("intrekken gaat ook weer", "INTREKKING", (3,), sequence=11)
    other.send("het andere bestuur staat nog op zijn eigen: verouderd", "MUTATIE", (0,), sequence=11)


def _make_waiting(folder):
    """What waits above X ends with LR-K10, what waits at or below X waits on."""
    board = Board(folder, "99904", "99QD")
    board.send("eerste", "VOLLEDIG", range(10), sequence=1)
    low = board.send("wacht met 20", "VOLLEDIG", (0, 1), sequence=20)
    board.send("een MUTATIE met 40", "MUTATIE", (2,), sequence=40)
    board.set_back("boven wat er wacht: wacht verder", 30)
    board.send("lagere VOLLEDIG: L is leeg, 20 is er al", "VOLLEDIG", range(9), sequence=19)
    board.set_back("naar wat er wacht: wacht verder", 20)
    board.confirm("uitgevoerd: wie nu op 20 staat ontbreekt niet", low)
    board.send("terug", "VOLLEDIG", range(10), sequence=21)
    first = board.send("wacht met 50", "VOLLEDIG", (0,), sequence=50)
    second = board.send("wacht ook met 50", "VOLLEDIG", (1,), sequence=50)
    board.set_back("een onder beide: LR-K10", 49)
    board.confirm("niet meer nodig: niet uitgevoerd", first)
    board.confirm("niet meer nodig: niet uitgevoerd", second)
    board.send("50 hoeft niet hoger: wie er niet bij is, ontbreekt nu wel", "VOLLEDIG", range(9),
               sequence=50)
    third = board.send("wacht met 60", "VOLLEDIG", (0,), sequence=60)
    board.set_back("ver terug: LR-K10", 3)
    board.confirm("niet meer nodig: niet uitgevoerd", third)
    fourth = board.send("wacht met 4", "VOLLEDIG", (0,), sequence=4)
    board.set_back("boven het hoogste van nu: niet uitgevoerd, wacht verder", 10)
    board.confirm("uitgevoerd", fourth)
    board.set_back("na het vervallen", 2)
    board.send("wie verviel staat nu op 2: nieuw met 3", "MUTATIE", (1, 2), sequence=3)


def _make_full(folder):
    """The volgnummer of a completed VOLLEDIG too: teachers lapse again."""
    board = Board(folder, "99909", "99QK")
    board.send("eerste", "VOLLEDIG", range(12), sequence=1)
    board.send("VOLLEDIG met een absurd volgnummer", "VOLLEDIG", range(12), sequence=ABSURD)
    board.send("nieuwe MUTATIE met een gewoon", "MUTATIE", (20,), sequence=2)
    board.send("L is leeg", "VOLLEDIG", range(12), sequence=3)
    board.send("MUTATIE nog hoger", "MUTATIE", (0,), sequence=ABSURD + 5)
    board.set_back("tussen de twee: L blijft leeg", ABSURD + 2)
    board.send("L is leeg", "VOLLEDIG", range(12), sequence=4)
    board.set_back("onder beide", 5)
    board.send("gelijk aan een VOLLEDIG: wie op 5 staat ontbreekt niet", "VOLLEDIG", range(11),
               sequence=5)
    board.send("6: L is niet leeg, een vervalt", "VOLLEDIG", range(11), sequence=6)
    board.send("proef: een zou vervallen", "VOLLEDIG", range(10), sequence=7, proef=True)
    board.send("een vervalt", "VOLLEDIG", range(10), sequence=7)
    board.set_back("terug tot voor het vervallen", 3)
    board.send("vervallen blijft vervallen, en telt niet als ontbrekend", "VOLLEDIG", range(10),
               sequence=4)
    board.send("3 is lager dan de VOLLEDIG met 4: L is leeg", "VOLLEDIG", range(9), sequence=3)


def _make_unchanged(folder):
    """What did not change, night after night, before and after."""
    board = Board(folder, "99902", "99QB")
    for sequence in (1, 2, ABSURD):
        board.send(f"nacht {sequence}", "VOLLEDIG", range(20), sequence=sequence)
    board.set_back("nergens staat meer dan 2", 2)
    board.send("nacht 2 nog eens: ongewijzigd, LR-K04", "VOLLEDIG", range(20), sequence=2)
    board.send("nacht 3: ongewijzigd op een na", "VOLLEDIG", range(19), sequence=3,
               extra=[line(19, brin="99QB", geslacht="V")])
    board.send("nacht 4: er en terug veranderd", "VOLLEDIG", range(20), sequence=4)
    board.send("absurd, drie ongewijzigd", "MUTATIE", range(3), sequence=ABSURD)
    board.set_back("terug naar nacht 4", 4)
    board.send("nacht 5: ongewijzigd", "VOLLEDIG", range(20), sequence=5)
    board.set_back("terug naar 1, dan van daar omhoog", 1)
    for sequence in (1, 2, 3):
        board.send(f"opnieuw nacht {sequence}: ongewijzigd", "VOLLEDIG", range(20), sequence=sequence)
    board.send("een verandert", "MUTATIE", (0,), sequence=4, change={"geslacht": "V"})
    board.send("en verandert terug", "MUTATIE", (0,), sequence=5)


def _make_repeats(folder):
    """A leveringsid stays known, whatever its volgnummer was."""
    board = Board(folder, "99905", "99QE")

    def again(scenario, kop, content, **changes):
        folder.send(f"99905: {scenario}", content, kop=kop | changes, board="99905")

    board.send("eerste", "VOLLEDIG", range(6), sequence=1)
    absurd = board.send("absurd", "VOLLEDIG", range(5), sequence=ABSURD, change={"geslacht": "V"})
    content = board.content()
    board.set_back("uitgevoerd", 1)
    again("de absurde nog eens: herhaling, verandert niets", absurd, content)
    again("het id met een ander volgnummer: LR-K01", absurd, content, volgnummer=2)
    again("dezelfde inhoud met een nieuw id en volgnummer: ongewijzigd", absurd, content,
          volgnummer=2, leveringsid="herstel-opnieuw-2")
    board.send("andere inhoud met 3: gewijzigd", "VOLLEDIG", range(5), sequence=3)
    again("de absurde nog eens: herhaling, verandert niets", absurd, content)
    again("de absurde met een nieuw id: gewijzigd, en het hoogste is weer absurd", absurd, content,
          leveringsid="herstel-opnieuw-3")
    board.send("met 4: verouderd", "MUTATIE", (0,), sequence=4)
    board.set_back("nog eens terug: uitgevoerd", 3)
    again("de tweede absurde nog eens: herhaling", absurd, content, leveringsid="herstel-opnieuw-3")
    board.send("met 4: gewijzigd", "MUTATIE", (0,), sequence=4)
    board.send("hetzelfde volgnummer, andere inhoud: LR-R08", "MUTATIE", (0,), sequence=4,
               change={"geslacht": "O"})
    board.send("hetzelfde volgnummer, een andere leraar: nieuw", "MUTATIE", (9,), sequence=4)


def _make_highest(folder):
    """The highest number there is: without 7.6 this board could never be corrected again."""
    board = Board(folder, "99903", "99QC")

    def send(scenario, kind, teachers, **more):
        return board.send(scenario, kind, teachers, extraction=20171230, received=20171231, **more)

    send("het hoogste dat er is", "VOLLEDIG", range(3), sequence=MAX_NUMBER)
    send("er gaat niets meer boven: LR-R08", "MUTATIE", (0,), sequence=MAX_NUMBER,
         change={"geslacht": "V"})
    board.set_back("gelijk: niet uitgevoerd", MAX_NUMBER)
    board.set_back("een lager: uitgevoerd", MAX_NUMBER - 1)
    send("eenmaal kan het nog: gewijzigd", "MUTATIE", (0,), sequence=MAX_NUMBER,
         change={"geslacht": "V"})
    board.set_back("naar 0: uitgevoerd", 0)
    send("1: gewijzigd en een vervalt", "VOLLEDIG", (0, 1), sequence=1)
