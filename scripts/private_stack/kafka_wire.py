"""kafka_wire: what the stack and its tests ask a broker, in Kafka's own protocol: topics, and their settings.

A JVM of Kafka's tools takes seconds for each; this takes milliseconds. Only old, fixed-length request versions are used
(Metadata 1, CreateTopics 4, DescribeConfigs 1, IncrementalAlterConfigs 0, CreateAcls 1 ..), which Kafka 4 still serves;
passwords of SCRAM have none.

Where a port is asked for a Door may be given, which goes through TLS and logs in.
"""
import base64
import hashlib
import hmac
import secrets
import socket
import struct

from . import secure

METADATA, CREATE_TOPICS, DESCRIBE_CONFIGS, INCREMENTAL_ALTER_CONFIGS = 3, 19, 32, 44
DELETE_TOPICS = 20
CREATE_PARTITIONS, ELECT_LEADERS, ALTER_QUOTAS = 37, 43, 49
SASL_HANDSHAKE, SASL_AUTHENTICATE, CREATE_ACLS, DELETE_ACLS, ALTER_SCRAM = 17, 36, 30, 31, 51
KINDS = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10,
              "AlterConfigs": 11}
LITERAL, ALLOW, ANY = 3, 3, 1
SCRAM_SHA_512, ITERATIONS = 2, 4096
TOPIC = 2  # kind of a resource
ALREADY_THERE = 36
PASSING_ERRORS = {5, 6, 7, 38, 41, 89}  # no leader yet, timed out, brokers not registered yet, no controller, throttled


