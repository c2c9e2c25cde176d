"""A register consumer in Python as a good engineer writes it in an afternoon: confluent-kafka, orjson, psycopg 3 COPY.

It does what peers/go/main.go does with one writer, and leaves out the same: no validation, no dedup before the
database, no history, no ledger, no feedback. Settings come from the environment.
"""
import json
import os
import time

import orjson
import psycopg
from confluent_kafka import Consumer

BATCH_RECORDS = 10_000
COLUMNS = os.environ["BENCH_COLUMNS"].split(",")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def row_of(value):
    """One line of COPY's text form. Values that need escaping are rare: one look at the joined text finds them."""
    record = orjson.loads(value)
    fields = [record[name] for name in COLUMNS]
    line = "\t".join(fields)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != len(COLUMNS) - 1:
        line = "\t".join(field.translate(ESCAPES) for field in fields)
    return line


def main():
    table, wanted = os.environ["BENCH_TABLE"], int(os.environ["BENCH_RECORDS"])
    consumer = Consumer({
        "bootstrap.servers": os.environ["BENCH_BROKERS"], "group.id": os.environ["BENCH_GROUP"],
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "queued.min.messages": 100_000, "fetch.message.max.bytes": 4 << 20})
    consumer.subscribe([os.environ["BENCH_TOPIC"]])
    done, begun = 0, None
    with psycopg.connect(os.environ["BENCH_PG"], autocommit=True) as connection:
        connection.execute(f"create temp table batch (like {table}) on commit delete rows")
        while done < wanted:
            messages = consumer.consume(BATCH_RECORDS, timeout=0.2)
            if not messages:
                continue
            begun = begun or time.monotonic()
            for message in messages:
                if message.error():
                    raise SystemExit(f"fetch: {message.error()}")
            rows = "\n".join(row_of(message.value()) for message in messages) + "\n"
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("copy batch from stdin") as copy:
                    copy.write(rows)
                cursor.execute(os.environ["BENCH_UPSERT"])
            consumer.commit(asynchronous=True)
            done += len(messages)
        seconds = time.monotonic() - begun
    consumer.close()
    print(json.dumps({"seconds": round(seconds, 4), "records": done}))


main()
