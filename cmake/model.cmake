# cardvp_library(NAME SOURCES ... [LINK ...] [SEPARATE ...]): a static library of ours, with the shared options and
# headers. In a sanitized build, in which nobody edits, several sources are compiled as one, which saves half the time,
# but for those that are named SEPARATE: they share names in anonymous namespaces with others.
function(cardvp_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;SEPARATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC cardvp_options ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM cardvp_pch)
  if(CARDVP_SANITIZE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    set_source_files_properties(${ARG_SEPARATE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_compile_options(${name} PRIVATE -Wno-subobject-linkage)  # which takes a source of several for a header
  endif()
endfunction()
