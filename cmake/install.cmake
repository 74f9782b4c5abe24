# cmake --install: the program, the archive with its headers, and what find_package and pkg-config read. Two
# components, which ./dev package makes two Debian packages of: `program` and `development`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/shoal)

install(TARGETS shoal RUNTIME COMPONENT program)
install(FILES LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
# Debian wants one in each package.
file(READ ${PROJECT_SOURCE_DIR}/LICENSE-MIT mit_license)
configure_file(cmake/copyright.in copyright @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/shoal COMPONENT program)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libshoal-dev
        COMPONENT development)
# What ./dev guide has built; the package has it, an install without it does not.
# Not below doc/, which small installations of Debian leave out.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/guide DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal COMPONENT program OPTIONAL
        FILES_MATCHING PATTERN "*.html")
install(FILES docs/man/shoal.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program OPTIONAL)
set(completions ${CMAKE_INSTALL_DATADIR})
install(FILES tools/completions/shoal.bash DESTINATION ${completions}/bash-completion/completions RENAME shoal
        COMPONENT program OPTIONAL)
install(FILES tools/completions/_shoal DESTINATION ${completions}/zsh/vendor-completions COMPONENT program OPTIONAL)
install(FILES tools/completions/shoal.fish DESTINATION ${completions}/fish/vendor_completions.d COMPONENT program
        OPTIONAL)

install(TARGETS shoal_archive EXPORT shoal_targets ARCHIVE COMPONENT development)
install(DIRECTORY include/shoal TYPE INCLUDE COMPONENT development)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(EXPORT shoal_targets FILE shoal-targets.cmake NAMESPACE shoal:: DESTINATION ${package_folder} COMPONENT development)

configure_package_config_file(cmake/shoal-config.cmake.in shoal-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(shoal-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shoal-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/shoal-config-version.cmake
        DESTINATION ${package_folder} COMPONENT development)

configure_file(cmake/shoal.pc.in shoal.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shoal.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
