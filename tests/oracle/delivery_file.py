"""The delivered file, chapter 3: bytes to lines, or the findings that refuse it."""

import hashlib
import re
from dataclasses import dataclass

from findings import COLUMNS, in_order, make_finding

MAX_FILE_BYTES = 20_971_520
MAX_FIELD_BYTES = 1_024
MAX_RECORDS = 50_000
MAX_LINES_PER_TEACHER = 500
MAX_BYTES_PER_TEACHER = 524_288

REQUIRED_COLUMNS = tuple(
    column for column in COLUMNS
    if column not in ("personeelsnummer", "straat", "huisnummer", "toevoeging", "postcode",
                      "plaats", "land", "adresregel1", "adresregel2", "adresregel3"))

_BOM = b"\xef\xbb\xbf"
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_NINE_DIGITS = re.compile(r"[0-9]{9}")


class Refused(Exception):
    """The delivery is refused with these findings."""

    def __init__(self, *findings):
        super().__init__(", ".join(finding.code for finding in findings))
        self.findings = in_order(findings)


@dataclass
class Line:
    """One data record: its record number and its trimmed values, "" for an absent one."""
    number: int
    values: dict

    def __getitem__(self, column):
        return self.values[column]


def trim(value):
    """Spaces U+0020 only; tabs and no-break spaces stay."""
    return value.strip(" ")


class _Unreadable(Exception):
    """The record that is being read breaks the form of 3.1."""


def _read_quoted(text, start):
    """The value of the quoted field that begins at start, and the place after it."""
    parts = []
    place = start + 1
    while True:
        quote = text.find('"', place)
        if quote < 0:
            raise _Unreadable
        parts.append(text[place:quote])
        if text[quote + 1:quote + 2] != '"':
            break
        parts.append('"')
        place = quote + 2
    after = quote + 1
    at_end = after == len(text) or text[after] in ";\n" or text[after:after + 2] == "\r\n"
    if not at_end:
        raise _Unreadable
    return "".join(parts), after


_END_OF_PLAIN_FIELD = re.compile(r'[;\r\n"]|\Z')


def _read_plain(text, start):
    """The value of the unquoted field that begins at start, and the place after it."""
    after = _END_OF_PLAIN_FIELD.search(text, start).start()
    if text[after:after + 1] == '"':
        raise _Unreadable
    if text[after:after + 1] == "\r" and text[after + 1:after + 2] != "\n":
        raise _Unreadable
    return text[start:after], after


def _read_record(text, start):
    """The fields of the record at start, and where the next record begins."""
    fields = []
    place = start
    while True:
        is_quoted = text[place:place + 1] == '"'
        value, place = (_read_quoted if is_quoted else _read_plain)(text, place)
        if len(value.encode("utf-8")) > MAX_FIELD_BYTES:
            raise _Unreadable
        fields.append(value)
        if text[place:place + 1] != ";":
            break
        place += 1
    return fields, place + _line_end_length(text, place)


def _line_end_length(text, place):
    """Length of the LF or CRLF at this place, 0 if there is none."""
    if text.startswith("\n", place):
        return 1
    return 2 if text.startswith("\r\n", place) else 0


def split_records(text):
    """All records; those at the end without a value are dropped. Record n stands at place n - 1."""
    records = []
    place = 0
    while place < len(text):
        try:
            fields, place = _read_record(text, place)
        except _Unreadable:
            raise Refused(make_finding("LR-F08", regel=len(records) + 1)) from None
        records.append(fields)
    while records and not any(trim(value) for value in records[-1]):
        records.pop()
    return records


def _column_of(name):
    """The known column this header name stands for, or None. Only ASCII case is ignored."""
    plain = trim(name).translate(_ASCII_LOWER)
    return plain if plain in COLUMNS else None


def _check_columns(header_row, kind):
    columns = [_column_of(name) for name in header_row]
    required = ("bsn",) if kind == "INTREKKING" else REQUIRED_COLUMNS
    findings = []
    for column in COLUMNS:
        count = columns.count(column)
        if count > 1 or (count == 0 and column in required):
            findings.append(make_finding("LR-F03", column, kolom=column))
    if None in columns:
        findings.append(make_finding("LR-F04", n=columns.index(None) + 1))
    if findings:
        raise Refused(*findings)
    return columns


def _check_field_counts(header_row, data_records):
    for number, record in enumerate(data_records, start=2):
        if len(record) != len(header_row):
            raise Refused(make_finding("LR-F05", regel=number, n=len(record),
                                       m=len(header_row)))


def _check_teacher_sizes(columns, data_records):
    bsn_place = columns.index("bsn")
    lines, size = {}, {}
    for record in data_records:
        bsn = trim(record[bsn_place])
        if _NINE_DIGITS.fullmatch(bsn):
            lines[bsn] = lines.get(bsn, 0) + 1
            size[bsn] = size.get(bsn, 0) + sum(len(value.encode("utf-8")) for value in record)
    if (any(count > MAX_LINES_PER_TEACHER for count in lines.values())
            or any(total > MAX_BYTES_PER_TEACHER for total in size.values())):
        raise Refused(make_finding("LR-F09"))


def _decode(content):
    """Step 4: the text without its BOM."""
    try:
        text = content.removeprefix(_BOM).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refused(make_finding("LR-F02")) from None
    if "\r" in text and "\n" not in text:
        raise Refused(make_finding("LR-F13"))
    first_line = re.split("[\r\n]", text, maxsplit=1)[0]
    is_sep_line = first_line[:4].translate(_ASCII_LOWER) == "sep="
    if is_sep_line or (";" not in first_line and ("," in first_line or "\t" in first_line)):
        raise Refused(make_finding("LR-F12"))
    return text


def read_lines(content, kind, declared_lines, declared_hash):
    """The lines of the file, or Refused, in the order of the checks of 3.3."""
    if not 0 < len(content) <= MAX_FILE_BYTES:
        raise Refused(make_finding("LR-F01"))
    if declared_hash is not None and declared_hash.lower() != hashlib.sha256(content).hexdigest():
        raise Refused(make_finding("LR-F07"))
    if b"\0" in content:
        raise Refused(make_finding("LR-F01"))
    records = split_records(_decode(content))
    if not records:
        raise Refused(make_finding("LR-F01"))
    header_row, data_records = records[0], records[1:]
    columns = _check_columns(header_row, kind)
    if not 1 <= len(data_records) <= MAX_RECORDS:
        raise Refused(make_finding("LR-F01"))
    _check_field_counts(header_row, data_records)
    if declared_lines is not None and declared_lines != len(data_records):
        raise Refused(make_finding("LR-F06", n=declared_lines, m=len(data_records)))
    _check_teacher_sizes(columns, data_records)
    return [_make_line(number, columns, record)
            for number, record in enumerate(data_records, start=2)]


def _make_line(number, columns, record):
    values = dict.fromkeys(COLUMNS, "")
    for column, value in zip(columns, record):
        values[column] = trim(value)
    return Line(number, values)
