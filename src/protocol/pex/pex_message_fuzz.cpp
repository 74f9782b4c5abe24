#include <cstdint>

#include "base/error.h"
#include "protocol/pex/message.h"

// Whatever bytes: within the bounds, and the same again when written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  try {
    const pex::Names names = pex::Names::decode({data, size});
    SHOAL_CHECK(names.peers.size() <= pex::kMaxNames);
    for (const pex::Named& named : names.peers) {
      SHOAL_CHECK(named.record.size() <= pex::kMaxRecordBytes);
    }
    SHOAL_CHECK(pex::Names::decode(names.encode()) == names);
  } catch (const Error&) {
  }
  try {
    const pex::Hello hello = pex::Hello::decode({data, size});
    SHOAL_CHECK(hello.record.size() <= pex::kMaxRecordBytes);
    const pex::Hello again = pex::Hello::decode(hello.encode());
    SHOAL_CHECK(again.root == hello.root && again.record == hello.record);
  } catch (const Error&) {
  }
  return 0;
}
