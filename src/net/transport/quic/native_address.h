#pragma once

#include "base/ip_address.h"
#include "net/transport/quic/ngtcp2.h"

namespace shoal::quic {

/// An address and port as ngtcp2 wants them. Stays where it is while something points to it.
class NativeAddress {
 public:
  explicit NativeAddress(const Endpoint& endpoint);
  NativeAddress(const NativeAddress&) = delete;
  NativeAddress& operator=(const NativeAddress&) = delete;

  const ngtcp2_sockaddr* address() const { return &storage_.any; }
  ngtcp2_socklen size() const { return size_; }
  ngtcp2_addr native() { return {&storage_.any, size_}; }

 private:
  union {
    ngtcp2_sockaddr any;
    ngtcp2_sockaddr_in v4;
    ngtcp2_sockaddr_in6 v6;
  } storage_{};
  ngtcp2_socklen size_;
};

Endpoint from_native(const ngtcp2_addr& address);

}  // namespace shoal::quic
