// The cards' certificates as identity knows them: issued, revoked, why. The
// database is the truth; lists and OCSP answers are made from it. Knows no
// OpenSSL, no gRPC.
#ifndef PSM_SERVICES_IDENTITY_CERTIFICATE_REGISTER_H_
#define PSM_SERVICES_IDENTITY_CERTIFICATE_REGISTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/authority.h"
#include "mesh/agency/database.h"
#include "mesh/base/mutex.h"
#include "services/identity/card/issued_file.h"

namespace psm::identity {

// Why a certificate was revoked: the numbers of RFC 5280, 5.3.1.
enum class RevocationReason {
  kNone = 0,
  kKeyCompromise = 1,       // the card was lost, or its PIN known to others
  kAffiliationChanged = 3,  // name or address is another now
  kSuperseded = 4,          // a newer certificate took its place
  kCessation = 5,           // the holder has died
};

// One certificate and what became of it.
struct RegisteredCertificate {
  std::string serial;  // lower-case hexadecimal
  card::CertificateKind kind = card::CertificateKind::kAuthentication;
  std::string card_serial;
  absl::Time issue_time;
  absl::Time expire_time;
  std::optional<absl::Time> revoke_time;  // nullopt: never revoked
  RevocationReason reason = RevocationReason::kNone;
};

// Thread-safe. `database` must outlive it. Errors are the database's, but for
// those named.
class CertificateRegister {
 public:
  // `authority_folder` is where who issues cards writes down what was issued.
  CertificateRegister(agency::Database* database, std::string authority_folder)
      : database_(database), authority_folder_(std::move(authority_folder)) {}

  // Takes in what is in the authority's file and not here yet. What is here
  // stays as it is: a line says that a certificate was issued, never that it is
  // not revoked. DATA_LOSS for a damaged file.
  absl::Status Import() PSM_EXCLUDES(mu_);

  // A certificate by its serial; nullopt where none was issued. Looks into the
  // authority's file where that has grown since.
  absl::StatusOr<std::optional<RegisteredCertificate>> Find(
      absl::string_view serial);

  // The certificates of a card, newest first.
  absl::StatusOr<std::vector<RegisteredCertificate>> OfCard(
      absl::string_view card_serial);

  // Within the caller's transaction: adds a certificate; revokes those of a
  // card of a kind (nullopt: of both) that are not revoked yet, and says how
  // many these were. What is revoked stays so, with its first time and reason.
  static void Insert(soci::session& sql, const card::IssuedCertificate& issued);
  static int Revoke(soci::session& sql, absl::string_view card_serial,
                    std::optional<card::CertificateKind> kind,
                    RevocationReason reason, absl::Time now);

  // What a list made at `now` must say: all that are revoked, and until
  // kListMemory after they expired (RFC 5280, 3.3).
  absl::StatusOr<std::vector<pki::Revocation>> Revoked(absl::Time now);

  // How many were ever revoked: changes with every revocation.
  absl::StatusOr<std::int64_t> RevokedCount();

  // The number of the next list: one more than ever before, durably.
  absl::StatusOr<std::uint64_t> NextListNumber();

  static constexpr absl::Duration kListMemory = absl::Hours(24 * 14);

 private:
  agency::Database* const database_;
  const std::string authority_folder_;
  Mutex mu_;
  std::string imported_ PSM_GUARDED_BY(mu_);  // fingerprint of the file
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CERTIFICATE_REGISTER_H_
