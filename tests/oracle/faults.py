"""Faults, and near faults on the good side of a limit, for headers, files, lines and groups."""

import sample_values as sample
from dates import add_days, add_months, iso_date, parse_date
from delivery_file import MAX_FIELD_BYTES, MAX_LINES_PER_TEACHER, MAX_RECORDS, REQUIRED_COLUMNS
from findings import COLUMNS, PERSON_COLUMNS
from rendering import BOM, make_table, render, render_table

MAX_NUMBER = 2 ** 63 - 1


# --- header: function(rng, kop, received_on), changes kop -------------------------------------

def _set_field(field, *values):
    def change(rng, kop, received_on):
        kop[field] = rng.choice(values)
    return change


def _drop_field(rng, kop, received_on):
    field = rng.choice(("bestuur", "soort", "volgnummer", "extractiedatum"))
    if rng.random() < 0.5:
        kop[field] = None
    else:
        kop.pop(field, None)


def _absent_is_fine(rng, kop, received_on):
    for field in ("proef", "regels", "sha256", "contact_naam", "contact_telefoon",
                  "contact_email"):
        kop[field] = None


def _future(rng, kop, received_on):
    kop["extractiedatum"] = iso_date(add_days(received_on, rng.choice((0, 1, 1, 40, 400))))


def _old(rng, kop, received_on):
    kop["extractiedatum"] = iso_date(add_days(received_on, -rng.choice((30, 31, 32, 33, 366))))


def _unknown_and_future(rng, kop, received_on):
    kop["bestuur"] = "00000"
    _future(rng, kop, received_on)


def _several(rng, kop, received_on):
    for name in rng.sample(sorted(HEADER_FAULTS), rng.randrange(2, 5)):
        if name != "meer":
            HEADER_FAULTS[name](rng, kop, received_on)


HEADER_FAULTS = {
    "leveringsid": _set_field("leveringsid", "", "a" * 15, "a" * 16, "b" * 36, "a" * 37,
                              "L-0001_000000000", "L-0001 00000000", "L-0001é0000000000", "-" * 16),
    "bestuur": _set_field("bestuur", "", "9990", "999011", "99 01", "9990a", " 99901",
                          sample.other_digits("99901"), "00000", "99903", "99999"),
    "soort": _set_field("soort", "", "volledig", "Mutatie", "INTREKKING ", "GEHEEL", "mutatie"),
    "volgnummer": _set_field("volgnummer", 0, -1, MAX_NUMBER + 1, 2 ** 64, 2 ** 64 + 5,
                             -MAX_NUMBER - 2),
    "extractiedatum": _set_field(
        "extractiedatum", "", "2018-02-29", "2018-02-30", "20180201", "2018-2-1", "1899-12-31",
        "1900-02-29", "2200-01-01", "2199-12-31", "2018-00-10", "2018-10-00", "2018-13-01",
        "01-02-2018", "2018-06-31", "2018-06-3a", "2018/06/01", " 2018-06-01",
        sample.other_digits("2018") + "-06-01", "2018-06-01T00:00"),
    "regels": _set_field("regels", -1, MAX_NUMBER + 1, 0, 2 ** 64 + 1),
    "sha256": _set_field("sha256", "", "abc", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 63),
    "contact_naam": _set_field("contact_naam", "", "é" * 50, "é" * 51, "\U0001f3eb" * 50,
                               "\U0001f3eb" * 51, "a" * 50, "a" * 51),
    "contact_telefoon": _set_field("contact_telefoon", "", "1" * 20, "1" * 21, "é" * 20),
    "contact_email": _set_field("contact_email", "", "é" * 75, "é" * 76, "geen adres"),
    "ontbreekt": _drop_field,
    "null": _absent_is_fine,
    "toekomst": _future,
    "oud": _old,
    "onbekend-en-toekomst": _unknown_and_future,
    "meer": _several,
}

# Wrong only where the header comes as JSON: a query parameter has no type.
JSON_HEADER_FAULTS = {
    "bestuur-getal": _set_field("bestuur", 99901),
    "volgnummer-tekst": _set_field("volgnummer", "7", 7.5, True),
    "proef-tekst": _set_field("proef", "ja", "true", 0, 1),
    "regels-tekst": _set_field("regels", "7", 7.5, False),
    "contact-getal": _set_field("contact_naam", 7, True),
    "samengesteld": _set_field("soort", ["MUTATIE"], {"soort": "MUTATIE"}),
}


