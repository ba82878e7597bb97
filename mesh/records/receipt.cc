#include "mesh/records/receipt.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mesh/base/status_macros.h"
#include "mesh/records/recorded_methods.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/proof.h"

namespace psm {
using records::v1::GetProofsRequest;
using records::v1::GetProofsResponse;

namespace {

constexpr std::size_t kKeyIdBytes = 4;

constexpr std::size_t CountOpenedParts() {
  std::size_t opened = 0;
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    if (IsOpenedToConsumer(static_cast<LeafPart>(i))) ++opened;
  }
  return opened;
}
constexpr std::size_t kOpenedParts = CountOpenedParts();

// Of a receipt what says which tree is signed, serialised.
std::string SignedTree(const tlog::SignedCheckpoint& checkpoint) {
  records::v1::Receipt receipt;
  receipt.set_log(checkpoint.checkpoint().origin);
  receipt.set_tree_size(checkpoint.size());
  const absl::string_view root = tlog::AsBytes(checkpoint.root());
  receipt.set_tree_root(root.data(), root.size());
  const tlog::NoteSignature& signature = checkpoint.note().signatures.front();
  std::string& bytes = *receipt.mutable_signature();
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(signature.key_id >> shift));
  }
  bytes += signature.bytes;
  return receipt.SerializeAsString();
}

// The same for all exchanges of a commit, which are released one after another:
// the last one that this thread was asked for. Valid until the next call.
const std::string& LastSignedTree(
    const std::shared_ptr<const tlog::SignedCheckpoint>& checkpoint) {
  struct Last {
    std::shared_ptr<const tlog::SignedCheckpoint> checkpoint;
    std::string bytes;
  };
  static thread_local Last last;
  if (last.checkpoint != checkpoint) {
    last = {checkpoint, SignedTree(*checkpoint)};
  }
  return last.bytes;
}

void FillLeaf(std::uint64_t index, const RecordSeal& seal,
              records::v1::ReceiptLeaf& leaf) {
  leaf.set_index(index);
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    const bool opened = IsOpenedToConsumer(part);
    const absl::string_view bytes =
        opened ? seal.salts()[part] : seal.commitment(part);
    (opened ? leaf.mutable_salts() : leaf.mutable_closed())
        ->append(bytes.data(), bytes.size());
  }
}

absl::Status VerifySignature(const records::v1::Receipt& receipt,
                             const LogKeys& keys) {
  const tlog::VerifierKey& log = keys.Of(receipt.tree_size());
  const std::string& bytes = receipt.signature();
  if (bytes.size() <= kKeyIdBytes)
    return absl::InvalidArgumentError("the signature is too short");
  tlog::Checkpoint checkpoint;
  checkpoint.origin = receipt.log();
  checkpoint.size = receipt.tree_size();
  PSM_ASSIGN_OR_RETURN(checkpoint.root,
                       tlog::HashFromBytes(receipt.tree_root()));
  PSM_ASSIGN_OR_RETURN(std::string text, tlog::FormatCheckpoint(checkpoint));
  tlog::NoteSignature signature;
  signature.name = receipt.log();
  for (std::size_t i = 0; i < kKeyIdBytes; ++i) {
    signature.key_id =
        signature.key_id << 8 | static_cast<unsigned char>(bytes[i]);
  }
  signature.bytes = bytes.substr(kKeyIdBytes);
  if (!log.IsOf(signature)) {
    for (const tlog::VerifierKey& other : keys.all()) {
      if (other.IsOf(signature))
        return absl::PermissionDeniedError(
            "a key of the log signed that is not the one of its time");
    }
    return absl::PermissionDeniedError("another log, or another key, signed");
  }
  if (!log.Verify(text, signature))
    return absl::PermissionDeniedError("the log has not signed this tree");
  return absl::OkStatus();
}

// The leaf that the opened parts of the record and the closed commitments make.
absl::StatusOr<std::string> LeafOfProof(const records::v1::ReceiptLeaf& leaf,
                                        const records::v1::Record& record) {
  if (leaf.salts().size() != kOpenedParts * kSaltBytes ||
      leaf.closed().size() != (kLeafParts - kOpenedParts) * kCommitmentBytes) {
    return absl::InvalidArgumentError(
        "the receipt has too many or too few salts or commitments");
  }
  std::string bytes(1, kLeafVersion);
  std::size_t salt = 0;
  std::size_t closed = 0;
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    const std::string encoded = EncodePart(record, part);
    if (IsOpenedToConsumer(part)) {
      bytes +=
          Commit(part, absl::string_view(leaf.salts()).substr(salt, kSaltBytes),
                 encoded);
      salt += kSaltBytes;
      continue;
    }
    if (!encoded.empty()) {
      return absl::InvalidArgumentError(
          "the record says something that the receipt does not open");
    }
    bytes += leaf.closed().substr(closed, kCommitmentBytes);
    closed += kCommitmentBytes;
  }
  return bytes;
}

}  // namespace

