#include "mesh/edge/revoked_serials.h"

#include <openssl/x509.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/revocation_list.h"

namespace psm::edge {
namespace {

std::optional<absl::Time> TimeOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    return std::nullopt;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string HexOf(const ASN1_INTEGER* serial) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
      static_cast<std::size_t>(ASN1_STRING_length(serial))));
}

}  // namespace

absl::StatusOr<RevokedSerials> RevokedSerials::Parse(absl::string_view pem) {
  RevokedSerials revoked;
  PSM_ASSIGN_OR_RETURN(const std::vector<OpenSslPtr<X509_CRL>> lists,
                       ParseRevocationLists(pem));
  for (const OpenSslPtr<X509_CRL>& list : lists) {
    const std::optional<absl::Time> next =
        TimeOf(X509_CRL_get0_nextUpdate(list.get()));
    if (!next.has_value()) {
      return absl::InvalidArgumentError(
          "a revocation list does not say until when it holds");
    }
    auto [place, added] = revoked.issuers_.try_emplace(
        DerOf(X509_CRL_get_issuer(list.get())), Issuer{*next, {}});
    Issuer& issuer = place->second;
    issuer.next_update = std::min(issuer.next_update, *next);
    STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list.get());
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      issuer.serials.insert(HexOf(
          X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))));
    }
  }
  static std::atomic<std::uint64_t> ids{0};
  revoked.id_ = ids.fetch_add(1, std::memory_order_relaxed) + 1;
  revoked.first_update_ = absl::InfiniteFuture();
  for (const auto& [name, issuer] : revoked.issuers_)
    revoked.first_update_ = std::min(revoked.first_update_, issuer.next_update);
  return revoked;
}

// What is left behind knows no issuer, and must not pass for these lists.
RevokedSerials& RevokedSerials::operator=(RevokedSerials&& other) noexcept {
  issuers_ = std::exchange(other.issuers_, {});
  first_update_ = std::exchange(other.first_update_, absl::InfinitePast());
  id_ = std::exchange(other.id_, 0);
  return *this;
}

absl::Status RevokedSerials::Check(const PeerIdentity& peer,
                                   absl::Time now) const {
  // No list of any issuer is stale, and the chain is the one of before.
  if (now < first_update_ && peer.cleared_by.Is(id_)) return absl::OkStatus();
  for (const PeerIdentity::CertificateName& certificate : peer.chain) {
    auto issuer = issuers_.find(certificate.issuer);
    if (issuer == issuers_.end() || now >= issuer->second.next_update) {
      return MakeError(absl::StatusCode::kUnavailable, "REVOCATION_STATE_STALE",
                       Party::kGateway,
                       "no usable revocation list; renew the lists");
    }
    if (issuer->second.serials.contains(certificate.serial)) {
      return MakeError(absl::StatusCode::kUnauthenticated,
                       "CERTIFICATE_REVOKED", Party::kConsumer,
                       "the certificate is revoked; use a new one",
                       {{"serial", certificate.serial}});
    }
  }
  peer.cleared_by.Set(id_);
  return absl::OkStatus();
}

}  // namespace psm::edge
