// She reads what was asked about her.
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

using records::v1::Record;

std::string NameOf(const Stage& stage, const std::string& system) {
  const System* found = stage.policy->directory().FindSystem(system);
  if (found == nullptr) return system.empty() ? "-" : system;
  return found->name.ja.empty() ? found->agency->name.ja : found->name.ja;
}

// Who provides what was asked for, where a refusal came before a provider was
// chosen and there is but one.
std::string ProviderOf(const Stage& stage, const Record& record) {
  if (!record.provider().empty()) return NameOf(stage, record.provider());
  const std::string service =
      record.method().substr(0, record.method().find('/'));
  const auto& providers = stage.policy->directory().ProvidersOf(service);
  return providers.size() == 1 ? NameOf(stage, providers.front()->id) : "-";
}

std::string BasisOf(const Stage& stage, const Record& record) {
  const Affair* affair = stage.policy->directory().FindAffair(record.affair());
  const std::string title =
      affair == nullptr ? record.affair() : affair->title.ja;
  if (!record.consent_id().empty()) return absl::StrCat(title, "、本人の同意");
  for (const CompiledAgreement* agreement : stage.policy->agreements()) {
    if (agreement->id == record.agreement() && !agreement->by_consent) {
      return absl::StrCat(title, "、", agreement->statute.ja);
    }
  }
  return affair == nullptr ? title
                           : absl::StrCat(title, "、", affair->statute.ja);
}

using Texts = google::protobuf::RepeatedPtrField<records::v1::Text>;

std::string InJapanese(const Texts& texts) {
  return absl::StrJoin(texts, "、",
                       [](std::string* out, const records::v1::Text& text) {
                         absl::StrAppend(out, text.ja());
                       });
}

std::string OutcomeOf(const Record& record,
                      const records::v1::RecordTexts& texts) {
  if (record.kind() == Record::REFUSALS)
    return absl::StrCat("拒否 ", record.reason(), " ×", record.count());
  if (record.kind() == Record::REFUSAL)
    return absl::StrCat("拒否 ", record.reason());
  if (record.kind() == Record::INTENT) return "書込み前の記録";
  std::string items =
      texts.released().empty() ? "項目なし" : InJapanese(texts.released());
  if (!texts.withheld().empty())
    absl::StrAppend(&items, "(非提供: ", InJapanese(texts.withheld()), ")");
  return items;
}

}  // namespace

void HerHistory(Stage& stage) {
  using identity::v1::HistoryService;
  Narrator& narrator = stage.narrator;
  narrator.Scene("やりとり履歴", "Her history: who asked for what about her");
  const std::string hanako = SignIn(stage, "hanako");
  if (hanako.empty()) return;
  identity::v1::ListHistoryRequest request;
  request.set_subject(hanako);
  request.set_page_size(1000);
  identity::v1::ListHistoryResponse history;
  CallReport report = stage.terminal.Call(&HistoryService::Stub::ListHistory,
                                          {"own-request"}, request, &history);
  // An intent is worth a line only where no outcome followed it.
  std::set<std::string> with_outcome;
  for (const Record& record : history.records()) {
    if (record.kind() != Record::INTENT) {
      with_outcome.insert(record.exchange_id());
    }
  }
  int folded = 0;
  for (const Record& record : history.records()) {
    folded += record.kind() == Record::INTENT &&
                      with_outcome.count(record.exchange_id()) > 0
                  ? 1
                  : 0;
  }
  if (!narrator.Succeeded(
          report.status,
          absl::StrCat(history.records_size() - folded, " of ",
                       history.records_size(),
                       " records, newest first; of a write, which has one "
                       "before and one after, the one after")))
    return;
  bool tax_asked = false;
  bool tax_office_refused = false;
  bool codes_hidden = true;
  for (int i = 0; i < history.records_size(); ++i) {
    const Record& record = history.records(i);
    if (record.kind() == Record::INTENT &&
        with_outcome.count(record.exchange_id()) > 0) {
      continue;
    }
    const absl::Time time = absl::FromUnixSeconds(record.ask_time().seconds());
    narrator.Fact(absl::StrCat(
        absl::FormatTime("%m-%d %H:%M:%S", time, absl::LocalTimeZone()), "  ",
        NameOf(stage, record.consumer()), " → ", ProviderOf(stage, record),
        "  [", BasisOf(stage, record), "]  ",
        OutcomeOf(record, history.texts(i))));
    tax_asked |=
        record.provider() == "yunagi/tax" && record.kind() == Record::EXCHANGE;
    tax_office_refused |=
        record.consumer() == "yunagi/tax" && record.kind() == Record::REFUSAL;
    codes_hidden &= record.subject().empty();
  }
  narrator.Step(
      tax_asked && tax_office_refused,
      "Complete: what was released is there, and so is what was refused");
  narrator.Step(codes_hidden,
                "No agency could leave one out: the gateway wrote them, and it "
                "writes before it releases");
  narrator.Tell("A developer sees the same:  ./psm records --person hanako");
}

}  // namespace psm::story
