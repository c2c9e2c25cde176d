#!/usr/bin/python3
"""Who speaks, by signed tokens and client certificates: one gateway without its servers, which shows by 403 that it
believes a proof (nobody has a mandate here) and by 401 that it does not, and an issuer on loopback.

  1. each token of tests/unit/signed_tokens.json gets its status, its reason in WWW-Authenticate, and its metric
  2. keys from the issuer's address: changed overnight, the issuer away, unknown keys in a flood, a redirect, too large
     a document, a certificate of somebody else
  3. keys from a file that changes
  4. settings that cannot be meant end the start
  5. certificates by the gateway's own TLS, and handed on by a front in Client-Cert over a Unix socket; and that header
     from those who are no front
"""
import base64
import hmac
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("INSTROOM_BUILD_DIR", ROOT / "build" / "dev")).absolute()
GATEWAY = BUILD / "workers/gateway/instroom-gateway"
PATIENCE_S = 120
FLOOD = 10000
STAND = "/v1/besturen/99901/stand"
ISSUER, AUDIENCE = "https://issuer.example", "https://instroom.example"
LEVELS = "urn:etoegang:core:assurance-class:loa3,urn:etoegang:core:assurance-class:loa4"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# What 503 says of other things: the issuer's key, a list of certificates, memory, the register.
OTHERS_503 = ("sleutel", "certificaat", "ruimte", "register")
passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print(f"FAILED {what}" + (f": {seen}" if seen != "" else ""), flush=True)


def until(holds, wait_s=PATIENCE_S):
    deadline = time.monotonic() + wait_s
    while not (seen := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *map(str, words)], input=data, check=False, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words}: {done.stderr.decode()}")
    return done.stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- keys and tokens ---

class Key:
    def __init__(self, folder, name, alg):
        self.name, self.alg, self.path = name, alg, folder / f"{name}.pem"
        kind, option = ("EC", "ec_paramgen_curve:P-256") if alg == "ES256" else ("RSA", "rsa_keygen_bits:2048")
        openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", self.path)
        self.path.chmod(0o600)
        self.public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def jwk(self, **more):
        if self.alg == "ES256":
            point = self.public[-64:]
            own = {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}
        else:
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().partition("=")[2]
            own = {"kty": "RSA", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        return {"kid": self.name, "alg": self.alg, "use": "sig"} | own | more

    def sign(self, data, alg=None):
        is_pss = (alg or self.alg) == "PS256"
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if is_pss else []
        signature = openssl("dgst", "-sha256", "-sign", self.path, *pss, data=data)
        return raw_of(signature) if self.alg == "ES256" else signature


def raw_of(der):
    """r and s of a signature in DER, 32 bytes each."""
    at, out = 2, b""
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


class Keys:
    def __init__(self, folder):
        self.named = {name: Key(folder, name, alg) for name, alg in (("rsa-1", "RS256"), ("pss-1", "PS256"),
                                                                     ("ec-1", "ES256"), ("stranger", "RS256"))}

    def document(self):
        password = {"kty": "oct", "kid": "oct-1", "k": b64(self.named["rsa-1"].public)}
        return [self.named[name].jwk() for name in ("rsa-1", "pss-1", "ec-1")] + [
            password, self.named["rsa-1"].jwk(kid="enc-1", use="enc")]

    def signature(self, how, data):
        if how == "none":
            return b""
        if how == "hmac":
            return hmac.digest(self.named["rsa-1"].public, data, "sha256")
        name, _, alg = how.partition(" as ")
        return self.named[name].sign(data, alg or None)


def part(given, usual):
    if isinstance(given, str):
        text = given
    else:
        merged = usual | (given or {})
        text = json.dumps({name: value for name, value in merged.items()
                           if not (name in (given or {}) and value is None)}, separators=(",", ":"))
    return re.sub(r'"@(-?\d+)"', lambda found: str(int(time.time()) + int(found[1])), text)


def usual_header():
    return {"typ": "at+jwt", "alg": "RS256", "kid": "rsa-1"}


def usual_content():
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "RKyLpEVr1L", "exp": "@300", "iat": "@-10",
            "acr": "urn:etoegang:core:assurance-class:loa3",
            "represents": {"sub": "01234567", "sub_id_type": "urn:etoegang:1.9:EntityConcernedID:KvKnr",
                           "iss": "https://chain.example"}}


