// The head of a household applies for a benefit: what it would take without the
// mesh, and with it.
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/story/stage.h"

namespace psm::story {
namespace {

using benefits::v1::BenefitsService;

constexpr char kProgramme[] = "tax-exempt-2026";
constexpr char kHead[] = "hanako";

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

struct Burden {
  int papers = 0;
  std::set<std::string> offices;
  int fields = 0;
};

// What the form and the papers come to for the household that the application
// found.
Burden BurdenOf(const benefits::v1::StartApplicationResponse& application) {
  Burden burden;
  burden.fields = application.fields_size();
  for (const auto& needed : application.papers()) {
    burden.papers += needed.count();
    if (needed.count() > 0) burden.offices.insert(needed.paper().office());
  }
  return burden;
}

// Started once; both scenes speak of it.
struct Application {
  CallReport report;
  benefits::v1::StartApplicationResponse response;
};

Application& TheApplication() {
  static Application& application = *new Application;
  return application;
}

std::string Grouped(std::int64_t yen) {
  std::string digits = absl::StrCat(yen);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace

void WithoutTheMesh(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("これまで", "Without the mesh");
  absl::StatusOr<benefits::v1::Programme> programme = FindProgramme(stage);
  if (!narrator.Succeeded(programme.status(),
                          "Akatsuki City's programme is defined as data"))
    return;
  narrator.Tell(absl::StrCat(
      programme->title_ja(), " (", programme->title_en(),
      "): ", Grouped(programme->amount_yen()),
      " yen for a household whose members are all exempt from residence tax. "
      "Hanako, head of a "
      "household of three, moved here from Yunagi City in March."));
  int per_member = 0;
  for (const auto& field : programme->fields())
    per_member += field.per_member() ? 1 : 0;
  narrator.Fact(absl::StrCat(
      "The form: ", programme->fields_size() - per_member, " fields, and ",
      per_member, " more for every member of the household."));
  for (const auto& paper : programme->papers()) {
    narrator.Fact(absl::StrCat("To bring: ", paper.name_ja(), " (",
                               paper.name_en(), "), from ", paper.office(),
                               paper.per_adult()    ? ", one for every adult"
                               : paper.per_member() ? ", one for everybody"
                                                    : ""));
  }
}

void WithTheMesh(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("ワンスオンリー", "With it: nobody is asked twice");
  const std::string hanako = SignIn(stage, kHead);
  if (hanako.empty()) return;

  Application& application = TheApplication();
  benefits::v1::StartApplicationRequest start;
  start.set_subject(hanako);
  start.set_programme(kProgramme);
  application.report =
      stage.terminal.Call(&BenefitsService::Stub::StartApplication,
                          {"own-request"}, start, &application.response);
  const auto& form = application.response;
  if (!narrator.Succeeded(application.report.status,
                          "She applies; the form comes back filled in"))
    return;

  std::map<std::string, int> providers;
  for (const auto& source : form.sources()) ++providers[source.provider()];
  for (const auto& [provider, count] : providers) {
    narrator.Fact(absl::StrCat("from ", provider, ": ", count,
                               count == 1 ? " exchange" : " exchanges"));
  }
  for (const auto& field : form.fields()) {
    const std::string& value =
        field.value_ja().empty() ? field.value() : field.value_ja();
    narrator.Fact(absl::StrCat(
        field.field().label_ja(),
        field.field().per_member() ? absl::StrCat(" ", field.member() + 1) : "",
        ": ", value, "  (", field.provider(), ")"));
  }
  const Burden burden = BurdenOf(form);
  narrator.Step(
      form.household_size() == 3 && burden.papers == 3 &&
          burden.offices.size() == 2,
      absl::StrCat("Without the mesh: ", burden.papers, " papers from ",
                   burden.offices.size(), " offices, and ", burden.fields,
                   " fields to fill in, for ", form.household_size(),
                   " persons"));
  int typed = 0;
  for (const auto& field : form.fields())
    typed += field.provider().empty() ? 1 : 0;
  narrator.Step(
      typed == 0 && form.sources_size() == 5,
      absl::StrCat("With it: 0 papers, ", typed, " fields typed, ",
                   form.sources_size(), " exchanges between agencies, ",
                   absl::ToInt64Milliseconds(application.report.took), " ms"));

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
    narrator.Step(
        !decision.payment_file().empty(),
        absl::StrCat("The payment stands in ", decision.payment_file(),
                     ", in the banks' zengin format"));
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
