#!/usr/bin/python3
"""scripts/sandbox as a supplier uses it: the example client of docs/leverancier delivers, each token opens what it
says, and on each bad day the client sees what that day says and loses nothing by sending again."""
import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
NAME = f"sandbox-{os.getpid()}"
EXAMPLE = ROOT / "docs" / "leverancier" / "voorbeeld.csv"
WAIT_S = 120
SLOW_S = 2
DELIVERY = "/v1/leveringen?bestuur=99901&soort=VOLLEDIG&extractiedatum=2018-06-29&volgnummer="
LIST = "/v1/besturen/99901/leveringen"
results = {"passed": 0, "failed": 0}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}", flush=True)


def sandbox(*words):
    return subprocess.run([ROOT / "scripts/sandbox", "--name", NAME, *words], check=False, capture_output=True,
                          text=True)


def wait_until(what, is_so):
    """The deadline only says when to give up."""
    deadline = time.monotonic() + WAIT_S
    seen = is_so()
    while not seen and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = is_so()
    check(what, seen, "not within the time")


class Supplier:
    def __init__(self, said):
        self.address = re.search(r"^address +(\S+)", said, re.M)[1]
        self.tokens = dict(re.findall(r"^token +(\S+) +(\S+)", said, re.M))

    def ask(self, path, body=None, token="kantoor", method=None, kind="text/csv"):
        """(status, headers, body), or the error of a line that gave no answer."""
        request = urllib.request.Request(self.address + path, data=body, method=method, headers={
            "Authorization": f"Bearer {self.tokens[token]}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()
        except urllib.error.URLError as error:
            return error.reason, None, b""
        except (OSError, http.client.HTTPException) as error:
            return error, None, b""

    def deliver(self, sequence, token="kantoor"):
        return self.ask(DELIVERY + str(sequence), EXAMPLE.read_bytes(), token)

    def client(self, sequence):
        """The example client, under way."""
        return subprocess.Popen([ROOT / "docs/leverancier/lever.py", self.address, "99901", "VOLLEDIG", str(sequence),
                                 "2018-06-29", EXAMPLE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=os.environ | {"INSTROOM_TOKEN": self.tokens["kantoor"]})


def finish(what, client):
    said, why = client.communicate(timeout=WAIT_S)
    check(what, client.returncode == 0 and "A-1;" in said, (client.returncode, said, why))


def is_no_answer(answer):
    return isinstance(answer[0], (OSError, http.client.HTTPException))


def day(name):
    done = sandbox("day", name)
    check(f"day {name}", done.returncode == 0 and done.stdout == f"day: {name}\n", done)


def good_days(supplier):
    finish("the example client delivers the example file", supplier.client(1))
    status, _, body = supplier.ask(LIST)
    check("and finds it in the list", status == 200 and b'"verwerkt"' in body, (status, body))
    for token, path, expected in (("bestuur", LIST, 200), ("bestuur", LIST.replace("99901", "99902"), 403),
                                  ("kijker", LIST, 200), ("verlopen", LIST, 401)):
        status = supplier.ask(path, token=token)[0]
        check(f"{token} asks {path}: {expected}", status == expected, status)
    status, _, body = supplier.deliver(2, "kijker")
    check("who reads may not deliver", status == 403 and json.loads(body)["levering"]["codes"] == {"LR-K03": 1}, body)
    status, _, body = supplier.ask("/v1/leveringen?bestuur=99901", b"", "kantoor")
    check("a refusal says that nobody is at the helpdesk", status == 400 and b"zandbak" in body, (status, body))


def mandates(supplier):
    """A board opens its door for an office and shuts it again."""
    place = "/v1/besturen/99901/machtigingen"
    check("the office may nothing yet", supplier.ask(LIST, token="oefenkantoor")[0] == 403)
    given = supplier.ask(place, b'{"partij": "KVK:12345678", "dienst": "inzien"}', "beheer", kind="application/json")
    check("a mandate is given", given[0] in (201, 202), given)
    wait_until("it opens", lambda: supplier.ask(LIST, token="oefenkantoor")[0] == 200)
    number = json.loads(given[2])["machtiging"]["nummer"]
    done = supplier.ask(f"{place}/{number}", token="beheer", method="DELETE")
    check("and is withdrawn", done[0] in (200, 202), done)
    wait_until("it opens nothing", lambda: supplier.ask(LIST, token="oefenkantoor")[0] == 403)


def bad_days(supplier):
    day("503")
    status, headers, body = supplier.deliver(3)
    check("503 to a delivery", status == 503 and int(headers["Retry-After"]) > 0 and
          json.loads(body)["status"] == 503, (status, body))
    check("503 to a question", supplier.ask(LIST)[0] == 503)
    before = refused_503()
    check("the gateway of that day counts them", before >= 2, before)
    client = supplier.client(4)
    while client.poll() is None and refused_503() == before:
        time.sleep(0.1)
    day("good")
    finish("the client that met a 503 delivers when the day is good again", client)
    check("the other was not accepted: it is new", supplier.deliver(3)[0] == 202)
    day("lost")
    answer = supplier.deliver(5)
    check("the answer is lost", is_no_answer(answer), answer)
    day("refused")
    answer = supplier.deliver(5)
    check("no connection is taken", isinstance(answer[0], ConnectionRefusedError), answer)
    day("good")
    wait_until("the lost one had been taken, and is processed", lambda: 5 in sequences(supplier))
    day(f"slow={SLOW_S}")
    begin = time.monotonic()
    status = supplier.deliver(5)[0]
    check("sent again it is known", status == 200, status)
    check("the answer came late", time.monotonic() - begin >= SLOW_S, time.monotonic() - begin)
    day("good")


def sequences(supplier):
    status, _, body = supplier.ask(LIST)
    return {one["volgnummer"] for one in json.loads(body)["leveringen"]} if status == 200 else set()


def refused_503():
    """How often the gateway of that day has answered so."""
    config = (ROOT / ".run" / "stacks" / NAME / "workers" / "gateway2.conf").read_text()
    port = re.search(r"^listen = 127.0.0.1:(\d+)", config, re.M)[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WAIT_S) as answer:
        found = re.search(r'^instroom_requests_refused_total\{[^}]*status="503"[^}]*\} (\d+)', answer.read().decode(),
                          re.M)
    return int(found[1])


def words():
    check("no such day", sandbox("day", "monday").returncode == 64)
    check("a verb it has not", sandbox("fly").returncode == 64)
    wait_until("show", lambda: sandbox("show").returncode == 0)
    check("the day is shown", "day: good\n" in sandbox("show").stdout)
    done = sandbox("env")
    wanted = r"export INSTROOM_ADRES=http://127.0.0.1:\d+\nexport INSTROOM_TOKEN=instroom_"
    check("env", re.match(wanted, done.stdout), done)
    done = sandbox("ctl", "deliveries", "99901")
    check("ctl", done.returncode == 0 and "VOLLEDIG" in done.stdout, done)


def ended_and_again(supplier):
    done = sandbox("down")
    check("down", done.returncode == 0 and isinstance(supplier.ask(LIST)[0], ConnectionRefusedError), done)
    done = up()
    check("up again, with the same address and tokens", done.returncode == 0 and
          Supplier(done.stdout).__dict__ == supplier.__dict__, done)
    wait_until("what was delivered is still there", lambda: sequences(supplier) >= {1, 3, 4, 5})


def up():
    return sandbox("up", "--build", str(BUILD), "--wait", str(WAIT_S))


def main():
    check("nothing to show before it is made", sandbox("show").returncode == 1)
    try:
        done = up()
        check("up", done.returncode == 0, done)
        if done.returncode == 0:
            supplier = Supplier(done.stdout)
            good_days(supplier)
            mandates(supplier)
            bad_days(supplier)
            words()
            ended_and_again(supplier)
    finally:
        done = sandbox("wipe")
    check("gone", done.returncode == 0 and not (ROOT / ".run" / "stacks" / NAME).exists(), done)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
