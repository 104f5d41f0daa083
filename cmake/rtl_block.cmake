# cardvp_rtl_block(NAME FILE): makes the plug-in of a block in the tree from its description, with the program's own
# builder. The target NAME has the plug-in's path as its property PLUGIN, the
# folder of verilated sources and objects as WORK.
function(cardvp_rtl_block name file)
  get_filename_component(file ${file} ABSOLUTE)
  get_filename_component(folder ${file} DIRECTORY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  set(sources)
  string(JSON count LENGTH ${text} sources)
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON source GET ${text} sources ${i})
    list(APPEND sources ${folder}/${source})
  endforeach()
  set(plugin ${CMAKE_BINARY_DIR}/rtl/plugins/${name}.so)
  set(work ${CMAKE_CURRENT_BINARY_DIR}/${name}.rtl)
  add_custom_command(
    OUTPUT ${plugin}
    BYPRODUCTS ${work}/Vblock__ALL.a ${work}/plugin_main.o ${work}/verilated.o ${work}/verilated_threads.o
               ${work}/verilated_fst_c.o
    COMMAND ${CMAKE_COMMAND} -E env SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1 $<TARGET_FILE:cardvp_rtl_builder> ${file} ${plugin}
            ${work}
    DEPENDS cardvp_rtl_builder ${file} ${sources}
    COMMENT "Verilating ${name}"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${plugin})
  set_target_properties(${name} PROPERTIES PLUGIN ${plugin} WORK ${work})
endfunction()
