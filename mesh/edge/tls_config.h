// One version of this process's key, trust and revocations, as TLS needs them.
#ifndef PSM_MESH_EDGE_TLS_CONFIG_H_
#define PSM_MESH_EDGE_TLS_CONFIG_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/revocation_list_numbers.h"
#include "mesh/crypto/trust.h"
#include "mesh/edge/peer_identity.h"
#include "mesh/edge/peers_in_use.h"
#include "mesh/edge/revoked_serials.h"

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
// looked up in a fresh revocation list (psm::Trust); ALPN "h2"; no session
// tickets, no session cache, no early data (resumption would skip revocation).
class TlsConfig {
 public:
  // Reads the files once each. FAILED_PRECONDITION with reason
  // IDENTITY_UNREADABLE, TRUST_UNREADABLE or CRL_UNREADABLE for a file that is
  // missing or wrong, an identity that others may read among them; what
  // Trust::Verify says about the own chain at `now`, where that would not be
  // accepted by others (expired lists included): nobody is let in without fresh
  // revocation state.
  static absl::StatusOr<std::shared_ptr<const TlsConfig>> Load(
      const TlsFiles& files, absl::Time now);

  struct Reloaded {
    std::shared_ptr<const TlsConfig> config;  // never null
    absl::Status problem;
  };
  // What is in force once the files of `before` have changed. There is always
  // something:
  // - roots and lists are good, and so is the identity: these; `problem` is OK;
  // - the identity is not good (Load's errors): that of `before` with the new
  //   roots and lists, so that a revocation binds all the same;
  // - roots or lists are missing, damaged, out of date, or a list is older than
  //   one that was in force (reason CRL_OLDER): nobody is let in and nobody
  //   that is in is served, REVOCATION_STATE_STALE, until they are good.
  // `problem` then says which it was.
  static Reloaded Reload(const TlsFiles& files, const TlsConfig& before,
                         absl::Time now);

  ~TlsConfig();
  TlsConfig(const TlsConfig&) = delete;
  TlsConfig& operator=(const TlsConfig&) = delete;

  // Whether the peer of a live connection may still be served at `now`: OK; or
  // UNAUTHENTICATED with reason CERTIFICATE_EXPIRED or CERTIFICATE_REVOKED; or
  // UNAVAILABLE REVOCATION_STATE_STALE, when a list has gone stale. Cheap
  // enough for every call.
  absl::Status CheckPeer(const PeerIdentity& peer, absl::Time now) const;

  // Whether a peer of a live connection should connect anew, now that this
  // takes the place of `before`: this process has a new certificate, and the
  // peer's is of another authority, which in a rotation is the one that ends.
  bool ShouldReconnect(const PeerIdentity& peer, const TlsConfig& before) const;

  // Reads the peer's identity after a completed handshake, and counts it in
  // peers_in_use() of its configuration. UNAUTHENTICATED,
  // CERTIFICATE_NOT_TRUSTED, where the leaf has not exactly one URI name, or
  // that is not a system's; ALPN_REQUIRED where "h2" was not agreed.
  static absl::StatusOr<std::shared_ptr<const PeerIdentity>> PeerOf(SSL* ssl);

  // The system that this process is by its own certificate.
  const std::string& system() const { return system_; }
  const Certificate& certificate() const { return chain_.front(); }
  // When its own certificate ends.
  absl::Time not_after() const { return certificate().not_after(); }
  // The highest number of the revocation lists so far.
  std::uint64_t list_number() const { return numbers_->highest(); }
  // Until when the lists hold: nobody is served after it. InfinitePast where
  // there are none.
  absl::Time lists_expire_time() const { return revoked_.next_update(); }
  // Of all versions of this process together.
  PeersInUse& peers_in_use() const { return *peers_; }

  // A new TLS state, whose chain checks happen as of `now`; the caller's to
  // free. It keeps what it needs of this object.
  SSL* NewServerSession(absl::Time now) const;
  SSL* NewClientSession(absl::Time now) const;

 private:
  // What the files say, checked for themselves.
  struct Beliefs;
  struct Identity;
  static absl::StatusOr<Identity> ReadIdentity(const TlsFiles& files);
  static absl::StatusOr<Beliefs> ReadBeliefs(const TlsFiles& files);
  static std::shared_ptr<const TlsConfig> Make(
      const Identity& identity, Beliefs beliefs,
      std::shared_ptr<RevocationListNumbers> numbers,
      std::shared_ptr<PeersInUse> peers);
  static std::shared_ptr<const TlsConfig> RefuseAll(const TlsConfig& before);
  TlsConfig() = default;

  std::string system_;
  std::vector<Certificate> chain_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string roots_;  // PEM
  std::shared_ptr<const Trust> trust_;
  RevokedSerials revoked_;
  std::shared_ptr<RevocationListNumbers> numbers_;
  std::shared_ptr<PeersInUse> peers_;
  SSL_CTX* server_ = nullptr;  // owned
  SSL_CTX* client_ = nullptr;  // owned
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TLS_CONFIG_H_
