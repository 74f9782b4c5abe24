# Everything comes from Debian's packages; ./dev names and installs them.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
# Debian has no CMake package of it.
find_library(SHOAL_CRYPTOPP crypto++ REQUIRED)
find_path(SHOAL_CRYPTOPP_HEADERS crypto++/keccak.h REQUIRED)
mark_as_advanced(SHOAL_CRYPTOPP SHOAL_CRYPTOPP_HEADERS)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ngtcp2 REQUIRED IMPORTED_TARGET libngtcp2 libngtcp2_crypto_gnutls gnutls)
if(SHOAL_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
if(SHOAL_PROGRAM)
  find_package(CLI11 REQUIRED)
  pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode)
endif()

# Boost is used header-only, with the asio parts that every file would compile again left in one library.
add_library(boost INTERFACE)
target_link_libraries(boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY
                                           BOOST_ASIO_DISABLE_BOOST_BIND)

add_library(protozero INTERFACE)
if(NOT TARGET SQLite::SQLite3)
  add_library(SQLite::SQLite3 ALIAS SQLite3::SQLite3)
endif()