def edited(token, how):
    head, content, signature = token.split(".")
    at = 16
    if how == "loose bits":
        return token[:-1] + ALPHABET[(ALPHABET.index(token[-1]) + 1) % 64]
    return {
        "": token, "long content": token, "deep header": token,
        "dot at the end": token + ".", "dot in front": "." + token, "five parts": token + ".AAAA.AAAA",
        "no signature": f"{head}.{content}.", "padded header": f"{head}=.{content}.{signature}",
        "padded signature": token + "==", "other alphabet": f"{head}.{content}.+{signature[1:]}",
        "flipped signature": f"{head}.{content}.{signature[:8]}{'B' if signature[8:9] == 'A' else 'A'}{signature[9:]}",
        "flipped content": f"{head}.{content[:at]}{'B' if content[at] == 'A' else 'A'}{content[at + 1:]}.{signature}",
        "half signature": f"{head}.{content}.{signature[:172]}",
        "other header": f"{b64(json.dumps(dict(reversed(usual_header().items()))).encode())}.{content}.{signature}",
        "zero signature": f"{head}.{content}.{'A' * len(signature)}",
    }[how]


def token_of(keys, entry):
    how, content = entry.get("edit", ""), usual_content()
    if how == "long content":
        content["filler"] = "x" * 7000
    head = part(entry.get("header"), usual_header())
    if how == "deep header":
        head = head[:-1] + ',"deep":' + "[" * 1000 + "]" * 1000 + "}"
    data = f"{b64(head.encode())}.{b64(part(entry.get('content'), content).encode())}"
    return edited(f"{data}.{b64(keys.signature(entry.get('sign', 'rsa-1'), data.encode()))}", how)


def simple_token(key):
    return token_of_key(key, key.name)


def token_of_key(key, name):
    data = f"{b64(json.dumps(usual_header() | {'kid': name}).encode())}.{b64(part({}, usual_content()).encode())}"
    return f"{data}.{b64(key.sign(data.encode()))}"


def token_of_content(key, content):
    """A good token but for these members; None: without it."""
    data = (f"{b64(json.dumps(usual_header() | {'alg': key.alg, 'kid': key.name}).encode())}."
            f"{b64(part(content, usual_content()).encode())}")
    return f"{data}.{b64(key.sign(data.encode()))}"


# --- the issuer ---

class Issuer:
    """Shows keys over HTTPS, and counts who asks."""

    def __init__(self, folder, port=0):
        self.keys, self.asked, self.paths, self.answer = [], 0, [], None
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                issuer.paths.append(self.path)
                status, headers, body = issuer.answer or (200, {}, json.dumps({"keys": issuer.keys}).encode())
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:  # who asked has enough
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "issuer.crt", folder / "issuer.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}/keys"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def make_ca(folder, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            folder / f"{name}.key", "-out", folder / f"{name}.crt", "-subj", f"/CN={name}", "-days", "30",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_certificate(folder, name, ca, subject, extensions, *more):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
            "-out", folder / f"{name}.csr", "-subj", subject)
    (folder / f"{name}.ext").write_text(extensions)
    openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.crt", "-CAkey", folder / f"{ca}.key",
            "-CAcreateserial", "-out", folder / f"{name}.crt", "-extfile", folder / f"{name}.ext",
            *(more or ("-days", "30")))


# --- the gateway ---

