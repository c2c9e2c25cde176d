"""The folders identiteit, persoon, adres and benoeming: the rules on one line."""

import sample_values as sample
from case_folder import (BSN_WITH_ZERO, BSN_WITH_ZEROS, CASES, EDUCATION_NUMBERS, GOOD,
                         TEMPORARY, TEMPORARY_VO, WRONG_NUMBERS, bsn, line, table, withdrawal)
from findings import COLUMNS, PERSON_COLUMNS
from reference import Reference


# --- identiteit: P01, P02, P03, P11, P12, P14, X05 --------------------------------------------

def make_identiteit(folder):
    number = bsn(1)
    folder.send("LR-P01, LR-P02, LR-P03", [
        line(2, "goed"), line(" " + bsn(3) + "  ", "spaties-mogen"),
        line(BSN_WITH_ZERO, "voorloopnul"), line(BSN_WITH_ZEROS, "voorloopnullen"),
        line(BSN_WITH_ZERO[1:], "voorloopnul-weg"), line("", "leeg"), line("   ", "spaties"),
        line(number + "0", "tien"), line(number[:8] + "a", "letter"),
        line(number[:4] + " " + number[5:], "spatie-erin"), line("\t" + number, "tab"),
        line("\u00a0" + number, "harde-spatie"), line(number + "\n", "regeleinde"),
        line(sample.other_digits(number), "arabische-cijfers"), line("-" + number[1:], "min"),
        line("000000000", "nullen"), line(WRONG_NUMBERS[0], "controlegetal"),
        line(WRONG_NUMBERS[1], "controlegetal-2"), line(EDUCATION_NUMBERS[0], "onderwijsnummer"),
        line(EDUCATION_NUMBERS[1], "onderwijsnummer-2")])
    folder.send("LR-P03: onderwijsnummers met elk laatste cijfer", [
        line(next(number for number in EDUCATION_NUMBERS if number.endswith(digit)),
             f"op-{digit}") for digit in "0123456789"])
    folder.send("een onleesbaar BSN is een groep op zich: geen LR-X01, X02, X04, X06", [
        line("", "dubbel"), line("", "dubbel", geslachtsnaam="Anders"),
        line(WRONG_NUMBERS[0], "dubbel"), line(WRONG_NUMBERS[0], "dubbel", geslacht="V"),
        line(EDUCATION_NUMBERS[0], "dubbel"), line(EDUCATION_NUMBERS[0], "dubbel-2")])
    _make_identity_own_number(folder)
    _make_identity_reference_numbers(folder)
    _make_identity_withdrawal(folder)


def _make_identity_own_number(folder):
    folder.send("LR-P11 in personeelsnummer", [
        line(number, f"teken-{place}", personeelsnummer=text.replace("#", number))
        for place, (number, text) in enumerate((
            (bsn(11), "#"), (bsn(12), "P#"), (bsn(13), "#7"), (bsn(14), "1#2"),
            (bsn(15), "-#"), (bsn(16), bsn(17)[:8]), (BSN_WITH_ZERO[1:], BSN_WITH_ZERO),
            ("12345678", "x12345678y"), ("1234567", "1234567"), (bsn(18) + "1", "#"),
            (WRONG_NUMBERS[2], "#"), (EDUCATION_NUMBERS[2], "#"), ("", "7"),
            ("123 5678", "#"), (bsn(19), "A" * 12 + "#")))])
    folder.send("LR-P11 in benoemingssleutel, ook fout van vorm", [
        line(bsn(21), bsn(21)), line(bsn(22), "K/" + bsn(22) + "1"), line(bsn(23), "-" + bsn(23)),
        line("12345678", "a12345678"), line(WRONG_NUMBERS[3], "a" + WRONG_NUMBERS[3]),
        line(bsn(24), bsn(24), personeelsnummer=bsn(24))])


