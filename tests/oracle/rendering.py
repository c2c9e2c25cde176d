"""Lines to the bytes of a csv file, in every way the form of 3.1 allows, and in wrong ways."""

from dataclasses import dataclass, field

from delivery_file import MAX_FIELD_BYTES, REQUIRED_COLUMNS
from findings import COLUMNS

BOM = b"\xef\xbb\xbf"


@dataclass
class Style:
    """How a file is written; every value of these gives the same lines."""
    columns: list
    names: list                      # the column names as written
    quote: str = "needed"            # needed, all or some
    line_ends: tuple = ("\n",)
    has_last_end: bool = True
    empty_records_at_end: str = ""
    has_bom: bool = False
    pads: tuple = field(default=("",))   # spaces around a value


def plain_style(columns=COLUMNS):
    return Style(list(columns), list(columns))


def needed_columns(lines, kind):
    """The columns to deliver: the required ones and those that hold something."""
    required = ("bsn",) if kind == "INTREKKING" else REQUIRED_COLUMNS
    return [column for column in COLUMNS
            if column in required or any(line[column] for line in lines)]


def random_style(rng, lines, kind):
    columns = needed_columns(lines, kind)
    columns += [column for column in COLUMNS if column not in columns and rng.random() < 0.1]
    if rng.random() < 0.3:
        rng.shuffle(columns)
    names = [_random_name(rng, column) if rng.random() < 0.05 else column for column in columns]
    return Style(
        columns, names,
        quote=rng.choice(("needed", "needed", "needed", "all", "some")),
        line_ends=rng.choice((("\n",), ("\n",), ("\r\n",), ("\n", "\r\n"))),
        has_last_end=rng.random() < 0.85,
        empty_records_at_end=rng.choice(("", "", "", "", "\n", "\r\n", "\n\r\n\n")),
        has_bom=rng.random() < 0.15,
        pads=rng.choice((("",), ("",), ("",), ("", "", " ", "  "))))


def _random_name(rng, column):
    return rng.choice((column.upper(), column.capitalize(), f" {column}  ", column.swapcase()))


def csv_field(value, with_quotes=False):
    if with_quotes or any(character in value for character in ';"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def render_table(rng, table, style):
    """A table of field values, header row first, as bytes."""
    parts = []
    for row in table:
        fields = [csv_field(value, style.quote == "all"
                            or style.quote == "some" and rng.random() < 0.3) for value in row]
        parts.append(";".join(fields))
        parts.append(rng.choice(style.line_ends))
    if not style.has_last_end and not style.empty_records_at_end and parts[-2]:
        parts.pop()
    text = "".join(parts) + style.empty_records_at_end
    return (BOM if style.has_bom else b"") + text.encode("utf-8")


def make_table(rng, lines, style):
    table = [list(style.names)]
    for line in lines:
        table.append([_padded(rng, line[column], style) for column in style.columns])
    return table


def _padded(rng, value, style):
    if style.pads == ("",):
        return value
    padded = rng.choice(style.pads) + value + rng.choice(style.pads)
    return padded if len(padded.encode("utf-8")) <= MAX_FIELD_BYTES else value


def render(rng, lines, style):
    return render_table(rng, make_table(rng, lines, style), style)
