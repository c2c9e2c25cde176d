"""The folders kop, kop_json and bestand: all that refuses a delivery."""

import hashlib

import sample_values as sample
from case_folder import MAX_NUMBER, bsn, line, table, withdrawal
from dates import add_days
from findings import COLUMNS
from rendering import BOM, csv_field, needed_columns


# --- kop: every K rule and the order of the checks --------------------------------------------

def make_kop(folder):
    good = [line(1)]

    def both(field, refused, accepted):
        for value in refused:
            folder.send(f"LR-K08: {field} fout", good, **{field: value})
        for value in accepted:
            folder.send(f"LR-K08: {field} net goed", good, **{field: value})

    both("leveringsid", ["", "a" * 15, "b" * 37, "kop-spatie 00001", "kop_streep_00001",
                         "kop-accent-é0001"],
         ["c" * 16, "Z9-" + "d" * 33, ..., None])
    both("bestuur", ["", "9990", "999011", " 99901", sample.other_digits("99901"), ...], [])
    both("soort", ["", "mutatie", "MUTATIE ", ...], [])
    both("volgnummer", [0, -1, MAX_NUMBER + 1, 2 ** 64 + 1, ...], [])
    folder.send("volgnummer: kleinste", [line(2, brin="99QB")], board="99902", sequence=1)
    folder.send("volgnummer: grootste", [line(2, brin="99QB")], board="99902",
                sequence=MAX_NUMBER)
    folder.send("volgnummer: grootste nog eens, LR-K04", [line(3, brin="99QB")], board="99902",
                sequence=MAX_NUMBER)
    both("extractiedatum",
         ["", "20180701", "2018-7-1", "2018-02-29", "2018-00-01", "2018-01-00", "1900-02-29",
          "1899-12-31", "2200-01-01", "2018-07-01 ", sample.other_digits("2018") + "-07-01",
          None], [])
    folder.send("extractiedatum: eerste dag, wel LR-K05",
                [line(4, begin_benoeming="19000101", begin_arbeidsovereenkomst="19000101")],
                extraction=19000101)
    folder.send("extractiedatum: schrikkeldag", good, extraction=20160229, received=20160229)
    folder.send("extractiedatum: laatste dag, LR-K09", good, extraction=21991231)
    both("regels", [-1, MAX_NUMBER + 1], [1, None])
    folder.send("regels: 0 is goed van vorm, LR-F06", good, regels=0)
    folder.send("regels: grootste is goed van vorm, LR-F06", good, regels=MAX_NUMBER)
    digest = hashlib.sha256(table(good)).hexdigest()
    both("sha256", ["", digest[:63], digest + "0", "g" + digest[1:], " " + digest[1:]],
         [digest, digest.upper(), None])
    both("contact_naam", ["é" * 51, "\U0001f3eb" * 51], ["", "é" * 50, "\U0001f3eb" * 50, None])
    both("contact_telefoon", ["1" * 21], ["", "1" * 20, "geen nummer"])
    both("contact_email", ["a" * 76], ["", "ü" * 75, "geen adres"])
    folder.send("LR-K08: alles fout, in volgorde van de velden", good, kop={
        "contact_email": "a" * 76, "contact_telefoon": "1" * 21, "contact_naam": "a" * 51,
        "sha256": "x", "regels": -1, "extractiedatum": "x", "volgnummer": 0, "soort": "x",
        "bestuur": "x", "leveringsid": "x", "proef": True})
    folder.send("LR-K08: lege kop", good, kop={})
    folder.send("LR-K08: alle velden null", good, kop=dict.fromkeys(
        ("leveringsid", "bestuur", "soort", "proef", "volgnummer", "extractiedatum", "regels",
         "sha256", "contact_naam", "contact_telefoon", "contact_email")))
    folder.send("LR-K08: fout veld naast een goed leveringsid", good, soort="x")
    folder.send("LR-K08: fout veld zonder leveringsid, niets te tonen", good, soort="x",
                leveringsid=...)
    _make_kop_order(folder, good)
    _make_kop_board(folder)
    _make_kop_dates(folder, good)
    _make_kop_sequence(folder)


