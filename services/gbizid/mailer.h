// Mail to account holders. Nothing leaves this machine: what would be sent is
// put into a folder, where a developer reads it.
#ifndef PSM_SERVICES_GBIZID_MAILER_H_
#define PSM_SERVICES_GBIZID_MAILER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "mesh/base/mutex.h"

namespace psm::gbizid {

struct Mail {
  std::string to;  // CheckedMail
  std::string subject;
  std::string text;
};

// Thread-safe.
class Mailer {
 public:
  virtual ~Mailer() = default;

  // Takes a mail for sending. UNAVAILABLE, or the disk's errors.
  virtual absl::Status Send(const Mail& mail) = 0;
};

// The folder holds the last thousand, each a file of mode 0600: what is in one
// opens half an account.
class FolderMailer final : public Mailer {
 public:
  explicit FolderMailer(std::string folder) : folder_(std::move(folder)) {}

  absl::Status Send(const Mail& mail) override PSM_EXCLUDES(mu_);

 private:
  const std::string folder_;
  Mutex mu_;
  int next_ PSM_GUARDED_BY(mu_) = 0;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_MAILER_H_