# --- file: function(rng, lines, style, kop) -> bytes, may change kop --------------------------

def _nothing_left(rng, lines, style, kop):
    header_row = ";".join(COLUMNS).encode()
    return rng.choice((b"", b"", b"\n", b"\r\n\n\r\n", BOM, BOM + b"\n", header_row,
                       header_row + b"\n", BOM + header_row + b"\r\n\r\n\n", b"bsn\n\n"))


def _nul_byte(rng, lines, style, kop):
    return _inserted(rng, render(rng, lines, style), b"\0")


def _inserted(rng, content, extra, place=None):
    if place is None:
        place = rng.choice((0, len(content), rng.randrange(len(content) + 1)))
    return content[:place] + extra + content[place:]


_BAD_UTF8 = (b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xc3", b"\xe0\x80\x80", b"\xe0\x9f\xbf",
             b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",
             b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff",
             b"\xe2\x82", b"\xff\xfea\x00", "Zoë".encode("latin-1"))


def _bad_utf8(rng, lines, style, kop):
    return _inserted(rng, render(rng, lines, style), rng.choice(_BAD_UTF8))


def _rare_utf8(rng, lines, style, kop):
    """Good UTF-8 that a strict reader might refuse: it counts as a wrong value, not a bad file."""
    rare = rng.choice(("\uffff", "\ufffe", "\ufffd", "\U0010ffff", "\ud7ff", "\ue000", "\ufeff",
                       "\u0080", "\u07ff", "\u0800"))
    line = rng.choice(lines)
    line[rng.choice(("geslachtsnaam", "personeelsnummer", "voornamen"))] += rare
    return render(rng, lines, style)


def _wrong_hash(rng, lines, style, kop):
    content = render(rng, lines, style)
    kop["sha256"] = rng.choice(("0" * 64, "F" * 64))
    return content


def _wrong_hash_and_more(rng, lines, style, kop):
    """Two faults: the first step of 3.3 decides."""
    kop["sha256"] = "a" * 64
    return rng.choice((_nothing_left, _nul_byte, _bad_utf8, _stray_quote))(rng, lines, style, kop)


def _two_faults(rng, lines, style, kop):
    content = rng.choice((_stray_quote, _bare_cr, _other_columns, _field_count))(
        rng, lines, style, kop)
    kop["regels"] = rng.choice((1, len(lines), 999))
    if rng.random() < 0.4:
        content = _inserted(rng, content, rng.choice((b"\0", b"\xff", b'x"y')))
    return content


def _other_columns(rng, lines, style, kop):
    """Columns that lack, are double or do not belong; names that only look alike."""
    table = make_table(rng, lines, style)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.randrange(len(table[0]))
        what = rng.choice(("weg", "dubbel", "vreemd", "leeg", "anders", "verplicht-weg"))
        if what == "verplicht-weg":
            place = next((number for number, name in enumerate(table[0])
                          if name in REQUIRED_COLUMNS and rng.random() < 0.3), place)
        if what.endswith("weg") and len(table[0]) > 1:
            for row in table:
                del row[place]
        elif what == "dubbel":
            name = table[0][place]
            for row in table:
                row.insert(place, row[place])
            table[0][place] = rng.choice((name, name.upper(), f" {name} "))
        elif what == "anders":
            table[0][place] = _lookalike(rng, table[0][place])
        else:
            names = ("opmerking", "salaris", "actie", "123456782", "bsn2", "a;b", "\n")
            name = "" if what == "leeg" else rng.choice(names)
            for number, row in enumerate(table):
                row.insert(place, "x" if number else name)
    return render_table(rng, table, style)


def _lookalike(rng, name):
    return rng.choice((
        name.replace("k", "\u212a").replace("s", "\u017f"), name + "\u00a0", "\ufeff" + name,
        name.replace("e", "é"), name.replace("_", " "), name + ".", "\t" + name,
        name.replace("i", "ı"), name[:-1], name.replace("o", "\u043e"), f"{name}\n"))


