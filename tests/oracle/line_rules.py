"""Line rules, chapters 5.1 - 5.5: the findings of one line by itself."""

import re
from dataclasses import dataclass, field

from dates import parse_birth_date, parse_date
from delivery_file import Line, trim
from findings import ADDRESS_COLUMNS, APPOINTMENT_COLUMNS, REJECT, make_finding

_EMPLOYEE_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,19}")
_APPOINTMENT_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,35}")
_GROUND = re.compile(r"[0-9]{3}")
_BRIN = re.compile(r"[0-9]{2}[A-Z]{2}")
_SITE = re.compile(r"[0-9]{1,2}")
_FIELD_CODE = re.compile(r"[A-Z0-9]{1,10}")
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_DIGIT_RUN = re.compile(r"[0-9]+")
_MAX_FIELD_CODES = 4

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_MARK = "\u0300-\u036f"
_MARKED_LETTER = f"[{_LETTER}][{_MARK}]*"
_APOSTROPHE = "'\u2018\u2019"
_NAME = re.compile(
    f"(?=.*[{_LETTER}])"
    f"(?:{_MARKED_LETTER}|[{_APOSTROPHE}])"
    f"(?:{_MARKED_LETTER}|[{_APOSTROPHE}-]| (?! ))*", re.DOTALL)
_GIVEN_NAME = f"{_MARKED_LETTER}(?:{_MARKED_LETTER}|[{_APOSTROPHE}-])*"
_GIVEN_NAMES = re.compile(rf"\.|{_GIVEN_NAME}(?: {_GIVEN_NAME})*")

# LR-P15: a letter of two bytes in UTF-8 that was read as Windows-1252 and encoded again.
_ENCODED_TWICE = re.compile("[\u00c3\u00c4\u00c5\u00c8]"
                            "[\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2018\u2019]")

_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f]")
_POSTBUS = re.compile("postbus", re.ASCII | re.IGNORECASE)


@dataclass
class JudgedLine:
    """A line with what the rules found and looked up; a date that is none is None."""
    line: Line
    findings: list = field(default_factory=list)
    outcome: str = ""
    begin: int = None
    end: int = None
    ground_row: dict = None

    def __getitem__(self, column):
        return self.line[column]

    @property
    def number(self):
        return self.line.number

    @property
    def target(self):
        return self.ground_row["doel"] if self.ground_row else ""

    def add(self, code, veld="", /, **values):
        self.findings.append(make_finding(code, veld, **values))

    def has(self, code, veld=None):
        return any(finding.code == code and veld in (None, finding.veld)
                   for finding in self.findings)

    @property
    def is_rejected(self):
        return any(finding.ernst == REJECT for finding in self.findings)

    @property
    def has_unreadable_bsn(self):
        return self.has("LR-P01") or self.has("LR-P02") or self.has("LR-P03")

    def echo(self, column):
        """The value of an echo column as feedback may show it (8.1)."""
        form = _EMPLOYEE_REF if column == "personeelsnummer" else _APPOINTMENT_KEY
        if not form.fullmatch(self[column]):
            return ""
        hides = self.has("LR-P11", column) or self.has("LR-P14", column)
        return "" if hides else self[column]


def is_bsn(digits):
    return digits != "000000000" and (_weighted_sum(digits) - int(digits[8])) % 11 == 0


def is_education_number(digits):
    return _weighted_sum(digits) % 11 == (int(digits[8]) + 5) % 11


def _weighted_sum(digits):
    return sum(int(digit) * weight for digit, weight in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2)))


def looks_like_bsn(text):
    """A run of exactly nine digits in the text passes the BSN test."""
    return any(len(run) == 9 and is_bsn(run) for run in _DIGIT_RUN.findall(text))


def field_codes(text):
    """The codes of an onderwijsterrein field as delivered, trimmed one by one."""
    return [trim(code) for code in text.split("|")] if text else []


def has_good_field_codes(text):
    """LR-B08 on form: at most four codes, none doubled, each of the right form."""
    codes = field_codes(text)
    return (len(codes) <= _MAX_FIELD_CODES and len(set(codes)) == len(codes)
            and all(_FIELD_CODE.fullmatch(code) for code in codes))


def padded_site(text):
    return text.rjust(2, "0")


