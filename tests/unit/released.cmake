instroom_unit_test(released_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/released_test.c
  LINKS instroom_ctl instroom_protocol instroom_model)
