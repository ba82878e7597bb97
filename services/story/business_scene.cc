// A company's subsidy form fills itself in.
#include <string>

#include "absl/strings/str_cat.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/story/scenes.h"

namespace psm::story {

void TheCompanysForm(Stage& stage) {
  using benefits::v1::BenefitsService;
  Narrator& narrator = stage.narrator;
  narrator.Scene("法人の申請", "The company's form");
  benefits::v1::StartBusinessApplicationRequest request;
  request.set_corporate_number(stage.CodeOf("kakuu", "gbizid"));
  request.set_programme("equipment-subsidy");
  benefits::v1::StartBusinessApplicationResponse form;
  CallReport report =
      stage.terminal.Call(&BenefitsService::Stub::StartBusinessApplication,
                          {"own-request"}, request, &form);
  if (!narrator.Succeeded(
          report.status,
          absl::StrCat("The business with the corporate number ",
                       request.corporate_number(), " applies for a subsidy"))) {
    return;
  }
  int registered = 0, account = 0;
  for (const auto& field : form.fields()) {
    registered += field.provider() == "corporations/corporations" ? 1 : 0;
    account += field.provider() == "gbizid/gbizid" ? 1 : 0;
    narrator.Fact(absl::StrCat(
        field.field().label_ja(), ": ",
        field.value_ja().empty() ? field.value() : field.value_ja(), "  (",
        field.provider(), ")"));
  }
  const auto exchange_with = [&](const char* provider) -> std::string {
    for (const auto& source : form.sources())
      if (source.provider() == provider) return source.exchange_id();
    return "nothing";
  };
  narrator.Step(
      registered > 0 && account > 0 &&
          registered + account == form.fields_size() &&
          form.sources_size() == 2,
      absl::StrCat("By its number, ", registered,
                   " fields came from corporations, the registry, and ",
                   account, " from gbizid; the exchanges are recorded as ",
                   exchange_with("corporations/corporations"), " and ",
                   exchange_with("gbizid/gbizid")));
}

}  // namespace psm::story
