"""otlp_receiver: an endpoint of OTLP/HTTP on loopback that keeps the spans it gets, and refuses or hangs as a test
tells it. What it takes is checked to the letter first (opentelemetry-proto, trace/v1, in JSON): a member that is not
there in the standard, an id of another form, a number that is no text are faults, kept in faults.

The moods, by what it answers:
  take        200
  partial     200, and one span less than there were was taken
  refuse      401
  fault       500
  redirect    307, to itself
  away        503
  silent      nothing, until it is closed
"""
import http.server
import json
import re
import threading

KINDS = {2, 4, 5}  # server, producer, consumer
STATUS_OF = {"take": 200, "partial": 200, "refuse": 401, "fault": 500, "redirect": 307, "away": 503}


class Wrong(Exception):
    pass


def need(is_so, what):
    if not is_so:
        raise Wrong(what)


def members(value, required, optional=()):
    need(isinstance(value, dict), f"no object: {value!r}")
    need(set(required) <= set(value) <= set(required) | set(optional), f"other members: {sorted(value)}")
    return [value[name] for name in required]


def number(text):
    need(isinstance(text, str) and re.fullmatch(r"0|[1-9]\d{0,19}", text), f"no number in text: {text!r}")
    return int(text)


def attributes(listed):
    found = {}
    for one in listed:
        key, value = members(one, ("key", "value"))
        need(isinstance(key, str) and key and key not in found, f"key {key!r}")
        need(isinstance(value, dict) and len(value) == 1, f"value {value!r}")
        (kind, content), = value.items()
        need(kind in ("stringValue", "intValue"), f"kind {kind}")
        need(isinstance(content, str), f"content {content!r}")
        found[key] = number(content) if kind == "intValue" else content
    return found


class Span:
    def __init__(self, given, resource):
        (self.trace, self.id, self.name, self.kind, begun, ended, listed) = members(
            given, ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"),
            ("parentSpanId", "status"))
        self.parent = given.get("parentSpanId", "")
        for value, digits in ((self.trace, 32), (self.id, 16)):
            need(isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", value) and set(value) != {"0"},
                 f"id {value!r}")
        need("parentSpanId" not in given or re.fullmatch("[0-9a-f]{16}", self.parent), f"parent {self.parent!r}")
        need(isinstance(self.name, str) and self.name, "no name")
        need(self.kind in KINDS, f"kind {self.kind!r}")
        self.begun, self.ended = number(begun), number(ended)
        need(0 < self.begun <= self.ended, f"{self.begun} to {self.ended}")
        self.attributes, self.service = attributes(listed), resource["service.name"]
        self.has_failed = "status" in given
        need(given.get("status", {"code": 2}) == {"code": 2}, f"status {given.get('status')}")

    def __repr__(self):
        return f"{self.service}: {self.name} {self.id} under {self.parent} {self.attributes}"


def spans_of(document):
    """Those of an ExportTraceServiceRequest."""
    (of_resources,), found = members(document, ("resourceSpans",)), []
    for one in of_resources:
        resource, scopes = members(one, ("resource", "scopeSpans"))
        who = attributes(*members(resource, ("attributes",)))
        need({"service.name", "service.instance.id", "service.version"} == set(who), f"resource {who}")
        for scope in scopes:
            named, spans = members(scope, ("scope", "spans"))
            need(members(named, ("name",)) == ["instroom"], f"scope {named}")
            found += [Span(span, who) for span in spans]
    need(found, "no spans")
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.requests += 1
        receiver.bodies.append(body)
        mood = receiver.mood
        if mood == "silent":
            receiver.is_closing.wait()
            self.close_connection = True
            return
        try:
            need(self.path == "/v1/traces", f"path {self.path}")
            need(self.headers["Content-Type"] == "application/json", f"type {self.headers['Content-Type']}")
            spans = spans_of(json.loads(body))
        except (Wrong, ValueError) as wrong:
            receiver.faults.append(str(wrong))
            self.answer(400, {})
            return
        if mood in ("take", "partial"):
            receiver.spans += spans
        self.answer(STATUS_OF[mood], {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "one"}}
                    if mood == "partial" else {})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        if status == 307:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    receiver = None

    def handle_error(self, request, client_address):
        pass  # the client went away, or its TLS ended


class OtlpReceiver:
    """context: of TLS; port 0: a free one."""

    def __init__(self, context=None, port=0):
        self.mood, self.spans, self.faults, self.bodies, self.requests = "take", [], [], [], 0
        self.is_closing = threading.Event()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.receiver = self
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.endpoint = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def of_trace(self, trace):
        return [span for span in list(self.spans) if span.trace == trace]

    def close(self):
        self.is_closing.set()
        self.server.shutdown()
        self.server.server_close()
