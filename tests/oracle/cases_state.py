"""The folders toestand, einde, proef and herhaling: what deliveries do to the register."""

import hashlib

from case_folder import EDUCATION_NUMBERS, WRONG_NUMBERS, bsn, line, table, withdrawal
from header import read_header
from rendering import BOM


# --- toestand: every row of chapter 6 ---------------------------------------------------------

def make_toestand(folder):
    for board, brin, kind in (("99906", "99QF", "VOLLEDIG"), ("99907", "99QG", "MUTATIE"),
                              ("99908", "99QH", "INTREKKING")):
        _make_state_table(folder, board, brin, kind)
    _make_state_notes(folder)


# Teachers of the table: what each is when the delivery with volgnummer 10 comes.
_STATE_TEACHERS = {
    "fout": 1, "geen": 2, "hoger-actief": 3, "hoger-ingetrokken": 4, "hoger-vervallen": 5,
    "gelijk-zelfde": 6, "gelijk-ander": 7, "gelijk-ingetrokken": 8, "gelijk-vervallen": 9,
    "lager-zelfde": 10, "lager-ander": 11, "lager-ingetrokken": 12, "lager-vervallen": 13,
}


def _make_state_table(folder, board, brin, kind):
    teachers = _STATE_TEACHERS

    def send(scenario, kind, sequence, names, fillers=0, **more):
        if kind == "INTREKKING":
            lines = [withdrawal(teachers[name], personeelsnummer=name) for name in names]
        else:
            lines = [line(teachers[name], brin=brin, personeelsnummer=name, **more)
                     for name in names]
            lines += [line(20 + place, brin=brin) for place in range(fillers)]
        return folder.send(f"{board}: {scenario}", lines, board=board, kind=kind,
                           sequence=sequence)

    lapsing = ("lager-vervallen", "gelijk-vervallen", "hoger-vervallen")
    send("voorbereiding", "VOLLEDIG", 1, lapsing, 4)
    for place, sequence in enumerate((5, 10, 20)):
        send(f"voorbereiding, {lapsing[place]}", "VOLLEDIG", sequence, lapsing[place + 1:], 4)
    send("voorbereiding", "MUTATIE", 4, ("lager-ingetrokken", "gelijk-ingetrokken",
                                         "hoger-ingetrokken"))
    for sequence, name in ((5, "lager"), (10, "gelijk"), (20, "hoger")):
        send("voorbereiding", "INTREKKING", sequence, (f"{name}-ingetrokken",))
    send("voorbereiding", "MUTATIE", 5, ("fout", "lager-zelfde", "lager-ander"))
    send("voorbereiding", "MUTATIE", 10, ("gelijk-zelfde", "gelijk-ander"))
    send("voorbereiding", "MUTATIE", 20, ("hoger-actief",))
    if kind == "INTREKKING":
        lines = [withdrawal(number, personeelsnummer=name) for name, number in teachers.items()]
        lines[0]["brin"] = brin
    else:
        lines = [line(number, brin=brin, personeelsnummer=name,
                      geslachtsnaam="Anders" if name.endswith("ander") else "Jansen")
                 for name, number in teachers.items()]
        lines[0]["geslacht"] = "X"
    folder.send(f"{board}: alle rijen, {kind} met volgnummer 10", lines, board=board, kind=kind,
                sequence=10)
    folder.send(f"{board}: dezelfde regels met volgnummer 10 nog eens", lines, board=board,
                kind=kind, sequence=10)
    folder.send(f"{board}: dezelfde regels met volgnummer 30", lines, board=board, kind=kind,
                sequence=30)


