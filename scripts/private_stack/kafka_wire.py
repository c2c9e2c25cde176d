"""kafka_wire: what the stack and its tests ask a broker, in Kafka's own protocol: topics, and their settings.

A JVM of Kafka's tools takes seconds for each; this takes milliseconds. Only old, fixed-length request versions are used
(Metadata 1, CreateTopics 4, DescribeConfigs 1, IncrementalAlterConfigs 0), which Kafka 4 still serves.
"""
import socket
import struct

METADATA, CREATE_TOPICS, DESCRIBE_CONFIGS, INCREMENTAL_ALTER_CONFIGS = 3, 19, 32, 44
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


def ask(port, api, version, body, wait_s):
    request = struct.pack(">hhi", api, version, 1) + pack_text("instroom-stack") + body
    with socket.create_connection(("127.0.0.1", port), wait_s) as line:
        line.settimeout(wait_s)
        line.sendall(struct.pack(">i", len(request)) + request)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            part = line.recv(65536)
            if not part:
                raise ConnectionError("the broker closed the connection")
            data += part
    return Answer(data[8:])


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
