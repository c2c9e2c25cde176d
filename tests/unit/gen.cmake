instroom_unit_test(gen_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gen_test.c LINKS instroom_gen instroom_model)
