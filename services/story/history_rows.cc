// Records stand in the log in the order in which they were written, and one is
// written when its exchange has ended: what an agency asked others for stands
// before the exchange that it asked them for, which began earlier. The time in
// a row is when it was asked, so the rows are put in that order.
#include "services/story/history_rows.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "mesh/records/timestamp.h"
#include "services/story/recorded.h"

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

// Why an agency refused, where the gateway has no words: it knows no agency's
// reasons.
std::string WordsOf(const std::string& reason) {
  static const auto& words = *new std::map<std::string, std::string>{
      {"ACCOUNT_CHANGED", "申請のあとで口座が変わったため"},
      {"ACCOUNT_UNCONFIRMED", "氏名が変わり口座の確認を待っているため"},
      {"ADDRESS_NOT_DISCLOSED", "住所が提供されなかったため"},
      {"APPLICATION_EXISTS", "すでに申請があるため"},
      {"DATE_OUT_OF_ORDER", "先の届出より前の日付であるため"},
      {"DELEGATION_NOT_IN_FORCE", "効力のある委任がないため"},
      {"EVIDENCE_MISSING", "必要な情報が得られなかったため"},
      {"HOLDER_MISMATCH", "口座の名義が本人の氏名と異なるため"},
      {"LINK_UNDER_REVIEW", "紐付けの確認中であるため"},
      {"MOVER_UNKNOWN", "届出にある人が同じ世帯にいないため"},
      {"NOT_A_RESIDENT", "この市区町村の住民ではないため"},
      {"NOT_A_TAXPAYER", "この市区町村で課税されていないため"},
      {"NOT_ONLINE", "オンラインでは扱わないため"},
      {"PRIME_REQUIRED", "その法人のプライムではないため"},
      {"REEXAMINATION_PENDING", "申請の再確認を待っているため"},
      {"REPRESENTATIVE_MISMATCH", "登記された代表者ではないため"}};
  const auto found = words.find(reason);
  return found == words.end() ? "" : found->second;
}

std::string OutcomeOf(const Record& record, const RecordTexts& texts) {
  if (record.kind() == Record::REFUSAL) {
    const std::string words = WordsOf(record.reason());
    return words.empty() ? texts.outcome().ja()
                         : absl::StrCat(words, "拒否されました");
  }
  if (record.kind() == Record::REFUSALS || record.kind() == Record::INTENT)
    return texts.outcome().ja();
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

// The rows that are worth a line, by place in `history`, asked last first.
std::vector<int> Shown(const History& history) {
  // An intent is worth a line only where no outcome followed it.
  std::set<std::string> with_outcome;
  for (const Record& record : history.records) {
    if (record.kind() != Record::INTENT)
      with_outcome.insert(record.exchange_id());
  }
  std::vector<int> shown;
  for (int i = 0; i < history.records.size(); ++i) {
    const Record& record = history.records[i];
    if (record.kind() != Record::INTENT ||
        with_outcome.count(record.exchange_id()) == 0)
      shown.push_back(i);
  }
  std::stable_sort(shown.begin(), shown.end(), [&history](int a, int b) {
    return FromTimestamp(history.records[a].ask_time()) >
           FromTimestamp(history.records[b].ask_time());
  });
  return shown;
}

std::string Row(const Stage& stage, const Record& record,
                const RecordTexts& texts) {
  return absl::StrCat(
      absl::FormatTime("%m-%d %H:%M:%S", FromTimestamp(record.ask_time()),
                       absl::LocalTimeZone()),
      "  ", NameOf(stage, record.consumer(), texts.consumer_agency()), " → ",
      ProviderOf(stage, record, texts), "  ", BasisOf(stage, record),
      OutcomeOf(record, texts), WhoActed(texts));
}

// All that the story expected of `persona` is there.
void Compare(Stage& stage, const std::string& persona, const History& history) {
  int expected = 0;
  bool complete = true;
  for (const Expected& wanted : stage.expected) {
    if (wanted.persona != persona) continue;
    ++expected;
    const bool found = std::any_of(
        history.records.begin(), history.records.end(),
        [&wanted](const Record& record) { return Shows(record, wanted); });
    if (!found) {
      stage.narrator.Fact(absl::StrCat("missing: ", wanted.consumer, " → ",
                                       wanted.provider, " ", wanted.reason, " ",
                                       wanted.exchange_id));
    }
    complete &= found;
  }
  stage.narrator.Step(
      complete && expected > 0,
      absl::StrCat("Complete: all ", expected,
                   " that this story has told of are there, what was "
                   "released and what was refused"));
}

}  // namespace

void TellRows(Stage& stage, const std::string& persona,
              const CallReport& report, const History& history) {
  Narrator& narrator = stage.narrator;
  const std::vector<int> shown = Shown(history);
  if (!narrator.Succeeded(
          report.status,
          absl::StrCat(shown.size(), " of ", history.records.size(),
                       " records since the story began, asked last first; of a "
                       "write, which has one before and one after, the one "
                       "after")))
    return;
  for (const int i : shown)
    narrator.Fact(Row(stage, history.records[i], history.texts[i]));
  Compare(stage, persona, history);
  narrator.Step(std::all_of(history.records.begin(), history.records.end(),
                            [](const Record& record) {
                              return record.subject().empty() &&
                                     record.representative().empty();
                            }),
                "No agency could leave one out: the gateway wrote them, and it "
                "writes before it releases");
  narrator.Tell(absl::StrCat(
      "A developer sees the same:  ./psm records --person ", persona));
}

}  // namespace psm::story
