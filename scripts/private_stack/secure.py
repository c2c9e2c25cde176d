"""secure: what makes a private stack a secured one: a CA and certificates of its own, passwords, and the rights of
deploy/kafka-acls.txt. All of it lies in DIR/pki of the stack and goes with it.
"""
import hashlib
import os
import secrets
import ssl
import subprocess

from .places import CHECKOUT, StackError, give_to

ADMIN = "admin"
MECHANISMS = {"scram": "SCRAM-SHA-512", "plain": "PLAIN", "mtls": ""}
SERVERS = ("kafka", "postgres", "redis", "gateway")
HERE = "DNS:localhost,IP:127.0.0.1"
USERS = ("instroom-gateway", "instroom-validate", "instroom-write", "instroom-ctl", "instroom-keda")
# of the cache, and no more (common/redis/redis_script.c)
REDIS_COMMANDS = ("eval evalsha script|load unlink auth hello ping get set del exists hget hset hmget hdel hkeys "
                  "hincrby cluster|slots asking")


def openssl(folder, *words):
    done = subprocess.run(["openssl", *map(str, words)], cwd=folder, check=False, capture_output=True, text=True,
                          umask=0o077)
    if done.returncode != 0:
        raise StackError(f"openssl {words[0]}: {done.stderr.strip()}")


def acl_rows(generation=None):
    """[(user, kind, name, operation)] of the table; of another generation its topics, and groups of its own."""
    rows = []
    for line in (CHECKOUT / "deploy/kafka-acls.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            user, kind, name, *operations = line.split()
            if generation is not None:
                name = f"{name[:-1]}{generation}" if kind == "topic" else f"{name}-{generation}"
            rows += [(user, kind, name, operation) for operation in operations]
    return rows


class Pki:
    """The CA of one stack. Keys belong to us and are 0600; those of servers to the user of the servers."""

    def __init__(self, folder, user=None):
        self.dir, self.user = folder, user
        self.ca = folder / "ca.crt"

    def make(self):
        if (self.dir / "made").exists():
            return
        self.dir.mkdir(mode=0o755, exist_ok=True)
        self.make_ca("ca")
        for name in SERVERS:
            self.sign(name, HERE)
        for name in (ADMIN, *USERS):
            self.sign(name)
        self.keep("kafka-clients.pem", self.path("kafka.pem").read_text())
        for name in (ADMIN, *USERS, "redis"):
            self.keep(f"{name}.password", secrets.token_hex(24))
        (self.dir / "made").touch()

    def make_ca(self, name):
        openssl(self.dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", 30, "-subj", f"/CN={name}")
        (self.dir / f"{name}.crt").chmod(0o644)

    def sign(self, name, names=None, ca="ca", days=30):
        """NAME.crt, NAME.key (PKCS 8) and NAME.pem with both. names: subjectAltName of a server; else a client."""
        openssl(self.dir, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.dir / f"{name}.ext").write_text("basicConstraints=CA:FALSE\n" +
                                              (f"subjectAltName={names}\n" if names else "") +
                                              f"extendedKeyUsage=clientAuth{',serverAuth' if names else ''}\n")
        openssl(self.dir, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key",
                "-CAcreateserial", "-days", days, "-out", f"{name}.crt", "-extfile", f"{name}.ext")
        (self.dir / f"{name}.crt").chmod(0o644)
        self.keep(f"{name}.pem", (self.dir / f"{name}.key").read_text() + (self.dir / f"{name}.crt").read_text())
        for part in ("csr", "ext"):
            (self.dir / f"{name}.{part}").unlink()
        if name in SERVERS[:3]:
            for part in ("key", "crt"):
                give_to(self.user, self.dir / f"{name}.{part}")

    def keep(self, name, text):
        path = self.dir / name
        part = path.with_name(path.name + ".part")
        with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        if name.startswith(("kafka", "postgres", "redis.")) and not name.endswith(".password"):
            give_to(self.user, part)
        part.replace(path)
        return path

    def path(self, name):
        return self.dir / name

    def password(self, name):
        return (self.dir / f"{name}.password").read_text()

    def context(self, cert=None):
        """Of a client that checks the server by this CA; cert: ours, by name."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if cert:
            context.load_cert_chain(self.dir / f"{cert}.pem")
        return context


def server_properties(pki, variant):
    """Of a broker: its listener CLIENTS, and CONTROLLER by mutual TLS."""
    module = "org.apache.kafka.common.security"
    plain = {ADMIN: pki.password(ADMIN)} | ({user: pki.password(user) for user in USERS} if variant == "plain" else {})
    users = " ".join(f'user_{user}="{password}"' for user, password in plain.items())
    properties = {
        "listener.security.protocol.map": f"CLIENTS:{'SSL' if variant == 'mtls' else 'SASL_SSL'},CONTROLLER:SSL",
        "inter.broker.listener.name": "CLIENTS",
        "ssl.keystore.type": "PEM", "ssl.keystore.location": pki.path("kafka.pem"),
        "ssl.truststore.type": "PEM", "ssl.truststore.location": pki.ca,
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
        "listener.name.controller.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:kafka",
        "allow.everyone.if.no.acl.found": "false",
        # what clients see may differ from what broker and controller see of each other
        "listener.name.clients.ssl.keystore.type": "PEM",
        "listener.name.clients.ssl.keystore.location": pki.path("kafka-clients.pem"),
    }
    if variant == "mtls":
        return properties | {"listener.name.clients.ssl.client.auth": "required"}
    return properties | {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config":
            f'{module}.plain.PlainLoginModule required username="{ADMIN}" password="{plain[ADMIN]}" {users};',
        "listener.name.clients.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
    }


def salted(password, salt, iterations):
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