def _make_identity_reference_numbers(folder):
    other = bsn(30)
    refs = ("", "7", "A" * 20, "A" * 21, "Aa0._/ -9", "-1", ".1", "/1", "_1", "  12  ", "é1", "1é",
            "1\t2", "1;2", '1"2', "1\n2", "1,2", other, f"x{other}y", f"{other}1", f"1{other}",
            f"{other}-1", f"-{other}", f"{other}.{other}", f"1234567890 {other}", "A" * 11 + other,
            "A" * 12 + other, EDUCATION_NUMBERS[3], WRONG_NUMBERS[4], "000000000",
            f"{other}{sample.other_digits('1')}", sample.other_digits(other),
            f"{other[:8]}-{other[8]}")
    folder.send("LR-P12 en LR-P14 op personeelsnummer", [
        line(40 + place, f"ref-{place}", personeelsnummer=ref) for place, ref in enumerate(refs)])
    folder.send("LR-P14 op benoemingssleutel: wordt wel opgeslagen", [
        line(80 + place, key, personeelsnummer=f"ref-{place}") for place, key in enumerate((
            other, f"x{other}", f"{other}1", f"A-{other}-B", "A" * 27 + other, EDUCATION_NUMBERS[4],
            "000000000", f"{other}.{bsn(31)}"))])
    folder.send("LR-P14 en LR-B13 op een te lange sleutel", [
        line(95, "A" * 28 + other), line(96, other + " ", personeelsnummer=other)])
    folder.send("LR-P14: sortering op de opgeslagen sleutel", [
        line(97, "Z-1"), line(97, other, begin_benoeming="20110801"),
        line(97, "1-eerste", begin_benoeming="20120801"), line(97, "a-klein", vestiging="01"),
        line(97, "A_1", begin_benoeming="20130801"), line(97, "A-1", begin_benoeming="20140801"),
        line(97, "A.1", begin_benoeming="20150801"), line(97, "A/1", begin_benoeming="20160801"),
        line(97, "A1", begin_benoeming="20170801")])


def _make_identity_withdrawal(folder):
    folder.send("INTREKKING: voorbereiding", [line(teacher) for teacher in range(100, 114)])
    person = {column: GOOD[column] for column in PERSON_COLUMNS}
    folder.send("INTREKKING: LR-X05 op de eerste gevulde kolom van 17-25", table([
        withdrawal(100, personeelsnummer="niets"),
        withdrawal(101, personeelsnummer="persoon-mag", **person),
        withdrawal(102, personeelsnummer="persoon-fout-mag", geslacht="X", postcode="x",
                   geboortedatum="x"),
        withdrawal(103, personeelsnummer="sleutel", benoemingssleutel="A-1"),
        withdrawal(104, personeelsnummer="brin", brin="99ZZ", benoemingsgrondslag="701"),
        withdrawal(105, personeelsnummer="terrein", onderwijsterrein="|||||"),
        withdrawal(106, personeelsnummer="spaties-zijn-leeg", brin="   "),
        withdrawal(107, personeelsnummer="sleutel-fout", benoemingssleutel="-fout"),
        withdrawal(108, personeelsnummer="sleutel-P11", benoemingssleutel=bsn(108)),
        withdrawal(109, personeelsnummer="sleutel-P14", benoemingssleutel=bsn(30)),
        withdrawal(110, personeelsnummer=bsn(110)), withdrawal(111, personeelsnummer=bsn(30)),
        withdrawal(112, personeelsnummer="-P12"), withdrawal("", personeelsnummer="P01"),
        withdrawal(WRONG_NUMBERS[5], personeelsnummer="P02"),
        withdrawal(EDUCATION_NUMBERS[5], personeelsnummer="P03")], list(reversed(COLUMNS))),
        kind="INTREKKING")
    folder.send("INTREKKING: twee regels van een leraar, LR-X04", [
        withdrawal(113, personeelsnummer="goed"),
        withdrawal(113, personeelsnummer="fout", einde_benoeming="20180731")], kind="INTREKKING")
    folder.send("INTREKKING: twee goede regels van een leraar", [
        withdrawal(113, personeelsnummer="een"),
        withdrawal(113, personeelsnummer="twee", geslachtsnaam="Anders")], kind="INTREKKING")


# --- persoon: P05, P06, P07, P08, B14 ---------------------------------------------------------

def lines_of_values(column, values, first_teacher, **more):
    """One teacher per value; the value's place is in the key."""
    return [line(first_teacher + place, f"{column}-{place}", **{column: value}, **more)
            for place, value in enumerate(values)]


