# The three kinds of target the project has. Each folder of src/windrow is one library.
include_guard(GLOBAL)

set_property(GLOBAL PROPERTY windrow_tests "")

# windrow_library(NAME SOURCES... LINK LIBRARIES...)
function(windrow_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(windrow_${name} STATIC ${arg_SOURCES})
  target_link_libraries(windrow_${name} PUBLIC ${arg_LINK} PRIVATE windrow_warnings)
  target_include_directories(windrow_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
endfunction()

# windrow_test(NAME LINK LIBRARIES...): NAME.cc in the current folder, one ctest entry.
function(windrow_test name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name} ${name}.cc)
  target_link_libraries(${name} PRIVATE ${arg_LINK} windrow_warnings GTest::gmock_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