def _make_state_notes(folder):
    board, brin = "99909", "99QK"

    def send(scenario, lines, kind="MUTATIE", sequence=None, **more):
        if kind != "INTREKKING":
            lines = [values | {"brin": brin} for values in lines]
        folder.send(f"{board}: {scenario}", lines, board=board, kind=kind, sequence=sequence,
                    **more)

    send("afgekeurd", [line(1, geslacht="X"), line(2)], sequence=5)
    send("verbeterd met hetzelfde volgnummer", [line(1), line(2)], sequence=5)
    send("ander personeelsnummer en andere extractiedatum: ongewijzigd",
         [line(1, personeelsnummer="9")], sequence=6, extraction=20180702)
    send("ongewijzigd verhoogt het volgnummer: 5 is nu verouderd", [line(1, geslacht="V")],
         sequence=5)
    two = [line(3, "B"), line(3, "A", begin_benoeming="20110801", **{
        "benoemingsgrondslag": "708", "onderwijsterrein": "P001|P002",
        "einde_benoeming": "20190731"})]
    send("twee benoemingen", two)
    send("andere volgorde, andere schrijfwijze: ongewijzigd", [
        two[1] | {"onderwijsterrein": " P002 | P001 ", "vestiging": ""},
        two[0] | {"vestiging": "0"}])
    send("een benoeming minder: gewijzigd", two[:1])
    send("andere sleutel: gewijzigd", [two[0] | {"benoemingssleutel": "C"}])
    send("alleen een adres erbij: gewijzigd", [two[0] | {"benoemingssleutel": "C",
                                                         "postcode": "1234AB"}])
    send("geboortedatum zoals geschreven: gewijzigd", [line(2, geboortedatum="19800600")])
    send("e met accent in een teken", [line(4, geslachtsnaam="Zoé")])
    send("e met accent in twee tekens: gewijzigd", [line(4, geslachtsnaam="Zoe\u0301")])
    send("intrekken en opnieuw leveren: nieuw", [withdrawal(4)], "INTREKKING")
    send("intrekken en opnieuw leveren: nieuw", [line(4)])
    send("dezelfde leraar bij een ander bestuur is een andere leraar", [withdrawal(10)],
         "INTREKKING")


# --- einde: chapter 7 -------------------------------------------------------------------------

def make_einde(folder):
    _make_end_limits(folder)
    _make_end_tenth(folder)
    _make_end_naming(folder)
    _make_end_higher(folder)
    _make_end_confirm(folder)
    _make_end_cancel(folder)


class BoardOfCase:
    """Deliveries of one board in which every teacher has one plain line."""

    def __init__(self, folder, board, brin):
        self.folder, self.board, self.brin = folder, board, brin

    def lines(self, teachers, **more):
        return [line(teacher, brin=self.brin, **more) for teacher in teachers]

    def send(self, scenario, kind, teachers, sequence=None, extra=(), change=None, **fields):
        if kind == "INTREKKING":
            lines = [withdrawal(teacher) for teacher in teachers]
        else:
            lines = self.lines(teachers, **(change or {})) + list(extra)
        return self.folder.send(f"{self.board}: {scenario}", lines, board=self.board, kind=kind,
                                sequence=sequence, **fields)

    def confirm(self, scenario, kop):
        self.folder.confirm(f"{self.board}: {scenario}", kop, self.board)


def _make_end_limits(folder):
    board = BoardOfCase(folder, "99906", "99QF")
    board.send("eerste: niemand ontbreekt", "VOLLEDIG", range(10))
    board.send("5 van de 10: precies de helft vervalt meteen", "VOLLEDIG", range(5))
    board.send("3 van de 5: meer dan de helft wacht", "VOLLEDIG", range(2))
    board.send("terug naar 11", "VOLLEDIG", range(11))
    board.send("5 van de 11: vijf is nooit te veel", "VOLLEDIG", range(6))
    board.send("MUTATIE: niemand ontbreekt", "MUTATIE", range(1))
    board.send("INTREKKING: niemand ontbreekt", "INTREKKING", (0,))
    board.send("ingetrokken telt niet in m, nieuw wel", "VOLLEDIG", (1, 2, 3, 30))


def _make_end_tenth(folder):
    board = BoardOfCase(folder, "99907", "99QG")
    board.send("zestig leraren", "VOLLEDIG", range(60))
    board.send("6 van de 60: precies een tiende vervalt meteen", "VOLLEDIG", range(6, 60))
    board.send("terug, nu negenenvijftig", "VOLLEDIG", range(1, 60))
    board.send("6 van de 59: meer dan een tiende wacht", "VOLLEDIG", range(7, 60))


