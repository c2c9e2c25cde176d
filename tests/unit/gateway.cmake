# What the gateway decides without a server.
foreach(part accept byte_budget client_certificate conditional description file_check header_form load not_recorded
    problem_form public_file raw_publisher receipt_position rights_list route signed_token speaker tokens trace
    upload_body upload_hint wait_list web_server xml_check)
  instroom_unit_test(gateway_${part}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_${part}_test.c
    LINKS instroom_test_support instroom_gateway instroom_http PkgConfig::JANSSON PkgConfig::JOSE PkgConfig::RDKAFKA)
endforeach()
# What stands where the gateway hands a message to Kafka.
target_link_options(gateway_trace_test PRIVATE -Wl,--wrap=raw_publisher_put)
# Whether each edit of the list still fits the source; the list itself runs by hand, all of it some minutes.
add_test(NAME red_proofs COMMAND ${CMAKE_CURRENT_LIST_DIR}/red_proofs --list)
set_tests_properties(red_proofs PROPERTIES LABELS unit TIMEOUT 60)
instroom_unit_test(gateway_rule_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_rule_test.c
  ${CMAKE_CURRENT_LIST_DIR}/judge_fixture.c LINKS instroom_gateway instroom_model PkgConfig::JANSSON)
instroom_unit_test(gateway_refusal_log_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/gateway_refusal_log_test.c
  LINKS instroom_gateway instroom_http PkgConfig::JANSSON PkgConfig::RDKAFKA)
