#include "mesh/policy/own_explanation.h"

#include <algorithm>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/text_format.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/policy/refusal.h"
#include "psm/config/v1/config.pb.h"

namespace psm {
namespace {

// The types that an agreement gives, of `publisher` where that is named.
std::vector<std::string> TypesGiven(const CompiledAgreement& agreement,
                                    const System* publisher) {
  std::set<std::string> types;
  for (const CompiledEventGrant& grant : agreement.events) {
    const std::vector<const System*>& named = grant.publishers;
    const bool covered =
        publisher == nullptr || named.empty() ||
        std::any_of(named.begin(), named.end(), [&](const System* system) {
          return system->id == publisher->id;
        });
    if (!covered) continue;
    for (const std::string& type : grant.types)
      if (publisher == nullptr || publisher->Publishes(type))
        types.insert(type);
  }
  return {types.begin(), types.end()};
}

std::string Sentence(const CompiledAgreement& agreement,
                     const std::vector<std::string>& types) {
  const std::string told =
      absl::StrCat("agreement ", agreement.id, " (version ", agreement.version,
                   ") tells it of ", absl::StrJoin(types, ", "));
  if (!agreement.by_consent)
    return absl::StrCat(told, " on the basis of ", agreement.statute.en);
  return absl::StrCat(
      told,
      " of persons whose consent token the subscription brings, and of each "
      "only the types that the token names, until it ends or is withdrawn");
}

// The types of life events that a system publishes, or any where `publisher` is
// null; sorted, each once.
std::vector<std::string> TypesOf(const Directory& directory,
                                 const System* publisher) {
  std::set<std::string> types;
  for (const System* system : directory.systems())
    if (publisher == nullptr || system->id == publisher->id)
      types.insert(system->publishes.begin(), system->publishes.end());
  return {types.begin(), types.end()};
}

// Agreements on events that differ in the consumer or in the affair.
std::vector<std::string> NearTo(const PolicyEngine& policy,
                                const System& consumer,
                                const std::string& affair) {
  constexpr std::size_t kMaxNear = 10;
  std::vector<std::string> near;
  for (const CompiledAgreement* agreement : policy.agreements()) {
    const bool same_consumer = agreement->consumer->id == consumer.id;
    const bool same_affair = agreement->affair->id == affair;
    if (agreement->events.empty() || same_consumer == same_affair ||
        near.size() == kMaxNear)
      continue;
    near.push_back(absl::StrCat(
        agreement->id, same_consumer ? ": for affair " : ": for consumer ",
        same_consumer ? agreement->affair->id : agreement->consumer->id));
  }
  return near;
}

// A configuration file with an agreement that `grant` completes, and the affair
// where there is none. Of a relying party only by consent.
std::string MissingAgreement(
    const PolicyEngine& policy, const System& consumer,
    const std::string& affair, absl::string_view what, absl::string_view advice,
    absl::Time now, absl::FunctionRef<void(config::v1::Agreement&)> grant) {
  config::v1::Mesh mesh;
  const Affair* const known = policy.directory().FindAffair(affair);
  Text statute = {"(根拠となる条文)", "(the provision that is the basis)"};
  if (known != nullptr) {
    statute = known->statute;
  } else {
    config::v1::Affair* const made = mesh.add_affairs();
    made->set_id(affair);
    made->mutable_title()->set_ja("(事務の名称)");
    made->mutable_title()->set_en("(title of the affair)");
    made->mutable_statute()->set_ja(statute.ja);
    made->mutable_statute()->set_en(statute.en);
  }
  config::v1::Agreement* const agreement = mesh.add_agreements();
  const std::string base =
      absl::StrReplaceAll(absl::StrCat(consumer.id, "-", what), {{"/", "-"}});
  std::string id = base;
  const auto taken = [&](const CompiledAgreement* a) { return a->id == id; };
  for (int number = 2; std::any_of(policy.agreements().begin(),
                                   policy.agreements().end(), taken);
       ++number)
    id = absl::StrCat(base, "-", number);
  agreement->set_id(id);
  agreement->set_version(1);
  agreement->set_consumer(consumer.id);
  agreement->set_affair(affair);
  if (consumer.agency->relying_party) {
    agreement->mutable_consent();
  } else {
    agreement->mutable_statute()->set_ja(statute.ja);
    agreement->mutable_statute()->set_en(statute.en);
  }
  grant(*agreement);
  agreement->set_valid_from(absl::FormatTime("%Y-%m-%d", now, JapanTime()));

  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(mesh, &text);
  return absl::StrCat(
      "# proto-file: protos/psm/config/v1/config.proto\n"
      "# proto-message: psm.config.v1.Mesh\n",
      advice, text);
}

std::string MissingEvents(const PolicyEngine& policy, const System& consumer,
                          const std::string& affair, const System* publisher,
                          absl::Time now) {
  return MissingAgreement(
      policy, consumer, affair, "events",
      "# Goes into the publisher's configuration once both sides have agreed.\n"
      "# Strike out every type that the affair does not need.\n",
      now, [&](config::v1::Agreement& agreement) {
        config::v1::EventGrant* const events = agreement.add_events();
        for (const std::string& type : TypesOf(policy.directory(), publisher))
          events->add_types(type);
        if (publisher != nullptr) events->add_publishers(publisher->id);
      });
}

std::string MissingRecords(const PolicyEngine& policy, const System& consumer,
                           const std::string& affair, absl::Time now) {
  return MissingAgreement(
      policy, consumer, affair, "records",
      "# Strike out whose records the affair does not need.\n", now,
      [](config::v1::Agreement& agreement) {
        config::v1::Grant* const records = agreement.add_grants();
        records->set_method(RecordsPlan().name);
        for (const std::string& whose : RecordsPlan().attributes)
          records->add_attributes(whose);
      });
}

}  // namespace

Explanation ExplainEvents(const PolicyEngine& policy, const System& consumer,
                          absl::string_view affair_id, const System* publisher,
                          absl::Time now) {
  const std::string affair(affair_id);
  Explanation explanation;
  const CompiledAgreement* out_of_force = nullptr;
  std::vector<std::string> sentences;
  bool other_publisher = false, all_by_consent = true;
  for (const CompiledAgreement* agreement : policy.agreements()) {
    if (agreement->events.empty() || agreement->consumer->id != consumer.id ||
        agreement->affair->id != affair)
      continue;
    const std::vector<std::string> types = TypesGiven(*agreement, publisher);
    if (types.empty()) {
      other_publisher = true;
    } else if (!agreement->InForceAt(now)) {
      out_of_force = LikelierMeant(out_of_force, agreement, now);
    } else {
      sentences.push_back(Sentence(*agreement, types));
      all_by_consent = all_by_consent && agreement->by_consent;
    }
  }
  if (!sentences.empty()) {
    explanation.allowed = true;
    explanation.needs_consent = all_by_consent;
    explanation.rule = absl::StrJoin(sentences, "; ");
    return explanation;
  }

  explanation.near = NearTo(policy, consumer, affair);
  const Impediment impediment =
      FindImpediment(consumer, EventsPlan(), affair, policy.directory());
  if (!impediment.rule.empty()) {
    explanation.rule = absl::StrCat(
        impediment.rule, "; no agreement can allow it: ", impediment.remedy);
    return explanation;
  }
  if (TypesOf(policy.directory(), publisher).empty()) {
    explanation.rule =
        publisher == nullptr
            ? "no system publishes life events"
            : absl::StrCat(publisher->id, " publishes no life events");
    return explanation;
  }
  explanation.rule =
      out_of_force != nullptr
          ? NotInForceRule(*out_of_force, now)
          : NoAgreementRule(consumer, EventsPlan(), affair, other_publisher);
  explanation.missing_agreement =
      MissingEvents(policy, consumer, affair, publisher, now);
  return explanation;
}

Explanation ExplainRecords(const PolicyEngine& policy, const System& consumer,
                           absl::string_view affair, absl::Time now) {
  Explanation explanation;
  std::vector<std::string> whose;
  bool missing = false;
  for (const std::string& name : RecordsPlan().attributes) {
    const absl::Status may = policy.MayReadRecords(consumer, name, affair, now);
    if (may.ok()) {
      whose.push_back(name);
    } else {
      explanation.rule = std::string(may.message());
      missing = missing || ReasonOf(may) == "NO_AGREEMENT";
    }
  }
  explanation.allowed = !whose.empty();
  if (explanation.allowed) {
    explanation.rule =
        absl::StrCat(consumer.id, " may read the records of ",
                     absl::StrJoin(whose, " and "), " for ", affair);
    return explanation;
  }
  const Impediment impediment =
      FindImpediment(consumer, RecordsPlan(), affair, policy.directory());
  if (!impediment.rule.empty()) {
    explanation.rule = absl::StrCat(
        impediment.rule, "; no agreement can allow it: ", impediment.remedy);
  } else if (missing) {
    explanation.missing_agreement =
        MissingRecords(policy, consumer, std::string(affair), now);
  }
  return explanation;
}

}  // namespace psm
