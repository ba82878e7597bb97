#include "services/identity/card_status.h"

#include "absl/strings/str_cat.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {

CardStatus::CardStatus(const card::CardAuthority* authority,
                       CertificateRegister* certificates, const Clock* clock,
                       const std::string& authority_folder)
    : lists_(authority, certificates, clock,
             absl::StrCat(authority_folder, "/", kListFile)),
      responder_(authority, certificates, clock),
      pages_(&responder_, &lists_, authority->certificate().ToPem()) {}

absl::StatusOr<std::unique_ptr<CardStatus>> CardStatus::Start(
    const card::CardAuthority* authority, CertificateRegister* certificates,
    const Clock* clock, const std::string& authority_folder) {
  std::unique_ptr<CardStatus> status(
      new CardStatus(authority, certificates, clock, authority_folder));
  PSM_RETURN_IF_ERROR(status->lists_.Current().status());
  web::HttpServerOptions options;
  options.max_body_bytes = kMaxOcspRequest;
  PSM_ASSIGN_OR_RETURN(
      status->server_,
      web::HttpServer::Start(
          options, [pages = &status->pages_](const web::HttpRequest& request) {
            return pages->Answer(request);
          }));
  PSM_RETURN_IF_ERROR(agency::ReplaceFile(
      absl::StrCat(authority_folder, "/", kResponderFile), status->endpoint()));
  status->follower_ = std::thread([raw = status.get()] { raw->Follow(); });
  return status;
}

CardStatus::~CardStatus() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    stopping_.NotifyAll();
  }
  if (follower_.joinable()) follower_.join();
}

void CardStatus::Publish() {
  const absl::Status made = lists_.Current().status();
  if (!made.ok()) {
    LogWarning("revocation_list_not_made",
               {{"code", absl::StatusCodeToString(made.code())}});
  }
}

void CardStatus::Follow() {
  for (;;) {
    {
      MutexLock lock(mu_);
      if (!stop_)
        stopping_.WaitFor(mu_, absl::ToChronoNanoseconds(absl::Seconds(1)));
      if (stop_) return;
    }
    Publish();
  }
}

}  // namespace psm::identity
