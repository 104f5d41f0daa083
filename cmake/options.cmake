# What every C++ target of the project is compiled with.
find_program(CARDVP_CCACHE ccache)
if(CARDVP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1
      ${CARDVP_CCACHE})
endif()

find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

option(CARDVP_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(CARDVP_COVERAGE "gcov instrumentation" OFF)

add_library(cardvp_options INTERFACE)
target_include_directories(cardvp_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(cardvp_options INTERFACE -Wall -Wextra -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
target_link_libraries(cardvp_options INTERFACE PkgConfig::SYSTEMC fmt::fmt)
# Debian's SystemC 2.3.4 is built as C++17 and refuses to link with a program that says otherwise.
target_compile_definitions(cardvp_options INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)
if(CARDVP_SANITIZE)
  # What is left out takes a quarter of the time to compile, and address sees most of it: null is a fault, the others are
  # mostly objects that are gone. With sanitizers GCC 12 takes the inside of std::regex for uninitialized.
  target_compile_options(cardvp_options INTERFACE -fsanitize=address,undefined -fno-sanitize=null,vptr,object-size
                         -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(cardvp_options INTERFACE -fsanitize=address,undefined)
endif()
if(CARDVP_COVERAGE)
  target_compile_options(cardvp_options INTERFACE --coverage)
  target_link_options(cardvp_options INTERFACE --coverage)
endif()

# For what has no SystemC in it: that wants an sc_main of every program.
add_library(cardvp_plain_options INTERFACE)
target_compile_options(cardvp_plain_options INTERFACE -Wall -Wextra -Werror)
if(CARDVP_SANITIZE)
  target_compile_options(cardvp_plain_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(cardvp_plain_options INTERFACE -fsanitize=address,undefined)
endif()
if(CARDVP_COVERAGE)
  target_compile_options(cardvp_plain_options INTERFACE --coverage)
  target_link_options(cardvp_plain_options INTERFACE --coverage)
endif()

# The heavy headers, compiled once; every target of ours reuses them.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
add_library(cardvp_pch STATIC ${CMAKE_BINARY_DIR}/pch.cpp)
target_link_libraries(cardvp_pch PUBLIC cardvp_options)
target_precompile_headers(cardvp_pch PRIVATE <systemc> <tlm> <fmt/format.h> <functional> <map> <memory> <string> <vector>)
