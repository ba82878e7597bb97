#include "services/benefits/application.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "services/benefits/papers.h"

namespace psm {
namespace {

using benefits::v1::FilledField;
using google::protobuf::Message;
using linkage::v1::Evidence;
using residents::v1::GetHouseholdResponse;

// A dataset's answer about one subject.
struct Answer {
  std::string provider;
  std::unique_ptr<Message> message;
};
using Answers = std::map<std::string, Answer>;  // by dataset

// Reads the answers and notes their exchanges.
absl::StatusOr<Answers> ReadAnswers(const std::vector<Evidence>& evidence,
                                    Application& application) {
  Answers answers;
  for (const Evidence& leg : evidence) {
    if (leg.has_status()) {
      const absl::Status status = FromRpcStatus(
          static_cast<absl::StatusCode>(leg.status().code()),
          leg.status().message(), leg.status().SerializeAsString());
      const std::string reason = ReasonOf(status);
      return EvidenceMissing(
          leg.provider().empty() ? leg.dataset() : leg.provider(),
          reason.empty() ? absl::StatusCodeToString(status.code()) : reason);
    }
    const Message* const prototype = EvidencePrototype(leg.dataset());
    if (prototype == nullptr) continue;  // nobody asked for it
    std::unique_ptr<Message> message(prototype->New());
    if (leg.type_name() != prototype->GetDescriptor()->full_name() ||
        !message->ParseFromString(leg.message())) {
      return EvidenceMissing(leg.provider(), "ANSWER_UNREADABLE");
    }
    benefits::v1::Source source;
    source.set_provider(leg.provider());
    source.set_dataset(leg.dataset());
    source.set_exchange_id(leg.exchange_id());
    application.sources.push_back(std::move(source));
    answers[leg.dataset()] = {leg.provider(), std::move(message)};
  }
  return answers;
}

absl::StatusOr<FilledField> Fill(const ProgrammeField& field,
                                 const Message& message,
                                 const std::string& provider, int member) {
  FilledField filled;
  *filled.mutable_field() = field.definition.form();
  filled.set_value(field.path.Read(message));
  if (filled.value().empty()) {
    return EvidenceMissing(provider, "ATTRIBUTE_WITHHELD");
  }
  filled.set_provider(provider);
  filled.set_member(member);
  filled.set_value_ja(filled.value());
  filled.set_value_en(filled.value());
  for (const benefits::v1::ValueLabel& label : field.definition.values()) {
    if (label.value() != filled.value()) continue;
    filled.set_value_ja(label.label_ja());
    filled.set_value_en(label.label_en());
  }
  return filled;
}

absl::StatusOr<FilledField> FillFromAnswers(const ProgrammeField& field,
                                            const Answers& answers,
                                            int member) {
  const auto answer = answers.find(field.dataset);
  if (answer == answers.end()) {
    return EvidenceMissing(field.dataset, "NOT_ANSWERED");
  }
  return Fill(field, *answer->second.message, answer->second.provider, member);
}

FilledField LeftEmpty(const ProgrammeField& field, int member) {
  FilledField filled;
  *filled.mutable_field() = field.definition.form();
  filled.set_member(member);
  return filled;
}

absl::StatusOr<ZenginAccount> TransferAccount(const accounts::v1::Account& a) {
  ZenginAccount account;
  account.bank_code = a.bank_code();
  account.branch_code = a.branch_code();
  account.number = a.number();
  account.holder_kana = a.holder_kana();
  if (a.type() != accounts::v1::Account::ORDINARY &&
      a.type() != accounts::v1::Account::CURRENT) {
    return absl::InvalidArgumentError("unknown type of account");
  }
  account.type = a.type() == accounts::v1::Account::ORDINARY
                     ? ZenginAccountType::kOrdinary
                     : ZenginAccountType::kCurrent;
  PSM_RETURN_IF_ERROR(CheckZenginAccount(account));
  return account;
}

const std::string& ValueOf(absl::Span<const FilledField> fields,
                           const std::string& id) {
  static const std::string* const kNone = new std::string;
  for (const FilledField& field : fields) {
    if (field.field().id() == id) return field.value();
  }
  return *kNone;
}

}  // namespace

absl::Status EvidenceMissing(absl::string_view provider,
                             absl::string_view reason) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "EVIDENCE_MISSING",
                   Party::kProvider,
                   "a part of the application could not be got",
                   {{"provider", provider}, {"reason", reason}});
}

