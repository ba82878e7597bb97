#include "services/identity/card_register.h"

#include <optional>
#include <vector>

#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

using card::CertificateKind;

// Clocks of two machines may differ.
constexpr absl::Duration kSkew = absl::Minutes(5);
constexpr std::size_t kMaxItem = 512;  // bytes

// One text for a card that nobody holds and for another person's.
absl::Status CardUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "CARD_UNKNOWN",
                         "the person holds no card with this serial");
}

absl::Status ChangeInvalid(absl::string_view why) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "CHANGE_INVALID",
                         why);
}

absl::StatusOr<CardHolder> HolderOf(soci::session& sql,
                                    absl::string_view subject,
                                    absl::string_view card_serial) {
  std::optional<CardHolder> holder = CardHolders::Find(sql, subject);
  if (!holder.has_value() || holder->card_serial != card_serial)
    return CardUnknown();
  return *std::move(holder);
}

// Puts a new value in; says whether it was another one.
bool Take(const std::string& now, std::string& kept) {
  if (now.empty() || now == kept) return false;
  kept = now;
  return true;
}

}  // namespace

absl::StatusOr<int> CardRegister::Change(soci::session& sql,
                                         const HolderChange& change) {
  const absl::Time now = clock_->Now();
  for (const std::string* item : {&change.name, &change.kana, &change.address})
    if (item->size() > kMaxItem) return ChangeInvalid("an item is too long");
  if (change.name.empty() && change.kana.empty() && change.address.empty() &&
      !change.renamed && !change.moved && !change.died)
    return ChangeInvalid("nothing is said to have changed");
  if (change.change_time > now + kSkew)
    return ChangeInvalid("the change lies in the future");
  std::optional<CardHolder> holder = CardHolders::Find(sql, change.subject);
  if (!holder.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                           "the person holds no card");
  }
  // Nobody comes back to life: that somebody has died holds whenever it comes.
  if (change.change_time <= holder->change_time && !change.died) {
    // The newer one may have been of the other item: what has no value here is
    // asked for again, and ends the certificate if it is another.
    holder->name_outdated |= change.renamed && change.name.empty();
    holder->address_outdated |= change.moved && change.address.empty();
    CardHolders::Update(sql, *holder);
    return 0;
  }
  const bool renamed = Take(change.name, holder->name) || change.renamed;
  const bool moved = Take(change.address, holder->address) || change.moved;
  Take(change.kana, holder->kana);
  holder->name_outdated =
      change.name.empty() && (change.renamed || holder->name_outdated);
  holder->address_outdated =
      change.address.empty() && (change.moved || holder->address_outdated);
  holder->died |= change.died;
  holder->change_time = std::max(holder->change_time, change.change_time);
  holder->update_time = now;
  CardHolders::Update(sql, *holder);
  if (change.died) {
    return CertificateRegister::Revoke(sql, holder->card_serial, std::nullopt,
                                       RevocationReason::kCessation, now);
  }
  if (!renamed && !moved) return 0;
  return CertificateRegister::Revoke(
      sql, holder->card_serial, CertificateKind::kSignature,
      RevocationReason::kAffiliationChanged, now);
}

absl::StatusOr<int> CardRegister::OnChange(const HolderChange& change) {
  PSM_RETURN_IF_ERROR(TakeIn());
  int revoked = 0;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(revoked, Change(sql, change));
    return absl::OkStatus();
  }));
  return revoked;
}

absl::StatusOr<RenewedCard> CardRegister::Renew(soci::session& sql,
                                                absl::string_view subject,
                                                absl::string_view card_serial,
                                                const NewKeys& keys) {
  PSM_ASSIGN_OR_RETURN(const CardHolder holder,
                       HolderOf(sql, subject, card_serial));
  const absl::Time now = clock_->Now();
  const absl::CivilDay today = DayInJapan(now);
  const bool may_sign =
      !holder.name_outdated && !holder.address_outdated &&
      card::HasTurned(card::kSignatureAge, holder.birth_date, today);
  if (holder.died || (keys.signature != nullptr && !may_sign)) {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "CERTIFICATE_NOT_POSSIBLE",
                           "this holder gets no certificate of this kind");
  }
  RenewedCard renewed;
  // The earlier ones end in the transaction in which the new one begins.
  const auto replace = [&](CertificateKind kind,
                           const absl::StatusOr<std::string>& pem,
                           std::string& der) -> absl::Status {
    PSM_RETURN_IF_ERROR(pem.status());
    PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                         Certificate::ChainFromPem(*pem));
    renewed.revoked += CertificateRegister::Revoke(
        sql, holder.card_serial, kind, RevocationReason::kSuperseded, now);
    CertificateRegister::Insert(
        sql, card::Issued(chain.front(), kind, holder.card_serial, now));
    der = chain.front().ToDer();
    return absl::OkStatus();
  };
  if (keys.authentication != nullptr) {
    PSM_RETURN_IF_ERROR(replace(
        CertificateKind::kAuthentication,
        authority_->IssueAuthentication(
            holder.card_serial, *keys.authentication, now, card::kCardLifetime),
        renewed.authentication_der));
  }
  if (keys.signature != nullptr) {
    const card::CardItems items = {holder.name, holder.address,
                                   holder.birth_date, holder.sex};
    PSM_RETURN_IF_ERROR(replace(
        CertificateKind::kSignature,
        authority_->IssueSignature(holder.card_serial, items, *keys.signature,
                                   now, card::kCardLifetime),
        renewed.signature_der));
  }
  return renewed;
}

absl::StatusOr<int> CardRegister::Revoke(soci::session& sql,
                                         absl::string_view subject,
                                         absl::string_view card_serial) {
  PSM_ASSIGN_OR_RETURN(const CardHolder holder,
                       HolderOf(sql, subject, card_serial));
  return CertificateRegister::Revoke(sql, holder.card_serial, std::nullopt,
                                     RevocationReason::kKeyCompromise,
                                     clock_->Now());
}

}  // namespace psm::identity