def _make_end_naming(folder):
    board = BoardOfCase(folder, "99908", "99QH")
    board.send("eerste", "VOLLEDIG", range(12))
    board.send("afgekeurde leraar is wel genoemd", "VOLLEDIG", range(1, 12),
               extra=[line(0, brin="99QH", geslacht="X")])
    board.send("onleesbaar BSN, niemand ontbreekt: verwerkt", "VOLLEDIG", range(12),
               extra=[line("", brin="99QH")])
    board.send("MUTATIE met hoger volgnummer", "MUTATIE", (11,), sequence=10)
    board.send("seq gelijk aan of hoger dan s ontbreekt niet", "VOLLEDIG", range(11), sequence=10)
    first = board.send("onleesbaar BSN en een ontbreekt: wacht", "VOLLEDIG", range(1, 12),
                       sequence=12, extra=[line(bsn(0)[:8], brin="99QH")])
    board.send("LR-P02 en LR-P03 noemen niemand: wacht, en het eerste wachten vervalt", "VOLLEDIG",
               range(1, 12), sequence=13, extra=[line(WRONG_NUMBERS[0], brin="99QH"),
                                                 line(EDUCATION_NUMBERS[0], brin="99QH")])
    board.confirm("bevestigen van wat niet meer wacht", first)
    board.send("LR-R08 noemt wel", "VOLLEDIG", range(12), sequence=13, change={"geslacht": "V"})
    board.send("ander bestuur met dezelfde leraren", "VOLLEDIG", range(2), sequence=14)
    other = BoardOfCase(folder, "99902", "99QB")
    other.send("dezelfde leraren, eigen toestand", "VOLLEDIG", range(3))
    other.send("een vervalt, bij 99908 niet", "VOLLEDIG", range(2))


def _make_end_higher(folder):
    board = BoardOfCase(folder, "99909", "99QK")
    board.send("eerste", "VOLLEDIG", range(6), sequence=1)
    board.send("hoger, alles", "VOLLEDIG", range(5), sequence=10)
    board.send("MUTATIE met laag volgnummer: nieuw", "MUTATIE", (20,), sequence=3)
    board.send("lager dan een VOLLEDIG: L is leeg, m telt wel", "VOLLEDIG", (0,), sequence=9)
    board.send("gelijk aan een VOLLEDIG: L is niet leeg", "VOLLEDIG", range(5), sequence=10)
    board.send("proef met hoog volgnummer", "VOLLEDIG", range(5), sequence=50, proef=True)
    board.send("MUTATIE met hoog volgnummer", "MUTATIE", (0,), sequence=40)
    board.send("proef en MUTATIE maken L niet leeg", "VOLLEDIG", range(4), sequence=30)
    board.send("vervallen leraar met hetzelfde volgnummer: LR-R08", "MUTATIE", (4,), sequence=30)
    board.send("vervallen leraar met hoger volgnummer: nieuw", "MUTATIE", (4,), sequence=31)
    board.send("wacht", "VOLLEDIG", (0,), sequence=60)
    board.send("lager dan een wachtende VOLLEDIG: L is leeg", "VOLLEDIG", (0, 1), sequence=59)


