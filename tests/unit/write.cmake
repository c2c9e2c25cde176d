# The writer's judgement, against a register in memory.
foreach(part chain completion decision restatement rounds)
  instroom_unit_test(write_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/write_${part}_test.c
    ${CMAKE_CURRENT_LIST_DIR}/write_fixture.c ${CMAKE_CURRENT_LIST_DIR}/write_log.c LINKS instroom_write_core)
  target_include_directories(write_${part}_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
endforeach()

# What may stand in one batch: the inbox is the program's own.
instroom_unit_test(write_inbox_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/write_inbox_test.c
  ${CMAKE_CURRENT_LIST_DIR}/write_fixture.c ${PROJECT_SOURCE_DIR}/workers/write/inbox.c
  LINKS instroom_write_core instroom_kafka)
target_include_directories(write_inbox_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})

# Which changes of state there are.
instroom_unit_test(write_states_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/write_states_test.c
  ${PROJECT_SOURCE_DIR}/workers/write/writer_state.c
  LINKS instroom_write_core instroom_run)
