// What is answered is the database's word, read for each question: there is no
// list in between that could be older. `good` means that the certificate was
// issued and is not revoked, never merely that it is not on a list (RFC 6960,
// 2.2).
#include "services/identity/ocsp_responder.h"

#include <openssl/ocsp.h>

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::identity {
namespace {

constexpr absl::Duration kSignerLifetime = absl::Hours(24 * 7);

struct OcspDeleter {
  void operator()(OCSP_REQUEST* p) const { OCSP_REQUEST_free(p); }
  void operator()(OCSP_RESPONSE* p) const { OCSP_RESPONSE_free(p); }
  void operator()(OCSP_BASICRESP* p) const { OCSP_BASICRESP_free(p); }
  void operator()(OCSP_CERTID* p) const { OCSP_CERTID_free(p); }
};
template <typename T>
using OcspPtr = std::unique_ptr<T, OcspDeleter>;

std::string DerOf(OCSP_RESPONSE* response) {
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  CheckOpenSsl(size > 0, "i2d_OCSP_RESPONSE");
  std::string bytes(reinterpret_cast<const char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

// An answer that says that there is none, and why (RFC 6960, 2.3).
std::string Unanswered(int status) {
  TakeOpenSslReason();
  const OcspPtr<OCSP_RESPONSE> response(OCSP_response_create(status, nullptr));
  CheckOpenSsl(response != nullptr, "OCSP_response_create");
  return DerOf(response.get());
}

OpenSslPtr<ASN1_TIME> TimeOf(absl::Time time) {
  OpenSslPtr<ASN1_TIME> result(
      ASN1_GENERALIZEDTIME_set(nullptr, absl::ToTimeT(time)));
  CheckOpenSsl(result != nullptr, "ASN1_GENERALIZEDTIME_set");
  return result;
}

// Lower-case hexadecimal without leading zero bytes, as Certificate::serial().
std::string HexOf(const ASN1_INTEGER* serial) {
  const OpenSslPtr<BIGNUM> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr || BN_is_negative(number.get()) != 0) return "";
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), 0);
  BN_bn2bin(number.get(), Bytes(bytes));
  return absl::BytesToHexString(bytes);
}

// The serial that `id` asks about; "" where it names another issuer, or names
// it by a hash other than SHA-1 and SHA-256 (RFC 5019, 2.1.1; RFC 6960, 4.3).
std::string SerialAskedFor(OCSP_CERTID* id, const X509* issuer) {
  ASN1_OBJECT* hash = nullptr;
  ASN1_INTEGER* serial = nullptr;
  if (OCSP_id_get0_info(nullptr, &hash, nullptr, &serial, id) != 1) return "";
  const int kind = OBJ_obj2nid(hash);
  if (kind != NID_sha1 && kind != NID_sha256) return "";
  const OcspPtr<OCSP_CERTID> ours(
      OCSP_cert_id_new(EVP_get_digestbynid(kind), X509_get_subject_name(issuer),
                       X509_get0_pubkey_bitstr(issuer), serial));
  CheckOpenSsl(ours != nullptr, "OCSP_cert_id_new");
  return OCSP_id_issuer_cmp(ours.get(), id) == 0 ? HexOf(serial) : "";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const OcspResponder::Signer>>
OcspResponder::CurrentSigner(absl::Time now) {
  MutexLock lock(mu_);
  if (signer_ != nullptr && now >= made_ && now < made_ + kSignerLifetime / 2)
    return signer_;
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  PSM_ASSIGN_OR_RETURN(
      Certificate certificate,
      authority_->IssueResponder(*key->Public(), now, kSignerLifetime));
  signer_ =
      std::make_shared<Signer>(Signer{std::move(key), std::move(certificate)});
  made_ = now;
  return signer_;
}

std::string OcspResponder::Answer(absl::string_view request) {
  if (request.size() > kMaxOcspRequest)
    return Unanswered(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  const unsigned char* at = Bytes(request);
  const OcspPtr<OCSP_REQUEST> asked(
      d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(request.size())));
  const int count =
      asked == nullptr ? 0 : OCSP_request_onereq_count(asked.get());
  if (count < 1 || count > kMostQuestions ||
      at != Bytes(request) + request.size())
    return Unanswered(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);

  const absl::Time now = clock_->Now();
  const absl::StatusOr<std::shared_ptr<const Signer>> signer =
      CurrentSigner(now);
  if (!signer.ok()) return Unanswered(OCSP_RESPONSE_STATUS_INTERNALERROR);
  const OpenSslPtr<ASN1_TIME> from = TimeOf(now);
  const OpenSslPtr<ASN1_TIME> until = TimeOf(now + kStatusLifetime);
  const OcspPtr<OCSP_BASICRESP> answers(OCSP_BASICRESP_new());
  CheckOpenSsl(answers != nullptr, "OCSP_BASICRESP_new");
  for (int i = 0; i < count; ++i) {
    OCSP_CERTID* const id =
        OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked.get(), i));
    const std::string serial =
        SerialAskedFor(id, authority_->certificate().get());
    std::optional<RegisteredCertificate> known;
    if (!serial.empty()) {
      absl::StatusOr<std::optional<RegisteredCertificate>> found =
          certificates_->Find(serial);
      if (!found.ok()) {
        LogWarning("certificate_not_looked_up",
                   {{"code", absl::StatusCodeToString(found.status().code())}});
        return Unanswered(OCSP_RESPONSE_STATUS_INTERNALERROR);
      }
      known = *std::move(found);
    }
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    int reason = OCSP_REVOKED_STATUS_NOSTATUS;
    OpenSslPtr<ASN1_TIME> revoked;
    if (known.has_value() && known->revoke_time.has_value()) {
      status = V_OCSP_CERTSTATUS_REVOKED;
      reason = static_cast<int>(known->reason);
      revoked = TimeOf(*known->revoke_time);
    } else if (known.has_value()) {
      status = V_OCSP_CERTSTATUS_GOOD;
    }
    CheckOpenSsl(
        OCSP_basic_add1_status(answers.get(), id, status, reason, revoked.get(),
                               from.get(), until.get()) != nullptr,
        "OCSP_basic_add1_status");
  }
  OCSP_copy_nonce(answers.get(), asked.get());
  CheckOpenSsl(
      OCSP_basic_sign(answers.get(), (*signer)->certificate.get(),
                      (*signer)->key->get(), EVP_sha256(), nullptr, 0) == 1,
      "OCSP_basic_sign");
  const OcspPtr<OCSP_RESPONSE> response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answers.get()));
  CheckOpenSsl(response != nullptr, "OCSP_response_create");
  TakeOpenSslReason();
  return DerOf(response.get());
}

}  // namespace psm::identity
