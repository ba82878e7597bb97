#include "mesh/cli/receipt_file.h"

#include <algorithm>
#include <cstdint>
#include <set>

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
  std::vector<records::v1::ReceiptProof> proofs;
  const int records = RecordsOf(receipt);
  for (int from = 0; from < records; from += kMaxProofs) {
    std::vector<records::v1::Receipt> asked;
    records::v1::GetProofsRequest request;
    for (int i = from; i < std::min(records, from + kMaxProofs); ++i) {
      asked.push_back(OnlyLeaf(receipt, i));
      *request.add_items() = QuestionFor(asked.back());
    }
    records::v1::GetProofsResponse response;
    PSM_RETURN_IF_ERROR(agency::Call(
        [&] { return channel; }, &records::v1::RecordsService::Stub::GetProofs,
        {.timeout = timeout}, request, &response));
    if (response.proofs_size() != request.items_size())
      return absl::InternalError("the gateway proved other records");
    for (int i = 0; i < response.proofs_size(); ++i) {
      const records::v1::Receipt& only = asked[static_cast<std::size_t>(i)];
      if (response.proofs(i).expunged()) {
        return absl::FailedPreconditionError(
            absl::StrCat("record ", only.leaves(0).index(),
                         " was expunged: what proves it is what was kept"));
      }
      proofs.push_back(ProofOf(only, response.proofs(i)));
    }
  }
  return proofs;
}

absl::Status WriteReceiptFile(
    const std::string& file,
    const std::vector<records::v1::ReceiptProof>& proofs) {
  records::v1::ReceiptProofs several;
  several.mutable_proofs()->Assign(proofs.begin(), proofs.end());
  several.set_records(static_cast<std::uint32_t>(proofs.size()));
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto printed = proofs.size() == 1
                           ? google::protobuf::util::MessageToJsonString(
                                 proofs.front(), &json, options)
                           : google::protobuf::util::MessageToJsonString(
                                 several, &json, options);
  if (!printed.ok())
    return absl::InternalError("the receipt cannot be written as JSON");
  return WriteWholeFile(file, json, kPublic);
}

absl::StatusOr<records::v1::ReceiptProofs> ReadReceiptFile(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string json, ReadFile(file));
  records::v1::ReceiptProofs several;
  if (google::protobuf::util::JsonStringToMessage(json, &several).ok() &&
      several.proofs_size() != 0) {
    return several;
  }
  several.Clear();
  records::v1::ReceiptProof& proof = *several.add_proofs();
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &proof);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, " is not a receipt (./psm call --receipt FILE makes one): ",
        std::string(parsed.message())));
  }
  several.set_records(1 + proof.receipt().left_out());
  return several;
}

absl::Status VerifyReceiptProofs(const records::v1::ReceiptProofs& receipt,
                                 const LogKeys& keys) {
  const records::v1::Record& first = receipt.proofs(0).record();
  std::set<std::uint64_t> indexes;
  for (const records::v1::ReceiptProof& proof : receipt.proofs()) {
    const absl::Status holds = VerifyReceiptProof(proof, keys);
    if (absl::IsPermissionDenied(holds)) return holds;
    if (!holds.ok()) return absl::DataLossError(holds.message());
    if (proof.record().consumer() != first.consumer() ||
        proof.record().exchange_id() != first.exchange_id())
      return absl::DataLossError("its records are of different exchanges");
    if (!indexes.insert(proof.receipt().leaves(0).index()).second)
      return absl::DataLossError("it has one record twice");
  }
  if (indexes.size() >= receipt.records()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "incomplete: what is there holds, but that is ", indexes.size(), " of ",
      receipt.records(), " records of exchange ", first.exchange_id(),
      "; who asked gets the others from the gateway while they are kept: "
      "./psm verify receipts --as ",
      first.consumer(), ", or, for 24 hours, the same call once more with ",
      "--exchange-id and --receipt"));
}

std::vector<std::string> ReceiptLines(
    const records::v1::ReceiptProofs& receipt) {
  const records::v1::Record& record = receipt.proofs(0).record();
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
  for (const records::v1::ReceiptProof& proof : receipt.proofs()) {
    lines.push_back(absl::StrCat(
        "recorded   as leaf ", proof.receipt().leaves(0).index(), " of ",
        proof.receipt().tree_size(), ", signed by ", proof.receipt().log()));
  }
  return lines;
}

}  // namespace psm
