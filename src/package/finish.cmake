# Run by CPack between installing and packing, for what Debian wants and CMake does not do: manual pages and changelogs
# compressed (without time stamps), the static library without debugging symbols.
file(GLOB_RECURSE texts "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.[13]" "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/changelog")
file(GLOB_RECURSE archives "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.a")
execute_process(COMMAND gzip -9n ${texts} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND strip --strip-debug --remove-section=.comment --enable-deterministic-archives ${archives}
  COMMAND_ERROR_IS_FATAL ANY)
