"""A delivery in its CSV form as the same lines in the XML form (specification 3.4)."""
import csv
import hashlib
import io
import re
from itertools import groupby
from xml.sax.saxutils import escape

PERSON = ["bsn", "personeelsnummer", "geslachtsnaam", "voorvoegsel", "voornamen", "geslacht", "geboortedatum", "straat",
          "huisnummer", "toevoeging", "postcode", "plaats", "land", "adresregel1", "adresregel2", "adresregel3"]
APPOINTMENT = ["benoemingssleutel", "brin", "vestiging", "begin_arbeidsovereenkomst", "einde_arbeidsovereenkomst",
               "begin_benoeming", "einde_benoeming", "benoemingsgrondslag", "onderwijsterrein"]
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def element(name, text):
    return f"<{name}>{escape(text, {chr(13): '&#13;'})}</{name}>" if text else ""


def elements(names, line):
    for name in names:
        parts = line.get(name, "").split("|")
        several = name == "onderwijsterrein" and all(parts)
        yield from (element(name, part) for part in (parts if several else [line.get(name, "")]))


def person_of(line):
    return [line.get(name, "") for name in PERSON]


def lines_of(text):
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    names = [name.strip(" ").lower() for name in rows[0]]
    while not "".join(rows[-1]).strip(" "):
        rows.pop()
    return [dict(zip(names, row)) for row in rows[1:]]


def to_xml(content):
    """bytes, or None when XML cannot hold a character of it, or it is no CSV with a line. Lines of one person that
    follow each other are one leraar; a line alone without an appointment is one that has none. A comment makes
    documents of other files other documents, though their lines are the same."""
    try:
        text = content.decode("utf-8-sig")
        lines = lines_of(text)
    except (UnicodeError, csv.Error, LookupError):
        return None
    if NO_XML.search(text) or not lines:
        return None
    out = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<leraren xmlns=\"urn:instroom:leraren:1\">"]
    for _, group in groupby(lines, person_of):
        same = list(group)
        out.append("<leraar>" + "".join(elements(PERSON, same[0])))
        for line in same:
            inner = "".join(elements(APPOINTMENT, line))
            out.append(f"<benoeming>{inner}</benoeming>" if inner or len(same) > 1 else "")
        out.append("</leraar>\n")
    return ("".join(out) + f"</leraren>\n<!-- {hashlib.sha256(content).hexdigest()} -->\n").encode()
