# What the gateway decides without a server.
foreach(part byte_budget file_check header_form load receipt_position route tokens upload_body wait_list)
  instroom_unit_test(gateway_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_${part}_test.c
    LINKS instroom_gateway)
endforeach()
