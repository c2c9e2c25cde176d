"""report: the samples as a table on the screen, as Markdown, CSV and a plot."""
import html

from . import counts, goals, peers
from .sample import LABELS, pick, write_samples

REFERENCE = "go2"
LABELS_SHOWN = LABELS[1:]
TITLES = {"A": "A first load", "B": "B unchanged", "C": "C 1 % changed", "D": "D one board",
          "E": "E all boards at once",
          "F-S": "F a night, cold Redis", "F-R": "F all of it again", "L-1": "L largest delivery",
          "L-2": "L the same again", "R-0": "R one board, quiet", "R-1": "R one board, beside a replay"}
WAYS = {"log": "from the log", "whole": "whole way"}
MIB = 1 << 20


def title_of(group):
    return TITLES.get(group.workload, group.workload)


def ratio_of(group, groups):
    """Against the Go peer with two writers, which has no whole way."""
    other = pick(groups, group.workload, "log", REFERENCE, group.size)
    return None if other is None else group.rate / other.rate


def number(value, form):
    return "" if value is None else format(value, form)


HEAD = ["workload", "way", "who", "lines", "n", "lines/s", "min", "max", "of Go x2", "CPU us/line"] + \
       [f"{label} CPU" for label in LABELS_SHOWN] + [f"{label} MiB"
                                                     for label in ("gateway", "validate", "write", "peer")]


def row_of(group, groups):
    mib = [None if group.peak(label) is None else group.peak(label) / MIB
           for label in ("gateway", "validate", "write", "peer")]
    return [title_of(group) + (f", {group.setting}" if group.setting else ""), WAYS[group.way], group.subject,
            f"{group.size:,}",
            str(len(group.samples)), f"{group.rate:,.0f}", f"{group.rate_min:,.0f}", f"{group.rate_max:,.0f}",
            number(ratio_of(group, groups), ".2f"), f"{group.cpu_us:.2f}"] + \
        [number(group.cpu(label), ".2f") for label in LABELS_SHOWN] + [number(value, ".0f") for value in mib]


def as_text(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) if i < 3 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths)))
                     .rstrip() for row in rows)


def as_markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * 3 + "---:|" * (len(rows[0]) - 3)] + lines[1:])


def main_groups(groups):
    return [one for one in groups if not one.setting and not one.workload.startswith("N")]


def main_table(groups):
    return [HEAD] + [row_of(one, groups) for one in main_groups(groups)]


def matrix_table(groups):
    found = [one for one in groups if one.setting and one.workload in "ABC"]
    rows = {}
    for one in found:
        rows.setdefault(one.setting, {})[one.workload] = one
    return [["setting", "A lines/s", "B lines/s", "C lines/s", "A CPU us/line", "B", "C"]] + \
        [[setting] + [f"{row[w].rate:,.0f}" for w in "ABC"] + [f"{row[w].cpu_us:.2f}" for w in "ABC"]
         for setting, row in rows.items()]


def counts_table(groups):
    return [["workload", "setting", "what", "a delivery", "a line"]] + \
        [[workload, setting, f"{kind} {name}", f"{a_delivery:,.2f}", f"{a_line:.4f}"]
         for workload, setting, kind, name, _, a_delivery, a_line in counts.rows(groups)]


def nights_table(groups):
    return [["night", "lines/s", "CPU us/line", "WAL KiB", "rows touched", "database MiB", "Redis MiB"]] + \
        [[one.workload[1:], f"{one.rate:,.0f}", f"{one.cpu_us:.2f}", f"{one.extra('wal_bytes') / 1024:,.0f}",
          f"{one.extra('rows_inserted') + one.extra('rows_updated') + one.extra('rows_deleted'):,.0f}",
          f"{one.extra('database_bytes') / MIB:,.1f}", f"{one.extra('redis_bytes') / MIB:,.1f}"]
         for one in groups if one.workload.startswith("N")]


def register_table(groups):
    """What PostgreSQL was made to do."""
    rows = [["workload", "who", "lines", "WAL MiB", "teacher and history rows inserted", "updated", "deleted",
             "WAL of A"]]
    for one in main_groups(groups):
        if one.workload not in "ABC" or one.way != "log" or not one.extra("wal_bytes"):
            continue
        first = pick(groups, "A", "log", one.subject, one.size)
        share = one.extra("wal_bytes") / first.extra("wal_bytes") if first and first.extra("wal_bytes") else None
        rows.append([title_of(one), one.subject, f"{one.size:,}", f"{one.extra('wal_bytes') / MIB:,.1f}"] +
                    [number(one.extra(f"rows_{what}"), ",.0f") for what in ("inserted", "updated", "deleted")] +
                    [number(share, ".1%")])
    return rows


def latency_table(groups):
    return [["workload", "deliveries", "p50 ms", "p99 ms", "max ms", "first load ms"]] + \
        [[title_of(one), number(one.extra("deliveries"), ".0f")] + [number(one.extra(f"{what}_ms"), ".1f")
                                                                     for what in ("p50", "p99", "max", "first")]
         for one in groups if one.extra("p50_ms") is not None]


