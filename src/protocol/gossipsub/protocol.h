#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::gossipsub {

/// What a peer speaks, least first.
enum class Version : std::uint8_t { floodsub, v1_1, v1_2, v1_3 };

inline constexpr const char* kFloodsub = "/floodsub/1.0.0";
inline constexpr const char* kMeshsub11 = "/meshsub/1.1.0";
inline constexpr const char* kMeshsub12 = "/meshsub/1.2.0";
inline constexpr const char* kMeshsub13 = "/meshsub/1.3.0";

/// Best first, as they are proposed.
inline constexpr std::array<const char*, 4> kProtocols = {kMeshsub13, kMeshsub12, kMeshsub11,
                                                          kFloodsub};

inline std::optional<Version> version_of(std::string_view protocol) {
  if (protocol == kMeshsub13) return Version::v1_3;
  if (protocol == kMeshsub12) return Version::v1_2;
  if (protocol == kMeshsub11) return Version::v1_1;
  if (protocol == kFloodsub) return Version::floodsub;
  return std::nullopt;
}

inline bool has_mesh(Version version) {
  return version != Version::floodsub;
}
inline bool has_idontwant(Version version) {
  return version >= Version::v1_2;
}
inline bool has_extensions(Version version) {
  return version >= Version::v1_3;
}

}  // namespace shoal::gossipsub
