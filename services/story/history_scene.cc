// A person reads what was asked about him.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "mesh/records/timestamp.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/story/recorded.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

using records::v1::Record;
using records::v1::RecordTexts;

std::string NameOf(const Stage& stage, const std::string& system) {
  const System* found = stage.policy->directory().FindSystem(system);
  if (found == nullptr) return system.empty() ? "-" : system;
  return found->name.ja.empty() ? found->agency->name.ja : found->name.ja;
}

// A protected person's history names no municipality: then the text alone says
// that it was one.
std::string NameOf(const Stage& stage, const std::string& system,
                   const records::v1::Text& agency) {
  const bool known = stage.policy->directory().FindSystem(system) != nullptr;
  return known || agency.ja().empty() ? NameOf(stage, system) : agency.ja();
}

// Who provides what was asked for, where a refusal came before a provider was
// chosen and there is but one.
std::string ProviderOf(const Stage& stage, const Record& record,
                       const RecordTexts& texts) {
  if (!record.provider().empty())
    return NameOf(stage, record.provider(), texts.provider_agency());
  const std::string service =
      record.method().substr(0, record.method().find('/'));
  const auto& providers = stage.policy->directory().ProvidersOf(service);
  return providers.size() == 1 ? NameOf(stage, providers.front()->id) : "-";
}

std::string Bracketed(const std::string& title, const std::string& basis) {
  return absl::StrCat("[", title, basis.empty() ? "" : "、", basis, "]  ");
}

std::string BasisOf(const Stage& stage, const Record& record) {
  const Affair* affair = stage.policy->directory().FindAffair(record.affair());
  // An agency's word to the mesh itself serves no affair.
  if (record.affair().empty()) return "";
  const std::string title =
      affair == nullptr ? record.affair() : affair->title.ja;
  if (!record.consent_id().empty()) return Bracketed(title, "本人の同意");
  for (const CompiledAgreement* agreement : stage.policy->agreements()) {
    if (agreement->id == record.agreement() && !agreement->by_consent) {
      return Bracketed(title, agreement->statute.ja);
    }
  }
  return Bracketed(title, affair == nullptr ? "" : affair->statute.ja);
}

using Texts = google::protobuf::RepeatedPtrField<records::v1::Text>;

std::string InJapanese(const Texts& texts) {
  return absl::StrJoin(texts, "、",
                       [](std::string* out, const records::v1::Text& text) {
                         absl::StrAppend(out, text.ja());
                       });
}

std::string OutcomeOf(const Record& record, const RecordTexts& texts) {
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

// In both languages; empty where nobody acted for another.
std::string WhoActed(const RecordTexts& texts) {
  if (!texts.has_representation()) return "";
  return absl::StrCat("  〔", texts.representation().ja(), " / ",
                      texts.representation().en(), "〕");
}

void TellHistory(Stage& stage, const std::string& persona) {
  using identity::v1::HistoryService;
  Narrator& narrator = stage.narrator;
  narrator.Scene(
      "やりとり履歴",
      absl::StrCat("The history: who asked for what about ", persona));
  const std::string subject = SignIn(stage, persona);
  if (subject.empty()) return;
  identity::v1::ListHistoryRequest request;
  request.set_subject(subject);
  request.set_page_size(1000);
  SetTimestamp(stage.began, request.mutable_start_time());
  identity::v1::ListHistoryResponse history;
  const CallReport report = stage.terminal.Call(
      &HistoryService::Stub::ListHistory, {"own-request"}, request, &history);
  // An intent is worth a line only where no outcome followed it.
  std::set<std::string> with_outcome;
  for (const Record& record : history.records()) {
    if (record.kind() != Record::INTENT) {
      with_outcome.insert(record.exchange_id());
    }
  }
  const auto folded = [&with_outcome](const Record& record) {
    return record.kind() == Record::INTENT &&
           with_outcome.count(record.exchange_id()) > 0;
  };
  const auto shown =
      history.records_size() -
      std::count_if(history.records().begin(), history.records().end(), folded);
  if (!narrator.Succeeded(
          report.status,
          absl::StrCat(shown, " of ", history.records_size(),
                       " records since the story began, newest first; of a "
                       "write, which has one before and one after, the one "
                       "after")))
    return;
  bool codes_hidden = true;
  for (int i = 0; i < history.records_size(); ++i) {
    const Record& record = history.records(i);
    codes_hidden &= record.subject().empty() && record.representative().empty();
    if (folded(record)) continue;
    narrator.Fact(absl::StrCat(
        absl::FormatTime("%m-%d %H:%M:%S", FromTimestamp(record.ask_time()),
                         absl::LocalTimeZone()),
        "  ",
        NameOf(stage, record.consumer(), history.texts(i).consumer_agency()),
        " → ", ProviderOf(stage, record, history.texts(i)), "  ",
        BasisOf(stage, record), OutcomeOf(record, history.texts(i)),
        WhoActed(history.texts(i))));
  }
  int expected = 0;
  bool complete = true;
  for (const Expected& wanted : stage.expected) {
    if (wanted.persona != persona) continue;
    ++expected;
    const bool found = std::any_of(
        history.records().begin(), history.records().end(),
        [&wanted](const Record& record) { return Shows(record, wanted); });
    if (!found) {
      narrator.Fact(absl::StrCat("missing: ", wanted.consumer, " → ",
                                 wanted.provider, " ", wanted.reason, " ",
                                 wanted.exchange_id));
    }
    complete &= found;
  }
  narrator.Step(complete && expected > 0,
                absl::StrCat("Complete: all ", expected,
                             " that this story has told of are there, what was "
                             "released and what was refused"));
  narrator.Step(codes_hidden,
                "No agency could leave one out: the gateway wrote them, and it "
                "writes before it releases");
  narrator.Tell(absl::StrCat(
      "A developer sees the same:  ./psm records --person ", persona));
}

}  // namespace

std::function<void(Stage&)> HistoryOf(std::string persona) {
  return [persona = std::move(persona)](Stage& stage) {
    TellHistory(stage, persona);
  };
}

}  // namespace psm::story