SerialisedReceipt MakeReceipt(const Recorded& recorded) {
  SerialisedReceipt bytes;
  bytes.tree = LastSignedTree(recorded.checkpoint);
  static thread_local records::v1::Receipt rest;  // its memory is used again
  rest.Clear();
  std::size_t size = bytes.tree.size() + 8;  // room for left_out
  for (std::size_t i = 0; i < recorded.seals.size(); ++i) {
    records::v1::ReceiptLeaf& leaf = *rest.add_leaves();
    FillLeaf(recorded.index + i, recorded.seals[i], leaf);
    size += leaf.ByteSizeLong() + 4;  // tag and length
    if (size > kMaxReceiptBytes) {
      rest.mutable_leaves()->RemoveLast();
      rest.set_left_out(static_cast<std::uint32_t>(recorded.seals.size() - i));
      break;
    }
  }
  rest.SerializeToString(&bytes.leaves);
  return bytes;
}

int RecordsOf(const records::v1::Receipt& receipt) {
  if (receipt.leaves().empty()) return 0;
  const std::int64_t records =
      std::int64_t{receipt.leaves_size()} + receipt.left_out();
  return static_cast<int>(std::min<std::int64_t>(records, kMaxReceiptRecords));
}

records::v1::Receipt OnlyLeaf(const records::v1::Receipt& receipt, int record) {
  records::v1::Receipt only;
  only.set_log(receipt.log());
  only.set_tree_size(receipt.tree_size());
  only.set_tree_root(receipt.tree_root());
  only.set_signature(receipt.signature());
  const int listed = receipt.leaves_size();
  if (record < listed) {
    *only.add_leaves() = receipt.leaves(record);
  } else {
    only.add_leaves()->set_index(receipt.leaves(listed - 1).index() +
                                 static_cast<std::uint64_t>(record - listed) +
                                 1);
  }
  return only;
}

bool IsLeftOut(const records::v1::Receipt& only) {
  return only.leaves(0).salts().empty();
}

GetProofsRequest::Item QuestionFor(const records::v1::Receipt& only) {
  GetProofsRequest::Item item;
  item.set_index(only.leaves(0).index());
  item.set_tree_size(only.tree_size());
  item.set_left_out(IsLeftOut(only));
  return item;
}

bool HasReceipt(const records::v1::Record& record) {
  using records::v1::Record;
  if (record.kind() != Record::EXCHANGE && record.kind() != Record::REFUSAL)
    return false;
  return record.method() != kDiscloseMethod &&
         record.method() != kSubscribeMethod;
}

GetProofsResponse::Proof ShownProof(const GetProofsRequest::Item& item,
                                    const ProvedRecord& proved) {
  GetProofsResponse::Proof proof;
  for (const tlog::Hash& hash : proved.inclusion) {
    const absl::string_view bytes = tlog::AsBytes(hash);
    proof.add_inclusion(bytes.data(), bytes.size());
  }
  proof.set_expunged(proved.expunged);
  if (proved.expunged) return proof;
  *proof.mutable_record() = OpenedToConsumer(proved.record);
  if (item.left_out() && HasReceipt(proved.record)) {
    FillLeaf(item.index(), RecordSeal(proved.record, proved.seed),
             *proof.mutable_leaf());
  }
  return proof;
}

// The index is the one that was asked for, whatever is shown: what the path
// leads to is there or nowhere.
records::v1::ReceiptProof ProofOf(const records::v1::Receipt& only,
                                  const GetProofsResponse::Proof& shown) {
  records::v1::ReceiptProof proof;
  *proof.mutable_receipt() = only;
  if (IsLeftOut(only)) {
    records::v1::ReceiptLeaf& leaf =
        *proof.mutable_receipt()->mutable_leaves(0);
    leaf.set_salts(shown.leaf().salts());
    leaf.set_closed(shown.leaf().closed());
  }
  *proof.mutable_record() = shown.record();
  *proof.mutable_inclusion() = shown.inclusion();
  return proof;
}

records::v1::Record OpenedToConsumer(const records::v1::Record& record) {
  records::v1::Record opened = record;
  opened.clear_provided_digest();
  opened.clear_withheld();
  opened.clear_subject();
  opened.clear_corporation();
  opened.clear_named_in_answer();
  opened.clear_representation_id();
  opened.clear_representative();
  opened.clear_acting();
  return opened;
}

absl::Status VerifyReceiptProof(const records::v1::ReceiptProof& proof,
                                const LogKeys& log) {
  const records::v1::Receipt& receipt = proof.receipt();
  if (receipt.leaves_size() != 1) {
    return absl::InvalidArgumentError(
        "the receipt does not say which record is meant");
  }
  PSM_RETURN_IF_ERROR(VerifySignature(receipt, log));
  PSM_ASSIGN_OR_RETURN(std::string leaf,
                       LeafOfProof(receipt.leaves(0), proof.record()));
  std::vector<tlog::Hash> inclusion;
  if (proof.inclusion_size() > static_cast<int>(tlog::kMaxProofHashes))
    return absl::InvalidArgumentError("the proof is too long");
  for (const std::string& bytes : proof.inclusion()) {
    PSM_ASSIGN_OR_RETURN(tlog::Hash hash, tlog::HashFromBytes(bytes));
    inclusion.push_back(hash);
  }
  PSM_ASSIGN_OR_RETURN(tlog::Hash root,
                       tlog::HashFromBytes(receipt.tree_root()));
  return tlog::VerifyInclusion(receipt.leaves(0).index(), receipt.tree_size(),
                               tlog::LeafHash(leaf), inclusion, root);
}

}  // namespace psm
