#include "services/benefits/payment_files.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/payment_store.h"

namespace psm {
namespace {

constexpr char kPrefix[] = "DEMO-DO-NOT-SEND-";
constexpr char kSuffix[] = ".txt";
constexpr std::size_t kDaySize = 10;  // YYYY-MM-DD

}  // namespace

// The name reads "demo, sending forbidden".
ZenginConsignor DemoConsignor() {
  return {"9900190000",
          {"9990", "001", ZenginAccountType::kOrdinary, "0000001",
           "デモ　ソウキンキンシ　アカツキシ"}};
}

std::string PaymentFileName(absl::string_view programme, absl::CivilDay day,
                            absl::string_view kind) {
  return absl::StrCat(kPrefix, programme, kind.empty() ? "" : "-", kind, "-",
                      absl::FormatCivilTime(day), kSuffix);
}

absl::StatusOr<std::string> PaymentFiles::Contents(const std::string& name) {
  std::vector<Payment> payments;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    payments = PaymentStore::OfFile(sql, name);
    return absl::OkStatus();
  }));
  absl::CivilDay day;
  const std::size_t end = name.size() - (sizeof(kSuffix) - 1);
  if (name.size() < sizeof(kPrefix) + sizeof(kSuffix) + kDaySize ||
      !absl::ParseCivilTime(name.substr(end - kDaySize, kDaySize), &day)) {
    return absl::InternalError(absl::StrCat("not a payment file: ", name));
  }
  std::vector<ZenginTransfer> transfers;
  for (const Payment& payment : payments)
    transfers.push_back({payment.account, payment.amount_yen, payment.number});
  return ZenginFile(DemoConsignor(), day, transfers);
}

absl::Status PaymentFiles::Write(const std::string& name) {
  MutexLock lock(mu_);
  PSM_ASSIGN_OR_RETURN(const std::string contents, Contents(name));
  const absl::Status written =
      WriteWholeFile(absl::StrCat(folder_, "/", name), contents, kPrivate);
  if (written.ok()) return written;
  // Where the file lies is for this process's log alone.
  LogWarning("payment_file_unwritten",
             {{"error", std::string(written.message())}});
  return MakeError(absl::StatusCode::kUnavailable, "PAYMENT_FILE_UNWRITTEN",
                   Party::kProvider,
                   absl::StrCat("cannot write ", name, ": ask again later"));
}

absl::Status PaymentFiles::WriteAll() {
  std::vector<std::string> names;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    names = PaymentStore::Files(sql);
    return absl::OkStatus();
  }));
  for (const std::string& name : names) PSM_RETURN_IF_ERROR(Write(name));
  return absl::OkStatus();
}

}  // namespace psm
