"""The folder rekenblad: what spreadsheets make of a file (3.1, 3.3, 5.3, 5.4)."""

from case_folder import bsn, line, table, withdrawal
from findings import COLUMNS
from rendering import BOM, needed_columns

HOME = {"straat": "Dorpsstraat", "huisnummer": "12", "postcode": "1234AB", "plaats": "Ons Dorp"}
ABROAD = {"land": "5010", "adresregel1": "Rue Une 1"}
LEADS = "\u00c3\u00c4\u00c5\u00c8"
TRAILS = "\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2018\u2019"


def make_rekenblad(folder):
    _make_blank_rows(folder)
    _make_blank_rows_full(folder)
    _make_separators(folder)
    _make_line_ends(folder)
    _make_twice_encoded(folder)
    _make_apostrophes(folder)
    _make_formulas(folder)


def _make_blank_rows(folder):
    """Rows without a value at the end are none, those before a value are."""
    good = [line(1), line(2, "A-2")]
    content = table(good)
    row = b";" * (content.split(b"\n")[0].count(b";"))
    for name, end in (
            ("drie rijen scheidingstekens", (row + b"\n") * 3),
            ("CRLF, de laatste zonder regeleinde", row + b"\r\n" + row),
            ("meer velden dan kolommen", row * 3 + b"\n"),
            ("minder velden dan kolommen", b";\n;;\n"),
            ("een record van een spatie", b" \n"),
            ("een record van twee aanhalingstekens", b'""\n'),
            ("spaties tussen aanhalingstekens", b'"  ";" "\n'),
            ("alles door elkaar", b"\n" + row + b'\n""\r\n ; ;\n\n')):
        folder.send(f"aan het eind vervalt: {name}", content + end)
    for name, end in (("een tab", b"\t\n"), ("een harde spatie", b"\xc2\xa0\n"),
                      ("een regeleinde tussen aanhalingstekens", b'"\n"\n'),
                      ("een aanhalingsteken", b'""""\n')):
        folder.send(f"aan het eind vervalt niet, LR-F05: {name}", content + end)
    folder.send("aan het eind vervalt niet: een rij met alleen een tab als bsn",
                content + b"\t" + row + b"\n" + row + b"\n")
    head, first, second = content.split(b"\n")[:3]
    folder.send("een lege rij in het midden is een regel",
                b"\n".join((head, first, row, second, row, b"")))
    folder.send("LR-F05: een lege rij met te veel velden in het midden",
                b"\n".join((head, first, row + b";", second, row + b";", b"")))
    folder.send("LR-F05 van een echte regel gaat voor lege rijen", content + b"x\n" + row + b"\n")
    folder.send("LR-F06: lege rijen tellen niet", content + row + b"\n" + row, regels=4)
    folder.send("lege rijen tellen niet, goed opgegeven", content + row + b"\n" + row, regels=2)
    folder.send("LR-F08 gaat voor het vervallen van lege rijen",
                content + row + b"\n" + row + b'"\n')
    folder.send("LR-F01: kopregel en lege rijen", head + b"\n" + row + b"\n \n")
    folder.send("LR-F01: alleen lege rijen, ook de kopregel vervalt", row + b"\n;\n")
    folder.send("LR-F01: alleen een BOM en een rij", BOM + row)
    folder.send("LR-F03 en LR-F04 gaan voor LR-F01 van lege rijen", b"naam\n;\n;\n")
    folder.send("LR-F03 en LR-F04: een lege rij voor de kopregel", row + b"\n" + content)
    folder.send("een kolom: lege rijen met meer velden", b"bsn\n" + bsn(9).encode() + b"\n;;;\n;\n",
                kind="INTREKKING")
    folder.send("LR-F09: lege rijen tellen niet mee",
                ("bsn\n" + (bsn(9) + "\n") * 500 + ";\n" * 20).encode(), kind="INTREKKING")
    folder.send("LR-F01 niet: 50.000 records en lege rijen",
                b"bsn\n" + b"\n" * 49999 + b"1\n" + b";\n" * 10, kind="INTREKKING", regels=49999)


