#include "mesh/policy/agreement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// A number of exactly the digits of `text`.
std::optional<int> Digits(absl::string_view text) {
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Compiles one agreement; the first thing that is wrong ends it.
class Compiler {
 public:
  Compiler(const Configuration& configuration,
           const config::v1::Agreement& from, const Directory& directory,
           const ContractSet& contracts)
      : configuration_(configuration),
        from_(from),
        directory_(directory),
        contracts_(contracts),
        agreement_(std::make_unique<CompiledAgreement>()) {}

  absl::StatusOr<std::unique_ptr<CompiledAgreement>> Run() {
    PSM_RETURN_IF_ERROR(TakeParties());
    PSM_RETURN_IF_ERROR(TakeBasis());
    PSM_RETURN_IF_ERROR(TakeDisclosure());
    PSM_RETURN_IF_ERROR(TakePeriod());
    if (from_.grants().empty() && from_.events().empty())
      return Wrong("grants nothing; add a grant");
    for (const config::v1::Grant& grant : from_.grants())
      PSM_RETURN_IF_ERROR(TakeGrant(grant));
    for (const config::v1::EventGrant& grant : from_.events())
      PSM_RETURN_IF_ERROR(TakeEvents(grant));
    agreement_->max_calls_per_second = from_.max_calls_per_second();
    return std::move(agreement_);
  }

 private:
  template <typename... Parts>
  absl::Status Wrong(const Parts&... parts) const {
    return ConfigurationError(configuration_,
                              absl::StrCat("agreement ", from_.id()),
                              absl::StrCat(parts...));
  }

  absl::Status TakeParties() {
    if (!IsAffairId(from_.id()))
      return Wrong("an agreement's id is [a-z][a-z0-9-]{0,62}");
    if (from_.version() == 0) return Wrong("versions count from 1");
    agreement_->id = from_.id();
    agreement_->version = from_.version();
    agreement_->consumer = directory_.FindSystem(from_.consumer());
    if (agreement_->consumer == nullptr)
      return Wrong("consumer \"", from_.consumer(), "\" is not a system");
    agreement_->affair = directory_.FindAffair(from_.affair());
    if (agreement_->affair == nullptr)
      return Wrong("affair \"", from_.affair(), "\" is not defined");
    return absl::OkStatus();
  }

  absl::Status TakeBasis() {
    switch (from_.basis_case()) {
      case config::v1::Agreement::kStatute:
        if (from_.statute().ja().empty() || from_.statute().en().empty())
          return Wrong("name the statute in ja and en");
        if (agreement_->consumer->agency->relying_party)
          return Wrong(
              "a relying party cannot act on a statute; make the "
              "basis consent {}");
        agreement_->statute = {from_.statute().ja(), from_.statute().en()};
        return absl::OkStatus();
      case config::v1::Agreement::kConsent:
        agreement_->by_consent = true;
        return absl::OkStatus();
      case config::v1::Agreement::BASIS_NOT_SET:
        break;
    }
    return Wrong("has no legal basis; give a statute or consent {}");
  }

  absl::Status TakeDisclosure() {
    if (!from_.has_undisclosed_by()) return absl::OkStatus();
    const config::v1::Text& provision = from_.undisclosed_by();
    if (provision.ja().empty() || provision.en().empty())
      return Wrong(
          "name in ja and en the provision that withholds its records from "
          "the person, or drop undisclosed_by");
    if (agreement_->by_consent)
      return Wrong(
          "what the person has consented to cannot be withheld from the "
          "person; drop undisclosed_by");
    agreement_->undisclosed_by = {provision.ja(), provision.en()};
    return absl::OkStatus();
  }

  absl::Status TakePeriod() {
    std::optional<absl::Time> start = StartOfDay(from_.valid_from());
    if (!start.has_value())
      return Wrong("valid_from \"", from_.valid_from(),
                   "\" is not a day, YYYY-MM-DD");
    agreement_->start_time = *start;
    agreement_->end_time = absl::InfiniteFuture();
    if (from_.valid_through().empty()) return absl::OkStatus();
    std::optional<absl::Time> last = StartOfDay(from_.valid_through());
    if (!last.has_value())
      return Wrong("valid_through \"", from_.valid_through(),
                   "\" is not a day, YYYY-MM-DD");
    if (*last < *start) return Wrong("valid_through lies before valid_from");
    // Through the last day: Japan has no summer time, so a day is 24 hours.
    agreement_->end_time = *last + absl::Hours(24);
    return absl::OkStatus();
  }

  // What is missing: the annotation, the descriptor set or the right name.
  absl::Status WithoutContract(const std::string& method) const {
    std::string dotted = method;
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    if (absl::StrContains(method, '/') &&
        contracts_.pool().FindMethodByName(dotted) != nullptr) {
      return Wrong("method \"", method,
                   "\" is not annotated: give it the option "
                   "(psm.annotations.v1.method)");
    }
    return Wrong("method \"", method,
                 "\" is in no descriptor set (*.binpb) of the configuration; "
                 "write it as psm.tax.v1.TaxService/GetTaxStatus");
  }

  absl::Status TakeRecords(const config::v1::Grant& from) {
    if (agreement_->by_consent)
      return Wrong(from.method(),
                   " is not consentable: only a statute can be its basis");
    if (!from.providers().empty())
      return Wrong(from.method(),
                   " is the gateway's own: it has no providers; drop them");
    if (from.attributes().empty())
      return Wrong(from.method(),
                   " opens nothing; name the attribute persons or "
                   "corporations");
    if (agreement_->affair->representative != Representative::kNone)
      return Wrong(
          "nobody acts for a person whose records are read; name "
          "another affair");
    for (const std::string& name : from.attributes()) {
      const AttributeMask bit = RecordsPlan().BitOf(name);
      if (bit == 0 || (agreement_->records & bit) != 0)
        return Wrong("attribute \"", name, "\" of ", from.method(),
                     " is not there, or is granted twice");
      agreement_->records |= bit;
    }
    return absl::OkStatus();
  }

  absl::Status TakeGrant(const config::v1::Grant& from) {
    if (from.method() == RecordsPlan().name) return TakeRecords(from);
    CompiledGrant grant;
    grant.plan = contracts_.FindByName(from.method());
    if (grant.plan == nullptr) return WithoutContract(from.method());
    const MethodPlan& plan = *grant.plan;
    if (agreement_->by_consent && !plan.consentable)
      return Wrong(plan.name,
                   " is not consentable: only a statute can be its basis");
    const std::vector<std::string>& purposes = agreement_->affair->purposes;
    if (const LegalLimit& limit = plan.legal_limit;
        !limit.purpose.empty() && std::find(purposes.begin(), purposes.end(),
                                            limit.purpose) == purposes.end())
      return Wrong(plan.name, " is only for affairs that serve ", limit.purpose,
                   ", and ", agreement_->affair->id,
                   " does not: ", limit.statute_en, " (", limit.statute_ja,
                   ")");
    for (const std::string& name : from.attributes()) {
      const AttributeMask bit = plan.BitOf(name);
      if (bit == 0) return Wrong(plan.name, " has no attribute \"", name, "\"");
      if ((grant.attributes & bit) != 0)
        return Wrong("attribute ", name, " of ", plan.name,
                     " is granted twice");
      grant.attributes |= bit;
    }
    PSM_RETURN_IF_ERROR(TakeProviders(from, &grant));
    agreement_->grants.push_back(std::move(grant));
    return absl::OkStatus();
  }

  absl::Status TakeProviders(const config::v1::Grant& from,
                             CompiledGrant* grant) {
    const std::vector<const System*>& all =
        directory_.ProvidersOf(grant->plan->service);
    if (all.empty())
      return Wrong("no system provides ", grant->plan->service,
                   "; list it in the provider's services");
    for (const std::string& id : from.providers()) {
      const System* provider = directory_.FindSystem(id);
      if (provider == nullptr)
        return Wrong("provider \"", id, "\" is not a system");
      if (std::find(all.begin(), all.end(), provider) == all.end())
        return Wrong("provider ", id, " does not provide ",
                     grant->plan->service);
      if (std::find(grant->providers.begin(), grant->providers.end(),
                    provider) != grant->providers.end())
        return Wrong("provider ", id, " is listed twice");
      grant->providers.push_back(provider);
    }
    std::sort(grant->providers.begin(), grant->providers.end(),
              [](const System* a, const System* b) { return a->id < b->id; });
    return absl::OkStatus();
  }

  absl::Status TakeEvents(const config::v1::EventGrant& from) {
    if (from.types().empty())
      return Wrong("events without a type; name what it may be told of");
    if (agreement_->affair->representative != Representative::kNone)
      return Wrong(
          "nobody acts for a person whom events may be about; name "
          "another affair");
    CompiledEventGrant grant;
    grant.types.assign(from.types().begin(), from.types().end());
    std::sort(grant.types.begin(), grant.types.end());
    for (const std::string& id : from.publishers()) {
      const System* publisher = directory_.FindSystem(id);
      if (publisher == nullptr)
        return Wrong("publisher \"", id, "\" is not a system");
      grant.publishers.push_back(publisher);
    }
    std::sort(grant.publishers.begin(), grant.publishers.end(),
              [](const System* a, const System* b) { return a->id < b->id; });
    const std::vector<const System*>& all =
        grant.publishers.empty() ? directory_.systems() : grant.publishers;
    for (const std::string& type : grant.types) {
      if (std::none_of(all.begin(), all.end(), [&](const System* system) {
            return system->Publishes(type);
          }))
        return Wrong("event type \"", type, "\" is published by ",
                     grant.publishers.empty() ? "no system" : "none of these",
                     "; list it in the system's publishes");
    }
    agreement_->events.push_back(std::move(grant));
    return absl::OkStatus();
  }

  const Configuration& configuration_;
  const config::v1::Agreement& from_;
  const Directory& directory_;
  const ContractSet& contracts_;
  std::unique_ptr<CompiledAgreement> agreement_;
};

}  // namespace