def _field_count(rng, lines, style, kop):
    table = make_table(rng, lines, style)
    row = rng.choice(table[1:])
    what = rng.choice(("meer", "minder", "leeg", "spatie", "leeg-in-midden", "puntkomma"))
    if what == "meer":
        row.append("")
    elif what == "minder":
        row.pop()
    elif what == "puntkomma":
        row[-1] += ";"
        return render_table(rng, [[value.replace(";", "\0") if other is row else value
                                   for value in other] for other in table],
                            style).replace(b"\0", b";")
    else:
        place = rng.randrange(1, len(table) + (what == "spatie"))
        table.insert(place, [" " if what == "spatie" else ""])
    return render_table(rng, table, style)


def _line_count(rng, lines, style, kop):
    kop["regels"] = rng.choice((len(lines), len(lines) + 1, max(0, len(lines) - 1), 0, 9999,
                                MAX_NUMBER))
    return render(rng, lines, style)


def _raw_field(rng, lines, style, raw):
    """The file with one field replaced by raw text, quotes and all."""
    table = make_table(rng, lines, style)
    row = rng.choice(table)
    place = rng.randrange(len(row))
    marker = "\uf8ff"
    row[place] = marker
    content = render_table(rng, table, style)
    quoted = f'"{marker}"'.encode()
    old = quoted if quoted in content else marker.encode()
    return content.replace(old, raw.encode("utf-8"))


def _stray_quote(rng, lines, style, kop):
    return _raw_field(rng, lines, style, rng.choice((
        'a"b', '"a"b', '"a" ', ' "a"', '"', '"a', '"a""', '"a"";b', 'a"', '""a', '"a"\t', '"""',
        '"a""b', "a\"\n\"b", '"\n')))


def _bare_cr(rng, lines, style, kop):
    if rng.random() < 0.4:
        style.has_last_end, style.empty_records_at_end = False, ""
        return render(rng, lines, style) + rng.choice((b"\r", b"\n\r", b"\r\r\n", b"\r\n\r"))
    return _raw_field(rng, lines, style, rng.choice((
        "a\rb", "\r", '"a"\r', '"a"\rb', "\r\r\n", "a\r\r\n")))


def _good_quotes(rng, lines, style, kop):
    """Fields that look broken but are good of form (the line then has the fault, if any)."""
    return _raw_field(rng, lines, style, rng.choice((
        '""', '""""', '" a "', '"a;b"', '"a\nb"', '"a\r\nb"', '"a\rb"', '"a""b"', '"""a"""',
        "'a'", '"\r"', '"\n"', "  ", "a'b")))


