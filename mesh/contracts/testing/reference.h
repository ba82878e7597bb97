// What Rewrite should do, said a second time in terms of protobuf's own parser
// and reflection: the oracle of the tests and the fuzzer. Slow.
#ifndef PSM_MESH_CONTRACTS_TESTING_REFERENCE_H_
#define PSM_MESH_CONTRACTS_TESTING_REFERENCE_H_

#include <memory>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "mesh/contracts/plan.h"
#include "mesh/contracts/rewrite.h"

namespace psm {

// A code for a code: the same every time, shorter or longer than what it
// stands for, up to 200 characters. Refuses codes that begin with '!'.
class ScramblingTranslator : public FieldTranslator {
 public:
  absl::StatusOr<std::string> TranslateSubject(absl::string_view code) override;
  absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) override;
  int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

struct Minimised {
  std::unique_ptr<google::protobuf::Message> message;
  std::set<std::string> released;
  std::set<std::string> withheld;
  bool refused = false;  // by the translator
};

// Holds the contracts that the tests use and judges what Rewrite makes of
// messages. Thread-compatible.
class Reference {
 public:
  explicit Reference(std::shared_ptr<const ContractSet> contracts)
      : contracts_(std::move(contracts)) {}

  const ContractSet& contracts() const { return *contracts_; }

  // Parses, or null where protobuf does not: a message of the type's.
  std::unique_ptr<google::protobuf::Message> Parse(const std::string& type,
                                                   absl::string_view bytes);
  // From text format. Ends the program where it is not.
  std::unique_ptr<google::protobuf::Message> FromText(const std::string& type,
                                                      const std::string& text);

  // Minimises a parsed message by reflection.
  Minimised Minimise(const google::protobuf::Message& message,
                     const std::set<std::string>& allowed);

  // Rewrites `bytes` as a request or response of `plan` and compares: what was
  // accepted parses, has no unknown field, and is what Minimise makes of it.
  // Gives what is wrong, or "" where nothing is.
  std::string Judge(const MethodPlan& plan, bool request,
                    absl::string_view bytes, AttributeMask allowed);

 private:
  const std::shared_ptr<const ContractSet> contracts_;
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_TESTING_REFERENCE_H_
