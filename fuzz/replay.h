#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace shoal {

/// Runs a fuzzer over the files of fuzz/corpus/NAME/, so that every input that once mattered is
/// tried again by the tests, and over an empty input.
void replay(const std::string& name, int (*fuzzer)(const std::uint8_t*, std::size_t));

}  // namespace shoal
