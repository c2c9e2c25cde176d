"""outcome: what became of a trial's deliveries, as files, and how two such folders differ.

    overzicht.json          each event: the summary of a delivery, the findings of a refusal, whether a confirmation or
                            a set-back of the volgnummer did it
    NNNN-terugmelding.csv   of each accepted delivery
    stand-bsn.csv, stand-pseudoniem.csv
    ledger.json             the sums, and those of each board
    ledger-check.txt        what instroomctl ledger --check complains of
    verify.txt              what instroomctl verify --all finds different between log and register: nothing, it must be
    register.txt            each state a teacher was or is in, from and to which delivery, by name and not by position
The first four kinds are also what the oracle writes, so an outcome is compared with it as well.
"""
import difflib
import json
import shutil
import time

from . import workloads
from .sender import cases

SHOWN_LINES = 16
FETCH_S = 60

# Where a delivery stands in the log depends on repeats before it; its name does not.
REGISTER_SQL = """
with named as (
  select position, board || ' ' || delivery_id || ' ' || encode(fingerprint, 'hex') as name from register.delivery
  union all
  select position, board || ' ' || delivery_id || ' bevestigd' from register.confirmation
  union all
  select c.replay_position, d.board || ' ' || d.delivery_id || ' nagespeeld'
  from register.replay_change c join register.delivery d using (position))
select t.board, lpad(t.bsn::text, 9, '0'), h.status, h.lapsed_on, h.content, h.targets, s.name, u.name
from register.teacher t
join (select board, key, status, lapsed_on, content, targets, since, until from register.teacher_history
      union all select board, key, status, lapsed_on, content, targets, since, null from register.teacher) h
  on h.board = t.board and h.key = t.key
left join named s on s.position = h.since
left join named u on u.position = h.until
order by t.board, t.bsn, h.since, h.until
"""


class OutcomeError(Exception):
    """What could not be collected."""


def answer_of(entry, sent, has_oracle):
    """The entry of overzicht.json of an event, from what the gateway answered when it was sent."""
    status, answer, times = sent
    if entry["type"] in ("bevestiging", "herstel"):
        # sent more than once, the first may have done it; answered 202, it is under way
        if not has_oracle:
            return {key: value for key, value in entry.items() if key != "uitgevoerd"}
        is_known = times == 1 and "uitgevoerd" in answer
        return entry | {"uitgevoerd": answer["uitgevoerd"] if is_known else entry["uitgevoerd"]}
    if entry["type"] == "herhaling":
        return entry
    if workloads.is_accepted(entry):
        if status not in (200, 202):
            raise OutcomeError(f"event {entry['nr']} was answered {status}: "
                               f"{answer.get('codes', answer.get('detail'))}")
        return entry
    return {"nr": entry["nr"], "type": "levering"} | cases.summary_of(answer["levering"]) if "levering" in answer else \
        entry | {"status": f"answered {status}"}


def fetch(gateway, path, accept):
    """A gateway that lost PostgreSQL takes a moment to find it again."""
    deadline = time.monotonic() + FETCH_S
    while True:
        status, _, body = gateway.ask(path, headers={"Accept": accept})
        if status == 200:
            return body
        if status != 503 or time.monotonic() > deadline:
            raise OutcomeError(f"{path}: HTTP {status}")
        time.sleep(0.1)


def collect_deliveries(workload, sender, gateway, out):
    overview = []
    for entry in workload.overview:
        if entry["nr"] not in sender.answers:
            raise OutcomeError(f"event {entry['nr']} was never answered")
        found = answer_of(entry, sender.answers[entry["nr"]], not workload.is_beyond_oracle)
        if workloads.is_accepted(entry):
            path = f"/v1/besturen/{entry['bestuur']}/leveringen/{entry['leveringsid']}"
            summary = json.loads(fetch(gateway, path, "application/json"))
            found = {"nr": entry["nr"], "type": "levering"} | cases.summary_of(summary)
            (out / f"{entry['nr']:04}-terugmelding.csv").write_bytes(fetch(gateway, path + "/terugmelding", "text/csv"))
        overview.append(found)
    (out / "overzicht.json").write_text(json.dumps(overview, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def ctl_output(machine, *words):
    done = machine.workers.ctl(*words, capture_output=True)
    if done.returncode not in (0, 1):
        raise OutcomeError(f"instroomctl {' '.join(words)} ended with {done.returncode}")
    return done


def collect(machine, workload, sender, gateway_port, out, has_log=True):
    """has_log: else a fault took the log away, and nothing can be derived from it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    gateway = cases.Gateway(gateway_port, (machine.workers.dir / "token").read_text())
    collect_deliveries(workload, sender, gateway, out)
    for name, options in (("stand-bsn.csv", ["--with-bsn"]), ("stand-pseudoniem.csv", [])):
        (out / name).write_bytes(ctl_output(machine, "stand", "--all", *options).stdout)
    ledgers = [ctl_output(machine, "ledger", "--json").stdout]
    ledgers += [ctl_output(machine, "ledger", "--json", "--board", board).stdout for board in workload.boards()]
    (out / "ledger.json").write_bytes(b"".join(ledgers))
    (out / "ledger-check.txt").write_bytes(ctl_output(machine, "ledger", "--check").stderr)
    verified = ctl_output(machine, "verify", "--all") if has_log else None
    (out / "verify.txt").write_bytes(verified.stdout if verified and verified.returncode else b"")
    (out / "register.txt").write_text(machine.sql(REGISTER_SQL), encoding="utf-8")


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def differences(expected, actual, names=None):
    """["name: lines of a diff"] of every file that is not the same in both folders. names: only these, if given."""
    old, new = files_of(expected), files_of(actual)
    found = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name) or (names is not None and name not in names):
            continue
        lines = [files.get(name, b"").decode("utf-8", "replace").splitlines() for files in (old, new)]
        diff = list(difflib.unified_diff(*lines, lineterm="", n=1))[2:2 + SHOWN_LINES]
        found.append(f"{name} differs" + "".join("\n      " + line for line in diff))
    return found


def differences_from_oracle(workload, actual):
    names = [name for name in files_of(workload.folder / "expected")]
    return differences(workload.folder / "expected", actual, names)


def balance_findings(workload, out):
    """Lines in quarantaine do not balance, by design; where the register refuses contents they are compared only."""
    text = (out / "ledger-check.txt").read_text().strip()
    found = [f"the ledger does not balance: {text}"] if text and not workload.refuses else []
    text = (out / "verify.txt").read_text().strip()
    return found + ([f"derived again from the log the register is another: {text[-400:]}"] if text else [])