def _make_kop_order(folder, good):
    known = folder.send("volgorde: bekend leveringsid", good, leveringsid="kop-volgorde-0001")
    known_content = table(good)
    folder.send("volgorde: LR-K08 gaat voor een herhaling", known_content,
                kop=known | {"regels": -1})
    folder.send("volgorde: LR-K08 gaat voor LR-K01", good, kop=known | {"volgnummer": 0})
    folder.send("volgorde: een herhaling gaat voor LR-F06 en LR-F07", known_content,
                kop=known | {"regels": 99, "sha256": "0" * 64})
    folder.send("volgorde: LR-K01 gaat voor LR-K09 en het bestand", b"",
                kop=known | {"extractiedatum": "2099-01-01"})
    folder.send("volgorde: LR-K02 gaat voor LR-K09 en het bestand", b"", board="00000",
                extraction=20990101)
    folder.send("volgorde: LR-K09 gaat voor het bestand", b"", extraction=20990101)
    folder.send("volgorde: alleen het bestand", b"")
    folder.send("geweigerd zonder leveringsid: het gemaakte nummer wordt getoond", good,
                board="00000", leveringsid=...)


def _make_kop_board(folder):
    def try_board(scenario, board, brin, *days):
        for day in days:
            folder.send(f"{scenario} {day}",
                        [line(5, brin=brin, begin_benoeming="20150801",
                              begin_arbeidsovereenkomst="20150801")],
                        board=board, extraction=day)

    try_board("LR-K02: onbekend bestuur", "00000", "99ZZ", 20180701)
    try_board("LR-K02: bestuur tot 20180101, op", "99903", "99QC", 20171231, 20180101)
    try_board("LR-K02: bestuur vanaf 20180615, op", "99904", "99QD", 20180614, 20180615)
    try_board("LR-K02: bestuur met een gat, op", "99905", "99QE", 20180531, 20180601, 20180619,
              20180620)


def _make_kop_dates(folder, good):
    folder.send("LR-K09: extractie op de dag van ontvangst", good, extraction=20180702)
    folder.send("LR-K09: extractie een dag na ontvangst", good, extraction=20180703)
    for received, days in ((20180702, 31), (20180702, 32), (20200331, 31), (20200331, 32),
                           (20190301, 31), (20190301, 32), (20180105, 31), (20180105, 32)):
        folder.send(f"LR-K05: {days} dagen voor {received}", good, received=received,
                    extraction=add_days(received, -days))


def _make_kop_sequence(folder):
    def send(scenario, sequence, **more):
        return folder.send(scenario, [line(6, brin="99QF")], board="99906", sequence=sequence,
                           **more)

    send("LR-K04: eerste levering", 5)
    send("LR-K04: gelijk aan het hoogste", 5)
    send("LR-K04: lager dan het hoogste", 4)
    send("LR-K04: een hoger", 6)
    send("LR-K04: een proef verhoogt niet", 9, proef=True)
    send("LR-K04: een geweigerde levering verhoogt niet", 9, regels=99)
    send("LR-K04: 7 na proef en geweigerd met 9", 7)
    send("LR-K04: ook een proef krijgt het", 7, proef=True)
    folder.send("LR-K04: een INTREKKING verhoogt ook", [withdrawal(7)], board="99906",
                kind="INTREKKING", sequence=20)
    send("LR-K04: VOLLEDIG lager dan een INTREKKING", 19, kind="VOLLEDIG")
    folder.send("LR-K04: elk bestuur telt voor zich", [line(6, brin="99QG")], board="99907",
                sequence=1)
    send("LR-K04 en LR-K05 samen", 3, extraction=20180501)


