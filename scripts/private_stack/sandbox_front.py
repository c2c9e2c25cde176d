"""sandbox_front: what stands before the gateway of a sandbox: it passes connections on, or has a bad day.

    sandbox_front.py FOLDER PORT GATEWAY_PORT BAD_GATEWAY_PORT

The day stands in FOLDER/day and is looked at all the time; FOLDER/day.taken says which one holds. A change cuts what
stands. BAD_GATEWAY_PORT is a gateway without Kafka and PostgreSQL: what it answers on such a day is our own 503 and no
imitation. When FOLDER/day is gone, so is the sandbox, and this ends.
"""
import asyncio
import sys
from pathlib import Path

DAYS = {
    "good": "everything is passed on",
    "503": "every delivery and question gets 503 with Retry-After; nothing is accepted",
    "slow": "every answer comes N seconds later: slow=N, 30 without it",
    "refused": "no connection is taken",
    "lost": "a delivery is taken, and the line breaks before its answer",
}
SLOW_S = 30.0
POLL_S = 0.05
PIECE_BYTES = 65536


def parse_day(text):
    """(name, seconds of slow); None: there is no such day."""
    name, equals, value = text.strip().partition("=")
    if name not in DAYS or equals and name != "slow":
        return None
    try:
        seconds = float(value) if equals else SLOW_S
    except ValueError:
        return None
    return (name, seconds) if 0 <= seconds <= 3600 else None


class Front:
    def __init__(self, folder, port, gateway, bad_gateway):
        self.folder, self.port, self.gateway, self.bad_gateway = folder, port, gateway, bad_gateway
        self.text, self.name, self.seconds = None, "refused", 0.0
        self.listener = None
        self.lines = set()

    async def run(self):
        while True:
            try:
                text = (self.folder / "day").read_text()
            except OSError:
                return
            if text != self.text and parse_day(text):
                await self.begin(text)
            await asyncio.sleep(POLL_S)

    async def begin(self, text):
        self.text = text
        self.name, self.seconds = parse_day(text)
        for line in list(self.lines):
            line.cancel()
        if self.listener and self.name == "refused":
            self.listener.close()
            self.listener = None
        elif not self.listener and self.name != "refused":
            self.listener = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        (self.folder / "day.taken").write_text(text)

    async def serve(self, reader, writer):
        task = asyncio.current_task()
        self.lines.add(task)
        try:
            peer = await asyncio.open_connection("127.0.0.1", self.bad_gateway if self.name == "503" else self.gateway)
            await Line((reader, writer), peer, self.name, self.seconds).run()
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self.lines.discard(task)


class Line:
    """One connection of a client and ours to a gateway, on one day."""

    def __init__(self, client, peer, day, seconds):
        self.client, self.peer, self.day, self.seconds = client, peer, day, seconds
        self.is_asked = False  # something came from the client since the last answer

    async def run(self):
        try:
            async with asyncio.TaskGroup() as pumps:  # the end of the answers ends the other
                pumps.create_task(self.pass_questions())
                pumps.create_task(self.pass_answers())
        except* OSError:
            pass
        finally:
            self.peer[1].transport.abort()

    async def pass_questions(self):
        while data := await self.client[0].read(PIECE_BYTES):
            self.is_asked = True
            self.peer[1].write(data)
            await self.peer[1].drain()
        self.peer[1].write_eof()

    async def pass_answers(self):
        writer = self.client[1]
        while data := await self.peer[0].read(PIECE_BYTES):
            if not data.startswith(b"HTTP/1.1 1"):  # 100 Continue: the delivery is still to come
                await self.before_answer()
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        raise ConnectionAbortedError

    async def before_answer(self):
        if self.day == "lost":
            raise ConnectionAbortedError
        if self.day == "slow" and self.is_asked:
            self.is_asked = False
            await asyncio.sleep(self.seconds)


if __name__ == "__main__":
    asyncio.run(Front(Path(sys.argv[1]), *map(int, sys.argv[2:5])).run())
