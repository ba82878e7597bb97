#include "mesh/cli/receipt_file.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/receipt.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm {
namespace {

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC",
                          absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::vector<records::v1::ReceiptProof>> FetchProofs(
    const std::shared_ptr<grpc::Channel>& channel,
    const records::v1::Receipt& receipt, absl::Duration timeout) {
  records::v1::GetProofsRequest request;
  for (const records::v1::ReceiptLeaf& leaf : receipt.leaves()) {
    auto& item = *request.add_items();
    item.set_index(leaf.index());
    item.set_tree_size(receipt.tree_size());
  }
  records::v1::GetProofsResponse response;
  PSM_RETURN_IF_ERROR(agency::Call(
      [&] { return channel; }, &records::v1::RecordsService::Stub::GetProofs,
      {.timeout = timeout}, request, &response));
  if (response.proofs_size() != receipt.leaves_size())
    return absl::InternalError("the gateway proved other records");
  std::vector<records::v1::ReceiptProof> proofs;
  for (int i = 0; i < response.proofs_size(); ++i) {
    if (response.proofs(i).expunged()) {
      return absl::FailedPreconditionError(
          absl::StrCat("record ", receipt.leaves(i).index(),
                       " was expunged: what proves it is what was kept"));
    }
    records::v1::ReceiptProof& proof = proofs.emplace_back();
    *proof.mutable_receipt() = OnlyLeaf(receipt, i);
    *proof.mutable_record() = response.proofs(i).record();
    *proof.mutable_inclusion() = response.proofs(i).inclusion();
  }
  return proofs;
}

absl::Status WriteReceiptFile(const std::string& file,
                              const records::v1::ReceiptProof& proof) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(proof, &json, options).ok())
    return absl::InternalError("the receipt cannot be written as JSON");
  return WriteWholeFile(file, json, kPublic);
}

absl::StatusOr<records::v1::ReceiptProof> ReadReceiptFile(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string json, ReadFile(file));
  records::v1::ReceiptProof proof;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &proof);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, " is not a receipt (./psm call --receipt FILE makes one): ",
        std::string(parsed.message())));
  }
  return proof;
}

std::vector<std::string> ReceiptLines(const records::v1::ReceiptProof& proof) {
  const records::v1::Record& record = proof.record();
  std::vector<std::string> lines = {
      absl::StrCat("exchange   ", record.exchange_id(), ", ",
                   records::v1::Record::Kind_Name(record.kind())),
      absl::StrCat("asked      ", record.consumer(), " asked ",
                   record.provider().empty() ? "nobody yet" : record.provider(),
                   " at ", TimeText(record.ask_time())),
      absl::StrCat("for        ", record.method(), ", affair ",
                   record.affair()),
  };
  if (record.has_provide_time()) {
    lines.push_back(
        absl::StrCat("answered   ", TimeText(record.provide_time())));
  }
  if (!record.agreement().empty()) {
    lines.push_back(absl::StrCat(
        "basis      ", record.agreement(), " version ",
        record.agreement_version(),
        record.consent_id().empty() ? "" : ", consent ", record.consent_id()));
  }
  if (!record.undisclosed_by().empty()) {
    lines.push_back(absl::StrCat("withheld   from the person, under ",
                                 record.undisclosed_by()));
  }
  if (!record.reason().empty())
    lines.push_back(absl::StrCat("refused    ", record.reason()));
  if (record.released_size() != 0) {
    lines.push_back(
        absl::StrCat("released   ", absl::StrJoin(record.released(), ", ")));
  }
  if (!record.released_digest().empty()) {
    lines.push_back(
        absl::StrCat("answer     SHA-256 ",
                     absl::BytesToHexString(record.released_digest())));
  }
  lines.push_back(absl::StrCat(
      "recorded   as leaf ", proof.receipt().leaves(0).index(), " of ",
      proof.receipt().tree_size(), ", signed by ", proof.receipt().log()));
  return lines;
}

}  // namespace psm