class Answer:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0]

    def text(self):
        length = self.take("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def array(self, item):
        return [item() for _ in range(self.take("i"))]


def pack_text(text):
    raw = text.encode()
    return struct.pack(">h", len(raw)) + raw


class Door:
    """A broker that wants to know who we are. user: who logs in by mechanism; None: the certificate in context says it.
    context: of TLS; None: the line is plain."""

    def __init__(self, port, context, user=None, password=None, mechanism="PLAIN"):
        self.port, self.context, self.user, self.password, self.mechanism = port, context, user, password, mechanism

    def open(self, wait_s):
        line = socket.create_connection(("127.0.0.1", self.port), wait_s)
        if self.context is not None:
            line = self.context.wrap_socket(line, server_hostname="127.0.0.1")
        if self.user is not None:
            self.log_in(line)
        return line

    def log_in(self, line):
        if exchange(line, SASL_HANDSHAKE, 1, pack_text(self.mechanism)).take("h"):
            raise ConnectionError(f"the broker does not know {self.mechanism}")
        if self.mechanism == "PLAIN":
            self.say(line, f"\0{self.user}\0{self.password}".encode())
        else:
            self.scram(line)

    def say(self, line, words):
        answer = exchange(line, SASL_AUTHENTICATE, 0, struct.pack(">i", len(words)) + words)
        error, text = answer.take("h"), answer.text()
        if error:
            raise PermissionError(f"the broker refuses {self.user}: {text}")
        size = answer.take("i")
        return answer.data[answer.at:answer.at + size]

    def scram(self, line):
        """RFC 5802; what the server proves of itself is not looked at: TLS has done that."""
        first = f"n={self.user},r={secrets.token_hex(16)}"
        told = self.say(line, f"n,,{first}".encode()).decode()
        parts = dict(part.split("=", 1) for part in told.split(","))
        key = secure.salted(self.password, base64.b64decode(parts["s"]), int(parts["i"]))
        client = hmac.digest(key, b"Client Key", "sha512")
        final = f"c=biws,r={parts['r']}"
        signature = hmac.digest(hashlib.sha512(client).digest(), f"{first},{told},{final}".encode(), "sha512")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
        self.say(line, f"{final},p={proof}".encode())


def open_line(port, wait_s):
    line = port.open(wait_s) if isinstance(port, Door) else socket.create_connection(("127.0.0.1", port), wait_s)
    line.settimeout(wait_s)
    return line


def exchange(line, api, version, body, is_flexible=False):
    head = struct.pack(">hhi", api, version, 1) + pack_text("instroom-stack") + (b"\0" if is_flexible else b"")
    request = head + body
    line.sendall(struct.pack(">i", len(request)) + request)
    data = b""
    while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
        part = line.recv(65536)
        if not part:
            raise ConnectionError("the broker closed the connection")
        data += part
    return Answer(data[9 if is_flexible else 8:])


def ask(port, api, version, body, wait_s, is_flexible=False):
    with open_line(port, wait_s) as line:
        return exchange(line, api, version, body, is_flexible)


def metadata(port, wait_s=2):
    """(set of node ids, {topic: [error of each partition]})"""
    answer = ask(port, METADATA, 1, struct.pack(">i", -1), wait_s)

    def broker():
        node = answer.take("i")
        answer.text(), answer.take("i"), answer.text()
        return node

    def partition():
        error = answer.take("h")
        answer.take("i"), answer.take("i")
        answer.array(lambda: answer.take("i")), answer.array(lambda: answer.take("i"))
        return error

    def topic():
        answer.take("h")
        name = answer.text()
        answer.take("b")
        return name, answer.array(partition)

    brokers = set(answer.array(broker))
    answer.take("i")
    return brokers, dict(answer.array(topic))


def create_topics(port, topics, wait_s=15):
    """topics: [(name, partitions, replication, {setting: value})]. Returns {name: (error, text)} of those that
    failed."""
    body = struct.pack(">i", len(topics))
    for name, partitions, replication, settings in topics:
        body += pack_text(name) + struct.pack(">ihii", partitions, replication, 0, len(settings))
        for key, value in settings.items():
            body += pack_text(key) + pack_text(str(value))
    body += struct.pack(">ib", int(wait_s * 1000), 0)
    answer = ask(port, CREATE_TOPICS, 4, body, wait_s + 5)
    answer.take("i")
    results = answer.array(lambda: (answer.text(), answer.take("h"), answer.text()))
    return {name: (error, text) for name, error, text in results if error not in (0, ALREADY_THERE)}


def delete_topics(port, names, wait_s=15):
    body = struct.pack(">i", len(names)) + b"".join(pack_text(name) for name in names)
    answer = ask(port, DELETE_TOPICS, 1, body + struct.pack(">i", wait_s * 1000), wait_s + 5)
    answer.take("i")
    for name, error in answer.array(lambda: (answer.text(), answer.take("h"))):
        if error:
            raise RuntimeError(f"{name} is not deleted: error {error}")


def add_partitions(port, topic, partitions, wait_s=15):
    """partitions: how many it has from then on."""
    body = struct.pack(">i", 1) + pack_text(topic) + struct.pack(">iiib", partitions, -1, wait_s * 1000, 0)
    answer = ask(port, CREATE_PARTITIONS, 0, body, wait_s + 5)
    answer.take("i")
    for name, error, text in answer.array(lambda: (answer.text(), answer.take("h"), answer.text())):
        if error:
            raise RuntimeError(f"{name}: {error} {text}")


def set_quota(port, client_id, name, value, wait_s=15):
    """name: producer_byte_rate, consumer_byte_rate, ..; value None: none."""
    body = struct.pack(">ii", 1, 1) + pack_text("client-id") + pack_text(client_id)
    body += struct.pack(">i", 1) + pack_text(name) + struct.pack(">dbb", value or 0, value is None, 0)
    answer = ask(port, ALTER_QUOTAS, 0, body, wait_s)
    answer.take("i"), answer.take("i")
    error, text = answer.take("h"), answer.text()
    if error:
        raise RuntimeError(f"quota of {client_id}: {error} {text}")


def describe_topic(port, name, wait_s=5):
    """{setting: value in force}"""
    body = struct.pack(">ib", 1, TOPIC) + pack_text(name) + struct.pack(">ib", -1, 0)
    answer = ask(port, DESCRIBE_CONFIGS, 1, body, wait_s)
    answer.take("i"), answer.take("i")
    error, text = answer.take("h"), answer.text()
    if error:
        raise RuntimeError(f"{name}: {error} {text}")
    answer.take("b"), answer.text()

    def setting():
        name, value = answer.text(), answer.text()
        answer.take("b"), answer.take("b"), answer.take("b")
        answer.array(lambda: (answer.text(), answer.text(), answer.take("b")))
        return name, value

    return dict(answer.array(setting))


def alter_topic(port, name, settings, wait_s=5):
    body = struct.pack(">ib", 1, TOPIC) + pack_text(name) + struct.pack(">i", len(settings))
    for key, value in settings.items():
        body += pack_text(key) + struct.pack(">b", 0) + pack_text(str(value))
    answer = ask(port, INCREMENTAL_ALTER_CONFIGS, 0, body + b"\0", wait_s)
    answer.take("i"), answer.take("i")
    error, text = answer.take("h"), answer.text()
    if error:
        raise RuntimeError(f"{name}: {error} {text}")


def elect_preferred_leaders(port, wait_s=15):
    """Of all partitions: each goes back to the broker that leads it when all are well."""
    ask(port, ELECT_LEADERS, 0, struct.pack(">ii", -1, wait_s * 1000), wait_s)


# --- rights and passwords ---

def change_acls(port, rows, is_allowed, wait_s=15):
    """rows: [(user, kind, name, operation)]: given, or taken away."""
    body = struct.pack(">i", len(rows))
    for user, kind, name, operation in rows:
        body += (struct.pack(">b", KINDS[kind]) + pack_text(name) + struct.pack(">b", LITERAL) +
                 pack_text(f"User:{user}") + pack_text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW))
    answer = ask(port, CREATE_ACLS if is_allowed else DELETE_ACLS, 1, body, wait_s)
    answer.take("i")
    for _ in range(answer.take("i")):
        error, text = answer.take("h"), answer.text()
        if error:
            raise RuntimeError(f"a right could not be changed: {error} {text}")
        if not is_allowed:
            answer.array(lambda: (answer.take("h"), answer.text(), answer.take("b"), answer.text(), answer.take("b"),
                                  answer.text(), answer.text(), answer.take("b"), answer.take("b")))


def set_passwords(port, passwords, wait_s=15):
    """passwords: {user: password} of SCRAM-SHA-512. In the compact form of newer requests: lengths plus one."""
    body = bytes([1, len(passwords) + 1])  # nobody leaves
    for user, password in passwords.items():
        salt = secrets.token_bytes(32)
        body += (bytes([len(user) + 1]) + user.encode() + struct.pack(">bi", SCRAM_SHA_512, ITERATIONS) +
                 bytes([len(salt) + 1]) + salt + bytes([64 + 1]) + secure.salted(password, salt, ITERATIONS) + b"\0")
    answer = ask(port, ALTER_SCRAM, 0, body + b"\0", wait_s, is_flexible=True)
    answer.take("i")
    for _ in range(answer.take("B") - 1):
        name = answer.data[answer.at + 1:answer.at + answer.data[answer.at]].decode()
        answer.at += answer.data[answer.at]
        error = answer.take("h")
        answer.at += max(answer.data[answer.at], 1) + 1  # its text, and no tags
        if error:
            raise RuntimeError(f"the password of {name} could not be set: error {error}")
