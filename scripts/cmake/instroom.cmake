# What every target of Instroom shares: dialect, warnings, hardening, libraries by pkg-config, and the two functions
# that add a module and a unit test.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")        # asserts stay: no -DNDEBUG
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

include(GNUInstallDirs)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# instroom_library(NAME "pkg >= version" debian-package [option of scripts/install]): an imported target
# PkgConfig::NAME, or a sentence that says what to install
function(instroom_library name module package)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${name}_FOUND)
    list(JOIN ARGN " " options)
    string(STRIP "scripts/install ${options}" install)
    message(FATAL_ERROR "${module} is missing: install the Debian package ${package} (${install} does it)")
  endif()
endfunction()

instroom_library(RDKAFKA "rdkafka>=2.0.2" librdkafka-dev)
instroom_library(AVRO "avro-c>=1.11" libavro-dev)
instroom_library(PQ "libpq>=15" libpq-dev)
instroom_library(HIREDIS "hiredis>=0.14" libhiredis-dev)
instroom_library(CURL "libcurl>=7.88" libcurl4-openssl-dev)
instroom_library(JANSSON "jansson>=2.14" libjansson-dev)
instroom_library(EXPAT "expat>=2.5" libexpat1-dev)
instroom_library(JOSE "jose>=11" libjose-dev)
instroom_library(LZ4 "liblz4>=1.9" liblz4-dev)
instroom_library(CRYPTO "libcrypto>=3.0" libssl-dev)
instroom_library(SSL "libssl>=3.0" libssl-dev)
if(INSTROOM_TESTS)
  instroom_library(CRITERION "criterion>=2.4" libcriterion-dev --tests)
endif()

add_library(instroom_warnings INTERFACE)
target_compile_options(instroom_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wformat=2 -Wundef -Wcast-qual -Wno-missing-field-initializers $<$<BOOL:${INSTROOM_WERROR}>:-Werror>)

add_library(instroom_flags INTERFACE)
target_compile_definitions(instroom_flags INTERFACE _GNU_SOURCE INSTROOM_VERSION="${PROJECT_VERSION}"
  $<$<BOOL:${INSTROOM_CRASH_POINTS}>:INSTROOM_CRASH_POINTS=1>
  $<$<BOOL:${INSTROOM_TEST_SETTINGS}>:INSTROOM_TEST_SETTINGS=1>)
target_include_directories(instroom_flags INTERFACE ${PROJECT_SOURCE_DIR}/common ${PROJECT_BINARY_DIR}/common)
target_compile_options(instroom_flags INTERFACE -fno-omit-frame-pointer -fstack-protector-strong)
if(INSTROOM_SANITIZE)
  target_compile_options(instroom_flags INTERFACE -fsanitize=${INSTROOM_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(instroom_flags INTERFACE -fsanitize=${INSTROOM_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # scripts/check_packages looks for each of these in what was built
  target_compile_options(instroom_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    target_compile_options(instroom_flags INTERFACE -fcf-protection)
  endif()
endif()
if(INSTROOM_ANALYZE)
  target_compile_options(instroom_flags INTERFACE -fanalyzer)
  target_compile_definitions(instroom_flags INTERFACE INSTROOM_ANALYZE=1)
endif()
if(INSTROOM_FUZZ)
  target_compile_options(instroom_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(instroom_flags INTERFACE -pie -Wl,-z,relro,-z,now)

# instroom_module(name SOURCES a.c .. LINKS targets ..): the static library instroom_<name>
function(instroom_module name)
  cmake_parse_arguments(MODULE "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(instroom_${name} STATIC ${MODULE_SOURCES})
  target_link_libraries(instroom_${name} PUBLIC instroom_flags ${MODULE_LINKS} PRIVATE instroom_warnings
    ${MODULE_PRIVATE_LINKS})
endfunction()

# instroom_worker(instroom-x [MANUAL] SOURCES .. LINKS ..): an installed program; MANUAL: with the page that its
# --manual prints
function(instroom_worker name)
  cmake_parse_arguments(WORKER "MANUAL" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${WORKER_SOURCES})
  target_link_libraries(${name} PRIVATE instroom_flags instroom_warnings ${WORKER_LINKS})
  install(TARGETS ${name} RUNTIME)
  if(WORKER_MANUAL)
    set(page ${CMAKE_CURRENT_BINARY_DIR}/${name}.8)
    add_custom_command(OUTPUT ${page} COMMAND ${name} --manual > ${page} DEPENDS ${name} VERBATIM)
    add_custom_target(${name}_page ALL DEPENDS ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
  endif()
endfunction()

# instroom_unit_test(name SOURCES .. LINKS ..): a Criterion program, ctest label unit
function(instroom_unit_test name)
  cmake_parse_arguments(UNIT "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${UNIT_SOURCES})
  target_link_libraries(${name} PRIVATE instroom_flags ${UNIT_LINKS} PkgConfig::CRITERION)
  target_compile_definitions(${name} PRIVATE TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name} --jobs 2)
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 120
    ENVIRONMENT "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1;UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1")
endfunction()