def make_persoon(folder):
    folder.send("LR-P05: vorm van de geboortedatum", lines_of_values("geboortedatum", (
        "", " ", "19800601", " 19800601 ", "19800600", "19800000", "19800001", "19801300",
        "19801301",
        "19800132", "19800229", "19810229", "19000229", "20000229", "20000230", "19000000",
        "19000101",
        "19000100", "18991231", "19800431", "1980-06-01", "198006", "1980060", "198006011",
        "1980060a", sample.other_digits("19800601"), "00000000", "99999999"), 0))
    folder.send("LR-P05: na de dag van ontvangst (20180702)", lines_of_values("geboortedatum", (
        "20180701", "20180702", "20180703", "20180700", "20180800", "20180000", "20190000",
        "21991231", "22000101"), 30))
    folder.send("LR-P06: 18 en 66 jaar bij het begin (20100801)", lines_of_values("geboortedatum", (
        "19920801", "19920802", "19920800", "19920900", "19920000", "19930000", "19440802",
        "19440801", "19440800", "19440731", "19440000", "19450000"), 40))
    folder.send("LR-P06 slaat over zonder goed begin, LR-B14 zonder goede geboortedatum", [
        line(55, "begin-fout", geboortedatum="20050101", begin_benoeming="20180230"),
        line(56, "geboorte-fout", geboortedatum="20180230", begin_arbeidsovereenkomst="19000101"),
        line(57, "geboorte-later", geboortedatum="20180703", begin_arbeidsovereenkomst="20100801")])
    folder.send("LR-B14: arbeidsovereenkomst en geboortedatum", [
        line(60 + place, f"{birth}-{start}", geboortedatum=birth,
             begin_arbeidsovereenkomst=start, begin_benoeming="20100801")
        for place, (birth, start) in enumerate((
            ("19800601", "19800531"), ("19800601", "19800601"), ("19800601", "19800602"),
            ("19800600", "19800601"), ("19800600", "19800602"), ("19800000", "19800101"),
            ("19800000", "19800102"), ("19800601", "19800631")))])
    folder.send("LR-P07", lines_of_values("geslacht", (
        "M", "V", "O", "", "m", "v", "o", "X", "MV", " M ", "\u00a0M", "М", "0", "M\n"), 70))
    folder.send("LR-P08: geslachtsnaam",
                lines_of_values("geslachtsnaam", sample.family_names(), 90))
    folder.send("LR-P08: voorvoegsel", lines_of_values("voorvoegsel", sample.name_prefixes(), 190))
    folder.send("LR-P08: voornamen", lines_of_values("voornamen", sample.given_names(), 220))
    folder.send("LR-P08: alle drie", [line(290, "alle", geslachtsnaam="", voorvoegsel="1",
                                           voornamen="")])
    folder.send("alle fouten van een regel in een keer", [dict.fromkeys(COLUMNS, "x")])
    folder.send("een regel zonder enige waarde", [dict.fromkeys(COLUMNS, ""), line(291, "laatste")])
    folder.send("geen samenvoeging van tekens: e met accent in een of twee tekens",
                [line(90 + 31, "geslachtsnaam-31", geslachtsnaam="\u00e9")])


# --- adres: P10 -------------------------------------------------------------------------------

def make_adres(folder):
    home = {"straat": "Dorpsstraat", "huisnummer": "12", "postcode": "1234AB",
            "plaats": "Ons Dorp"}
    abroad = {"land": "5010", "adresregel1": "Rue Une 1"}
    columns = ("straat", "huisnummer", "toevoeging", "postcode", "plaats", "land", "adresregel1",
               "adresregel2", "adresregel3")
    values = home | abroad | {"toevoeging": "a", "adresregel2": "B-1000", "adresregel3": "Belgique"}
    shapes = []
    for number in range(2 ** 5):
        shapes.append([column for place, column in enumerate(columns[:5]) if number >> place & 1])
    for number in range(1, 2 ** 4):
        shapes.append([column for place, column in enumerate(columns[5:]) if number >> place & 1])
    shapes += [["postcode", "land"], ["postcode", "land", "adresregel1"], list(columns)]
    folder.send("LR-P10: welke kolommen samen gevuld mogen zijn", [
        line(place,
             "+".join(column[0] + column[-1] for column in shape).replace("+", "-") or "geen",
             **{column: values[column] for column in shape})
        for place, shape in enumerate(shapes)])
    folder.send("LR-P10: vorm van een woonadres", [
        line(100 + place, f"woonadres-{place}", **(home | change))
        for place, change in enumerate(sample.HOME_CHANGES)])
    folder.send("LR-P10: vorm van andere adressen", [
        line(160 + place, f"adres-{place}", **address)
        for place, address in enumerate(sample.ADDRESSES)])
    folder.send("LR-P10: stand met bijzondere tekens", [
        line(300, "puntkomma", **(home | {"straat": "Plein; 40"})),
        line(301, "aanhalingsteken", **(home | {"straat": 'Straat "Oost"'})),
        line(302, "alleen-aanhaling", **(home | {"toevoeging": '"'}))])


