#!/usr/bin/env bash
# The register consumer of an operator with two tools and a pipe: kcat into an unlogged table of JSON texts, then one
# ordered upsert in SQL. Like the other peers it leaves out validation, dedup before the database, history, ledger and
# feedback; unlike them it cannot go on where it stopped. Settings come from the environment.
set -euo pipefail

psql=(psql -X -q -v ON_ERROR_STOP=1 "$BENCH_PG")
"${psql[@]}" -c "create unlogged table if not exists ${BENCH_TABLE}_texts (j jsonb)" -c "truncate ${BENCH_TABLE}_texts"

begun_ms=$(date +%s%3N)
# neither delimiter nor quote can stand in JSON
kcat -C -q -u -b "$BENCH_BROKERS" -t "$BENCH_TOPIC" -o beginning -c "$BENCH_RECORDS" \
	-X fetch.message.max.bytes=4194304 |
	"${psql[@]}" -c "copy ${BENCH_TABLE}_texts from stdin (format csv, delimiter e'\x02', quote e'\x01')"
"${psql[@]}" -c "create temp view batch as
		select r.* from ${BENCH_TABLE}_texts t, jsonb_populate_record(null::$BENCH_TABLE, t.j) r" \
	-c "$BENCH_UPSERT"
took_ms=$(($(date +%s%3N) - begun_ms))
printf '{"seconds": %d.%03d, "records": %d}\n' $((took_ms / 1000)) $((took_ms % 1000)) "$BENCH_RECORDS"
