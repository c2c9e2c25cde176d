instroom_unit_test(settings_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/settings_test.c LINKS instroom_settings
  instroom_kafka)
