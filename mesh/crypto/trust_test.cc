#include "mesh/crypto/trust.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/authority.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

using pki::Authority;
using pki::CertificateProfile;

const absl::Time kToday = absl::FromUnixSeconds(1790000000);

class TrustTest : public testing::Test {
 protected:
  TrustTest() { Reload({}, {}); }

  std::string List(const Authority& authority,
                   const std::vector<pki::Revocation>& revoked,
                   absl::Time now = kToday) {
    return *authority.IssueRevocationList(revoked, ++number_, now,
                                          absl::Hours(24));
  }
  void Reload(const std::vector<pki::Revocation>& by_root,
              const std::vector<pki::Revocation>& by_intermediate) {
    trust_ = *Trust::Create(
        root_->certificate().ToPem(),
        List(*root_, by_root) + List(*intermediate_, by_intermediate));
  }
  CertificateProfile Profile() const {
    return pki::SystemProfile("akatsuki/tax", kToday, absl::Hours(24));
  }
  std::vector<Certificate> Chain(const CertificateProfile& profile) {
    return {*intermediate_->Issue(profile, *key_->Public()),
            intermediate_->certificate()};
  }
  std::string ReasonAt(const std::vector<Certificate>& chain, absl::Time now,
                       PeerRole role = PeerRole::kClient) {
    const absl::Status status = trust_->Verify(chain, role, now);
    return status.ok() ? "OK" : ReasonOf(status);
  }

  std::uint64_t number_ = 0;
  const std::unique_ptr<Authority> root_ =
      *Authority::CreateRoot("root", kToday, absl::Hours(10000));
  const std::unique_ptr<Authority> intermediate_ =
      *root_->CreateIntermediate("intermediate", kToday, absl::Hours(5000));
  const std::unique_ptr<SigningKey> key_ = *SigningKey::Generate();
  std::shared_ptr<const Trust> trust_;
};

TEST_F(TrustTest, AcceptsASystemInBothRolesWithinItsLife) {
  const auto chain = Chain(Profile());
  EXPECT_EQ(ReasonAt(chain, kToday, PeerRole::kClient), "OK");
  EXPECT_EQ(ReasonAt(chain, kToday, PeerRole::kServer), "OK");
  EXPECT_EQ(ReasonAt(chain, kToday - absl::Minutes(4)), "OK");
}

TEST_F(TrustTest, RefusesBeforeAndAfterTheCertificatesLife) {
  CertificateProfile profile = Profile();
  profile.not_before = kToday + absl::Seconds(2);
  EXPECT_EQ(ReasonAt(Chain(profile), kToday), "CERTIFICATE_EXPIRED");
  profile = Profile();
  profile.not_after = kToday - absl::Seconds(2);
  EXPECT_EQ(ReasonAt(Chain(profile), kToday), "CERTIFICATE_EXPIRED");
}

TEST_F(TrustTest, RefusesWhatNobodyItTrustsHasSigned) {
  const auto other = *Authority::CreateRoot("root", kToday, absl::Hours(10000));
  const auto under_other =
      *other->CreateIntermediate("intermediate", kToday, absl::Hours(5000));
  const Certificate forged = *under_other->Issue(Profile(), *key_->Public());
  const Certificate self_signed = *pki::SelfSign(Profile(), *key_);
  const std::vector<std::vector<Certificate>> chains = {
      {},
      {self_signed},
      {self_signed, intermediate_->certificate()},
      {forged, under_other->certificate(), other->certificate()},
      {forged, under_other->certificate()},
      // The names fit, the keys do not.
      {forged, intermediate_->certificate()},
      // The intermediate is missing.
      {Chain(Profile())[0]},
  };
  for (std::size_t i = 0; i < chains.size(); ++i) {
    EXPECT_EQ(ReasonAt(chains[i], kToday), "CERTIFICATE_NOT_TRUSTED") << i;
  }
}

TEST_F(TrustTest, RefusesTheWrongPurpose) {
  CertificateProfile profile = Profile();
  profile.purposes = {"serverAuth"};
  EXPECT_EQ(ReasonAt(Chain(profile), kToday, PeerRole::kClient),
            "CERTIFICATE_NOT_TRUSTED");
  EXPECT_EQ(ReasonAt(Chain(profile), kToday, PeerRole::kServer), "OK");
  profile.purposes = {"codeSigning"};
  for (const PeerRole role : {PeerRole::kClient, PeerRole::kServer}) {
    EXPECT_EQ(ReasonAt(Chain(profile), kToday, role),
              "CERTIFICATE_NOT_TRUSTED");
  }
}