absl::StatusOr<Application> FillForHousehold(
    const Programme& programme, const HouseholdEvidence& household,
    absl::Span<const std::vector<Evidence>> evidence, absl::CivilDay today,
    const std::set<std::string>& refused) {
  const GetHouseholdResponse& home = household.household;
  Application application;
  application.programme = programme.id();
  benefits::v1::Source source;
  source.set_provider(household.provider);
  source.set_dataset(kResidentsDataset);
  source.set_exchange_id(household.exchange_id);
  application.sources.push_back(std::move(source));

  std::vector<Answers> answers;  // by member
  for (int i = 0; i < home.members_size(); ++i) {
    application.members.push_back(home.members(i).subject());
    PSM_ASSIGN_OR_RETURN(
        Answers answer,
        ReadAnswers(evidence[static_cast<std::size_t>(i)], application));
    answers.push_back(std::move(answer));
  }
  for (const ProgrammeField& field : programme.fields) {
    const int last =
        field.definition.form().per_member() ? home.members_size() : 1;
    for (int i = 0; i < last; ++i) {
      absl::StatusOr<FilledField> filled =
          refused.count(field.dataset) > 0 ? LeftEmpty(field, i)
          : field.dataset != kResidentsDataset
              ? FillFromAnswers(field, answers[static_cast<std::size_t>(i)], i)
          : field.of_member
              ? Fill(field, home.members(i), household.provider, i)
              : Fill(field, home, household.provider, i);
      if (!filled.ok()) return filled.status();
      application.fields.push_back(*std::move(filled));
    }
  }
  application.subject = application.members[0];
  application.papers = CountPapers(programme.definition.programme(), home,
                                   household.provider, today);
  application.missing_papers =
      CountSubstitutes(programme.definition, refused, home, today);
  const auto account = answers[0].find("accounts");
  if (account != answers[0].end()) {
    // ReadAnswers has made sure of the type.
    application.account_etag =
        static_cast<const accounts::v1::GetAccountResponse&>(
            *account->second.message)
            .etag();
  }
  if (refused.count("accounts") == 0 &&
      !PaymentAccount(programme, application.fields).ok()) {
    return EvidenceMissing(
        account == answers[0].end() ? "accounts" : account->second.provider,
        "ACCOUNT_UNUSABLE");
  }
  return application;
}

absl::StatusOr<PayableAccount> ReadAccount(
    const std::vector<Evidence>& evidence) {
  Application ignored;
  PSM_ASSIGN_OR_RETURN(const Answers answers, ReadAnswers(evidence, ignored));
  const auto answer = answers.find("accounts");
  if (answer == answers.end()) {
    return EvidenceMissing("accounts", "NOT_ANSWERED");
  }
  const auto& given = static_cast<const accounts::v1::GetAccountResponse&>(
      *answer->second.message);
  absl::StatusOr<ZenginAccount> account = TransferAccount(given.account());
  if (!account.ok()) {
    return EvidenceMissing(answer->second.provider, "ACCOUNT_UNUSABLE");
  }
  return PayableAccount{*std::move(account), given.etag(),
                        answer->second.provider};
}

void PutAccount(const Programme& programme, const PayableAccount& account,
                Application& application) {
  const benefits::v1::PaymentFields& names = programme.definition.payment();
  const std::map<std::string, std::string> values = {
      {names.bank_code(), account.account.bank_code},
      {names.branch_code(), account.account.branch_code},
      {names.type(), account.account.type == ZenginAccountType::kOrdinary
                         ? "ORDINARY"
                         : "CURRENT"},
      {names.number(), account.account.number},
      {names.holder_kana(), account.account.holder_kana}};
  for (FilledField& field : application.fields) {
    const auto value = values.find(field.field().id());
    if (value == values.end()) continue;
    field.set_value(value->second);
    field.set_provider(account.provider);
  }
  application.account_etag = account.etag;
}

FilledField Labelled(const Programme& programme, const FilledField& field) {
  FilledField labelled = field;
  labelled.set_value_ja(field.value());
  labelled.set_value_en(field.value());
  for (const ProgrammeField& known : programme.fields) {
    if (known.definition.form().id() != field.field().id()) continue;
    *labelled.mutable_field() = known.definition.form();
    for (const benefits::v1::ValueLabel& label : known.definition.values()) {
      if (label.value() != field.value()) continue;
      labelled.set_value_ja(label.label_ja());
      labelled.set_value_en(label.label_en());
    }
  }
  return labelled;
}

absl::StatusOr<ZenginAccount> PaymentAccount(
    const Programme& programme, absl::Span<const FilledField> fields) {
  const benefits::v1::PaymentFields& payment = programme.definition.payment();
  ZenginAccount account;
  account.bank_code = ValueOf(fields, payment.bank_code());
  account.branch_code = ValueOf(fields, payment.branch_code());
  account.number = ValueOf(fields, payment.number());
  account.holder_kana = ValueOf(fields, payment.holder_kana());
  const std::string& type = ValueOf(fields, payment.type());
  if (type != "ORDINARY" && type != "CURRENT") {
    return absl::InvalidArgumentError("unknown type of account");
  }
  account.type = type == "ORDINARY" ? ZenginAccountType::kOrdinary
                                    : ZenginAccountType::kCurrent;
  PSM_RETURN_IF_ERROR(CheckZenginAccount(account));
  return account;
}

}  // namespace psm
