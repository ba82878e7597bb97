// The head of a household applies for a benefit: what it would take without the
// mesh, and with it.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/japan_time.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/story/asked_at.h"
#include "services/story/burden.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using benefits::v1::BenefitsService;

constexpr char kProgramme[] = "tax-exempt-2026";
constexpr char kHead[] = "hanako";
constexpr char kMunicipality[] = "akatsuki";  // where she lives

absl::CivilDay Today() { return DayInJapan(SystemClock().Now()); }

// The programme, by the provider's own definition of it.
absl::StatusOr<benefits::v1::Programme> FindProgramme(Stage& stage) {
  benefits::v1::ListProgrammesResponse list;
  CallReport report = stage.terminal.Call(
      &BenefitsService::Stub::ListProgrammes, {"own-request"},
      benefits::v1::ListProgrammesRequest(), &list);
  if (!report.status.ok()) return report.status;
  for (const auto& programme : list.programmes()) {
    if (programme.id() == kProgramme) return programme;
  }
  return absl::NotFoundError(absl::StrCat("no programme ", kProgramme));
}

// What was counted before she applied; the scene with the mesh holds the
// agency's count against it.
Burden& CountedBefore() {
  static Burden& burden = *new Burden;
  return burden;
}

// An office of the programme by its name, from her point of view.
std::string OfficeOf(const Stage& stage, const Household& household,
                     const std::string& role) {
  if (role == "current_municipality") return NameOfAgency(stage, kMunicipality);
  if (role == "former_municipality")
    return NameOfAgency(stage, household.tax_municipality);
  return role;
}

std::string Grouped(std::int64_t yen) {
  std::string digits = absl::StrCat(yen);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

// Who was asked for what, in which order, by the records of the exchanges.
void TellExchanges(Stage& stage,
                   const benefits::v1::StartApplicationResponse& form) {
  const absl::StatusOr<std::vector<AskedAt>> asked =
      WhenAsked(stage.folder, form);
  if (!stage.narrator.Succeeded(
          asked.status(), "Every exchange for it has a record of its own"))
    return;
  absl::Time first = absl::InfiniteFuture();
  absl::Time last = absl::InfinitePast();
  absl::Duration together;
  std::map<std::string, int> at_once;
  for (const AskedAt& one : *asked) {
    const absl::Duration took = one.provided - one.asked;
    if (one.provider == absl::StrCat(kMunicipality, "/residents")) {
      stage.narrator.Fact(absl::StrCat("first ", one.provider,
                                       ", for the household: ", Ms(took)));
      continue;
    }
    ++at_once[one.provider];
    first = std::min(first, one.asked);
    last = std::max(last, one.provided);
    together += took;
  }
  std::string others;
  for (const auto& [provider, count] : at_once) {
    absl::StrAppend(&others, others.empty() ? "" : " and ", provider,
                    count == 1 ? "" : absl::StrCat(" ", count, " times"));
  }
  stage.narrator.Fact(absl::StrCat(
      "then ", others, ", all at once: ", Ms(last - first),
      " from the first question to the last answer; one after the other ",
      Ms(together)));
}

// Looks into the file that the agency wrote.
void TellPaymentFile(Stage& stage, const std::string& name) {
  std::ifstream in(absl::StrCat(stage.folder.root(), "/files/", kMunicipality,
                                "/benefits/", name),
                   std::ios::binary);
  constexpr std::size_t kRecordBytes = 120;
  int records = 0;
  int payments = 0;
  bool whole = true;
  for (std::string line; std::getline(in, line); ++records) {
    whole &= line.size() == kRecordBytes + 1 && line.back() == '\r';
    payments += !line.empty() && line.front() == '2' ? 1 : 0;
  }
  stage.narrator.Step(
      !name.empty() && whole && payments > 0,
      absl::StrCat("The payment stands in ", name,
                   ", in the banks' zengin "
                   "format: ",
                   records, " records of ", kRecordBytes, " bytes, ", payments,
                   payments == 1 ? " payment" : " payments"));
}

}  // namespace

