# The workers as programs, every peer away.
add_test(NAME programs COMMAND ${CMAKE_CURRENT_LIST_DIR}/programs_test.py ${PROJECT_BINARY_DIR})
set_tests_properties(programs PROPERTIES LABELS unit TIMEOUT 240
  ENVIRONMENT "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1;UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1")
