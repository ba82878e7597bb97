// One version of this process's key, trust and revocations, as TLS needs them.
#ifndef PSM_MESH_EDGE_TLS_CONFIG_H_
#define PSM_MESH_EDGE_TLS_CONFIG_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/edge/peer_identity.h"
#include "mesh/edge/revocation_list.h"

namespace psm::edge {

// Paths of PEM files.
struct TlsFiles {
  std::string identity;  // private key, leaf, intermediates, in one file
  std::string trust;     // roots
  std::string crl;       // one list per issuer, concatenated
};

// The files of `system` ("mesh/gateway") in a run folder:
// <run>/pki/systems/<system>/identity.pem, <run>/pki/{trust,crl}.pem.
TlsFiles TlsFilesOf(const std::string& run, const std::string& system);

// An immutable snapshot, thread-safe. A reload makes another, which new
// connections use; live connections keep the identity of their peer and are
// checked against the newest snapshot call by call.
//
// What it insists on, in both directions: TLS 1.3; a certificate of the other
// end under `trust`, for the right usage, with every certificate of the chain
// looked up in a fresh revocation list; ALPN "h2"; no session tickets, no
// session cache, no early data (resumption would skip revocation).
class TlsConfig {
 public:
  // Reads the files once each, at `now`. FAILED_PRECONDITION with reason
  // IDENTITY_UNREADABLE, IDENTITY_EXPIRED, TRUST_UNREADABLE, CRL_UNREADABLE or
  // CRL_EXPIRED; a missing file counts as unreadable: nobody is let in without
  // fresh revocation state.
  static absl::StatusOr<std::shared_ptr<const TlsConfig>> Load(
      const TlsFiles& files, absl::Time now);
  ~TlsConfig();
  TlsConfig(const TlsConfig&) = delete;
  TlsConfig& operator=(const TlsConfig&) = delete;

  // Whether the peer of a live connection may still be served at `now`: OK; or
  // UNAUTHENTICATED with reason CERTIFICATE_EXPIRED or CERTIFICATE_REVOKED; or
  // UNAVAILABLE, REVOCATION_UNKNOWN, when a list has gone stale.
  absl::Status CheckPeer(const PeerIdentity& peer, absl::Time now) const;

  // Reads the peer's identity after a completed handshake. UNAUTHENTICATED,
  // CERTIFICATE_INVALID, where the leaf has not exactly one URI SAN, or it is
  // not a system's; ALPN_REQUIRED where "h2" was not agreed.
  static absl::StatusOr<std::shared_ptr<const PeerIdentity>> PeerOf(SSL* ssl);

  const std::string& system() const { return system_; }  // this process's own
  absl::Time not_after() const { return not_after_; }    // of its own leaf
  const RevocationList& revocations() const { return *revocations_; }

  // A new TLS state, whose chain checks happen as of `now`. Never null: memory
  // exhaustion ends the process.
  SSL* NewServerSession(absl::Time now) const;
  SSL* NewClientSession(absl::Time now) const;

 private:
  TlsConfig() = default;
  absl::Status Build(const TlsFiles& files, absl::Time now);

  std::string system_;
  absl::Time not_after_;
  std::shared_ptr<const RevocationList> revocations_;
  SSL_CTX* server_ = nullptr;  // owned
  SSL_CTX* client_ = nullptr;  // owned
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TLS_CONFIG_H_
