# What the adapters do without a peer. With one: tests/integration/adapters_*_test.c.
instroom_unit_test(adapters_test SOURCES kafka_close_test.c kafka_sort_test.c pg_wire_test.c redis_cache_test.c
  LINKS instroom_kafka instroom_pg instroom_redis PkgConfig::RDKAFKA PkgConfig::PQ PkgConfig::HIREDIS)