def _make_blank_rows_full(folder):
    """Rows without a value are no unreadable BSN: nobody has to confirm anything (7.2)."""
    def send(scenario, teachers, end=b""):
        lines = [line(teacher, brin="99QG") for teacher in teachers]
        content = table(lines, kind="VOLLEDIG")
        row = b";" * content.split(b"\n")[0].count(b";") + b"\n"
        folder.send(scenario, content + (row * 3 if end is None else end), board="99907",
                    kind="VOLLEDIG")

    send("VOLLEDIG van acht", range(20, 28))
    send("VOLLEDIG van zeven met lege rijen: de achtste vervalt, niets wacht", range(20, 27), None)
    send("VOLLEDIG van zes met een rij van een tab: wacht", range(20, 26),
         b"\t" + b";" * 14 + b"\n")


def _make_separators(folder):
    good = [line(3, "A-3")]
    content = table(good)
    comma, tab = content.replace(b";", b","), content.replace(b";", b"\t")
    for name, data in (
            ("komma's", comma), ("tabs", tab), ("een BOM en komma's", BOM + comma),
            ("CRLF en tabs", tab.replace(b"\n", b"\r\n")),
            ("aanhalingstekens en komma's", b'"bsn","naam"\n1,2\n'),
            ("alleen een kopregel met een komma", b"bsn,naam"),
            ("sep=;", b"sep=;\n" + content), ("sep=,", b"sep=,\n" + comma),
            ("sep= zonder teken", b"sep=\n" + content), ("SEP=;, CRLF", b"SEP=;\r\n" + content),
            ("Sep=; en een BOM", BOM + b"Sep=;\n" + content),
            ("sep=; zonder meer", b"sep=;")):
        folder.send(f"LR-F12: {name}", data)
    folder.send("LR-F12: komma's, INTREKKING", b"bsn,personeelsnummer\n1,2\n", kind="INTREKKING")
    for name, data in (
            ("een spatie voor sep=", b" sep=;\n" + content),
            ("sep= tussen aanhalingstekens", b'"sep=;"\n' + content),
            ("sep= op de tweede regel", b"\nsep=;\n" + content),
            ("een kolom die sep heet", b"sep;x\n1;2\n"),
            ("komma naast een puntkomma", content.replace(b"bsn;", b"bsn,;", 1))):
        folder.send(f"geen LR-F12 maar LR-F03 en LR-F04: {name}", data)
    folder.send("geen LR-F12: een kolom, een komma in een regel", b"bsn\n1,2\n", kind="INTREKKING")
    folder.send("volgorde: LR-F02 gaat voor LR-F12", b"bsn,\xff\n1,2\n")
    folder.send("volgorde: LR-F12 gaat voor LR-F08", b'bsn,"\n1,2\n')
    folder.send("volgorde: LR-F01 (NUL) gaat voor LR-F12", b"bsn,\0\n1,2\n")
    folder.send("volgorde: LR-F07 gaat voor LR-F12", comma, sha256="0" * 64)


def _make_line_ends(folder):
    content = table([line(4, "A-4")])
    old = content.replace(b"\n", b"\r")
    for name, data in (("alleen CR", old), ("een BOM en alleen CR", BOM + old),
                       ("een CR tussen aanhalingstekens", b'bsn;"na\ram"'),
                       ("niets dan een CR", b"\r"), ("komma's en alleen CR, gaat voor LR-F12",
                                                      old.replace(b";", b",")),
                       ("sep=; en alleen CR", b"sep=;\r" + old)):
        folder.send(f"LR-F13: {name}", data)
    folder.send("LR-F08: CR tussen de regels en een LF aan het eind", old + b"\n")
    folder.send("volgorde: LR-F02 gaat voor LR-F13", old + b"\xff")
    folder.send("een CR tussen aanhalingstekens en een LF: goed", table(
        [line(5, "A-5", personeelsnummer="1\r2")], needed_columns(
            [line(5, personeelsnummer="1")], "MUTATIE")))