def _make_end_confirm(folder):
    board = BoardOfCase(folder, "99904", "99QD")
    board.send("eerste", "VOLLEDIG", range(10))
    waiting = board.send("8 van de 10 wacht", "VOLLEDIG", (0, 1), extraction=20180630)
    board.send("terwijl het wacht: MUTATIE noemt een ontbrekende", "MUTATIE", (2,))
    board.send("terwijl het wacht: INTREKKING van een ontbrekende", "INTREKKING", (3,))
    board.send("terwijl het wacht: lagere MUTATIE brengt er een bij", "MUTATIE", (40,), sequence=1)
    board.send("terwijl het wacht: proef met hoger volgnummer", "VOLLEDIG", range(10), sequence=99,
               proef=True)
    folder.confirm("bij een ander bestuur: niet uitgevoerd", waiting["leveringsid"], "99906")
    folder.confirm("onbekend leveringsid: niet uitgevoerd", "einde-onbekend-01", "99904")
    folder.confirm("onbekend bestuur: niet uitgevoerd", waiting["leveringsid"], "00000")
    board.confirm("L opnieuw bepaald: 7 vervallen", waiting)
    board.confirm("nog eens: niet uitgevoerd", waiting)
    refused = board.send("geweigerd", "VOLLEDIG", (0,), regels=99)
    board.confirm("geweigerd: niet uitgevoerd", refused)
    done = board.send("verwerkt", "MUTATIE", (0,))
    board.confirm("verwerkt: niet uitgevoerd", done)
    dry = board.send("proef die zou wachten", "VOLLEDIG", (0,), proef=True)
    board.confirm("proef: niet uitgevoerd", dry)
    empty = board.send("wacht", "VOLLEDIG", (0,))
    board.send("alle ontbrekenden hoger geleverd", "MUTATIE", (1, 2))
    board.confirm("uitgevoerd, maar er vervalt niemand meer", empty)
    made = board.send("wacht, zonder leveringsid", "VOLLEDIG", (0,), leveringsid=...)
    content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    folder.confirm("99904: op het gemaakte nummer", _made_id(made, content), "99904")
    board.send("vervallen leraren komen terug", "MUTATIE", (1, 4))


def _made_id(kop, content):
    """The id the gateway makes if the header has none."""
    without_id = {field: value for field, value in kop.items() if field != "leveringsid"}
    return read_header(without_id, content).delivery_id


def _make_end_cancel(folder):
    board = BoardOfCase(folder, "99905", "99QE")
    board.send("eerste", "VOLLEDIG", range(10), sequence=1)
    first = board.send("wacht met 10", "VOLLEDIG", (0, 1), sequence=10)
    board.send("hogere MUTATIE heft niet op", "MUTATIE", (0,), sequence=11)
    board.send("hogere proef heft niet op", "VOLLEDIG", range(10), sequence=12, proef=True)
    board.send("hogere geweigerde heft niet op", "VOLLEDIG", range(10), sequence=12, regels=99)
    board.send("lagere VOLLEDIG heft niet op", "VOLLEDIG", range(9), sequence=9)
    second = board.send("gelijke VOLLEDIG heft niet op, en wacht ook", "VOLLEDIG", (0, 2),
                        sequence=10)
    board.confirm("de tweede met 10 wordt bevestigd", second)
    board.confirm("de eerste met 10 ook: er vervalt nog een", first)
    board.send("terug", "VOLLEDIG", range(10), sequence=20)
    older = board.send("wacht met 21", "VOLLEDIG", (0,), sequence=21)
    board.send("wacht met 21, nog een", "VOLLEDIG", (1,), sequence=21)
    newer = board.send("wacht met 22 en heft beide op", "VOLLEDIG", (2,), sequence=22)
    board.confirm("opgeheven: niet uitgevoerd", older)
    board.send("met 23 is iedereen terug: heft op", "VOLLEDIG", range(10), sequence=23)
    board.confirm("opgeheven: niet uitgevoerd", newer)
    board.send("wacht met 24", "VOLLEDIG", (0,), sequence=24)
    board.send("met 25 vervalt er een meteen: heft op", "VOLLEDIG", range(9), sequence=25)
    last = board.send("wacht met 26", "VOLLEDIG", (0,), sequence=26)
    board.send("lagere VOLLEDIG na een wachtende: blijft wachten", "VOLLEDIG", range(9),
               sequence=25,
               extraction=20180702)
    board.confirm("uitgevoerd", last)


# --- proef: dry runs --------------------------------------------------------------------------

