// Plans: what the annotations of a method say, compiled once so that each
// message is rewritten in one pass on the wire format. Knows nothing of
// agencies, agreements or transports.
#ifndef PSM_MESH_CONTRACTS_PLAN_H_
#define PSM_MESH_CONTRACTS_PLAN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace psm {

class MessagePlan;  // mesh/contracts/message_plan.h

// Most levels of messages inside one another, the outermost included, that a
// contract may have. Messages cannot be deeper: what no plan knows is dropped
// unread.
inline constexpr int kMaxMessageDepth = 16;

// A set of attributes of one method: bit i stands for
// MethodPlan::attributes[i].
using AttributeMask = std::uint64_t;
inline constexpr std::size_t kMaxAttributes = 64;

struct LegalLimit {
  std::string purpose;  // empty: none
  std::string statute_ja;
  std::string statute_en;
};

struct ProviderReason {
  std::string id;
  std::string remedy;
};

// The compiled contract of one method. Immutable.
struct MethodPlan {
  std::string path;  // "/psm.tax.v1.TaxService/GetTaxStatus"
  std::string name;  // "psm.tax.v1.TaxService/GetTaxStatus", as agreements and
                     // records write it
  std::string service;  // "psm.tax.v1.TaxService"
  std::string dataset;
  bool write = false;
  bool evidence = false;
  bool transparent = false;
  bool consentable = false;
  bool one_holder = false;  // of the service: ServiceContract.one_holder
  LegalLimit legal_limit;
  std::vector<ProviderReason> reasons;
  std::vector<std::string>
      attributes;  // of request and response, sorted, at most kMaxAttributes
  AttributeMask request_attributes = 0;
  AttributeMask response_attributes = 0;
  AttributeMask locating = 0;  // of the response: say where a person lives
  std::string response_type;   // full name
  // How subjects reach a request: by a top-level singular field, or (0) not at
  // all.
  int request_subject_field = 0;
  int request_corporation_field = 0;
  // Top-level `as_of_time` of type google.protobuf.Timestamp in the response,
  // or 0.
  int response_as_of_field = 0;
  const MessagePlan* request = nullptr;   // null for transparent methods
  const MessagePlan* response = nullptr;  // null for transparent methods

  // The bit of an attribute name; 0 where the method has no such attribute.
  AttributeMask BitOf(absl::string_view attribute) const;
  // The names in a mask, sorted.
  std::vector<std::string> NamesOf(AttributeMask mask) const;
  // The reason with this id, or null.
  const ProviderReason* FindReason(absl::string_view id) const;
};

// All contracts of a mesh. Immutable, thread-safe. Owns the plans and the
// descriptors.
class ContractSet {
 public:
  // Compiles every annotated method; services none of whose methods is
  // annotated are not the mesh's. INVALID_ARGUMENT, naming method and field,
  // when: only some methods of a service are annotated; an exchange method
  // streams; has no dataset or effect; a request or response field has no
  // annotation and no attribute covers it, or it has two that contradict; a
  // subject or corporation field is not a singular string (for several, a
  // response repeats a message that holds one; a request has at most one
  // subject and one corporation, at top level); a page token is not a singular
  // string at top level, there are two in one message, or one by AIP-158's name
  // is plain; an Any, Struct, map, group or
  // extension range occurs, or a message that is not proto3 (a required field
  // could be dropped, a closed enum hides values); more than 64 attributes; a
  // message that contains itself, or more than kMaxMessageDepth levels of
  // messages; evidence that is not READ or needs more than its subject or its
  // corporation: a request attribute, or a field whose comment begins with
  // "Required."; consentable without a request subject; a transparent method
  // with subject, corporation, attribute or page token fields, or with an
  // effect, evidence,
  // consentable or a legal limit; a locating name that is no attribute of the
  // response; two methods of one path; a name, reason or
  // legal limit that is not as annotations.proto says. Several descriptor sets
  // may hold the same file if it is the same but for comments; of
  // google/protobuf, which comes with each compiler, the first is taken.
  static absl::StatusOr<std::shared_ptr<const ContractSet>> Create(
      absl::Span<const google::protobuf::FileDescriptorSet> sets);
  virtual ~ContractSet() = default;

  // The plan for a `:path` or an agreement's method name; null where there is
  // none.
  virtual const MethodPlan* FindByPath(absl::string_view path) const = 0;
  virtual const MethodPlan* FindByName(absl::string_view name) const = 0;

  // All plans, sorted by name.
  virtual const std::vector<const MethodPlan*>& methods() const = 0;

  // The evidence methods of a dataset whose responses have this attribute,
  // sorted by name.
  virtual std::vector<const MethodPlan*> FindEvidence(
      absl::string_view dataset, absl::string_view attribute) const = 0;

  // All descriptors, for reflection and for the command line.
  virtual const google::protobuf::DescriptorPool& pool() const = 0;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_PLAN_H_
