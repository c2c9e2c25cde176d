"""kafka_produce: puts one message into a partition, in Kafka's own protocol (Produce 3, record batch 2), uncompressed;
and takes the oldest away (DeleteRecords 0).

For messages no program of ours would send. acks=all; only a broker that leads the partition is asked.
"""
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))
from private_stack import kafka_wire  # noqa: E402

PRODUCE, DELETE_RECORDS = 0, 21
POLYNOMIAL = 0x82F63B78


def crc_of_byte(crc):
    for _ in range(8):
        crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc


CRC_OF_BYTE = [crc_of_byte(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = value << 1 ^ value >> 63
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def with_length(data):
    """None: null, which deletes the key's record from a compacted topic."""
    return varint(-1) if data is None else varint(len(data)) + data


def record_batch(key, value, headers):
    pairs = b"".join(with_length(name.encode()) + with_length(text) for name, text in headers)
    record = b"\0" + varint(0) + varint(0) + with_length(key) + with_length(value) + varint(len(headers)) + pairs
    now_ms = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", 0, 0, now_ms, now_ms, -1, -1, -1, 1) + with_length(record)
    return struct.pack(">qiib", 0, len(body) + 9, -1, 2) + struct.pack(">I", crc32c(body)) + body


def produce(port, topic, partition, key, value, headers, wait_s=10):
    """Its offset. headers: [(name, bytes)]"""
    batch = record_batch(key, value, headers)
    body = (struct.pack(">hhii", -1, -1, wait_s * 1000, 1) + kafka_wire.pack_text(topic) +
            struct.pack(">ii", 1, partition) +
            struct.pack(">i", len(batch)) + batch)
    answer = kafka_wire.ask(port, PRODUCE, 3, body, wait_s)
    answer.take("i"), answer.text(), answer.take("i"), answer.take("i")
    error, offset = answer.take("h"), answer.take("q")
    if error:
        raise ConnectionError(f"the broker refused a message: error {error}")
    return offset


def delete_before(port, topic, partition, offset, wait_s=10):
    """What lies below offset is gone from the partition."""
    body = (struct.pack(">i", 1) + kafka_wire.pack_text(topic) +
            struct.pack(">iiqi", 1, partition, offset, wait_s * 1000))
    answer = kafka_wire.ask(port, DELETE_RECORDS, 0, body, wait_s)
    answer.take("i"), answer.take("i"), answer.text(), answer.take("i"), answer.take("i"), answer.take("q")
    error = answer.take("h")
    if error:
        raise ConnectionError(f"the broker deletes nothing: error {error}")
