#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/status_macros.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/benefits/zengin_kana.h"
#include "services/generator/seed_files.h"

namespace psm {
namespace {

absl::StatusOr<std::string> Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto printed =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!printed.ok()) return absl::InternalError(printed.ToString());
  return json;
}

// How long a household that moved had lived where it was.
constexpr int kFormerYears = 6;

// One seed file in the making.
class Lines {
 public:
  absl::Status Add(const std::string& key,
                   const google::protobuf::Message& message) {
    PSM_ASSIGN_OR_RETURN(std::string json, Json(message));
    lines_.emplace_back(key, std::move(json));
    return absl::OkStatus();
  }

  std::string Finish() {
    std::sort(lines_.begin(), lines_.end());
    std::string text;
    for (const auto& [key, json] : lines_) absl::StrAppend(&text, json, "\n");
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

seed::v1::Resident ResidentOf(const Household& home, const Person& person,
                              const std::string& subject) {
  seed::v1::Resident resident;
  resident.set_subject(subject);
  resident.set_household_id(home.id);
  resident.set_relation(person.relation);
  resident.set_name(person.name.text);
  resident.set_kana(person.name.kana);
  resident.set_birth_date(absl::FormatCivilTime(person.birth_date));
  resident.set_sex(static_cast<int>(person.sex));
  resident.set_address(home.address);
  resident.set_move_in_date(absl::FormatCivilTime(home.move_in_date));
  resident.set_tax_municipality(home.tax_municipality);
  return resident;
}

// In the register of the municipality that the household left.
seed::v1::Resident FormerResidentOf(const World& world, const Household& home,
                                    const Person& person,
                                    const std::string& subject,
                                    const std::string& head) {
  seed::v1::Resident resident = ResidentOf(home, person, subject);
  // Another name than in the new register, so that the two do not link it.
  resident.set_household_id(absl::StrCat("household-of-", head));
  resident.set_address(home.former_address);
  // Some years before the year that is taxed.
  resident.set_move_in_date(absl::FormatCivilTime(
      absl::CivilDay(world.fiscal_year - kFormerYears, 4, 1)));
  resident.set_move_out_date(absl::FormatCivilTime(home.move_in_date));
  return resident;
}

// One of the personas, who is a resident.
const Person& PersonaOf(const World& world, absl::string_view id) {
  const auto story =
      std::find_if(world.stories.begin(), world.stories.end(),
                   [id](const Story& one) { return one.id == id; });
  return world.households[story->household].members[story->member];
}

seed::v1::Taxpayer TaxpayerOf(const World& world, const Person& person,
                              const std::string& subject) {
  seed::v1::Taxpayer taxpayer;
  taxpayer.set_subject(subject);
  taxpayer.set_fiscal_year(world.fiscal_year);
  taxpayer.set_category(person.category);
  taxpayer.set_income_yen(person.income_yen);
  taxpayer.set_arrears_yen(person.arrears_yen);
  return taxpayer;
}

seed::v1::CardHolder CardHolderOf(const Household& home, const Person& person,
                                  const std::string& subject) {
  seed::v1::CardHolder holder;
  holder.set_subject(subject);
  holder.set_card_serial(person.card_serial);
  holder.set_name(person.name.text);
  holder.set_kana(person.name.kana);
  holder.set_address(home.address);
  holder.set_birth_date(absl::FormatCivilTime(person.birth_date));
  holder.set_sex(static_cast<int>(person.sex));
  return holder;
}

absl::StatusOr<seed::v1::RegisteredAccount> AccountOf(
    const Person& person, const std::string& subject) {
  seed::v1::RegisteredAccount account;
  account.set_subject(subject);
  account.set_bank_code(kBankCode);
  account.set_branch_code(person.account->branch_code);
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number(person.account->number);
  PSM_ASSIGN_OR_RETURN(*account.mutable_holder_kana(),
                       ToZenginKana(person.name.kana));
  account.set_register_time(absl::StrCat(
      absl::FormatCivilTime(person.account->register_date), "T12:00:00+09:00"));
  return account;
}

seed::v1::Customer CustomerOf(const Household& home, const Person& person,
                              const std::string& subject) {
  seed::v1::Customer customer;
  customer.set_subject(subject);
  customer.set_customer_number(person.customer_number);
  customer.set_address(home.moved() && !person.customer_told_move
                           ? home.former_address
                           : home.address);
  return customer;
}

// The municipality that pays benefits.
constexpr char kBenefitsMunicipality[] = "akatsuki";

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> SeedLines(
    const World& world, SubjectScopes& scopes) {
  std::map<std::string, Lines> files;
  const auto code = [&scopes](const std::string& agency, const Person& person) {
    return scopes.For(SubjectScopeKind::kAgency, agency).Encode(person.number);
  };
  for (const Household& home : world.households) {
    if (home.municipality == kBenefitsMunicipality) {
      seed::v1::HouseholdHead head;
      head.set_subject(code(home.municipality, home.members.front()));
      PSM_RETURN_IF_ERROR(
          files[home.municipality + "/benefits"].Add(head.subject(), head));
    }
    for (const Person& person : home.members) {
      const std::string here = code(home.municipality, person);
      PSM_RETURN_IF_ERROR(files[home.municipality + "/residents"].Add(
          here, ResidentOf(home, person, here)));
      const std::string taxed = code(home.tax_municipality, person);
      if (home.moved() && person.birth_date < home.move_in_date) {
        PSM_RETURN_IF_ERROR(files[home.tax_municipality + "/residents"].Add(
            taxed,
            FormerResidentOf(world, home, person, taxed,
                             code(home.tax_municipality, home.members[0]))));
      }
      const std::string filed =
          person.record_tied_to.empty()
              ? taxed
              : code(home.tax_municipality,
                     PersonaOf(world, person.record_tied_to));
      if (person.assessed) {
        PSM_RETURN_IF_ERROR(files[home.tax_municipality + "/tax"].Add(
            filed, TaxpayerOf(world, person, filed)));
      }
      const std::string known = code("identity", person);
      PSM_RETURN_IF_ERROR(files["identity/identity"].Add(
          known, CardHolderOf(home, person, known)));
      if (person.account) {
        const std::string paid = code("accounts", person);
        PSM_ASSIGN_OR_RETURN(const seed::v1::RegisteredAccount account,
                             AccountOf(person, paid));
        PSM_RETURN_IF_ERROR(files["accounts/accounts"].Add(paid, account));
      }
      if (!person.customer_number.empty()) {
        const std::string sub =
            scopes.For(SubjectScopeKind::kRelyingParty, "hoshizora-bank")
                .Encode(person.number);
        PSM_RETURN_IF_ERROR(files["hoshizora-bank/customers"].Add(
            sub, CustomerOf(home, person, sub)));
      }
    }
  }
  for (const seed::v1::Business& business : world.businesses) {
    PSM_RETURN_IF_ERROR(
        files["gbizid/gbizid"].Add(business.corporate_number(), business));
  }
  for (const seed::v1::Corporation& corporation : world.corporations) {
    PSM_RETURN_IF_ERROR(files["corporations/corporations"].Add(
        corporation.corporate_number(), corporation));
  }
  std::map<std::string, std::string> lines;
  for (auto& [system, file] : files) lines[system] = file.Finish();
  return lines;
}

absl::StatusOr<std::string> PersonaLines(const World& world) {
  std::string lines;
  for (const Story& story : world.stories) {
    seed::v1::Persona persona;
    persona.set_id(story.id);
    persona.set_traits(story.traits_en);
    persona.set_traits_ja(story.traits_ja);
    if (story.business) {
      const seed::v1::Business& business = world.businesses[*story.business];
      persona.set_name(business.name());
      persona.set_kana(business.kana());
      persona.set_corporate_number(business.corporate_number());
    } else {
      const Person& person =
          world.households[story.household].members[story.member];
      persona.set_name(person.name.text);
      persona.set_kana(person.name.kana);
      persona.set_card_serial(person.card_serial);
      persona.set_person_number(
          absl::BytesToHexString(person.number.RevealForEncoding()));
    }
    PSM_ASSIGN_OR_RETURN(const std::string json, Json(persona));
    absl::StrAppend(&lines, json, "\n");
  }
  return lines;
}

}  // namespace psm
