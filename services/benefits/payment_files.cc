#include "services/benefits/payment_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application_store.h"

namespace psm {
namespace {

constexpr char kPrefix[] = "DEMO-DO-NOT-SEND-";
constexpr char kSuffix[] = ".txt";
constexpr std::size_t kDaySize = 10;  // YYYY-MM-DD

// Bank 9990 does not exist; the name reads "demo, sending forbidden".
ZenginConsignor DemoConsignor() {
  return {"9900190000",
          {"9990", "001", ZenginAccountType::kOrdinary, "0000001",
           "デモ　ソウキンキンシ　アカツキシ"}};
}

absl::Status Unwritten(const std::string& name) {
  const std::error_code error(errno, std::generic_category());
  return MakeError(absl::StatusCode::kUnavailable, "PAYMENT_FILE_UNWRITTEN",
                   Party::kProvider,
                   absl::StrCat("cannot write ", name, ": ", error.message()));
}

// Writes `contents` beside the file, waits until the disk has them, and puts
// them in its place. Whoever reads sees the old file or the new one.
absl::Status Replace(const std::string& folder, const std::string& name,
                     const std::string& contents) {
  const std::string file = absl::StrCat(folder, "/", name);
  const std::string fresh = absl::StrCat(file, ".new");
  const int fd =
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unwritten(name);
  absl::Status status;
  for (std::size_t done = 0; done < contents.size() && status.ok();) {
    const ssize_t n = write(fd, contents.data() + done, contents.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      status = Unwritten(name);
    }
  }
  if (status.ok() && fsync(fd) != 0) status = Unwritten(name);
  if (close(fd) != 0 && status.ok()) status = Unwritten(name);
  PSM_RETURN_IF_ERROR(status);
  if (rename(fresh.c_str(), file.c_str()) != 0) return Unwritten(name);
  const int directory =
      open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return Unwritten(name);
  if (fsync(directory) != 0) status = Unwritten(name);
  close(directory);
  return status;
}

}  // namespace

std::string PaymentFileName(absl::string_view programme, absl::CivilDay day) {
  return absl::StrCat(kPrefix, programme, "-", absl::FormatCivilTime(day),
                      kSuffix);
}

absl::StatusOr<std::string> PaymentFiles::Contents(const std::string& name) {
  std::vector<GrantedPayment> payments;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    payments = ApplicationStore::PaymentsOf(sql, name);
    return absl::OkStatus();
  }));
  absl::CivilDay day;
  const std::size_t end = name.size() - (sizeof(kSuffix) - 1);
  if (name.size() < sizeof(kPrefix) + sizeof(kSuffix) + kDaySize ||
      !absl::ParseCivilTime(name.substr(end - kDaySize, kDaySize), &day)) {
    return absl::InternalError(absl::StrCat("not a payment file: ", name));
  }
  std::vector<ZenginTransfer> transfers;
  for (const GrantedPayment& payment : payments) {
    const Programme* const programme = programmes_->Find(payment.programme);
    if (programme == nullptr) {
      return absl::InternalError(absl::StrCat(
          "payments of a programme without definition: ", payment.programme));
    }
    PSM_ASSIGN_OR_RETURN(const ZenginAccount account,
                         PaymentAccount(*programme, payment.fields));
    transfers.push_back({account, payment.amount_yen, payment.number});
  }
  return ZenginFile(DemoConsignor(), day, transfers);
}

absl::Status PaymentFiles::Write(const std::string& name) {
  MutexLock lock(mu_);
  PSM_ASSIGN_OR_RETURN(const std::string contents, Contents(name));
  return Replace(folder_, name, contents);
}

absl::Status PaymentFiles::WriteAll() {
  std::vector<std::string> names;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    names = ApplicationStore::PaymentFiles(sql);
    return absl::OkStatus();
  }));
  for (const std::string& name : names) PSM_RETURN_IF_ERROR(Write(name));
  return absl::OkStatus();
}

}  // namespace psm
