// SQLite sessions that have proved to be durable, lent to one thread at a time.
// The one place where SOCI's exceptions become statuses.
#ifndef PSM_MESH_AGENCY_SESSION_POOL_H_
#define PSM_MESH_AGENCY_SESSION_POOL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/base/mutex.h"
#include "soci/soci.h"

namespace psm::agency {

enum class Access { kRead, kWrite };

// Opens `file`, creating it where it does not exist, readable by its owner
// alone. FAILED_PRECONDITION DATABASE_NOT_DURABLE where SQLite does not confirm
// WAL and synchronous=FULL.
absl::StatusOr<std::unique_ptr<soci::session>> OpenSession(
    const std::string& file, Access access);

// Runs `body` and gives its status; what SOCI throws becomes a status as
// database.h says. Never logs or returns a bound value: SOCI's own what() holds
// them.
absl::Status CatchSoci(absl::FunctionRef<absl::Status()> body);

// At most kReaders readers and one writer at once; others wait. Thread-safe.
class SessionPool {
 public:
  static constexpr std::size_t kReaders = 16;

  explicit SessionPool(std::string file) : file_(std::move(file)) {}

  // Runs `body` in a transaction on a session of its own. INTERNAL where this
  // thread is inside a transaction already: it would wait for itself.
  absl::Status Run(Access access,
                   absl::FunctionRef<absl::Status(soci::session&)> body);

 private:
  absl::StatusOr<std::unique_ptr<soci::session>> Take(Access access)
      PSM_EXCLUDES(mu_);
  void Return(Access access, std::unique_ptr<soci::session> session)
      PSM_EXCLUDES(mu_);

  const std::string file_;
  Mutex mu_;
  // By access: one that comes back is for one of those who wait for its kind.
  // With many waiting, to wake them all costs more than what they wait for.
  CondVar returned_[2];
  // Idle sessions by access, and how many are lent.
  std::vector<std::unique_ptr<soci::session>> idle_[2] PSM_GUARDED_BY(mu_);
  std::size_t lent_[2] PSM_GUARDED_BY(mu_) = {0, 0};
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_SESSION_POOL_H_