# --- benoeming: B01 - B10, B12, B13, S01 - S05 ------------------------------------------------

def make_benoeming(folder):
    dates = ("", " ", "20180230", "20160230", "20160229", "20150229", "18991231", "19000101",
             "21991231",
             "22000101", "2018-01-01", "201801", "20180100", "20180001", "2018010a", " 20180101 ",
             sample.other_digits("20180101"), "\t20180101", "20180101\n")
    for place, column in enumerate(COLUMNS[19:23]):
        folder.send(f"LR-B01: {column}", lines_of_values(column, dates, place * 20))
    _make_periods(folder)
    _make_future(folder)
    _make_keys(folder)
    _make_schools(folder)
    _make_test_dates(folder)
    _make_grounds(folder)
    _make_teaching_fields(folder)
    _make_sectors(folder)


def periods(first_teacher, *rows):
    """Lines from rows of (begin contract, end contract, begin, end)."""
    return [line(first_teacher + place, f"periode-{place}", begin_arbeidsovereenkomst=row[0],
                 einde_arbeidsovereenkomst=row[1], begin_benoeming=row[2], einde_benoeming=row[3])
            for place, row in enumerate(rows)]


def _make_periods(folder):
    folder.send("LR-B02: einde voor begin", periods(
        100, ("20170801", "20170731", "20170801", "20170731"),
        ("20170801", "20170801", "20170801", "20170801"),
        ("20170801", "20170802", "20170801", "20170731"), ("20170801", "20170731", "20170801", ""),
        ("20170801", "", "20170801", "20170731"), ("20170832", "20170731", "20170801", "20170801"),
        ("20170801", "20170731", "20170832", "20170731")))
    folder.send("LR-B03: benoeming binnen de arbeidsovereenkomst", periods(
        110, ("20170801", "", "20170731", ""), ("20170801", "", "20170801", ""),
        ("20170801", "", "20170802", ""), ("20170801", "20180731", "20170801", ""),
        ("20170801", "20180731", "20170801", "20180731"),
        ("20170801", "20180731", "20170801", "20180801"),
        ("20170801", "20180731", "20170801", "20180730"),
        ("20170801", "20180731", "20170801", "20180732"),
        ("20170801", "20180732", "20170801", ""), ("20170801", "20180731", "20170731", ""),
        ("20170832", "20180731", "20170731", ""), ("20170801", "20180731", "20170732", "")))


def _make_future(folder):
    folder.send("LR-B04: een jaar na ontvangst 20180702", periods(
        130, ("20190701", "", "20190701", ""), ("20190702", "", "20190702", ""),
        ("20190703", "", "20190703", ""), ("20180801", "", "20190703", ""),
        ("20190703", "", "20190701", ""), ("20180801", "20300731", "20180801", "20300731")))
    folder.send("LR-B04: een jaar na schrikkeldag 20200229", periods(
        136, ("20210228", "", "20210228", ""), ("20210301", "", "20210301", "")),
        extraction=20200229, received=20200229)


def _make_keys(folder):
    folder.send("LR-B13: benoemingssleutel", [
        line(140 + place, key, personeelsnummer=f"sleutel-{place}") for place, key in enumerate((
            "", " ", "A", "a", "0", "K" * 36, "K" * 37, "A.b_c/d-9", "-a", ".a", "_a", "/a", "a b",
            " spaties ", "a\tb", "a\n", "é", "aé", "a;b", 'a"b', "a:b", "a+b"))])
    folder.send("LR-B13: benoemingsgrondslag", lines_of_values("benoemingsgrondslag", (
        "", " ", "701", " 701 ", "70", "7011", "70a", "+70", sample.other_digits("701"), "7 1",
        "701\n"), 170))


