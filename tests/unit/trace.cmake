instroom_unit_test(trace_test SOURCES span_test.c LINKS instroom_trace)
