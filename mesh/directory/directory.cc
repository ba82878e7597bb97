#include "mesh/directory/directory.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/retention.h"

namespace psm {
namespace {

constexpr char kSpiffePrefix[] = "spiffe://psm.test/agency/";
constexpr char kSpiffeMiddle[] = "/system/";
constexpr std::size_t kMaxName = 31;      // an agency's, a system's own part
constexpr std::size_t kMaxAffairId = 63;  // an affair's, an agreement's
constexpr char kMeshAgency[] = "mesh";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsLower(c) || IsDigit(c) || (c >= 'A' && c <= 'Z');
}

// `[a-z][a-z0-9X]*`, X being `joiner`, of at most `max` characters.
bool IsName(absl::string_view text, char joiner, std::size_t max) {
  if (text.empty() || text.size() > max || !IsLower(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [joiner](char c) {
    return IsLower(c) || IsDigit(c) || c == joiner;
  });
}

// A full name as protobuf has it, with a package: "psm.tax.v1.TaxService".
bool IsServiceName(absl::string_view name) {
  if (!absl::StrContains(name, '.')) return false;
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    if (part.empty() || IsDigit(part[0])) return false;
    for (char c : part)
      if (!IsAlphanumeric(c) && c != '_') return false;
  }
  return true;
}

// "host:port", "[::1]:port".
bool IsEndpoint(absl::string_view endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  const absl::string_view host = endpoint.substr(0, colon);
  const absl::string_view port = endpoint.substr(colon + 1);
  std::uint32_t number = 0;
  if (port.empty() || port.size() > 5 ||
      !std::all_of(port.begin(), port.end(), IsDigit) ||
      !absl::SimpleAtoi(port, &number) || number == 0 || number > 65535)
    return false;
  if (host[0] == '[')
    return host.size() > 2 && host.back() == ']' &&
           host.find_first_not_of("0123456789abcdefABCDEF:.", 1) ==
               host.size() - 1;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '.';
  });
}

Text TextOf(const config::v1::Text& text) { return {text.ja(), text.en()}; }

bool IsComplete(const config::v1::Text& text) {
  return !text.ja().empty() && !text.en().empty();
}

template <typename T>
std::vector<const T*> SortedById(
    const absl::flat_hash_map<std::string, std::unique_ptr<T>>& all) {
  std::vector<const T*> list;
  list.reserve(all.size());
  for (const auto& [id, element] : all) list.push_back(element.get());
  std::sort(list.begin(), list.end(),
            [](const T* a, const T* b) { return a->id < b->id; });
  return list;
}

template <typename T>
const T* Find(const absl::flat_hash_map<std::string, std::unique_ptr<T>>& all,
              absl::string_view id) {
  auto found = all.find(id);
  return found == all.end() ? nullptr : found->second.get();
}

// The checks below give what is wrong with one element, "" where nothing is.

// Of all that is said, by its own fields, nothing is 0 or less.
std::string CheckEdgeLimits(const google::protobuf::Message& limits) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *limits.GetReflection();
  std::vector<const Field*> said;
  reflection.ListFields(limits, &said);
  for (const Field* field : said) {
    bool good = true;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_UINT32:
        good = reflection.GetUInt32(limits, field) > 0;
        break;
      case Field::CPPTYPE_UINT64:
        good = reflection.GetUInt64(limits, field) > 0;
        break;
      case Field::CPPTYPE_DOUBLE:
        good = reflection.GetDouble(limits, field) > 0;
        break;
      default:
        if (std::string wrong =
                CheckEdgeLimits(reflection.GetMessage(limits, field));
            !wrong.empty())
          return absl::StrCat(field->name(), ".", wrong);
    }
    if (!good)
      return absl::StrCat(field->name(),
                          " must be more than 0; leave it out for the default");
  }
  return "";
}

std::string CheckAgency(const config::v1::Agency& agency) {
  if (!IsName(agency.id(), '-', kMaxName))
    return "an agency's id is [a-z][a-z0-9-]{0,30}";
  if (agency.id() == kMeshAgency)
    return "this id is the mesh's own; choose another";
  if (!IsComplete(agency.name())) return "give its name in ja and en";
  switch (agency.kind()) {
    case config::v1::Agency::ADMINISTRATIVE:
      return "";
    case config::v1::Agency::RELYING_PARTY:
      return agency.enrols() || agency.discloses() || agency.signs_in() ||
                     agency.protects() || agency.municipality()
                 ? "a relying party neither enrols, discloses, signs in nor "
                   "protects and is no municipality; only an administrative "
                   "organ may"
                 : "";
    default:
      return "say its kind: ADMINISTRATIVE or RELYING_PARTY";
  }
}