def _make_schools(folder):
    folder.send("LR-S01: brin", lines_of_values("brin", (
        "", " ", "99ZZ", " 99ZZ ", "99zz", "99Zz", "9ZZ", "99ZZZ", "ZZ99", "9 ZZ", "99ZÉ",
        sample.other_digits("99") + "ZZ", "99ZZ\n", "99-ZZ"), 190))
    folder.send("LR-S05: vestiging", lines_of_values("vestiging", (
        "", " ", "0", "00", "1", "01", " 1 ", "9", "99", "100", "000", "-1", "1a", "a", "+1", "0 1",
        sample.other_digits("01"), "1\n"), 210))
    folder.send("LR-S02, LR-S03, LR-S04", [
        line(230, "onbekende-school", brin="00QQ"), line(231, "van-een-ander", brin="99QB"),
        line(232, "van-een-ander-en-vestiging", brin="99QB", vestiging="7"),
        line(233, "vestiging-onbekend", vestiging="7"),
        line(234, "vestiging-van-andere-school", brin="99VO", vestiging="03",
             benoemingsgrondslag="901"),
        line(235, "onbekende-school-en-vestiging", brin="00QQ", vestiging="7"),
        line(236, "brin-fout-vestiging-onbekend", brin="99zz", vestiging="7"),
        line(237, "vestiging-fout", vestiging="100"),
        line(238, "vestiging-fout-school-van-ander", brin="99QB", vestiging="100"),
        line(239, "naam-met-tekens", brin="99ZU")])
    edges = [("99ZY", "00", day) for day in ("20180330", "20180331", "20180401", "20180402")]
    edges += [("99ZW", "00", day) for day in ("20180614", "20180615")]
    edges += [("99ZX", "00", day) for day in ("20180131", "20180201")]
    edges += [("99ZU", "00", day) for day in ("20161231", "20170101", "20171231", "20180101")]
    edges += [("99ZZ", "02", day) for day in ("20170731", "20170801")]
    edges += [("99ZZ", "03", day) for day in ("20180614", "20180615")]
    edges += [("99ZZ", "5", day) for day in ("20180531", "20180601", "20180619", "20180620")]
    folder.send("LR-S02, S03, S04: geldig_van en geldig_tot (einde_benoeming is de toetsdatum)", [
        line(240 + place, f"{brin}-{site}-{day}", brin=brin, vestiging=site, einde_benoeming=day)
        for place, (brin, site, day) in enumerate(edges)])


def _make_test_dates(folder):
    """Which date is used: the texts of LR-S03 show it."""
    def at_other_board(first_teacher, *rows):
        return [values | {"brin": "99QB"} for values in periods(first_teacher, *rows)]

    folder.send("toetsdatum: extractiedatum 20180701, einde, of begin", at_other_board(
        270, ("20100801", "", "20100801", ""), ("20100801", "", "20100801", "20180630"),
        ("20100801", "", "20100801", "20180701"), ("20100801", "", "20100801", "20180702"),
        ("20100801", "", "20180801", ""), ("20100801", "", "20180801", "20190731"),
        ("20100801", "", "20180801", "20180731"), ("20100801", "", "20180801", "20180630"),
        ("20100801", "", "20180701", ""), ("20100801", "", "20100801", "20100801"),
        ("20100832", "20180732", "20100801", "")))
    folder.send("geen toetsdatum: opzoeken in tabellen vervalt", [
        values | {"brin": "00QQ", "benoemingsgrondslag": "799", "vestiging": "7"}
        for values in periods(282, ("20100801", "", "", ""), ("20100801", "", "20180230", ""),
                              ("20100801", "", "20100801", "20180230"),
                              ("20100801", "", "20100801", " "))])


def _make_grounds(folder):
    folder.send("LR-B05: onbekend, of niet geldig", [
        line(290, "onbekend", benoemingsgrondslag="799"),
        line(291, "nullen", benoemingsgrondslag="000")] + [
        line(292 + place, f"990-{day}", brin="99VO", benoemingsgrondslag="990",
             einde_benoeming=day) for place, day in enumerate(("20171231", "20180101"))])
    folder.send("LR-B06, LR-B07, LR-B09, LR-B10", [
        line(295, "708-goed", **TEMPORARY),
        line(296, "708-zonder-terrein", **(TEMPORARY | {"onderwijsterrein": ""})),
        line(297, "708-terrein-van-spaties", **(TEMPORARY | {"onderwijsterrein": "  "})),
        line(298, "708-zonder-einde", **(TEMPORARY | {"einde_benoeming": ""})),
        line(299, "708-zonder-beide", benoemingsgrondslag="708"),
        line(300, "708-einde-geen-datum", **(TEMPORARY | {"einde_benoeming": "20180230"})),
        line(301, "701-met-terrein", onderwijsterrein="P001"),
        line(302, "701-met-fout-terrein", onderwijsterrein="p001"),
        line(303, "952-gastdocent", benoemingsgrondslag="952"),
        line(304, "952-met-terrein", benoemingsgrondslag="952", onderwijsterrein="P001"),
        line(305, "952-met-fout-terrein", benoemingsgrondslag="952", onderwijsterrein="P001|P001"),
        line(306, "917-zonder-einde-mag", brin="99VO", benoemingsgrondslag="917",
             onderwijsterrein="V1001"),
        line(307, "701-met-einde-mag", einde_benoeming="20190731")])
    reference = Reference(CASES / "reference")
    rows = reference.rows("benoemingsgrondslagen")
    brins = {"PO": "99ZZ", "VO": "99VO", "MBO": "99MA"}
    codes = {"PO": "P001", "VO": "V1001", "MBO": "M001"}
    folder.send("elke grondslag goed geleverd", [
        line(310 + place, f"grond-{row['code']}", brin=brins[row["sector"]],
             benoemingsgrondslag=row["code"], begin_benoeming="20180101",
             einde_benoeming="20180531" if row["einddatum_nodig"] == "J" else "",
             onderwijsterrein=codes[row["sector"]] if row["onderwijsterrein_nodig"] == "J" else "")
        for place, row in enumerate(rows)])


