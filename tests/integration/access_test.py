#!/usr/bin/python3
"""Who may deliver for whom (specification 15) against the real machine: every route x credential x service in one
table; a mandate or token that is withdrawn opens nothing within seconds, also when PostgreSQL is stopped and the
gateway starts again; what is stored while Kafka is away is said not to be in force. All that is named is invented."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests/support"))
import proofs_test as proofs  # noqa: E402
from fault_proxy import CutAt, FaultProxy  # noqa: E402
from questions_test import COLUMNS  # noqa: E402
from private_stack import stack as stacks  # noqa: E402
from private_stack import workers as programs  # noqa: E402

BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev"))
WAIT_S = 90
COUNTS = {"gateway": 2, "validate": 1, "write": 1}
LINE = "111222333;1001;Jansen;;Jan;M;19700101;A-1;99ZZ;00;20000801;;20000801;;701;"
FILE = f"{COLUMNS}\n{LINE}\n".encode()
OFFICE, READER, STRANGER, OWN, MANAGER = "kantoor-a", "leest-alleen", "vreemde", "bestuur-kvk", "beheerder"
TRACE = "0af7651916cd43dd8448eb211c80319c"
BOARD, SHARED, OTHER = "99901", "99902", "99904"
QUESTIONS_OF_A_BOARD = 16  # questions.board.max
LEEWAY_S = 60  # of the end of a signed token
SILENT_S = 3  # between two bytes of a slow upload
results = {"passed": 0, "failed": 0}


def acted_for(kind, number, **more):
    """A party of a signed token (NL GOV profile for OpenID Connect)."""
    return {"sub": number, "sub_id_type": f"urn:etoegang:1.9:EntityConcernedID:{kind}",
            "iss": "https://chain.example"} | more


# tokens that an issuer signed, by whom they are for: None is a person for himself
SIGNED = {"jwt-kantoor": acted_for("KvKnr", "11111111"), "jwt-stichting": acted_for("KvKnr", "44444444"),
          "jwt-keten": acted_for("KvKnr", "11111111", represents=acted_for("RSIN", "222222222")),
          "jwt-onbekend": acted_for("KvKnr", "99999999"), "jwt-persoon": None, "jwt-onleesbaar": {"sub": "11111111"}}


def check(what, is_so, seen=""):
    results["passed" if is_so else "failed"] += 1
    if not is_so:
        print(f"failed: {what}\n    saw: {seen}", flush=True)


def wait_until(what, is_so, wait_s=WAIT_S):
    """Whether it came to be; the deadline only says when to give up."""
    deadline = time.monotonic() + wait_s
    seen = is_so()
    while not seen and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = is_so()
    check(what, seen, "not within the time")
    return seen


class Machine:
    counts = COUNTS

    def __init__(self, stack):
        self.stack = stack
        self.workers = programs.Workers(stack)
        self.key = proofs.Key(stack.dir, "issuer-1", "ES256")
        (stack.dir / "keys.json").write_text(json.dumps({"keys": [self.key.jwk()]}))
        self.workers.set_up(BUILD.resolve(), self.counts, True, {"gateway": {
            "jwt.issuer": proofs.ISSUER, "jwt.audience": proofs.AUDIENCE, "jwt.keys.file": stack.dir / "keys.json"}})
        self.gateway, self.other_gateway = (self.workers.named(name)[0] for name in ("gateway1",
                                            f"gateway{self.counts['gateway']}"))
        self.tokens = {"file": (self.workers.dir / "token").read_text(), "none": None, "unknown": "x" * 40}
        for name, represents in SIGNED.items():
            self.sign(name, represents, 7200)
        self.sequence = 0

    def sign(self, name, represents, seconds):
        content = {"represents": represents, "exp": f"@{seconds}"}
        self.tokens[name] = proofs.token_of_content(self.key, content)

    def ctl(self, *words):
        return self.workers.ctl(*[str(word) for word in words], capture_output=True, text=True)

    def expect(self, what, status, text, *words):
        done = self.ctl(*words)
        check(f"{what}: {' '.join(map(str, words))}", done.returncode == status and text in done.stdout + done.stderr,
              f"{done.returncode}: {done.stdout}{done.stderr}")
        return done

    def change(self, *words):
        return self.expect("done", 0, "", "access", *words)

    def sql(self, statement):
        return subprocess.run(["psql", "-tAqX", self.stack.env()["INSTROOM_PG_OWNER"], "-c", statement], check=True,
                              capture_output=True, text=True).stdout.strip()

    def make_credential(self, name, owner, until="2199-12-31"):
        self.tokens[name] = self.change("credential", "make", name, owner, "--until", until).stdout.strip()

    def rows(self, *words):
        done = self.ctl(*words, "--output", "json")
        check(f"{' '.join(words)} answers", done.returncode == 0, f"{done.returncode} {done.stderr}")
        return json.loads(done.stdout or "[]")

    def ask(self, method, path, credential, body=None):
        """(status, body as text)"""
        token = self.tokens[credential]
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": "text/csv"} if body else {}
        request = urllib.request.Request(self.gateway.address + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def send(self, method, path, credential, content=None, at=None, **headers):
        """(status, what the answer says, its ETag); content: of JSON. headers: If_Match is If-Match. at: a gateway."""
        body = None if content is None else json.dumps(content).encode()
        sent = {"Authorization": f"Bearer {self.tokens[credential]}", "Content-Type": "application/json",
                "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request((at or self.gateway).address + path, data=body, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, json.loads(answer.read() or "null"), answer.headers["ETag"]
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or "null"), refused.headers["ETag"]

    def next_delivery(self, board, name=None):
        """Where it goes."""
        self.sequence += 1
        query = urllib.parse.urlencode({"bestuur": board, "soort": "MUTATIE", "volgnummer": self.sequence,
                                        "leveringsid": name or f"access-{board}-{self.sequence:06}",
                                        "extractiedatum": "2018-07-01", "ontvangen_op": "2018-07-02"})
        return f"/v1/leveringen?{query}"

    def deliver(self, credential, board, name=None):
        return self.ask("POST", self.next_delivery(board, name), credential, FILE)

    def version_in_force(self):
        return self.metric("instroom_access_version")

    def metric(self, name, label=""):
        text = self.ask("GET", "/metrics", "none")[1]
        found = re.search(rf"^{name}{{[^}}]*{label}[^}}]*}} (-?\d+)", text, re.M)
        return int(found.group(1)) if found else None

    def wait_for_version(self):
        """Until the gateway decides by what is stored."""
        wanted = self.rows("access", "show")["sequence"]
        return wait_until(f"version {wanted} is in force", lambda: self.version_in_force() == wanted)


def without_any(machine):
    """As it was before: the tokens file alone."""
    check("no version is in force", machine.version_in_force() == 0, machine.version_in_force())
    check("the file's token delivers", machine.deliver("file", BOARD)[0] == 202)
    check("nobody else", machine.deliver("unknown", BOARD)[0] == 401)
    machine.expect("nothing was ever changed", 0, "", "access", "party", "list")


def make_parties(machine):
    machine.change("party", "add", "kantoor", "KVK:11111111")
    machine.change("number", "add", "kantoor", "OIN:00000099000000000001")
    machine.change("party", "add", "lezer", "RSIN:222222222")
    machine.change("party", "add", "vreemd", "KVK:33333333")
    machine.change("party", "add", "stichting", "KVK:44444444")
    machine.change("board-number", "add", BOARD, "KVK:44444444", "--from", "2020-01-01")
    machine.change("board-number", "add", SHARED, "KVK:44444444", "--from", "2020-01-01")
    for service in ("leveren", "inzien", "bevestigen"):
        machine.change("mandate", "give", BOARD, "kantoor", service, "--given-by", "directie")
    machine.change("mandate", "give", BOARD, "lezer", "inzien", "--given-by", "directie")
    machine.change("party", "add", MANAGER, "KVK:55555555")
    for service in ("beheer", "inzien"):
        machine.change("mandate", "give", BOARD, MANAGER, service, "--given-by", "directie")
    for name, owner in ((OFFICE, "kantoor"), (MANAGER, MANAGER), (READER, "lezer"), (STRANGER, "vreemd"),
                        (OWN, "stichting"),
                        ("bestuur-zelf", OTHER)):
        machine.make_credential(name, owner)
    machine.make_credential("verlopen", "kantoor", "2020-01-01")
    machine.make_credential("ingetrokken", "kantoor")
    machine.change("credential", "withdraw", "ingetrokken")
    machine.expect("a second of a name", 1, "there already", "access", "party", "add", "kantoor")
    machine.expect("no such party", 1, "no party", "access", "mandate", "give", BOARD, "niemand", "leveren",
                   "--given-by", "x")
    machine.expect("twice withdrawn", 1, "withdrawn already", "access", "credential", "withdraw", "ingetrokken")


# credential: which of deliver (and report), list, confirm, stand and manage it opens for each board; 401: it is none
# of ours
TABLE = {
    "file": {BOARD: "dlbs", SHARED: "dlbs", OTHER: "dlbs"},
    OFFICE: {BOARD: "dlbs", SHARED: "", OTHER: ""},
    READER: {BOARD: "ls", SHARED: "", OTHER: ""},
    STRANGER: {BOARD: "", SHARED: "", OTHER: ""},
    OWN: {BOARD: "dlbsM", SHARED: "dlbsM", OTHER: ""},
    "bestuur-zelf": {BOARD: "", SHARED: "", OTHER: "dlbsM"},
    MANAGER: {BOARD: "lsM", SHARED: "", OTHER: ""},
    "jwt-kantoor": {BOARD: "dlbs", SHARED: "", OTHER: ""},
    "jwt-stichting": {BOARD: "dlbsM", SHARED: "dlbsM", OTHER: ""},
    "jwt-keten": {BOARD: "ls", SHARED: "", OTHER: ""},  # as the deepest, whatever the one between may
    "jwt-onbekend": {BOARD: "", SHARED: "", OTHER: ""},
    "jwt-persoon": {BOARD: "", SHARED: "", OTHER: ""},
    "jwt-onleesbaar": 401,
    "verlopen": 401, "ingetrokken": 401, "unknown": 401, "none": 401,
}


# routes that open with another of the table
RIGHT_OF = {"t": "l", "o": "l", "L": "l", "c": "s", "P": "l", "p": "l", "m": "d", "q": "d", "k": "s", "h": "s",
            "u": "M", "g": "M", "G": "M", "x": "M", "X": "M"}
# what a route answers with whom it is open to: no such delivery or problem, and 415 of a report without a body
OPENED = {"d": (202,), "l": (404,), "t": (404,), "o": (404,), "L": (200,), "b": (200, 202), "s": (200,), "c": (200,),
          "P": (404,), "p": (200,), "m": (415,), "q": (415,), "k": (200,), "h": (200,), "u": (200,), "g": (200,),
          "G": (415,), "x": (404,), "X": (415,)}


DELIVERY, PROBLEM = ("/v1/besturen/{bestuur}/leveringen/{leveringsid}",
                     "/v1/besturen/{bestuur}/problemen/{referentie}")
CONTACTS, MANDATES = "/v1/besturen/{bestuur}/contactpersonen", "/v1/besturen/{bestuur}/machtigingen"
ROUTES = {"d": ("POST", "/v1/leveringen"), "L": ("GET", "/v1/besturen/{bestuur}/leveringen"),
          "l": ("GET", DELIVERY), "t": ("GET", f"{DELIVERY}/terugmelding"), "o": ("GET", f"{DELIVERY}/ontbrekenden"),
          "b": ("POST", f"{DELIVERY}/bevestiging"), "s": ("GET", "/v1/besturen/{bestuur}/stand"),
          "c": ("GET", "/v1/besturen/{bestuur}/scholen"), "P": ("GET", PROBLEM),
          "p": ("GET", "/v1/besturen/{bestuur}/problemen"), "m": ("POST", "/v1/besturen/{bestuur}/problemen"),
          "q": ("POST", f"{PROBLEM}/sectorraad"), "k": ("GET", CONTACTS), "h": ("GET", f"{CONTACTS}/historie"),
          "u": ("PUT", CONTACTS), "g": ("GET", MANDATES), "G": ("POST", MANDATES),
          "x": ("DELETE", f"{MANDATES}/{{nummer}}"), "X": ("PUT", f"{MANDATES}/{{nummer}}/tot")}
NOWHERE = {"leveringsid": "niet-bestaande-levering", "referentie": "P-BCDF-GHJK-LMNP", "nummer": "999999999"}
# what they say is of whoever asks alone: own_rights, who_asks_of_himself, every_route
OF_HIMSELF = (("GET", "/v1/toegang"), ("GET", "/v1/besturen/{bestuur}/toegang"), ("GET", "/v1/installatie"))


def ask_route(machine, route, credential, board):
    method, path = ROUTES[route]
    path = path.format(bestuur=board, **NOWHERE)
    if route == "d":
        return machine.deliver(credential, board)
    if route == "u":
        status, said, _ = machine.send(method, path, credential, {"personen": []})
        return status, json.dumps(said)
    return machine.ask(method, path, credential)


def no_route_is_left_out():
    """Each that is described and asks who speaks is in the table, or is one of those for whoever is ours."""
    described = json.loads((ROOT / "schemas/openapi/instroom-1.json").read_text())["paths"]
    asked = {(method.upper(), path) for path, methods in described.items() for method, one in methods.items()
             if method in ("get", "post", "put", "delete") and one["security"] != []}
    left_out = asked ^ {*ROUTES.values(), *OF_HIMSELF}
    check("each route is in the table", left_out == set(), left_out)


def every_route(machine):
    """A right opens the route; without it the answer is 403, also for what does not exist, and LR-K03 for an upload."""
    no_route_is_left_out()
    for credential, boards in TABLE.items():
        for board in (BOARD, SHARED, OTHER):
            for route in ROUTES:
                status, body = ask_route(machine, route, credential, board)
                opens = boards != 401 and RIGHT_OF.get(route, route) in boards[board]
                wanted = OPENED[route] if opens else (401,) if boards == 401 else (403,)
                check(f"{credential} {board} {route}: {wanted}", status in wanted, f"{status} {body[:200]}")
                if status == 403:
                    check(f"{credential} {board} {route}: LR-K03 of an upload alone",
                          ("LR-K03" in body) == (route == "d"), body[:300])
    check("who is known learns which installation it is", machine.ask("GET", "/v1/installatie", STRANGER)[0] == 200)
    check("nobody else", machine.ask("GET", "/v1/installatie", "verlopen")[0] == 401)
    # what may I on a day is a question of one board
    for path in ("/v1/installatie?op=2018-03-01", "/v1/toegang?op=2018-03-01"):
        check(f"{path}: a parameter that it has not", machine.ask("GET", path, STRANGER)[0] == 400)
    for reason in ("no_token", "unknown", "withdrawn", "expired", "service", "board"):
        count = machine.metric("instroom_access_refused_total", f'reason="{reason}"')
        check(f"refusals are counted: {reason}", (count or 0) > 0, count)


def of_another_board(machine):
    """What another board has is answered as what nobody has, by each address that names a thing; mandates: attacked."""
    check("a delivery", machine.deliver("bestuur-zelf", OTHER, "access-van-een-ander")[0] == 202)
    machine.expect("written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
    said = machine.send("POST", f"/v1/besturen/{OTHER}/problemen", "bestuur-zelf", {"toelichting": "Van een ander."})[1]
    there = {"leveringsid": "access-van-een-ander", "referentie": said["referentie"]}
    for route in "lP":
        check(f"there it is: {route}", ask_thing(machine, route, "bestuur-zelf", OTHER, there)[0] == 200)
    for route in "ltobP":
        for credential, board, wanted in ((OWN, BOARD, OPENED[route]), (OFFICE, OTHER, (403,))):
            seen = [ask_thing(machine, route, credential, board, things) for things in (there, NOWHERE)]
            is_slow = route == "b" and {each[0] for each in seen} == {200, 202}  # the writer is
            check(f"{route} by {credential}: {wanted}, and nothing tells them apart",
                  (seen[0] == seen[1] or is_slow) and seen[0][0] in wanted, seen)
    check("its id is free", machine.deliver(OWN, BOARD, there["leveringsid"])[0] == 202)


def ask_thing(machine, route, credential, board, things):
    """(status, body without the names that were asked for)"""
    method, path = ROUTES[route]
    status, body = machine.ask(method, path.format(bestuur=board, **things), credential)
    for name in things.values():
        body = body.replace(name, "..")
    return status, body


def rights_of(machine, credential):
    """{(board, service letter of TABLE)} and the whole answer; None: the credential is refused."""
    status, body = machine.ask("GET", "/v1/toegang", credential)
    check(f"toegang of {credential}", status in (200, 401), f"{status} {body}")
    if status != 200:
        return None, body
    said = json.loads(body)
    boards = {one["bestuur"]: [right["dienst"] for right in one["diensten"]] for one in said["besturen"]}
    everywhere = [right["dienst"] for right in said["alle_besturen"]]
    letters = {"leveren": "d", "inzien": "ls", "bevestigen": "b", "beheer": "M"}
    return {(board, letter) for board in {*boards, BOARD, SHARED, OTHER} for right in boards.get(board, []) + everywhere
            for letter in letters[right]}, said


def own_rights(machine):
    """GET /v1/toegang says what the table says, of each credential, and nothing of any other."""
    for credential, boards in TABLE.items():
        said, answer = rights_of(machine, credential)
        wanted = None if boards == 401 else {(board, one) for board, letters in boards.items() for one in letters}
        check(f"toegang of {credential}", said == wanted, f"{said} {answer}")
        others = [name for name in TABLE if name != credential and f'"credential:{name}"' in json.dumps(answer)]
        check(f"toegang of {credential} names no other", others == [], answer)
    office = rights_of(machine, OFFICE)[1]
    check("as whom, and how", (office["afzender"], office["partij"], {right["basis"] for right in
                                                                    office["besturen"][0]["diensten"]}) ==
          (f"credential:{OFFICE}", "KVK:11111111", {"machtiging"}), office)
    check("until the token's last day", {right["tot"] for right in office["besturen"][0]["diensten"]} ==
          {"2199-12-31"}, office)
    check("no end is known", {right["tot"] for right in rights_of(machine, "jwt-kantoor")[1]["besturen"][0]["diensten"]}
          == {None})
    check("of a board itself", rights_of(machine, "bestuur-zelf")[1]["partij"] is None)


def who_might(machine):
    """Any day can be asked."""
    def names(*words):
        return {row["party"] for row in machine.rows("access", "who", *words)}

    check("today", names(BOARD) == {"kantoor", "stichting"}, machine.rows("access", "who", BOARD))
    check("to read", names(BOARD, "--service", "inzien") == {"kantoor", "lezer", "stichting", MANAGER})
    check("before there was any", names(BOARD, "--on", "2021-03-01") == set(), names(BOARD, "--on", "2021-03-01"))
    check("a number of its own only", names(SHARED, "--on", "2100-03-01") == {"stichting"})
    check("by a token of its own", [row["credentials"] for row in machine.rows("access", "who", OTHER)] ==
          ["bestuur-zelf"], machine.rows("access", "who", OTHER))
    done = machine.expect("no token is shown", 0, "instroom_", "access", "credential", "list")
    check("none of them", not any(token and token in done.stdout for token in machine.tokens.values()), done.stdout)


def by_certificate(machine):
    """A good certificate opens what its own OIN has a mandate for, and nothing that another's has: beside the real
    mandate of BOARD for kantoor, whose OIN ends in 1. At a gateway behind a front."""
    folder = Path(tempfile.mkdtemp(prefix="instroom-access-"))
    machine.change("number", "add", "vreemd", "OIN:00000099000000000002")
    machine.wait_for_version()
    proofs.make_ca(folder, "clients")
    for name, number in (("kantoor", 1), ("vreemd", 2), ("niemand", 3)):
        proofs.make_certificate(folder, name, "clients", f"/CN=sender/serialNumber=0000009900000000000{number}",
                                proofs.CLIENT)
    words = [machine.workers.program("instroom-gateway"), "--config", machine.gateway.config,
             f"--listen=unix:{folder}/front", f"--tls.client.ca.file={folder}/clients.crt"]
    with open(folder / "log", "wb") as log, subprocess.Popen(words, stdout=log, stderr=log, umask=0o007) as process:
        try:
            def ask(name, method, path, body=None):
                own = proofs.UnixConnection(str(folder / "front"))
                own.request(method, path, body, {"Client-Cert": proofs.binary(folder, name),
                                                 "Content-Type": "text/csv"})
                answer = own.getresponse()
                said = answer.read().decode()
                own.close()
                return answer.status, said

            def is_up():
                try:
                    return ask("kantoor", "GET", "/v1/toegang")[0] == 200
                except OSError:
                    return process.poll() is not None
            wait_until("the gateway behind a front has the mandates", is_up)
            for name, board, wanted in (("kantoor", BOARD, 202), ("vreemd", BOARD, 403), ("niemand", BOARD, 403),
                                        ("kantoor", OTHER, 403), ("vreemd", OTHER, 403)):
                seen = ask(name, "POST", machine.next_delivery(board), FILE)
                check(f"the certificate of {name} delivers for {board}: {wanted}", seen[0] == wanted, seen)
                stand = ask(name, "GET", f"/v1/besturen/{board}/stand")
                check(f"and reads: {wanted}", stand[0] == (200 if wanted == 202 else 403), stand)
                check("a refusal names nobody", wanted == 202 or "kantoor" not in seen[1] + stand[1], (seen, stand))
            mine = json.loads(ask("vreemd", "GET", "/v1/toegang")[1])
            check("who has no mandate is told of none", BOARD not in json.dumps(mine), mine)
            token = {"Authorization": f"Bearer {machine.tokens[STRANGER]}"}
            own = proofs.UnixConnection(str(folder / "front"))
            own.request("POST", machine.next_delivery(BOARD), FILE, {"Client-Cert": proofs.binary(folder, "kantoor"),
                                                                     "Content-Type": "text/csv", **token})
            seen = own.getresponse().status
            own.close()
            check("a token beside a certificate speaks alone", seen == 403, seen)
        finally:
            process.terminate()
            process.wait(30)
    shutil.rmtree(folder)


def person(task="leveringen", name="P. Voorbeeld", **more):
    return {"taak": task, "naam": name, "telefoon": "0101234567", "email": None} | more


def contact_persons(machine):
    """Several, each with a task: set by whom the board lets manage, what they were is kept, each look leaves a row."""
    path = f"/v1/besturen/{BOARD}/contactpersonen"
    status, before, etag = machine.send("GET", path, OWN)
    check("there are none", (status, before["personen"], before["gezet_op"]) == (200, [], None), before)
    two = [person(), person("techniek", "T. Voorbeeld", telefoon=None, email="techniek@bestuur.example")]
    status, said, first = machine.send("PUT", path, OWN, before | {"personen": two}, If_Match=etag)
    check("both are set", (status, said["personen"]) == (200, two) and first not in (None, etag), f"{status} {said}")
    check("as GET says, too", machine.send("GET", path, READER)[1:] == (said, first))
    check("nothing new", machine.send("GET", path, OWN, If_None_Match=first)[0] == 304)
    same = machine.send("PUT", path, OWN, {"personen": two})
    check("set to what they are", same == (200, said, first), same)
    refused_lists(machine, path, etag)
    check("none of it changed anything", machine.send("GET", path, OWN)[1:] == (said, first))
    one = [person("inhoud", "Zoë " + "é" * 46)]
    status, said, _ = machine.send("PUT", path, MANAGER, {"personen": one}, If_Match=first)
    check("who may manage by a mandate", (status, said["personen"]) == (200, one), said)
    what_they_were(machine, path, one, two)
    contacts_of_the_operator(machine, one)
    as_long_as_may_be(machine)


def refused_lists(machine, path, stale):
    for what, list_of in (("taak", [person("hoofd")]), ("naam", [person(name="")]), ("naam", [person(name="x" * 51)]),
                          ("telefoon", [person(telefoon="0" * 21)]), ("telefoon", [person(telefoon=None)]),
                          ("email", [person(email="a" * 76)]), ("naam", [person(name="a\nb")]),
                          ("taak", [person() | {"taak": 7}]), ("hoogstens 20", [person()] * 21),
                          ("hoogstens 20", "geen lijst"), ("Persoon 2", [person(), person(name="")]),
                          ("niets anders", [person(), "x"]), ("niets anders", [person(mobiel="0612345678")])):
        status, said, _ = machine.send("PUT", path, OWN, {"personen": list_of})
        check(f"400 names {what}", status == 400 and what in said["detail"], f"{status} {said}")
    for content in ({}, {"personen": [], "persoon": []}, [], {"personen": [[[[[]]]]]}):
        check(f"400: {content}", machine.send("PUT", path, OWN, content)[0] == 400)
    check("412", machine.send("PUT", path, OWN, {"personen": []}, If_Match=stale)[0] == 412)
    check("412 of what is there", machine.send("PUT", path, OWN, {"personen": []}, If_None_Match="*")[0] == 412)
    check("415", machine.send("PUT", path, OWN, {"personen": []}, Content_Type="text/csv")[0] == 415)
    for header in ({"Origin": "https://elders.example"}, {"Sec_Fetch_Site": "cross-site"}):
        check(f"a page elsewhere: {header}", machine.send("PUT", path, OWN, {"personen": []}, **header)[0] == 403)


def as_long_as_may_be(machine):
    path, host = f"/v1/besturen/{SHARED}/contactpersonen", "@bestuur.example"
    longest = [person(name="é" * 50, telefoon="0" * 20, email="a" * (75 - len(host)) + host)] * 20
    status, said, _ = machine.send("PUT", path, OWN, {"personen": longest})
    check("twenty, each as long as may be", (status, said.get("personen")) == (200, longest), f"{status} {said}")


def what_they_were(machine, path, one, two):
    lists = {credential: machine.send("GET", f"{path}/historie", credential)[1]["lijsten"]
             for credential in (OWN, MANAGER, READER)}
    check("newest first", [each["personen"] for each in lists[OWN]] == [one, two], lists[OWN])
    check("until the next", lists[OWN][0]["tot"] is None and lists[OWN][1]["tot"] == lists[OWN][0]["vanaf"], lists[OWN])
    check("by whom, for the board", [each["afzender"] for each in lists[OWN]] ==
          [f"credential:{MANAGER}", f"credential:{OWN}"], lists[OWN])
    check("of himself", [each["afzender"] for each in lists[MANAGER]] == [f"credential:{MANAGER}", None]
          if lists[MANAGER] else False, lists[MANAGER])
    check("of nobody else", {each["afzender"] for each in lists[READER]} == {None}, lists[READER])
    seen = machine.sql("select string_agg(distinct what || '/' || basis || '/' || (trace_id = "
                       f"'{TRACE}')::text, ' ' order by what || '/' || basis || '/' || (trace_id = '{TRACE}')::text)"
                       f" from register.access where board = {int(BOARD)} and what like '%contact%'")
    for row in ("gateway: contactpersonen gezet/eigen/true", "gateway: contactpersonen gezet/machtiging/true",
                "gateway: contactpersonen/machtiging/true", "gateway: contactpersonen, historie/machtiging/true"):
        check(f"a row for it: {row}", row in seen, seen)


def contacts_of_the_operator(machine, before):
    """instroomctl contact shows them, contact set sets them, retention counts those of before, coverage knows them."""
    file = machine.stack.dir / "contacts.json"
    machine.expect("no file", 66, "contacts.json", "contact", "set", BOARD, file, "--reason", "gebeld")
    file.write_text('{"personen": [{"taak": "leveringen", "naam": "A. Nieuw"}]}')
    machine.expect("nobody could reach him", 1, "of person 1 telefoon", "contact", "set", BOARD, file, "--reason", "x")
    file.write_text(json.dumps({"personen": [person(name="A. Nieuw")]}))
    machine.expect("set", 0, "", "contact", "set", BOARD, file, "--reason", "gebeld")
    rows = machine.rows("contact", "--board", BOARD)
    check("shown, and those of before", [(row["name"], row["task"], row["is_newest"]) for row in rows] ==
          [("A. Nieuw", "leveringen", True), (before[0]["naam"], "inhoud", False),
           ("P. Voorbeeld", "leveringen", False), ("T. Voorbeeld", "techniek", False)], rows)
    check("by an operator", rows[0]["set_by"].startswith("operator:"), rows[0])
    check("of all boards, who holds", [row["name"] for row in machine.rows("contact", "--all")] == ["A. Nieuw"])
    check("a reason is kept", machine.sql("select reason from register.access where what = 'contact set'") == "gebeld")
    due = {row["what"]: row["rows"] for row in machine.rows("retention")}
    check("nothing is due", due["contact"] == 0, due)
    machine.sql("update register.contact_list set set_at = set_at - interval '2 years'; "
                "update register.contact_list l set seal = register.contact_seal(l)")
    check("two lists are", {row["what"]: row["rows"] for row in machine.rows("retention")}["contact"] == 2)
    machine.expect("they go", 0, "", "retention", "--reason", "de termijn is voorbij")
    check("and nothing else", [row["name"] for row in machine.rows("contact", "--board", BOARD)] == ["A. Nieuw"])
    machine.expect("no log says any of it", 0, "", "verify", "--board", BOARD)


def give(machine, credential, board, party, service="leveren", at=None, **more):
    """(status, what the answer says)"""
    return machine.send("POST", f"/v1/besturen/{board}/machtigingen", credential,
                        {"partij": party, "dienst": service} | more, at=at)[:2]


def listed(machine, credential, board, day=None):
    query = f"?op={day}" if day else ""
    return machine.send("GET", f"/v1/besturen/{board}/machtigingen{query}", credential)[1]


def may(machine, credential, board, query=""):
    status, said, _ = machine.send("GET", f"/v1/besturen/{board}/toegang?{query}", credential)
    check(f"{credential} may ask", status == 200 and sorted(said) == ["bestuur", "dienst", "op", "toegestaan"], said)
    return said["toegestaan"] if status == 200 else None


def versions(machine):
    return machine.sql("select count(*) from rights.version")


def mandates(machine):
    """A board gives, shortens and withdraws mandates by itself: in force at every gateway within seconds."""
    path = f"/v1/besturen/{OTHER}/machtigingen"
    said = listed(machine, "bestuur-zelf", OTHER)
    check("none, and its own token", (said["machtigingen"], [(one["soort"], one["wie"]) for one in said["eigen"]]) ==
          ([], [("token", "bestuur-zelf")]), said)
    check("an office of no board may not", may(machine, OFFICE, OTHER) is False)
    begun = time.monotonic()
    status, said = give(machine, "bestuur-zelf", OTHER, "KVK:11111111")
    check("given", status == 201 and said["van_kracht"] is True, f"{status} {said}")
    wait_until("it opens at once", lambda: machine.deliver(OFFICE, OTHER)[0] == 202)
    wait_until("at the other gateway, too", lambda: OTHER in json.dumps(
        machine.send("GET", "/v1/toegang", OFFICE, at=machine.other_gateway)[1]["besturen"]))
    print(f"given and open at both gateways within {time.monotonic() - begun:.1f} s", flush=True)
    number, before = said["machtiging"]["nummer"], versions(machine)
    check("the same again", give(machine, "bestuur-zelf", OTHER, "OIN:00000099000000000001") ==
          (200, {"machtiging": said["machtiging"], "van_kracht": True}))
    check("makes no version", versions(machine) == before, before)
    check("and the newest is published", machine.sql("select rights.is_unpublished()") == "f")
    mandate = said["machtiging"]
    check("as it is listed", listed(machine, "bestuur-zelf", OTHER)["machtigingen"] == [mandate], mandate)
    party = mandate["partij"]
    check("to whom, for what, by whom", (party["naam"], party["nummers"], mandate["dienst"], mandate["tot"],
                                         mandate["gegeven_door"]) ==
          ("kantoor", ["KVK:11111111", "OIN:00000099000000000001"], "leveren", None, "credential:bestuur-zelf"),
          mandate)
    refused_mandates(machine, path, number)
    check("none of it changed anything", (versions(machine), listed(machine, "bestuur-zelf", OTHER)["machtigingen"]) ==
          (before, [mandate]))
    who_asks_of_himself(machine)
    a_stranger_in_the_way(machine)
    without_a_right(machine)
    ended(machine, path, number)
    by_a_manager(machine)
    at_both_gateways(machine)
    attacked(machine)
    the_register_decides_too(machine)
    while_another_has_the_lock(machine)
    at_most(machine)
    row = machine.sql("select who from rights.change where what = 'mandate insert' and board = "
                      f"{int(OTHER)} order by id limit 1")
    check("the audit names the credential, and the database's login", row ==
          "instroom_gateway credential:bestuur-zelf", row)
    seen = machine.sql("select string_agg(distinct concat_ws(' ', what, sender, basis, version > 0, trace_id, who),"
                       f" ', ') from register.access where board = {int(OTHER)} and what ~ 'machtiging'")
    for what in ("gegeven", "verkort", "ingetrokken"):
        row = f"gateway: machtiging {what} credential:bestuur-zelf eigen t {TRACE} instroom_gateway"
        check(f"as whom, on what basis, in which request: {what}", row in seen, seen)


def refused_mandates(machine, path, number):
    for what, content in (("partij is", {"dienst": "leveren"}), ("partij is", {"partij": "KVK:1", "dienst": "leveren"}),
                          ("dienst is", {"partij": "KVK:11111111", "dienst": "alles"}),
                          ("van is", {"partij": "KVK:11111111", "dienst": "leveren", "van": "2018-01-01"}),
                          ("van is", {"partij": "KVK:11111111", "dienst": "leveren", "van": "20991301"}),
                          ("tot is", {"partij": "KVK:11111111", "dienst": "leveren", "tot": "2018-01-01"}),
                          ("niets anders", {"partij": "KVK:11111111", "dienst": "leveren", "board": BOARD})):
        status, said, _ = machine.send("POST", path, "bestuur-zelf", content)
        check(f"400: {content}", status == 400 and what in said["detail"], f"{status} {said}")
    check("a party that is not known", give(machine, "bestuur-zelf", OTHER, "KVK:98765432")[0] == 422)
    check("no day", machine.send("GET", f"{path}?op=1-3-2018", "bestuur-zelf")[0] == 400)
    for header in ({"Origin": "https://elders.example"}, {"Sec_Fetch_Site": "cross-site"}):
        for method, address, content in (("POST", path, {"partij": "KVK:33333333", "dienst": "inzien"}),
                                         ("DELETE", f"{path}/{number}", None),
                                         ("PUT", f"{path}/{number}/tot", {"tot": "2099-01-01"})):
            check(f"a page elsewhere: {method} {header}",
                  machine.send(method, address, "bestuur-zelf", content, **header)[0] == 403)
    for credential, board in ((OWN, BOARD), (MANAGER, BOARD)):  # who may manage another board
        other = f"/v1/besturen/{board}/machtigingen/{number}"
        check("of another board: unknown", machine.send("DELETE", other, credential)[0] == 404)
        check("likewise", machine.send("PUT", f"{other}/tot", credential, {"tot": "2099-01-01"})[0] == 404)
        check("its board is shut", machine.send("DELETE", f"{path}/{number}", credential)[0] == 403)


def who_asks_of_himself(machine):
    """Yes or no, and the same no for what there is and what there is not."""
    check("the office may", may(machine, OFFICE, OTHER) and may(machine, OFFICE, OTHER, "dienst=leveren"))
    check("for that alone", not may(machine, OFFICE, OTHER, "dienst=inzien"))
    check("not before it was given", not may(machine, OFFICE, OTHER, "op=2018-03-01"))
    check("in future", may(machine, OFFICE, OTHER, "op=2099-03-01"))
    check("a stranger may not, of a board there is or is not",
          not may(machine, STRANGER, OTHER) and not may(machine, STRANGER, "00001"))
    check("the board itself", may(machine, "bestuur-zelf", OTHER, "dienst=beheer") and
          not may(machine, "bestuur-zelf", BOARD))
    check("by its number", may(machine, OWN, SHARED) and may(machine, "jwt-stichting", SHARED))
    check("of a signed token", may(machine, "jwt-kantoor", OTHER) and not may(machine, "jwt-persoon", OTHER))
    check("of the file", may(machine, "file", OTHER) and not may(machine, "file", OTHER, "dienst=beheer"))
    check("not who is none of ours", machine.send("GET", f"/v1/besturen/{OTHER}/toegang", "unknown")[0] == 401)
    check("no service", machine.send("GET", f"/v1/besturen/{OTHER}/toegang?dienst=x", OFFICE)[0] == 400)


def a_stranger_in_the_way(machine):
    """Who has no right for a board and is slow to ask about it keeps nobody from asking about it."""
    address, slow = urllib.parse.urlsplit(machine.gateway.address), []
    try:
        for _ in range(QUESTIONS_OF_A_BOARD + 1):
            slow.append(socket.create_connection((address.hostname, address.port), timeout=WAIT_S))
            slow[-1].sendall(f"GET /v1/besturen/{OTHER}/toegang HTTP/1.1\r\nHost: {address.netloc}\r\n"
                             f"Authorization: Bearer {machine.tokens[STRANGER]}\r\nContent-Length: 2\r\n\r\n ".encode())
        wait_until("the gateway has them all", lambda: machine.metric("instroom_connections") > len(slow))
        check("the board is asked about", listed(machine, "bestuur-zelf", OTHER).get("bestuur") == OTHER)
        check("by the stranger, too", not may(machine, STRANGER, OTHER))
    finally:
        for one in slow:
            one.close()


def without_a_right(machine):
    """What the register does not let a gateway ask, whoever asks it again and again, shuts no other question."""
    machine.sql("revoke execute on function rights.might(int, text[], text, text, int) from instroom_gateway")
    try:
        for _ in range(4):  # each of its threads
            status = machine.send("GET", f"/v1/besturen/{OTHER}/toegang", STRANGER)[0]
            check("it fails", status == 500, status)
            status = machine.ask("GET", f"/v1/besturen/{OTHER}/stand", "bestuur-zelf")[0]
            check("another is answered", status == 200, status)
    finally:
        machine.sql("select register.grant_rights()")
    check("it is answered again", not may(machine, STRANGER, OTHER))


def ended(machine, path, number):
    def until(content):
        return machine.send("PUT", f"{path}/{number}/tot", "bestuur-zelf", content)

    today = machine.sql("select rights.iso_day(rights.day_of(now()))")
    status, said, _ = until({"tot": "2099-12-31"})
    check("a last day", (status, said["machtiging"]["tot"], said["van_kracht"]) == (200, "2099-12-31", True), said)
    check("again", until({"tot": "2099-12-31"})[0] == 200)
    check("no later one", until({"tot": "2100-01-01"})[0] == 422)
    check("none that is over", until({"tot": "2018-01-01"})[0] == 400)
    check("no end at all", until({"tot": None})[0] == 400)
    check("today is one", until({"tot": today})[0] == 200)
    check("and it opens still", may(machine, OFFICE, OTHER))
    status, said, _ = machine.send("DELETE", f"{path}/{number}", "bestuur-zelf")
    check("withdrawn", status == 200 and said["machtiging"]["ingetrokken_op"] and said["van_kracht"], said)
    wait_until("it opens nothing any more", lambda: machine.deliver(OFFICE, OTHER)[0] == 403)
    check("nor does the office hear yes, on this day", not may(machine, OFFICE, OTHER))
    again = machine.send("DELETE", f"{path}/{number}", "bestuur-zelf")
    check("again", again[:2] == (200, said), again)
    check("then no other day", until({"tot": today})[0] == 422)
    check("from now on it is none", listed(machine, "bestuur-zelf", OTHER)["machtigingen"] == [])
    check("on this day it was one", [one["nummer"] for one in listed(machine, "bestuur-zelf", OTHER, today)[
        "machtigingen"]] == [number])
    check("before it was none", listed(machine, "bestuur-zelf", OTHER, "2018-03-01")["machtigingen"] == [])


def by_a_manager(machine):
    """By a mandate for beheer others are given and ended, but beheer itself only by the board."""
    status, said = give(machine, MANAGER, BOARD, "KVK:33333333", "inzien")
    check("a manager gives", status == 201 and said["machtiging"]["gegeven_door"] ==
          f"credential:{MANAGER} KVK:55555555", said)
    path, given = f"/v1/besturen/{BOARD}/machtigingen", said["machtiging"]["nummer"]
    check("but not beheer", give(machine, MANAGER, BOARD, "KVK:33333333", "beheer")[0] == 403)
    own = [one["nummer"] for one in listed(machine, MANAGER, BOARD)["machtigingen"] if one["dienst"] == "beheer"]
    check("nor ends it", [machine.send("DELETE", f"{path}/{one}", MANAGER)[0] for one in own] == [403], own)
    check("nor shortens it", machine.send("PUT", f"{path}/{own[0]}/tot", MANAGER, {"tot": "2099-01-01"})[0] == 403)
    check("he withdraws", machine.send("DELETE", f"{path}/{given}", MANAGER)[0] == 200)
    status, said = give(machine, OWN, BOARD, "KVK:33333333", "beheer", van="2099-01-01", tot="2099-01-31")
    check("the board gives beheer, later", (status, said["machtiging"]["van"]) == (201, "2099-01-01"), said)
    check("and withdraws", machine.send("DELETE", f"{path}/{said['machtiging']['nummer']}", OWN)[0] == 200)


def at_both_gateways(machine):
    """At once: both are made, and what is in force has both."""
    days = [f"2098-01-{day:02}" for day in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda day: give(machine, "bestuur-zelf", OTHER, "RSIN:222222222", "inzien", van=day,
                                              tot=day, at=machine.other_gateway if int(day[-1]) % 2 else None), days))
    made = [said["machtiging"]["nummer"] for status, said in seen if status == 201]
    check("each is made, or nothing of it (503)", all(status in (201, 503) for status, _ in seen) and made, seen)
    days = [said["machtiging"]["van"] for status, said in seen if status == 201]
    check("all of them, once", sorted(one["van"] for one in listed(machine, "bestuur-zelf", OTHER)["machtigingen"]) ==
          sorted(days), days)
    machine.wait_for_version()
    wait_until("the newest version is published", lambda: machine.sql("select rights.is_unpublished()") == "f")
    for number in made:
        path = f"/v1/besturen/{OTHER}/machtigingen/{number}"
        check("withdrawn", machine.send("DELETE", path, "bestuur-zelf")[0] == 200)


def same_refusal(machine, what, status, one, other):
    """Two addresses are answered in the same bytes, but for what names the request: (method, path, credential)."""
    said = [machine.ask(*asked) for asked in (one, other)]
    check(f"{what}: {status}, and nothing tells them apart", said[0] == said[1] and said[0][0] == status, said)


def attacked(machine):
    """What is there of another board is answered as what is nowhere; no form of a request does what it should not."""
    status, said = give(machine, "bestuur-zelf", OTHER, "KVK:33333333", "inzien", van="2097-01-01", tot="2097-01-31")
    check("something to attack", status == 201, said)
    number, before = said["machtiging"]["nummer"], (versions(machine), listed(machine, "bestuur-zelf", OTHER))
    mine, theirs = (f"/v1/besturen/{board}/machtigingen" for board in (BOARD, OTHER))
    for method, end in (("DELETE", ""), ("PUT", "/tot")):
        same_refusal(machine, f"{method} of another board, without its beheer", 403,
                     (method, f"{theirs}/{number}{end}", OWN), (method, f"{theirs}/999999999{end}", OWN))
        same_refusal(machine, f"{method} by whoever may only read", 403, (method, f"{mine}/{number}{end}", READER),
                     (method, f"{mine}/999999999{end}", READER))
    same_refusal(machine, "a number of another board", 404, ("DELETE", f"{mine}/{number}", OWN),
                 ("DELETE", f"{mine}/999999999", OWN))
    same_refusal(machine, "a board that is not there", 403, ("GET", theirs, OWN),
                 ("GET", "/v1/besturen/00001/machtigingen", OWN))
    for number_text in ("0", "-1", "01", "1000000000", "99999999999999999999", "1%20or%201=1", "1;", "x", ""):
        status = machine.ask("DELETE", f"{theirs}/{number_text}", "bestuur-zelf")[0]
        check(f"no number: {number_text}", status in (404, 405), status)
    for day in ("2018-02-30", "2018-13-01", "0001-01-01", "9999-12-31", "2018-3-1", "20180301", "vandaag", "",
                "1" * 5000, "2018-01-01'--", "2018-01-01%00"):
        status, said = machine.ask("GET", f"{theirs}?op={day}", "bestuur-zelf")
        check(f"no day: {day[:40]}", status == 400, f"{status} {said[:200]}")
        check(f"nor here: {day[:40]}", machine.ask("GET", f"/v1/besturen/{OTHER}/toegang?op={day}", OFFICE)[0] == 400)
    check("op twice", machine.ask("GET", f"{theirs}?op=2018-01-01&op=2018-01-02", "bestuur-zelf")[0] == 400)
    check("another parameter", machine.ask("GET", f"{theirs}?bestuur={BOARD}", "bestuur-zelf")[0] == 400)
    for method, path in (("POST", theirs), ("DELETE", f"{theirs}/{number}")):
        status = machine.send(method, f"{path}?op=2018-01-01", "bestuur-zelf",
                              {"partij": "KVK:33333333", "dienst": "inzien"})[0]
        check(f"a change knows no op: {method}", status == 400, status)
    strange_bodies(machine, theirs, number)
    check("none of it changed anything", (versions(machine), listed(machine, "bestuur-zelf", OTHER)) == before)
    check("and it is withdrawn", machine.send("DELETE", f"{theirs}/{number}", "bestuur-zelf")[0] == 200)


def strange_bodies(machine, path, number):
    good = {"partij": "KVK:33333333", "dienst": "inzien"}
    for content in (None, [], [good], "x", 1, {}, good | {"partij": {"partij": "KVK:33333333"}},
                    good | {"dienst": ["inzien"]},
                    good | {"van": {"van": "2099-01-01"}}, good | {"tot": True}, good | {"van": 20990101},
                    good | {"tot": "2099-02-30"}, good | {"tot": "9999-12-31"}, good | {"van": "2200-01-01"},
                    good | {"dienst": "leveren inzien"}, good | {"dienst": "*"}, good | {"bestuur": BOARD},
                    good | {"gegeven_door": "directie"}, good | {"partij": "KVK:33333333'; drop table x;--"},
                    good | {"partij": "kvk:33333333"}, good | {"partij": "KVK:3333333\u0663"},
                    good | {"van": "2099-01-01", "tot": "2098-12-31"}, {"x": [[[[[[]]]]]]}):
        status, said, _ = machine.send("POST", path, "bestuur-zelf", content)
        check(f"400 or 415: {content}", status in (400, 415), f"{status} {said}")
    for raw in (b"", b"{", b"null", b'{"tot":"2099-01-01","tot":"2098-01-01"}', b"\xff\xfe{}", b"{" * 5000,
                b'{"tot":"2099-01-01\\u0000"}', b'{"tot": "2099-01-01"} {}'):
        status = send_raw(machine, "PUT", f"{path}/{number}/tot", raw)
        check(f"400: {raw[:40]}", status == 400, status)
    check("too long", send_raw(machine, "POST", path, b" " * 70000) == 413)
    for party in ("KVK:98765432", "RSIN:987654321", "OIN:00000099999999999999"):
        check(f"nobody we know: {party}", give(machine, "bestuur-zelf", OTHER, party)[0] == 422)


def send_raw(machine, method, path, body):
    headers = {"Authorization": f"Bearer {machine.tokens['bestuur-zelf']}", "Content-Type": "application/json"}
    request = urllib.request.Request(machine.gateway.address + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def as_gateway(machine, statement):
    """What PostgreSQL answers to a gateway's login that says what it likes."""
    done = subprocess.run(["psql", "-tAqX", machine.stack.env()["INSTROOM_PG_GATEWAY"], "-c", statement], check=False,
                          capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else f"refused: {done.stderr.strip()}"


def the_register_decides_too(machine):
    """Who was withdrawn a moment ago changes nothing at a gateway that has not heard of it; and a gateway that names
    an actor without beheer is refused by the database itself."""
    def named(sender, party="", basis="eigen", board=OTHER, service="inzien"):
        return as_gateway(machine, f"select a.what from rights.give_mandate({int(board)}, 1, '33333333', '{service}',"
                          f" 20990101, 20990102, '{sender}', nullif('{party}', ''), '{basis}', 1, null) a")

    for sender, party in ((f"credential:{OFFICE}", "KVK:11111111"), (f"credential:{MANAGER}", "KVK:55555555"),
                          ("credential:ingetrokken", ""), ("credential:verlopen", ""), ("credential:niemand", ""),
                          ("jwt:0123", "KVK:99999999"), ("jwt:0123", ""), ("oin:1", "OIN:00000099000000000001"),
                          ("token:x", "KVK:44444444"), ("", "KVK:44444444"), ("operator:x", "KVK:44444444")):
        check(f"the database refuses {sender} {party}", named(sender, party) == "right", named(sender, party))
    for sender, party, basis in ((f"credential:{MANAGER}", "KVK:55555555", "eigen"),
                                 ("jwt:0", "KVK:44444444", "keten")):
        check(f"and that beheer is given: {sender}", named(sender, party, basis, BOARD, "beheer") == "beheer")
    for statement in ("select * from rights.mandate", "select rights.beheer_basis(1, 'x', 'x')",
                      "select rights.note_actor(1, 'x', row('a', 'b', 'c', 1, 'd'))",
                      "insert into rights.mandate (board, party, service, from_day, given_by) values (1, 1, '', 1, '')",
                      "update rights.mandate set until_day = 1", "delete from rights.change",
                      "insert into register.access (what) values ('x')"):
        said = as_gateway(machine, statement)
        check(f"refused: {statement}", said.startswith("refused"), said)
    reader = machine.stack.env()["INSTROOM_PG_READER"]
    done = subprocess.run(["psql", "-tAqX", reader, "-c", "select * from rights.snapshot_credentials()"], check=False,
                          capture_output=True, text=True)
    check("readers see no digests of tokens", done.returncode != 0, done.stdout)
    given_the_moment_before(machine)


def given_the_moment_before(machine):
    machine.change("mandate", "give", SHARED, MANAGER, "beheer", "--given-by", "directie")
    machine.wait_for_version()
    path = f"/v1/besturen/{SHARED}/machtigingen"
    check("he manages", machine.send("GET", path, MANAGER)[0] == 200)
    machine.sql(f"update rights.mandate set withdrawn_at = now() where board = {int(SHARED)} and service = 'beheer'")
    refused = machine.metric("instroom_access_refused_total", 'reason="service"')
    check("the gateway has not heard of it", machine.send("GET", path, MANAGER)[0] == 200)
    for method, address, content in (("POST", path, {"partij": "KVK:55555555", "dienst": "leveren"}),
                                     ("DELETE", f"{path}/1", None), ("PUT", f"{path}/1/tot", {"tot": "2099-01-01"})):
        status, said, _ = machine.send(method, address, MANAGER, content)
        check(f"the register has: {method}", status == 403 and "deze dienst" in said["detail"], f"{status} {said}")
    check("and it is counted", machine.metric("instroom_access_refused_total", 'reason="service"') == refused + 3)
    machine.expect("published", 0, "published", "access", "publish")
    wait_until("and the gateway hears of it", lambda: machine.send("GET", path, MANAGER)[0] == 403)


def while_another_has_the_lock(machine):
    """A change waits; nobody else is kept waiting, and what is not published is said."""
    holder = subprocess.Popen(["psql", "-qtAX", machine.stack.env()["INSTROOM_PG_OWNER"]], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    with ThreadPoolExecutor(1) as pool:
        try:
            holder.stdin.write("select pg_advisory_lock(4920180732);\nselect 'held';\n")
            holder.stdin.flush()
            wait_until("the lock is held", lambda: holder.stdout.readline().strip() == "held")
            change = pool.submit(give, machine, "bestuur-zelf", OTHER, "KVK:33333333", "inzien", machine.other_gateway,
                                 van="2096-01-01", tot="2096-01-01")
            check("questions are answered", machine.ask("GET", f"/v1/besturen/{OTHER}/stand", "bestuur-zelf")[0] == 200)
            check("nothing is changed", listed(machine, "bestuur-zelf", OTHER)["machtigingen"] == [])
            machine.sql("insert into rights.version (sequence, slot, sha256) select max(sequence) + 1, 0, '\\x00' from"
                        " rights.version")
            wait_until("that nobody can publish is said", lambda: machine.metric("instroom_access_unpublished") == 1)
        finally:
            holder.stdin.close()
            holder.wait(WAIT_S)
        status, said = change.result()
    check("it is made then, or nothing of it", status in (201, 202, 503), f"{status} {said}")
    wait_until("all is published then", lambda: machine.sql("select rights.is_unpublished()") == "f")
    wait_until("and said", lambda: machine.metric("instroom_access_unpublished") == 0)
    made = listed(machine, "bestuur-zelf", OTHER)["machtigingen"]
    check("as it was answered", len(made) == (0 if status == 503 else 1), f"{status} {made}")
    for one in made:
        path = f"/v1/besturen/{OTHER}/machtigingen/{one['nummer']}"
        check("and taken back", machine.send("DELETE", path, "bestuur-zelf")[0] == 200)


def at_most(machine):
    """One board fills nobody else's snapshot: 200 mandates, 500 changes a day; the door can always be shut."""
    board = "99905"
    machine.make_credential("bestuur-vol", board)
    machine.wait_for_version()
    machine.sql("insert into rights.mandate (board, party, service, from_day, until_day, given_by) select "
                f"{int(board)}, (select id from rights.party where name = 'vreemd'), 'inzien', 20900101 + n, 21001231,"
                " 'x' from generate_series(1, 20) n, generate_series(1, 10)")
    path = f"/v1/besturen/{board}/machtigingen"
    number = listed(machine, "bestuur-vol", board)["machtigingen"][0]["nummer"]
    status, said = give(machine, "bestuur-vol", board, "KVK:11111111")
    check("no 201st", status == 429 and "200" in said["detail"], f"{status} {said}")
    check("one is withdrawn", machine.send("DELETE", f"{path}/{number}", "bestuur-vol")[0] == 200)
    check("then another", give(machine, "bestuur-vol", board, "KVK:11111111")[0] == 201)
    machine.sql(f"insert into rights.change (who, what, board, detail) select 'x', 'x', {int(board)}, '{{}}'"
                f" from generate_series(1, 499 - (select count(*) from rights.change where board = {int(board)}))")
    number = listed(machine, "bestuur-vol", board)["machtigingen"][0]["nummer"]
    for wanted, last_day in ((200, "2099-01-02"), (429, "2099-01-01")):
        status, said, _ = machine.send("PUT", f"{path}/{number}/tot", "bestuur-vol", {"tot": last_day})
        check(f"a 500th change, and no 501st: {wanted}", status == wanted, f"{status} {said}")
    check("but the door is shut", machine.send("DELETE", f"{path}/{number}", "bestuur-vol")[0] == 200)
    check("and other boards go on", give(machine, "bestuur-zelf", OTHER, "KVK:11111111", van="2095-01-01",
                                         tot="2095-01-01")[0] == 201)
    number = listed(machine, "bestuur-zelf", OTHER)["machtigingen"][0]["nummer"]
    machine.send("DELETE", f"/v1/besturen/{OTHER}/machtigingen/{number}", "bestuur-zelf")
    machine.wait_for_version()


def killed_before_it_is_published(machine):
    """A mandate is given while Kafka is away, and the gateway dies: it is stored, said not to be in force, and is put
    in force by a gateway without anybody's help."""
    machine.stack.named("kafka")[0].stop()
    status, said = give(machine, "bestuur-zelf", OTHER, "KVK:11111111")
    check("made, not in force", (status, said.get("van_kracht")) == (202, False), f"{status} {said}")
    wait_until("it says so", lambda: machine.metric("instroom_access_unpublished") == 1)
    check("and is refused until then", may_deliver_by_memory(machine) is False)
    for gateway in (machine.gateway, machine.other_gateway):
        machine.workers.end([gateway], signal.SIGKILL, 30)
    machine.stack.start("kafka", 60)
    machine.workers.start([machine.gateway, machine.other_gateway], WAIT_S)
    wait_until("a gateway puts it in force", lambda: machine.deliver(OFFICE, OTHER)[0] == 202)
    wait_until("and nothing is behind", lambda: machine.sql("select rights.is_unpublished()") == "f")
    made = [one for one in listed(machine, "bestuur-zelf", OTHER)["machtigingen"]
            if one["dienst"] == "leveren" and one["gegeven_door"] == "credential:bestuur-zelf"]
    check("once", len(made) == 1, made)


def may_deliver_by_memory(machine):
    """What the gateway itself decides by: /v1/toegang needs neither Kafka nor the register."""
    return any(one["bestuur"] == OTHER and "leveren" in [right["dienst"] for right in one["diensten"]]
               for one in machine.send("GET", "/v1/toegang", OFFICE)[1]["besturen"])


class LostCommit(CutAt):
    """The answer to the first commit is lost, and the server is away from then on."""

    def __init__(self):
        super().__init__(b"commit\0", "after")

    @property
    def refuses(self):
        return self.struck > 0


def through(machine, port):
    """The gateway asks the register at this port from now on."""
    path = machine.workers.dir / "gateway1.conf"
    path.write_text(re.sub(r"^(pg\.conninfo.*port=)\d+", rf"\g<1>{port}", path.read_text(), flags=re.M))
    machine.workers.end([machine.gateway], signal.SIGTERM, 30)
    machine.workers.start([machine.gateway], WAIT_S)
    machine.wait_for_version()


def lost_commit(machine):
    """Contact persons that were set, though the answer to the commit was lost, are told as set when they come again."""
    path, standing = f"/v1/besturen/{BOARD}/contactpersonen", machine.stack.port("postgres")
    count = f"select count(*) from register.contact_list where board = {int(BOARD)}"
    proxy = FaultProxy(standing)
    through(machine, proxy.port)
    before, (_, _, etag) = int(machine.sql(count)), machine.send("GET", path, OWN)
    wanted = [person(name="Verloren antwoord")]
    fault = proxy.fault = LostCommit()
    status, said, _ = machine.send("PUT", path, OWN, {"personen": wanted}, If_Match=etag)
    check("it is done, and nobody heard so", (status, int(machine.sql(count))) == (503, before + 1), f"{status} {said}")
    proxy.fault = None
    wait_until("the register is back", lambda: machine.send("GET", path, OWN)[0] == 200)
    status, said, now = machine.send("PUT", path, OWN, {"personen": wanted}, If_Match=etag)
    check("sent again it is told as done", (status, said.get("personen")) == (200, wanted), f"{status} {said}")
    check("once", (fault.struck > 0, int(machine.sql(count))) == (True, before + 1), machine.sql(count))
    check("others want what stands", machine.send("PUT", path, OWN, {"personen": []}, If_Match=etag)[0] == 412 and
          machine.send("GET", path, OWN)[2] == now)
    through(machine, standing)
    proxy.close()


def withdrawals(machine):
    machine.change("mandate", "give", OTHER, "kantoor", "leveren", "--given-by", "directie", "--from", "2199-01-01")
    machine.change("mandate", "give", SHARED, "kantoor", "leveren", "--given-by", "directie", "--from", "2020-01-01",
                   "--until", "2020-12-31")
    machine.wait_for_version()
    check("a mandate that begins later", machine.deliver(OFFICE, OTHER)[0] == 403)
    check("one that is over", machine.deliver(OFFICE, SHARED)[0] == 403)
    check("one that holds", machine.deliver(OFFICE, BOARD)[0] == 202)
    begun = time.monotonic()
    machine.change("mandate", "withdraw", BOARD, "kantoor", "leveren")
    wait_until("a withdrawn mandate opens nothing", lambda: machine.deliver(OFFICE, BOARD)[0] == 403)
    print(f"withdrawn and refused within {time.monotonic() - begun:.1f} s, the command included", flush=True)
    check("but reading goes on", machine.ask("GET", f"/v1/besturen/{BOARD}/stand", OFFICE)[0] == 200)
    machine.change("credential", "withdraw", STRANGER)
    wait_until("a withdrawn token is none of ours",
               lambda: machine.ask("GET", "/v1/installatie", STRANGER)[0] == 401)
    machine.change("board-number", "end", SHARED, "KVK:44444444", "--until", "2026-01-01")
    wait_until("a board that merged away", lambda: machine.deliver(OWN, SHARED)[0] == 403)
    check("the other of the number goes on", machine.deliver(OWN, BOARD)[0] == 202)


class SlowUpload:
    """One whose head is in and whose file is still to come."""

    body, framing = FILE, f"Content-Length: {len(FILE)}\r\nContent-Type: text/csv"

    def __init__(self, machine, credential, board):
        self.id = f"access-slow-{credential}"
        path, address = self.path(machine, board), urllib.parse.urlsplit(machine.gateway.address)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=WAIT_S)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{self.framing}\r\n"
                            f"Authorization: Bearer {machine.tokens[credential]}\r\n"
                            "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
        self.is_let_in = b" 100 " in self.stream.readline()
        self.sent, self.said_at = 0, time.monotonic()

    def path(self, machine, board):
        return machine.next_delivery(board, self.id)

    def go_on(self):
        """A byte now and then: a silent connection is closed (connection.idle.max)."""
        if time.monotonic() > self.said_at + SILENT_S:
            self.socket.sendall(self.body[self.sent:self.sent + 1])
            self.sent, self.said_at = self.sent + 1, time.monotonic()

    def finish(self):
        """(status, body as text); 0: the line broke."""
        try:
            self.socket.sendall(self.body[self.sent:])
            head, _, body = self.stream.read().lstrip().partition(b"\r\n\r\n")
        except OSError as error:
            head, body = b"", str(error).encode()
        self.close()
        words = head.split()
        return int(words[1]) if len(words) > 1 else 0, body.decode()

    def close(self):
        self.stream.close()
        self.socket.close()


class SlowConfirmation(SlowUpload):
    """One whose body is in chunks, and empty: its end is still to come."""

    body, framing = b"0" * 30 + b"\r\n\r\n", "Transfer-Encoding: chunked"

    def path(self, machine, board):
        return ROUTES["b"][1].format(bestuur=board, leveringsid=self.id)


def over_while_it_comes_in(machine):
    """An upload by a signed token that ends before its file does; a slow machine gets a longer one."""
    for seconds in (4, 15, 30):
        machine.sign("jwt-voorbij", SIGNED["jwt-stichting"], seconds - LEEWAY_S)
        upload = SlowUpload(machine, "jwt-voorbij", BOARD)
        if upload.is_let_in:
            break
        upload.close()
    return upload


def withdrawn_under_way(machine):
    """What holds when the whole file is in decides, however long ago its first byte came."""
    for service in ("leveren", "bevestigen"):
        machine.change("mandate", "give", SHARED, "kantoor", service, "--given-by", "directie")
    machine.make_credential("onderweg", OTHER)
    machine.wait_for_version()
    uploads = [(over_while_it_comes_in(machine), 401, "verlopen")]
    for credential, board, status, text in ((OFFICE, SHARED, 403, "LR-K03"), ("jwt-kantoor", SHARED, 403, "LR-K03"),
                                            ("onderweg", OTHER, 401, "geldig token"), (OWN, BOARD, 202, "positie")):
        uploads.append((SlowUpload(machine, credential, board), status, text))
    uploads.append((SlowConfirmation(machine, OFFICE, SHARED), 403, "Niet toegestaan"))
    uploads.append((SlowConfirmation(machine, "onderweg", OTHER), 401, "geldig token"))
    for upload, _, _ in uploads:
        check(f"{upload.id}: let in at its head", upload.is_let_in)

    def is_over():
        for upload, _, _ in uploads:
            upload.go_on()
        return machine.ask("GET", "/v1/toegang", "jwt-voorbij")[0] == 401

    for service in ("leveren", "bevestigen"):
        machine.change("mandate", "withdraw", SHARED, "kantoor", service)
    machine.change("credential", "withdraw", "onderweg")
    machine.wait_for_version()
    wait_until("the signed token is over", is_over)
    for upload, status, text in uploads:
        answer = upload.finish()
        check(f"{upload.id}: {status} at its end", answer[0] == status and text in answer[1], answer)
    machine.expect("all is written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
    kept = machine.sql("select string_agg(delivery_id, ' ') from register.delivery where delivery_id ~ 'access-slow'")
    check("and nothing of those that were refused is kept", kept == f"access-slow-{OWN}", kept)


def without_postgres(machine):
    """Mandates work, withdrawals hold, after a restart of the gateway too; a change is not possible."""
    machine.stack.named("postgres")[0].stop()
    for again in ("", " after a restart"):
        check(f"own number{again}", machine.deliver(OWN, BOARD)[0] == 202)
        check(f"a token of a board itself{again}", machine.deliver("bestuur-zelf", OTHER)[0] == 202)
        check(f"withdrawn mandate{again}", machine.deliver(OFFICE, BOARD)[0] == 403)
        rights = rights_of(machine, OFFICE)[0]
        check(f"as toegang says{again}", (BOARD, "s") in rights and (BOARD, "d") not in rights, rights)
        check(f"withdrawn token{again}", machine.ask("GET", "/v1/installatie", STRANGER)[0] == 401)
        if not again:
            machine.workers.end([machine.gateway], signal.SIGTERM, 30)
            machine.workers.start([machine.gateway], WAIT_S)
    path = f"/v1/besturen/{BOARD}/contactpersonen"
    check("no contact persons", machine.send("GET", path, OWN)[0] == 503)
    check("none are set", machine.send("PUT", path, OWN, {"personen": []})[0] == 503)
    check("no mandates", machine.send("GET", f"/v1/besturen/{OTHER}/machtigingen", "bestuur-zelf")[0] == 503)
    check("none is given", give(machine, "bestuur-zelf", OTHER, "KVK:33333333")[0] == 503)
    check("but schools are known", machine.send("GET", f"/v1/besturen/{BOARD}/scholen", OWN)[0] == 200)
    machine.expect("no change", 69, "", "access", "mandate", "give", BOARD, "kantoor", "leveren", "--given-by", "x")
    age, checked = machine.metric("instroom_access_age_seconds"), machine.metric("instroom_access_checked_seconds")
    check("the age of the snapshot", age is not None and age >= 0 and 0 <= checked < 600, f"{age} {checked}")
    machine.stack.start("postgres", 60)


def without_kafka(machine):
    """A change is stored, said not to be in force, and put in force by access publish."""
    before = machine.rows("access", "show")["sequence"]
    machine.stack.named("kafka")[0].stop()
    machine.expect("stored, not in force", 69, "access publish", "access", "mandate", "give", BOARD, "kantoor",
                   "leveren", "--given-by", "directie")
    shown = machine.rows("access", "show")
    check("a version that nobody was given", shown["sequence"] > before and shown["published_at"] is None, shown)
    machine.stack.start("kafka", 60)
    machine.expect("published", 0, "published", "access", "publish")
    machine.wait_for_version()
    wait_until("the mandate opens", lambda: machine.deliver(OFFICE, BOARD)[0] == 202)


def restored(machine):
    """A database that comes back from before: what it says is put in force by access publish, although the gateways
    have a version that is newer than all it knows."""
    def admin(*statements):
        words = [word for statement in statements for word in ("-c", statement)]
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", machine.stack.env()["INSTROOM_PG_ADMIN"], *words],
                       check=True, stdout=subprocess.DEVNULL)
    admin("create table public.kept as select sequence from rights.version",
          "create table public.kept_mandate as select id from rights.mandate where withdrawn_at is null")
    machine.change("mandate", "withdraw", BOARD, "kantoor", "leveren")
    wait_until("a mandate is withdrawn", lambda: machine.deliver(OFFICE, BOARD)[0] == 403)
    admin("set session_replication_role = replica; "
          "delete from rights.version where sequence not in (select sequence from public.kept); "
          "update rights.mandate set withdrawn_at = null where id in (select id from public.kept_mandate); "
          "drop table public.kept, public.kept_mandate")
    check("the gateways keep what they have", machine.deliver(OFFICE, BOARD)[0] == 403)
    machine.expect("it is published", 0, "published", "access", "publish")
    wait_until("what was restored is in force", lambda: machine.deliver(OFFICE, BOARD)[0] == 202)


def two_at_once(machine):
    """Both are made, one after the other; the last snapshot has both."""
    commands = [subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                                  str(machine.workers.dir / "instroomctl.conf"), "access", "mandate", "give", OTHER,
                                  party, "inzien", "--given-by", "directie"]) for party in ("kantoor", "lezer")]
    check("both are done", [command.wait(WAIT_S) for command in commands] == [0, 0])
    machine.wait_for_version()
    for credential in (OFFICE, READER):
        check(f"{credential} reads", machine.ask("GET", f"/v1/besturen/{OTHER}/stand", credential)[0] == 200)