std::string CheckSystem(const config::v1::System& system) {
  if (!IsSystemId(system.id()))
    return "a system's id is agency/system, both [a-z][a-z0-9-]{0,30}";
  if (system.has_name() && !IsComplete(system.name()))
    return "give its name in ja and en, or leave it out";
  std::set<std::string> services;
  for (const std::string& service : system.services()) {
    if (!IsServiceName(service))
      return absl::StrCat("\"", service,
                          "\" is not a service's full name, such as "
                          "psm.tax.v1.TaxService");
    if (!services.insert(service).second)
      return absl::StrCat("service ", service, " is listed twice");
  }
  if (!system.endpoint().empty() && !IsEndpoint(system.endpoint()))
    return "an endpoint is host:port, or empty";
  std::set<std::string> types;
  for (const std::string& type : system.publishes()) {
    if (!IsName(type, '_', kMaxAffairId))
      return absl::StrCat("event type \"", type, "\" is not [a-z][a-z0-9_]*");
    if (!types.insert(type).second)
      return absl::StrCat("event type ", type, " is listed twice");
  }
  return "";
}

Representative RepresentativeOf(config::v1::Affair::Representative from) {
  switch (from) {
    case config::v1::Affair::PARENT:
      return Representative::kParent;
    case config::v1::Affair::GUARDIAN:
      return Representative::kGuardian;
    default:
      return Representative::kNone;
  }
}

std::string CheckAffair(const config::v1::Affair& affair) {
  if (!IsAffairId(affair.id())) return "an affair's id is [a-z][a-z0-9-]{0,62}";
  if (!IsComplete(affair.title())) return "give its title in ja and en";
  if (!IsComplete(affair.statute()))
    return "name the statute that assigns it, in ja and en";
  std::set<std::string> purposes;
  for (const std::string& purpose : affair.purposes()) {
    if (!IsName(purpose, '_', kMaxAffairId))
      return absl::StrCat("purpose \"", purpose, "\" is not [a-z][a-z0-9_]*");
    if (!purposes.insert(purpose).second)
      return absl::StrCat("purpose ", purpose, " is listed twice");
  }
  return "";
}

std::string CheckDataset(const config::v1::Dataset& dataset) {
  if (!IsName(dataset.id(), '_', kMaxAffairId))
    return "a dataset's id is [a-z][a-z0-9_]*";
  if (!IsComplete(dataset.name())) return "give its name in ja and en";
  std::set<std::string> attributes;
  for (const config::v1::Dataset::Attribute& attribute : dataset.attributes()) {
    if (!IsName(attribute.id(), '_', kMaxAffairId))
      return absl::StrCat("attribute \"", attribute.id(),
                          "\" is not [a-z][a-z0-9_]*");
    if (!IsComplete(attribute.name()))
      return absl::StrCat("give the name of attribute ", attribute.id(),
                          " in ja and en");
    if (!attributes.insert(attribute.id()).second)
      return absl::StrCat("attribute ", attribute.id(), " is listed twice");
  }
  return "";
}

}  // namespace

std::string SpiffeIdOf(absl::string_view system_id) {
  const std::size_t slash = system_id.find('/');
  const std::size_t rest =
      slash == absl::string_view::npos ? system_id.size() : slash + 1;
  return absl::StrCat(kSpiffePrefix, system_id.substr(0, slash), kSpiffeMiddle,
                      system_id.substr(rest));
}

absl::StatusOr<std::string> SystemIdOf(absl::string_view spiffe_id) {
  absl::string_view rest = spiffe_id;
  if (absl::ConsumePrefix(&rest, kSpiffePrefix)) {
    const std::size_t middle = rest.find(kSpiffeMiddle);
    if (middle != absl::string_view::npos) {
      std::string id =
          absl::StrCat(rest.substr(0, middle), "/",
                       rest.substr(middle + sizeof(kSpiffeMiddle) - 1));
      if (IsSystemId(id)) return id;
    }
  }
  return absl::InvalidArgumentError(
      "not a system's SPIFFE id: "
      "spiffe://psm.test/agency/<agency>/system/<system>");
}

bool IsSystemId(absl::string_view id) {
  const std::size_t slash = id.find('/');
  return slash != absl::string_view::npos &&
         IsName(id.substr(0, slash), '-', kMaxName) &&
         IsName(id.substr(slash + 1), '-', kMaxName);
}

bool IsAffairId(absl::string_view id) { return IsName(id, '-', kMaxAffairId); }

