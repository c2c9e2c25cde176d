# What the gateway decides without a server.
foreach(part accept byte_budget conditional description file_check header_form load not_recorded raw_publisher
    receipt_position route tokens trace upload_body wait_list web_server xml_check)
  instroom_unit_test(gateway_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_${part}_test.c
    LINKS instroom_gateway instroom_http PkgConfig::JANSSON PkgConfig::RDKAFKA)
endforeach()
