"""The header (kop) of a delivery and its identity, chapter 2."""

import hashlib
import re
from dataclasses import dataclass

from dates import parse_iso_date
from findings import HEADER_FIELDS, in_order, make_finding
from keyed import mac_of

MAX_NUMBER = 9_223_372_036_854_775_807


def _is_text(pattern):
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _is_number(lowest):
    # A JSON boolean is an int to Python, but no number to us.
    return lambda value: (isinstance(value, int) and not isinstance(value, bool)
                          and lowest <= value <= MAX_NUMBER)


def _is_short(longest):
    return lambda value: (isinstance(value, str) and len(value) <= longest
                          and not re.search("[\0\ud800-\udfff]", value))


_FORMS = {
    "leveringsid": _is_text(r"[A-Za-z0-9-]{16,36}"),
    "bestuur": _is_text(r"[0-9]{5}"),
    "soort": _is_text(r"VOLLEDIG|MUTATIE|INTREKKING"),
    "proef": lambda value: isinstance(value, bool),
    "volgnummer": _is_number(1),
    "extractiedatum": lambda value: isinstance(value, str) and parse_iso_date(value) is not None,
    "regels": _is_number(0),
    "sha256": _is_text(r"[0-9A-Fa-f]{64}"),
    "contact_naam": _is_short(50),
    "contact_telefoon": _is_short(20),
    "contact_email": _is_short(75),
}
_REQUIRED = ("bestuur", "soort", "volgnummer", "extractiedatum")


@dataclass
class Header:
    """The header fields of the right form; a wrong or absent one is None, proef then False."""
    values: dict
    findings: list
    fingerprint: str = None
    delivery_id: str = None

    def __getitem__(self, field):
        return self.values[field]

    @property
    def is_dry_run(self):
        return self.values["proef"]

    @property
    def extraction_date(self):
        return parse_iso_date(self.values["extractiedatum"])


def read_header(kop, content):
    """Checks the form of every field (LR-K08) and works out fingerprint and leveringsid."""
    unknown = set(kop) - set(HEADER_FIELDS)
    if unknown:
        raise ValueError(f"unknown header fields: {sorted(unknown)}")
    values, findings = {}, []
    for field in HEADER_FIELDS:
        value = kop.get(field)
        is_good = field not in _REQUIRED if value is None else _FORMS[field](value)
        values[field] = value if is_good else None
        if not is_good:
            findings.append(make_finding("LR-K08", field))
    values["proef"] = bool(values["proef"])
    header = Header(values, in_order(findings), delivery_id=values["leveringsid"])
    if not findings:
        header.fingerprint = _fingerprint(values, content)
        header.delivery_id = values["leveringsid"] or "G-" + header.fingerprint[:32]
    return header


def _fingerprint(values, content):
    parts = ("instroom-2", values["bestuur"], values["soort"], "J" if values["proef"] else "N",
             str(values["volgnummer"]), values["extractiedatum"].replace("-", ""),
             hashlib.sha256(content).hexdigest())
    return mac_of("".join(part + "\n" for part in parts).encode("ascii"))
