#include "tests/crash/held_receipts.h"

#include <poll.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/records/receipt.h"
#include "psm/records/v1/records_service.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using tax::v1::GetTaxStatusResponse;

// Items of one GetProofs.
constexpr std::size_t kProofsAtOnce = 100;

void Pause(int milliseconds) { poll(nullptr, 0, milliseconds); }

}  // namespace

AskingClients::AskingClients(Mesh& mesh, int clients, int pause)
    : mesh_(mesh), pause_(pause), request_(TaxRequest(mesh, "hanako")) {
  for (int i = 0; i < clients; ++i) threads_.emplace_back([this] { Run(); });
}

AskingClients::~AskingClients() { Finish(); }

void AskingClients::Finish() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool AskingClients::AwaitAnswers(int count, absl::Duration patience) const {
  const int until = answers_ + count;
  const absl::Duration deadline = mesh_.clock().Monotonic() + patience;
  while (answers_ < until && mesh_.clock().Monotonic() < deadline) Pause(1);
  return answers_ >= until;
}

std::vector<HeldReceipt> AskingClients::Take() {
  MutexLock lock(mu_);
  return std::exchange(held_, {});
}

std::set<std::string> AskingClients::surprises() const {
  MutexLock lock(mu_);
  return surprises_;
}

void AskingClients::Run() {
  while (!stop_) {
    const std::string id = NewExchangeId();
    while (!Ask(id)) Pause(2);  // between two attempts
    ++answers_;
    do Pause(pause_);
    while (held_back_ && !stop_);
  }
}

bool AskingClients::Ask(const std::string& id) {
  SystemCaller& caller = mesh_.Client(kBenefits);
  const std::unique_ptr<grpc::ClientContext> context =
      caller.Context({.affair = kBenefitAffair,
                      .provider = kYunagiTax,
                      .exchange_id = id,
                      .timeout = absl::Seconds(5)});
  GetTaxStatusResponse response;
  tax::v1::TaxService::Stub stub(caller.Channel());
  const absl::Status status =
      agency::FromGrpc(stub.GetTaxStatus(context.get(), request_, &response));
  if (!status.ok()) {
    ++refusals_;
    // UNAVAILABLE is for a gateway that is not there or cannot write.
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) {
      MutexLock lock(mu_);
      surprises_.insert(status.ToString());
    }
    return false;
  }
  HeldReceipt held{id, {}};
  std::string bytes;  // it comes in two pieces
  auto [piece, end] =
      context->GetServerTrailingMetadata().equal_range("psm-receipt-bin");
  for (; piece != end; ++piece) {
    bytes.append(piece->second.data(), piece->second.size());
  }
  const bool receipt =
      held.receipt.ParseFromString(bytes) && held.receipt.leaves_size() == 1;
  MutexLock lock(mu_);
  if (!receipt) surprises_.insert("an answer without a receipt");
  if (response.category() != GetTaxStatusResponse::EXEMPT)
    surprises_.insert("another answer");
  held_.push_back(std::move(held));
  return true;
}

void ExpectProved(Mesh& mesh, const std::vector<HeldReceipt>& receipts,
                  const LogKeys& log) {
  for (std::size_t first = 0; first < receipts.size(); first += kProofsAtOnce) {
    const std::size_t end = std::min(receipts.size(), first + kProofsAtOnce);
    records::v1::GetProofsRequest request;
    for (std::size_t i = first; i < end; ++i) {
      auto& item = *request.add_items();
      item.set_index(receipts[i].receipt.leaves(0).index());
      item.set_tree_size(receipts[i].receipt.tree_size());
    }
    records::v1::GetProofsResponse response;
    const absl::Status asked =
        agency::Call([&] { return mesh.Client(kBenefits).Channel(); },
                     &records::v1::RecordsService::Stub::GetProofs,
                     {.timeout = absl::Seconds(20)}, request, &response);
    ASSERT_TRUE(asked.ok()) << asked;
    ASSERT_EQ(response.proofs_size(), request.items_size());
    for (std::size_t i = first; i < end; ++i) {
      auto& proved = *response.mutable_proofs(static_cast<int>(i - first));
      records::v1::ReceiptProof proof;
      *proof.mutable_receipt() = receipts[i].receipt;
      *proof.mutable_record() = std::move(*proved.mutable_record());
      *proof.mutable_inclusion() = std::move(*proved.mutable_inclusion());
      const absl::Status holds = VerifyReceiptProof(proof, log);
      EXPECT_TRUE(holds.ok()) << holds;
      EXPECT_EQ(proof.record().exchange_id(), receipts[i].exchange_id);
    }
  }
}

void ExpectRecordedOnce(const Mesh& mesh,
                        const std::vector<HeldReceipt>& receipts) {
  std::map<std::string, int> recorded;
  const auto records = mesh.Records({.kind = Record::EXCHANGE});
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records) ++recorded[record.exchange_id()];
  for (const HeldReceipt& held : receipts) {
    EXPECT_EQ(recorded[held.exchange_id], 1)
        << held.exchange_id << ": there, and a retry no second one";
  }
}

}  // namespace psm::testing
