# All headers of common/ and of one worker in one translation unit, forwards and backwards; then those of several
# workers. Two headers that cannot be included together, or one that needs another before it, end the build. Nothing
# runs.
file(GLOB common_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/common ${PROJECT_SOURCE_DIR}/common/*/*.h)
list(REMOVE_ITEM common_headers base/banned.h) # it forbids what libc's own headers use: always the last to include
foreach(schema access access_tables confirm delivery feedback forget quarantine reference replay verdict)
  list(APPEND common_headers wire/gen/${schema}.h)
endforeach()

# instroom_headers_together(NAME header ..): the object library headers_NAME
function(instroom_headers_together name)
  set(headers ${ARGN})
  foreach(order forwards backwards)
    set(text "/* Made by tests/unit/headers.cmake. */\n")
    foreach(header ${headers})
      string(APPEND text "#include \"${header}\"\n")
    endforeach()
    string(APPEND text "#include \"base/banned.h\"\n")
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}_${order}.c CONTENT "${text}" @ONLY)
    list(REVERSE headers)
  endforeach()
  add_library(headers_${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}_forwards.c
    ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}_backwards.c)
  target_include_directories(headers_${name} PRIVATE ${PROJECT_SOURCE_DIR}/workers)
  target_link_libraries(headers_${name} PRIVATE instroom_flags instroom_warnings instroom_protocol PkgConfig::RDKAFKA
    PkgConfig::HIREDIS PkgConfig::PQ PkgConfig::SSL PkgConfig::JANSSON)
endfunction()

# validate and write each have their batch, so no unit holds all five.
foreach(worker gateway validate write gen ctl)
  file(GLOB_RECURSE ${worker}_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/workers
    ${PROJECT_SOURCE_DIR}/workers/${worker}/*.h)
  instroom_headers_together(${worker} ${common_headers} ${${worker}_headers})
endforeach()
instroom_headers_together(all_but_validate ${common_headers} ${gateway_headers} ${write_headers} ${gen_headers}
  ${ctl_headers})
instroom_headers_together(all_but_write ${common_headers} ${gateway_headers} ${validate_headers} ${gen_headers}
  ${ctl_headers})
