#!/usr/bin/python3
"""What a board reports as a problem (specification 8.7), from HTTP to the helpdesk, against the real machine: what is
taken and refused, who sees it, pages, the sector council, closing; what each role of the database may not do; and the
mails, with a mail server that refuses, greylists, hangs and dies before its answer. All that is named is invented."""
import json
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import access_test as access
import proofs_test as proofs
from access_test import BOARD, OTHER, OWN, READER, SHARED, STRANGER, TRACE, WAIT_S, check, results

sys.path.insert(0, str(access.ROOT / "tests/support"))
from mail_server import MailServer  # noqa: E402

COUNTS = {"gateway": 1, "validate": 0, "write": 0}
OFFICE = access.OFFICE
REFERENCE = re.compile(r"P(-[BCDFGHJKLMNPRSTV]{4}){3}")
UNKNOWN = "P-BCDF-GHJK-LMNP"


class Machine(access.Machine):
    counts = COUNTS

    def send(self, path, document, credential=OWN, kind="application/json"):
        """(status, the answer as JSON, Location)"""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"} | ({"Content-Type": kind} if kind else {})
        headers |= {"Authorization": f"Bearer {self.tokens[credential]}"} if self.tokens[credential] else {}
        request = urllib.request.Request(self.gateway.address + path, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, json.load(answer), answer.headers["Location"]
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused), refused.headers["Location"]

    def report(self, words, credential=OWN, board=BOARD, **more):
        return self.send(f"/v1/besturen/{board}/problemen", {"toelichting": words} | more, credential)

    def council(self, reference, sector, words, credential=OWN, board=BOARD):
        return self.send(f"/v1/besturen/{board}/problemen/{reference}/sectorraad",
                         {"sector": sector, "toelichting": words}, credential)

    def read(self, path, credential=OWN):
        status, body = self.ask("GET", path, credential)
        return status, json.loads(body)


def where(reference, board=BOARD):
    return f"/v1/besturen/{board}/problemen/{reference}"


def reported(machine):
    """A report is kept whole, once, and read back."""
    status, first, place = machine.report("Onze school ontbreekt.\nTwee dagen al.", leveringsid="levering-2018-06-01",
                                          codes={"LR-S02": 12, "LR-P01": 0})
    check("created", status == 201 and REFERENCE.fullmatch(first["referentie"]), (status, first))
    check("where it is", place == where(first["referentie"]), place)
    check("as it was sent", (first["toelichting"], first["leveringsid"], first["codes"], first["status"]) == (
        "Onze school ontbreekt.\nTwee dagen al.", "levering-2018-06-01", {"LR-S02": 12, "LR-P01": 0}, "ontvangen"),
          first)
    check("nothing came of it yet", [first[name] for name in ("verzonden_op", "afgehandeld_op", "antwoord",
                                                              "sectorraden")] == [None, None, None, []], first)
    check("read back", machine.read(place) == (200, first), machine.read(place))
    again = machine.report("Onze school ontbreekt.\nTwee dagen al.", leveringsid="levering-2018-06-01",
                           codes={"LR-P01": 0, "LR-S02": 12})
    check("sent again it is the same", again == (200, first, place), again)
    check("as whom", machine.sql("select concat_ws(' ', board, sender, party, basis, version > 0, trace_id)"
                                 f" from register.problem where reference = '{first['referentie']}'") ==
          f"{BOARD} credential:{OWN} KVK:44444444 eigen t {TRACE}")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: machine.report("Tegelijk gemeld"), range(8)))
    check("eight at once are one", len({answer[1]["referentie"] for answer in answers}) == 1 and
          sorted(answer[0] for answer in answers) == [200] * 7 + [201], [answer[0] for answer in answers])
    check("it is counted", machine.metric("instroom_problems_reported_total") == 2,
          machine.metric("instroom_problems_reported_total"))
    return first["referentie"]


