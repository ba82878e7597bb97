// For tests: a PKI of the mesh's form in a folder of its own, with good and bad
// certificates.
#ifndef PSM_MESH_EDGE_TEST_PKI_H_
#define PSM_MESH_EDGE_TEST_PKI_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "certs/authority.h"
#include "certs/certificate_profile.h"
#include "mesh/base/clock.h"
#include "mesh/base/temp_folder.h"
#include "mesh/edge/tls_config.h"

namespace psm::edge {

struct TestIdentity {
  std::string key;    // PEM
  std::string chain;  // PEM: leaf, then intermediate where there is one
  std::string serial;
  TlsFiles files;
};

class TestPki {
 public:
  TestPki();
  ~TestPki();

  TestIdentity Issue(const std::string& system);
  TestIdentity Issue(const pki::CertificateProfile& profile);
  // By an authority that nobody trusts.
  TestIdentity IssueByStranger(const std::string& system);
  TestIdentity SelfSign(const std::string& system);

  // Writes crl.pem anew: the root's list and the intermediate's, with all that
  // was revoked so far, valid for `life`.
  void WriteLists(absl::Duration life = absl::Hours(1));
  void Revoke(const std::string& serial);

  std::shared_ptr<const TlsConfig> Load(const TestIdentity& identity);

  const std::string& folder() const { return folder_.path(); }
  std::string root_pem() const;
  absl::Time now() const { return now_; }

 private:
  TestIdentity Write(const std::string& key, const std::string& chain,
                     const std::string& serial);

  SystemClock clock_;
  const absl::Time now_;
  TempFolder folder_;
  std::unique_ptr<pki::Authority> root_;
  std::unique_ptr<pki::Authority> intermediate_;
  std::vector<pki::Revocation> revoked_;
  std::uint64_t list_number_ = 0;
  int files_ = 0;
};

void WriteTestFile(const std::string& path, const std::string& text);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_PKI_H_
