"""Invented values for made cases: numbers, names, and values on both sides of every limit."""

from dates import add_days, add_months, join_date, split_date
from line_rules import is_bsn, is_education_number

FAMILY_NAMES = ("Jansen", "Öztürk", "Bakker", "Visser", "Dijk", "Şahin", "Čapek", "Ng", "Strauß",
                "D’Angelo", "O'Brien", "Ruiter-Smit", "Łuczak", "El Amrani", "Nguyễn", "Þór",
                "Vries", "Bergsma", "Ďurica", "Zoe\u0308tekouw")
NAME_PREFIXES = ("", "", "", "", "de", "van", "van der", "in ’t", "'t", "von", "d'")
GIVEN_NAMES = ("Anna Maria", "Emre", "Jan", "Els", ".", "Zoë", "Noël", "Fatima", "Ðorđe",
               "Pieter Jan Hendrik", "Jean-Luc", "Chloe\u0301", "N’Golo", "Ayşe", "Siân")
STREETS = ("Dorpsstraat", "Lange Weg", "Plein 40;45", 'Straat "Oost"', "Kerkpad")
CITIES = ("Ons Dorp", "Stad", "'s-Plaats", "Dorp a/d Rivier")

_OTHER_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


def make_bsn(rng):
    """Nine digits that pass the BSN test; often with leading zeros, as Excel drops those."""
    while True:
        highest = rng.choice((10 ** 9, 10 ** 9, 10 ** 8, 10 ** 7))
        digits = f"{rng.randrange(1, highest):09d}"
        if is_bsn(digits):
            return digits


def make_education_number(rng):
    while True:
        digits = f"{rng.randrange(10 ** 9):09d}"
        if is_education_number(digits):
            return digits


def make_wrong_number(rng):
    while True:
        digits = f"{rng.randrange(10 ** 9):09d}"
        if not is_bsn(digits) and not is_education_number(digits):
            return digits


def other_digits(text):
    """The same number in digits that are no ASCII digits."""
    return text.translate(_OTHER_DIGITS)


def bad_bsn(rng, bsn):
    return rng.choice((
        "", " ", bsn[:8], bsn + "0", bsn.lstrip("0")[:8] or "0", bsn[:8] + "a", other_digits(bsn),
        bsn.translate(_WIDE_DIGITS), "000000000", make_education_number(rng),
        make_wrong_number(rng), bsn[:3] + " " + bsn[3:], "\t" + bsn, "\u00a0" + bsn, bsn + "\n",
        bsn[:3] + "." + bsn[3:], "-" + bsn[1:], "123456789",
    ))


def number_refs(rng, bsn):
    """Own numbers that hold, nearly hold, or do not hold a BSN: the teacher's or another."""
    other = make_bsn(rng)
    return (
        bsn, f"P{bsn}", f"1{bsn}", f"{bsn}2", bsn[:8], f"{bsn[:4]}-{bsn[4:]}", other, f"{other}1",
        f"1{other}", f"x{other}y", f"{other}-{bsn}", f"{other}.{other}", f"1/{other}",
        f"{other}-1234567890", make_education_number(rng), make_wrong_number(rng), "000000000",
        other_digits(other), f"{other}{other_digits('1')}", "A" * 11 + other, "A" * 12 + other,
        f"-{other}",
    )


def employee_refs(rng, bsn):
    return ("", "7", "A" * 20, "A" * 21, "a/1 _.-", "-1", ".1", " 12 ", "é1", "1" + "é", "1\t2",
            '1"2', "1;2", "1\n2", "P" * 1024)


def appointment_keys(rng, bsn):
    other = make_bsn(rng)
    return ("", "K" * 36, "K" * 37, "A.b_c/d-e", "-a", "_a", ".a", "/a", "a b", " a ", "a\tb",
            "a\n", "é", "aé", "1", "K" * 27 + other, "K" * 28 + other, "a;b", 'a"b', "A-1", "a-1")


def _limited(length, longest):
    """A name of one letter and its repetitions, around the limit."""
    return tuple(length * count for count in (longest - 1, longest, longest + 1))


def family_names(rng=None):
    return (
        "", " ", "a", "'", "’", "'a", "’s", "''a", "a'", "a-", "-a", " a", "a  b", "a b c", "a\tb",
        "a\u00a0b", "\u00a0a", "a.b", "a1", "1a", "a_b", "×", "a×", "a÷b", "À", "Ö", "Ø", "ö", "ø",
        "ɏ", "ɐ", "Ḁ", "ỿ", "ἀ", "¿", "ª", "aª", "e\u0301", "\u0301e", "a \u0301b", "a-\u0301b",
        "'\u0301a", "e\u0300\u036f", "e\u0370", "e\u02ff", "a‘b", "a`b", "a´b", "a–b", "A\u00ad",
        "Åsa", "A\u030asa", "ﬁ", "Ω", "Ж", "李", "a\U0001d400", "a\u200d", "a\nb", 'a"b', "a;b",
        "@", "A", "Z", "[", "`", "z", "{", "- a", "a -b", "' a",
    ) + _limited("a", 200) + _limited("é", 200) + ("e\u0301" * 100, "e\u0301" * 100 + "e")


