// Nobody joins a household without its head (住民基本台帳事務処理要領: the head
// is who stands for the household). The agreement names persons as on a form,
// so the head learns nothing that he did not know, and who is meant is decided
// when they come.
#include "services/residents/joining.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "services/residents/notice_rules.h"

namespace psm {
namespace {

using residents::v1::AgreeToJoinRequest;
using residents::v1::Joiner;
using residents::v1::Member;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

// The relation that was agreed on; nullopt where the person is not named.
std::optional<long long> AgreedRelation(soci::session& sql,
                                        const std::string& id,
                                        const RegisteredMember& joiner) {
  long long relation = 0;
  sql << "SELECT relation FROM joiners WHERE agreement_id = :id AND kana = "
         ":kana AND birth_date = :birth",
      soci::into(relation), soci::use(id), soci::use(joiner.at("kana")),
      soci::use(joiner.at("birth_date"));
  if (!sql.got_data()) return std::nullopt;
  return relation;
}

bool IsHeadOn(RegisterFacts& facts, const std::string& person,
              const std::string& household, absl::CivilDay day) {
  return facts.ValueAt(person, "household", day) == household &&
         facts.ValueAt(person, "relation", day) == absl::StrCat(Member::HEAD);
}

}  // namespace

absl::Status CheckJoiners(const AgreeToJoinRequest& request) {
  const absl::Status invalid =
      Invalid("JOINERS_INVALID", "name 1 to 20 persons, each once");
  if (request.joiners().empty() || request.joiners_size() > kMostJoiners)
    return invalid;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Joiner& joiner : request.joiners()) {
    PSM_RETURN_IF_ERROR(CheckKana(joiner.kana()));
    PSM_RETURN_IF_ERROR(
        ParseDay(joiner.birth_date(), "BIRTH_DATE_INVALID").status());
    if (!Member::Relation_IsValid(joiner.relation()) ||
        joiner.relation() == Member::RELATION_UNSPECIFIED ||
        joiner.relation() == Member::HEAD)
      return Invalid("RELATION_INVALID", "name the relation to the head");
    if (!seen.emplace(joiner.kana(), joiner.birth_date()).second)
      return invalid;
  }
  return absl::OkStatus();
}

void KeepAgreement(soci::session& sql, const std::string& id,
                   const std::string& household, absl::CivilDay last_date,
                   const AgreeToJoinRequest& request) {
  const std::string last = absl::FormatCivilTime(last_date);
  sql << "INSERT INTO join_agreements (agreement_id, household_id, head, "
         "last_date, entry_id) VALUES (:id, :household, :head, :last, 0)",
      soci::use(id), soci::use(household), soci::use(request.subject()),
      soci::use(last);
  for (const Joiner& joiner : request.joiners()) {
    const long long relation = joiner.relation();
    sql << "INSERT INTO joiners (agreement_id, kana, birth_date, relation) "
           "VALUES (:id, :kana, :birth, :relation)",
        soci::use(id), soci::use(joiner.kana()), soci::use(joiner.birth_date()),
        soci::use(relation);
  }
}

std::optional<std::string> HeadOfAgreement(soci::session& sql,
                                           const std::string& id) {
  std::string head;
  sql << "SELECT head FROM join_agreements WHERE agreement_id = :id",
      soci::into(head), soci::use(id);
  if (!sql.got_data()) return std::nullopt;
  return head;
}

absl::StatusOr<std::string> JoinedHousehold(
    RegisterFacts& facts, const std::string& id, absl::CivilDay today,
    absl::CivilDay day, const std::vector<RegisteredMember*>& joiners) {
  const absl::Status not_agreed = agency::Refusal(
      absl::StatusCode::kFailedPrecondition, "JOIN_NOT_AGREED",
      "the head of the household has not agreed to all who join");
  std::string household, head, last_date;
  long long used = 0;
  facts.sql() << "SELECT household_id, head, last_date, entry_id FROM "
                 "join_agreements WHERE agreement_id = :id",
      soci::into(household), soci::into(head), soci::into(last_date),
      soci::into(used), soci::use(id);
  if (!facts.sql().got_data() || used != 0 ||
      last_date < absl::FormatCivilTime(today) ||
      !IsHeadOn(facts, head, household, today) ||
      !IsHeadOn(facts, head, household, day))
    return not_agreed;
  for (RegisteredMember* const joiner : joiners) {
    const std::optional<long long> relation =
        AgreedRelation(facts.sql(), id, *joiner);
    if (!relation.has_value()) return not_agreed;
    joiner->items["relation"] = absl::StrCat(*relation);
  }
  return household;
}

absl::Status PassJoined(RegisterFacts& facts, const Notice& notice,
                        const std::string& id) {
  return notice.Pass(facts, HeadOfAgreement(facts.sql(), id).value_or(""));
}

void UseAgreement(soci::session& sql, const std::string& id,
                  const EntryMark& entry) {
  sql << "UPDATE join_agreements SET entry_id = :entry WHERE agreement_id = "
         ":id",
      soci::use(entry.id), soci::use(id);
}

}  // namespace psm