def kafka_table(groups):
    return [["messages", "lines", "bytes per line", "in, lines/s", "out, lines/s"]] + \
        [[one.subject, f"{one.size:,}", f"{one.extra('bytes') / one.samples[0].lines:.0f}",
          f"{one.extra('in_lines_s'):,.0f}",
          f"{one.extra('out_lines_s'):,.0f}"] for one in groups if one.extra("in_lines_s") is not None]


def codec_table(codecs):
    return [["pure stage, one core", "ns a line"]] + \
        [[name, f"{value:.1f}"] for name, value in codecs.items()
         if name not in ("lines", "raw_bytes", "verdict_bytes", "skipped")]


def goals_table(groups):
    return [["goal", "wanted", "found", ""]] + list(goals.rows(groups))


SECTIONS = [
    ("The goals", goals_table,
     "A goal in lines a second is a share of what Go with two writers takes in the same run; all but the "
     "comparison of sizes is of the largest size."),
    ("A, B, C and the others", main_table,
     "CPU columns are seconds a million lines; MiB the highest peak of one process."),
    ("What PostgreSQL was made to do", register_table, ""),
    ("The log alone", kafka_table, ""),
    ("Latency", latency_table,
     "D: from the last uploaded byte to the outcome being there. E: from the moment all boards begin to "
     "the commit of each."),
    ("Processes and partitions", matrix_table, ""),
    ("Counts", counts_table,
     "What workers ask of the system and of their libraries. K: A and B from the log, by workers with counters."),
    ("Nights one after the other, whole way", nights_table, ""),
]


def sections(groups, codecs):
    for title, table, text in SECTIONS:
        rows = table(groups)
        if len(rows) > 1:
            yield title, rows, text
    if codecs and "skipped" not in codecs:
        yield "The codecs alone", codec_table(codecs), ""


def screen(groups, codecs):
    return "\n\n".join(f"{title}\n{as_text(rows)}" for title, rows, _ in sections(groups, codecs))


def markdown(machine, groups, codecs, skipped, failures):
    out = ["# Benchmark of Instroom", ""] + [f"- {what}: {text}" for what, text in machine] + \
          [f"- {peers.NAMES[name]}: left out, {why}" for name, why in skipped.items()] + \
          [f"- failed: {text}" for text in failures] + \
          ["",
           f"The peers do {peers.LEFT_OUT}; Instroom does all of it, with keys, indexes and fsync on. Figures are "
           f"medians of n "
           "runs, taken in turns."]
    for title, rows, text in sections(groups, codecs):
        out += ["", f"## {title}", ""] + ([text, ""] if text else []) + [as_markdown(rows)]
    return "\n".join(out) + "\n"


# --- the plot: one bar a subject, min to max as a line, workloads below each other ---

BAR, GAP, LEFT, WIDTH, RIGHT = 18, 6, 230, 560, 130
COLOURS = {"instroom": "#1f5fa8", "floor": "#9a9a9a", "peer": "#d08a2e"}


def colour_of(subject):
    kind = "instroom" if subject == "instroom" else "peer" if subject in peers.NAMES else "floor"
    return COLOURS[kind]


def plot(groups):
    size = max((one.size for one in groups if one.subject == "instroom"), default=0)
    shown = [one for one in main_groups(groups) if one.workload in "ABC" and one.size == size]
    most = max((one.rate_max for one in shown), default=1)
    parts, y = [], 40
    for workload in "ABC":
        bars = sorted((one for one in shown if one.workload == workload), key=lambda one: -one.rate)
        if not bars:
            continue
        parts.append(f'<text x="8" y="{y + 12}" font-weight="bold">{html.escape(TITLES[workload])}</text>')
        y += BAR + GAP
        for one in bars:
            name = peers.NAMES.get(one.subject, one.subject) + ("" if one.way == "log" else ", whole way")
            width, low, high = (LEFT + WIDTH * value / most for value in (one.rate, one.rate_min, one.rate_max))
            middle = y + BAR / 2
            parts += [f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{html.escape(name)}</text>',
                      f'<rect x="{LEFT}" y="{y}" width="{width - LEFT:.1f}" height="{BAR}" '
                      f'fill="{colour_of(one.subject)}"/>',
                      f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="#222"/>',
                      f'<text x="{high + 6:.1f}" y="{y + 13}">{one.rate:,.0f}</text>']
            y += BAR + GAP
        y += BAR
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{y}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/><text x="8" '
            f'y="20" font-size="15">Lines a second, {size:,} lines; line: min to max</text>' + "".join(parts) +
            "</svg>\n")


def write_all(out, machine, samples, groups, codecs, skipped, failures):
    write_samples(out / "samples.csv", samples)
    (out / "report.md").write_text(markdown(machine, groups, codecs, skipped, failures))
    (out / "plot.svg").write_text(plot(groups))