def judge_line(line, delivery, reference):
    """All line rules on one line; delivery is what 4.2 judges: header, dates and board."""
    judged = JudgedLine(line)
    _check_identity(judged)
    if delivery.kind == "INTREKKING":
        _check_withdrawal(judged)
        return judged
    judged.begin = parse_date(line["begin_benoeming"])
    judged.end = parse_date(line["einde_benoeming"])
    _check_person(judged, delivery)
    _check_address(judged)
    _check_contract(judged, delivery)
    _check_form(judged)
    test_date = _test_date(judged, delivery.extraction_date)
    if test_date is not None:
        school_row = _check_school(judged, delivery, reference, test_date)
        _check_ground(judged, reference, test_date, school_row)
    if not has_good_field_codes(line["onderwijsterrein"]) and not judged.has("LR-B08"):
        judged.add("LR-B08", "onderwijsterrein")
    return judged


def _check_identity(judged):
    bsn = judged["bsn"]
    if not _NINE_DIGITS.fullmatch(bsn):
        judged.add("LR-P01", "bsn")
    elif is_education_number(bsn):
        judged.add("LR-P03", "bsn")
    elif not is_bsn(bsn):
        judged.add("LR-P02", "bsn")
    if judged["personeelsnummer"] and not _EMPLOYEE_REF.fullmatch(judged["personeelsnummer"]):
        judged.add("LR-P12", "personeelsnummer")
    for veld in ("personeelsnummer", "benoemingssleutel"):
        if re.fullmatch("[0-9]{8,9}", bsn) and bsn in judged[veld]:
            judged.add("LR-P11", veld)
        elif looks_like_bsn(judged[veld]):
            judged.add("LR-P14", veld)


def _check_withdrawal(judged):
    for veld in APPOINTMENT_COLUMNS:
        if judged[veld]:
            judged.add("LR-X05", veld)
            return


def _check_person(judged, delivery):
    birth = parse_birth_date(judged["geboortedatum"])
    if birth is None or birth > delivery.received_on:
        judged.add("LR-P05", "geboortedatum")
        birth = None
    contract_start = parse_date(judged["begin_arbeidsovereenkomst"])
    if birth is not None and judged.begin is not None:
        if not 180000 <= judged.begin - birth < 660000:
            judged.add("LR-P06", "geboortedatum")
    if birth is not None and contract_start is not None and contract_start <= birth:
        judged.add("LR-B14", "begin_arbeidsovereenkomst")
    if judged["geslacht"] not in ("M", "V", "O"):
        judged.add("LR-P07", "geslacht")
    if not _is_name(judged["geslachtsnaam"], 200):
        judged.add("LR-P08", "geslachtsnaam")
    if judged["voorvoegsel"] and not _is_name(judged["voorvoegsel"], 10):
        judged.add("LR-P08", "voorvoegsel")
    if len(judged["voornamen"]) > 200 or not _GIVEN_NAMES.fullmatch(judged["voornamen"]):
        judged.add("LR-P08", "voornamen")
    for veld in ("geslachtsnaam", "voorvoegsel", "voornamen"):
        if not judged.has("LR-P08", veld) and _ENCODED_TWICE.search(judged[veld]):
            judged.add("LR-P15", veld)


def _is_name(text, longest):
    return len(text) <= longest and _NAME.fullmatch(text) is not None


def _is_free_text(longest, may_be_postbus, not_first="=+-@"):
    def is_good(text):
        return (len(text) <= longest and not _CONTROL.search(text)
                and text[:1] not in tuple(not_first)
                and (may_be_postbus or not _POSTBUS.match(text)))
    return is_good


def _fits(pattern):
    form = re.compile(pattern)
    return lambda text: form.fullmatch(text) is not None


_ADDRESS_FORMS = {
    "straat": _is_free_text(24, may_be_postbus=False),
    "huisnummer": _fits("[1-9][0-9]{0,4}"),
    "toevoeging": _is_free_text(5, may_be_postbus=True, not_first="=+@"),
    "postcode": _fits("[1-9][0-9]{3}[A-Z]{2}"),
    "plaats": _is_free_text(24, may_be_postbus=True),
    "land": _fits("[0-9]{4}"),
    "adresregel1": _is_free_text(35, may_be_postbus=False),
    "adresregel2": _is_free_text(35, may_be_postbus=False),
    "adresregel3": _is_free_text(35, may_be_postbus=False),
}


def _check_address(judged):
    filled = [veld for veld in ADDRESS_COLUMNS if judged[veld]]
    for veld in filled:
        if not _ADDRESS_FORMS[veld](judged[veld]):
            judged.add("LR-P10", veld)
            return
    if not _is_usable_address(set(filled)):
        judged.add("LR-P10", "postcode")


def _is_usable_address(filled):
    at_home = filled - {"toevoeging"} == {"straat", "huisnummer", "postcode", "plaats"}
    abroad = filled - {"adresregel2", "adresregel3"} == {"land", "adresregel1"}
    return not filled or filled == {"postcode"} or at_home or abroad


