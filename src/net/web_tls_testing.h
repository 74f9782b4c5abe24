#pragma once

#include <string_view>

namespace shoal::net::testing {

// A root of trust that is nobody's, and what it vouches for: the server web.example. Both are valid
// from 2020 to 2090.

inline constexpr std::string_view kTestRoot = R"(-----BEGIN CERTIFICATE-----
MIIBLDCB0qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRlc3Qgcm9v
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMDkwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
VGVzdCByb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEko8p0amNlZyQYQ57
0sRl/coWyQQ/PPcMi4xKPXO5ag2RXaRDwf1zpKgM3avBIw5ERr8CmVjySfo81qIn
o6azYqMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA5FcS
ANMgJBZyNV9TJ1RZR0abnCZ9u1YJCzzfiC30gQcCIQD0EgwZiMhANc4pfStIwuIH
ZTj1Ts8zVQzZGQvOsu3jjA==
-----END CERTIFICATE-----
)";

inline constexpr std::string_view kTestCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBNDCB26ADAgECAgECMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRlc3Qgcm9v
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMDkwMDEwMTAwMDAwMFowFjEUMBIGA1UEAwwL
d2ViLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQxxwQ37BdPeiUo
9XGS0jHhoj3VX/Gi4gTZ3VTfO/koPkDKK1S0WdPKkbgk+JiUj5E5T4EAkzpaptUU
JP/eZ5QJoxowGDAWBgNVHREEDzANggt3ZWIuZXhhbXBsZTAKBggqhkjOPQQDAgNI
ADBFAiAQaDNhgi19oMiK3UOejNccuH0GidBuTSjcCpuNtTJhYwIhAJhv3aAGs10O
bsO+XXV0Qd5xG+ysX1phUqa6YPI2DSmp
-----END CERTIFICATE-----
)";

inline constexpr std::string_view kTestKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJbGroWAab1QoGBZI
1iFzoWqjUUKKROOHXA8nqf5S5qehRANCAAQxxwQ37BdPeiUo9XGS0jHhoj3VX/Gi
4gTZ3VTfO/koPkDKK1S0WdPKkbgk+JiUj5E5T4EAkzpaptUUJP/eZ5QJ
-----END PRIVATE KEY-----
)";

}  // namespace shoal::net::testing
