# cardvp_library(NAME SOURCES ... [LINK ...]): a static library of ours, with the shared options and headers.
function(cardvp_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC cardvp_options ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM cardvp_pch)
endfunction()
