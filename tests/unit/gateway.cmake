# What the gateway decides without a server.
foreach(part file_check header_form route tokens)
  instroom_unit_test(gateway_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_${part}_test.c LINKS instroom_gateway)
endforeach()