def make_kop_json(folder):
    """Header values of a wrong JSON type; these do not exist as query parameters."""
    good = [line(1)]
    for field, values in {
            "leveringsid": [1234567890123456, True, ["kop-json-0000001"]],
            "bestuur": [99901, True], "soort": [1, ["MUTATIE"], {"soort": "MUTATIE"}],
            "proef": ["ja", "true", "", 0, 1], "volgnummer": ["7", 7.5, True, [7]],
            "extractiedatum": [20180701, True], "regels": ["1", 1.5, True],
            "sha256": [0, False], "contact_naam": [7, False], "contact_telefoon": [201234567],
            "contact_email": [{}]}.items():
        for value in values:
            folder.send(f"LR-K08: {field} van een ander soort waarde", good, **{field: value})
    folder.send("proef false staat gelijk aan geen proef", good, proef=False)
    folder.send("proef null staat gelijk aan geen proef", good, proef=None)
    folder.send("namen met niet-ASCII tekens", good, contact_naam='Zoë "Ö" \\ \u2028 \U0001f3eb')
    folder.send("LR-K08: een NUL is geen teken", good, contact_naam="a\0b")
    folder.send("besturingstekens mogen", good, contact_naam="a\nb", contact_telefoon="\x7f")


# --- bestand: every F rule and the order of 3.3 -----------------------------------------------

def make_bestand(folder):
    good = [line(1), line(2, "A-2")]
    content = table(good)
    _make_file_empty(folder, content)
    _make_file_bytes(folder, content)
    _make_file_quotes(folder)
    _make_file_field_size(folder)
    _make_file_columns(folder, good)
    _make_file_counts(folder, good, content)
    _make_file_records(folder)
    _make_file_one_teacher(folder)
    _make_file_order(folder, content)
    _make_file_writing(folder, good)


