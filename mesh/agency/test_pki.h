// A certificate authority made at test time, and the run folder's pki files,
// good and bad. Never linked into a program.
#ifndef PSM_MESH_AGENCY_TEST_PKI_H_
#define PSM_MESH_AGENCY_TEST_PKI_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/signing_key.h"

namespace psm::agency {

// What a certificate of TestPki says.
struct TestLeaf {
  // "URI:spiffe://...", "DNS:localhost", in OpenSSL's words.
  std::vector<std::string> names;
  std::string usage = "serverAuth,clientAuth";
  absl::Duration starts_in = -absl::Hours(1);
  absl::Duration ends_in = absl::Hours(1);
};

struct TestIdentity {
  std::string key_pem;
  std::string leaf_pem;
  std::string chain_pem;  // leaf, intermediate
  long serial = 0;

  std::string identity_pem() const { return key_pem + chain_pem; }
};

// A root, an intermediate below it, and what they issue. Fails the process
// where OpenSSL does.
class TestPki {
 public:
  TestPki();

  TestIdentity Issue(const TestLeaf& leaf);
  // A good certificate of a system: "mesh/gateway".
  TestIdentity IssueFor(const std::string& system);

  std::string trust_pem() const;
  // Current lists of both authorities; the intermediate's names `revoked`.
  std::string CrlPem(const std::vector<long>& revoked = {},
                     absl::Duration ends_in = absl::Hours(1)) const;

  // Writes trust.pem, crl.pem and the identity of each system into a run
  // folder.
  void Write(const std::string& run, const std::vector<std::string>& systems);

 private:
  OpenSslPtr<X509> Sign(X509* issuer, const SigningKey& issuer_key,
                        EVP_PKEY* key, const std::string& name, bool authority,
                        const TestLeaf& leaf);
  std::string List(X509* issuer, const SigningKey& key,
                   const std::vector<long>& revoked,
                   absl::Duration ends_in) const;

  const absl::Time now_;
  long serial_ = 0;
  std::unique_ptr<SigningKey> root_key_;
  std::unique_ptr<SigningKey> intermediate_key_;
  OpenSslPtr<X509> root_;
  OpenSslPtr<X509> intermediate_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_TEST_PKI_H_