def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("gateway", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


class Gateway:
    def __init__(self, folder, umask=0o077, **settings):
        self.port, self.folder, self.tls, self.socket = free_port(), folder, None, None
        stand_key, tokens = folder / "stand.key", folder / "tokens"
        for file, text in ((stand_key, "ab" * 32), (tokens, "one-of-the-tokens-file 99901\n")):
            file.write_text(text)
            file.chmod(0o600)
        given = {"listen": f"127.0.0.1:{self.port}", "stand.key.file": stand_key, "tokens.file": tokens,
                 "kafka.brokers": "127.0.0.1:1", "pg.conninfo": "host=127.0.0.1 port=1 connect_timeout=1",
                 "jwt.issuer": ISSUER, "jwt.audience": AUDIENCE, "jwt.acr": LEVELS}
        given |= {name.replace("__", "."): value for name, value in settings.items()}
        self.log_file = folder / "gateway.log"
        with open(self.log_file, "wb") as log:
            words = [f"--{name}={value}" for name, value in given.items() if value != ""]
            self.process = subprocess.Popen([GATEWAY, *words], stdout=log, stderr=log, umask=umask)

    def __enter__(self):
        if not until(self.is_listening):
            raise RuntimeError(f"the gateway does not listen: {self.log()}")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_file.read_text(errors="replace")

    def is_listening(self):
        try:
            if self.socket:
                UnixConnection(self.socket).connect()
            else:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return self.process.poll() is not None and "ended"

    def connection(self):
        if self.socket:
            return UnixConnection(self.socket)
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, token, connection=None, headers=()):
        """Status, reason in WWW-Authenticate, sentence, seconds of Retry-After."""
        own = connection or self.connection()
        own.putrequest("GET", STAND)
        for name, value in [*([("Authorization", f"Bearer {token}")] if token else []), *headers]:
            own.putheader(name, value)
        own.endheaders()
        answer = own.getresponse()
        body = answer.read()
        if not connection:
            own.close()
        reason = re.search(r'error_description="(\w+)"', answer.headers.get("WWW-Authenticate") or "")
        detail = json.loads(body)["detail"] if answer.headers["Content-Type"] == "application/problem+json" else ""
        # who is believed hears 503 of a gateway that never had access data, as it has no Kafka here
        is_undecided = answer.status == 503 and not any(word in detail for word in OTHERS_503)
        status = 403 if is_undecided else answer.status
        return status, reason[1] if reason else "", detail, answer.headers.get("Retry-After")

    def status(self, token):
        return self.ask(token)[0]

    def metrics(self):
        own = self.connection()
        own.request("GET", "/metrics")
        text = own.getresponse().read().decode()
        own.close()
        return {name.replace('{stage="gateway"}', "").replace('stage="gateway",', ""): float(value)
                for name, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))}


# --- 1. the table ---

def refuses_each_token_of_the_table(folder, keys):
    table = json.loads((ROOT / "tests/unit/signed_tokens.json").read_text())["tokens"]
    path = folder / "keys.json"
    path.write_text(json.dumps({"keys": keys.document()}))
    refused = 0
    with Gateway(folder, jwt__keys__file=path) as gateway:
        for entry in table:
            answer, before = entry["answer"], gateway.metrics()
            status, reason, detail, _ = gateway.ask(token_of(keys, entry))
            if answer == "good":
                check(f"{entry['why']}: believed", (status, reason) == (403, ""), (status, reason))
                continue
            refused += 1
            check(f"{entry['why']}: status and reason", (status, reason) == (401, answer), (status, reason))
            check(f"{entry['why']}: a sentence", "helpdesk" in detail, detail)
            name = f'instroom_signed_tokens_refused_total{{reason="{answer}"}}'
            general = f'instroom_access_refused_total{{reason="{"expired" if answer == "expired" else "unknown"}"}}'
            after = gateway.metrics()
            check(f"{entry['why']}: metrics", all(after[one] == before[one] + 1 for one in (name, general)))
        check("forty at least are refused", refused >= 40, refused)
        check("a token of the tokens file still opens its board", gateway.status("one-of-the-tokens-file") == 503)
        check("what has two dots is no token of that file", gateway.ask("a.b.c")[:2] == (401, "form"))
        log = gateway.log()
        check("no subject in the log", "RKyLpEVr1L" not in log)
    with Gateway(folder, jwt__issuer="") as gateway:
        check("without jwt.issuer none is believed",
              gateway.ask(token_of(keys, {}))[1] == "")


# --- 2. the issuer's address ---

