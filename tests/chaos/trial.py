"""trial: one workload on an empty register while faults strike; what comes out is compared with the undisturbed run.

    Trial        the workload, the faults and the settings that a seed stands for
    Bench        a machine, the folder of evidence, and the undisturbed outcomes known so far
A difference, an answer 500, an unexpected end of a worker, a register that does not come to rest: each is a finding,
and the folder of the trial with logs, topics and both outcomes is kept. A finding that only says that something was not
done within its time is an Unfinished: a machine that does much else makes those, a fault of the product may too.
"""
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

from . import outcome, workloads
from .keeper import Keeper
from .machine import StackError, TooSlow, WAIT_S
from .sender import Sender

# They only say when to give up. tests/chaos/red has shorter ones: there a trial that hangs is what is looked for.
SEND_S = 180
REST_S = 180
READY_S = 90
DRAIN_S = 20


class Unfinished(str):
    """A finding: not done in time. Nothing is known of what would have come out."""


@dataclass
class Trial:
    seed: object
    workload: object
    faults: list = field(default_factory=list)
    counts: dict = field(default_factory=lambda: {"gateway": 1, "validate": 1, "write": 1})
    settings: dict = field(default_factory=dict)
    must_strike: bool = False  # a fault that never struck is a finding

    def text(self):
        faults = ", ".join(fault.text() for fault in self.faults) or "undisturbed"
        more = "".join(f" {kind}.{key}={value}" for kind, values in self.settings.items()
                       for key, value in values.items())
        return f"seed={self.seed} {self.workload.name}: {faults};" \
               f" {self.counts['gateway']}/{self.counts['validate']}/{self.counts['write']} workers{more}"