def make_proef(folder):
    board = BoardOfCase(folder, "99906", "99QF")
    board.send("proef van een eerste levering: niets blijft", "VOLLEDIG", range(6), proef=True)
    board.send("proef van een INTREKKING van een onbekende", "INTREKKING", (0,), proef=True)
    board.send("eerste", "VOLLEDIG", range(6))
    board.send("proef: wijziging", "MUTATIE", (0,), proef=True, change={"geslacht": "V"})
    board.send("dezelfde wijziging, nu echt: gewijzigd", "MUTATIE", (0,), change={"geslacht": "V"})
    board.send("proef: intrekking", "INTREKKING", (1,), proef=True)
    board.send("dezelfde intrekking, nu echt: ingetrokken", "INTREKKING", (1,))
    board.send("proef: een zou vervallen (LR-R06)", "VOLLEDIG", (0, 2, 3, 4), proef=True)
    dry = board.send("proef: vier zouden wachten (LR-K06), status verwerkt", "VOLLEDIG", (0,),
                     proef=True)
    board.confirm("een proef is niet te bevestigen", dry)
    board.send("proef: n en m alsof de regels zijn toegepast", "VOLLEDIG", (0, 1, 10, 11),
               proef=True)
    board.send("proef: onleesbaar BSN", "VOLLEDIG", (0, 2, 3, 4), proef=True,
               extra=[line("", brin="99QF")])
    board.send("proef met afgekeurde regels", "MUTATIE", (0,), proef=True,
               extra=[line(2, brin="99QF", geslacht="X"), line(2, "A-2", brin="99QF",
                                                               begin_benoeming="20110801")])
    board.send("proef: LR-K04 en LR-K05", "MUTATIE", (0,), sequence=1, extraction=20180501,
               proef=True)
    board.send("proef met gelijk volgnummer: LR-R08", "MUTATIE", (2,), sequence=3, proef=True,
               change={"geslacht": "V"})
    board.send("proef verouderd", "MUTATIE", (2,), sequence=1, proef=True)
    board.send("proef ongewijzigd met hoog volgnummer", "MUTATIE", (2,), sequence=90, proef=True)
    board.send("het volgnummer van de leraar is niet verhoogd: ongewijzigd", "MUTATIE", (2,),
               sequence=20)
    board.send("geweigerde proef", "MUTATIE", (2,), proef=True, regels=99)
    waiting = board.send("wacht", "VOLLEDIG", (0,), sequence=100)
    board.send("proef met hoger volgnummer heft niet op", "VOLLEDIG", (0, 2, 3, 4), sequence=101,
               proef=True)
    board.send("proef lager dan een VOLLEDIG: L is leeg", "VOLLEDIG", (0,), sequence=99, proef=True)
    board.send("proef met gelijk volgnummer: L is niet leeg", "VOLLEDIG", (0, 2), sequence=100,
               proef=True)
    board.confirm("uitgevoerd", waiting)
    board.send("proef: vervallen leraar zou nieuw zijn", "MUTATIE", (2, 1), proef=True)
    kop = board.send("proef houdt zijn leveringsid", "MUTATIE", (3,), proef=True)
    content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    folder.send("herhaling van een proef", content, kop=kop)
    folder.send("dezelfde levering echt, met het id van de proef: LR-K01", content,
                kop=kop | {"proef": False})
    folder.send("dezelfde levering echt, met een nieuw id", content,
                kop=kop | {"proef": False, "leveringsid": "proef-echt-000001"})
    folder.send("zonder id: proef en echt krijgen een ander gemaakt nummer", content,
                kop={field: value for field, value in kop.items() if field != "leveringsid"})
    folder.send("zonder id: proef en echt krijgen een ander gemaakt nummer", content,
                kop={field: value for field, value in kop.items()
                     if field not in ("leveringsid", "proef")})


# --- herhaling: identity of a delivery --------------------------------------------------------

