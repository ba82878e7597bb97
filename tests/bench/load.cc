#include "tests/bench/load.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/edge/socket_address.h"
#include "tests/bench/load_connection.h"

namespace psm::bench {
namespace {

constexpr std::chrono::seconds kPatience(30);
// Handshakes under way at once: a server lets only so many strangers wait.
constexpr std::size_t kDialling = 32;
constexpr std::uint32_t kMaxLatencyUs = 4'000'000;
constexpr std::size_t kUsualCalls = 1 << 16;

}  // namespace

// Belongs to the worker's thread but for the ends of the promises.
class Load::Impl final : public LoadEvents {
 public:
  Impl(edge::Worker& worker, std::shared_ptr<const edge::TlsConfig> tls,
       const LoadOptions& options, boost::asio::ip::tcp::endpoint endpoint)
      : worker_(worker),
        tls_(std::move(tls)),
        options_(options),
        endpoint_(std::move(endpoint)),
        callers_(static_cast<std::size_t>(options.concurrency)) {
    AddField(":method", "POST");
    AddField(":scheme", "https");
    AddField(":path", options_.path);
    AddField(":authority", "localhost");
    AddField("te", "trailers");
    AddField("content-type", "application/grpc");
    AddField("user-agent", "psm-bench");
    for (const auto& [key, value] : options_.metadata) AddField(key, value);
    latencies_us_.reserve(kUsualCalls);
  }

  std::future<absl::Status> started() { return started_.get_future(); }

  void Connect() {
    while (connections_.size() < Wanted() &&
           connections_.size() < ready_ + kDialling) {
      connections_.push_back(std::make_shared<LoadConnection>(
          worker_, tls_->NewClientSession(worker_.clock().Now()), *this,
          fields_));
      connections_.back()->Dial(endpoint_);
    }
  }

  void Stop() {
    for (auto& connection : connections_) connection->Abandon();
    connections_.clear();
    callers_.clear();
    Tell(absl::CancelledError("stopped"));
  }

  void BeginWindow(std::function<absl::Duration()> meter) {
    latencies_us_.clear();
    meter_ = std::move(meter);
    meter_began_ = meter_();
    window_began_ = worker_.clock().Monotonic();
  }

  void TellAfter(std::size_t count, std::shared_ptr<std::promise<void>> told) {
    awaited_calls_ = count;
    awaited_ = std::move(told);
    TellIfEnough();
  }

  absl::StatusOr<LoadSample> EndWindow() {
    if (!failure_.ok()) return failure_;
    LoadSample sample;
    sample.took = worker_.clock().Monotonic() - window_began_;
    sample.metered = meter_() - meter_began_;
    sample.latencies_us.swap(latencies_us_);
    return sample;
  }

  edge::Worker& worker() { return worker_; }

 private:
  std::size_t Wanted() const {
    return static_cast<std::size_t>(options_.connections);
  }

