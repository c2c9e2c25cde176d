"""The folder deur: who may deliver (chapter 15, LR-K03), and confirmations on condition (8.6)."""

from case_folder import line
from rendering import BOM


def make_deur(folder):
    _make_strangers(folder)
    _make_conditions(folder)
    for scenario, content, fields in (("geen gemaakt leveringsid", [line(1)], {}),
                                      ("ook niet van een bestand dat niet te lezen is", b"\0", {}),
                                      ("LR-K08 van het leveringsid gaat voor", [line(1)], {"leveringsid": "kort"})):
        folder.send(f"LR-K03: {scenario}", content, may_send=False, **{"leveringsid": ...} | fields)


def _make_strangers(folder):
    good = [line(1)]

    def stranger(scenario, content, **more):
        return folder.send(f"LR-K03: {scenario}", content, may_send=False, **more)

    stranger("wie niet mag leveren", good)
    first = folder.send("wie het wel mag", good)
    folder.send("herhaling van wie het mag", good, kop=first)
    stranger("een herhaling zegt een vreemde niets", good, kop=first)
    stranger("een ander bestand onder een bekend leveringsid ook niet", [line(2)], kop=first)
    stranger("LR-K08 gaat voor", good, soort="x")
    stranger("voor een onbekend bestuur, voor LR-K02", good, board="00000")
    stranger("voor LR-K09", good, extraction=20180703)
    stranger("voor het bestand", b"")
    stranger("voor het bestand", BOM + b"bsn")
    stranger("proef", good, proef=True)
    stranger("VOLLEDIG", good, kind="VOLLEDIG")
    folder.send("er is niets van verwerkt: ongewijzigd", good)


def _make_conditions(folder):
    def send(scenario, teachers, sequence=None):
        return folder.send(f"8.6: {scenario}", [line(teacher, brin="99QF") for teacher in teachers],
                           board="99906", kind="VOLLEDIG", sequence=sequence)

    def confirm(scenario, kop, how=None):
        folder.confirm(f"8.6: {scenario}", kop, "99906", how)

    send("twintig leraren", range(20))
    waits = send("te weinig: wacht", range(4))
    confirm("met de som van anderen: niet uitgevoerd", waits, "anders")
    confirm("zij wacht nog, met de som van nu: uitgevoerd", waits, "zelfde")
    confirm("nog eens: niet uitgevoerd", waits, "zelfde")
    confirm("zonder voorwaarde: niet uitgevoerd", waits)
    send("terug, nu dertig", range(30))
    waits = send("wacht", range(3))
    folder.send("8.6: een ander is intussen nieuw geleverd", [line(25, brin="99QF")], board="99906")
    confirm("met de som van nu: uitgevoerd", waits, "zelfde")
    unknown = {"leveringsid": "deur-onbekend-00", "bestuur": "99906"}
    confirm("onbekend: niet uitgevoerd", unknown, "zelfde")
    confirm("onbekend, anders: niet uitgevoerd", unknown, "anders")
