// What an agency has to tell the mesh about a person, written down in the same
// transaction as the change itself, and told by a thread: neither is lost, and
// neither happens without the other.
#ifndef PSM_MESH_AGENCY_OUTBOX_H_
#define PSM_MESH_AGENCY_OUTBOX_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/database.h"
#include "mesh/agency/holdings.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "soci/soci.h"

namespace psm::agency {

// Tells in the order in which it was written, each thing once or, where a crash
// cuts its answer off, again under the same exchange id, which makes it the
// same. While the gateway is away it waits, and begins anew by itself. What the
// gateway refuses for good (a type that the configuration does not list, say)
// is passed over, stays in the table with its reason, and is said in the log as
// `outbox_refused` (error), without the person.
//
//   agency::Outbox* outbox = agency.Own(*std::move(started));
//   database.Write([&](soci::session& session) -> absl::Status {
//     session << "update ...";
//     PSM_RETURN_IF_ERROR(outbox->Declare(session, kService, subject));
//     return outbox->Publish(session, "moved_in", subject, "2026-11-22");
//   });
//   outbox->Wake();
//
// Thread-safe.
class Outbox {
 public:
  // Makes its table (mesh_outbox) where it is missing, and starts the thread,
  // which tells what a process before has left. `database` must outlive it, and
  // so must what `gateway` needs. Errors of Database::Write.
  static absl::StatusOr<std::unique_ptr<Outbox>> Start(Database& database,
                                                       GatewaySource gateway);
  // Ends the thread; what is not told yet stays for the next process.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Inside a transaction of Database::Write or Once: errors of the database
  // come as exceptions of SOCI, which these let pass. See holdings.h for what
  // each says.
  absl::Status Declare(soci::session& session, absl::string_view service,
                       absl::string_view subject);
  absl::Status End(soci::session& session, absl::string_view service,
                   absl::string_view subject);
  absl::Status SetProtection(soci::session& session, absl::string_view subject,
                             bool is_protected);
  absl::Status Publish(soci::session& session, absl::string_view type,
                       absl::string_view subject,
                       absl::string_view effective_date);

  // After the transaction: tells it now. Without it, within a second.
  void Wake() PSM_EXCLUDES(mu_);

  // How much is not told yet. For tests and health pages.
  absl::StatusOr<long long> Waiting();

 private:
  struct Row {
    long long id = 0;
    std::string kind, what, subject, detail, exchange_id;
  };

  Outbox(Database& database, GatewaySource gateway);
  void Run() PSM_EXCLUDES(mu_);
  // Whether there is nothing left to do now; false: at once again.
  absl::StatusOr<bool> TellSome();
  absl::Status Tell(const std::vector<Row>& rows);
  absl::Status Settle(const std::vector<Row>& rows, const std::string& refused);

  Database& database_;
  const GatewaySource gateway_;
  Mutex mu_;
  CondVar wake_;
  bool woken_ PSM_GUARDED_BY(mu_) = false;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_OUTBOX_H_