def make_herhaling(folder):
    board = BoardOfCase(folder, "99906", "99QF")

    def again(scenario, kop, content, **changes):
        kop = {field: value for field, value in (kop | changes).items() if value is not ...}
        folder.send(scenario, content, kop=kop, board=kop["bestuur"], received=20180801)

    first = board.send("eerste", "VOLLEDIG", range(4))
    content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    again("herhaling", first, content)
    for scenario, changes in (("met regels", {"regels": 4}), ("met foute regels", {"regels": 99}),
                              ("met sha256", {"sha256": digest.upper()}),
                              ("met foute sha256", {"sha256": "0" * 64}),
                              ("met contact", {"contact_naam": "P. Voorbeeld"}),
                              ("met proef false", {"proef": False}),
                              ("met proef null", {"proef": None})):
        again(f"herhaling {scenario}", first, content, **changes)
    again("herhaling met fout van vorm: LR-K08", first, content, regels=-1)
    for scenario, changes in (("soort", {"soort": "MUTATIE"}), ("proef", {"proef": True}),
                              ("volgnummer", {"volgnummer": 2}),
                              ("extractiedatum", {"extractiedatum": "2018-06-30"})):
        again(f"LR-K01: ander {scenario}", first, content, **changes)
    again("LR-K01: andere inhoud, een LF meer", first, content + b"\n")
    again("LR-K01: andere inhoud, BOM", first, BOM + content)
    again("LR-K01: andere inhoud die geen bestand is", first, b"")
    again("hoofdletters in het id: een ander id", first, content,
          leveringsid=first["leveringsid"].upper())
    again("hetzelfde id bij een ander bestuur", first,
          table(BoardOfCase(folder, "99907", "99QG").lines(range(2)), kind="VOLLEDIG"),
          bestuur="99907")
    _make_repeat_made_ids(folder, board, again)
    _make_repeat_states(folder, board, again)


def _make_repeat_made_ids(folder, board, again):
    made = board.send("zonder leveringsid", "MUTATIE", (5,), leveringsid=...)
    content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    again("zonder leveringsid nog eens: herhaling", made, content)
    again("met leveringsid null: herhaling", made, content, leveringsid=None)
    made_id = _made_id(made, content)
    again("het gemaakte nummer geleverd: herhaling", made, content, leveringsid=made_id)
    again("het gemaakte nummer met andere inhoud: LR-K01", made, content + b"\n",
          leveringsid=made_id)
    again("dezelfde inhoud onder een eigen nummer: een nieuwe levering", made, content,
          leveringsid="herhaling-eigen-01")
    later = dict(made, volgnummer=50)
    again("het nummer dat gemaakt zou worden, vooraf geleverd", later, content,
          leveringsid=_made_id(later, content))
    again("daarna zonder leveringsid: herhaling", later, content)
    other = dict(made, volgnummer=51)
    again("het nummer van een ander, bij andere inhoud", other, content + b"\n",
          leveringsid=_made_id(other, content))
    again("zonder leveringsid wordt dat nummer gemaakt: LR-K01", other, content)


def _make_repeat_states(folder, board, again):
    refused = board.send("geweigerd", "MUTATIE", (6,), sequence=60, regels=99)
    content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    again("hetzelfde geweigerd: geen herhaling", refused, content)
    again("het id van een geweigerde is vrij", refused, content, regels=1)
    again("nu is het een herhaling", refused, content)
    waiting = board.send("wacht", "VOLLEDIG", (0,), sequence=70)
    waiting_content = (folder.path / folder.events[-1]["bestand"]).read_bytes()
    again("herhaling van een wachtende: wacht nog", waiting, waiting_content)
    board.confirm("uitgevoerd", waiting)
    again("herhaling van een bevestigde: vervalt niet nog eens", waiting, waiting_content)
    board.send("terug", "VOLLEDIG", range(4), sequence=80)
    again("herhaling na een nieuwere: verandert niets", waiting, waiting_content)
    again("dezelfde oude levering met een nieuw id: verouderd", waiting, waiting_content,
          leveringsid="herhaling-oud-00001")
    ended = BoardOfCase(folder, "99903", "99QC")
    old = ended.send("bestuur dat ophield, toen het nog bestond", "MUTATIE", (7,),
                     extraction=20171231, received=20171231)
    again("herhaling veel later", old, (folder.path / folder.events[-1]["bestand"]).read_bytes())
