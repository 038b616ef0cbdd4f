# SPDX-License-Identifier: Apache-2.0 OR MIT

# dagfs_library(<name> SRCS ... [DEPS ...])   static library dagfs::<name>
# dagfs_test(<name> SRCS ... DEPS ...)        GoogleTest program, found by ctest
# dagfs_fuzzer(<name> SRCS ... DEPS ...)      libFuzzer program; replays its corpus

# Everything a target of ours is built with; third-party code never sees it.
add_library(dagfs_build_flags INTERFACE)
target_compile_features(dagfs_build_flags INTERFACE cxx_std_20)
target_include_directories(dagfs_build_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(dagfs_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
  -Wno-missing-field-initializers  # Designated initializers name what matters.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # g++ 12 sees it in "a" + string (its bug 105651).
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${DAGFS_WERROR}>:-Werror>)
if(DAGFS_SANITIZE)
  target_compile_options(dagfs_build_flags INTERFACE
    "-fsanitize=${DAGFS_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dagfs_build_flags INTERFACE "-fsanitize=${DAGFS_SANITIZE}")
endif()

# For targets that spend their time in the libraries: unoptimized, they compile in
# half the time where sanitizers are in.
add_library(dagfs_quick_to_compile INTERFACE)
if(DAGFS_SANITIZE)
  target_compile_options(dagfs_quick_to_compile INTERFACE -O0)
endif()

function(dagfs_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  add_library(dagfs_${name} STATIC ${arg_SRCS})
  add_library(dagfs::${name} ALIAS dagfs_${name})
  target_link_libraries(dagfs_${name} PUBLIC dagfs_build_flags ${arg_DEPS})
endfunction()

function(dagfs_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock_main dagfs_quick_to_compile)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()

# Replays tests/fuzz/corpus/<name> when it is run as a test.
add_custom_target(fuzzers)
function(dagfs_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
  add_test(NAME corpus.${name}
    COMMAND ${name} -runs=0 "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
endfunction()