def _make_teaching_fields(folder):
    values = ("V1001", " V1001 ", "V1001|V1002|V1003|V1004", "V1001|V1002|V1003|V1004|V1005",
              " V1003 | V1001 ", "V1001|V1001", "V1001| V1001", "V1001|", "|V1001", "|", "||",
              "V1001||V1002", "v1001", "V1001,V1002", "V1001 V1002", "V9999", "V1001|V9999", "P001",
              "M001", "0123456789", "0123456789A", "V1001\t", sample.other_digits("1"), "V1008",
              "V1009",
              "A001", "1|2|3|4", "1|2|3|4|5")
    folder.send("LR-B08: vorm en tabel, voorportaal", [
        line(340 + place, f"terrein-{place}", **(TEMPORARY_VO | {"onderwijsterrein": value}))
        for place, value in enumerate(values)])
    folder.send("LR-B08: geldig op de toetsdatum", [
        line(370 + place, f"{code}-{day}", **(TEMPORARY_VO | {
            "onderwijsterrein": code, "einde_benoeming": day}))
        for place, (code, day) in enumerate((("V1008", "20171231"), ("V1008", "20180101"),
                                             ("V1009", "20180614"), ("V1009", "20180615"),
                                             ("A001", "20180614"), ("A001", "20180615")))])
    folder.send("LR-B08: A001 bestaat in po al langer", [
        line(376, "A001-po", **(TEMPORARY | {"onderwijsterrein": "A001"})),
        line(377, "A001-po-vroeger", **(TEMPORARY | {"onderwijsterrein": "A001",
                                                     "einde_benoeming": "20180131"}))])
    folder.send("LR-B08 op vorm heeft niets nodig", [
        line(380, "grond-fout", benoemingsgrondslag="x", onderwijsterrein="a"),
        line(381, "grond-onbekend", benoemingsgrondslag="799", onderwijsterrein="P001|P001"),
        line(382, "geen-toetsdatum", begin_benoeming="", onderwijsterrein="|"),
        line(383, "grond-onbekend-code-onbekend", benoemingsgrondslag="799",
             onderwijsterrein="Q9")])
    folder.send("onderwijsterrein wordt gesorteerd opgeslagen", [
        line(384, "sorteer", **(TEMPORARY_VO | {"onderwijsterrein": " V1004|V1001 |0123456789"}))])


def _make_sectors(folder):
    rows = [(brin, code) for brin in ("99ZZ", "99VO", "99WA", "99WB", "99WC", "99MA")
            for code in ("701", "901", "961")]
    folder.send("LR-B12: grondslag bij soort school", [
        line(390 + place, f"{brin}-{code}", brin=brin, benoemingsgrondslag=code)
        for place, (brin, code) in enumerate(rows)])
    folder.send("LR-B12: school die van soort wisselde, en wat nodig is", [
        line(410, "99ZV-po-tijd-po", brin="99ZV", einde_benoeming="20160731"),
        line(411, "99ZV-po-tijd-vo", brin="99ZV", benoemingsgrondslag="901",
             einde_benoeming="20160731"),
        line(412, "99ZV-vo-tijd-po", brin="99ZV", einde_benoeming="20160801"),
        line(413, "99ZV-vo-tijd-vo", brin="99ZV", benoemingsgrondslag="901",
             einde_benoeming="20160801"),
        line(414, "school-onbekend", brin="00QQ", benoemingsgrondslag="901"),
        line(415, "school-van-ander", brin="99QB", benoemingsgrondslag="901"),
        line(416, "vestiging-onbekend", vestiging="7", benoemingsgrondslag="901"),
        line(417, "doel-geen", benoemingsgrondslag="921")])
