# What has threads, for ThreadSanitizer (preset tsan; label thread). Plain programs, as Criterion does not start under
# it. They run in the other presets too, where they see less.
function(instroom_thread_test name)
  add_executable(th_${name} ${CMAKE_CURRENT_LIST_DIR}/th_${name}.c)
  target_link_libraries(th_${name} PRIVATE instroom_flags instroom_warnings ${ARGN} Threads::Threads)
  add_test(NAME th_${name} COMMAND th_${name})
  set(environment ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1
    TSAN_OPTIONS=halt_on_error=1)
  set_tests_properties(th_${name} PROPERTIES LABELS thread TIMEOUT 120 ENVIRONMENT "${environment}")
  add_dependencies(thread_tests th_${name})
endfunction()

add_custom_target(thread_tests)
instroom_thread_test(log instroom_base)
instroom_thread_test(status instroom_run)
instroom_thread_test(span_exporter instroom_trace)
instroom_thread_test(register_jobs instroom_gateway)
instroom_thread_test(issuer_keys instroom_gateway)
instroom_thread_test(reference_watch instroom_gateway instroom_protocol)
