"""kafka_log: a partition read from its beginning to its end, in Kafka's own protocol (ListOffsets 1, Fetch 4): what
tests/upgrade keeps of a release. Record batches of version 2, uncompressed or lz4.
"""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))
from private_stack import kafka_wire  # noqa: E402

FETCH, LIST_OFFSETS = 1, 2
LATEST, EARLIEST = -1, -2
FETCH_BYTES_MAX = 64 << 20
UNCOMPRESSED, LZ4 = 0, 3


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value >> 1 ^ -(value & 1)

    def with_length(self):
        length = self.varint()
        return None if length < 0 else self.take(length)


def unpack_lz4_block(block):
    out, at = bytearray(), 0

    def length(nibble, at):
        if nibble < 15:
            return nibble, at
        while True:
            nibble += block[at]
            at += 1
            if block[at - 1] != 255:
                return nibble, at

    while at < len(block):
        token = block[at]
        count, at = length(token >> 4, at + 1)
        out += block[at:at + count]
        at += count
        if at >= len(block):
            break
        back = block[at] | block[at + 1] << 8
        count, at = length(token & 15, at + 2)
        for _ in range(count + 4):
            out.append(out[-back])
    return bytes(out)


def unpack_lz4(frame):
    """A frame of independent blocks, as librdkafka writes it."""
    flags = frame[4]
    at = 7 + (8 if flags & 8 else 0)
    out = b""
    while True:
        size, = struct.unpack_from("<I", frame, at)
        at += 4
        if size == 0:
            return out
        block = frame[at:at + (size & 0x7FFFFFFF)]
        at += len(block) + (4 if flags & 16 else 0)
        out += block if size >> 31 else unpack_lz4_block(block)


def records_of(batches):
    """[(offset, timestamp in ms, key, value, [(header, bytes)])]"""
    found, at = [], 0
    while at + 61 <= len(batches):
        first, length = struct.unpack_from(">qi", batches, at)
        if at + 12 + length > len(batches):
            break
        attributes, = struct.unpack_from(">h", batches, at + 21)
        first_ms, last_ms = struct.unpack_from(">qq", batches, at + 27)
        count, = struct.unpack_from(">i", batches, at + 57)
        body = batches[at + 61:at + 12 + length]
        if attributes & 7 not in (UNCOMPRESSED, LZ4):
            raise ValueError(f"a batch compressed in the way {attributes & 7}")
        data = Bytes(unpack_lz4(body) if attributes & 7 == LZ4 else body)
        for _ in range(count):
            data.varint(), data.take(1)
            since_ms, number = data.varint(), data.varint()
            key, value = data.with_length(), data.with_length()
            headers = [(data.with_length().decode(), data.with_length()) for _ in range(data.varint())]
            found.append((first + number, last_ms if attributes & 8 else first_ms + since_ms, key, value, headers))
        at += 12 + length
    return found


def end_of(port, topic, partition, wait_s=10, which=LATEST):
    body = struct.pack(">ii", -1, 1) + kafka_wire.pack_text(topic) + struct.pack(">iiq", 1, partition, which)
    answer = kafka_wire.ask(port, LIST_OFFSETS, 1, body, wait_s)
    answer.take("i"), answer.text(), answer.take("i"), answer.take("i")
    error, _, offset = answer.take("h"), answer.take("q"), answer.take("q")
    if error:
        raise ConnectionError(f"the broker does not tell an end of {topic}/{partition}: error {error}")
    return offset


def read(port, topic, partition, wait_s=10):
    """All records of a partition, as far as they are still there."""
    begin, end = (end_of(port, topic, partition, wait_s, which) for which in (EARLIEST, LATEST))
    found = []
    while begin < end:
        body = (struct.pack(">iiiib", -1, 1000, 1, FETCH_BYTES_MAX, 0) + struct.pack(">i", 1) +
                kafka_wire.pack_text(topic) +
                struct.pack(">iiqi", 1, partition, begin, FETCH_BYTES_MAX))
        answer = kafka_wire.ask(port, FETCH, 4, body, wait_s)
        answer.take("i"), answer.take("i"), answer.text(), answer.take("i"), answer.take("i")
        error, _, _ = answer.take("h"), answer.take("q"), answer.take("q")
        if error:
            raise ConnectionError(f"the broker does not give {topic}/{partition}: error {error}")
        answer.array(lambda: (answer.take("q"), answer.take("q")))
        size = answer.take("i")
        part = [one for one in records_of(answer.data[answer.at:answer.at + size]) if one[0] >= begin]
        if not part:
            raise ConnectionError(f"{topic}/{partition} has nothing at {begin}, and ends at {end}")
        found += part
        begin = part[-1][0] + 1
    return found
