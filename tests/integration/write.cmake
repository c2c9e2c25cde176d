# The writer's transactions, the register's tables and what is rendered of them, against a real PostgreSQL.
set(write_unit ${CMAKE_CURRENT_LIST_DIR}/../unit)
add_executable(instroom_write_it ${CMAKE_CURRENT_LIST_DIR}/write_test.c ${CMAKE_CURRENT_LIST_DIR}/register_test.c
  ${CMAKE_CURRENT_LIST_DIR}/render_test.c
  ${CMAKE_CURRENT_LIST_DIR}/register_fixture.c ${write_unit}/write_fixture.c ${write_unit}/write_log.c)
target_include_directories(instroom_write_it PRIVATE ${write_unit})
target_compile_definitions(instroom_write_it PRIVATE
  SCHEMAS_SQL_DIR="${CMAKE_CURRENT_LIST_DIR}/../../schemas/sql")
target_link_libraries(instroom_write_it PRIVATE instroom_write_register instroom_render instroom_warnings
  PkgConfig::CRITERION)
