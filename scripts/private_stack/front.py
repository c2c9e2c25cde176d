"""front: the door for people of a private stack: Apache with the settings of deploy/front, and a provider of logins
with invented people. Both run on loopback, by TLS with a CA of their own, in DIR/front of the stack.

The provider is the npm package oidc-provider, fetched once into .run/front/npm.
"""
import json
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from . import secure
from .places import CHECKOUT, StackError, give_to, place
from .process import Process, children_of, wait_for_end_of

OIDC_PROVIDER = "8.8.1"  # the last that runs on Node.js 20
NODE_MIN = 18
NPM_S = 120  # without a network npm would try for minutes
MIME_TYPES = Path("/etc/mime.types")
HTTPD, MODULES = Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules")
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "alias", "dir", "env", "headers",
          "include", "mime", "proxy", "proxy_http", "reqtimeout", "rewrite", "ssl")
SOURCE = CHECKOUT / "deploy" / "front"
AUDIENCE = "https://instroom.example"
CLIENT, CLIENT_KEY_ID = "instroom-front", "front-1"
LOA = "urn:etoegang:core:assurance-class:loa"
LEVELS = f"{LOA}3,{LOA}4"
TOKEN_S = 900
# who may log in; kvk: for which party. Nobody of them exists
PEOPLE = {
    "anja": {"name": "Anja Voorbeeld", "kvk": "90000001", "acr": f"{LOA}3", "what": "voor een bestuur zelf"},
    "kees": {"name": "Kees Kantoor", "kvk": "90000002", "acr": f"{LOA}4", "what": "voor een administratiekantoor"},
    "laila": {"name": "Laila Laag", "kvk": "90000001", "acr": f"{LOA}2", "what": "voor een bestuur, op te laag niveau"},
    "piet": {"name": "Piet Particulier", "kvk": "", "acr": f"{LOA}3", "what": "voor niemand"},
}


def missing():
    """What this machine lacks for it; empty: nothing that cannot be fetched."""
    lacks = [str(path) for path in (HTTPD, MODULES / "mod_auth_openidc.so") if not path.exists()]
    lacks = ["apache2-bin libapache2-mod-auth-openidc (Debian)"] if lacks else []
    if not MIME_TYPES.exists():
        lacks.append(f"{MIME_TYPES} (Debian: media-types)")
    lacks += [word for word in ("node", "npm", "openssl") if shutil.which(word) is None]
    return lacks if "node" in lacks or node_version() >= NODE_MIN else [*lacks, f"node {NODE_MIN} or later"]


def node_version():
    """Its first number, 0 when it does not say."""
    done = subprocess.run(["node", "--version"], check=False, capture_output=True, text=True)
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found[1]) if found else 0


def npm_folder():
    """With the provider in it, fetched if it is not there yet."""
    folder = place("front") / "npm"
    mark = folder / f"whole-{OIDC_PROVIDER}"
    if not mark.exists():
        folder.mkdir(mode=0o755, exist_ok=True)
        try:
            done = subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
                                   "--fetch-retries", "0", "--fetch-timeout", "30000",
                                   f"oidc-provider@{OIDC_PROVIDER}"], check=False, capture_output=True, text=True,
                                  timeout=NPM_S)
        except subprocess.TimeoutExpired as error:
            raise StackError(f"npm could not fetch oidc-provider {OIDC_PROVIDER} in {NPM_S} s") from error
        if done.returncode != 0:
            raise StackError(f"npm could not fetch oidc-provider {OIDC_PROVIDER}: {done.stderr.strip()[-500:]}")
        mark.touch()
    return folder


class Door:
    """What provider and front share: their folder, names and certificates."""

    def __init__(self, stack):
        self.stack = stack
        self.dir = stack.dir / "front"
        self.pki = secure.Pki(self.dir, stack.user)
        # two names of this machine, so that to a browser they are two sites
        self.issuer = f"https://127.0.0.1:{stack.port('provider')}"
        self.address = f"https://localhost:{stack.port('front')}"

    def make(self):
        lacks = missing()
        if lacks:
            raise StackError(f"the front wants {', '.join(lacks)}")
        if (self.dir / "made").exists():
            return
        self.dir.mkdir(mode=0o755, exist_ok=True)
        give_to(self.stack.user, self.dir)
        self.pki.make_ca("ca")
        for name in ("front", "provider"):
            self.pki.sign(name, secure.HERE)
        secure.openssl(self.dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "client.key", "-out",
                       "client.crt", "-days", 30, "-subj", f"/CN={CLIENT}")
        self.pki.keep("passphrase", secrets.token_hex(32) + "\n")
        self.set_provider()
        for file in ("front.key", "front.crt", "provider.key", "provider.crt", "client.key", "client.crt",
                     "passphrase", "ca.crt"):
            give_to(self.stack.user, self.dir / file)
        (self.dir / "made").touch()

    def set_provider(self, **settings):
        """clock_s: how far its clock is ahead; token_s, login_s: how long access tokens and logins
        live; new_key: it signs with another."""
        given = {"issuer": self.issuer, "port": self.stack.port("provider"), "front": self.address, "client": CLIENT,
                 "client_key": CLIENT_KEY_ID, "audience": AUDIENCE, "token_s": TOKEN_S,
                 "login_s": TOKEN_S, "people": PEOPLE,
                 "cookie_key": secrets.token_hex(16), "npm": str(npm_folder())} | settings
        give_to(self.stack.user, self.pki.keep("provider.json", json.dumps(given, indent=1) + "\n"))

    def context(self):
        return self.pki.context()

    def gateway_settings(self):
        return {"jwt.issuer": self.issuer, "jwt.audience": AUDIENCE, "jwt.acr": LEVELS,
                "jwt.keys.url": f"{self.issuer}/jwks", "jwt.keys.ca.file": self.pki.ca, "jwt.keys.pause": "1s"}


