#pragma once

#include <map>
#include <string>
#include <vector>

#include "system/faults.h"
#include "system/network.h"

namespace shoal::sim {

/// The names of a world. Answers at once; an absent name is Error{not_found}.
///
/// Fault point: resolver.answer, an Error{not_found}.
class NameTable final : public Resolver {
 public:
  explicit NameTable(Faults& faults) : faults_(faults) {}

  void set_addresses(std::string host, std::vector<IpAddress> addresses);
  void set_texts(std::string name, std::vector<std::string> texts);

  Task<std::vector<IpAddress>> addresses(std::string host) override;
  Task<std::vector<std::string>> texts(std::string name) override;

 private:
  void inject(const std::string& name);

  Faults& faults_;
  std::map<std::string, std::vector<IpAddress>> addresses_;
  std::map<std::string, std::vector<std::string>> texts_;
};

}  // namespace shoal::sim
