// Who takes part in the mesh: agencies, their systems, the services they
// provide, affairs. One immutable snapshot per configuration.
#ifndef PSM_MESH_DIRECTORY_DIRECTORY_H_
#define PSM_MESH_DIRECTORY_DIRECTORY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/directory/configuration.h"
#include "mesh/subjects/subject_code.h"

namespace psm {

struct Text {
  std::string ja;
  std::string en;
};

struct Agency {
  std::string id;
  Text name;
  bool relying_party = false;
  bool enrols = false;
  bool discloses = false;
  bool signs_in = false;
  bool municipality = false;
  bool protects = false;

  // Which kind of codes it knows persons by.
  SubjectScopeKind scope_kind() const {
    return relying_party ? SubjectScopeKind::kRelyingParty
                         : SubjectScopeKind::kAgency;
  }
};

struct System {
  std::string id;  // "akatsuki/tax"
  Text name;
  const Agency* agency = nullptr;  // never null
  std::vector<std::string> services;
  std::string endpoint;  // "host:port"; empty: read from the run folder
  std::vector<std::string> publishes;  // types of life events, sorted

  bool Publishes(absl::string_view type) const;
};

// As what somebody acts for another.
enum class Representative : std::uint8_t { kNone, kParent, kGuardian };

struct Affair {
  std::string id;
  Text title;
  Text statute;
  std::vector<std::string> purposes;
  // Who acts for the person in it; kNone: nobody.
  Representative representative = Representative::kNone;
};

// What a dataset of contracts is called.
struct Dataset {
  std::string id;
  Text name;
  absl::flat_hash_map<std::string, Text> attributes;  // by id
};

// "spiffe://psm.test/agency/akatsuki/system/tax" <-> "akatsuki/tax". The trust
// domain is fixed: this is a prototype's.
std::string SpiffeIdOf(absl::string_view system_id);
// INVALID_ARGUMENT for anything that is not exactly of that form.
absl::StatusOr<std::string> SystemIdOf(absl::string_view spiffe_id);

// Whether `id` is `[a-z][a-z0-9-]{0,30}/[a-z][a-z0-9-]{0,30}`.
bool IsSystemId(absl::string_view id);
// Whether `id` is `[a-z][a-z0-9-]{0,62}`: an affair's or an agreement's.
bool IsAffairId(absl::string_view id);

// The gateway's own system id.
inline constexpr char kGatewaySystem[] = "mesh/gateway";

// Immutable, thread-safe.
class Directory {
 public:
  // Checks ids, references and required texts as config.proto states them.
  // INVALID_ARGUMENT, reason CONFIGURATION_INVALID, with the place from
  // `origins`, for the first that is wrong. Agency `mesh` is the mesh's own and
  // may not be defined; a relying party neither enrols, discloses, signs in,
  // protects, publishes nor is a municipality. A system
  // without a name is called by its id.
  static absl::StatusOr<std::shared_ptr<const Directory>> Create(
      const Configuration& configuration);

  // Null where there is none. What they give lives as long as the directory.
  const Agency* FindAgency(absl::string_view id) const;
  const System* FindSystem(absl::string_view id) const;
  const Affair* FindAffair(absl::string_view id) const;
  const Dataset* FindDataset(absl::string_view id) const;
  // Systems that provide a service, sorted by id; empty where none does.
  const std::vector<const System*>& ProvidersOf(
      absl::string_view service) const;

  const std::vector<const Agency*>& agencies() const {
    return agency_list_;
  }  // sorted by id
  const std::vector<const System*>& systems() const { return system_list_; }
  const std::vector<const Affair*>& affairs() const { return affair_list_; }

 private:
  Directory() = default;

  absl::flat_hash_map<std::string, std::unique_ptr<Agency>> agencies_;
  absl::flat_hash_map<std::string, std::unique_ptr<System>> systems_;
  absl::flat_hash_map<std::string, std::unique_ptr<Affair>> affairs_;
  absl::flat_hash_map<std::string, std::unique_ptr<Dataset>> datasets_;
  absl::flat_hash_map<std::string, std::vector<const System*>> providers_;
  std::vector<const Agency*> agency_list_;
  std::vector<const System*> system_list_;
  std::vector<const Affair*> affair_list_;
};

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_DIRECTORY_H_