absl::StatusOr<std::shared_ptr<const Directory>> Directory::Create(
    const Configuration& configuration) {
  std::shared_ptr<Directory> result(new Directory());
  if (std::string wrong = CheckEdgeLimits(configuration.mesh.edge_limits());
      !wrong.empty())
    return ConfigurationError(configuration, "edge_limits", wrong);
  if (std::string wrong = CheckRetention(configuration.mesh); !wrong.empty())
    return ConfigurationError(configuration, "records_retention", wrong);
  for (const config::v1::Agency& from : configuration.mesh.agencies()) {
    const std::string element = absl::StrCat("agency ", from.id());
    if (std::string wrong = CheckAgency(from); !wrong.empty())
      return ConfigurationError(configuration, element, wrong);
    auto agency = std::make_unique<Agency>();
    agency->id = from.id();
    agency->name = TextOf(from.name());
    agency->relying_party = from.kind() == config::v1::Agency::RELYING_PARTY;
    agency->enrols = from.enrols();
    agency->discloses = from.discloses();
    agency->signs_in = from.signs_in();
    agency->municipality = from.municipality();
    agency->protects = from.protects();
    if (!result->agencies_.emplace(from.id(), std::move(agency)).second)
      return ConfigurationError(configuration, element, "is defined twice");
  }
  for (const config::v1::System& from : configuration.mesh.systems()) {
    const std::string element = absl::StrCat("system ", from.id());
    if (std::string wrong = CheckSystem(from); !wrong.empty())
      return ConfigurationError(configuration, element, wrong);
    const std::string agency_id = from.id().substr(0, from.id().find('/'));
    const Agency* agency = result->FindAgency(agency_id);
    if (agency == nullptr)
      return ConfigurationError(
          configuration, element,
          agency_id == kMeshAgency
              ? "agency mesh is the mesh's own and has no other systems"
              : absl::StrCat("there is no agency ", agency_id, "; define it"));
    auto system = std::make_unique<System>();
    system->id = from.id();
    system->name =
        from.has_name() ? TextOf(from.name()) : Text{from.id(), from.id()};
    system->agency = agency;
    system->services.assign(from.services().begin(), from.services().end());
    std::sort(system->services.begin(), system->services.end());
    system->publishes.assign(from.publishes().begin(), from.publishes().end());
    std::sort(system->publishes.begin(), system->publishes.end());
    if (agency->relying_party && !system->publishes.empty())
      return ConfigurationError(
          configuration, element,
          "a relying party publishes no life events; only an administrative "
          "organ may");
    system->endpoint = from.endpoint();
    if (!result->systems_.emplace(from.id(), std::move(system)).second)
      return ConfigurationError(configuration, element, "is defined twice");
  }
  for (const config::v1::Affair& from : configuration.mesh.affairs()) {
    const std::string element = absl::StrCat("affair ", from.id());
    if (std::string wrong = CheckAffair(from); !wrong.empty())
      return ConfigurationError(configuration, element, wrong);
    auto affair = std::make_unique<Affair>();
    affair->id = from.id();
    affair->title = TextOf(from.title());
    affair->statute = TextOf(from.statute());
    affair->purposes.assign(from.purposes().begin(), from.purposes().end());
    affair->representative = RepresentativeOf(from.representative());
    if (!result->affairs_.emplace(from.id(), std::move(affair)).second)
      return ConfigurationError(configuration, element, "is defined twice");
  }
  for (const config::v1::Dataset& from : configuration.mesh.datasets()) {
    const std::string element = absl::StrCat("dataset ", from.id());
    if (std::string wrong = CheckDataset(from); !wrong.empty())
      return ConfigurationError(configuration, element, wrong);
    auto dataset = std::make_unique<Dataset>();
    dataset->id = from.id();
    dataset->name = TextOf(from.name());
    for (const config::v1::Dataset::Attribute& attribute : from.attributes())
      dataset->attributes[attribute.id()] = TextOf(attribute.name());
    if (!result->datasets_.emplace(from.id(), std::move(dataset)).second)
      return ConfigurationError(configuration, element, "is defined twice");
  }
  result->agency_list_ = SortedById(result->agencies_);
  result->system_list_ = SortedById(result->systems_);
  result->affair_list_ = SortedById(result->affairs_);
  // In the order of system_list_, so each list is sorted by id.
  for (const System* system : result->system_list_)
    for (const std::string& service : system->services)
      result->providers_[service].push_back(system);
  return result;
}

bool System::Publishes(absl::string_view type) const {
  return std::find(publishes.begin(), publishes.end(), type) != publishes.end();
}

const Agency* Directory::FindAgency(absl::string_view id) const {
  return Find(agencies_, id);
}

const System* Directory::FindSystem(absl::string_view id) const {
  return Find(systems_, id);
}

const Affair* Directory::FindAffair(absl::string_view id) const {
  return Find(affairs_, id);
}

const Dataset* Directory::FindDataset(absl::string_view id) const {
  return Find(datasets_, id);
}

const std::vector<const System*>& Directory::ProvidersOf(
    absl::string_view service) const {
  static const std::vector<const System*>* const kNone =
      new std::vector<const System*>();
  auto found = providers_.find(service);
  return found == providers_.end() ? *kNone : found->second;
}

}  // namespace psm
