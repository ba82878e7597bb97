// What happens to a card after its issue: renewed, lost, its holder's name or
// address changed, its holder dead. Decides what is revoked, and issues what
// comes in its place. Knows no gRPC.
#ifndef PSM_SERVICES_IDENTITY_CARD_REGISTER_H_
#define PSM_SERVICES_IDENTITY_CARD_REGISTER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/signing_key.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card_holders.h"
#include "services/identity/certificate_register.h"

namespace psm::identity {

// What a residents' register says has changed. What is empty has not.
struct HolderChange {
  std::string subject;  // identity's code
  std::string name;
  std::string kana;
  std::string address;
  // Said without the new value, as life events do.
  bool renamed = false;
  bool moved = false;
  bool died = false;
  absl::Time change_time;
};

// New keys of a card; null: that one stays.
struct NewKeys {
  std::shared_ptr<const VerifyingKey> authentication;
  std::shared_ptr<const VerifyingKey> signature;
};

struct RenewedCard {
  std::string authentication_der;  // "" where none was asked for
  std::string signature_der;
  int revoked = 0;  // certificates
};

// Thread-safe. What it is given must outlive it. The functions that take a
// session work within the caller's transaction: all of it happens or nothing.
class CardRegister {
 public:
  CardRegister(agency::Database* database, const card::CardAuthority* authority,
               CertificateRegister* certificates, const Clock* clock)
      : database_(database),
        authority_(authority),
        certificates_(certificates),
        clock_(clock) {}

  // Takes a change in and says how many certificates it revoked: the signature
  // certificate where name or address is another now, both where the holder has
  // died. A change that is not newer than the last one, but for a death,
  // changes nothing, so that of two in the wrong order the later one stays;
  // said without its value, it makes what identity has outdated all the same.
  // Where it is said without its value, what identity has is outdated, and no
  // signature certificate is issued until the value has come. NOT_FOUND
  // PERSON_UNKNOWN; INVALID_ARGUMENT CHANGE_INVALID for a time in the future,
  // or nothing that changed.
  absl::StatusOr<int> Change(soci::session& sql, const HolderChange& change);

  // The same in a transaction of its own: for whoever hears of life events.
  absl::StatusOr<int> OnChange(const HolderChange& change);

  // Certifies new keys of a person's card for five years and revokes the
  // earlier certificates of the same kinds (superseded). NOT_FOUND CARD_UNKNOWN
  // where that person does not hold that card; FAILED_PRECONDITION
  // CERTIFICATE_NOT_POSSIBLE where the holder has died, or is too young for a
  // signature certificate, or name or address are outdated here.
  absl::StatusOr<RenewedCard> Renew(soci::session& sql,
                                    absl::string_view subject,
                                    absl::string_view card_serial,
                                    const NewKeys& keys);

  // Revokes all certificates of a person's card (key compromise) and says how
  // many. NOT_FOUND CARD_UNKNOWN as above.
  absl::StatusOr<int> Revoke(soci::session& sql, absl::string_view subject,
                             absl::string_view card_serial);

  // What the authority's file has and the database has not: must come before
  // any of the transactions, which cannot wait for a file.
  absl::Status TakeIn() { return certificates_->Import(); }

 private:
  agency::Database* const database_;
  const card::CardAuthority* const authority_;
  CertificateRegister* const certificates_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_REGISTER_H_
