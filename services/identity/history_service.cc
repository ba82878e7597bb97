#include "services/identity/history_service.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {
namespace {

// `name` is the other person's, or empty where it is not known (any more).
records::v1::Text InWords(RepresentativeKind kind, bool acting,
                          const std::string& name) {
  const bool parent = kind == RepresentativeKind::kParent;
  const char* const ja = parent ? "親権者" : "後見人";
  const char* const en = parent ? "parent" : "guardian";
  records::v1::Text text;
  if (acting) {
    text.set_ja(absl::StrCat(
        "あなたが", name.empty() ? "他の方" : absl::StrCat(name, "さん"), "の",
        ja, "として行いました"));
    text.set_en(absl::StrCat("you, acting as ", en, " for ",
                             name.empty() ? "another" : name));
  } else {
    text.set_ja(absl::StrCat(
        "あなたの", ja, name.empty() ? "" : absl::StrCat("(", name, "さん)"),
        "が代わって行いました"));
    text.set_en(absl::StrCat("by your ", en, name.empty() ? "" : " ", name,
                             ", acting for you"));
  }
  return text;
}

}  // namespace

grpc::Status HistoryService::ListHistory(grpc::ServerContext* context,
                                         const v1::ListHistoryRequest* request,
                                         v1::ListHistoryResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::ListHistoryResponse> HistoryService::List(
    const agency::CallContext& call, const v1::ListHistoryRequest& request) {
  if (!call.Grants("records")) return v1::ListHistoryResponse();
  records::v1::ListRecordsRequest whose;
  whose.set_subject(request.subject());
  PSM_ASSIGN_OR_RETURN(auto response,
                       agency::ReadPage<v1::ListHistoryResponse>(
                           *records_, call, std::move(whose), request));
  PSM_RETURN_IF_ERROR(SayWhoActed(request.subject(), response));
  return response;
}

absl::Status HistoryService::SayWhoActed(const std::string& person,
                                         v1::ListHistoryResponse& response) {
  if (representations_ == nullptr || holders_ == nullptr)
    return absl::OkStatus();
  const int both = std::min(response.records_size(), response.texts_size());
  std::map<std::string, records::v1::Text> said;
  for (int i = 0; i < both; ++i) {
    const records::v1::Record& record = response.records(i);
    if (record.representation_id().empty()) continue;
    const std::string key = absl::StrCat(record.acting() ? "by " : "for ",
                                         record.representation_id());
    auto known = said.find(key);
    if (known == said.end()) {
      PSM_ASSIGN_OR_RETURN(const std::optional<StoredRepresentation> stored,
                           representations_->Find(record.representation_id()));
      records::v1::Text text;
      // Of a record that is not this person's nothing is said.
      if (stored.has_value() &&
          person ==
              (record.acting() ? stored->representative : stored->subject)) {
        PSM_ASSIGN_OR_RETURN(
            const std::optional<CardHolder> other,
            holders_->Find(record.acting() ? stored->subject
                                           : stored->representative));
        const bool named = other.has_value() && !other->name_outdated;
        text = InWords(stored->kind, record.acting(), named ? other->name : "");
      }
      known = said.emplace(key, std::move(text)).first;
    }
    if (!known->second.en().empty())
      *response.mutable_texts(i)->mutable_representation() = known->second;
  }
  return absl::OkStatus();
}

}  // namespace psm::identity
