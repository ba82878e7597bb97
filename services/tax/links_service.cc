#include "services/tax/links_service.h"

#include <optional>
#include <string>
#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/codes/folded_text.h"
#include "services/tax/tax_rules.h"

namespace psm {
namespace {

// However either is written; what is no text is no name.
bool IsSameName(absl::string_view a, absl::string_view b) {
  const std::optional<std::string> key = FoldedKey(a);
  return key.has_value() && !key->empty() && key == FoldedKey(b);
}

}  // namespace

using agency::CallContext;

grpc::Status LinksService::ReportWrongLink(
    grpc::ServerContext* context,
    const tax::v1::ReportWrongLinkRequest* request,
    tax::v1::ReportWrongLinkResponse* response) {
  return agency::Reply(
      reviews_.Report(CallContext::From(*context), *request, clock_.Now()),
      response);
}

grpc::Status LinksService::CheckLink(grpc::ServerContext* context,
                                     const tax::v1::CheckLinkRequest* request,
                                     tax::v1::CheckLinkResponse* response) {
  return agency::Reply(Check(CallContext::From(*context), *request), response);
}

absl::StatusOr<tax::v1::CheckLinkResponse> LinksService::Check(
    const CallContext& call, const tax::v1::CheckLinkRequest& request) {
  PSM_ASSIGN_OR_RETURN(const tax::v1::ListAssessmentsResponse kept,
                       ledger_.FindAssessments(request.subject()));
  PSM_ASSIGN_OR_RETURN(
      const std::optional<ResidenceSource::Resident> resident,
      residence_.ResidentOn(call, request.subject(),
                            TaxDay(kept.assessments(0).fiscal_year())));
  const bool consistent = resident.has_value() &&
                          IsSameName(resident->kana, request.kana()) &&
                          resident->birth_date == request.birth_date();
  return reviews_.KeepCheck(call, request, consistent, clock_.Now());
}

grpc::Status LinksService::ConfirmLink(
    grpc::ServerContext* context, const tax::v1::ConfirmLinkRequest* request,
    tax::v1::ConfirmLinkResponse* response) {
  return agency::Reply(
      reviews_.Confirm(CallContext::From(*context), *request, clock_.Now()),
      response);
}

grpc::Status LinksService::ReleaseRecord(
    grpc::ServerContext* context, const tax::v1::ReleaseRecordRequest* request,
    tax::v1::ReleaseRecordResponse* response) {
  return agency::Reply(
      reviews_.Release(CallContext::From(*context), *request, clock_.Now()),
      response);
}

grpc::Status LinksService::TieRecord(grpc::ServerContext* context,
                                     const tax::v1::TieRecordRequest* request,
                                     tax::v1::TieRecordResponse* response) {
  return agency::Reply(
      reviews_.Tie(CallContext::From(*context), *request, clock_.Now()),
      response);
}

grpc::Status LinksService::ListWrongLinkExchanges(
    grpc::ServerContext* context,
    const tax::v1::ListWrongLinkExchangesRequest* request,
    tax::v1::ListWrongLinkExchangesResponse* response) {
  const auto call = CallContext::From(*context);
  auto found = reviews_.ExchangesOf(request->subject());
  if (!found.ok()) return agency::ToGrpc(found.status());
  if (!call.Grants("wrong_links")) found->clear_exchanges();
  found->mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  *response = *std::move(found);
  return grpc::Status::OK;
}

}  // namespace psm