TEST_F(TrustTest, RefusesAnAuthorityBelowTheIntermediate) {
  // An intermediate's owner cannot hand its power on: path length 0.
  const auto third =
      *intermediate_->CreateIntermediate("third", kToday, absl::Hours(1000));
  const Certificate leaf = *third->Issue(Profile(), *key_->Public());
  trust_ = *Trust::Create(
      root_->certificate().ToPem(),
      List(*root_, {}) + List(*intermediate_, {}) + List(*third, {}));
  EXPECT_EQ(ReasonAt({leaf, third->certificate(), intermediate_->certificate()},
                     kToday),
            "CERTIFICATE_NOT_TRUSTED");
}

TEST_F(TrustTest, ASystemCannotIssue) {
  // A leaf's key signs another leaf: CA is false, so nobody believes it.
  const Certificate leaf = Chain(Profile())[0];
  auto as_authority = Authority::FromPem(
      absl::StrCat(key_->ToPem(SecretBytes()).Reveal(), leaf.ToPem()));
  EXPECT_EQ(as_authority.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TrustTest, RefusesARevokedSystemAndNoOther) {
  const auto revoked = Chain(Profile());
  const auto other = Chain(Profile());
  Reload({}, {{"0102", kToday}, {revoked[0].serial(), kToday}, {"40", kToday}});
  EXPECT_EQ(ReasonAt(revoked, kToday), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonAt(other, kToday), "OK");
}

TEST_F(TrustTest, RefusesEverythingUnderARevokedIntermediate) {
  const auto chain = Chain(Profile());
  Reload({{intermediate_->certificate().serial(), kToday}}, {});
  EXPECT_EQ(ReasonAt(chain, kToday), "CERTIFICATE_REVOKED");
}

TEST_F(TrustTest, IsClosedWithoutAFreshListOfEveryIssuer) {
  const auto chain = Chain(Profile());
  const std::string trust = root_->certificate().ToPem();
  const std::string of_root = List(*root_, {});
  const std::string of_intermediate = List(*intermediate_, {});
  const std::string stale = List(*intermediate_, {}, kToday - absl::Hours(25));
  const std::string future = List(*intermediate_, {}, kToday + absl::Hours(1));
  const auto stranger =
      *Authority::CreateRoot("intermediate", kToday, absl::Hours(10000));
  const std::string forged = List(*stranger, {});
  for (const std::string& lists : {of_root, of_intermediate, of_root + stale,
                                   of_root + future, of_root + forged}) {
    trust_ = *Trust::Create(trust, lists);
    EXPECT_EQ(ReasonAt(chain, kToday), "REVOCATION_STATE_STALE");
    EXPECT_EQ(trust_->Verify(chain, PeerRole::kClient, kToday).code(),
              absl::StatusCode::kUnavailable);
  }
  // All are fresh now, one is not a day later.
  trust_ = *Trust::Create(trust, of_root + of_intermediate);
  EXPECT_EQ(ReasonAt(chain, kToday), "OK");
}

TEST_F(TrustTest, NeedsBothTextsWhole) {
  const std::string trust = root_->certificate().ToPem();
  const std::string lists = List(*root_, {});
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", lists},      {trust, ""},
      {trust, "words"}, {trust, lists + lists.substr(0, lists.size() - 40)},
      {"words", lists}, {trust + trust.substr(0, trust.size() - 40), lists},
      {trust, trust},   {lists, lists}};
  for (const auto& [trust_pem, crl_pem] : bad) {
    EXPECT_EQ(Trust::Create(trust_pem, crl_pem).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(TrustTest, TwoRootsAreTrustedWhileOneReplacesTheOther) {
  const auto new_root =
      *Authority::CreateRoot("root 2", kToday, absl::Hours(10000));
  const auto new_intermediate = *new_root->CreateIntermediate(
      "intermediate 2", kToday, absl::Hours(5000));
  trust_ = *Trust::Create(
      root_->certificate().ToPem() + new_root->certificate().ToPem(),
      List(*root_, {}) + List(*intermediate_, {}) + List(*new_root, {}) +
          List(*new_intermediate, {}));
  EXPECT_EQ(ReasonAt(Chain(Profile()), kToday), "OK");
  EXPECT_EQ(ReasonAt({*new_intermediate->Issue(Profile(), *key_->Public()),
                      new_intermediate->certificate()},
                     kToday),
            "OK");
}

}  // namespace
}  // namespace psm
