// The persons who hold a card, by identity's own code. Knows no gRPC.
#ifndef PSM_SERVICES_IDENTITY_CARD_HOLDERS_H_
#define PSM_SERVICES_IDENTITY_CARD_HOLDERS_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm::identity {

struct CardHolder {
  std::string subject;  // identity's code
  std::string card_serial;
  std::string name;
  std::string kana;
  std::string address;
  std::string birth_date;  // YYYY-MM-DD
  int sex = 0;             // ISO/IEC 5218
  absl::Time update_time;  // when the row was last written
  absl::Time change_time;  // of the newest change that was heard of
  // A change was heard of without its value.
  bool name_outdated = false;  // name and kana
  bool address_outdated = false;
  bool died = false;
};

// Thread-safe. `database` must outlive it. All errors are the database's.
class CardHolders {
 public:
  explicit CardHolders(agency::Database* database) : database_(database) {}

  using Take = absl::FunctionRef<absl::Status(const seed::v1::CardHolder&)>;

  // At the first start: writes every holder that `source` gives, all or none.
  // Does nothing where there are holders already. INVALID_ARGUMENT
  // SEED_INVALID for a holder without subject or card.
  absl::Status ImportOnce(absl::Time now,
                          absl::FunctionRef<absl::Status(Take)> source);

  // The holder of that code; nullopt where there is none.
  absl::StatusOr<std::optional<CardHolder>> Find(absl::string_view subject);

  // The same within the caller's transaction; and writes all but subject, card,
  // birth date and sex of a holder who is there.
  static std::optional<CardHolder> Find(soci::session& sql,
                                        absl::string_view subject);
  static void Update(soci::session& sql, const CardHolder& holder);

  // The code of the person who holds that card now; nullopt where nobody does.
  absl::StatusOr<std::optional<std::string>> SubjectOfCard(
      absl::string_view card_serial);

 private:
  agency::Database* const database_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_HOLDERS_H_
