// The channel to the gateway, wherever it listens now.
#ifndef PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_
#define PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/security/credentials.h"
#include "mesh/base/mutex.h"

namespace psm::agency {

// Thread-safe.
class GatewayChannel {
 public:
  // `endpoint_file` holds "host:port", written by the gateway once it serves.
  GatewayChannel(std::string endpoint_file,
                 std::shared_ptr<grpc::ChannelCredentials> credentials);

  // The channel to the address that the file names now; another one than before
  // where that has changed, so ask for it at every call. While there is no
  // file, the last channel; before there was one, a channel whose calls fail
  // with UNAVAILABLE and name the file.
  std::shared_ptr<grpc::Channel> Get() PSM_EXCLUDES(mu_);

 private:
  const std::string endpoint_file_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  Mutex mu_;
  std::string target_ PSM_GUARDED_BY(mu_);
  std::shared_ptr<grpc::Channel> channel_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_GATEWAY_CHANNEL_H_
