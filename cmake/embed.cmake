# cardvp_embed(OUTPUT.cpp NAMESPACE CONSTANT FILE ...): a source with the text of each file, as `extern const char
# CONSTANT[]` of the namespace, so that a program needs no file of its own for it.
function(cardvp_embed output namespace)
  set(text "namespace ${namespace} {\n")
  while(ARGN)
    list(POP_FRONT ARGN name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} content)
    # Compilers limit the length of a string literal: a piece for each line, joined by the compiler.
    string(REPLACE "\n" "\n)text\"\nR\"text(" content "${content}")
    string(APPEND text "extern const char ${name}[];\nconst char ${name}[] =\n    R\"text(${content})text\";\n")
  endwhile()
  string(APPEND text "}  // namespace ${namespace}\n")
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "@text@")
endfunction()
