"""workloads: small seeded sets of deliveries, each a list of events per board, with what the oracle makes of them.

The events come from the case maker of tests/oracle; a theme is a choice of its scenarios. Left out are deliveries with
an id that is in use (LR-K01): the gateway refuses those by the register as it is at that moment, a courtesy that may
depend on time (design 3). Outcomes of all others depend only on the order of accepted deliveries per board.
"""
import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import oracle
from reference import Reference
from scenarios import SCENARIOS, CaseMaker, Deck

from . import TESTS

TABLES = TESTS / "cases" / "reference"
NO_BOARD = ""  # events that no board is named in
REPLAYS_FROM = 1000  # numbers of events that are no deliveries

# One content in eight cannot be stored, whoever brings it and whenever: its teachers must be isolated, get quarantaine,
# and be disowned until another content of theirs is accepted (design 5).
REFUSE_SQL = """
create function register.refuse() returns trigger language plpgsql as $$
begin
  if substr(md5(new.content), 1, 1) in ('0', '1') then raise exception using errcode = '22000'; end if;
  return new;
end $$;
create trigger refuse before insert or update on register.teacher for each row execute function register.refuse();
create trigger refuse before insert or update on register.teacher_history for each row
  execute function register.refuse();
"""


@dataclass
class Theme:
    why: str
    scenarios: dict          # name of a scenario of the case maker: weight
    events: int = 36
    boards: int = 4
    people: tuple = (2, 9)   # of a board at first
    dry_runs: float = 0.0    # share of deliveries turned into a proef
    at_once: float = 0.0     # longest pause between two events of a board, seconds, if not the usual
    refuses: bool = False    # the register refuses some contents, see REFUSE_SQL; the oracle knows nothing of that
    # the tables lack schools; an operator replays what was rejected for it, judged by the full ones
    replays: bool = False


THEMES = {
    "first-load": Theme("many new teachers, then all of it again", {"gelijk": 3, "volledig": 1}, 16, 4, (20, 45)),
    "aba": Theme("changed, and changed back", {"aba": 4, "mutatie": 1, "gelijk": 1}),
    "late": Theme("older than what we have, equal sequences, repeats",
                  {"wissel": 3, "verouderd": 2, "zelfde_volgnummer": 2, "herhaling": 3, "gelijk": 1, "hoogste": 1}),
    "one-board": Theme("many deliveries of one board, as fast as they go",
                       {"aba": 2, "mutatie": 3, "volledig": 2, "intrekking": 2, "zelfde_volgnummer": 1, "minder": 1,
                        "gelijk": 2},
                       40, 1, (6, 12), 0.0, 0.001),
    "absent": Theme("VOLLEDIG with absent teachers, waiting, confirmed, cancelled",
                    {"minder": 4, "twee_wacht": 3, "onleesbaar": 2, "bevestig_wachtend": 3, "bevestig_niets": 1,
                     "groot": 1}),
    "withdrawals": Theme("INTREKKING, right and wrong, and back again",
                         {"intrekking": 4, "verkeerde_intrekking": 2, "mutatie": 2, "gelijk": 1}),
    "dry": Theme("proef between real ones",
                 {"mutatie": 2, "volledig": 2, "minder": 2, "intrekking": 1, "zelfde_volgnummer": 1},
                 dry_runs=0.45),
    "errors": Theme("broken rules of lines, teachers, files and headers",
                    {"regels": 2, "groepen": 2, "fout": 4, "kop": 1, "bestand": 1, "gelijk": 2, "mutatie": 1}),
    "refused": Theme("contents the register cannot store, delivered again and again",
                     {"gelijk": 3, "aba": 2, "mutatie": 2, "volledig": 2, "intrekking": 1, "minder": 1, "verouderd": 1},
                     30, 3, (8, 16), refuses=True),
    "replay": Theme("what was rejected is replayed under better tables, beside live deliveries",
                    {"gelijk": 3, "mutatie": 2, "volledig": 2, "minder": 1, "aba": 1, "intrekking": 1, "regels": 1},
                    32, 4, (4, 10), replays=True),
    "volgnummer": Theme("a volgnummer set back by an operator, between deliveries",
                        {"herstel": 5, "minder": 2, "gelijk": 2, "mutatie": 1, "twee_wacht": 1, "herhaling": 1,
                         "bevestig_wachtend": 1}, 40),
    "mixed": Theme("everything", {name: weight for name, weight in SCENARIOS.items()
                                  if name not in ("id_botsing", "herstel")}, 48),
}


