# Which commit this is, for `shoal version`; "unknown" outside a repository. Configures again after a commit.
set(SHOAL_COMMIT unknown)
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --git-path logs/HEAD --short=12 HEAD
                OUTPUT_VARIABLE answer RESULT_VARIABLE code ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(code EQUAL 0 AND answer MATCHES "^(.+)\n([0-9a-f]+)$")
  set(SHOAL_COMMIT ${CMAKE_MATCH_2})
  get_filename_component(log ${CMAKE_MATCH_1} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
  if(EXISTS ${log})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${log})
  endif()
endif()
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/library/version.cpp PROPERTIES
                            COMPILE_DEFINITIONS SHOAL_VERSION="${PROJECT_VERSION}")
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/cli/version.cpp PROPERTIES COMPILE_DEFINITIONS
  "SHOAL_VERSION=\"${PROJECT_VERSION}\";SHOAL_COMMIT=\"${SHOAL_COMMIT}\"")
