// Applications, what was done about them, and who is signed in, in the system's
// own database. Decides nothing.
#ifndef PSM_SERVICES_GRANTS_APPLICATION_STORE_H_
#define PSM_SERVICES_GRANTS_APPLICATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/grants/v1/grants.pb.h"
#include "soci/soci.h"

namespace psm::grants {

// An application and whose it is.
struct KeptApplication {
  v1::Application application;
  std::string principal_id;  // the Prime account of the business
};

// All functions with a session run inside the caller's transaction; SOCI's
// exceptions pass.
class ApplicationStore {
 public:
  static absl::Span<const agency::Migration> Migrations();

  static std::optional<KeptApplication> Find(soci::session& sql,
                                             const std::string& application_id);

  // Whether a business has one for a programme that was not refused.
  static bool HasOne(soci::session& sql, const std::string& principal_id,
                     const std::string& programme);

  // What waits for an officer, oldest first, at most `limit`.
  static std::vector<v1::Application> Submitted(soci::session& sql, int limit);

  // Keeps a new one with its fields, and no acts.
  static void Insert(soci::session& sql, const KeptApplication& kept);

  // Keeps state, purpose, amounts and note as they are in `application`, and
  // gives it a new etag.
  static void Change(soci::session& sql, v1::Application& application);

  // Keeps an act, and adds it to the application.
  static void Add(soci::session& sql, v1::Application& application,
                  const v1::Act& act);

  // Sessions: an account, until it ends. Begin forgets those that have ended.
  static void BeginSession(soci::session& sql, const std::string& session_id,
                           const std::string& account_id, absl::Time now,
                           absl::Time expire);
  // Nullopt where there is none, or it has ended.
  static std::optional<std::string> AccountOf(soci::session& sql,
                                              const std::string& session_id,
                                              absl::Time now);
};

}  // namespace psm::grants

#endif  // PSM_SERVICES_GRANTS_APPLICATION_STORE_H_
