// A person reads what was asked about him.
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/records/timestamp.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/story/history_rows.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

void TellHistory(Stage& stage, const std::string& persona) {
  using identity::v1::HistoryService;
  stage.narrator.Scene(
      "やりとり履歴",
      absl::StrCat("The history: who asked for what about ", persona));
  const std::string subject = SignIn(stage, persona);
  if (subject.empty()) return;
  identity::v1::ListHistoryRequest request;
  request.set_subject(subject);
  request.set_page_size(1000);
  SetTimestamp(stage.began, request.mutable_start_time());
  auto read = stage.terminal.Call(&HistoryService::Stub::ListHistory,
                                  {"own-request"}, request);
  TellRows(stage, persona, read,
           {std::move(*read.message.mutable_records()),
            std::move(*read.message.mutable_texts())});
}

}  // namespace

std::function<void(Stage&)> HistoryOf(std::string persona) {
  return [persona = std::move(persona)](Stage& stage) {
    TellHistory(stage, persona);
  };
}

}  // namespace psm::story
