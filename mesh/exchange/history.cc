#include "mesh/exchange/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/exchange/reason_texts.h"

namespace psm {
namespace {

using records::v1::Record;
using records::v1::RecordTexts;

void Say(const Text& text, records::v1::Text* out) {
  out->set_ja(text.ja);
  out->set_en(text.en);
}

Text SameInBoth(const std::string& text) { return {text, text}; }

// A system as of now; one that is not there (any more) by its id.
void SaySystem(const Directory& directory, const std::string& id,
               records::v1::Text* agency, records::v1::Text* system) {
  if (id == kGatewaySystem) {
    const Text mesh{"公共サービスメッシュ", "Public Service Mesh"};
    Say(mesh, agency);
    Say(mesh, system);
    return;
  }
  if (const System* found = directory.FindSystem(id); found != nullptr) {
    Say(found->agency->name, agency);
    Say(found->name, system);
    return;
  }
  const std::string agency_id = id.substr(0, id.find('/'));
  const Agency* known = directory.FindAgency(agency_id);
  Say(known != nullptr ? known->name : SameInBoth(agency_id), agency);
  Say(SameInBoth(id), system);
}

// In any version; null where the configuration has it no more.
const CompiledAgreement* FindAgreement(const PolicyEngine& policy,
                                       const std::string& id) {
  const auto& all = policy.agreements();
  const auto found = std::lower_bound(
      all.begin(), all.end(), id,
      [](const CompiledAgreement* a, const std::string& wanted) {
        return a->id < wanted;
      });
  return found != all.end() && (*found)->id == id ? *found : nullptr;
}

// On which basis; empty in both languages where there was none.
Text BasisOf(const Record& record, const PolicyEngine& policy) {
  if (!record.consent_id().empty()) {
    return {"本人の同意", "the person's consent"};
  }
  if (record.agreement().empty()) return {};
  const CompiledAgreement* found = FindAgreement(policy, record.agreement());
  // Another version may have another basis.
  if (found != nullptr && found->version == record.agreement_version()) {
    if (!found->by_consent) return found->statute;
    return {"本人の同意", "the person's consent"};
  }
  return {absl::StrCat("連携協定 ", record.agreement(), " 第",
                       record.agreement_version(), "版"),
          absl::StrCat("agreement ", record.agreement(), ", version ",
                       record.agreement_version())};
}

Text AttributeName(const Dataset* dataset, const std::string& id) {
  if (dataset != nullptr) {
    const auto found = dataset->attributes.find(id);
    if (found != dataset->attributes.end()) return found->second;
  }
  return SameInBoth(id);
}

Text OutcomeOf(const Record& record) {
  switch (record.kind()) {
    case Record::EXCHANGE:
      return {"行われました", "done"};
    case Record::INTENT:
      return {"登録・変更の依頼を受け付けました", "about to be written"};
    case Record::REFUSALS: {
      const Text reason = ReasonText(record.reason());
      return {absl::StrCat(reason.ja, "(同様のもの", record.count(), "件)"),
              absl::StrCat(reason.en, " (", record.count(), " times alike)")};
    }
    case Record::EXPUNGED:
      return {"保存期間が過ぎた記録を消去しました",
              "records that were old enough were expunged"};
    default:
      return ReasonText(record.reason());
  }
}

bool IsMunicipalitys(const Directory& directory, const std::string& system) {
  if (system.empty() || system == kGatewaySystem) return false;
  const Agency* agency =
      directory.FindAgency(system.substr(0, system.find('/')));
  // One that is not there any more may have been one.
  return agency == nullptr || agency->municipality;
}

// Whether a text names any municipality, by its name or id.
bool NamesOne(const Directory& directory, absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (const Agency* agency : directory.agencies()) {
    if (!agency->municipality) continue;
    for (const std::string* name :
         {&agency->id, &agency->name.ja, &agency->name.en}) {
      if (absl::StrContains(lower, absl::AsciiStrToLower(*name))) return true;
    }
  }
  return false;
}

void HideText(const Directory& directory, const Text& instead,
              records::v1::Text* text) {
  if (NamesOne(directory, text->ja()) || NamesOne(directory, text->en()))
    Say(instead, text);
}

}  // namespace

void HideMunicipalities(const Directory& directory, Record& record,
                        RecordTexts& texts) {
  const Text municipality{"市区町村", "a municipality"};
  const Text municipalitys{"市区町村のシステム", "a system of a municipality"};
  const Text left_out{"(表示しません)", "(not shown)"};
  const auto hide = [&](const std::string& system, records::v1::Text* agency,
                        records::v1::Text* name) {
    if (IsMunicipalitys(directory, system)) {
      Say(municipality, agency);
      Say(municipalitys, name);
      return true;
    }
    HideText(directory, left_out, agency);
    HideText(directory, left_out, name);
    return false;
  };
  if (hide(record.consumer(), texts.mutable_consumer_agency(),
           texts.mutable_consumer_system()))
    record.set_consumer(kSomeMunicipality);
  if (!record.provider().empty() &&
      hide(record.provider(), texts.mutable_provider_agency(),
           texts.mutable_provider_system()))
    record.set_provider(kSomeMunicipality);
  if (NamesOne(directory, record.affair())) record.clear_affair();
  record.clear_agreement();
  record.clear_agreement_version();
  record.clear_undisclosed_by();
  record.clear_request_digest();
  record.clear_provided_digest();
  record.clear_released_digest();
  HideText(directory, left_out, texts.mutable_affair());
  HideText(directory, left_out, texts.mutable_basis());
  if (texts.has_dataset())
    HideText(directory, left_out, texts.mutable_dataset());
  for (auto& text : *texts.mutable_released())
    HideText(directory, left_out, &text);
  for (auto& text : *texts.mutable_withheld())
    HideText(directory, left_out, &text);
}

RecordTexts TextsOf(const Record& record, const PolicyEngine& policy) {
  const Directory& directory = policy.directory();
  RecordTexts texts;
  SaySystem(directory, record.consumer(), texts.mutable_consumer_agency(),
            texts.mutable_consumer_system());
  if (!record.provider().empty()) {
    SaySystem(directory, record.provider(), texts.mutable_provider_agency(),
              texts.mutable_provider_system());
  }
  const Affair* affair = directory.FindAffair(record.affair());
  Say(affair != nullptr ? affair->title : SameInBoth(record.affair()),
      texts.mutable_affair());
  Say(BasisOf(record, policy), texts.mutable_basis());
  Say(OutcomeOf(record), texts.mutable_outcome());
  const Dataset* dataset = directory.FindDataset(record.dataset());
  if (!record.dataset().empty()) {
    Say(dataset != nullptr ? dataset->name : SameInBoth(record.dataset()),
        texts.mutable_dataset());
  }
  for (const std::string& id : record.released())
    Say(AttributeName(dataset, id), texts.add_released());
  for (const std::string& id : record.withheld())
    Say(AttributeName(dataset, id), texts.add_withheld());
  return texts;
}

bool IsDisclosed(const Record& record, const PolicyEngine& policy) {
  if (record.undisclosed_by().empty()) return true;
  const CompiledAgreement* now = FindAgreement(policy, record.agreement());
  return now != nullptr && now->version > record.agreement_version() &&
         now->undisclosed_by.ja.empty();
}

absl::StatusOr<records::v1::ListRecordsResponse> ReadHistory(
    RecordLog& log, RecordQuery query, const PolicyEngine& policy,
    Municipalities municipalities) {
  query.is_shown = [&policy](const Record& record) {
    return IsDisclosed(record, policy);
  };
  PSM_ASSIGN_OR_RETURN(RecordPage page, log.List(query));
  records::v1::ListRecordsResponse response;
  response.set_next_page_token(page.next_page_token);
  for (Record& record : page.records) {
    record.clear_subject();
    record.clear_representative();
    RecordTexts& texts = *response.add_texts();
    texts = TextsOf(record, policy);
    if (municipalities == Municipalities::kNotNamed)
      HideMunicipalities(policy.directory(), record, texts);
    *response.add_records() = std::move(record);
  }
  return response;
}

}  // namespace psm
