#pragma once

namespace shoal {

/// A visitor for std::visit made of lambdas, one for each alternative.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace shoal
