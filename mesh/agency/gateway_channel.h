// The channel to the gateway, wherever it listens now.
#ifndef PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_
#define PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "mesh/agency/credentials.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/records/side_ledger.h"

namespace psm::agency {

// Thread-safe.
class GatewayChannel {
 public:
  // `endpoint_file` holds "host:port", written by the gateway once it serves;
  // `files` are what this system proves itself with and what it trusts. The
  // channels carry `ledger`, in which the system keeps its side of what it
  // asks; null: it keeps none. `clock` must outlive the channels that are given
  // out.
  GatewayChannel(std::string endpoint_file, CredentialFiles files,
                 const Clock& clock,
                 std::shared_ptr<SideLedger> ledger = nullptr);

  // The channel to the address that the file names now, with the certificate
  // and the roots that are there now; another one than before where any of them
  // has changed, so ask for it at every call. Calls in flight keep the channel
  // that they began on. While there is no endpoint file, or identity or roots
  // do not open, the last channel; before there was one, a channel whose calls
  // fail with UNAVAILABLE and name the file.
  std::shared_ptr<grpc::Channel> Get() PSM_EXCLUDES(mu_);

 private:
  void Dial(const std::string& target) PSM_REQUIRES(mu_);

  const std::string endpoint_file_;
  const CredentialFiles files_;
  const Clock& clock_;
  const std::shared_ptr<SideLedger> ledger_;
  const std::shared_ptr<RevocationListNumbers> seen_ =
      std::make_shared<RevocationListNumbers>();
  Mutex mu_;
  // What the channel was made with.
  std::string target_ PSM_GUARDED_BY(mu_);
  std::string version_ PSM_GUARDED_BY(mu_);
  std::shared_ptr<grpc::Channel> channel_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_
