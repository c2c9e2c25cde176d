#!/usr/bin/python3
"""instroomctl deliver, and the example client of docs/leverancier, before servers that are not the gateway or answer
oddly, and with what lies in people's folders. No servers are started but small ones of our own.

Uses $INSTROOM_BUILD_DIR, else build/dev. Ends "N passed, N failed".
"""
import gzip
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import ctl_test as ct
from ctl_test import check, expect, put, take

CLIENT = Path(__file__).parents[2] / "docs/leverancier/lever.py"


def signed_tokens(data):
    """A signed token is some hundred bytes longer than a random one, and goes out whole."""
    folder, token = put(data / "signed", "a"), data / "signed.token"
    for length in (900, 8000):
        token.touch(0o600)
        token.write_text("e" * length + "\n")
        with ct.Front(data, take) as front:
            expect(f"a token of {length} bytes is taken", front.deliver(folder, token=token), 0)
        sent = [headers["Authorization"] for *_, headers in front.server.seen]
        check("and sent whole", sent == ["Bearer " + "e" * length], sent)
        (folder / "acknowledged.jsonl").unlink(missing_ok=True)


def answers_on_the_way(data):
    """What stands between us and the gateway packs answers, and answers itself."""
    folder = put(data / "way", "a")

    def packed(gateway, _, body):
        status, headers, receipt = gateway.receipt(body)
        return status, headers | {"Content-Encoding": "gzip"}, gzip.compress(receipt)
    with ct.Front(data, packed) as front:
        expect("a packed receipt is one", front.deliver(folder), 0, '"accepted": 1')
    (folder / "acknowledged.jsonl").unlink(missing_ok=True)
    for status in (401, 403):
        portal = status, {"Content-Type": "text/html"}, b"<html>log in to this network</html>"
        with ct.Front(data, lambda *_, told=portal: told) as front:
            expect(f"a network's own {status} is not the gateway's", front.deliver(folder), 69,
                   f"{status} with text/html, which is not the gateway's answer")


def xml(data):
    """x.xml goes as XML, with its header; beside x.csv nobody knows whose header it is."""
    folder = put(data / "xml", "a", "b")
    (folder / "a.csv").rename(folder / "a.xml")
    (folder / "b.csv").rename(folder / "b.XML")
    with ct.Front(data, take) as front:
        expect("xml is a delivery", front.deliver(folder), 0, '"accepted": 2')
    sent = [headers["Content-Type"] for *_, headers in front.server.seen]
    check("and goes as xml", sent == ["application/xml"] * 2, sent)
    folder = put(data / "both", "a", "b")
    (folder / "a.XML").write_text("<leraren/>")
    (folder / "B.xml").write_text("<leraren/>")
    with ct.Front(data, take) as front:
        done = front.deliver(folder)
    expect("one header of a csv and an xml", done, 1, '"accepted": 1, "known": 0, "refused": 3')
    check("is told", "a.json may be the header of" in done.stderr, done.stderr)


def odd_names(data):
    """Names as people give them; a folder within is named, and an archive of ours is none."""
    folder = put(data / "odd", "met spatie", "-x", "a\nb", "c\x1b[2J", "Zo\u00eb", "x" * 240)
    (folder / "verwerkt").mkdir()
    put(folder / "per bestuur", "y")
    (folder / "link.csv").symlink_to(folder / "nowhere")
    (folder / "link.json").write_text('{"bestuur": "99901", "soort": "MUTATIE"}')
    os.symlink(put(data / "elsewhere", "z") / "z.csv", folder / "z.csv")
    (folder / "z.json").write_text('{"bestuur": "99901", "soort": "MUTATIE"}')
    with ct.Front(data, take) as front:
        done = front.deliver(folder)
    expect("a link that leads nowhere is refused, all else is sent", done, 1,
           '"accepted": 7, "known": 0, "refused": 1')
    check("the link is named", "link.csv: refused\n  link.csv does not exist" in done.stderr, done.stderr)
    check("the folder with deliveries is named, the empty one is not", "per bestuur: skipped, it is a folder" in
          done.stderr and "verwerkt" not in done.stderr, done.stderr)
    with ct.Front(data, lambda *_: (404, {"Content-Type": "text/html"}, b"")) as front:
        (folder / "acknowledged.jsonl").unlink()
        done = front.deliver(folder)
    check("what a terminal obeys is not shown to it", "\x1b" not in done.stderr and "a?b.csv: not taken" in done.stderr,
          done.stderr)


def mistyped(data):
    """LR-K08 on a board number of five digits says nothing to whom JSON's types are strange."""
    def refuse(*_):
        return 400, {"Content-Type": "application/problem+json"}, b'{"title": "Fout"}'
    header = {"bestuur": "99901", "soort": "MUTATIE", "volgnummer": 1, "extractiedatum": "2018-06-01"}
    for field, wrong, text in (("bestuur", 99901, "in JSON bestuur is a text, in quotes"),
                               ("volgnummer", "1", "in JSON volgnummer is a whole number, without quotes"),
                               ("proef", "ja", "in JSON proef is true or false, without quotes"),
                               ("volgnummer", 0, None)):
        folder = put(data / "mistyped", "a", header=json.dumps(header | {field: wrong}))
        with ct.Front(data, refuse) as front:
            done = front.deliver(folder)
        expect(f"{field} as {wrong!r} is refused", done, 1, text or "refused (400)")
        check("and only a type is named that is wrong", ("in JSON" in done.stderr) == (text is not None), done.stderr)


def half_files(data):
    """A file that is not as long as the folder says is still being written, or is none: /proc has such."""
    folder = put(data / "half", "a")
    (folder / "a.csv").unlink()
    (folder / "a.csv").symlink_to("/proc/self/status")
    with ct.Front(data, take) as front:
        expect("a file that changes while it is read is not sent", front.deliver(folder), 1,
               "changed while it was read")
    check("at all", not front.server.seen, front.server.seen)


