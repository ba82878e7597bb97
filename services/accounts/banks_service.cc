#include "services/accounts/banks_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

constexpr std::size_t kMaxQueryBytes = 400;  // 100 characters
constexpr std::size_t kMaxTokenBytes = 4;

std::size_t PageSize(int wanted) {
  return wanted <= 0 ? 100U : std::min<std::size_t>(1000U, std::size_t(wanted));
}

absl::Status CheckToken(const std::string& token) {
  if (token.size() <= kMaxTokenBytes &&
      std::all_of(token.begin(), token.end(), absl::ascii_isdigit))
    return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kInvalidArgument,
                         "PAGE_TOKEN_INVALID",
                         "use the page token of the previous page, or none");
}

absl::Status CheckQuery(absl::string_view query, bool required) {
  if (query.size() <= kMaxQueryBytes &&
      !(required && absl::StripAsciiWhitespace(query).empty()))
    return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "QUERY_INVALID",
                         "look for 1 to 100 characters");
}

// Puts what was found, which is one more than the page holds where there are
// more, into the answer.
template <typename Item, typename Response>
void Fill(std::vector<Item> found, std::size_t size,
          google::protobuf::RepeatedPtrField<Item>& page, Response& response) {
  if (found.size() > size) {
    found.resize(size);
    response.set_next_page_token(found.back().code());
  }
  for (Item& item : found) *page.Add() = std::move(item);
}

}  // namespace

grpc::Status BanksService::ListBanks(
    grpc::ServerContext*, const accounts::v1::ListBanksRequest* request,
    accounts::v1::ListBanksResponse* response) {
  const absl::Status valid = CheckToken(request->page_token());
  if (!valid.ok()) return agency::ToGrpc(valid);
  const std::size_t size = PageSize(request->page_size());
  Fill(banks_.Search("", request->page_token(), size + 1), size,
       *response->mutable_banks(), *response);
  *response->mutable_source() = banks_.source();
  return grpc::Status::OK;
}

grpc::Status BanksService::SearchBanks(
    grpc::ServerContext*, const accounts::v1::SearchBanksRequest* request,
    accounts::v1::SearchBanksResponse* response) {
  absl::Status valid = CheckQuery(request->query(), true);
  valid.Update(CheckToken(request->page_token()));
  if (!valid.ok()) return agency::ToGrpc(valid);
  const std::size_t size = PageSize(request->page_size());
  Fill(banks_.Search(request->query(), request->page_token(), size + 1), size,
       *response->mutable_banks(), *response);
  *response->mutable_source() = banks_.source();
  return grpc::Status::OK;
}

grpc::Status BanksService::ListBranches(
    grpc::ServerContext*, const accounts::v1::ListBranchesRequest* request,
    accounts::v1::ListBranchesResponse* response) {
  absl::Status valid = CheckQuery(request->query(), false);
  valid.Update(CheckToken(request->page_token()));
  if (!valid.ok()) return agency::ToGrpc(valid);
  const std::size_t size = PageSize(request->page_size());
  auto found = banks_.SearchBranches(request->bank_code(), request->query(),
                                     request->page_token(), size + 1);
  if (!found.ok()) return agency::ToGrpc(found.status());
  Fill(*std::move(found), size, *response->mutable_branches(), *response);
  *response->mutable_source() = banks_.source();
  return grpc::Status::OK;
}

}  // namespace psm