def _check_contract(judged, delivery):
    dates = {}
    for veld in APPOINTMENT_COLUMNS[3:7]:
        dates[veld] = parse_date(judged[veld])
        is_required = veld.startswith("begin_")
        if dates[veld] is None and (is_required or judged[veld]):
            judged.add("LR-B01", veld)
    contract_start, contract_end, begin, end = dates.values()
    if contract_start is not None and contract_end is not None and contract_end < contract_start:
        judged.add("LR-B02", "einde_arbeidsovereenkomst")
    if begin is not None and end is not None and end < begin:
        judged.add("LR-B02", "einde_benoeming")
    if contract_start is not None and begin is not None and begin < contract_start:
        judged.add("LR-B03", "begin_benoeming")
    if contract_end is not None:
        is_absent = not judged["einde_benoeming"]
        if is_absent or (end is not None and end > contract_end):
            judged.add("LR-B03", "einde_benoeming")
    for veld in ("begin_arbeidsovereenkomst", "begin_benoeming"):
        if dates[veld] is not None and dates[veld] > delivery.received_on + 10000:
            judged.add("LR-B04", veld)


def _check_form(judged):
    if not _APPOINTMENT_KEY.fullmatch(judged["benoemingssleutel"]):
        judged.add("LR-B13", "benoemingssleutel")
    if not _GROUND.fullmatch(judged["benoemingsgrondslag"]):
        judged.add("LR-B13", "benoemingsgrondslag")
    if not _BRIN.fullmatch(judged["brin"]):
        judged.add("LR-S01", "brin")
    if judged["vestiging"] and not _SITE.fullmatch(judged["vestiging"]):
        judged.add("LR-S05", "vestiging")


def _test_date(judged, extraction_date):
    """toetsdatum of 5.1, or None if it does not exist."""
    if judged.begin is None or (judged["einde_benoeming"] and judged.end is None):
        return None
    ends = (extraction_date,) if judged.end is None else (extraction_date, judged.end)
    return max(min(ends), judged.begin)


def _check_school(judged, delivery, reference, test_date):
    """LR-S02, S03, S04; returns the school row that LR-S02 found, or None."""
    if judged.has("LR-S01"):
        return None
    brin = judged["brin"]
    school_row = reference.find("scholen", test_date, brin)
    if school_row is None:
        judged.add("LR-S02", "brin", brin=brin, datum=test_date)
        return None
    if reference.find("bestuur_school", test_date, delivery.board, brin) is None:
        judged.add("LR-S03", "brin", brin=brin, datum=test_date)
    if not judged.has("LR-S05"):
        site = padded_site(judged["vestiging"])
        if reference.find("vestigingen", test_date, brin, site) is None:
            judged.add("LR-S04", "vestiging", vestiging=site, brin=brin, datum=test_date)
    return school_row


def _check_ground(judged, reference, test_date, school_row):
    if judged.has("LR-B13", "benoemingsgrondslag"):
        return
    code = judged["benoemingsgrondslag"]
    row = reference.find("benoemingsgrondslagen", test_date, code)
    if row is None:
        judged.add("LR-B05", "benoemingsgrondslag", code=code, datum=test_date)
        return
    judged.ground_row = row
    _check_target(judged, reference, test_date)
    if row["einddatum_nodig"] == "J" and not judged["einde_benoeming"]:
        judged.add("LR-B10", "einde_benoeming")
    if school_row is not None and row["sector"] != _ground_sector(school_row):
        judged.add("LR-B12", "benoemingsgrondslag")


def _check_target(judged, reference, test_date):
    """LR-B06 - B09: does the field of education fit the target of the ground?"""
    row, codes = judged.ground_row, field_codes(judged["onderwijsterrein"])
    if row["doel"] == "VOORPORTAAL":
        if row["onderwijsterrein_nodig"] == "J" and not codes:
            judged.add("LR-B06", "onderwijsterrein")
        if any(reference.find("onderwijsterreinen", test_date, code, row["sector"]) is None
               for code in codes):
            judged.add("LR-B08", "onderwijsterrein")
    elif row["doel"] == "REGISTER" and codes:
        judged.add("LR-B07", "onderwijsterrein")
    elif row["doel"] == "GEEN":
        judged.add("LR-B09", "benoemingsgrondslag")


def _ground_sector(school_row):
    if school_row["sector"] != "WEC":
        return school_row["sector"]
    return "VO" if school_row["schoolsoort"] == "VSO_EXAMEN" else "PO"