def summary(gateway):
    """Not judged yet at the first question: then there is no more to tell."""
    gateway.server.questions = getattr(gateway.server, "questions", 0) + 1
    if gateway.server.questions == 1:
        return 200, {"Content-Type": "application/json"}, b'{"leveringsid": "x", "status": "ontvangen"}'
    tellingen = {name: 0 for name in ("nieuw", "gewijzigd", "ongewijzigd", "verouderd", "afgekeurd", "ingetrokken",
                                      "quarantaine")} | {"nieuw": 1}
    return (200, {"Content-Type": "application/json"},
            json.dumps({"leveringsid": gateway.path.split("/")[5].partition("?")[0], "status": "verwerkt",
                        "tellingen": tellingen,
                        "bevindingen": [{"code": "LR-R06", "ernst": "S", "veld": "", "melding": "Er vervalt een."}]
                        }).encode())


class Office(ct.Gateway):
    """Answers uploads as ct.Gateway, and questions after them: that the delivery is not written yet, once, a summary
    and a terugmelding."""
    asked = set()

    def do_GET(self):
        is_feedback = self.path.endswith("/terugmelding")
        is_first = (self.server.server_address, self.path) not in self.asked
        self.asked.add((self.server.server_address, self.path))
        self.send(*((200, {"Content-Type": "text/csv"}, b"regel;uitkomst\n2;nieuw\n") if is_feedback else
                    (200, {}, b'{"leveringsid": "x", "bestuur": "99901", "status": "ontvangen"}') if is_first else
                    summary(self)))


def client(data, answer, *, token="0123456789abcdef", url=None, name="leraren.csv", sequence="1"):
    """Runs docs/leverancier/lever.py against a server that answers as answer does. Its end, and what the server saw."""
    (data / name).write_text("bsn\n1\n")
    front = ct.Front(data, answer)
    front.server.RequestHandlerClass = Office
    with front:
        done = ct.run(sys.executable, CLIENT, url or front.url, "99901", "MUTATIE", sequence, "2018-06-29", data / name,
                      env=os.environ | {"INSTROOM_TOKEN": token})
    return done, front.server.seen


def example_client(data):
    """What is copied by every supplier must bear what a network answers."""
    done, seen = client(data, take)
    expect("the client delivers", done, 0, "2;nieuw")
    check("and says what there is to say of the delivery itself", "LR-R06: Er vervalt een." in done.stderr, done)
    done, seen = client(data, take, sequence="9223372036854775807")
    expect("with the greatest volgnummer", done, 0)
    check("under a leveringsid of the right form",
          [path for _, path, _ in seen if re.search("[?&]leveringsid=[A-Za-z0-9-]{16,36}(&|$)", path)], seen)
    done, seen = client(data, take, token="\ufeff0123456789abcdef\r\n", name="LERAREN.XML")
    expect("also xml, and with a token as Notepad keeps it", done, 0)
    check("as what they are", [(one["Authorization"], one["Content-Type"]) for *_, one in seen] ==
          [("Bearer 0123456789abcdef", "application/xml")], seen)
    for after in ("Thu, 01 Jan 1970 00:00:00 GMT", "-5", "0", "gisteren"):
        def busy(gateway, number, body, after=after):
            return (503, {"Retry-After": after}, b"<html>") if number == 0 else gateway.receipt(body)
        done, seen = client(data, busy)
        expect(f"Retry-After: {after}", done, 0)
        check("is asked again", len(seen) == 2, len(seen))
    done, seen = client(data, lambda *_: (503, {"Retry-After": "99999999999"}, b""))
    expect("who is asked to wait for years does not", done, 2, "503: ")
    done, seen = client(data, lambda gateway, number, body: (502, {"Retry-After": "0"}, b"<html>") if number == 0
                        else gateway.receipt(body))
    expect("a proxy's 502 passes", done, 0)
    for status in (301, 302, 303, 307, 308):
        done, seen = client(data, lambda *_, status=status: (status, {"Location": "http://127.0.0.1:1/x"}, b""))
        expect(f"{status} is not followed: the token would go with it", done, 2, f"{status}: er wordt doorgestuurd")
    for told in ((202, {"Content-Type": "text/html"}, b"<html>"), (202, {}, b""), (202, {}, b"\x1f\x8b\xff"),
                 (202, {}, b'{"leveringsid": "x"'), (202, {}, b"[]"), (200, {}, b'"x"'), (401, {}, b"<html>"),
                 (422, {}, b"\xff"), (413, {}, b'{"detail": 7}')):
        done, seen = client(data, lambda *_, told=told: told)
        expect(f"{told} is no receipt", done, 2, "niet ")
        check("and says so in a sentence", "Traceback" not in done.stderr, done.stderr)
    for url, token in (("gateway", "x"), ("http://a b", "x"), ("ftp://127.0.0.1", "x"), (None, "a\nb"),
                       (None, "\u20ac")):
        done, seen = client(data, take, url=url, token=token)
        expect(f"{url} {token!r} is a setting", done, 2, "is geen adres")


def main():
    data = Path(tempfile.mkdtemp(prefix="instroom-deliver-"))
    try:
        (data / "token").touch(0o600)
        (data / "token").write_text("0123456789abcdef\n")
        signed_tokens(data)
        answers_on_the_way(data)
        xml(data)
        odd_names(data)
        mistyped(data)
        half_files(data)
        example_client(data)
    finally:
        shutil.rmtree(data)
    print(f"{ct.results['passed']} passed, {ct.results['failed']} failed")
    return 1 if ct.results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
