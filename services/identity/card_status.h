// The part of identity's process that speaks of revocation: it keeps the list
// fresh, by itself, and serves the status pages on a port of its own.
#ifndef PSM_SERVICES_IDENTITY_CARD_STATUS_H_
#define PSM_SERVICES_IDENTITY_CARD_STATUS_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/web/http_server.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/certificate_register.h"
#include "services/identity/ocsp_responder.h"
#include "services/identity/revocation_lists.h"
#include "services/identity/status_pages.h"

namespace psm::identity {

// In the authority's folder: the newest list, and the address of the pages.
inline constexpr char kListFile[] = "crl.pem";
inline constexpr char kResponderFile[] = "responder";

// Serves until it is destroyed. Thread-safe. What it is given must outlive it.
class CardStatus {
 public:
  // Writes the list, starts to serve on any port of 127.0.0.1, and writes
  // "127.0.0.1:PORT" to <authority_folder>/responder. UNAVAILABLE where it
  // cannot listen; errors of the database and of files.
  static absl::StatusOr<std::unique_ptr<CardStatus>> Start(
      const card::CardAuthority* authority, CertificateRegister* certificates,
      const Clock* clock, const std::string& authority_folder);
  ~CardStatus();
  CardStatus(const CardStatus&) = delete;
  CardStatus& operator=(const CardStatus&) = delete;

  // After a revocation: makes the list say it, now rather than within a second.
  // Where that fails the log says so and it is tried again every second.
  void Publish();

  RevocationLists& lists() { return lists_; }
  // "127.0.0.1:PORT".
  const std::string& endpoint() const { return server_->endpoint(); }

 private:
  CardStatus(const card::CardAuthority* authority,
             CertificateRegister* certificates, const Clock* clock,
             const std::string& authority_folder);
  void Follow() PSM_EXCLUDES(mu_);

  RevocationLists lists_;
  OcspResponder responder_;
  StatusPages pages_;
  std::unique_ptr<web::HttpServer> server_;
  Mutex mu_;
  CondVar stopping_;
  bool stop_ PSM_GUARDED_BY(mu_) = false;
  std::thread follower_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_STATUS_H_
