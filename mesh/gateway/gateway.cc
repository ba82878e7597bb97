#include "mesh/gateway/gateway.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/admin_endpoint.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/retention.h"
#include "mesh/edge/endpoint_source.h"
#include "mesh/edge/server.h"
#include "mesh/gateway/admin_desk.h"
#include "mesh/gateway/consent_follower.h"
#include "mesh/gateway/edge_limits.h"
#include "mesh/gateway/file_follower.h"
#include "mesh/gateway/leg_log.h"
#include "mesh/gateway/policy_loader.h"
#include "mesh/gateway/room.h"
#include "mesh/gateway/tls_keeper.h"
#include "mesh/records/log_key.h"
#include "mesh/records/record_store.h"
#include "mesh/web/http_server.h"

namespace psm {
namespace {

// For the last records to become durable once no call is under way.
constexpr absl::Duration kLastRecords = absl::Seconds(2);

// The file that says where this process listens. Not durable: it ends with the
// process.
class EndpointFile {
 public:
  explicit EndpointFile(std::string file) : file_(std::move(file)) {}

  absl::Status Write(const std::string& endpoint) {
    PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(file_), Outlives::kProcess));
    PSM_RETURN_IF_ERROR(WriteWholeFile(file_, absl::StrCat(endpoint, "\n"),
                                       kPrivate, Outlives::kProcess));
    written_ = endpoint;
    return absl::OkStatus();
  }
  // Unless a successor has written its own by now.
  void Remove() {
    std::ifstream in(file_);
    std::string endpoint;
    std::getline(in, endpoint);
    if (!written_.empty() && endpoint == written_) std::remove(file_.c_str());
  }

 private:
  const std::string file_;
  std::string written_;
};

// Whoever has to restore the records wants to know which.
absl::Status WithPlace(const absl::Status& status, const std::string& folder) {
  std::string text = absl::StrCat(status.message(), " (", folder);
  if (std::optional<ErrorDetail> detail = DetailOf(status)) {
    for (const auto& [key, value] : detail->metadata)
      absl::StrAppend(&text, ", ", key, " ", value);
  }
  return absl::Status(status.code(), absl::StrCat(text, ")"));
}

}  // namespace

class Gateway::Impl {
 public:
  Impl(const GatewayOptions& options, const Clock& clock)
      : options_(options),
        clock_(clock),
        endpoint_(absl::StrCat(options.run, "/endpoints/", kGatewaySystem)),
        admin_endpoint_(
            absl::StrCat(options.run, "/endpoints/", kAdminEndpoint)),
        endpoints_(options.run),
        policy_follower_(
            [this] { return ConfigurationFingerprint(options_.configuration); },
            [this] { ReloadPolicy(); }),
        certificates_(options.run, clock,
                      [this](const auto& tls) { PutInForce(tls); }),
        log_key_(absl::StrCat(options.run, "/keys/log.pem")),
        key_follower_([this] { return NextLogKeyFingerprint(); },
                      [this] { TakeNextLogKey(); }) {}