def follows_keys_that_change_overnight(folder, keys):
    old, new = keys.named["rsa-1"], Key(folder, "rsa-2", "RS256")
    issuer = Issuer(folder)
    issuer.keys = [old.jwk()]
    settings = {"jwt__keys__url": issuer.url, "jwt__keys__ca__file": folder / "ca.crt", "jwt__keys__pause": "1s"}
    with Gateway(folder, **settings) as gateway:
        check("a token of the first key", until(lambda: gateway.status(simple_token(old)) == 403))
        issuer.keys = [new.jwk()]
        seen = gateway.ask(simple_token(new))
        check("a new key: not now, unknown within the pause, or already believed",
              seen[0] == 403 or seen[:2] == (401, "key") or (seen[0], seen[3]) == (503, "5"), seen)
        check("a token of the new key", until(lambda: gateway.status(simple_token(new)) == 403))
        check("a key that was taken back", gateway.status(simple_token(old)) in (401, 503))

        port = issuer.port
        issuer.end()
        check("the issuer away: what is known goes on", gateway.status(simple_token(new)) == 403)
        check("the issuer away: of an unknown key nothing is known",
              until(lambda: gateway.status(simple_token(old)) == 503))
        check("it is counted", until(lambda: gateway.metrics()["instroom_issuer_keys_failed_total"] >= 1))
        check("and still goes on", gateway.status(simple_token(new)) == 403)
        check("the age of the keys is a metric", gateway.metrics()["instroom_issuer_keys_age_seconds"] >= 0)
        issuer = Issuer(folder, port)
        issuer.keys = [new.jwk(), old.jwk()]
        check("the issuer back with both keys", until(lambda: gateway.status(simple_token(old)) == 403))
        issuer.answer = (200, {}, b"{}")
        gateway.process.send_signal(signal.SIGHUP)
        check("a document without keys leaves the last one in use",
              until(lambda: "none of" in gateway.log() or "no JWKS" in gateway.log()) and
              gateway.status(simple_token(old)) == 403)
    issuer.end()


def asks_once_for_a_flood_of_unknown_keys(folder, keys):
    issuer = Issuer(folder)
    issuer.keys = [keys.named["rsa-1"].jwk()]
    begin = time.monotonic()
    with Gateway(folder, jwt__keys__url=issuer.url, jwt__keys__ca__file=folder / "ca.crt") as gateway:
        check("the first key", until(lambda: gateway.status(simple_token(keys.named["rsa-1"])) == 403))
        check("asked once at the start", issuer.asked == 1, issuer.asked)
        connection, statuses = gateway.connection(), set()
        content, signature = b64(part({}, usual_content()).encode()), "A" * 342
        for number in range(FLOOD):
            head = b64(json.dumps(usual_header() | {"kid": f"made-up-{number}"}).encode())
            statuses.add(gateway.ask(f"{head}.{content}.{signature}", connection)[0])
        allowed = 1 + int((time.monotonic() - begin) / 60)
        check(f"{FLOOD} unknown keys ask the issuer no more than once a minute", issuer.asked <= allowed,
              (issuer.asked, allowed))
        check("they are refused", statuses <= {401, 503} and (401 in statuses or allowed > 1), statuses)
        check("and counted", gateway.metrics()['instroom_signed_tokens_refused_total{reason="key"}'] >= FLOOD)
        check("the known key goes on", gateway.status(simple_token(keys.named["rsa-1"])) == 403)
    issuer.end()


