// What an agency's process links: one call in main() that reads flags, opens
// the database, wires the services and serves them to the gateway and to nobody
// else.
#ifndef PSM_MESH_AGENCY_AGENCY_H_
#define PSM_MESH_AGENCY_AGENCY_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/channel.h"
#include "grpcpp/impl/service_type.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"

namespace psm::agency {

// The process of one system while it runs. Thread-safe after wiring.
class Agency {
 public:
  virtual ~Agency() = default;

  // "akatsuki/tax"; and its two halves.
  virtual const std::string& system() const = 0;
  virtual const std::string& agency_id() const = 0;

  virtual const Clock& clock() const = 0;

  // The system's own database: <run>/databases/<agency>/<system>.sqlite,
  // brought to the last of `migrations`. Call once.
  virtual absl::StatusOr<Database*> OpenDatabase(
      absl::Span<const Migration> migrations) = 0;

  // A folder of the system's own for files that it writes:
  // <run>/files/<agency>/<system>, made where it is missing.
  virtual absl::StatusOr<std::string> FilesFolder() = 0;

  // The run folder's path for a name of this system:
  // <run>/<kind>/<agency>/<system><suffix>.
  virtual std::string RunPath(absl::string_view kind,
                              absl::string_view suffix) const = 0;

  // A channel to the gateway with this system's certificate, which reconnects
  // by itself. Ask for it at every call and keep no copy: after the gateway
  // has restarted on another port it is another channel. Accepts no server but
  // spiffe://psm.test/agency/mesh/system/gateway. Calls fail with UNAVAILABLE
  // while there is no gateway.
  virtual std::shared_ptr<grpc::Channel> gateway() = 0;

  // Calls `take` with each line of the system's seed file
  // (<run>/seeds/<agency>/<system>.jsonl) that is not empty; no file, no
  // lines. Stops at the first error, which then names file and line.
  virtual absl::Status ForEachSeedLine(
      absl::FunctionRef<absl::Status(absl::string_view json)> take) = 0;

  // The same, parsed.
  template <typename Message>
  absl::Status ForEachSeed(
      absl::FunctionRef<absl::Status(const Message&)> take) {
    return ForEachSeedLine([&](absl::string_view json) -> absl::Status {
      Message message;
      auto parsed = google::protobuf::util::JsonStringToMessage(
          std::string(json), &message);
      if (!parsed.ok())
        return absl::InvalidArgumentError(std::string(parsed.message()));
      return take(message);
    });
  }

  // Adds a service to serve once wiring is done. Its methods may block (on the
  // database, on nested calls): each runs on a thread of its own.
  virtual void Serve(std::unique_ptr<grpc::Service> service) = 0;

  // Keeps an object that services point to alive until the process has stopped
  // serving.
  template <typename T>
  T* Own(std::unique_ptr<T> object) {
    T* pointer = object.get();
    KeepAlive(std::shared_ptr<void>(std::move(object)));
    return pointer;
  }

 protected:
  virtual void KeepAlive(std::shared_ptr<void> object) = 0;
};

// The whole life of an agency's process; main() returns its result. Flags:
// `--system agency/system` and `--run FOLDER` (both required), `--port N` (0:
// any). Proves itself with <run>/pki/systems/<agency>/<system>/identity.pem,
// trusts <run>/pki/trust.pem and refuses what <run>/pki/crl.pem revokes; calls
// `wire`; listens on 127.0.0.1; writes "127.0.0.1:PORT" to
// <run>/endpoints/<agency>/<system> atomically once it serves; stops on SIGTERM
// or SIGINT, finishing calls in flight within 5 s, and removes its endpoint
// file if it is still its own. What it asks, answers and is given as receipts
// it keeps in <run>/ledger/<agency>/<system>, and has the receipts proved
// (receipt_prover.h). Time is ClockFromEnvironment(). Exit code 0; 64
// for bad flags, an identity that is not the system's or that the roots and
// lists do not vouch for (lists that are missing or out of date, too), and for
// errors of `wire` that only another configuration mends (INVALID_ARGUMENT,
// NOT_FOUND, FAILED_PRECONDITION), all before a port opens; 1 for anything
// else. A peer whose certificate is not the gateway's fails the handshake.
int Main(int argc, char** argv, absl::FunctionRef<absl::Status(Agency&)> wire);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_AGENCY_H_
