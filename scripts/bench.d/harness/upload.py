"""upload: a board's side of a delivery, for latencies: one board after the other, or all at the same moment."""
import asyncio
import http.client
import json
import time
import urllib.parse

from private_stack.places import StackError

POLL_S, CURSOR_STEP_S = 0.004, 0.02
WAIT_S = 300
CONNECTIONS_MAX = 1000  # a gateway takes 1,024; the others wait in line, and their clock runs
CONTACTS = {"contact_naam": "Instroom-Contact-Naam", "contact_telefoon": "Instroom-Contact-Telefoon",
            "contact_email": "Instroom-Contact-Email"}


def request_of(path, number=None):
    """(path of the URL, headers, body) of the delivery in path, under its own volgnummer or another."""
    header = json.loads(path.with_suffix(".json").read_text())
    if number is not None:
        header["volgnummer"] = number
    header.pop("sha256", None)  # travels as Content-Digest, when at all
    query = urllib.parse.urlencode({name: value for name, value in header.items() if name not in CONTACTS})
    headers = {CONTACTS[name]: urllib.parse.quote(value, safe="") for name, value in header.items() if name in CONTACTS}
    return f"/v1/leveringen?{query}", headers | {"Content-Type": "text/csv"}, path.read_bytes()


class Gateway:
    def __init__(self, workers):
        self.connection = http.client.HTTPConnection("127.0.0.1", workers.named("gateway1")[0].port, timeout=WAIT_S)
        self.token = (workers.dir / "token").read_text()

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body, moment at which the last byte was sent)"""
        self.connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"} | (headers or {}))
        sent = time.monotonic()
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read(), sent

    def deliver_and_wait(self, path, number):
        """Seconds from the last uploaded byte until the delivery's outcome can be asked for, which is its commit."""
        url, headers, body = request_of(path, number)
        status, answer, said, sent = self.ask("POST", url, body, headers)
        if status != 202:
            raise StackError(f"the gateway answered {status}: {said[:200]!r}")
        while time.monotonic() < sent + WAIT_S:
            status, _, said, _ = self.ask("GET", answer["Location"])
            if status == 200 and json.loads(said)["status"] != "ontvangen":
                return time.monotonic() - sent
            time.sleep(POLL_S)
        raise StackError(f"delivery {number} was not judged within {WAIT_S} s")


class Crowd:
    """All boards at once. Latency of one: from the moment all begin until the cursor of its partition has passed it."""

    def __init__(self, rig):
        self.rig = rig
        self.port = rig.workers.named("gateway1")[0].port
        self.token = (rig.workers.dir / "token").read_text()
        self.waiting = {}    # (partition, offset) of receipts whose commit was not seen yet
        self.committed = []  # moments

    async def send(self, path, headers, body):
        """(status, answer's headers and body)"""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {self.token}",
                     f"Content-Length: {len(body)}",
                     "Connection: close"] + [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
            return int(head.split()[1]), head.decode("latin-1"), rest
        finally:
            writer.close()

    async def board(self, path, turn):
        async with turn:
            url, headers, body = request_of(path)
            while True:
                status, head, said = await self.send(url, headers, body)
                if status != 503:
                    break
                after = [line.partition(":")[2] for line in head.splitlines()
                         if line.lower().startswith("retry-after:")]
                await asyncio.sleep(float(after[0]) if after else 1.0)
        if status != 202:
            raise StackError(f"the gateway answered {status}: {said[:200]!r}")
        receipt = json.loads(said)
        self.rig.expected += 1
        self.waiting[receipt["partitie"], receipt["offset"]] = path.name

    def look(self):
        """Which receipts has the cursor passed?"""
        rows = self.rig.sql.ask(f"select partition, next_raw from register.cursor where topic = "
                                f"'{self.rig.topics['topic.raw']}'")
        passed = {int(partition): int(next_raw) for partition, next_raw in (row.split("|") for row in rows)}
        now = time.monotonic()
        for partition, offset in [one for one in self.waiting if one[1] < passed[one[0]]]:
            del self.waiting[partition, offset]
            self.committed.append(now)

    async def watch(self, count):
        deadline = time.monotonic() + WAIT_S
        while len(self.committed) < count:
            if time.monotonic() > deadline:
                raise StackError(f"not every board was served within {WAIT_S} s")
            self.look()
            await asyncio.sleep(CURSOR_STEP_S)

    async def all_of(self, paths):
        turn = asyncio.Semaphore(CONNECTIONS_MAX)
        await asyncio.gather(*(self.board(path, turn) for path in paths), self.watch(len(paths)))

    def run(self, folder):
        paths = sorted(folder.glob("*.csv"))
        begun = time.monotonic()
        asyncio.run(self.all_of(paths))
        return [moment - begun for moment in self.committed]