def _make_file_empty(folder, content):
    header_row = content.split(b"\n")[0]
    for name, empty in (("0 bytes", b""), ("alleen BOM", BOM), ("alleen LF", b"\n"),
                        ("alleen lege records", b"\r\n\n\r\n"),
                        ("BOM en lege records", BOM + b"\n\n"),
                        ("alleen kopregel", header_row), ("kopregel en LF", header_row + b"\n"),
                        ("kopregel en lege records", header_row + b"\r\n\r\n\n")):
        folder.send(f"LR-F01: {name}", empty)
    folder.send("LR-F01: alleen kopregel, INTREKKING", b"bsn\n\n", kind="INTREKKING")
    for place in (0, len(header_row) - 3, len(content) // 2, len(content)):
        folder.send(f"LR-F01: NUL op plaats {place}", content[:place] + b"\0" + content[place:])
    folder.send("LR-F01: NUL binnen aanhalingstekens",
                content.replace(b";Jansen;", b';"Jan\0sen";', 1))


def _make_file_bytes(folder, content):
    def with_name(name):
        return content.replace(b";Jansen;", b";" + name + b";", 1)

    for name, bad in (("losse vervolgbyte", b"\x80"), ("C0 AF", b"\xc0\xaf"),
                      ("C1 BF", b"\xc1\xbf"),
                      ("E0 9F BF", b"\xe0\x9f\xbf"), ("surrogaat ED A0 80", b"\xed\xa0\x80"),
                      ("surrogaat ED BF BF", b"\xed\xbf\xbf"), ("F0 8F BF BF", b"\xf0\x8f\xbf\xbf"),
                      ("F4 90 80 80", b"\xf4\x90\x80\x80"), ("FF", b"\xff"),
                      ("afgebroken teken", b"\xe2\x82"), ("latin-1", b"Zo\xeb")):
        folder.send(f"LR-F02: {name}", with_name(bad))
    folder.send("LR-F02: in de kopregel", b"bsn\xe9" + content[3:])
    folder.send("LR-F02: laatste byte van het bestand", content + b"\xc3")
    folder.send("LR-F01: UTF-16 heeft NUL-bytes", content.decode().encode("utf-16"))
    for name, text in (("U+D7FF", "\ud7ff"), ("U+E000", "\ue000"), ("U+FFFF", "\uffff"),
                       ("U+10FFFF", "\U0010ffff"), ("U+0800", "\u0800"), ("U+10000", "\U00010000")):
        folder.send(f"geen LR-F02 maar LR-P08: {name}", with_name(text.encode("utf-8")))


def _raw_file(field, ends=("\n", "\n", "\n")):
    """A file in which personeelsnummer of the first data record is this raw text."""
    first, second = line(1), line(2, "A-2")
    columns = needed_columns([first], "MUTATIE")
    columns.insert(1, "personeelsnummer")
    rows = [";".join(columns)]
    for values in (first, second):
        rows.append(";".join(field if column == "personeelsnummer" and values is first
                             else values[column] for column in columns))
    return "".join(row + end for row, end in zip(rows, ends)).encode("utf-8")


def _make_file_quotes(folder):
    for raw in ('a"b', 'a"', ' "a"', '"a"b', '"a" ', '"a""', '"', '"""', '""a', '"a"\t', '"a"";b'):
        folder.send(f"LR-F08: veld {raw!r}", _raw_file(raw))
    for raw in ("a\rb", "\r", '"a"\r', '"a"\rb', "a\r\r\n"):
        folder.send(f"LR-F08: kale CR in {raw!r}", _raw_file(raw))
    folder.send("LR-F08: CR aan het eind van het bestand", _raw_file("7", ("\n", "\n", "\r")))
    folder.send("LR-F08: CR CR LF", _raw_file("7", ("\n", "\r\r\n", "\n")))
    folder.send("LR-F08: in de kopregel", b'bsn;a"b\n123;1\n')
    folder.send("LR-F08: niet gesloten in de kopregel", b'"bsn;x\n123;1\n')
    folder.send("LR-F08: het eerste van twee records telt", _raw_file('a"b').replace(b"A-2", b'"'))
    folder.send("LR-F08: recordnummer, niet de regel op papier",
                _raw_file('"1\n2\n3"').replace(b"A-2", b'A"2'))
    folder.send("LR-F08: lege records tellen mee voor het nummer",
                b'bsn\n\n\n\n1"2\n', kind="INTREKKING")
    for raw in ('""', '" 7 "', '"7"', "  7  ", '"7;8"', '"7\n8"', '"7\r\n8"', '"7\r8"', '"7""8"',
                '""""', '"""7"""', "'7'", '"\r"', '"\n"'):
        folder.send(f"aanhalingstekens goed: {raw!r}", _raw_file(raw))
    folder.send("gemengde regeleinden, laatste zonder", _raw_file("7", ("\r\n", "\n", "")))
    folder.send("laatste veld tussen aanhalingstekens, zonder regeleinde",
                b'bsn\r\n"' + bsn(1).encode() + b'"', kind="INTREKKING")
    folder.send("BOM voor een veld met aanhalingstekens", BOM + b'"bsn"\n' + bsn(1).encode(),
                kind="INTREKKING")


def _make_file_field_size(folder):
    for name, text in (("ASCII", "p"), ("twee bytes", "é"), ("drie bytes", "€"),
                       ("vier bytes", "\U0001f3eb"),
                       ("aanhalingstekens", '"'), ("puntkomma's", ";"), ("spaties", " ")):
        for size in (1024, 1025):
            width = len(text.encode("utf-8"))
            value = text * (size // width) + "p" * (size % width)
            raw = csv_field(value)
            folder.send(f"LR-F08: veld van {size} bytes, {name}", _raw_file(raw))
    folder.send("LR-F08: veld van 1024 bytes tussen aanhalingstekens", _raw_file(f'"{"p" * 1024}"'))
    folder.send("LR-F08: kolomnaam van 1025 bytes", b"bsn;" + b"p" * 1025 + b"\n1;2\n")
    folder.send("LR-F04: kolomnaam van 1024 bytes", b"bsn;" + b"p" * 1024 + b"\n1;2\n",
                kind="INTREKKING")


def _make_file_columns(folder, good):
    columns = needed_columns(good, "MUTATIE")
    for column in ("bsn", "voorvoegsel", "onderwijsterrein"):
        folder.send(f"LR-F03: {column} ontbreekt",
                    table(good, [other for other in columns if other != column]))
    folder.send("LR-F03: alle verplichte kolommen ontbreken, in kolomvolgorde",
                table(good, ["personeelsnummer"]), kind="VOLLEDIG")
    doubled = table(good, columns + ["brin"])
    folder.send("LR-F03: brin dubbel", doubled)
    folder.send("LR-F03: dubbel in ander schrift", doubled.replace(b";brin\n", b"; BRIN \n", 1))
    folder.send("LR-F03: een niet verplichte kolom dubbel",
                table(good, columns + ["straat", "straat"]))
    folder.send("LR-F03: dubbel bij INTREKKING", b"bsn;brin;brin\n" + bsn(1).encode() + b";;\n",
                kind="INTREKKING")
    folder.send("LR-F03: INTREKKING zonder bsn", b"personeelsnummer\n7\n", kind="INTREKKING")
    folder.send("INTREKKING met alleen bsn", table([withdrawal(9)], ["bsn"]), kind="INTREKKING")
    folder.send("INTREKKING met alle kolommen", table([withdrawal(9)], list(COLUMNS)),
                kind="INTREKKING")
    head, body = table(good, columns).split(b"\n", 1)

    def renamed(new_head):
        return new_head + b"\n" + body

    folder.send("kolomnamen in hoofdletters en met spaties", renamed(
        head.upper().replace(b";", b" ;  ")))
    folder.send("LR-F03 en LR-F04: Kelvinteken is geen k", renamed(
        head.replace(b"arbeidsovereenkomst", "arbeidsovereen\u212aomst".encode())))
    folder.send("LR-F03 en LR-F04: lange s is geen s", renamed(
        head.replace(b"bsn", "b\u017fn".encode())))
    folder.send("LR-F03 en LR-F04: tab om de naam", renamed(head.replace(b"bsn", b"\tbsn")))
    folder.send("LR-F03 en LR-F04: harde spatie om de naam", renamed(
        head.replace(b"bsn", "bsn\u00a0".encode())))
    folder.send("LR-F03 en LR-F04: tweede BOM", BOM + BOM + table(good, columns))
    folder.send("een BOM", BOM + table(good, columns))
    more = [row + ";x;y" for row in table(good, columns).decode().splitlines()]
    for names in ("opmerking;123456782", ";opmerking", ";", "opmerking;"):
        more[0] = head.decode() + ";" + names
        folder.send(f"LR-F04: {names!r}", "\n".join(more).encode())
    folder.send("LR-F04: de laagste plaats telt", b"x;bsn;y\n1;2;3\n", kind="INTREKKING")
    folder.send("LR-F03 en LR-F04: lege eerste regel is de kopregel", b"\n" + table(good, columns))
    folder.send("LR-F03 en LR-F04: kopregel van een leeg veld", b'""\n' + table(good, columns))


def _make_file_counts(folder, good, content):
    folder.send("LR-F05: een veld te veel", content.replace(b";A-2;", b";A-2;;"))
    folder.send("LR-F05: een veld te weinig", content.replace(b";A-2;", b";"))
    folder.send("LR-F05: puntkomma aan het eind van elke regel",
                content.replace(b"\n", b";\n").replace(b"onderwijsterrein;", b"onderwijsterrein"))
    folder.send("LR-F05: leeg record in het midden", content.replace(b"\n", b"\n\n", 1))
    folder.send("een record van een spatie aan het eind vervalt", content + b" \n")
    folder.send("een record van twee aanhalingstekens aan het eind vervalt", content + b'""\n')
    folder.send("LR-F05: het eerste record telt, recordnummer na een regeleinde in een veld",
                _raw_file('"7\n8"').replace(b"A-2;", b"") + b"x\n")
    folder.send("lege records aan het eind vervallen", content + b"\n\r\n\n")
    for count in (1, 3, 0, 9999):
        folder.send(f"LR-F06: {count} opgegeven, 2 geteld", content, regels=count)
    folder.send("LR-F06: goed opgegeven", content, regels=2)
    folder.send("LR-F06: lege records aan het eind tellen niet", content + b"\n\n", regels=2)
    folder.send("LR-F07: fout", content, sha256="0" * 64)
    folder.send("LR-F07: goed, hoofdletters", content,
                sha256=hashlib.sha256(content).hexdigest().upper())
    folder.send("LR-F07: de BOM telt mee", BOM + content,
                sha256=hashlib.sha256(BOM + content).hexdigest())
    folder.send("LR-F07: zonder de BOM gerekend", BOM + content,
                sha256=hashlib.sha256(content).hexdigest())


def _make_file_records(folder):
    """Files of one column: an empty record between others is a line with an empty bsn."""
    number = bsn(9).encode()
    folder.send("een kolom: leeg record in het midden is een regel", b"bsn\n" + number + b"\n\n"
                + number + b"\n\n\n", kind="INTREKKING")
    folder.send("een kolom: lege records voor de eerste regel", b"bsn\r\n\r\n\r\n" + number,
                kind="INTREKKING")
    folder.send('een kolom: "" aan het eind vervalt', b"bsn\n" + number + b'\n""',
                kind="INTREKKING")
    folder.send("een kolom: een spatie aan het eind vervalt", b"bsn\n" + number + b"\n \n\n",
                kind="INTREKKING")
    folder.send("LR-F01: 50.001 records", b"bsn\n" + b"\n" * 50000 + b"1\n", kind="INTREKKING")
    folder.send("LR-F06, niet LR-F01: 50.000 records", b"bsn\n" + b"\n" * 49999 + b"1\n\n\n",
                kind="INTREKKING", regels=49999)


def _make_file_one_teacher(folder):
    def numbers(count, number, *more):
        return "\n".join(["bsn"] + [number] * count + list(more) + [""]).encode("utf-8")

    folder.send("LR-F09: voorbereiding", [line(9)])
    folder.send("LR-F09: 500 regels van een leraar", numbers(500, bsn(9), bsn(10)),
                kind="INTREKKING")
    folder.send("LR-F09: 501 regels van een leraar", numbers(501, bsn(9)), kind="INTREKKING")
    folder.send("LR-F09: 501 regels, spaties om een ervan", numbers(500, bsn(9), f" {bsn(9)} "),
                kind="INTREKKING")
    folder.send("LR-F09: ook een nummer dat geen BSN is", numbers(501, "123456789"),
                kind="INTREKKING")


def _make_file_order(folder, content):
    digest = "0" * 64
    for scenario, data, fields in (
            ("LR-F01 (0 bytes) gaat voor LR-F07", b"", {"sha256": digest}),
            ("LR-F07 gaat voor LR-F01 (NUL)", b"\0", {"sha256": digest}),
            ("LR-F07 gaat voor LR-F01 (geen record)", b"\n", {"sha256": digest}),
            ("LR-F01 (NUL) gaat voor LR-F02", b"\xff\0", {}),
            ("LR-F02 gaat voor LR-F08", b'a"b\n\xff', {}),
            ("LR-F08 gaat voor LR-F03 en LR-F04", b'x;y\n1;a"b\n', {}),
            ("LR-F03 en LR-F04 gaan voor LR-F01 (geen regel)", b"x;y\n", {}),
            ("LR-F01 (geen regel) gaat voor LR-F06", content.split(b"\n")[0], {"regels": 5}),
            ("LR-F05 gaat voor LR-F06", content + b"x\n", {"regels": 5})):
        folder.send("volgorde: " + scenario, data, **fields)
    many = "\n".join(["bsn"] + [bsn(9)] * 501).encode()
    folder.send("volgorde: LR-F06 gaat voor LR-F09", many, kind="INTREKKING", regels=500)
    folder.send("volgorde: LR-F05 gaat voor LR-F09", many + b"\n1;2", kind="INTREKKING")


def _make_file_writing(folder, good):
    folder.send("kolommen in omgekeerde volgorde",
                table(good, list(reversed(needed_columns(good, "MUTATIE")))))
    folder.send("alle 25 kolommen", table(good, list(COLUMNS)))
    spaced = [{column: f"  {value} " if value else value for column, value in values.items()}
              for values in good]
    folder.send("spaties om elke waarde", spaced)
    columns = needed_columns(good, "MUTATIE")
    quoted = "\r\n".join(";".join('"' + (values[column] if values else column) + '"'
                                  for column in columns) for values in [None] + good)
    folder.send("alles tussen aanhalingstekens, CRLF, BOM", BOM + quoted.encode())