def _field_size(rng, lines, style, kop):
    """A field around 1,024 bytes: of one or more bytes a character, quoted and doubled."""
    size = MAX_FIELD_BYTES + rng.choice((0, 0, 1))
    text = rng.choice((
        "p" * size, "é" * (size // 2) + "p" * (size % 2), "€" * (size // 3) + "p" * (size % 3),
        "\U0001f3eb" * (size // 4) + "p" * (size % 4), '"' * size, ";" * size, " " * size,
        " " * (size - 1) + "p", "\r\n" * (size // 2) + "p" * (size % 2)))
    quoted = '"' + text.replace('"', '""') + '"'
    must_quote = any(character in text for character in '";\r\n')
    return _raw_field(rng, lines, style, quoted if must_quote or rng.random() < 0.4 else text)


def _many_lines(rng, lines, style, kop):
    """500 or 501 lines of one teacher; the number need not be a good BSN to be counted."""
    kop["soort"] = "INTREKKING"
    kop.pop("regels", None)
    count = MAX_LINES_PER_TEACHER + rng.choice((0, 1))
    bsn = rng.choice((lines[0]["bsn"], "123456789"))
    numbers = [rng.choice((bsn, f" {bsn}")) for _ in range(count)]
    numbers.insert(rng.randrange(count), sample.make_bsn(rng))
    numbers += rng.choice(([], [bsn[:8]], ["a" * 9], [sample.other_digits(bsn)]))
    return "\n".join(["bsn"] + numbers + [""]).encode("utf-8")


def _too_many_records(rng, lines, style, kop):
    """Records of no characters count, but for those at the end. 50,000 then stops at LR-F06."""
    kop["soort"] = "INTREKKING"
    kop["regels"] = 1
    count = MAX_RECORDS + rng.choice((0, 1))
    return b"bsn\n" + b"\n" * (count - 1) + b"1" + b"\n" * rng.randrange(3)


def _empty_first(rng, lines, style, kop):
    content = render(rng, lines, style)
    return rng.choice((b"\n", b"\r\n", b" \n", b'""\n', BOM + BOM)) + content


def _one_column(rng, lines, style, kop):
    """An INTREKKING with bsn only: an empty record between others is a line."""
    kop["soort"] = "INTREKKING"
    kop.pop("regels", None)
    numbers = [line["bsn"] for line in lines]
    numbers.insert(rng.randrange(len(numbers) + 1), rng.choice(("", " ", '""', "\r")))
    return "\n".join(["bsn"] + numbers).encode("utf-8") + rng.choice((b"", b"\n", b"\n\n\r\n"))


FILE_FAULTS = {
    "niets-over": _nothing_left, "nul": _nul_byte, "utf8-fout": _bad_utf8,
    "utf8-zeldzaam": _rare_utf8, "controlewaarde": _wrong_hash,
    "controlewaarde-en-meer": _wrong_hash_and_more, "twee-fouten": _two_faults,
    "kolommen": _other_columns, "kolommen-2": _other_columns, "aantal-velden": _field_count,
    "aantal-regels": _line_count, "aanhalingsteken": _stray_quote, "kale-cr": _bare_cr,
    "aanhaling-goed": _good_quotes, "veldlengte": _field_size, "veel-regels": _many_lines,
    "leeg-vooraan": _empty_first, "een-kolom": _one_column,
}
RARE_FILE_FAULTS = {"te-veel-records": _too_many_records}


# --- lines: function(rng, world, office, line, delivery_dates), changes the line --------------

class DeliveryDates:
    def __init__(self, extraction_date, received_on):
        self.extraction_date = extraction_date
        self.received_on = received_on


def _begin(line):
    """begin_benoeming if it is a date with room around it, else None."""
    begin = parse_date(line["begin_benoeming"].strip())
    return begin if begin is not None and 19010101 <= begin <= 21981231 else None


def _day(date, days):
    return str(add_days(date, days))


def _number(rng, world, office, line, dates):
    line["bsn"] = sample.bad_bsn(rng, line["bsn"])


def _own_number_in_key(rng, world, office, line, dates):
    """LR-P11 also with a BSN that is not good: eight digits, or a wrong one."""
    line["bsn"] = rng.choice((line["bsn"], line["bsn"][:8], sample.make_wrong_number(rng),
                              sample.make_education_number(rng), line["bsn"] + "0"))
    veld = rng.choice(("personeelsnummer", "benoemingssleutel"))
    line[veld] = rng.choice(("", "A", "1", "x-")) + line["bsn"] + rng.choice(("", "7", "b"))


def _value(column, values):
    def change(rng, world, office, line, dates):
        line[column] = rng.choice(values(rng))
    return change


def _employee_ref(rng, world, office, line, dates):
    make = rng.choice((sample.employee_refs, sample.number_refs))
    line["personeelsnummer"] = rng.choice(make(rng, line["bsn"]))


def _appointment_key(rng, world, office, line, dates):
    make = rng.choice((sample.appointment_keys, sample.appointment_keys, sample.number_refs))
    line["benoemingssleutel"] = rng.choice(make(rng, line["bsn"]))


def _birth_date(rng, world, office, line, dates):
    line["geboortedatum"] = rng.choice(sample.birth_dates(dates.received_on, _begin(line)))


def _address(rng, world, office, line, dates):
    line.update(sample.address(rng))


def _a_date(column):
    def change(rng, world, office, line, dates):
        line[column] = rng.choice(sample.contract_dates(dates.received_on,
                                                        dates.extraction_date))
    return change


def _end_around_begin(rng, world, office, line, dates):
    begin = _begin(line)
    if begin is None:
        return
    end = _day(begin, rng.choice((-1, 0, 1)))
    line["einde_benoeming"] = end
    line["einde_arbeidsovereenkomst"] = rng.choice(("", end, _day(int(end), 1), _day(int(end), -1)))


def _contract_around_appointment(rng, world, office, line, dates):
    begin = _begin(line)
    if begin is None:
        return
    line["begin_arbeidsovereenkomst"] = _day(begin, rng.choice((-1, 0, 1)))
    if rng.random() < 0.5:
        line["einde_arbeidsovereenkomst"] = _day(begin, rng.choice((-1, 0, 1, 300)))
        line["einde_benoeming"] = rng.choice(("", line["einde_arbeidsovereenkomst"],
                                              _day(begin, 300), "20180230"))


def _contract_around_birth(rng, world, office, line, dates):
    line["geboortedatum"] = rng.choice(("19800600", "19800000", "19800615"))
    line["begin_arbeidsovereenkomst"] = rng.choice(("19791231", "19800101", "19800102", "19800531",
                                                    "19800601", "19800602", "19800614", "19800615",
                                                    "19800616"))


def _future_begin(rng, world, office, line, dates):
    limit = dates.received_on + 10000
    for column in rng.choice((("begin_benoeming",), ("begin_arbeidsovereenkomst",),
                              ("begin_benoeming", "begin_arbeidsovereenkomst"))):
        line[column] = str(limit + rng.choice((-1, 0, 1)))


def _end_around_extraction(rng, world, office, line, dates):
    """Moves the toetsdatum to either side of the extraction date."""
    line["einde_benoeming"] = _day(dates.extraction_date, rng.choice((-400, -1, 0, 1, 400)))
    line["einde_arbeidsovereenkomst"] = ""


def _own_rows(world, office, table):
    """Rows of the board's own schools, of now and of before."""
    brins = {row["brin"] for row in world.reference.rows("bestuur_school")
             if row["bestuur"] == office.board}
    return [row for row in world.reference.rows(table)
            if row["brin"] in brins and row.get("bestuur", office.board) == office.board]


def _reference_edge(rng, world, office, line, dates):
    """Ends on either side of the first or last day of a row of the reference tables."""
    table = rng.choice(("scholen", "vestigingen", "vestigingen", "bestuur_school",
                        "benoemingsgrondslagen", "onderwijsterreinen"))
    rows = world.reference.rows(table) if table[0] in "bo" and table != "bestuur_school" \
        else _own_rows(world, office, table)
    edges = [(row, row[column]) for row in rows for column in ("geldig_van", "geldig_tot")
             if row[column] > "19500101"]
    if not edges:
        return
    row, text = rng.choice(edges)
    if "brin" in row:
        line["brin"], line["vestiging"] = row["brin"], row.get("vestiging", "00")
    elif table == "benoemingsgrondslagen":
        line["benoemingsgrondslag"] = row["code"]
    else:
        line["onderwijsterrein"] = row["code"]
    line["einde_benoeming"] = _day(int(text), rng.choice((-1, 0, 1)))
    line["begin_benoeming"] = _day(int(text), rng.choice((-300, -1, -1, 0)))
    line["begin_arbeidsovereenkomst"] = line["begin_benoeming"]
    line["einde_arbeidsovereenkomst"] = ""


def _brin(rng, world, office, line, dates):
    own = [row["brin"] for row in _own_rows(world, office, "bestuur_school")]
    line["brin"] = rng.choice(rng.choice((sample.brins(), sample.brins(), own,
                                          [world.other_brin(office)], ["00QQ"])))


def _ground(rng, world, office, line, dates):
    rows = world.reference.rows("benoemingsgrondslagen")
    line["benoemingsgrondslag"] = rng.choice(rng.choice((
        sample.grounds(), ("799", "000", "990"), [row["code"] for row in rows],
        [row["code"] for row in rows if row["doel"] == "GEEN"],
        [row["code"] for row in rows if row["einddatum_nodig"] == "J"])))


def _teaching_field(rng, world, office, line, dates):
    row = world.ground_row(line["benoemingsgrondslag"])
    codes = world.field_codes(row["sector"] if row else "PO") or ["P001"]
    a, others = rng.choice(codes), world.field_codes(rng.choice(("PO", "VO", "MBO"))) or codes
    some = rng.sample(codes, min(len(codes), 4))
    line["onderwijsterrein"] = rng.choice((
        "", " ", a, f" {a} ", f"{a}|{a}", f"{a}| {a}", f"{a}|", f"|{a}", "|", "||", a.lower(),
        "|".join(some), "|".join(some + ["X1"]), " | ".join(some), "Z" * 10, "Z" * 11, f"{a}|Q0",
        rng.choice(others), f"{a}|{rng.choice(others)}", f"{a},{a}", f"{a} {a}", a + "\t",
        "|".join(reversed(some)), f"{a}||{a}", sample.other_digits(a), "1|2|3|4|5", "1|2|3|4"))


LINE_FAULTS = {
    "bsn": _number, "bsn-in-sleutel": _own_number_in_key, "personeelsnummer": _employee_ref,
    "benoemingssleutel": _appointment_key,
    "geslachtsnaam": _value("geslachtsnaam", sample.family_names),
    "geslachtsnaam-2": _value("geslachtsnaam", sample.family_names),
    "voorvoegsel": _value("voorvoegsel", sample.name_prefixes),
    "voornamen": _value("voornamen", sample.given_names),
    "geslacht": _value("geslacht", sample.sexes),
    "geboortedatum": _birth_date, "geboortedatum-2": _birth_date,
    "adres": _address, "adres-2": _address, "adres-3": _address,
    "brin": _brin, "vestiging": _value("vestiging", sample.sites),
    "begin_arbeidsovereenkomst": _a_date("begin_arbeidsovereenkomst"),
    "einde_arbeidsovereenkomst": _a_date("einde_arbeidsovereenkomst"),
    "begin_benoeming": _a_date("begin_benoeming"), "einde_benoeming": _a_date("einde_benoeming"),
    "einde-om-begin": _end_around_begin, "contract-om-benoeming": _contract_around_appointment,
    "contract-om-geboorte": _contract_around_birth, "toekomst": _future_begin,
    "einde-om-extractie": _end_around_extraction, "rand-van-tabel": _reference_edge,
    "benoemingsgrondslag": _ground, "onderwijsterrein": _teaching_field,
    "onderwijsterrein-2": _teaching_field,
}


# --- groups: function(rng, world, office, person, dates) -> lines of one teacher --------------

def _double_key(rng, world, office, person, dates):
    """LR-X01 on two or more lines, with others between."""
    lines = _lines_of(world, office, person, rng.randrange(2, 6))
    key = rng.choice(("D-1", lines[0]["benoemingssleutel"], " D-1 ", "fout!"))
    for line in rng.sample(lines, rng.randrange(2, len(lines) + 1)):
        line["benoemingssleutel"] = rng.choice((key, key, key.strip(), key.strip().lower()))
    return lines


def _lines_of(world, office, person, count):
    """At least count lines of this person, with appointments of their own."""
    while len(person.appointments) < count:
        person.appointments.append(world.make_appointment(office, person))
    return person.lines()


def _other_person(rng, world, office, person, dates):
    """LR-X02: one or more lines differ from the first, or only seem to."""
    lines = _lines_of(world, office, person, rng.randrange(2, 5))
    for line in rng.sample(lines, rng.choice((1, 1, 2))):
        for column in rng.sample(PERSON_COLUMNS, rng.choice((1, 1, 2))):
            line[column] = rng.choice((f" {line[column]} ", line[column] + "a", "", "Ander",
                                       line[column].upper()))
    return lines


def _same_appointment(rng, world, office, person, dates):
    """LR-X06: the same appointment under other keys, written in other ways."""
    lines = _lines_of(world, office, person, rng.randrange(1, 4))
    source = rng.choice(lines)
    for number in range(rng.choice((1, 1, 2, 3))):
        copy = dict(source, benoemingssleutel=f"D-{number}")
        codes = copy["onderwijsterrein"].split("|")
        rng.shuffle(codes)
        copy["onderwijsterrein"] = rng.choice(("|", " | ")).join(codes)
        copy["vestiging"] = rng.choice((copy["vestiging"], copy["vestiging"].lstrip("0") or "0"))
        if rng.random() < 0.3:
            change = rng.choice(("vestiging", "begin_benoeming", "onderwijsterrein", "brin",
                                 "benoemingsgrondslag", "einde_benoeming"))
            LINE_FAULTS[change](rng, world, office, copy, dates)
        lines.insert(rng.randrange(len(lines) + 1), copy)
    if rng.random() < 0.3:
        for line in lines:
            line["onderwijsterrein"] = "Q9" if line["onderwijsterrein"] else ""
    return lines


def _now_qualified(rng, world, office, person, dates):
    """LR-X03: a REGISTER line begins around begin and end of a temporary VOORPORTAAL line."""
    temporary = world.make_appointment(office, person, "VOORPORTAAL")
    person.appointments.append(temporary)
    qualified = world.make_appointment(office, person, "REGISTER")
    person.appointments.append(qualified)
    qualified["brin"] = rng.choice((temporary["brin"],) * 4 + (qualified["brin"], ""))
    begin = int(temporary["begin_benoeming"])
    end = int(temporary["einde_benoeming"] or begin)
    around = rng.choice((begin, end))
    qualified["begin_benoeming"] = _day(around, rng.choice((-1, 0, 1)))
    qualified["begin_arbeidsovereenkomst"] = "20000101"
    if rng.random() < 0.2:
        temporary["einde_benoeming"] = ""
    lines = person.lines()
    rng.shuffle(lines)
    return lines


def _chain(rng, world, office, person, dates):
    """LR-B11: appointments on one ground with gaps around three months, ends around the limit."""
    rows = [row for row in world.reference.rows("benoemingsgrondslagen") if row["max_maanden"]]
    row = rng.choice(rows)
    limit = int(row["max_maanden"]) + int(row["verleng_maanden"] or 0)
    base = world.make_appointment(office, person, "VOORPORTAAL")
    codes = world.field_codes(row["sector"])
    begin = rng.choice((20140201, 20140830, 20141130, 20141201, 20150131, 20150531, 20160229,
                        20140301, 20150801))
    first, person.appointments = begin, []
    for number in range(rng.randrange(1, 5)):
        until_limit = add_days(add_months(first, limit), rng.choice((-2, -1, -1, 0, 1)))
        months = rng.choice((1, 2, 3, 5, 6, 12))
        part = add_days(add_months(begin, months), rng.choice((-1, -1, 0)))
        end = until_limit if rng.random() < 0.35 else part
        person.appointments.append(dict(
            base, benoemingssleutel=f"B-{number}", benoemingsgrondslag=row["code"],
            begin_arbeidsovereenkomst="20100101", einde_arbeidsovereenkomst="",
            begin_benoeming=str(begin), einde_benoeming=str(end),
            onderwijsterrein=rng.choice(codes) if codes else ""))
        latest = max(int(appointment["einde_benoeming"]) for appointment in person.appointments)
        gap_end = add_months(add_days(latest, 1), 3)
        begin = rng.choice((add_days(latest, 1), gap_end, add_days(gap_end, 1),
                            add_days(gap_end, -1), add_months(begin, 1), begin))
        if rng.random() < 0.15:
            first = begin
    lines = person.lines()
    if rng.random() < 0.25:
        change = rng.choice(("benoemingsgrondslag", "einde-om-begin", "bsn", "brin"))
        LINE_FAULTS[change](rng, world, office, rng.choice(lines), dates)
    rng.shuffle(lines)
    return lines



def _half_rejected(rng, world, office, person, dates):
    """LR-X04: one line wrong, the others good or with a signal of their own."""
    lines = _lines_of(world, office, person, rng.randrange(2, 5))
    name = rng.choice(("brin", "benoemingsgrondslag", "einde-om-begin", "vestiging"))
    LINE_FAULTS[name](rng, world, office, rng.choice(lines), dates)
    rng.choice(lines)["personeelsnummer"] = "-"
    return lines


GROUP_FAULTS = {
    "dubbele-sleutel": _double_key, "persoon-verschilt": _other_person,
    "dubbele-benoeming": _same_appointment, "inmiddels-bevoegd": _now_qualified,
    "keten": _chain, "keten-2": _chain, "deels-afgekeurd": _half_rejected,
}