  absl::Status Start() {
    PSM_ASSIGN_OR_RETURN(const Configuration configuration,
                         LoadConfiguration(options_.configuration));
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const PolicyEngine> policy,
                         PolicyOf(configuration));
    const config::v1::EdgeLimits& limits = configuration.mesh.edge_limits();
    PSM_ASSIGN_OR_RETURN(SecretBytes master_key,
                         ReadMasterKey(options_.run + "/keys/master.key"));
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const edge::TlsConfig> tls,
                         certificates_.Load());
    if (options_.development) {
      PSM_ASSIGN_OR_RETURN(leg_log_,
                           LegLog::Open(options_.run + "/legs.jsonl", clock_));
    }
    RecordStoreOptions records;
    records.folder = options_.run + "/records";
    records.tiles = options_.run + "/log";
    records.kept_checkpoint = options_.kept_checkpoint;
    records.retention = RetentionOf(configuration.mesh);
    PSM_ASSIGN_OR_RETURN(LogSigning signing,
                         ReadLogSigning(log_key_, LogOrigin(options_.name)));
    const LogKeys keys = signing.keys;
    records.signer = std::move(signing.signer);
    records.keys = std::move(signing.keys);
    records.next = std::move(signing.next);
    records.prepare_keys = [this](const LogKeys& next) {
      return PrepareLogKeys(log_key_, next);
    };
    records.put_keys_in_force = [this](const LogKeys& next) {
      return PutLogKeysInForce(log_key_, next);
    };
    absl::StatusOr<std::unique_ptr<RecordStore>> log =
        RecordStore::Open(records, clock_, SystemRandom());
    if (!log.ok()) return WithPlace(log.status(), records.folder);
    log_ = *std::move(log);

    PSM_ASSIGN_OR_RETURN(pages_, PageTokens::Create(master_key));
    PSM_RETURN_IF_ERROR(OpenHoldingsAndEvents(configuration, master_key));

    const SharedState shared{clock_,
                             *pages_,
                             consents_,
                             *log_,
                             refusals_,
                             endpoints_,
                             leg_log_.get(),
                             options_.name,
                             *holdings_,
                             *events_,
                             UpstreamLimitsOf(limits)};
    const int workers =
        options_.workers > 0
            ? options_.workers
            : std::max(1,
                       static_cast<int>(std::thread::hardware_concurrency()));
    std::vector<edge::Server::Seat> seats;
    for (int i = 0; i < workers; ++i) {
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<SubjectScopes> scopes,
                           SubjectScopes::Create(master_key));
      rooms_.push_back(
          std::make_unique<Room>(i, shared, policy, std::move(scopes), tls));
      seats.push_back({&rooms_.back()->worker(), &rooms_.back()->desk()});
    }
    rooms_.front()->TakeChores();
    PSM_ASSIGN_OR_RETURN(
        server_, edge::Server::Listen(options_.listen, std::move(seats), tls,
                                      ServerLimitsOf(limits)));
    for (auto& room : rooms_) room->worker().Start();
    policy_follower_.Start();
    certificates_.Start();
    key_follower_.Start();

    PSM_RETURN_IF_ERROR(ServeLog(records.tiles, keys));
    const std::string endpoint =
        absl::StrCat(options_.listen.substr(0, options_.listen.rfind(':')), ":",
                     server_->port());
    PSM_RETURN_IF_ERROR(endpoint_.Write(endpoint));
    LogInfo("listening",
            {{"endpoint", endpoint},
             {"workers", absl::StrCat(workers)},
             {"agreements", absl::StrCat(policy->agreements().size())}});
    return absl::OkStatus();
  }

  void Stop(absl::Duration bound) {
    if (server_ != nullptr) {
      for (auto& room : rooms_) room->EndStreams();
      server_->Drain(bound);
      auto ended = std::make_shared<std::promise<void>>();
      rooms_.front()->EndChores([ended] { ended->set_value(); });
      if (ended->get_future().wait_for(absl::ToChronoMilliseconds(
              kLastRecords)) != std::future_status::ready)
        LogError("chores_not_ended", {});
    }
    const ServerStats stats =
        server_ != nullptr ? server_->Stats() : ServerStats();
    LogInfo("stopped", {{"calls", absl::StrCat(stats.calls)}});
    endpoint_.Remove();
    admin_endpoint_.Remove();
  }

  ~Impl() {
    admin_.reset();
    policy_follower_.Stop();
    certificates_.Stop();
    key_follower_.Stop();
    for (auto& room : rooms_) room->worker().Stop();
    for (auto& room : rooms_) room->worker().Join();
    server_.reset();
    // Completions of what is still queued are posted to workers, which have to
    // be there.
    log_.reset();
    if (holdings_ != nullptr) holdings_->EndCommits();
    if (events_ != nullptr) events_->EndCommits();
    rooms_.clear();
  }

  int port() const { return server_->port(); }

 private:
  using ServerStats = edge::ServerStats;

  absl::Status OpenHoldingsAndEvents(const Configuration& configuration,
                                     const SecretBytes& master_key) {
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SubjectScopes> holdings_scopes,
                         SubjectScopes::Create(master_key));
    PSM_ASSIGN_OR_RETURN(holdings_,
                         HoldingRegister::Open(options_.run + "/holdings",
                                               std::move(holdings_scopes)));
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SubjectScopes> events_scopes,
                         SubjectScopes::Create(master_key));
    EventQueueOptions events;
    events.folder = options_.run + "/events";
    events.retention = EventsRetentionOf(configuration.mesh);
    PSM_ASSIGN_OR_RETURN(
        events_, EventQueue::Open(events, std::move(events_scopes), clock_));
    return absl::OkStatus();
  }

  // On a port of its own, which nobody needs a certificate for.
  absl::Status ServeLog(const std::string& tiles, const LogKeys& keys) {
    if (options_.admin.empty()) return absl::OkStatus();
    web::HttpServerOptions served;
    served.address = options_.admin;
    PSM_ASSIGN_OR_RETURN(
        admin_,
        web::HttpServer::Start(served, [desk = std::make_shared<AdminDesk>(
                                            tiles, keys.Clone(), *log_)](
                                           const web::HttpRequest& request) {
          return desk->Answer(request);
        }));
    PSM_RETURN_IF_ERROR(admin_endpoint_.Write(admin_->endpoint()));
    LogInfo("log_served", {{"endpoint", admin_->endpoint()}});
    return absl::OkStatus();
  }

  // A version that does not pass stays out; the one in force stays in.
  void ReloadPolicy() {
    absl::StatusOr<std::shared_ptr<const PolicyEngine>> policy =
        LoadPolicy(options_.configuration);
    if (!policy.ok()) {
      LogError("configuration_refused",
               {{"error", std::string(policy.status().message())},
                {"in_force", "the version before"}});
      return;
    }
    for (auto& room : rooms_) room->Update(*policy);
    LogInfo("configuration_in_force",
            {{"agreements", absl::StrCat((*policy)->agreements().size())}});
  }

  std::string NextLogKeyFingerprint() const {
    std::string fingerprint = FingerprintOf({NextLogKeyFile(log_key_)});
    // What cannot be read for want of descriptors, say, may be read later.
    if (log_key_refused_)
      absl::StrAppend(&fingerprint, absl::ToInt64Seconds(clock_.Monotonic()));
    return fingerprint;
  }
  void TakeNextLogKey() {
    auto next = ReadNextLogKey(log_key_, LogOrigin(options_.name));
    if (const bool said = std::exchange(log_key_refused_, !next.ok());
        !next.ok() && !said) {
      LogError("log_key_refused",
               {{"error", std::string(next.status().message())},
                {"in_force", "the key before"}});
    }
    if (next.ok() && *next != nullptr) log_->RotateTo(*std::move(next));
  }

  void PutInForce(const std::shared_ptr<const edge::TlsConfig>& tls) {
    // First those who decide, then the edge, which leaves lapsed peers to them.
    for (auto& room : rooms_) room->Update(tls);
    server_->Update(tls);
  }

  const GatewayOptions options_;
  const Clock& clock_;
  EndpointFile endpoint_;
  EndpointFile admin_endpoint_;
  edge::RunFolderEndpoints endpoints_;
  ConsentState consents_{kConsentMaxAge};
  RefusalCounter refusals_;
  std::unique_ptr<LegLog> leg_log_;
  std::unique_ptr<const PageTokens> pages_;
  std::unique_ptr<RecordStore> log_;
  std::unique_ptr<HoldingRegister> holdings_;
  std::unique_ptr<EventQueue> events_;
  std::vector<std::unique_ptr<Room>> rooms_;
  std::unique_ptr<edge::Server> server_;
  FileFollower policy_follower_;
  TlsKeeper certificates_;
  const std::string log_key_;     // file
  bool log_key_refused_ = false;  // the next one; its follower's
  FileFollower key_follower_;
  std::unique_ptr<web::HttpServer> admin_;  // null: not asked for
};

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(
    const GatewayOptions& options, const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, clock);
  PSM_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

int Gateway::port() const { return impl_->port(); }
void Gateway::Stop(absl::Duration bound) { impl_->Stop(bound); }

}  // namespace psm
