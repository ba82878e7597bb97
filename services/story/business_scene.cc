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
  int from_gbizid = 0;
  for (const auto& field : form.fields()) {
    from_gbizid += field.provider() == "gbizid/gbizid" ? 1 : 0;
    narrator.Fact(absl::StrCat(
        field.field().label_ja(), ": ",
        field.value_ja().empty() ? field.value() : field.value_ja(), "  (",
        field.provider(), ")"));
  }
  narrator.Step(
      from_gbizid == form.fields_size() && form.fields_size() > 0,
      absl::StrCat(
          "All ", form.fields_size(),
          " fields came from gbizid by its number; the exchange is recorded "
          "as ",
          form.sources_size() > 0 ? form.sources(0).exchange_id() : "nothing"));
}

}  // namespace psm::story
