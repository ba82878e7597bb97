// Checks the heads in a records' folder against the tree of the records before
// them, and verifies the signatures of some.
#ifndef PSM_MESH_RECORDS_HEAD_AUDIT_H_
#define PSM_MESH_RECORDS_HEAD_AUDIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/tlog/merkle.h"

namespace psm {

// Why the roots of all heads are compared and the signatures of some verified:
// the published checkpoint's signature covers every leaf, so a head with the
// right root says nothing that is not signed already. Its own signature is
// evidence for whoever holds a receipt under it, no more. A signature takes 0.1
// to 0.2 ms: all of the first 1,024 heads are verified, then every second of
// the next 2,048, and so on; and those that the caller asks for.
class HeadAudit {
 public:
  // A head that is wrong.
  struct Fault {
    std::uint64_t first;     // of the records that have come since the head
    std::uint64_t last;      // before it
    absl::string_view what;  // in words, for a person; a literal
  };

  // `log` must outlive it; its keys are those known when a head is verified.
  HeadAudit(const LogKeys& log, bool every_signature)
      : log_(log), every_signature_(every_signature) {}

  // The next head, as the payload of its frame; `frontier` is that of the
  // records before it. nullopt: nothing is wrong with it. Errors where the
  // log's name is none.
  absl::StatusOr<std::optional<Fault>> Take(std::uint64_t size,
                                            absl::string_view payload,
                                            const tlog::Frontier& frontier);

  // Verifies the signature of the last head that was taken, unless it was or
  // there is none.
  std::optional<Fault> VerifyLast();

  std::uint64_t heads() const { return heads_; }  // whose root is right
  std::uint64_t signatures() const { return signatures_; }  // that are, too

 private:
  const LogKeys& log_;
  const bool every_signature_;
  std::string note_;         // of the last head; "": none yet
  std::uint64_t first_ = 0;  // of the records before it
  std::uint64_t end_ = 0;
  bool verified_ = false;
  std::uint64_t stride_ = 1;
  std::uint64_t of_this_stride_ = 0;
  std::uint64_t heads_ = 0;
  std::uint64_t signatures_ = 0;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_HEAD_AUDIT_H_
