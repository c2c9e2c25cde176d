"""prometheus: a Prometheus of its own beside a private stack, with the scrape configuration and the rules of deploy/ in
which every time is divided by one factor: with 60 a minute is a second. Windows, for: and the scrape interval shrink
alike, so that each window holds as many samples as it does in production; thresholds that are no time stay.
"""
import json
import re
import shutil
import signal
import urllib.error
import urllib.parse
import urllib.request

import yaml

from .places import CHECKOUT, StackError, give_to
from .process import Process

DEPLOY = CHECKOUT / "deploy"
MS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}
DURATION = re.compile(r"\b(\d+)(ms|s|m|h|d)\b")
SECONDS = {300, 3600, 86400}  # numbers in the rules that are times
COUNTS = {1000}               # and large ones that are none


def shorten(text, factor):
    """Every duration of a text; times below a millisecond become one."""
    return DURATION.sub(lambda found: f"{max(1, round(int(found[1]) * MS[found[2]] / factor))}ms", text)


def shorten_expression(text, factor):
    def number(found):
        value = int(found[0])
        return f"{value / factor:g}" if value in SECONDS else found[0]
    # not within quotes: names of units and ports of instances
    parts = re.split(r'("[^"]*")', text)
    return "".join(part if part.startswith('"') else re.sub(r"(?<![\w.])\d+(?![\w.])", number, shorten(part, factor))
                   for part in parts)


def unknown_numbers(text):
    """Numbers of an expression of which nobody said whether they are times."""
    bare = re.sub(r'"[^"]*"', "", text)
    return {int(one) for one in re.findall(r"(?<![\w.])\d+(?![\w.])", bare)} - SECONDS - COUNTS - set(range(300))


def rules(factor):
    tree = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    for group in tree["groups"]:
        for rule in group["rules"]:
            rule["expr"] = shorten_expression(rule["expr"], factor)
            if "for" in rule:
                rule["for"] = shorten(rule["for"], factor)
    return tree


def configuration(factor, targets):
    """targets: {job: [host:port]}, of the jobs of deploy/prometheus.yaml; one that is left out has none."""
    tree = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text(encoding="utf-8"))
    for name in ("scrape_interval", "evaluation_interval"):
        tree["global"][name] = shorten(tree["global"][name], factor)
    for job in tree["scrape_configs"]:
        job["static_configs"] = [{"targets": targets.get(job["job_name"], [])}]
    unknown = set(targets) - {job["job_name"] for job in tree["scrape_configs"]}
    if unknown:
        raise StackError(f"deploy/prometheus.yaml has no job {', '.join(sorted(unknown))}")
    return tree


def write_configuration(folder, factor, targets):
    """prometheus.yaml and alerts.yaml in that folder. The path of the first."""
    for name, tree in (("alerts.yaml", rules(factor)), ("prometheus.yaml", configuration(factor, targets))):
        (folder / name).write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return folder / "prometheus.yaml"


class Prometheus:
    name = "prometheus"

    def __init__(self, stack, port, factor):
        self.stack, self.port, self.factor = stack, port, factor
        self.dir = stack.dir / "prometheus"
        self.config = self.dir / "prometheus.yaml"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.config)

    def start(self, targets, wait_s):
        program = shutil.which("prometheus")
        if program is None:
            raise StackError("there is no prometheus: run scripts/install --tests")
        self.dir.mkdir(mode=0o700, exist_ok=True)
        give_to(self.stack.user, self.dir)
        self.configure(targets)
        self.process.start([program, f"--config.file={self.config}", f"--storage.tsdb.path={self.dir / 'data'}",
                            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
                           self.dir, self.stack.user)
        self.process.wait_until(self.is_ready, wait_s)

    def configure(self, targets):
        write_configuration(self.dir, self.factor, targets)
        for path in self.dir.glob("*.yaml"):
            give_to(self.stack.user, path)
        self.process.signal(signal.SIGHUP)

    def stop(self):
        return self.process.end(signal.SIGTERM, 20)

    def ask(self, path, **parameters):
        address = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise StackError(f"Prometheus refuses {parameters or path}: {error.read()[:500].decode()}") from error

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def query(self, expression):
        """[{metric, value}] now."""
        return self.ask("/api/v1/query", query=expression)["result"]

    def alerts(self, *states):
        """Names of the alerts in these states now."""
        return {one["labels"]["alertname"] for one in self.ask("/api/v1/alerts")["alerts"] if one["state"] in states}

    def fired(self, since_s):
        """Names of the alerts that fired at any time in the last so many seconds."""
        found = self.query(f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{since_s}s]))')
        return {one["metric"]["alertname"] for one in found}
