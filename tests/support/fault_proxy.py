"""fault_proxy: a TCP proxy on loopback between one of our processes and its peer, which can be told to misbehave.

    proxy = FaultProxy(target_port)          listens at proxy.port at once, passes everything on
    proxy.fault = Delay(0.3)                 every piece of bytes waits, both ways
    proxy.fault = Refuse()                   connections are closed as soon as they are made; those that stand are reset
    proxy.fault = Drop()                     bytes are read and thrown away: the peer seems to hang
    proxy.fault = HalfClose()                no byte goes to the peer any more and its side is told so; answers still
                                             come
    proxy.fault = CutAfter(5000)             reset after so many bytes to the peer, counted over all connections, once
    proxy.fault = CutAt(b"commit", "before") reset when these bytes go to the peer: before they go, or after, without
    the answer
    proxy.fault = None                       well again
    proxy.close()

A fault takes hold of connections that stand and of those to come. One thread with an event loop of its own owns all
sockets; faults are exchanged as a whole, so that any thread may set them. `struck` of a fault counts how often it did
something. Every buffer is bounded by PIECE_BYTES a direction. Run as a program it stays until it is ended:
    fault_proxy.py LISTEN_PORT TARGET_PORT [delay=S | refuse | drop | half-close | cut-after=N | cut-at=TEXT]
"""
import asyncio
import socket
import struct
import sys
import threading

PIECE_BYTES = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER that makes close send RST


class Fault:
    """Passes everything on. to_peer tells the direction."""

    refuses = False

    def __init__(self):
        self.struck = 0

    async def piece(self, line, data, to_peer):
        """What is passed on of a piece, or None: nothing of it. May cut the line."""
        return data


class Delay(Fault):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    async def piece(self, line, data, to_peer):
        self.struck += 1
        await asyncio.sleep(self.seconds)
        return data


class Refuse(Fault):
    refuses = True

    async def piece(self, line, data, to_peer):
        self.struck += 1
        line.reset()
        return None


class Drop(Fault):
    async def piece(self, line, data, to_peer):
        self.struck += 1
        return None


class HalfClose(Fault):
    async def piece(self, line, data, to_peer):
        if not to_peer:
            return data
        self.struck += 1
        line.end_peer()
        return None


class CutAfter(Fault):
    """The piece that passes the limit is cut short there, so that the peer sees a torn request."""

    def __init__(self, count):
        super().__init__()
        self.left = count

    async def piece(self, line, data, to_peer):
        if not to_peer or self.struck:
            return data
        self.left -= len(data)
        if self.left > 0:
            return data
        self.struck += 1
        await line.pass_on(data[:len(data) + self.left], to_peer)
        line.reset()
        return None


class CutAt(Fault):
    """when: "before" the bytes go to the peer, or "after" they went and before its answer comes back. From the skip-th
    time on, `times` times."""

    def __init__(self, text, when, skip=0, times=1):
        super().__init__()
        self.text, self.when, self.skip, self.times = text, when, skip, times

    async def piece(self, line, data, to_peer):
        if line.is_doomed:  # the answer to what must stay unanswered
            line.reset()
            return None
        if not to_peer or self.text not in data or self.struck >= self.times:
            return data
        if self.skip > 0:
            self.skip -= 1
            return data
        self.struck += 1
        if self.when == "before":
            line.reset()
            return None
        line.is_doomed = True
        return data


class Line:
    """One connection of a client and ours to the peer. task serves it, and closes both when it ends."""

    def __init__(self, client, peer, task):
        self.client, self.peer, self.task = client, peer, task
        self.is_doomed = False

    def make_reset(self):
        """The close to come will be one."""
        for side in (self.client, self.peer):
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def reset(self):
        """Never by a close at once: a socket must not go while the loop waits for it."""
        self.make_reset()
        self.task.cancel()

    def close(self):
        self.client.close()
        self.peer.close()

    def end_peer(self):
        try:
            self.peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    async def pass_on(self, data, to_peer):
        await asyncio.get_running_loop().sock_sendall(self.peer if to_peer else self.client, data)


class FaultProxy:
    def __init__(self, target_port, port=0):
        self.target_port = target_port
        self._fault = Fault()
        self._lines = set()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(128)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, fault):
        self._fault = fault or Fault()
        if self._fault.refuses:
            self.cut_all()

    def cut_all(self):
        """Resets what stands."""
        self._loop.call_soon_threadsafe(lambda: [line.reset() for line in list(self._lines)])

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    # --- in the loop's thread ---

    def _run(self):
        self._loop.create_task(self._accept())
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._listener.close()
        self._loop.close()

    async def _accept(self):
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            client.setblocking(False)
            self._loop.create_task(self._serve(client))

    async def _serve(self, client):
        peer = socket.socket()
        line = Line(client, peer, asyncio.current_task())
        self._lines.add(line)
        try:
            await self._pass_on(line)
        except* OSError:
            line.make_reset()
        finally:  # nobody waits for the sockets any more
            line.close()
            self._lines.discard(line)

    async def _pass_on(self, line):
        if self._fault.refuses:
            self._fault.struck += 1
            line.make_reset()
            return
        for side in (line.client, line.peer):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.peer.setblocking(False)
        await self._loop.sock_connect(line.peer, ("127.0.0.1", self.target_port))
        async with asyncio.TaskGroup() as pumps:  # an error of one ends the other
            pumps.create_task(self._pump(line, True))
            pumps.create_task(self._pump(line, False))

    async def _pump(self, line, to_peer):
        source, sink = (line.client, line.peer) if to_peer else (line.peer, line.client)
        while source.fileno() >= 0:
            data = await self._loop.sock_recv(source, PIECE_BYTES)
            if not data:
                break
            data = await self._fault.piece(line, data, to_peer)
            if data:
                await line.pass_on(data, to_peer)
        if sink.fileno() >= 0:
            sink.shutdown(socket.SHUT_WR)


def fault_named(word):
    name, _, value = word.partition("=")
    made = {"delay": lambda: Delay(float(value)), "refuse": Refuse, "drop": Drop, "half-close": HalfClose,
            "cut-after": lambda: CutAfter(int(value)), "cut-at": lambda: CutAt(value.encode(), "after", times=1 << 62)}
    return made[name]()


def main():
    proxy = FaultProxy(int(sys.argv[2]), int(sys.argv[1]))
    proxy.fault = fault_named(sys.argv[3]) if len(sys.argv) > 3 else None
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        proxy.close()


if __name__ == "__main__":
    main()
