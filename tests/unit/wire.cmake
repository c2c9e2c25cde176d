instroom_codecs(note_codecs OUT ${CMAKE_CURRENT_BINARY_DIR}/note/gen PREFIX note INCLUDE note/gen SCHEMAS
  ${CMAKE_CURRENT_SOURCE_DIR}/schemas/good/note-1.avsc ${CMAKE_CURRENT_SOURCE_DIR}/schemas/good/note-2.avsc
  ${CMAKE_CURRENT_SOURCE_DIR}/schemas/good/note-3.avsc ${CMAKE_CURRENT_SOURCE_DIR}/schemas/good/other-1.avsc)

function(instroom_wire_test name)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  instroom_unit_test(${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c ${ARGN} LINKS instroom_protocol
    instroom_base)
endfunction()

instroom_wire_test(wire_test)
instroom_wire_test(frame_test)
instroom_wire_test(protocol_chain_position_test)
instroom_wire_test(protocol_log_position_test)
instroom_wire_test(protocol_partitioning_test)
instroom_wire_test(protocol_raw_headers_test)
instroom_wire_test(protocol_raw_message_test)
instroom_wire_test(protocol_access_header_test)
instroom_wire_test(protocol_access_snapshot_test)
instroom_wire_test(protocol_reference_snapshot_test)
instroom_wire_test(protocol_outcomes_test)
instroom_wire_test(protocol_verdict_test)
instroom_wire_test(protocol_verdict_headers_test)
instroom_wire_test(protocol_feedback_test)

instroom_wire_test(codec_schema_test)
target_link_libraries(codec_schema_test PRIVATE instroom_codegen PkgConfig::JANSSON)
instroom_wire_test(codec_message_test codec_oracle.c)
target_link_libraries(codec_message_test PRIVATE PkgConfig::AVRO)
instroom_wire_test(codec_version_test codec_oracle.c)
target_sources(codec_version_test PRIVATE ${note_codecs})
target_include_directories(codec_version_test PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
target_link_libraries(codec_version_test PRIVATE PkgConfig::AVRO)

# The generator as a program: what it refuses ends the build with the sentence.
add_test(NAME codegen_without_arguments_prints_its_usage COMMAND instroom-codegen)
set_tests_properties(codegen_without_arguments_prints_its_usage PROPERTIES LABELS unit TIMEOUT 30
  PASS_REGULAR_EXPRESSION "^usage: instroom-codegen ")
add_test(NAME codegen_names_what_it_refuses
  COMMAND instroom-codegen --out ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/schemas/refused/union-1.avsc)
set_tests_properties(codegen_names_what_it_refuses PROPERTIES LABELS unit TIMEOUT 30
  PASS_REGULAR_EXPRESSION "^instroom-codegen: union-1: the generator does not know unions")