def refused(machine):
    """Each with a sentence, and nothing is kept."""
    tabbed = machine.send(f"/v1/besturen/{BOARD}/problemen", {"toelichting": "Met een tab in de kop"},
                          kind="application/json\t; charset=utf-8")
    check("JSON with a tab before its charset is JSON", tabbed[0] == 201, tabbed)
    before = machine.sql("select count(*) from register.problem")
    path = f"/v1/besturen/{BOARD}/problemen"
    for what, wanted, document, kind in (
            ("a BSN", 422, {"toelichting": "het gaat om 111222333"}, "application/json"),
            ("a BSN in groups", 422, {"toelichting": "het gaat om 1112 22 333"}, "application/json"),
            ("no words", 400, {"codes": {}}, "application/json"),
            ("too many words", 400, {"toelichting": "a" * 2001}, "application/json"),
            ("an unknown code", 400, {"toelichting": "x", "codes": {"LR-X99": 1}}, "application/json"),
            ("another member", 400, {"toelichting": "x", "bsn": "111222333"}, "application/json"),
            ("no delivery", 400, {"toelichting": "x", "leveringsid": "kort"}, "application/json"),
            ("no JSON", 400, b"toelichting=x", "application/json"),
            ("JSON of another charset", 415, {"toelichting": "x"}, "application/json; charset=iso-8859-1"),
            ("a form", 415, b"toelichting=x", "application/x-www-form-urlencoded"),
            ("no type", 415, {"toelichting": "x"}, "")):
        status, problem, _ = machine.send(path, document, kind=kind)
        check(f"{what}: {wanted}", status == wanted and problem["detail"].endswith(".") and
              problem["status"] == wanted, (status, problem))
        check(f"{what}: the number is not repeated", "111222333" not in json.dumps(problem), problem)
    said = machine.send(path, b'\xef\xbb\xbf{"toelichting":"x"}')[1]["detail"]
    check("a BOM is named", "BOM" in said, said)
    check("too large", machine.send(path, b'{"toelichting":"' + b"a" * 40000 + b'"}')[0] == 413)
    check("a parameter", machine.send(path + "?x=1", {"toelichting": "x"})[0] == 400)
    check("nothing was kept", machine.sql("select count(*) from register.problem") == before)
    log = machine.gateway.config.with_suffix(".log").read_text()
    check("the refusal is logged without the number", "status=422 code=bsn" in log and "111222333" not in log)


def seen_by(machine, of_board):
    """The board sees all, who comes by a mandate what he reported, a stranger not that there is any."""
    status, of_office, _ = machine.report("Van het kantoor", credential=OFFICE)
    check("an office reports", status == 201 and of_office["basis"] == "machtiging", of_office)
    mine = of_office["referentie"]
    for credential, references in ((OWN, (of_board, mine)), ("file", (of_board, mine)), (OFFICE, (mine,))):
        page = machine.read(f"/v1/besturen/{BOARD}/problemen", credential)[1]
        listed = {one["referentie"] for one in page["problemen"]}
        for reference in (of_board, mine):
            is_seen = reference in references
            check(f"{credential} in the list: {is_seen}", (reference in listed) == is_seen, listed)
            check(f"{credential}: {is_seen}", machine.read(where(reference), credential)[0] ==
                  (200 if is_seen else 404))
    check("a reader sees none of others", machine.read(f"/v1/besturen/{BOARD}/problemen", READER)[1] ==
          {"problemen": [], "volgende": None})
    check("nor that there is one", machine.read(where(mine), READER)[1] == machine.read(where(UNKNOWN), READER)[1])
    check("not under another board", machine.read(where(mine, SHARED), OWN)[0] == 404)
    check("who sees it not cannot have it mailed on", machine.council(of_board, "PO", "x", OFFICE)[0] == 404)
    return mine