def believes_no_other_answer(folder, keys):
    issuer = Issuer(folder)
    good = json.dumps({"keys": [keys.named["rsa-1"].jwk()]}).encode()
    token = simple_token(keys.named["rsa-1"])
    settings = {"jwt__keys__url": issuer.url, "jwt__keys__ca__file": folder / "ca.crt", "jwt__keys__pause": "1s"}
    for what, answer in (("a redirect", (302, {"Location": issuer.url + "/elsewhere"}, good)),
                         ("a failure with keys in it", (500, {}, good)),
                         ("a document too large", (200, {}, b" " * 300000 + good))):
        issuer.answer = answer
        with Gateway(folder, **settings) as gateway:
            check(f"{what} is counted", until(lambda: gateway.metrics()["instroom_issuer_keys_failed_total"] >= 1))
            check(f"{what} brings no keys", gateway.status(token) == 503)
    check("redirects are not followed", set(issuer.paths) == {"/keys"}, set(issuer.paths))
    issuer.answer = None
    counted = 'instroom_peer_failures_total{peer="issuer",cause="%s"}'
    for what, ca in (("of another CA", folder / "other-ca.crt"), ("of no CA of the system", "")):
        with Gateway(folder, **settings | {"jwt__keys__ca__file": ca}) as gateway:
            check(f"an issuer with a certificate {what} is not asked",
                  until(lambda: gateway.metrics()["instroom_issuer_keys_failed_total"] >= 1))
            check(f"nor believed: {what}", gateway.status(token) == 503)
            check("its cause is counted and logged", gateway.metrics()[counted % "ca"] >= 1 and
                  'code="issuer-away" cause=ca' in gateway.log())
    with Gateway(folder, **settings | {"jwt__keys__url": issuer.url.replace("127.0.0.1", "localhost")}) as gateway:
        check("nor one with a certificate for another name",
              until(lambda: gateway.metrics()["instroom_issuer_keys_failed_total"] >= 1))
        check("which is another cause", gateway.metrics()[counted % "certificate-name"] >= 1)
    issuer.end()


# --- 3. a file ---

def reads_a_file_that_changes(folder, keys):
    old, new, path = keys.named["rsa-1"], keys.named["stranger"], folder / "keys.json"

    def write(text):
        (folder / "next.json").write_text(text)
        os.rename(folder / "next.json", path)

    write(json.dumps({"keys": [old.jwk()]}))
    with Gateway(folder, jwt__keys__file=path) as gateway:
        check("a key of the file", gateway.status(simple_token(old)) == 403)
        check("a key that is not in it", gateway.ask(simple_token(new))[:2] == (401, "key"))
        write(json.dumps({"keys": [new.jwk()]}))
        check("the file is another", until(lambda: gateway.status(simple_token(new)) == 403))
        check("what it does not have any more", gateway.status(simple_token(old)) == 401)
        write("{")
        check("a file that is none is logged", until(lambda: "issuer-keys.failed" in gateway.log()))
        check("and what was read before stays", gateway.status(simple_token(new)) == 403)


# --- 4. settings ---

def refuses_settings_that_cannot_be_meant(folder, _):
    path = folder / "keys.json"
    for what, settings in (("no audience", {"jwt__audience": "", "jwt__keys__file": path}),
                           ("no keys", {}),
                           ("keys twice", {"jwt__keys__file": path, "jwt__keys__url": "https://127.0.0.1:1/"}),
                           ("plain HTTP to elsewhere", {"jwt__keys__url": "http://issuer.example/keys"}),
                           ("another scheme", {"jwt__keys__url": "file:///etc/passwd"}),
                           ("an address that only looks near", {"jwt__keys__url": "http://127.0.0.1.example/keys"}),
                           ("a password that looks near", {"jwt__keys__url": "http://127.0.0.1:1@issuer.example/keys"}),
                           ("an algorithm that is none", {"jwt__keys__file": path, "jwt__algorithms": "HS256"}),
                           ("no such file", {"jwt__keys__file": folder / "none.json"})):
        gateway = Gateway(folder, **settings)
        try:
            check(f"{what}: wrong settings", gateway.process.wait(PATIENCE_S) == 78, gateway.process.returncode)
        except subprocess.TimeoutExpired:
            check(f"{what}: the gateway starts", False)
        gateway.__exit__()


# --- 5. certificates ---

OIN = "00000099000000001000"
CLIENT = "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE"


