#include "mesh/agency/batch_call.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/agency/kept_call.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"

namespace psm::agency {
namespace {

using linkage::v1::LinkageService;
using linkage::v1::RetrieveBatchRequest;
using linkage::v1::RetrieveBatchResponse;
using linkage::v1::RetrieveResponse;

// The questions, and what is known of their answers.
class Batch {
 public:
  explicit Batch(absl::Span<const BatchQuestion> questions)
      : questions_(questions), answers_(questions.size()) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const std::string& id = questions[i].exchange_id;
      if (!IsUuid(id) || !open_.emplace(id, i).second)
        open_.emplace(NewUuid(SystemRandom()), i);
    }
  }

  // Asks what is open over one stream. UNAVAILABLE, or what else the gateway
  // said last, where something still is afterwards.
  grpc::Status Ask(const std::shared_ptr<grpc::Channel>& channel,
                   grpc::ClientContext* context) {
    SideLedger* const ledger = LedgerOf(channel);
    LinkageService::Stub stub(channel);
    const auto stream = stub.RetrieveBatch(context);
    // What is answered meanwhile leaves `open_`.
    std::thread sender([&stream, this, ledger, asked = open_] {
      for (const auto& [id, place] : asked) {
        RetrieveBatchRequest request;
        request.set_exchange_id(id);
        *request.mutable_question() = questions_[place].request;
        if (ledger != nullptr)
          KeepAsked(*ledger, id, questions_[place].request);
        if (!stream->Write(request)) return;  // Finish says why
      }
      stream->WritesDone();
    });
    std::optional<absl::Status> try_again;
    RetrieveBatchResponse response;
    while (stream->Read(&response)) {
      const absl::Status refused = Take(ledger, response);
      if (absl::IsUnavailable(refused)) try_again = refused;
    }
    sender.join();
    grpc::Status status = stream->Finish();
    if (status.ok() && try_again.has_value()) status = ToGrpc(*try_again);
    if (status.ok() && !open_.empty())
      status = {grpc::StatusCode::INTERNAL, "questions were left unanswered"};
    return status;
  }

  // In the questions' order; `end` for those without an answer.
  std::vector<absl::StatusOr<RetrieveResponse>> Answers(
      const absl::Status& end) && {
    std::vector<absl::StatusOr<RetrieveResponse>> answers;
    answers.reserve(answers_.size());
    for (std::optional<absl::StatusOr<RetrieveResponse>>& answer : answers_) {
      if (answer.has_value()) {
        answers.push_back(*std::move(answer));
      } else {
        answers.emplace_back(end);
      }
    }
    return answers;
  }

 private:
  // Why the question was refused; OK where it was not, or nobody asked it.
  absl::Status Take(SideLedger* ledger, RetrieveBatchResponse& response) {
    const auto found = open_.find(response.exchange_id());
    if (found == open_.end()) return absl::OkStatus();
    absl::StatusOr<RetrieveResponse> answer = RetrieveResponse();
    if (response.has_status()) {
      answer = FromRpcStatus(
          static_cast<absl::StatusCode>(response.status().code()),
          response.status().message(), response.status().SerializeAsString());
    } else {
      answer = std::move(*response.mutable_answer());
    }
    if (ledger != nullptr)
      KeepAnswered(*ledger, found->first, questions_[found->second].request,
                   answer);
    const absl::Status refused = answer.status();
    // What the gateway could not do now, it may when it is asked again.
    if (absl::IsUnavailable(refused)) return refused;
    answers_[found->second] = std::move(answer);
    open_.erase(found);
    return refused;
  }

  const absl::Span<const BatchQuestion> questions_;
  std::vector<std::optional<absl::StatusOr<RetrieveResponse>>> answers_;
  std::map<std::string, std::size_t> open_;  // id to place
};

}  // namespace

std::vector<absl::StatusOr<RetrieveResponse>> RetrieveBatch(
    absl::FunctionRef<std::shared_ptr<grpc::Channel>()> gateway,
    const CallTerms& terms, absl::Span<const BatchQuestion> questions) {
  if (questions.empty()) return {};
  Batch batch(questions);
  const absl::Status end =
      CallUntilAnswered(Repeat::kSafe,
                        {.parent = terms.parent,
                         .affair = terms.affair,
                         .timeout = terms.timeout},
                        [&](grpc::ClientContext* context, const std::string&) {
                          return batch.Ask(gateway(), context);
                        });
  return std::move(batch).Answers(end);
}

}  // namespace psm::agency
