#pragma once

#include <protozero/data_view.hpp>
#include <protozero/exception.hpp>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal {

/// Runs a decoder made of protozero readers, whose exceptions become Error{malformed}. The decoder
/// must look at tag_and_type(), never at the tag alone: protozero asserts on the wire type.
template <class Decoder>
auto read_protobuf(std::string_view what, Decoder decoder) {
  try {
    return decoder();
  } catch (const protozero::exception&) {
    throw Error(ErrorCode::malformed, std::string(what) + " is no valid protobuf message");
  }
}

inline protozero::data_view as_view(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline ByteView bytes_of(protozero::data_view view) {
  return {reinterpret_cast<const std::uint8_t*>(view.data()), view.size()};
}

}  // namespace shoal
