// What the register tells the mesh when something is entered: who lives here,
// and what has happened in whose life.
#ifndef PSM_SERVICES_RESIDENTS_LIFE_NEWS_H_
#define PSM_SERVICES_RESIDENTS_LIFE_NEWS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "mesh/agency/outbox.h"
#include "soci/soci.h"

namespace psm {

// Each call belongs to the transaction of `sql` and is told once that has been
// committed. Errors of the database come as SOCI's exceptions. Thread-safe.
class LifeNews {
 public:
  virtual ~LifeNews() = default;

  // The register holds a person, or holds him no longer.
  virtual absl::Status Holds(soci::session& sql,
                             const std::string& subject) = 0;
  virtual absl::Status HoldsNoMore(soci::session& sql,
                                   const std::string& subject) = 0;
  // A life event: "moved_in", as services/mesh.textproto names them.
  virtual absl::Status Happened(soci::session& sql, const char* event,
                                const std::string& subject,
                                absl::CivilDay day) = 0;
};

// By way of the outbox. `outbox` must outlive it.
class OutboxNews final : public LifeNews {
 public:
  explicit OutboxNews(agency::Outbox* outbox) : outbox_(*outbox) {}

  absl::Status Holds(soci::session& sql, const std::string& subject) override;
  absl::Status HoldsNoMore(soci::session& sql,
                           const std::string& subject) override;
  absl::Status Happened(soci::session& sql, const char* event,
                        const std::string& subject,
                        absl::CivilDay day) override;

 private:
  agency::Outbox& outbox_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_LIFE_NEWS_H_