def name_prefixes(rng=None):
    return ("", " ", "de", "van der", "in 't", "'", "’t", "d'", "1", "de.", "a" * 10, "a" * 11,
            "é" * 10, "é" * 11, "van  de", "-", "a-", "\u0301", "v/d", "van den de", "a\u0301" * 5,
            "a\u0301" * 5 + "a")


def given_names(rng=None):
    return (
        "", ".", " . ", "..", "A.", "A. B.", ". A", "A .", "Jan Piet", "Jan  Piet", "Jan\tPiet",
        "'t", "Jan 'Piet", "-Jan", "Jan -Piet", "Jan-Piet", "Jan-", "O'Neil", "N’Golo", "Jan'",
        "J1", "1J", "\u0301a", "a\u0301", "a'\u0301", "a \u0301b", "é", "×", "ɏ", "ɐ", "ỿ", "a,b",
        "Jan\nPiet", "Jan;Piet", 'Jan "Piet"', "Jan\u00a0Piet", "Q" * 300,
    ) + _limited("a", 200) + _limited("ü", 200) + ("a " * 99 + "ab", "a " * 100 + "a")


def sexes(rng=None):
    return ("M", "V", "O", "m", "v", "o", "X", "", "MV", " M", "V ", "\u00a0M", "0", "1", "М")