class Server:
    def __init__(self, stack):
        self.stack, self.door = stack, Door(stack)
        self.dir = self.door.dir
        self.port = stack.port(self.name)

    def is_answering(self, url):
        try:
            with urllib.request.urlopen(url, timeout=2, context=self.door.context()) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def wait(self, wait_s):
        self.process.wait_until(self.is_ready, wait_s)

    def signal(self, number):
        return self.process.signal(number)

    def stop(self):
        return self.process.end(signal.SIGTERM, 10)

    def kill(self):
        return self.process.end(signal.SIGKILL, 10)

    @property
    def discard(self):
        return self.kill


class Provider(Server):
    name = "provider"

    def __init__(self, stack):
        super().__init__(stack)
        self.program = Path(__file__).resolve().parent / "provider.mjs"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.dir)

    def prepare(self):
        shutil.copy(self.program, self.dir / "provider.mjs")
        (self.dir / "provider.mjs").chmod(0o644)

    def start(self):
        self.process.start([shutil.which("node"), self.dir / "provider.mjs", self.dir], self.dir, self.stack.user)

    def is_ready(self):
        return self.is_answering(f"{self.door.issuer}/.well-known/openid-configuration")


class Front(Server):
    name = "front"

    def __init__(self, stack):
        super().__init__(stack)
        self.config = self.dir / "httpd.conf"
        self.gateway = f"http://127.0.0.1:{stack.gateway_port}"
        self.process = Process(self.name, stack.pid_file(self.name), stack.log_file(self.name), self.config)

    def defines(self):
        issuer, folder = self.door.issuer, self.dir
        return {
            "FRONT_NAME": self.door.address.partition("//")[2], "FRONT_PORT": self.port,
            "FRONT_CERTIFICATE": folder / "front.crt", "FRONT_KEY": folder / "front.key",
            "FRONT_PAGES": folder / "pages", "FRONT_LOG": self.stack.log_file("front-access"),
            "FRONT_GATEWAY": self.gateway, "FRONT_ISSUER": issuer, "FRONT_ISSUER_LOGIN": f"{issuer}/auth",
            "FRONT_ISSUER_TOKEN": f"{issuer}/token", "FRONT_ISSUER_KEYS": f"{issuer}/jwks",
            "FRONT_ISSUER_LOGOUT": f"{issuer}/session/end", "FRONT_ISSUER_CA": self.door.pki.ca,
            "FRONT_CLIENT": CLIENT, "FRONT_CLIENT_ID_OF_KEY": CLIENT_KEY_ID,
            "FRONT_CLIENT_KEY": folder / "client.key", "FRONT_CLIENT_CERTIFICATE": folder / "client.crt",
            "FRONT_SCOPE": "openid",
            "FRONT_LOGIN_PARAMETERS": f"resource={AUDIENCE.replace(':', '%3A').replace('/', '%2F')}",
            "FRONT_PASSPHRASE_FILE": folder / "passphrase",
        }

    def prepare(self):
        shutil.rmtree(self.dir / "pages", ignore_errors=True)
        shutil.copytree(SOURCE / "pages", self.dir / "pages")
        shutil.copy(SOURCE / "instroom-front.conf", self.dir)
        for path in (self.dir / "pages").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (self.dir / "pages").chmod(0o755)
        (self.dir / "instroom-front.conf").chmod(0o644)
        for log in (self.stack.log_file("front-access"), self.stack.log_file("front-error")):
            log.touch()
            give_to(self.stack.user, log)
        lines = [f'ServerRoot "{self.dir}"', f'PidFile "{self.dir}/httpd.pid"', f'DefaultRuntimeDir "{self.dir}"',
                 *(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED),
                 f"TypesConfig {MIME_TYPES}", f'ErrorLog "{self.stack.log_file("front-error")}"',
                 "LogLevel warn auth_openidc:info",
                 "StartServers 1", "ServerName localhost", "SSLSessionCache none",
                 f"Listen 127.0.0.1:{self.port} https",
                 *(f'Define {name} "{value}"' for name, value in self.defines().items()),
                 f'Include "{self.dir}/instroom-front.conf"']
        self.config.write_text("".join(f"{line}\n" for line in lines))
        self.config.chmod(0o644)

    def start(self):
        self.process.start([HTTPD, "-DFOREGROUND", "-f", self.config], self.dir, self.stack.user)

    def is_ready(self):
        return self.is_answering(f"{self.door.address}/")

    def kill(self):
        """Its children go with it."""
        pid = self.process.pid()
        children = children_of(pid) if pid else []
        was_there = super().kill()
        wait_for_end_of(children, 0)
        return was_there

    @property
    def discard(self):
        return self.stop