void WithoutTheMesh(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("これまで", "Without the mesh");
  absl::StatusOr<benefits::v1::Programme> programme = FindProgramme(stage);
  if (!narrator.Succeeded(programme.status(),
                          "Akatsuki City's programme is defined as data"))
    return;
  const absl::StatusOr<Household> household = ReadHousehold(
      stage.folder, kMunicipality, stage.CodeOf(kHead, kMunicipality), Today());
  if (!household.ok()) {
    narrator.Succeeded(household.status(), "Hanako lives in Akatsuki City");
    return;
  }
  narrator.Tell(absl::StrCat(
      programme->title_ja(), " (", programme->title_en(),
      "): ", Grouped(programme->amount_yen()),
      " yen for a household whose members are all exempt from residence tax. "
      "Hanako, head of a household of ",
      household->members, ", moved here from ",
      NameOfAgency(stage, household->tax_municipality), " on ",
      absl::FormatCivilTime(household->moved_in), "."));
  int per_member = 0;
  for (const auto& field : programme->fields())
    per_member += field.per_member() ? 1 : 0;
  narrator.Fact(absl::StrCat(
      "The form: ", programme->fields_size() - per_member, " fields, and ",
      per_member, " more for every member of the household."));
  for (const auto& paper : programme->papers()) {
    narrator.Fact(absl::StrCat("To bring: ", paper.name_ja(), " (",
                               paper.name_en(), "), from ",
                               OfficeOf(stage, *household, paper.office()),
                               paper.per_adult()    ? ", one for every adult"
                               : paper.per_member() ? ", one for everybody"
                                                    : ""));
  }
  Burden& burden = CountedBefore();
  burden = BurdenOf(*programme, *household);
  narrator.Step(burden.papers == 3 && burden.offices.size() == 2 &&
                    burden.fields > burden.papers,
                absl::StrCat("She would bring ", burden.papers, " papers from ",
                             burden.offices.size(), " offices and fill in ",
                             burden.fields, " fields"));
}

void WithTheMesh(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("ワンスオンリー", "With it: nobody is asked twice");
  const std::string hanako = SignIn(stage, kHead);
  if (hanako.empty()) return;

  benefits::v1::StartApplicationRequest start;
  start.set_subject(hanako);
  start.set_programme(kProgramme);
  benefits::v1::StartApplicationResponse form;
  const CallReport started = stage.terminal.Call(
      &BenefitsService::Stub::StartApplication, {"own-request"}, start, &form);
  if (!narrator.Succeeded(started.status,
                          "She applies; the form comes back filled in"))
    return;

  stage.expected.push_back(
      {.persona = kHead, .exchange_id = started.exchange_id});
  stage.expected.push_back({.persona = kHead,
                            .consumer = "akatsuki/benefits",
                            .provider = "yunagi/tax"});
  TellExchanges(stage, form);
  for (const auto& field : form.fields()) {
    const std::string& value =
        field.value_ja().empty() ? field.value() : field.value_ja();
    narrator.Fact(absl::StrCat(
        field.field().label_ja(),
        field.field().per_member() ? absl::StrCat(" ", field.member() + 1) : "",
        ": ", value, "  (", field.provider(), ")"));
  }
  int typed = 0;
  for (const auto& field : form.fields())
    typed += field.provider().empty() ? 1 : 0;
  const Burden spared = BurdenOf(form);
  const Burden& counted = CountedBefore();
  // A paper proves a field: with every field got from its agency none is left
  // to prove.
  const int papers = typed == 0 ? 0 : spared.papers;
  narrator.Step(
      typed == 0 && form.household_size() == 3 && form.sources_size() == 5,
      absl::StrCat("With it: ", papers, " papers, ", typed, " fields typed, ",
                   form.sources_size(), " exchanges between agencies, ",
                   absl::ToInt64Milliseconds(started.took), " ms"));
  narrator.Step(
      spared.papers == counted.papers && spared.fields == counted.fields &&
          spared.offices == counted.offices,
      absl::StrCat("The city counts the same that she was spared: ",
                   spared.papers, " papers, ", spared.fields, " fields"));

  benefits::v1::ConfirmApplicationRequest confirm;
  confirm.set_subject(hanako);
  confirm.set_application_id(form.application_id());
  benefits::v1::ConfirmApplicationResponse decision;
  CallReport confirmed =
      stage.terminal.Call(&BenefitsService::Stub::ConfirmApplication,
                          {"own-request"}, confirm, &decision);
  if (!narrator.Succeeded(confirmed.status, "She reads it and confirms"))
    return;
  if (absl::StrContains(decision.rule_en(), "paid once")) {
    narrator.Step(
        true,
        absl::StrCat("She was granted it when the story was told before: ",
                     decision.rule_ja(), " (", decision.rule_en(), ")"));
  } else {
    narrator.Step(decision.decision() ==
                      benefits::v1::ConfirmApplicationResponse::GRANTED,
                  absl::StrCat("Granted, ", Grouped(decision.amount_yen()),
                               " yen: ", decision.rule_ja(), " (",
                               decision.rule_en(), ")"));
    TellPaymentFile(stage, decision.payment_file());
  }

  narrator.Tell(
      "Nobody could put her data together by a common number. Her name at");
  std::set<std::string> codes;
  for (const char* agency : {"akatsuki", "yunagi", "accounts"}) {
    const std::string code = stage.CodeOf(kHead, agency);
    codes.insert(code);
    narrator.Fact(absl::StrCat(
        agency, std::string(10 - std::string(agency).size(), ' '), code));
  }
  narrator.Step(codes.size() == 3,
                "three agencies, three codes, and no way from one to another "
                "but the gateway");
}

}  // namespace psm::story
