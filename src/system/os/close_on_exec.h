#pragma once

#include <fcntl.h>

#include <boost/system/error_code.hpp>
#include <cerrno>

namespace shoal::os {

/// Keeps an open socket from programs that somebody in this process starts: Asio asks the kernel
/// for sockets without SOCK_CLOEXEC, and a port stays taken as long as anybody holds its socket.
template <class Socket>
void close_on_exec(Socket& socket, boost::system::error_code& error) {
  if (error || ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) == 0) return;
  error.assign(errno, boost::system::system_category());
}

}  // namespace shoal::os