def birth_dates(received_on, begin):
    """Around the form, the received date, and 18 and 66 years at the begin of the appointment."""
    received_year, received_month, _ = split_date(received_on)
    values = [
        "", "19800230", "19000000", "18991231", "19000101", "19000100", "21991231", "22000101",
        "19800001", "19800100", "19801300", "19801301", "19800229", "19810229", "19000229",
        "20000229", "19800431", "1980-01-01", "198001", "1980010", "198001011", "00000000",
        "19800000", "19800600", "1980060a", other_digits("19800601"), "19800132", "99999999",
        "20000230",
        str(received_on), str(add_days(received_on, 1)), f"{received_year}0000",
        f"{received_year + 1}0000", f"{received_year}{received_month:02d}00",
        str(add_months(received_on, 1) // 100 * 100), "19791231 ",
    ]
    if begin is not None:
        for years in (18, 66):
            edge = begin - years * 10000
            values += [str(edge - 1), str(edge), str(edge + 1), str(edge // 100 * 100),
                       str(edge // 10000 * 10000), str(edge // 10000 * 10000 - 10000)]
    return tuple(values)


def contract_dates(received_on, extraction_date):
    year_ahead = received_on + 10000
    return (
        "", " ", "20180230", "20180229", "20160229", "20170631", "2018-01-01", "201801", "20180001",
        "20180100", "20181301", "00000000", "18991231", "19000101", "21991231", "22000101",
        "2018010a",
        other_digits("20180101"), " 20180101 ", "\t20180101", "20180101\n", "+2018101",
        str(received_on), str(year_ahead), str(_next_day(year_ahead)), str(extraction_date),
        str(add_days(extraction_date, -1)), str(add_days(extraction_date, 1)), "20180131",
        "20180201", "20171231", "20180101", "20180331", "20180401", "20170731", "20170801",
    )


def _next_day(number):
    """The day after a number that may be no calendar day itself (29 February a year on)."""
    year, month, day = split_date(number)
    if month == 2 and day == 29:
        return join_date(year, 3, 1)
    return add_days(number, 1)


def brins(rng=None):
    return ("", "99zz", "9ZZ", "99ZZZ", " 99ZZ ", "ZZ99", "9 ZZ", "99Z", "99ZÉ",
            other_digits("99") + "ZZ",
            "00QQ", "99QQ", "99ZZ\n", "99ZY", "99ZX", "99VO", "99WA", "99WB", "99MA", "99 ZZ",
            "99-ZZ")


def sites(rng=None):
    return ("", " ", "0", "00", "1", "01", "2", "02", "3", "9", "99", "100", "000", "-1", "1a", "a",
            other_digits("01"), "1 ", "0 1", "1.", "+1")


def grounds(rng=None):
    return ("", "70", "7011", "abc", "799", "990", "000", "70a", " 701 ", "7 1",
            other_digits("701"),
            "701\n", "+70", "999")


ADDRESSES = (
    {},
    {"postcode": "1234AB"},
    {"postcode": "0234AB"}, {"postcode": "1234ab"}, {"postcode": "1234 AB"},
    {"postcode": "12345AB"},
    {"postcode": " 1234AB "}, {"postcode": "1234A"},
    {"straat": "Dorpsstraat", "huisnummer": "1", "postcode": "1234AB", "plaats": "Ons Dorp"},
    {"straat": "Dorpsstraat", "huisnummer": "1", "toevoeging": "a", "postcode": "1234AB",
     "plaats": "Ons Dorp"},
    {"straat": "Dorpsstraat", "huisnummer": "1", "postcode": "1234AB"},
    {"straat": "Dorpsstraat", "postcode": "1234AB", "plaats": "Ons Dorp"},
    {"huisnummer": "1", "postcode": "1234AB"},
    {"straat": "Dorpsstraat", "huisnummer": "1", "plaats": "Ons Dorp"},
    {"toevoeging": "a"}, {"plaats": "Ons Dorp"}, {"land": "5010"}, {"adresregel1": "Rue Une 1"},
    {"toevoeging": "a", "postcode": "1234AB"},
    {"land": "5010", "adresregel1": "Rue Une 1"},
    {"land": "5010", "adresregel1": "Rue Une 1", "adresregel2": "B-1000 Ville"},
    {"land": "5010", "adresregel1": "Rue Une 1", "adresregel3": "Belgique"},
    {"land": "5010", "adresregel1": "Rue Une 1", "adresregel2": "B-1000 Ville",
     "adresregel3": "Belgique"},
    {"land": "5010", "adresregel2": "B-1000 Ville"},
    {"land": "5010", "adresregel1": "Rue Une 1", "postcode": "1234AB"},
    {"land": "501", "adresregel1": "Rue Une 1"}, {"land": "50100", "adresregel1": "Rue Une 1"},
    {"land": "501a", "adresregel1": "Rue Une 1"},
    {"land": "5010", "adresregel1": "Postbus 12"}, {"land": "5010", "adresregel1": "é" * 35},
    {"land": "5010", "adresregel1": "Rue", "adresregel2": "é" * 35, "adresregel3": "a" * 35},
    {"land": "5010", "adresregel1": "Rue", "adresregel2": "é" * 36},
    {"land": "5010", "adresregel1": "Rue", "adresregel3": "a" * 36},
    {"land": "5010", "adresregel1": "é" * 36}, {"land": "5010", "adresregel1": "a" * 36},
    {"land": "5010", "adresregel1": "Rue", "adresregel2": "pOsTbUs12"},
    {"land": "5010", "adresregel1": "Rue", "adresregel3": "POSTBUS"},
    {"land": "5010", "adresregel1": "Po\u017ftbus 1"},
    {"land": "5010", "adresregel1": "bij Postbus 1"},
    {"land": "5010", "adresregel1": "Rue\u007f1"}, {"land": "5010", "adresregel1": "Rue\u00a01"},
    {"land": "5010", "adresregel1": "Rue\u009f1"}, {"land": "5010", "adresregel1": "Rue\n1"},
)
_HOME = {"straat": "Dorpsstraat", "huisnummer": "12", "postcode": "1234AB", "plaats": "Ons Dorp"}
HOME_CHANGES = (
    {"straat": "Postbus 12"}, {"straat": "postbuslaan"}, {"straat": "POSTBUS"},
    {"straat": "Post bus 1"},
    {"straat": "De Postbus"}, {"straat": "a" * 24}, {"straat": "a" * 25}, {"straat": "é" * 24},
    {"straat": "é" * 25}, {"straat": "e\u0301" * 12}, {"straat": "\U0001f3e0" * 24},
    {"straat": "a\tb"}, {"straat": "a\u001fb"}, {"straat": "a\u0080b"}, {"straat": "a;b\"c"},
    {"straat": "a\u2028b"}, {"straat": "1"}, {"straat": "a\r\nb"},
    {"huisnummer": "0"}, {"huisnummer": "01"}, {"huisnummer": "99999"}, {"huisnummer": "100000"},
    {"huisnummer": "1a"}, {"huisnummer": "-1"}, {"huisnummer": other_digits("12")},
    {"toevoeging": "abcde"}, {"toevoeging": "abcdef"}, {"toevoeging": "ééééé"},
    {"toevoeging": "éééééé"}, {"toevoeging": "\u0085"}, {"toevoeging": "a b"},
    {"toevoeging": "postb"}, {"plaats": "a" * 24}, {"plaats": "a" * 25}, {"plaats": "Postbus"},
    {"plaats": "a\u0001"}, {"plaats": "Ø" * 24}, {"plaats": "Ø" * 25}, {"postcode": "9999ZZ"},
    {"postcode": "1000AA"}, {"postcode": "1234AB1"}, {"huisnummer": "x", "postcode": "x"},
    {"straat": "", "huisnummer": "x"}, {"land": "5010"}, {"plaats": "", "postcode": "x"},
)


def address(rng):
    """The address columns of one teacher: every shape and every limit comes by."""
    filled = dict.fromkeys(("straat", "huisnummer", "toevoeging", "postcode", "plaats", "land",
                            "adresregel1", "adresregel2", "adresregel3"), "")
    if rng.random() < 0.5:
        filled.update(rng.choice(ADDRESSES))
    else:
        filled.update(_HOME)
        filled.update(rng.choice(HOME_CHANGES))
    return filled
