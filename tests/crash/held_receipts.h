// Clients of a gateway that dies: they ask without end and keep the receipt of
// every answer.
#ifndef PSM_TESTS_CRASH_HELD_RECEIPTS_H_
#define PSM_TESTS_CRASH_HELD_RECEIPTS_H_

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/records/log_keys.h"
#include "psm/records/v1/receipt.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "tests/support/mesh.h"

namespace psm::testing {

// An answer that a client was given.
struct HeldReceipt {
  std::string exchange_id;
  records::v1::Receipt receipt;
};

// Akatsuki's benefits office asks Yunagi's tax office, on `clients` threads,
// with `pause` milliseconds between two questions of each. What is not answered
// is asked again with the same exchange id, as a client should. Thread-safe.
class AskingClients {
 public:
  AskingClients(Mesh& mesh, int clients, int pause);
  ~AskingClients();  // as Finish
  AskingClients(const AskingClients&) = delete;
  AskingClients& operator=(const AskingClients&) = delete;

  int answers() const { return answers_; }
  int refusals() const { return refusals_; }  // failed attempts
  // False where `count` further answers do not come within `patience`.
  bool AwaitAnswers(int count, absl::Duration patience) const;

  // Asks nothing new, and goes on; a question at hand is asked to its end.
  void Hold() { held_back_ = true; }
  void GoOn() { held_back_ = false; }

  // Those that nobody has taken yet.
  std::vector<HeldReceipt> Take() PSM_EXCLUDES(mu_);
  // What went wrong otherwise than a gateway that dies, or cannot write, may
  // let it.
  std::set<std::string> surprises() const PSM_EXCLUDES(mu_);

  // Ends when each question at hand is answered: the gateway must be up.
  void Finish();

 private:
  void Run();
  // Whether it was answered.
  bool Ask(const std::string& id);

  Mesh& mesh_;
  const int pause_;
  const tax::v1::GetTaxStatusRequest request_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> held_back_{false};
  std::atomic<int> answers_{0};
  std::atomic<int> refusals_{0};
  mutable Mutex mu_;
  std::vector<HeldReceipt> held_ PSM_GUARDED_BY(mu_);
  std::set<std::string> surprises_ PSM_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

// Fetches the proofs of all of them from the gateway, which must be up, and
// verifies each with the log's public key; the test fails for any that does not
// hold, or is of another exchange.
void ExpectProved(Mesh& mesh, const std::vector<HeldReceipt>& receipts,
                  const LogKeys& log);

// Fails the test where an exchange is not in the log, or twice.
void ExpectRecordedOnce(const Mesh& mesh,
                        const std::vector<HeldReceipt>& receipts);

}  // namespace psm::testing

#endif  // PSM_TESTS_CRASH_HELD_RECEIPTS_H_
