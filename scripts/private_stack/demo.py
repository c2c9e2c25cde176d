"""demo: what scripts/demo does once everything is installed and built."""
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402
from private_stack.places import CHECKOUT, StackError, place  # noqa: E402

NAME = "demo"
SEED = "2018"
SMALL = ["--boards", "150", "--teachers", "20000", "--errors", "3%"]
COUNTRY = ["--boards", "1450", "--teachers", "230000"]
PARALLEL = "64"  # boards that upload at the same moment
OUTCOMES = ["nieuw", "gewijzigd", "ongewijzigd", "verouderd", "afgekeurd", "ingetrokken", "quarantaine"]


def step(text):
    print(f"\n== {text}", flush=True)


class Demo:
    def __init__(self):
        self.stack = stacks.Stack(NAME)
        self.data = place("demo-data")
        self.workers = None
        self.build = CHECKOUT / "build" / "release"

    def start(self, reference):
        if self.stack.record is not None:
            programs.Workers(self.stack).end_all()
        self.stack.wipe()
        self.stack = stacks.Stack(NAME)
        self.stack.up({"partitions": 12, "brokers": 1, "servers": None, "no_topics": False, "tmpfs": False,
                       "base_port": None,
                       "wait": 60})
        self.workers = programs.Workers(self.stack)
        counts = {"gateway": 1, "validate": 1, "write": 1}
        self.workers.set_up(self.build, counts, False, {})
        self.workers.prepare(reference)
        self.workers.start(self.workers.all(counts), 30)

    def generate(self, night, options):
        out = self.data / f"night-{night}"
        shutil.rmtree(out, ignore_errors=True)
        duo = CHECKOUT.parent / "shared" / "reference"
        reference = ["--reference", str(self.data / "reference")] if duo.is_dir() else []
        if reference and not (self.data / "reference").is_dir():
            done = subprocess.run([self.build / "workers/ctl/instroomctl", "reference", "build", "--duo", duo, "--out",
                                   self.data / "reference"], check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise StackError(f"the reference tables could not be made: {done.stderr.strip()}")
        subprocess.run([self.build / "workers/gen/instroom-gen", "--out", out, "--seed", SEED, "--night", str(night),
                        *options,
                        *reference], check=True)
        return out

    def deliver(self, folder):
        """Lines and seconds from the first upload byte to the last commit."""
        begun = time.monotonic()
        done = self.workers.ctl("deliver", "--json", "--parallel", PARALLEL, str(folder), stdout=subprocess.PIPE,
                                text=True)
        if done.returncode not in (0, 1):
            raise StackError(f"instroomctl deliver ended with {done.returncode}")
        if self.workers.ctl("wait").returncode != 0:
            raise StackError("not everything was judged and written in time: scripts/workers --name demo ctl status")
        seconds = time.monotonic() - begun
        answer = json.loads(done.stdout)
        print(f"{answer['accepted']} deliveries, {answer['lines']} lines in {seconds:.2f} s: "
              f"{answer['lines'] / seconds:,.0f} "
              f"lines/s from the first uploaded byte to the last commit")

    def ledger(self, *words):
        done = self.workers.ctl("ledger", "--json", *words, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise StackError("the ledger does not balance")
        return json.loads(done.stdout)

    def show_ledger(self, boards):
        rows = [("national", self.ledger("--check"))] + [(f"board {board}", self.ledger("--board", board))
                                                         for board in boards]
        names = ["deliveries", "lines"] + OUTCOMES + ["lapsed_teachers", "waiting"]
        print(f"{'':16}" + "".join(f"{name:>16}" for name, _ in rows))
        for name in names:
            print(f"{name:16}" + "".join(f"{ledger[name]:>16,}" for _, ledger in rows))
        print("the ledger balances (instroomctl ledger --check)")
        return rows[0][1]

    def compare(self, ledger, folders):
        """The generator knows what it made."""
        counts = [json.loads((folder / "counts.txt").read_text()) for folder in folders]
        for name in ["deliveries", "lines", "nieuw", "gewijzigd", "ongewijzigd", "afgekeurd"]:
            wanted = sum(count[name] for count in counts)
            if ledger[name] != wanted:
                raise StackError(f"the ledger has {ledger[name]} {name}, the generator made {wanted}")
        print("its counts equal the generator's own")

    def excerpt(self, board, delivery):
        done = self.workers.ctl("report", board, delivery, "--format", "csv", stdout=subprocess.PIPE, text=True)
        lines = done.stdout.splitlines()
        print(lines[0])
        shown = [line for line in lines[1:] if ";afgekeurd;" in line][:4] + lines[1:4]
        print("\n".join(shown))


def boards_of(folder):
    """Three boards, a small, a middling and a large one: [(number, leveringsid)]"""
    receipts = [json.loads(line) for line in (folder / "acknowledged.jsonl").read_text().splitlines()]
    receipts.sort(key=lambda receipt: receipt["regels"])
    chosen = [receipts[len(receipts) // 20], receipts[len(receipts) // 2], receipts[-1]]
    return [(receipt["file"][:5], receipt["leveringsid"]) for receipt in chosen]


def run(is_national, stops):
    demo = Demo()
    step("making a synthetic delivery set")
    folders = [demo.generate(0, COUNTRY if is_national else SMALL)]
    step("starting a private stack: Kafka, PostgreSQL, Redis, gateway, validator, writer")
    demo.start(folders[0] / "reference")
    step("delivering")
    demo.deliver(folders[0])
    if is_national:
        step("the night after: all of it again, 1 % changed")
        folders.append(demo.generate(1, COUNTRY + ["--changed", "1%"]))
        demo.deliver(folders[1])
    boards = boards_of(folders[-1])
    step("the ledger")
    ledger = demo.show_ledger([board for board, _ in boards])
    demo.compare(ledger, folders)
    step(f"from the terugmelding of board {boards[1][0]}")
    demo.excerpt(*boards[1])
    if stops:
        demo.workers.end(demo.workers.all(), signal.SIGTERM, 40)
        demo.stack.wipe()
        return
    step("where to look next")
    print(f"""  scripts/workers --name demo status
  scripts/workers --name demo ctl report {boards[1][0]} {boards[1][1]}
  scripts/workers --name demo ctl stand --board {boards[0][0]}
  scripts/workers --name demo ctl coverage
  curl -H "Authorization: Bearer $(cat {demo.workers.dir}/token)" \\
       http://127.0.0.1:{demo.workers.named('gateway1')[0].port}/v1/besturen/{boards[0][0]}/leveringen/{boards[0][1]}
  scripts/workers --name demo down; scripts/stack down --name demo   ends it all""")


if __name__ == "__main__":
    try:
        run(sys.argv[1] == "yes", sys.argv[2] == "yes")
    except (StackError, subprocess.CalledProcessError) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        sys.exit(1)
