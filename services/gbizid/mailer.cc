#include "services/gbizid/mailer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::gbizid {
namespace {

constexpr int kKept = 1000;

}  // namespace

absl::Status FolderMailer::Send(const Mail& mail) {
  int number = 0;
  {
    MutexLock lock(mu_);
    number = next_;
    next_ = (next_ + 1) % kKept;
  }
  PSM_RETURN_IF_ERROR(MakeFolder(folder_));
  return WriteWholeFile(
      absl::StrFormat("%s/%03d.txt", folder_, number),
      absl::StrCat("To: ", mail.to, "\nSubject: ", mail.subject, "\n\n",
                   mail.text,
                   "\n非公式の試作品です。 / Unofficial prototype.\n"),
      kPrivate);
}

}  // namespace psm::gbizid
