# cmake --install: the program, its man page, completions that the program itself prints.
include(GNUInstallDirs)
install(TARGETS tracked-spawn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE NOTICE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES docs/tracked-spawn.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# ts_completion(SHELL FILE FOLDER): FILE as `tracked-spawn completion SHELL` prints it, installed into FOLDER.
function(ts_completion shell file folder)
  set(path "${CMAKE_BINARY_DIR}/completions/${file}")
  add_custom_command(OUTPUT "${path}" COMMAND tracked-spawn completion ${shell} > "${path}" DEPENDS tracked-spawn VERBATIM
    COMMENT "Completions for ${shell}")
  add_custom_target(completion_${shell} ALL DEPENDS "${path}")
  install(FILES "${path}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${folder}")
endfunction()
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/completions")
ts_completion(bash tracked-spawn bash-completion/completions)
ts_completion(zsh _tracked-spawn zsh/site-functions)
ts_completion(fish tracked-spawn.fish fish/vendor_completions.d)