  // Views of what options_ and literals hold.
  void AddField(absl::string_view name, absl::string_view value) {
    fields_.push_back(
        {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
         reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
         name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }

  void Ready() override {
    ++ready_;
    if (ready_ < Wanted()) {
      Connect();
      return;
    }
    first_calls_ = callers_.size();
    for (std::size_t k = 0; k < callers_.size(); ++k) {
      callers_[k].next_connection = k % Wanted();
      callers_[k].next_message = k % options_.messages.size();
      Call(callers_[k]);
    }
  }

  void Call(Caller& caller) {
    caller.message = &options_.messages[caller.next_message];
    caller.started = worker_.clock().Monotonic();
    LoadConnection& connection = *connections_[caller.next_connection];
    caller.next_connection =
        (caller.next_connection + callers_.size()) % Wanted();
    caller.next_message =
        (caller.next_message + callers_.size()) % options_.messages.size();
    connection.Submit(caller);
  }

  void Ended(Caller& caller, const absl::Status& how) override {
    if (!how.ok()) {
      Broken(how);
      return;
    }
    const std::int64_t took =
        absl::ToInt64Microseconds(worker_.clock().Monotonic() - caller.started);
    latencies_us_.push_back(static_cast<std::uint32_t>(
        std::min<std::int64_t>(took, kMaxLatencyUs)));
    TellIfEnough();
    if (first_calls_ > 0 && --first_calls_ == 0) Tell(absl::OkStatus());
    Call(caller);
  }

  void TellIfEnough() {
    if (awaited_ == nullptr || latencies_us_.size() < awaited_calls_) return;
    awaited_->set_value();
    awaited_.reset();
  }

  void Broken(const absl::Status& why) override {
    if (failure_.ok()) failure_ = why;
    Tell(why);
  }

  // Once: how the start went.
  void Tell(const absl::Status& status) {
    if (!std::exchange(told_, true)) started_.set_value(status);
  }

  edge::Worker& worker_;
  const std::shared_ptr<const edge::TlsConfig> tls_;
  const LoadOptions options_;
  const boost::asio::ip::tcp::endpoint endpoint_;
  std::vector<nghttp2_nv> fields_;
  std::vector<Caller> callers_;
  std::vector<std::shared_ptr<LoadConnection>> connections_;
  std::size_t ready_ = 0;
  std::size_t first_calls_ = 0;  // that have not ended
  std::promise<absl::Status> started_;
  bool told_ = false;
  absl::Status failure_;
  absl::Duration window_began_;
  std::function<absl::Duration()> meter_;
  absl::Duration meter_began_;
  std::vector<std::uint32_t> latencies_us_;
  std::size_t awaited_calls_ = 0;
  std::shared_ptr<std::promise<void>> awaited_;  // null: nobody waits
};

absl::StatusOr<std::unique_ptr<Load>> Load::Start(
    edge::Worker& worker, std::shared_ptr<const edge::TlsConfig> tls,
    const LoadOptions& options) {
  PSM_ASSIGN_OR_RETURN(boost::asio::ip::tcp::endpoint endpoint,
                       edge::ParseSocketAddress(options.endpoint));
  std::unique_ptr<Load> load(new Load(std::make_shared<Impl>(
      worker, std::move(tls), options, std::move(endpoint))));
  std::future<absl::Status> started = load->impl_->started();
  worker.Post([impl = load->impl_] { impl->Connect(); });
  if (started.wait_for(kPatience) != std::future_status::ready) {
    return absl::UnavailableError(absl::StrCat(
        options.endpoint, " has not answered the first calls in time"));
  }
  absl::Status status = started.get();
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(options.endpoint, ": ", status.message()));
  }
  return load;
}

Load::Load(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Load::~Load() {
  auto stopped = std::make_shared<std::promise<void>>();
  impl_->worker().Post([stopped, impl = impl_] {
    impl->Stop();
    stopped->set_value();
  });
  stopped->get_future().wait();
}

void Load::BeginWindow(std::function<absl::Duration()> meter) {
  impl_->worker().Post([impl = impl_, meter = std::move(meter)]() mutable {
    impl->BeginWindow(std::move(meter));
  });
}

absl::Status Load::AwaitCalls(std::size_t count) {
  auto told = std::make_shared<std::promise<void>>();
  std::future<void> enough = told->get_future();
  impl_->worker().Post([impl = impl_, count, told = std::move(told)]() mutable {
    impl->TellAfter(count, std::move(told));
  });
  if (enough.wait_for(kPatience) == std::future_status::ready)
    return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("not even ", count, " calls have ended"));
}

absl::StatusOr<LoadSample> Load::EndWindow() {
  auto sample = std::make_shared<std::promise<absl::StatusOr<LoadSample>>>();
  impl_->worker().Post(
      [sample, impl = impl_] { sample->set_value(impl->EndWindow()); });
  return sample->get_future().get();
}

}  // namespace psm::bench
