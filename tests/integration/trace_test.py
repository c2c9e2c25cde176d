#!/usr/bin/python3
"""A delivery's way as spans (common/trace) from upload to commit, against the real machine and a receiver of OTLP that
checks each member: one trace with the right parents; sampled by flag, by ratio, not at all; and a receiver that
refuses, fails, redirects, is away, silent, or another than its certificate says, which changes no delivery. All that is
named is invented."""
import re
import secrets
import signal
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request

import access_test as access
from access_test import BOARD, COLUMNS, LINE, ROOT, WAIT_S, check, results, wait_until

sys.path.insert(0, str(ROOT / "tests/support"))
from otlp_receiver import OtlpReceiver  # noqa: E402

SENT, DROPPED = "instroom_trace_spans_sent_total", "instroom_trace_spans_dropped_total"
PARENT = "b7ad6b7169203331"


class Machine(access.Machine):
    receiver = None

    def bring(self, flags=None):
        """A delivery, with a traceparent of these flags or none; (trace id or None, its id)."""
        self.sequence += 1
        trace, name = secrets.token_hex(16), f"trace-{BOARD}-{self.sequence:06}"
        query = urllib.parse.urlencode({"bestuur": BOARD, "soort": "MUTATIE", "volgnummer": self.sequence,
                                        "leveringsid": name, "extractiedatum": "2018-07-01",
                                        "ontvangen_op": "2018-07-02"})
        headers = {"Authorization": f"Bearer {self.tokens['file']}", "Content-Type": "text/csv"}
        headers |= {"traceparent": f"00-{trace}-{PARENT}-{flags}"} if flags else {}
        request = urllib.request.Request(f"{self.gateway.address}/v1/leveringen?{query}", method="POST",
                                         data=f"{COLUMNS}\n{LINE}\n".encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            check(f"{name} is taken", answer.status == 202, answer.status)
        return trace if flags else None, name

    def wait(self):
        done = self.ctl("wait", "--quiet", "--timeout", str(WAIT_S))
        check("all is in the register", done.returncode == 0, done.stderr)

    def counted(self, name, worker="gateway1"):
        address = self.workers.named(worker)[0].address
        with urllib.request.urlopen(f"{address}/metrics", timeout=WAIT_S) as answer:
            text = answer.read().decode()
        return sum(int(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\d+)", text, re.M))

    def restart(self, settings, worker="gateway1"):
        """With these settings on top; the exit status and the log of the one before."""
        one = self.workers.named(worker)[0]
        self.workers.end([one], signal.SIGTERM, WAIT_S)
        log = one.config.with_suffix(".log").read_text()
        kept = [row for row in one.config.read_text().splitlines() if row.partition(" =")[0] not in settings]
        one.config.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")
        self.workers.start([one], WAIT_S)
        return log

    def log(self, worker="gateway1"):
        return self.workers.named(worker)[0].config.with_suffix(".log").read_text()


def off(machine):
    """Without trace.endpoint there is nothing to see, whatever a sender asks."""
    machine.bring("01")
    machine.wait()
    for worker in ("gateway1", "validate1", "write1"):
        check(f"{worker} makes none", machine.counted(SENT, worker) == machine.counted(DROPPED, worker) == 0)
        check(f"{worker} says nothing of it", "spans." not in machine.log(worker))


def turn_on(machine):
    machine.receiver = OtlpReceiver()
    for worker in ("gateway1", "validate1", "write1"):
        machine.restart({"trace.endpoint": machine.receiver.endpoint}, worker)


def way(machine):
    """Five spans, each under the one that caused it; none of a delivery that is not sampled."""
    unsampled, _ = machine.bring("00")
    _, without = machine.bring()
    trace, name = machine.bring("01")
    receiver = machine.receiver
    wait_until("five spans come", lambda: len(receiver.of_trace(trace)) >= 5)
    spans = {span.name: span for span in receiver.of_trace(trace)}
    check("as the standard has them", receiver.faults == [], receiver.faults)
    names = ["POST /v1/leveringen", "send instroom.raw.1", "process instroom.raw.1", "send instroom.verdict.1",
             "process instroom.verdict.1"]
    check("one of each", sorted(spans) == sorted(names) and len(receiver.of_trace(trace)) == 5, spans)
    if sorted(spans) != sorted(names):
        return
    chain = [spans[one] for one in names]
    check("each under the one before", [span.parent for span in chain] == [PARENT] + [span.id for span in chain[:-1]],
          chain)
    check("ids differ", len({span.id for span in chain} | {PARENT}) == 6, chain)
    check("of three services", [span.service for span in chain] == [
        "instroom-gateway", "instroom-gateway", "instroom-validate", "instroom-validate", "instroom-write"], chain)
    check("kinds", [span.kind for span in chain] == [2, 4, 5, 4, 5], chain)
    check("none has failed", not any(span.has_failed for span in chain), chain)
    for span in chain:
        check(f"{span.name}: board and delivery", (span.attributes["instroom.board"],
                                                   span.attributes["instroom.delivery.id"]) == (BOARD, name), span)
    check("in the order of time", [span.begun for span in chain[1:]] == sorted(span.begun for span in chain[1:]), chain)
    place = machine.sql(f"select (position >> 40) & 4095, position & ((1::bigint << 40) - 1) from register.delivery"
                        f" where delivery_id = '{name}'")
    for span in (spans["send instroom.raw.1"], spans["process instroom.raw.1"]):
        seen = (f"{span.attributes['messaging.destination.partition.id']}|{span.attributes['messaging.kafka.offset']}")
        check(f"{span.name}: its place in the log", seen == place, (span, place))
    check("status", chain[0].attributes["http.response.status_code"] == 202, chain[0])
    check("outcomes", [span.attributes.get("instroom.outcome") for span in chain] == [
        None, None, "judged", None, "verwerkt"], chain)
    machine.wait()
    check("nothing of those that are not sampled", {span.trace for span in receiver.spans} == {trace} and
          not any(without in repr(span) for span in receiver.spans), receiver.spans)
    check("nor of any trace in the ledger", machine.sql(
        f"select count(*) from register.admission a join register.delivery d using (position)"
        f" where d.delivery_id = '{without}' and a.trace_id is not null") in ("0", "1"))
    check("the other one is followed in the log only", unsampled not in repr(receiver.spans))


def refusing(machine):
    """Each is counted; the delivery is as any other."""
    receiver = machine.receiver
    for mood in ("refuse", "fault", "redirect", "partial"):
        receiver.mood, before = mood, machine.counted(DROPPED)
        machine.bring("01")
        wait_until(f"{mood}: dropped and counted", lambda before=before: machine.counted(DROPPED) > before)
    check("a redirect is not followed", receiver.faults == [], receiver.faults)
    log = machine.log()
    check("it is logged", "event=spans.refused" in log and "status 401" in log, log[-500:])
    receiver.mood = "away"
    before = receiver.requests
    trace, _ = machine.bring("01")
    wait_until("the endpoint is asked", lambda: receiver.requests > before)
    receiver.mood = "take"
    wait_until("what it did not take comes when it takes", lambda: len(receiver.of_trace(trace)) == 5)


def silent(machine):
    """A receiver that answers nothing delays no delivery, and no end of a worker for long."""
    receiver = machine.receiver
    receiver.mood, before = "silent", receiver.requests
    machine.bring("01")
    wait_until("the endpoint is asked", lambda: receiver.requests > before)
    machine.bring("01")
    machine.wait()
    for worker, settings in (("validate1", {}), ("write1", {}), ("gateway1", {"trace.sample": 1000})):
        log = machine.restart(settings, worker)
        check(f"{worker} ended as any other", "event=worker.drained status=0" in log, log[-500:])
        check(f"{worker}: what was left is counted and said", "event=spans.dropped" in log, log[-500:])


def by_ratio(machine):
    """All of those without a traceparent; the trace id is in the ledger."""
    machine.receiver.close()
    machine.receiver = receiver = OtlpReceiver(port=machine.receiver.port)
    _, name = machine.bring()
    wait_until("five spans come", lambda: sum(span.attributes.get("instroom.delivery.id") == name
                                              for span in list(receiver.spans)) == 5)
    traces = {span.trace for span in list(receiver.spans) if span.attributes.get("instroom.delivery.id") == name}
    first = [span for span in receiver.spans if span.name.startswith("POST") and span.trace in traces]
    check("one trace, that begins here", len(traces) == 1 and [span.parent for span in first] == [""], first)
    machine.wait()
    in_ledger = machine.sql(f"select a.trace_id from register.admission a join register.delivery d using (position)"
                            f" where d.delivery_id = '{name}'")
    check("which the ledger names", {in_ledger} == traces, (in_ledger, traces))
    trace, _ = machine.bring("00")
    machine.wait()
    check("the sender's no stands", not receiver.of_trace(trace), receiver.spans)


def strangers(machine):
    """A certificate for another name; an address we may not send to."""
    folder = machine.stack.dir
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=other.example", "-addext", "subjectAltName=DNS:other.example", "-keyout",
                    folder / "other.key", "-out",
                    folder / "other.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "other.pem", folder / "other.key")
    other = OtlpReceiver(context)
    before = machine.restart({"trace.endpoint": other.endpoint, "trace.ca.file": folder / "other.pem"})
    machine.bring("01")
    wait_until("the name is refused", lambda: "event=spans.refused" in machine.log()[len(before):])
    check("and it saw nothing", other.requests == 0, other.requests)
    other.close()
    conf = machine.workers.dir / "stranger.conf"
    for address in ("http://collector.example:4318/v1/traces", "ftp://127.0.0.1/", "https://me:x@collector.example/"):
        rows = [row for row in machine.gateway.config.read_text().splitlines() if not row.startswith("trace.")]
        conf.write_text("\n".join([*rows, f"trace.endpoint = {address}"]) + "\n")
        done = subprocess.run([machine.workers.program("instroom-gateway"), "--config", conf], capture_output=True,
                              text=True, timeout=WAIT_S, check=False)
        check(f"{address} is a wrong setting", done.returncode == 78 and "trace.endpoint" in done.stderr,
              (done.returncode, done.stderr[-300:]))


def main():
    def run(machine):
        try:
            for part in (off, turn_on, way, refusing, silent, by_ratio, strangers):
                part(machine)
            check("every delivery is in the register", machine.sql("select count(*) from register.delivery") ==
                  str(machine.sequence), machine.sequence)
        finally:
            if machine.receiver:
                machine.receiver.close()

    status = access.on_a_machine("trace", Machine, run)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
