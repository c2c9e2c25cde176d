# What decides in the validator, without a server.
foreach(part fold lane make parts)
  instroom_unit_test(validate_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/validate_${part}_test.c
    ${CMAKE_CURRENT_LIST_DIR}/validate_fixture.c LINKS instroom_validate_core)
endforeach()
target_sources(validate_make_test PRIVATE ${CMAKE_CURRENT_LIST_DIR}/no_memory.c)
target_link_options(validate_make_test PRIVATE -Wl,--wrap=realloc)
target_compile_definitions(validate_lane_test PRIVATE LANE_H="${CMAKE_CURRENT_LIST_DIR}/../../workers/validate/lane.h")
instroom_unit_test(validate_reference_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/validate_reference_test.c
  ${PROJECT_SOURCE_DIR}/workers/validate/reference_cache.c
  LINKS instroom_validate_core instroom_kafka instroom_protocol PkgConfig::RDKAFKA)
