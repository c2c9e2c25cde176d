# instroom-validate as a process, between real servers.
set(validate_unit ${CMAKE_CURRENT_LIST_DIR}/../unit)
add_executable(instroom_validate_it ${CMAKE_CURRENT_LIST_DIR}/validate_test.c ${validate_unit}/validate_fixture.c)
target_include_directories(instroom_validate_it PRIVATE ${validate_unit})
target_compile_definitions(instroom_validate_it PRIVATE VALIDATE_PROGRAM="$<TARGET_FILE:instroom-validate>"
  MEMORY_FACTOR=$<IF:$<BOOL:${INSTROOM_SANITIZE}>,4,1>)
target_link_libraries(instroom_validate_it PRIVATE instroom_validate_core instroom_kafka instroom_pg instroom_warnings
  PkgConfig::CRITERION)
add_dependencies(instroom_validate_it instroom-validate)
