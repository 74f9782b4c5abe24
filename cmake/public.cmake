# What other programs use: shoal::shoal, one archive of every layer that the public headers need, which brings
# nothing but those headers with it.

set(SHOAL_PUBLIC_LAYERS base crypto format system system_sim system_os net protocol routing content service node library)
foreach(layer ${SHOAL_PUBLIC_LAYERS})
  list(APPEND objects $<TARGET_OBJECTS:shoal_${layer}>)
endforeach()

add_library(shoal_archive STATIC ${objects})
add_library(shoal::shoal ALIAS shoal_archive)
set_target_properties(shoal_archive PROPERTIES OUTPUT_NAME shoal EXPORT_NAME shoal LINKER_LANGUAGE CXX)
target_compile_features(shoal_archive INTERFACE cxx_std_20)
target_include_directories(shoal_archive INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                   $<INSTALL_INTERFACE:include>)
target_link_libraries(shoal_archive PRIVATE spdlog::spdlog fmt::fmt OpenSSL::SSL OpenSSL::Crypto SQLite::SQLite3 Threads::Threads
                                            crypto++ ngtcp2_crypto_gnutls ngtcp2 gnutls resolv)
