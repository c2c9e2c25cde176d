"""proofs: who speaks at the gateway beside the holder of a token of its file: parties with mandates, by a token of
their own, a signed one or a client certificate; and an issuer on loopback whose keys are read from a file or by HTTPS.
"""
import secrets
import ssl
import sys

from . import work

TESTS = work.TESTS
sys.path.insert(0, str(TESTS / "integration"))
import proofs_test as own  # noqa: E402  its CA, certificates, keys and issuer

PARTY, COMPANY = "kantoor", "01234567"  # as the usual signed token represents it
STAND = f"/v1/besturen/{work.BOARD}/stand"


class Proofs:
    def __init__(self, machine):
        self.machine = machine
        self.dir = machine.workers.dir / "proofs"
        self.dir.mkdir(mode=0o700)
        for name in ("ca", "other-ca"):
            own.make_ca(self.dir, name)
        for name in ("issuer", "gateway"):
            own.make_certificate(self.dir, name, "ca", f"/CN={name}", "subjectAltName=IP:127.0.0.1")
        own.make_client_certificates(self.dir)
        self.key = own.Key(self.dir, "ec-1", "ES256")
        self.keys = self.dir / "keys.json"
        self.keys.write_text(own.json.dumps({"keys": [self.key.jwk()]}))
        self.issuer = own.Issuer(self.dir)
        self.issuer.keys = [self.key.jwk()]
        self.token = ""

    def end(self):
        self.issuer.end()

    def make_parties(self):
        """With a mandate for everything; the register is new."""
        for words in (("party", "add", PARTY, f"KVK:{COMPANY}"), ("number", "add", PARTY, f"OIN:{own.OIN}"),
                      *(("mandate", "give", work.BOARD, PARTY, service, "--given-by", "directie")
                        for service in ("leveren", "inzien", "bevestigen")),
                      ("credential", "make", "token", PARTY, "--until", "2199-12-31")):
            done = self.machine.workers.ctl("access", *words, capture_output=True, text=True)
            if done.returncode != 0:
                raise work.WorkError(f"access {' '.join(words)}: {done.stderr}")
        self.token = done.stdout.strip()

    def settings(self):
        """Of a gateway that reads the issuer's keys from a file."""
        return {"jwt.issuer": own.ISSUER, "jwt.audience": own.AUDIENCE, "jwt.keys.file": self.keys}

    def tls_settings(self):
        """Of one with TLS of its own, which asks for certificates and fetches the issuer's keys."""
        return {"jwt.issuer": own.ISSUER, "jwt.audience": own.AUDIENCE, "jwt.keys.url": self.issuer.url,
                "jwt.keys.ca.file": self.dir / "ca.crt", "jwt.keys.pause": "1s", "jwt.keys.file": "",
                "tls.cert.file": self.dir / "gateway.crt", "tls.key.file": self.dir / "gateway.key",
                "tls.client.ca.file": self.dir / "clients.crt", "tls.client.crl.file": self.dir / "clients.crl"}

    def client(self):
        """TLS of a sender with a certificate, and one more that nobody asked for."""
        chain = self.dir / "chain.crt"
        chain.write_text((self.dir / "good.crt").read_text() + (self.dir / "between.crt").read_text())
        context = ssl.create_default_context(cafile=self.dir / "ca.crt")
        context.load_cert_chain(chain, self.dir / "good.key")
        return context

    def speakers(self, has_certificate):
        """[(name, header Authorization or None)] of those who may ask."""
        signed = own.token_of_content(self.key, {"exp": "@86400"})
        found = [("party", f"Bearer {self.token}"), ("signed", f"Bearer {signed}")]
        return found + ([("certificate", None)] if has_certificate else [])

    def strangers(self):
        """Those who may not: the issuer is asked for the key of the first again. What they hear depends on that."""
        return [f"Bearer {own.token_of_key(self.key, secrets.token_hex(8))}",
                f"Bearer {own.token_of_content(self.key, {'exp': '@-600'})}"]
