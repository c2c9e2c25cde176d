# The parser of the web interface.
instroom_fuzz(http_parse SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_http_parse.c LINKS instroom_http instroom_base)