def kept_with_it(machine):
    """As whom, for whom and on what basis, and by which version of the access data, is known of each delivery."""
    machine.expect("all is written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
    version = str(machine.version_in_force())
    for credential, board, want in ((OFFICE, BOARD, ("machtiging", "KVK:11111111", f"credential:{OFFICE}")),
                                    (OWN, BOARD, ("eigen", "KVK:44444444", f"credential:{OWN}")),
                                    ("bestuur-zelf", OTHER, ("eigen", None, "credential:bestuur-zelf"))):
        name = f"access-kept-{credential}"
        check(f"{credential} delivers", machine.deliver(credential, board, name)[0] == 202)
        machine.expect("written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
        row = machine.rows("delivery", board, name)
        check(f"{name}: {want}", row and (row["basis"], row["party"], row["sender"]) == want and
              row["access_version"] == version, row)
    check("the operator's token", machine.deliver("file", OTHER, "access-kept-operator")[0] == 202)
    machine.expect("written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
    row = machine.rows("delivery", OTHER, "access-kept-operator")
    check("is beheer", row and row["basis"] == "beheer" and row["sender"].startswith("token:"), row)
    kept_in_the_ledger(machine)


def kept_in_the_ledger(machine):
    """Beside the ledger, so for longer than the log; a repeat by another changes nothing of it."""
    def stored(name):
        return machine.sql("select concat_ws(' ', a.service, a.basis, a.party, a.sender, a.trace_id) from"
                           " register.admission a join register.delivery d using (position, board)"
                           f" where d.delivery_id = '{name}'")

    want = f"leveren machtiging KVK:11111111 credential:{OFFICE} {TRACE}"
    check("in the register", stored(f"access-kept-{OFFICE}") == want, stored(f"access-kept-{OFFICE}"))
    machine.sequence -= 1  # the same delivery, of another sender
    again = machine.deliver(OWN, OTHER, "access-kept-operator")
    check("whom it does not belong to may not repeat it", again[0] == 403, again)
    machine.sequence -= 1
    check("a repeat by another", machine.deliver("bestuur-zelf", OTHER, "access-kept-operator")[0] in (200, 202))
    machine.expect("written", 0, "", "wait", "--quiet", "--timeout", WAIT_S)
    check("leaves that of the first", stored("access-kept-operator").startswith("leveren beheer token:"),
          stored("access-kept-operator"))
    rows = {row["delivery_id"]: row for row in machine.rows("deliveries", BOARD)}
    check("deliveries shows it", rows[f"access-kept-{OFFICE}"]["sender"] == f"credential:{OFFICE}" and
          rows[f"access-kept-{OFFICE}"]["basis"] == "machtiging", rows)
    shown_to_the_board(machine)
    check("nothing differs from the log", machine.ctl("verify", "--board", BOARD).returncode == 0,
          machine.ctl("verify", "--board", BOARD).stdout)


def shown_to_the_board(machine):
    """A board sees who delivered in its name; who comes by its mandate sees of others only the basis."""
    def by(credential):
        status, body = machine.ask("GET", f"/v1/besturen/{BOARD}/leveringen", credential)
        check(f"{credential} reads the list", status == 200, body)
        return {row["leveringsid"]: row["geleverd_door"] for row in json.loads(body)["leveringen"]}

    office, own = f"access-kept-{OFFICE}", f"access-kept-{OWN}"
    mine, of_office, of_reader = by(OWN), by(OFFICE), by(READER)
    check("the board sees it", {key: mine[office][key] for key in ("afzender", "partij", "basis", "traceid")} == {
        "afzender": f"credential:{OFFICE}", "partij": "KVK:11111111", "basis": "machtiging", "traceid": TRACE}, mine)
    check("and when", re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", mine[office]["op"]), mine[office])
    check("an office its own", of_office[office] == mine[office], of_office[office])
    for seen in (of_office[own], of_reader[own], of_reader[office]):
        check("and of others the basis alone", seen and seen["basis"] and
              {seen[key] for key in ("afzender", "partij", "traceid")} == {None}, seen)
    check("a reading with BSN", machine.ask("GET", f"/v1/besturen/{BOARD}/stand?bsn=ja", READER)[0] == 200)
    check("says as whom", machine.sql("select concat_ws(' ', what, board, sender, party, basis, version > 0, trace_id)"
                                      " from register.access order by at desc limit 1") ==
          f"gateway: stand with bsn {BOARD} credential:{READER} RSIN:222222222 machtiging t {TRACE}",
          machine.sql("select * from register.access order by at desc limit 1"))
    check("in the audit too", f"credential:{READER}" in machine.ctl("audit").stdout, machine.ctl("audit").stdout)


def audit(machine):
    text = machine.expect("changes are in the audit", 0, "mandate insert", "audit", "--limit", 1000).stdout
    check("withdrawals too", "mandate update" in text and "credential update" in text, text[:500])
    check("no digest of a token", not re.search(r"[0-9a-f]{64}", machine.ctl("audit", "--output", "json").stdout))
    owner = machine.stack.env()["INSTROOM_PG_OWNER"]
    reader, writer = machine.stack.env()["INSTROOM_PG_READER"], machine.stack.env()["INSTROOM_PG_WRITER"]
    for who, statement in ((owner, "delete from rights.mandate"), (owner, "update rights.mandate set party = 1"),
                           (owner, "update rights.mandate set withdrawn_at = null where withdrawn_at is not null"),
                           (owner, "delete from rights.change"), (owner, "update rights.change set who = 'x'"),
                           (reader, "select sha256 from rights.credential"),
                           (reader, "insert into rights.party (name) values ('x')"),
                           (writer, "select * from rights.mandate")):
        done = subprocess.run(["psql", "-X", "-q", who, "-c", statement], check=False, capture_output=True, text=True)
        check(f"refused: {statement}", done.returncode != 0, done.stdout)


def on_a_machine(name, kind, run):
    """run(machine) on a stack of its own, which is gone afterwards. The exit status."""
    stack = stacks.Stack(f"{name}-{os.getpid()}")
    try:
        stack.up({"partitions": 2, "brokers": 1, "servers": None, "no_topics": True, "tmpfs": False,
                  "base_port": None, "wait": 60})
        machine = kind(stack)
        machine.workers.prepare(ROOT / "tests/cases/reference")
        machine.workers.start(machine.workers.all(machine.counts), 60)
        run(machine)
        machine.workers.end(machine.workers.all(), signal.SIGTERM, 30)
    finally:
        if stack.record is not None and (stack.dir / "workers").exists():
            programs.Workers(stack).end_all()
        stack.wipe()
    return 1 if results["failed"] else 0


def main():
    def run(machine):
        without_any(machine)
        make_parties(machine)
        machine.wait_for_version()
        every_route(machine)
        of_another_board(machine)
        own_rights(machine)
        who_might(machine)
        by_certificate(machine)
        contact_persons(machine)
        mandates(machine)
        lost_commit(machine)
        withdrawals(machine)
        withdrawn_under_way(machine)
        two_at_once(machine)
        without_postgres(machine)
        without_kafka(machine)
        killed_before_it_is_published(machine)
        restored(machine)
        kept_with_it(machine)
        audit(machine)

    status = on_a_machine("access", Machine, run)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