def make_client_certificates(folder):
    subject = f"/CN=sender/serialNumber={OIN}"
    make_ca(folder, "clients")
    make_certificate(folder, "between", "clients", "/CN=between", "basicConstraints=critical,CA:TRUE")
    for name, ca, who, usage, *more in (
            ("good", "clients", subject, CLIENT), ("renewed", "clients", subject, CLIENT),
            ("expired", "clients", subject, CLIENT, "-days", "-1"), ("stranger", "other-ca", subject, CLIENT),
            ("nameless", "clients", "/CN=sender", CLIENT),
            ("short", "clients", "/CN=sender/serialNumber=0000009900000000100", CLIENT),
            ("double", "clients", subject + "/serialNumber=00000099000000002000", CLIENT),
            ("server", "clients", subject, CLIENT.replace("client", "server")),
            ("revoked", "clients", subject, CLIENT), ("below", "between", subject, CLIENT)):
        make_certificate(folder, name, ca, who, usage, *more)
    (folder / "ca.conf").write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={folder}/index\ncrlnumber={folder}/number\n"
                                    f"default_md=sha256\ndefault_crl_days=30\n")
    (folder / "index").write_text("")
    (folder / "number").write_text("01\n")
    ca = ["ca", "-config", folder / "ca.conf", "-cert", folder / "clients.crt", "-keyfile", folder / "clients.key"]
    openssl(*ca, "-revoke", folder / "revoked.crt")
    openssl(*ca, "-gencrl", "-out", folder / "clients.crl")


CERTIFICATES = (("good", 403, ""), ("renewed", 403, ""), ("expired", 401, "certificate_expired"),
                ("stranger", 401, "certificate_authority"), ("nameless", 401, "certificate_oin"),
                ("short", 401, "certificate_oin"), ("double", 401, "certificate_oin"),
                ("server", 401, "certificate_authority"), ("revoked", 401, "certificate_revoked"),
                ("below", 401, "certificate_authority"))


def client_context(folder, name=None):
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    if name:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def binary(folder, name):
    der = openssl("x509", "-in", folder / f"{name}.crt", "-outform", "DER")
    return f":{base64.b64encode(der).decode()}:"


def expect_certificate(gateway, name, expected, headers=()):
    before = gateway.metrics()
    status, reason, detail, _ = gateway.ask(None, headers=headers)
    check(f"certificate {name}", (status, reason) == expected, (status, reason, detail))
    if expected[1]:
        metric = f'instroom_client_certificates_refused_total{{reason="{expected[1]}"}}'
        check(f"certificate {name}: metric", gateway.metrics()[metric] == before[metric] + 1)
        check(f"certificate {name}: a sentence", "certificaat" in detail, detail)


def believes_certificates_of_its_own_tls(folder, _):
    settings = {"tls__cert__file": folder / "issuer.crt", "tls__key__file": folder / "issuer.key", "jwt__issuer": ""}
    believed = {"tls__client__ca__file": folder / "clients.crt", "tls__client__crl__file": folder / "clients.crl"}
    with Gateway(folder, **settings, **believed | {"tls__client__crl__file": ""}) as gateway:
        gateway.tls = client_context(folder, "revoked")
        expect_certificate(gateway, "revoked, without a list", (403, ""))
        (folder / "chain.crt").write_text((folder / "below.crt").read_text() + (folder / "between.crt").read_text())
        shutil.copy(folder / "below.key", folder / "chain.key")
        gateway.tls = client_context(folder, "chain")
        expect_certificate(gateway, "with the one between", (403, ""))
    with Gateway(folder, **settings, **believed) as gateway:
        for name, *expected in CERTIFICATES:
            gateway.tls = client_context(folder, name)
            expect_certificate(gateway, name, tuple(expected))
        gateway.tls = client_context(folder)
        check("no certificate", gateway.ask(None)[:2] == (401, ""))
        check("no certificate, but a token", gateway.status("one-of-the-tokens-file") == 503)
        gateway.tls = client_context(folder, "good")
        check("a token speaks alone", gateway.status("no-token-of-that-file") in (401, 403))
        before = gateway.metrics()
        check("Client-Cert of a client is refused",
              gateway.ask(None, headers=[("Client-Cert", binary(folder, "renewed"))])[0] == 400)
        metric = 'instroom_client_certificates_refused_total{reason="certificate_header"}'
        check("and counted", gateway.metrics()[metric] == before[metric] + 1)
        connection = gateway.connection()
        check("two requests of one connection", [gateway.ask(None, connection)[0] for _ in range(2)] == [403, 403])
    with Gateway(folder, **settings) as gateway:
        gateway.tls = client_context(folder, "good")
        check("where none is believed, none is asked for", gateway.ask(None)[:2] == (401, ""))
        check("and the header says nothing",
              gateway.ask(None, headers=[("Client-Cert", binary(folder, "good"))])[:2] == (401, ""))


