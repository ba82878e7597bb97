// 12. One who is refused and asks on: neither the citizen's history nor the log
// fills up, codes cannot be tried out, and others do not notice.
#include <poll.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

constexpr int kFlood = 3000;  // calls
constexpr int kThreads = 4;
// A minute's refusals alike: so many stand alone, the rest are one entry.
constexpr int kAlone = 5;

// Benefits goes about its business while it lives.
class HonestClient {
 public:
  explicit HonestClient(Mesh& mesh)
      : mesh_(mesh), thread_([this] {
          while (!stop_) {
            const absl::Status status =
                AskTax(mesh_, "taro", {.provider = kMinatoTax}).status;
            EXPECT_TRUE(status.ok()) << status;
            ++answers_;
          }
        }) {}
  ~HonestClient() {
    stop_ = true;
    thread_.join();
  }
  int answers() const { return answers_; }

 private:
  Mesh& mesh_;
  std::atomic<bool> stop_{false};
  std::atomic<int> answers_{0};
  std::thread thread_;
};

class Floods : public Scenario {
 protected:
  // `ask` on kThreads threads, kFlood times in all; by reason, how often.
  template <typename Ask>
  static std::map<std::string, int> Flood(Ask ask) {
    std::atomic<int> left{kFlood};
    std::vector<std::map<std::string, int>> reasons(kThreads);
    std::vector<std::thread> threads;
    for (std::map<std::string, int>& own : reasons) {
      threads.emplace_back([&] {
        while (left-- > 0) ++own[ReasonOf(ask().status)];
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::map<std::string, int> sum;
    for (const auto& own : reasons)
      for (const auto& [reason, count] : own) sum[reason] += count;
    return sum;
  }

  // Ends the minute and waits for its counts. How many refusals the log's
  // entries stand for then: one each that stands alone, and what the others
  // say.
  static int CountRefusals(const RecordFilter& filter, int* entries) {
    mesh().AdvanceClock(absl::Minutes(1));
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(30);
    int count = 0;
    do {
      const auto records = mesh().Records(filter);
      count = 0;
      *entries = static_cast<int>(records->size());
      for (const Record& record : *records) {
        EXPECT_NE(record.kind(), Record::EXCHANGE);
        count += record.kind() == Record::REFUSALS
                     ? static_cast<int>(record.count())
                     : 1;
      }
      poll(nullptr, 0, /*timeout=*/20);  // between two looks at the log
    } while (count < kFlood && mesh().clock().Monotonic() < deadline);
    return count;
  }

  static std::int64_t Minute() {
    return absl::ToUnixSeconds(mesh().clock().Now()) / 60;
  }
};

TEST_F(Floods, ThousandsOfRefusalsAreAHandfulInTheCitizensHistory) {
  const std::string code = mesh().Person("kenji").CodeAt("yunagi");
  const std::size_t before = OwnHistory(mesh(), "kenji").size();
  const std::int64_t first_minute = Minute();
  {
    HonestClient honest(mesh());
    const std::map<std::string, int> reasons = Flood([&] {
      return AskAccount(mesh(), kYunagiTax, code, "collect-arrears");
    });
    EXPECT_EQ(reasons, (std::map<std::string, int>{{"NO_AGREEMENT", kFlood}}));
    EXPECT_GT(honest.answers(), 10) << "others go on";
  }
  // The flood may have run over the end of a minute.
  const auto minutes = static_cast<int>(Minute() - first_minute) + 1;
  int entries = 0;
  EXPECT_EQ(
      CountRefusals(
          {.consumer = kYunagiTax, .reason = "NO_AGREEMENT", .person = "kenji"},
          &entries),
      kFlood)
      << "none is forgotten";
  EXPECT_LE(entries, minutes * (kAlone + 1));
  const std::vector<Record> history = OwnHistory(mesh(), "kenji");
  // And our own two looks at it.
  EXPECT_LE(history.size(),
            before + 2 + static_cast<std::size_t>(minutes * (kAlone + 1)));
  std::uint32_t largest = 0;
  for (const Record& record : history) {
    if (record.kind() != Record::REFUSALS) continue;
    EXPECT_EQ(record.consumer(), kYunagiTax);
    EXPECT_EQ(record.affair(), "collect-arrears");
    largest = std::max(largest, record.count());
  }
  EXPECT_GE(largest, static_cast<std::uint32_t>(kFlood / minutes - kAlone));
}

TEST_F(Floods, WhoTriesOutCodesIsSlowedDownAndNobodyElse) {
  constexpr char kSprayer[] = "akatsuki/tax";
  // Of the form of a code: 26 characters, the unused bits zero.
  auto random_code = [] { return Base32Encode(SystemRandom().Bytes(16)); };
  const std::size_t before = OwnHistory(mesh(), "hanako").size();
  std::map<std::string, int> reasons;
  {
    HonestClient honest(mesh());
    const int answers = honest.answers();
    reasons = Flood([&] {
      const AccountReply reply = AskAccount(mesh(), kSprayer, random_code());
      EXPECT_EQ(reply->ByteSizeLong(), 0u);
      return reply;
    });
    EXPECT_GT(honest.answers() - answers, 10) << "others go on";
  }
  // Fifty at once and one a second, on each worker.
  EXPECT_GT(reasons["QUOTA_EXCEEDED"], kFlood * 9 / 10);
  EXPECT_EQ(reasons["QUOTA_EXCEEDED"] + reasons["SUBJECT_CODE_INVALID"],
            kFlood);
  EXPECT_GT(reasons["SUBJECT_CODE_INVALID"], 0);
  int entries = 0;
  EXPECT_EQ(CountRefusals({.consumer = kSprayer}, &entries), kFlood);
  EXPECT_LE(entries, 40) << "the log does not fill up";
  const auto records = mesh().Records({.consumer = kSprayer});
  for (const Record& record : *records)
    EXPECT_EQ(record.subject(), "") << "nobody was named";
  EXPECT_EQ(OwnHistory(mesh(), "hanako").size(), before + 1)
      << "our own look, no more";
  // And the sprayer itself comes back, once it waits.
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(20);
  std::string reason = "QUOTA_EXCEEDED";
  while (reason == "QUOTA_EXCEEDED" && mesh().clock().Monotonic() < deadline) {
    reason = ReasonOf(
        AskAccount(mesh(), kSprayer, mesh().Person("hanako").CodeAt("akatsuki"))
            .status);
  }
  EXPECT_EQ(reason, "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm::testing
