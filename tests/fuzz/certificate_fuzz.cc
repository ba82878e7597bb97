// Certificates and the names in them. An input begins with one byte: even, and
// the rest is a certificate as anybody may show it; odd, and the rest is lines,
// each a name to put into one: its kind (u, d, c) and the name.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "certs/authority.h"
#include "certs/certificate_profile.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/directory/directory.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Certificate;
using psm::Require;

void Read(absl::string_view der) {
  const auto certificate = Certificate::FromDer(der);
  if (!certificate.ok()) return;
  Require(certificate->not_before() != absl::InfinitePast(), "it has times");
  const auto again = Certificate::FromDer(certificate->ToDer());
  Require(again.ok() && again->serial() == certificate->serial(),
          "what was read can be read again");
  const auto name = certificate->UriName();
  Require(!name.ok() || std::all_of(name->begin(), name->end(),
                                    [](char c) { return c > ' ' && c <= '~'; }),
          "a name is printable");
  if (name.ok()) psm::SystemIdOf(*name).status().IgnoreError();
  certificate->CommonName();
}

void Make(absl::string_view lines) {
  static const auto& key = *psm::SigningKey::Generate().value().release();
  psm::pki::CertificateProfile profile;
  profile.not_before = absl::FromUnixSeconds(1790000000);
  profile.not_after = profile.not_before + absl::Hours(1);
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    if (line.empty()) continue;
    const std::string name(line.substr(1));
    if (line[0] == 'u') profile.uri_names.push_back(name);
    if (line[0] == 'd') profile.dns_names.push_back(name);
    if (line[0] == 'c') profile.common_name = name;
  }
  const auto certificate = psm::pki::SelfSign(profile, key);
  if (!certificate.ok()) return;
  const auto name = certificate->UriName();
  const bool one_good =
      profile.uri_names.size() == 1 && !profile.uri_names[0].empty() &&
      std::all_of(profile.uri_names[0].begin(), profile.uri_names[0].end(),
                  [](char c) { return c > ' ' && c <= '~'; });
  Require(name.ok() == one_good,
          "a system has exactly one name, of printable ASCII");
  Require(!name.ok() || *name == profile.uri_names[0], "and it is that one");
  Require(certificate->CommonName().empty() ||
              certificate->CommonName() == profile.common_name,
          "a common name is read whole or not at all");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest = psm::AsText(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    Read(rest);
  } else {
    Make(rest);
  }
  return 0;
}