def believes_a_front_behind_its_own_socket(folder, _):
    path = str(folder / "front")
    settings = {"listen": f"unix:{path}", "tls__client__ca__file": folder / "clients.crt",
                "tls__client__crl__file": folder / "clients.crl", "jwt__issuer": ""}
    gateway = Gateway(folder, umask=0o007, **settings)
    gateway.socket = path
    with gateway:
        for name, *expected in CERTIFICATES:
            expect_certificate(gateway, f"{name}, by a front", tuple(expected),
                               [("Client-Cert", binary(folder, name))])
        good, below, between = (binary(folder, name) for name in ("good", "below", "between"))
        for what, headers, expected in (
                ("nothing", [], (401, "")),
                ("twice", [("Client-Cert", good), ("Client-Cert", good)], (400, "")),
                ("a list", [("Client-Cert", f"{good}, {good}")], (401, "certificate_form")),
                ("no binary", [("Client-Cert", good.strip(":"))], (401, "certificate_form")),
                ("an empty one", [("Client-Cert", "::")], (401, "certificate_form")),
                ("nothing in it", [("Client-Cert", "")], (401, "certificate_form")),
                ("no certificate", [("Client-Cert", ":YWJj:")], (401, "certificate_form")),
                ("half of one", [("Client-Cert", good[:401] + ":")], (401, "certificate_form")),
                ("with parameters", [("Client-Cert", good + ";a=1")], (401, "certificate_form")),
                ("with its chain", [("Client-Cert", below), ("Client-Cert-Chain", f"{between}, {between}")], None),
                ("with a chain in two lines", [("Client-Cert", below), ("Client-Cert-Chain", good),
                                               ("Client-Cert-Chain", between)], None),
                ("with half a chain", [("Client-Cert", good), ("Client-Cert-Chain", between[:-1])],
                 (401, "certificate_form")),
                ("a chain alone", [("Client-Cert-Chain", good)], (401, ""))):
            seen = gateway.ask(None, headers=headers)[:2]
            # of the CA between there is no list: so far it came, and no further
            check(f"Client-Cert: {what}", seen == expected or (expected is None and seen == (503, "")), seen)
    for what, umask, wrong in (("a socket that all may open", 0, {}),
                               ("neither TLS nor a socket", 0o077, {"listen": f"127.0.0.1:{free_port()}"}),
                               ("no CAs", 0o077, {"tls__client__ca__file": folder / "good.key"}),
                               ("no list", 0o077, {"tls__client__crl__file": folder / "good.crt"})):
        gateway = Gateway(folder, umask=umask, **settings | wrong)
        try:
            check(f"{what}: wrong settings", gateway.process.wait(PATIENCE_S) == 78, gateway.process.returncode)
        except subprocess.TimeoutExpired:
            check(f"{what}: the gateway starts", False)
        gateway.__exit__()


def main():
    folder = Path(tempfile.mkdtemp(prefix="instroom-proofs-"))
    try:
        keys = Keys(folder)
        make_ca(folder, "ca")
        make_ca(folder, "other-ca")
        make_certificate(folder, "issuer", "ca", "/CN=issuer", "subjectAltName=IP:127.0.0.1")
        make_client_certificates(folder)
        for test in (refuses_each_token_of_the_table, follows_keys_that_change_overnight,
                     asks_once_for_a_flood_of_unknown_keys, believes_no_other_answer, reads_a_file_that_changes,
                     refuses_settings_that_cannot_be_meant,
                     believes_certificates_of_its_own_tls, believes_a_front_behind_its_own_socket):
            begin = time.monotonic()
            test(folder, keys)
            print(f"    {test.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    sys.exit(main())