const MethodPlan& RecordsPlan() {
  static const MethodPlan* const plan = [] {
    auto* made = new MethodPlan();
    made->service = "psm.records.v1.RecordsService";
    made->name = "psm.records.v1.RecordsService/ListRecords";
    made->path = "/psm.records.v1.RecordsService/ListRecords";
    made->dataset = "records";
    made->attributes = {std::string(kCorporations), std::string(kPersons)};
    return made;
  }();
  return *plan;
}

std::string CompiledAgreement::ValidFrom() const { return DayOf(start_time); }

std::string CompiledAgreement::ValidThrough() const {
  return end_time == absl::InfiniteFuture() ? ""
                                            : DayOf(end_time - absl::Hours(24));
}

absl::StatusOr<std::unique_ptr<CompiledAgreement>> CompileAgreement(
    const Configuration& configuration, const config::v1::Agreement& agreement,
    const Directory& directory, const ContractSet& contracts) {
  return Compiler(configuration, agreement, directory, contracts).Run();
}

std::optional<absl::Time> StartOfDay(absl::string_view day) {
  if (day.size() != 10 || day[4] != '-' || day[7] != '-') return std::nullopt;
  const std::optional<int> y = Digits(day.substr(0, 4));
  const std::optional<int> m = Digits(day.substr(5, 2));
  const std::optional<int> d = Digits(day.substr(8, 2));
  if (!y.has_value() || !m.has_value() || !d.has_value()) return std::nullopt;
  const absl::CivilDay civil(*y, *m, *d);
  // A CivilDay turns 31 February into 3 March; that is not what was written.
  if (civil.year() != *y || civil.month() != *m || civil.day() != *d)
    return std::nullopt;
  return absl::FromCivil(civil, JapanTime());
}

std::string DayOf(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d", time, JapanTime());
}

}  // namespace psm