def pages(machine):
    """100 a page, whatever is reported meanwhile; and no more than 50 of a board in a day by HTTP."""
    machine.sql("insert into register.problem (reference, board, codes, words, at) select"
                f" 'P-BBBB-BBBB-' || translate(lpad(n::text, 4, '0'), '0123456789', 'BCDFGHJKLM'), {OTHER}, '{{}}',"
                " 'veel ' || n, clock_timestamp() - interval '2 days' from generate_series(1, 230) n;"
                " insert into register.problem_mail (problem, recipient, next_at) select id, 'helpdesk', 'infinity'"
                f" from register.problem where board = {OTHER}")
    seen, path = [], f"/v1/besturen/{OTHER}/problemen"
    following = ""
    for count in (100, 100, 30):
        status, page = machine.read(path + following, "bestuur-zelf")
        check(f"a page of {count}", status == 200 and len(page["problemen"]) == count, len(page["problemen"]))
        seen += [int(one["toelichting"].split()[1]) for one in page["problemen"]]
        following = f"?na={page['volgende']}"
        machine.report(f"tussendoor {len(seen)}", "bestuur-zelf", OTHER)
    check("each once, the newest first", seen == list(range(230, 0, -1)), seen)
    check("the last page ends", page["volgende"] is None, page["volgende"])
    check("of a state", machine.read(path + "?status=afgehandeld", "bestuur-zelf")[1]["problemen"] == [])
    for query in ("?status=geweigerd", "?na=7", "?na=P-AAAA-AAAA-AAAA", "?vanaf=2018-01-01"):
        check(f"wrong: {query}", machine.read(path + query, "bestuur-zelf")[0] == 400)
    answers = [machine.report(f"nog een {n}", "bestuur-zelf", OTHER) for n in range(48)]
    check("47 more are taken, and the 51st is not", [answer[0] for answer in answers] == [201] * 47 + [429],
          [answer[0] for answer in answers])
    check("another board reports on", machine.report("Gewoon door")[0] == 201)


def asked_of_a_council(machine, reference):
    status, answer, place = machine.council(reference, "PO", "Dit raakt alle scholen.")
    check("the council is asked", status == 200 and place == where(reference) and
          [(one["sector"], one["status"], one["toelichting"]) for one in answer["sectorraden"]] ==
          [("PO", "ontvangen", "Dit raakt alle scholen.")], (status, answer))
    check("the reference stays", answer["referentie"] == reference, answer)
    check("again it is the same", machine.council(reference, "PO", "Anders")[1] == answer)
    of_one_school = machine.report("Ook hier", board=SHARED)[1]["referentie"]
    check("no school of that sector", machine.council(of_one_school, "MBO", "x", board=SHARED)[0] == 422)
    check("no such sector", machine.council(reference, "HBO", "x")[0] == 400)
    check("a BSN in the words", machine.council(reference, "PO", "111222333")[0] == 422)
    check("no such problem", machine.council(UNKNOWN, "PO", "x")[0] == 404)


def at_the_helpdesk(machine, reference):
    listed = {row["reference"]: row for row in machine.rows("problems", "list", "--board", BOARD)}
    check("it is listed", listed[reference]["state"] == "ontvangen" and listed[reference]["board"] == BOARD and
          listed[reference]["codes"] == "LR-P01 0 LR-S02 12", listed.get(reference))
    page = machine.ctl("problems", "list", "--limit", "1", "--output", "json")
    newest = json.loads(page.stdout)[0]["reference"]
    check("pages", f"--after {newest}" in page.stderr, page.stderr)
    shown = json.loads(machine.ctl("problems", "show", reference, "--json").stdout)
    check("shown", shown["words"].startswith("Onze school") and shown["trace_id"] == TRACE and
          shown["council_words"] == "PO: Dit raakt alle scholen.", shown)
    machine.expect("no such", 1, "no problem", "problems", "show", UNKNOWN)
    machine.expect("no reference", 64, "P-BCDF-GHJK-LMNP", "problems", "show", "7")
    machine.expect("an answer is wanted", 64, "--reason", "problems", "close", reference)
    machine.expect("without a BSN", 64, "BSN", "problems", "close", reference, "--reason", "het was 1112.22.333")
    machine.expect("closed", 0, "is closed", "problems", "close", reference, "--reason", "De school staat er nu in.")
    machine.expect("once", 1, "closed before", "problems", "close", reference, "--reason", "Toch niet")
    status, closed = machine.read(where(reference))
    check("the board reads it", (closed["status"], closed["antwoord"]) == ("afgehandeld", "De school staat er nu in.")
          and closed["afgehandeld_op"], closed)
    check("of that state", [one["referentie"] for one in machine.read(
        f"/v1/besturen/{BOARD}/problemen?status=afgehandeld")[1]["problemen"]] == [reference])
    check("no longer open", reference not in {row["reference"] for row in machine.rows("problems", "list", "--board",
                                                                                        BOARD)})
    check("but there", reference in {row["reference"] for row in machine.rows("problems", "list", "--all", "--board",
                                                                                    BOARD)})
    audit = machine.ctl("audit", "--output", "json").stdout
    check("looking and closing are in the audit", f"problems show {reference}" in audit and
          f"problems close {reference}" in audit and "De school staat er nu in." in audit, audit[:500])
    status, anew, _ = machine.report("Onze school ontbreekt.\nTwee dagen al.", leveringsid="levering-2018-06-01",
                                     codes={"LR-S02": 12, "LR-P01": 0})
    check("after that it is another", status == 201 and anew["referentie"] != reference, anew)