class ThemeMaker(CaseMaker):
    def __init__(self, theme, seed, tables, out):
        super().__init__(seed, theme.events, tables, out, False)
        self.theme = theme
        self.scenario_deck = Deck(self.rng, [name for name, weight in theme.scenarios.items() for _ in range(weight)])
        self.offices = self.world.make_offices(2 * theme.boards)  # it halves the number of invented ones

    def run(self):
        for office in self.offices:
            self.scenario = "eerste"
            self.world.hire(office, self.rng.randint(*self.theme.people))
            super().deliver(office, "VOLLEDIG")
        while len(self.folder.events) < self.count:
            self.next_day()
            self.scenario = self.scenario_deck.draw()
            getattr(self, "do_" + self.scenario)(self.rng.choice(self.offices))
        self.folder.keep_first(self.count)

    def deliver(self, office, kind, lines=None, sequence=None, dry_run=False, extraction=None):
        is_dry = dry_run or self.rng.random() < self.theme.dry_runs
        return super().deliver(office, kind, lines, sequence, is_dry, extraction)


@dataclass
class Workload:
    theme: str
    seed: int
    folder: Path             # manifest.json, the files, and expected/ as the oracle says
    pause_s: float
    tables: Path             # the reference data in force
    mended_tables: Path = None  # those of its replays
    lanes: dict = field(default_factory=dict)  # board: [(number, event)] in the order to send them
    overview: list = field(default_factory=list)

    @property
    def refuses(self):
        return THEMES[self.theme].refuses

    @property
    def register_sql(self):
        return REFUSE_SQL if self.refuses else ""

    @property
    def is_beyond_oracle(self):
        """It does not know what becomes of it: the undisturbed run alone is the measure, and instroomctl verify."""
        return self.refuses or THEMES[self.theme].replays

    @property
    def name(self):
        return name_of(self.theme, self.seed)

    def event_count(self):
        return sum(len(lane) for lane in self.lanes.values())

    def boards(self):
        return sorted({entry["bestuur"] for entry in self.overview if is_accepted(entry)})


def is_accepted(entry):
    """An entry of overzicht.json that a delivery in the log belongs to."""
    return entry["type"] == "levering" and entry["status"] != "geweigerd"


def board_of(event):
    board = event["kop"].get("bestuur") if event["type"] == "levering" else event["bestuur"]
    return board if isinstance(board, str) else NO_BOARD


def without_clashes(events, folder, reference):
    """Refused with LR-K01, so that leaving them out changes nothing else."""
    files = oracle.run_events({"gebeurtenissen": events}, folder, reference)
    overview = json.loads(files["overzicht.json"])
    return [event for event, entry in zip(events, overview) if "LR-K01" not in entry.get("codes", {})]


def lacking_tables(rng, out):
    """TABLES without a third of the schools."""
    schools = sorted({line.split(";")[0] for line in (TABLES / "scholen.csv").read_text().splitlines()[1:]})
    missing = rng.sample(schools, len(schools) // 3)
    shutil.copytree(TABLES, out)
    for name in ("scholen.csv", "bestuur_school.csv", "vestigingen.csv"):
        lines = (TABLES / name).read_text().splitlines(keepends=True)
        (out / name).write_text("".join(line for line in lines if not any(brin in line.split(";") for brin in missing)))
    return out


def add_replays(rng, lanes):
    """In each lane one somewhere, and one at the end. A board's next delivery follows it in the log."""
    for number, (board, lane) in enumerate(sorted(lanes.items())):
        if board:
            event = {"type": "naspelen", "bestuur": board}
            lane.insert(rng.randint(1, len(lane)), (REPLAYS_FROM + 2 * number, event))
            lane.append((REPLAYS_FROM + 2 * number + 1, event))


def name_of(theme_name, seed):
    return f"{theme_name}-{seed}"


def make(theme_name, seed, folder):
    """The same theme and seed make the same workload."""
    theme = THEMES[theme_name]
    rng = random.Random(f"{theme_name}-{seed}-replays")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    maker = ThemeMaker(theme, f"{theme_name}-{seed}", Reference(TABLES), folder)
    maker.run()
    tables = lacking_tables(rng, folder / "reference") if theme.replays else TABLES
    reference = Reference(tables)
    manifest = {"seed": seed, "gebeurtenissen": without_clashes(maker.folder.events, folder, reference)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    files = oracle.run_events(manifest, folder, reference)
    oracle.write_expected(folder, files)
    workload = Workload(theme_name, seed, folder, theme.at_once or 0.25, tables, TABLES if theme.replays else None,
                        overview=json.loads(files["overzicht.json"]))
    for number, event in enumerate(manifest["gebeurtenissen"]):
        workload.lanes.setdefault(board_of(event), []).append((number, event))
    if theme.replays:
        add_replays(rng, workload.lanes)
    return workload
