// The half of ServerStream that makes answers.

#include <algorithm>
#include <cstring>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/edge/field_list.h"
#include "mesh/edge/metadata_rules.h"
#include "mesh/edge/server_connection.h"
#include "mesh/edge/server_stream.h"

// Whatever ends a stream in good order carries grpc-status: trailers-only, or
// trailers behind the data. A response without it aborts gRPC C++ clients of
// version 1.51. What cannot be ended so is reset.

namespace psm::edge {
namespace {

absl::string_view CodeText(int code) {
  static constexpr absl::string_view kCodes[] = {
      "0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
      "9", "10", "11", "12", "13", "14", "15", "16"};
  return code >= 0 && code <= 16 ? kCodes[code] : "2";
}

// nghttp2 sends no header block over 64 KiB, so that the client would wait for
// ever.
constexpr std::size_t kMaxListBytes = 60 << 10;

// Adds the status with as much of its text and details as the peer takes: it
// would refuse a list over its limit as a whole, status included.
void AddStatus(nghttp2_session* session, FieldList& fields,
               const WireStatus& end, const Metadata& trailers) {
  fields.Add("grpc-status", CodeText(end.code));
  fields.AddMetadata(trailers);
  const std::size_t most = std::min<std::size_t>(
      kMaxListBytes, nghttp2_session_get_remote_settings(
                         session, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE));
  const auto add_if_it_fits = [&](absl::string_view name, std::string value) {
    if (fields.list_bytes() + FieldList::BytesOf(name, value) <= most)
      fields.AddOnce(name, std::move(value));
  };
  if (!end.message.empty())
    add_if_it_fits("grpc-message", PercentEncode(end.message));
  if (!end.details.empty())
    add_if_it_fits("grpc-status-details-bin", EncodeBinary(end.details));
}

}  // namespace

void ServerStream::SetEncodings(std::string encoding,
                                std::string accept_encoding) {
  response_encoding_ = std::move(encoding);
  response_accept_encoding_ = std::move(accept_encoding);
}

void ServerStream::SendHeaders(Metadata metadata) {
  if (finished_ || headers_submitted_) return;
  metadata.erase(
      std::remove_if(metadata.begin(), metadata.end(),
                     [](const auto& entry) { return !MaySend(entry); }),
      metadata.end());
  initial_metadata_ = std::move(metadata);
  SubmitHeaders();
}

void ServerStream::SendMessage(GrpcMessage message) {
  if (finished_ || connection_ == nullptr) return;
  Output& output = output_.emplace_back();
  WriteMessagePrefix(message.compressed, message.bytes.size(), output.prefix);
  output.prefix_size = kMessagePrefix;
  output.body = std::move(message.bytes);
  OutputAdded();
}

void ServerStream::SendBytes(std::string bytes) {
  if (finished_ || connection_ == nullptr) return;
  Output& output = output_.emplace_back();
  output.prefix_size = 0;
  output.body = std::move(bytes);
  OutputAdded();
}

void ServerStream::OutputAdded() {
  const std::size_t size =
      output_.back().prefix_size + output_.back().body.size();
  if (share_->buffered_bytes + size > shard_.limits().peer_buffered_bytes) {
    // What the client may still take is in use elsewhere, see TimeUp: not in
    // the middle of what the handler does.
    output_.pop_back();
    if (!std::exchange(too_much_unsent_, true))
      timer_.Set(absl::ZeroDuration());
    return;
  }
  share_->buffered_bytes += size;
  unsent_bytes_ += size;
  if (!headers_submitted_) {
    SubmitHeaders();
  } else if (std::exchange(deferred_, false)) {
    nghttp2_session_resume_data(connection_->session(), id_);
    connection_->Touch();
  }
}

void ServerStream::Finish(WireStatus status, Metadata trailers) {
  if (finished_) return;
  finished_ = true;
  wanted_ = false;
  timer_.Cancel();
  shard_.active_calls.Add(-1);
  --share_->calls;
  shard_.Retire(*this);
  if (connection_ == nullptr) return;
  end_ = too_much_unsent_ ? ToWireStatus(TooMuchUnsent()) : std::move(status);
  trailers_ = std::move(trailers);
  if (!std::all_of(trailers_.begin(), trailers_.end(), MaySend)) {
    LogError("trailer_invalid", {{"path", head_.path()}});
    trailers_.clear();
    end_ = ToWireStatus(MakeError(absl::StatusCode::kInternal,
                                  "METADATA_INVALID", Party::kGateway,
                                  "the answer's metadata is not valid"));
  }
  timer_.Set(shard_.limits().finish_time);
  if (!headers_submitted_) {
    SubmitTrailersOnly("200");
  } else if (std::exchange(deferred_, false)) {
    nghttp2_session_resume_data(connection_->session(), id_);
    connection_->Touch();
  }
}

void ServerStream::SubmitHeaders() {
  headers_submitted_ = true;
  if (connection_ == nullptr) return;
  FieldList& fields = FieldList::Scratch();
  fields.Add(":status", "200");
  fields.Add("content-type", "application/grpc");
  if (!response_encoding_.empty())
    fields.Add("grpc-encoding", response_encoding_);
  if (!response_accept_encoding_.empty())
    fields.Add("grpc-accept-encoding", response_accept_encoding_);
  fields.AddMetadata(initial_metadata_);
  nghttp2_data_provider provider;
  provider.source.ptr = this;
  provider.read_callback = [](nghttp2_session*, std::int32_t,
                              std::uint8_t* buffer, std::size_t capacity,
                              std::uint32_t* flags, nghttp2_data_source* source,
                              void*) {
    return static_cast<ServerStream*>(source->ptr)
        ->ReadOutput(buffer, capacity, flags);
  };
  nghttp2_submit_response(connection_->session(), id_, fields.data(),
                          fields.size(), &provider);
  connection_->Touch();
}

void ServerStream::SubmitTrailersOnly(absl::string_view http_status) {
  headers_submitted_ = true;
  FieldList& fields = FieldList::Scratch();
  fields.Add(":status", http_status);
  fields.Add("content-type", "application/grpc");
  if (!response_accept_encoding_.empty())
    fields.Add("grpc-accept-encoding", response_accept_encoding_);
  AddStatus(connection_->session(), fields, end_, trailers_);
  nghttp2_submit_response(connection_->session(), id_, fields.data(),
                          fields.size(), nullptr);
  connection_->Touch();
}

void ServerStream::SubmitTrailers() {
  FieldList& fields = FieldList::Scratch();
  AddStatus(connection_->session(), fields, end_, trailers_);
  nghttp2_submit_trailer(connection_->session(), id_, fields.data(),
                         fields.size());
}

ssize_t ServerStream::ReadOutput(std::uint8_t* buffer, std::size_t capacity,
                                 std::uint32_t* flags) {
  std::size_t size = 0;
  const auto copy = [&](const char* data, std::size_t available) {
    const std::size_t count = std::min(available, capacity - size);
    std::memcpy(buffer + size, data, count);
    size += count;
    output_offset_ += count;
  };
  while (size < capacity && output_at_ < output_.size()) {
    const Output& output = output_[output_at_];
    if (output_offset_ < output.prefix_size)
      copy(output.prefix + output_offset_, output.prefix_size - output_offset_);
    if (output_offset_ >= output.prefix_size) {
      const std::size_t at = output_offset_ - output.prefix_size;
      copy(output.body.data() + at, output.body.size() - at);
    }
    if (output_offset_ == output.prefix_size + output.body.size()) {
      output_[output_at_].body = std::string();
      ++output_at_;
      output_offset_ = 0;
    }
  }
  unsent_bytes_ -= size;
  share_->buffered_bytes -= size;
  if (output_at_ < output_.size()) return static_cast<ssize_t>(size);
  output_.clear();
  output_at_ = 0;
  if (finished_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    SubmitTrailers();
    return static_cast<ssize_t>(size);
  }
  if (size == 0) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  connection_->TellWritable(*this);
  return static_cast<ssize_t>(size);
}

void ServerStream::TellWritable() {
  if (!finished_ && !cancellation_->cancelled() && handler_ != nullptr)
    handler_->OnWritable();
}

}  // namespace psm::edge