def rights(machine):
    """Roles report, mail and close by functions; none of them writes a row itself."""
    env = machine.stack.env()
    for who, statement in ((env["INSTROOM_PG_READER"], "insert into register.problem (reference, board, codes, words)"
                                                       " values ('P-BCDF-GHJK-LMNP', 1, '{}', 'x')"),
                           (env["INSTROOM_PG_READER"], "update register.problem set words = 'x'"),
                           (env["INSTROOM_PG_READER"], "delete from register.problem"),
                           (env["INSTROOM_PG_READER"], "update register.problem_mail set sent_at = now()"),
                           (env["INSTROOM_PG_WRITER"], "select words from register.problem"),
                           (env["INSTROOM_PG_WRITER"], "select register.close_problem('x', 'x', 'x')")):
        done = subprocess.run(["psql", "-X", "-q", who, "-c", statement], check=False, capture_output=True, text=True)
        check(f"refused: {statement}", done.returncode != 0 and "permission denied" in done.stderr, done.stderr)


# ---- the mails ----

USER, PASSWORD, FROM, HELPDESK, COUNCIL = "instroom", "een wachtwoord", "instroom@instroom.example", \
    "helpdesk@helpdesk.example", "po-raad@raad.example"


class Post:
    """The mail server, and instroomctl's settings for it."""

    def __init__(self, machine):
        folder = machine.stack.dir
        for name in ("mail", "other"):
            key = proofs.Key(folder, f"{name}-key", "ES256")
            proofs.openssl("req", "-x509", "-new", "-key", key.path, "-subj", "/CN=127.0.0.1", "-days", "2", "-addext",
                           "subjectAltName=IP:127.0.0.1", "-out", folder / f"{name}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "mail.pem", folder / "mail-key.pem")
        self.server = MailServer(context, USER, PASSWORD)
        machine.workers.secret("mail.password", lambda: PASSWORD)
        machine.workers.secret("wrong.password", lambda: "een ander")
        self.machine = machine
        self.settings = {"problems.mail.url": f"smtp://127.0.0.1:{self.server.port}",
                         "problems.mail.ca.file": folder / "mail.pem", "problems.mail.user": USER,
                         "problems.mail.password.file": machine.workers.dir / "mail.password",
                         "problems.mail.from": FROM, "problems.helpdesk": HELPDESK, "problems.council.po": COUNCIL}
        # all that was reported until now is of no interest here
        machine.sql("update register.problem_mail set sent_at = now(), refused_at = null where sent_at is null")

    def arguments(self, more):
        return [f"--{key}={value}" for key, value in (self.settings | more).items()]

    def send(self, *words, **more):
        return self.machine.ctl(*self.arguments({key.replace("__", "."): value for key, value in more.items()}),
                                "problems", "send", *words)

    def expect(self, what, status, text, *words, **more):
        done = self.send(*words, **more)
        check(what, done.returncode == status and text in done.stdout + done.stderr,
              f"{done.returncode}: {done.stdout}{done.stderr}")

    def of(self, reference, to=HELPDESK):
        return [mail for mail in self.server.mails if reference in mail["Subject"] and mail.to == [to]]


def report(machine, words, **more):
    return machine.report(words, **more)[1]["referentie"]


def make_due(machine):
    machine.sql("update register.problem_mail set next_at = now() where sent_at is null")


def state_of(machine, reference):
    return machine.read(where(reference))[1]["status"]


def mailed(machine, post):
    reference = report(machine, "Zo gaat het:\n.\nvoor \N{SCHOOL}", codes={"LR-S02": 3}, leveringsid="post-00000000001")
    post.expect("sent", 0, f"{reference} helpdesk sent")
    mail = (post.of(reference) + [None])[0]
    check("once, by who logged in, over TLS", len(post.of(reference)) == 1 and mail.user == USER, post.server.commands)
    check("to the helpdesk", (mail["From"], mail["To"], mail["Message-ID"], mail["Subject"]) == (
        FROM, HELPDESK, f"<{reference}.helpdesk@instroom.example>",
        f"Instroom: melding {reference} van bestuur {BOARD}"), mail.data)
    text = mail.text()
    check("with all that was reported", all(word in text for word in (
        "Zo gaat het:\n.\nvoor \N{SCHOOL}", "Codes: LR-S02 3", "Levering: post-00000000001", TRACE)), text)
    check("and not as whom", OWN not in text and "44444444" not in text, text)
    check("the board reads it", machine.read(where(reference))[1]["verzonden_op"] and
          state_of(machine, reference) == "verzonden", state_of(machine, reference))
    post.expect("nothing more to send", 0, "")
    check("still once", len(post.of(reference)) == 1, len(post.of(reference)))
    check("the council is asked", machine.council(reference, "PO", "Raakt alle scholen")[0] == 200)
    post.expect("sent to it", 0, f"{reference} PO sent")
    mail = post.of(reference, COUNCIL)[0]
    check("under the same reference", (mail["Message-ID"], mail["In-Reply-To"]) == (
        f"<{reference}.PO@instroom.example>", f"<{reference}.helpdesk@instroom.example>"), mail.data)
    check("with why", "Raakt alle scholen" in mail.text() and "Zo gaat het" in mail.text() and
          "instroomctl" not in mail.text(), mail.text())
    check("shown", machine.read(where(reference))[1]["sectorraden"][0]["status"] == "verzonden")
    return reference


def not_trusted(machine, post):
    """What cannot be trusted gets neither a password nor a mail."""
    reference = report(machine, "Niet voor vreemden")
    post.server.commands.clear()
    post.expect("another's certificate", 69, "certificate", problems__mail__ca__file=machine.stack.dir / "other.pem")
    make_due(machine)
    post.server.is_plain = True
    post.expect("no STARTTLS", 69, "no answer")
    post.server.is_plain = False
    check("nothing was told", not {"AUTH", "MAIL"} & set(post.server.commands), post.server.commands)
    make_due(machine)
    post.expect("a wrong password", 77, "does not accept", problems__mail__password__file=machine.workers.dir /
                "wrong.password")
    post.expect("a password without TLS", 78, "without TLS", problems__mail__tls="none")
    post.expect("no address", 78, "no mail address", problems__helpdesk="helpdesk")
    post.expect("no server", 78, "smtp://", problems__mail__url="")
    check("nothing was sent", not post.of(reference) and state_of(machine, reference) == "ontvangen")
    make_due(machine)
    post.expect("then it is", 0, f"{reference} helpdesk sent")


def refused_by_the_server(machine, post):
    for mood, why in (("refuse", "550"), ("refuse_mail", "554")):
        post.server.mood = mood
        reference = report(machine, f"Wordt geweigerd: {mood}")
        post.expect(f"{mood} is told", 1, "refused")
        check("the board sees it", state_of(machine, reference) == "niet_verzonden", state_of(machine, reference))
        listed = machine.rows("problems", "list", "--state", "niet_verzonden")
        check("so does the operator, by its number", why in listed[0]["mail"] and "111222333" not in str(listed) and
              [row["reference"] for row in listed] == [reference], listed)
        tried = post.server.commands.count("RCPT")
        make_due(machine)
        post.expect("told until it is mended", 1, "refused")
        check("not tried again by itself", post.server.commands.count("RCPT") == tried)
        post.server.mood = "take"
        post.expect("tried when told to", 0, f"{reference} helpdesk sent", "--all")
        check("sent", state_of(machine, reference) == "verzonden")
    post.server.mood = "refuse"
    reference = report(machine, "Wordt geweigerd en gesloten")
    post.expect("refused", 1, "refused")
    doctor = machine.ctl("doctor")
    check("doctor tells it", "refused by the mail server" in doctor.stdout, doctor.stdout)
    machine.expect("closed by telephone", 0, "closed", "problems", "close", reference, "--reason", "gebeld")
    post.expect("then nobody has to be told", 0, "")
    post.server.mood = "take"


def later(machine, post):
    post.server.mood = "greylist"
    reference = report(machine, "Straks weer")
    post.expect("greylisted", 0, "later: RCPT failed: 451")
    tried = post.server.commands.count("RCPT")
    post.expect("not before its pause is over", 0, "")
    check("not tried", post.server.commands.count("RCPT") == tried)
    post.server.mood = "take"
    make_due(machine)
    post.expect("then it is taken", 0, f"{reference} helpdesk sent")
    machine.sql("update register.problem_mail set at = now() - interval '5 hours', sent_at = null, next_at = 'infinity'"
                f" where problem = (select id from register.problem where reference = '{reference}')")
    post.expect("what waits for hours is told", 1, "1 wait for more than 4 hours")
    make_due(machine)
    post.expect("until it is sent", 0, "sent")


def unanswered(machine, post):
    """The same mail again, byte for byte, under the same Message-ID, whatever the settings say by then."""
    for mood in ("silent", "hang", "die"):
        post.server.mood = mood
        reference, other = report(machine, f"Geen antwoord: {mood}"), report(machine, f"Daarna: {mood}")
        patience = "60s" if mood == "die" else "1s"
        post.expect(f"{mood}: no answer", 69, "gave no answer", problems__mail__time__max=patience)
        check(f"{mood}: the others are not tried", not post.of(other) and state_of(machine, reference) == "ontvangen")
        post.server.mood = "take"
        make_due(machine)
        post.expect(f"{mood}: sent again", 0, f"{reference} helpdesk sent", problems__mail__from="nieuw@anders.example"
                    if mood == "silent" else FROM)
        mails = post.of(reference)
        check(f"{mood}: the same Message-ID", {mail["Message-ID"] for mail in mails} ==
              {f"<{reference}.helpdesk@instroom.example>"}, [mail["Message-ID"] for mail in mails])
        if mood == "die":
            check("twice, the same bytes", len(mails) == 2 and mails[0].data == mails[1].data, len(mails))


def killed(machine, post):
    """instroomctl dies when the server has the mail: another run sends it again."""
    post.server.mood = "hang"
    reference = report(machine, "Halverwege gestorven")
    post.server.got_mail.clear()
    process = subprocess.Popen([machine.workers.program("instroomctl"), "--config",
                                str(machine.workers.dir / "instroomctl.conf"), *post.arguments({}), "problems", "send"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check("the server has it", post.server.got_mail.wait(WAIT_S))
    post.expect("a second run leaves it alone", 0, "another run")
    process.kill()
    process.wait()
    check("the attempt stands", machine.sql("select attempts || ' ' || outcome from register.problem_mail where problem"
                                            f" = (select id from register.problem where reference = '{reference}')") ==
          "1 no answer")
    post.server.mood = "take"
    access.wait_until("it is sent again", lambda: f"{reference} helpdesk sent" in post.send("--all").stdout)
    mails = post.of(reference)
    check("the same mail", len(mails) == 2 and mails[0].data == mails[1].data, len(mails))


def without_an_address(machine, post):
    """More mails than a run takes, all older and to a council that has no address: the helpdesk's goes out."""
    machine.sql("insert into register.problem_mail (problem, recipient, words, at) select id, 'MBO', 'x',"
                f" clock_timestamp() - interval '1 hour' from register.problem where board = {OTHER} order by id limit"
                " 120 on conflict do nothing")
    reference = report(machine, "Achter al die andere")
    post.expect("those are told, together", 1, "MBO has no address in the settings: 120 mails")
    check("the helpdesk's is sent", len(post.of(reference)) == 1 and state_of(machine, reference) == "verzonden",
          state_of(machine, reference))
    post.expect("how many", 1, "120 have no address")
    post.expect("sent when there is one", 0, "MBO sent", problems__council__mbo="mbo-raad@raad.example")
    post.expect("100 a run", 0, "MBO sent", problems__council__mbo="mbo-raad@raad.example")
    post.expect("then all are", 0, "")


def refused_for_good(machine, post):
    """More mails than a run takes that the server goes on refusing keep no other one waiting, also of --all."""
    council = {"problems__council__wec": "wec-raad@raad.example"}
    post.server.unknown = {council["problems__council__wec"]}
    machine.sql("insert into register.problem_mail (problem, recipient, words, at, next_at, attempts, refused_at)"
                " select id, 'WEC', 'x', now() - interval '1 hour', now() - interval '1 hour', 3, now()"
                f" from register.problem where board = {OTHER} order by id limit 120")
    post.server.mood = "greylist"
    second = report(machine, "Een keer uitgesteld")
    post.expect("put off", 1, f"{second} helpdesk later", **council)
    post.server.mood = "take"
    first = report(machine, "Nog nooit geprobeerd")
    post.expect("what was never tried goes first", 1, f"{first} helpdesk sent", "--all", **council)
    tried = machine.sql("select count(*) from register.problem_mail where recipient = 'WEC' and attempts > 3")
    check("a run is bounded", tried == "99", tried)
    post.expect("then what waits longest", 1, f"{second} helpdesk sent", "--all", **council)
    tried = machine.sql("select min(attempts) from register.problem_mail where recipient = 'WEC'")
    check("all were tried", tried == "4", tried)
    machine.sql("delete from register.problem_mail where recipient = 'WEC'")


def kept_no_longer(machine):
    """Closed problems go with their mails when their term is over; open ones stay."""
    def due(*words):
        return {row["what"]: row["rows"] for row in machine.rows("retention", *words)}["problem"]

    machine.sql("update register.problem set closed_at = now() - interval '13 months', closed_by = 'x', answer = 'x'"
                f" where board = {OTHER}")
    old, all_of_them = (int(machine.sql(f"select count(*) from register.problem {where}"))
                        for where in (f"where board = {OTHER}", ""))
    check("those are due", due() == old > 0, (due(), old))
    check("looking removes nothing", int(machine.sql("select count(*) from register.problem")) == all_of_them)
    done = machine.ctl("--retention.problem.months=1200", "retention", "--json")
    check("by their term", '"what":"problem"' in done.stdout.replace(" ", "") and
          {row["what"]: row["rows"] for row in json.loads(done.stdout)}["problem"] == 0, done.stdout + done.stderr)
    check("they go", due("--reason", "de termijn is voorbij") == old)
    left = machine.sql(f"select (select count(*) from register.problem) || ' ' || (select count(*) from"
                       f" register.problem where board = {OTHER}) || ' ' || (select count(*) from"
                       " register.problem_mail m where not exists (select from register.problem p where p.id ="
                       " m.problem))")
    check("and nothing else", left == f"{all_of_them - old} 0 0", left)
    check("who removed them is kept", [row["detail"].split()[0] for row in machine.rows("audit")
                                       if row["what"] == "retention" and row["detail"].startswith("problem")] ==
          ["problem"], machine.rows("audit")[:8])


def by_mail(machine):
    post = Post(machine)
    try:
        reference = mailed(machine, post)
        not_trusted(machine, post)
        refused_by_the_server(machine, post)
        later(machine, post)
        unanswered(machine, post)
        killed(machine, post)
        without_an_address(machine, post)
        refused_for_good(machine, post)
        check("another council is asked", machine.council(reference, "VO", "x")[0] in (200, 422))
        machine.sql("insert into register.problem_mail (problem, recipient, words) select id, 'MBO', 'x' from"
                    f" register.problem where reference = '{reference}' on conflict do nothing")
        post.expect("who has no address is told", 1, "MBO has no address in the settings")
    finally:
        post.server.close()


def without_postgres(machine):
    machine.stack.named("postgres")[0].stop()
    status, problem, _ = machine.report("Niet nu")
    check("not now", status == 503 and problem["detail"], (status, problem))
    machine.stack.start("postgres", 60)
    access.wait_until("it is taken again", lambda: machine.report("Niet nu")[0] in (200, 201))


def main():
    def run(machine):
        access.make_parties(machine)
        machine.wait_for_version()
        reference = reported(machine)
        refused(machine)
        seen_by(machine, reference)
        pages(machine)
        asked_of_a_council(machine, reference)
        at_the_helpdesk(machine, reference)
        rights(machine)
        by_mail(machine)
        kept_no_longer(machine)
        without_postgres(machine)
        check("a stranger is refused", machine.report("x", STRANGER)[0] == 403)

    return access.on_a_machine("problems", Machine, run)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    main_status = main()
    print(f"{results['passed']} passed, {results['failed']} failed")
    sys.exit(main_status)
