// What the mesh has recorded, for agencies that show it to whom it concerns.
#ifndef PSM_MESH_AGENCY_RECORD_PAGES_H_
#define PSM_MESH_AGENCY_RECORD_PAGES_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm::agency {

// RecordsService of the mesh. Thread-safe.
class RecordPages {
 public:
  virtual ~RecordPages() = default;

  // One page of records, newest first, for `call`. Errors as the gateway gave
  // them.
  virtual absl::StatusOr<records::v1::ListRecordsResponse> List(
      const CallContext& call,
      const records::v1::ListRecordsRequest& request) = 0;
};

// The same over gRPC, in the affair `disclose-records`.
class MeshRecordPages : public RecordPages {
 public:
  // `gateway` gives the channel to the gateway (Agency::gateway); it is asked
  // before each call, on any thread.
  explicit MeshRecordPages(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<records::v1::ListRecordsResponse> List(
      const CallContext& call,
      const records::v1::ListRecordsRequest& request) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

// What a failed List means for who asked for a page: INVALID_ARGUMENT
// PAGE_TOKEN_INVALID, or UNAVAILABLE RECORDS_UNAVAILABLE for all else, which is
// logged.
absl::Status AfterListing(const absl::Status& status);

// The page of `request` (a period, a size, a page token) of the records of
// `whose`, as an agency's own answer with records, texts and next_page_token.
// Errors as AfterListing.
template <typename Response, typename Request>
absl::StatusOr<Response> ReadPage(RecordPages& pages, const CallContext& call,
                                  records::v1::ListRecordsRequest whose,
                                  const Request& request) {
  if (request.has_start_time())
    *whose.mutable_start_time() = request.start_time();
  if (request.has_end_time()) *whose.mutable_end_time() = request.end_time();
  whose.set_page_size(std::max(0, request.page_size()));
  whose.set_page_token(request.page_token());
  absl::StatusOr<records::v1::ListRecordsResponse> page =
      pages.List(call, whose);
  if (!page.ok()) return AfterListing(page.status());
  Response response;
  response.mutable_records()->Swap(page->mutable_records());
  response.mutable_texts()->Swap(page->mutable_texts());
  response.set_next_page_token(page->next_page_token());
  return response;
}

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RECORD_PAGES_H_
