# instroom-validate as a process, between real servers.
set(validate_unit ${CMAKE_CURRENT_LIST_DIR}/../unit)
set(validate_memory_factor 1)
if(INSTROOM_SANITIZE)
  set(validate_memory_factor 6) # shadow memory, and freed memory that is kept aside
endif()
add_executable(instroom_validate_it ${CMAKE_CURRENT_LIST_DIR}/validate_test.c
  ${CMAKE_CURRENT_LIST_DIR}/register_fixture.c ${validate_unit}/validate_fixture.c)
target_include_directories(instroom_validate_it PRIVATE ${validate_unit})
target_compile_definitions(instroom_validate_it PRIVATE VALIDATE_PROGRAM="$<TARGET_FILE:instroom-validate>"
  MEMORY_FACTOR=${validate_memory_factor} SCHEMAS_SQL_DIR="${CMAKE_CURRENT_LIST_DIR}/../../schemas/sql")
target_link_libraries(instroom_validate_it PRIVATE instroom_validate_core instroom_kafka instroom_pg
  instroom_kafka_transaction instroom_warnings
  PkgConfig::CRITERION)
add_dependencies(instroom_validate_it instroom-validate)
