// The disk of the record store is full: nothing is released. Then there is
// space again.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

using tax::v1::TaxService;

struct Asked {
  absl::Status status;
  std::size_t bytes = 0;
};

Asked AskTax(Stage& stage) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(stage.CodeOf("hanako", "akatsuki"));
  tax::v1::GetTaxStatusResponse response;
  Asked asked;
  asked.status =
      stage.benefits
          .Call(&TaxService::Stub::GetTaxStatus,
                {"benefit-tax-exempt", "yunagi/tax"}, request, &response)
          .status;
  asked.bytes = response.ByteSizeLong();
  return asked;
}

// How much the store may use, in bytes; the store reads this file before each
// commit (records/FORMAT.md). Taken away again also where Ctrl-C ends the story
// meanwhile: the mesh would release nothing any more. One at a time.
class Quota {
 public:
  explicit Quota(const std::string& folder) {
    File() = folder + "/quota";
    struct sigaction action = {};
    action.sa_handler = [](int signal) {
      unlink(File().c_str());
      raise(signal);  // as it would have ended
    };
    action.sa_flags = SA_RESETHAND;
    for (int signal : kEnding) sigaction(signal, &action, nullptr);
    std::ofstream(File()) << 1 << "\n";
  }
  ~Quota() {
    std::remove(File().c_str());
    for (int signal : kEnding) std::signal(signal, SIG_DFL);
  }

 private:
  static constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};
  static std::string& File() {
    static std::string& file = *new std::string;
    return file;
  }
};

}  // namespace

void TheDiskIsFull(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("記録できなければ渡さない", "The record store's disk is full");
  {
    Quota full(stage.folder.Records());
    Asked asked = AskTax(stage);
    narrator.Refused(
        asked.status, "RECORD_NOT_DURABLE",
        absl::StrCat("Benefits asks for a tax status. The provider answers, no "
                     "record can be made, and ",
                     asked.bytes, " bytes are released"));
    narrator.Fact(absl::StrCat(
        "the caller reads: ", absl::StatusCodeToString(asked.status.code()),
        ", ", asked.status.message()));
    narrator.Step(asked.bytes == 0 && absl::IsUnavailable(asked.status),
                  "UNAVAILABLE, and not a byte of the answer");
  }
  const SystemClock clock;
  const absl::Duration freed = clock.Monotonic();
  Asked asked = AskTax(stage);
  while (!asked.status.ok() && clock.Monotonic() - freed < absl::Seconds(10))
    asked = AskTax(stage);
  narrator.Succeeded(
      asked.status,
      absl::StrCat("There is space again, and ",
                   absl::ToInt64Milliseconds(clock.Monotonic() - freed),
                   " ms later the mesh answers by itself"));
}

}  // namespace psm::story
