# cpack -G DEB makes two packages of the two components of cmake/install.cmake; ./dev package runs it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shoal)
set(CPACK_PACKAGE_CONTACT "The Shoal developers <shoal@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "move files directly between machines, peer to peer")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME shoal)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "shoal share prints a link, shoal get brings what it names: directly
from the machines that have it, over libp2p and IPFS, every byte verified,
nothing to set up. shoal guide opens a guide to peer-to-peer.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libshoal-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libspdlog-dev, libfmt-dev, libssl-dev (>= 3.0), libsqlite3-dev, libcrypto++-dev, libngtcp2-dev, libngtcp2-crypto-gnutls-dev, libgnutls28-dev")
# What builds the examples: a compiler that Shoal's headers take, on Debian 12 as well.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "clang-19 | g++ (>= 4:13), cmake, pkg-config")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Peer-to-peer inside a C++ program: coroutines, streams by protocol,
content by links, and a simulator for the protocols of one's own. Headers,
a static library, examples.")
include(CPack)