class Bench:
    def __init__(self, machine, evidence, send_s=SEND_S, rest_s=REST_S):
        self.machine = machine
        self.send_s, self.rest_s = send_s, rest_s
        self.evidence = evidence
        self.workloads = {}
        self.references = {}

    def workload(self, theme, seed):
        name = workloads.name_of(theme, seed)
        if name not in self.workloads:
            self.workloads[name] = workloads.make(theme, seed, self.evidence / "workloads" / name)
        return self.workloads[name]

    def reference(self, workload):
        """The outcome of the undisturbed run, which must be what the oracle says."""
        if workload.name not in self.references:
            out = self.evidence / "undisturbed" / workload.name
            findings = self.play(Trial("undisturbed", workload), out)
            if not findings and not workload.is_beyond_oracle:
                findings = outcome.differences_from_oracle(workload, out / "outcome")
            if findings:
                raise StackError(f"the undisturbed run of {workload.name} is not what the oracle says:\n" +
                                 "\n".join(findings))
            self.references[workload.name] = out / "outcome"
        return self.references[workload.name]

    def run(self, trial, place="seed"):
        """Findings; none: it ended as if nothing had happened. place: of the evidence, with the seed behind it."""
        expected = self.reference(trial.workload)
        out = self.evidence / f"{place}-{trial.seed}"
        findings = self.play(trial, out, expected)
        if findings:
            shutil.copytree(expected, out / "undisturbed", dirs_exist_ok=True)
            (out / "findings.txt").write_text(trial.text() + "\n" + "\n".join(findings) + "\n")
        else:
            shutil.rmtree(out)
        return findings

    def play(self, trial, out, expected=None):
        """Runs it, collects its outcome in out/outcome and compares it, if there is something to compare it with."""
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        machine = self.machine
        workload = trial.workload
        machine.begin(trial.counts, trial.settings, workload.tables, workload.mended_tables, workload.register_sql)
        keeper = Keeper(machine.workers.all(trial.counts), may_end_with=[fault.may_end_with for fault in trial.faults])
        findings = []
        try:
            findings = self.play_out(trial, keeper, out)
            if expected and (out / "outcome" / "register.txt").exists():
                findings += outcome.differences(expected, out / "outcome")
        except (TooSlow, subprocess.TimeoutExpired) as error:
            findings = [Unfinished(f"{type(error).__name__}: {error}")]
        except (StackError, OSError, subprocess.SubprocessError, outcome.OutcomeError) as error:
            findings = [f"{type(error).__name__}: {error}"]
        finally:
            for fault in trial.faults:
                fault.heal(machine)
            keeper.stop(signal.SIGTERM, DRAIN_S)
            for fault in trial.faults:
                fault.clean_up(machine)
            findings = findings + keeper.findings
            if findings:
                self.keep_evidence(out)
            machine.end()
        return findings

    def play_out(self, trial, keeper, out):
        machine = self.machine
        crash_at = {}
        for fault in trial.faults:
            fault.prepare(machine, crash_at)
        keeper.start(crash_at, READY_S)
        for fault in trial.faults:
            fault.before_load(machine)
        gateways = [worker.port for worker in keeper.workers if worker.kind == "gateway"]
        sender = Sender(trial.workload, machine, gateways, (machine.workers.dir / "token").read_text(), trial.seed)
        sender.start()
        try:
            self.disturb(trial, sender)
            is_sent = sender.wait(self.send_s)
        finally:
            sender.stop()  # or it would send into the next trial
        for fault in trial.faults:
            fault.end(machine)
        if not is_sent:
            taken = f"{len(sender.answers)} of {trial.workload.event_count()}"
            return sender.findings + [Unfinished(f"only {taken} events were taken in {self.send_s} s")]
        if not machine.wait_until_written(self.rest_s):
            return sender.findings + [Unfinished("not everything was judged and written "
                                                 f"{self.rest_s} s after the last fault")]
        for fault in trial.faults:
            fault.afterwards(machine)
        wait_for_gateway(keeper)
        outcome.collect(machine, trial.workload, sender, gateways[0], out / "outcome",
                        all(fault.keeps_log for fault in trial.faults))
        missed = [f"{fault.text()} never struck" for fault in trial.faults
                  if trial.must_strike and not fault.has_struck(keeper)]
        return (sender.findings + missed + wrong_answers(trial, sender.counts) +
                outcome.balance_findings(trial.workload, out / "outcome"))

    def disturb(self, trial, sender):
        """Each fault strikes at its share of the load and ends by itself after its time."""
        strikes = sorted((fault for fault in trial.faults if fault.at is not None), key=lambda fault: fault.at)
        deadline = time.monotonic() + self.send_s
        open_faults = []
        while (strikes or open_faults) and time.monotonic() < deadline:
            now = time.monotonic()
            if strikes and (sender.progress() >= strikes[0].at or sender.is_done()):
                fault = strikes.pop(0)
                fault.strike(self.machine)
                if not fault.stays:
                    open_faults.append((time.monotonic() + fault.lasts_s, fault))
            for ends_at, fault in list(open_faults):
                if now >= ends_at:
                    open_faults.remove((ends_at, fault))
                    fault.heal(self.machine)
            time.sleep(0.01)

    def keep_evidence(self, out):
        """Logs of workers and servers, and the topics. All data is invented."""
        machine = self.machine
        logs = out / "logs"
        logs.mkdir(exist_ok=True)
        for path in [*machine.workers.dir.glob("*.log"), *machine.workers.dir.glob("*.conf"),
                     *machine.stack.dir.glob("log/*.log")]:
            shutil.copy(path, logs)
        for name in ("raw", "verdict", "quarantine"):
            with open(out / f"{name}.txt", "wb") as file:
                subprocess.run(["timeout", str(WAIT_S // 3), "kcat", "-C", "-e", "-q", "-b", machine.broker(),
                                "-t", machine.topic(name), "-f", "%p %o %k %S %h\n"],
                               check=False, stdout=file, stderr=subprocess.DEVNULL)
        try:
            (out / "cursor.txt").write_text(machine.sql("select * from register.cursor order by topic, partition"))
        except (OSError, subprocess.SubprocessError):
            pass


def wrong_answers(trial, counts):
    """500 and 401 where no fault leads to them; and none where a fault must."""
    found = []
    for status, flag, is_usual in ((503, "makes_refusals", True), (500, "makes_failures", False),
                                   (401, "makes_denials", False)):
        makers = [fault.text() for fault in trial.faults if getattr(fault, flag)]
        if counts[status] > 0 and not is_usual and not makers:
            found.append(f"a gateway answered {status}")
        if counts[status] == 0 and trial.must_strike:
            found += [f"{text}: no delivery was refused with {status}" for text in makers]
    return found


def wait_for_gateway(keeper):
    gateway = next(worker for worker in keeper.workers if worker.kind == "gateway")
    gateway.wait(READY_S)
