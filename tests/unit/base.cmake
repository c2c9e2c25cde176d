instroom_unit_test(base_test
  SOURCES arena_test.c clock_test.c err_test.c log_test.c no_memory.c num_test.c peer_cause_test.c random_test.c
    slice_test.c
    strbuf_test.c
  LINKS instroom_base)
target_link_options(base_test PRIVATE -Wl,--wrap=realloc)
