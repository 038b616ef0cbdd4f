# SPDX-License-Identifier: Apache-2.0 OR MIT

# Rules of the sources as tests, and `header_check`: every header compiles alone.

add_test(NAME lint.layering
  COMMAND "${PROJECT_SOURCE_DIR}/tools/lint/check_layering.py" "${PROJECT_SOURCE_DIR}")
add_test(NAME lint.self_test
  COMMAND "${PROJECT_SOURCE_DIR}/tools/lint/lint_test.py")

# A glob, unlike everywhere else: a header that nobody listed is to be found.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/car/*.h"
  "${PROJECT_SOURCE_DIR}/mount/*.h"
  "${PROJECT_SOURCE_DIR}/dagstore/*.h"
  "${PROJECT_SOURCE_DIR}/fs/*.h"
  "${PROJECT_SOURCE_DIR}/tools/*.h"
  "${PROJECT_SOURCE_DIR}/tests/*.h")
set(sources "")
foreach(header ${headers})
  string(MAKE_C_IDENTIFIER "${header}" name)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"\n")
  list(APPEND sources "${source}")
endforeach()
add_library(header_check OBJECT EXCLUDE_FROM_ALL ${sources})

set_target_properties(header_check PROPERTIES UNITY_BUILD OFF)
target_compile_options(header_check PRIVATE -O0 -g0)
target_link_libraries(header_check PRIVATE dagfs::test_support)
foreach(library car mount dagstore fs tools)
  if(TARGET dagfs::${library})
    target_link_libraries(header_check PRIVATE dagfs::${library})
  endif()
endforeach()
