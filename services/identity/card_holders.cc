#include "services/identity/card_holders.h"

#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card/virtual_card.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

// In the column `outdated`.
constexpr long long kNameOutdated = 1;
constexpr long long kAddressOutdated = 2;

}  // namespace

absl::Status CardHolders::ImportOnce(
    absl::Time now, absl::FunctionRef<absl::Status(Take)> source) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    std::string known;
    sql << "SELECT subject FROM card_holders LIMIT 1", soci::into(known);
    if (sql.got_data()) return absl::OkStatus();

    std::string subject, serial, name, kana, address, birth_date;
    long long sex = 0;
    const long long time = absl::ToUnixMicros(now);
    soci::statement insert =
        (sql.prepare << "INSERT INTO card_holders (subject, card_serial, name, "
                        "kana, address, birth_date, sex, update_time) VALUES "
                        "(:subject, :serial, :name, :kana, :address, :birth, "
                        ":sex, :time)",
         soci::use(subject), soci::use(serial), soci::use(name),
         soci::use(kana), soci::use(address), soci::use(birth_date),
         soci::use(sex), soci::use(time));
    return source([&](const seed::v1::CardHolder& holder) -> absl::Status {
      if (holder.subject().empty() ||
          !card::IsCardSerial(holder.card_serial())) {
        return agency::Refusal(absl::StatusCode::kInvalidArgument,
                               "SEED_INVALID",
                               "a card holder lacks a subject or a serial");
      }
      subject = holder.subject();
      serial = holder.card_serial();
      name = holder.name();
      kana = holder.kana();
      address = holder.address();
      birth_date = holder.birth_date();
      sex = holder.sex();
      insert.execute(true);
      return absl::OkStatus();
    });
  });
}

absl::StatusOr<std::optional<CardHolder>> CardHolders::Find(
    absl::string_view subject) {
  std::optional<CardHolder> holder;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    holder = Find(sql, subject);
    return absl::OkStatus();
  }));
  return holder;
}

std::optional<CardHolder> CardHolders::Find(soci::session& sql,
                                            absl::string_view subject) {
  CardHolder holder;
  holder.subject = std::string(subject);
  long long sex = 0, time = 0, change = 0, outdated = 0, died = 0;
  sql << "SELECT card_serial, name, kana, address, birth_date, sex, "
         "update_time, change_time, outdated, died FROM card_holders WHERE "
         "subject = :subject",
      soci::into(holder.card_serial), soci::into(holder.name),
      soci::into(holder.kana), soci::into(holder.address),
      soci::into(holder.birth_date), soci::into(sex), soci::into(time),
      soci::into(change), soci::into(outdated), soci::into(died),
      soci::use(holder.subject);
  if (!sql.got_data()) return std::nullopt;
  holder.sex = static_cast<int>(sex);
  holder.update_time = absl::FromUnixMicros(time);
  holder.change_time = absl::FromUnixMicros(change);
  holder.name_outdated = (outdated & kNameOutdated) != 0;
  holder.address_outdated = (outdated & kAddressOutdated) != 0;
  holder.died = died != 0;
  return holder;
}

void CardHolders::Update(soci::session& sql, const CardHolder& holder) {
  const long long time = absl::ToUnixMicros(holder.update_time);
  const long long change = absl::ToUnixMicros(holder.change_time);
  const long long outdated = (holder.name_outdated ? kNameOutdated : 0) |
                             (holder.address_outdated ? kAddressOutdated : 0);
  const long long died = holder.died ? 1 : 0;
  sql << "UPDATE card_holders SET name = :name, kana = :kana, address = "
         ":address, update_time = :time, change_time = :change, outdated = "
         ":outdated, died = :died WHERE subject = :subject",
      soci::use(holder.name), soci::use(holder.kana), soci::use(holder.address),
      soci::use(time), soci::use(change), soci::use(outdated), soci::use(died),
      soci::use(holder.subject);
}

absl::StatusOr<std::optional<std::string>> CardHolders::SubjectOfCard(
    absl::string_view card_serial) {
  const std::string serial(card_serial);
  std::string subject;
  bool found = false;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    sql << "SELECT subject FROM card_holders WHERE card_serial = :serial",
        soci::into(subject), soci::use(serial);
    found = sql.got_data();
    return absl::OkStatus();
  }));
  if (!found) return std::nullopt;
  return subject;
}

}  // namespace psm::identity