def _make_twice_encoded(folder):
    pairs = [lead + trail for lead in LEADS for trail in TRAILS]
    folder.send("LR-P15: elk paar, in geslachtsnaam", [
        line(100 + place, f"paar-{place}", geslachtsnaam=f"Do{pair}an")
        for place, pair in enumerate(pairs)])
    values = {
        "geslachtsnaam": ("\u00c4\u0178", " \u00c3\u0153 ", "A\u00c5\u00c5\u0161", "\u00c8\u2019s",
                          "\u00c4\u0178\u00c4\u0178", "\u00c6\u0178a", "\u00c4\u0179a",
                          "\u00c4 \u0178a", "\u00c4-\u0178a", "\u00c4\u0301\u0178a", "\u0178\u00c4",
                          "\u00c4'a", "\u00c3", "\u00c4\u01781", "A\u0308\u0178"),
        "voorvoegsel": ("\u00c4\u0178", "a\u00c3\u2018", "\u00c4", "1\u00c4\u0178",
                        "\u00c4\u0178" * 6),
        "voornamen": ("\u00c4\u0178", "An Do\u00c4\u0178an", "Z\u00c3\u0192", "\u00c4 \u0178",
                      "\u00c3.", "\u00c4\u0178 "),
    }
    number = 150
    lines = []
    for column, texts in values.items():
        for place, text in enumerate(texts):
            lines.append(line(number, f"{column}-{place}", **{column: text}))
            number += 1
    folder.send("LR-P15: wel en niet, per veld", lines)
    folder.send("LR-P15: op alle drie, en LR-X02 ernaast", [
        line(190, "drie", geslachtsnaam="\u00c4\u0178", voorvoegsel="\u00c3\u0160",
             voornamen="\u00c5\u017d"),
        line(191, "een", geslachtsnaam="Do\u00c4\u0178an"),
        line(191, "twee", geslachtsnaam="Do\u011fan", begin_benoeming="20110801")])
    folder.send("LR-P15 niet bij een INTREKKING", [withdrawal(191, geslachtsnaam="\u00c4\u0178")],
                kind="INTREKKING")


def _make_apostrophes(folder):
    folder.send("U+2018 is een apostrof", [
        line(200 + place, f"apostrof-{place}", **values) for place, values in enumerate((
            {"geslachtsnaam": "\u2018t Hart"}, {"voorvoegsel": "\u2018t"},
            {"voornamen": "D\u2018Arcy"}, {"voornamen": "\u2018Anna"}, {"geslachtsnaam": "\u2018"},
            {"geslachtsnaam": "\u2017t Hart"}, {"geslachtsnaam": "\u201at Hart"},
            {"geslachtsnaam": "\u201bt Hart"}, {"geslachtsnaam": "`t Hart"},
            {"geslachtsnaam": "\u2018\u0301t"}))])
    folder.send("U+2018 en U+2019 zijn andere tekens: gewijzigd",
                [line(200, "apostrof-0", geslachtsnaam="\u2019t Hart")])


def _make_formulas(folder):
    texts = ("=1+1", "+31", "-1", "@a", "=", "-", " =1 ", "a=1", "'=1", "1-2", "\uff1d1")
    lines = []
    number = 220
    for column in ("straat", "plaats", "toevoeging", "adresregel1", "adresregel2", "adresregel3"):
        address = ABROAD if column.startswith("adresregel") else HOME
        for place, text in enumerate(texts):
            lines.append(line(number, f"{column}-{place}", **(address | {column: text})))
            number += 1
    folder.send("LR-P10: een tekst die een rekenblad uitvoert", lines)
    folder.send("LR-P10: de eerste foute kolom, en vorm voor de verzameling", [
        line(300, "straat-en-plaats", **(HOME | {"straat": "=a", "plaats": "=b"})),
        line(301, "alleen-toevoeging", toevoeging="-2"),
        line(302, "alleen-plaats", plaats="-2")])
    folder.send("LR-P10 niet bij een INTREKKING",
                table([withdrawal(220, straat="=1+1")], list(COLUMNS)), kind="INTREKKING")
