# The doors of the gateway: files, headers, addresses, tokens.
foreach(door csv file_check header_form route tokens xml_check)
  instroom_fuzz(${door} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_${door}.c LINKS instroom_gateway instroom_model
    instroom_base)
endforeach()
instroom_fuzz(proofs SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_proofs.c
  LINKS instroom_test_support instroom_gateway instroom_model
  instroom_base PkgConfig::CRYPTO)
# All of the gateway, with fakes for its peers and the clock: their names here go before those of the libraries.
instroom_fuzz(http SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_http.c LINKS instroom_gateway instroom_protocol)
