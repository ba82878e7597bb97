// Where everything of one running mesh lies. Knows paths, reads and writes
// nothing.
#ifndef PSM_MESH_CLI_RUN_FOLDER_H_
#define PSM_MESH_CLI_RUN_FOLDER_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mesh/directory/admin_endpoint.h"

namespace psm {

// `system` is "agency/system" throughout.
class RunFolder {
 public:
  explicit RunFolder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string Endpoint(absl::string_view system) const {
    return absl::StrCat(root_, "/endpoints/", system);
  }
  // Where the gateway serves its log over HTTP: kAdminEndpoint.
  std::string AdminEndpoint() const { return Endpoint(kAdminEndpoint); }
  std::string ProcessId(absl::string_view system) const {
    return absl::StrCat(root_, "/pids/", system);
  }
  // What a process says that it has in force: the gateway, and who renews.
  std::string InForce(absl::string_view process) const {
    return absl::StrCat(root_, "/in-force/", process);
  }
  std::string Log(absl::string_view system) const {
    const std::size_t slash = system.find('/');
    return absl::StrCat(root_, "/logs/", system.substr(0, slash), ".",
                        system.substr(slash + 1), ".log");
  }
  std::string Certificates(absl::string_view system) const {
    return absl::StrCat(root_, "/pki/systems/", system);
  }
  std::string Trust() const { return root_ + "/pki/trust.pem"; }
  std::string RevocationList() const { return root_ + "/pki/crl.pem"; }
  std::string MasterKey() const { return root_ + "/keys/master.key"; }
  std::string LogKey() const { return root_ + "/keys/log.pem"; }
  // What verifies the log's signatures; public.
  std::string LogVerifierKey() const { return LogKey() + ".vkey"; }
  std::string Personas() const { return root_ + "/personas.jsonl"; }
  std::string Card(absl::string_view persona) const {
    return absl::StrCat(root_, "/cards/", persona, ".json");
  }
  std::string Database(absl::string_view system) const {
    return absl::StrCat(root_, "/databases/", system, ".sqlite");
  }
  // A system's own side of its exchanges (mesh/records/side_ledger.h).
  std::string Ledger(absl::string_view system) const {
    return absl::StrCat(root_, "/ledger/", system);
  }
  std::string Ledgers() const { return root_ + "/ledger"; }
  std::string Records() const { return root_ + "/records"; }
  // The log as it is published: tiles, entries, checkpoint.
  std::string PublishedLog() const { return root_ + "/log"; }
  // The checkpoint that the gateway keeps apart from records and published log.
  std::string GatewaysCheckpoint() const { return root_ + "/kept/checkpoint"; }
  // Where `psm verify log` keeps the checkpoint of its last audit.
  std::string KeptCheckpoint(absl::string_view origin) const {
    return absl::StrCat(root_, "/audit/", origin, ".checkpoint");
  }
  // Where `psm verify witness` keeps its key and what it has seen.
  std::string Witness() const { return root_ + "/witness"; }
  std::string Legs() const { return root_ + "/legs.jsonl"; }
  std::string Lock() const { return root_ + "/lock"; }
  // How this mesh was started, for the verbs that come after `up`: JSON.
  std::string Settings() const { return root_ + "/settings.json"; }

 private:
  std::string root_;
};

}  // namespace psm

#endif  // PSM_MESH_CLI_RUN_FOLDER_H_
