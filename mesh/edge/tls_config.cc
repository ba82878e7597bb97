#include "mesh/edge/tls_config.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/directory/directory.h"

// Why an identity can be trusted: OpenSSL verifies the chain during the
// handshake against Trust's store, whose flags ask for a fresh list of every
// issuer; only then is the name read, from the leaf that was verified, and only
// then does a byte of HTTP/2 pass. Resumption, which would skip all of that, is
// off on our side, whatever the other end offers.

namespace psm::edge {
namespace {

constexpr unsigned char kAlpn[] = {2, 'h', '2'};
// Leaf, up to two intermediates, root.
constexpr int kDepth = 2;

absl::Status Unreadable(absl::string_view reason, const std::string& path,
                        absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason,
                   Party::kGateway, absl::StrCat(path, ": ", why),
                   {{"file", path}});
}

absl::StatusOr<std::string> WithReason(absl::StatusOr<std::string> contents,
                                       absl::string_view reason,
                                       const std::string& path) {
  if (contents.ok()) return contents;
  return MakeError(absl::StatusCode::kFailedPrecondition, reason,
                   Party::kGateway, contents.status().message(),
                   {{"file", path}});
}

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size,
               const unsigned char* in, unsigned int in_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof kAlpn, in,
                            in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* NewContext(const SSL_METHOD* method,
                    const std::vector<Certificate>& chain, EVP_PKEY* key,
                    const Trust& trust) {
  SSL_CTX* context = SSL_CTX_new(method);
  CheckOpenSsl(context != nullptr, "SSL_CTX_new");
  CheckOpenSsl(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1,
               "SSL_CTX_set_min_proto_version");
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  CheckOpenSsl(SSL_CTX_set_num_tickets(context, 0) == 1,
               "SSL_CTX_set_num_tickets");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context, 0);
  // Buffers of 17 KiB in each direction are there only while there is something
  // in them: most connections are idle at any time.
  SSL_CTX_set_mode(
      context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  SSL_CTX_set_verify_depth(context, kDepth);
  CheckOpenSsl(SSL_CTX_set1_verify_cert_store(context, trust.store()) == 1,
               "SSL_CTX_set1_verify_cert_store");
  CheckOpenSsl(SSL_CTX_use_certificate(context, chain[0].get()) == 1,
               "SSL_CTX_use_certificate");
  for (std::size_t i = 1; i < chain.size(); ++i) {
    CheckOpenSsl(SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1,
                 "SSL_CTX_add1_chain_cert");
  }
  CheckOpenSsl(SSL_CTX_use_PrivateKey(context, key) == 1,
               "SSL_CTX_use_PrivateKey");
  return context;
}

SSL* NewSession(SSL_CTX* context, absl::Time now) {
  SSL* ssl = SSL_new(context);
  CheckOpenSsl(ssl != nullptr, "SSL_new");
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), absl::ToTimeT(now));
  return ssl;
}

// Sessions know their context, and it the count of their peers. It may outlive
// the TlsConfig that made it.
using SharedPeers = std::shared_ptr<PeersInUse>;

int PeersIndex() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* peers, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<SharedPeers*>(peers);
      });
  return index;
}

void SetPeersInUse(SSL_CTX* context, const SharedPeers& peers) {
  CheckOpenSsl(
      SSL_CTX_set_ex_data(context, PeersIndex(), new SharedPeers(peers)) == 1,
      "SSL_CTX_set_ex_data");
}

// Whose lists are to be believed: the roots, and the authorities of our chain.
std::vector<Certificate> IssuersOf(const std::vector<Certificate>& chain,
                                   const std::string& roots) {
  std::vector<Certificate> issuers(chain.begin() + 1, chain.end());
  absl::StatusOr<std::vector<Certificate>> more =
      Certificate::ChainFromPem(roots);
  if (more.ok()) issuers.insert(issuers.end(), more->begin(), more->end());
  return issuers;
}

absl::StatusOr<std::string> SystemOf(const Certificate& leaf) {
  PSM_ASSIGN_OR_RETURN(std::string uri, leaf.UriName());
  return SystemIdOf(uri);
}

absl::Status NotTrusted(absl::string_view reason, absl::string_view why) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, Party::kConsumer,
                   why);
}

}  // namespace

TlsFiles TlsFilesOf(const std::string& run, const std::string& system) {
  return {absl::StrCat(run, "/pki/systems/", system, "/identity.pem"),
          absl::StrCat(run, "/pki/trust.pem"),
          absl::StrCat(run, "/pki/crl.pem")};
}

struct TlsConfig::Identity {
  std::string system;
  std::vector<Certificate> chain;
  std::shared_ptr<EVP_PKEY> key;
};

struct TlsConfig::Beliefs {
  std::string roots;
  std::string lists;
  std::shared_ptr<const Trust> trust;
  RevokedSerials revoked;
};

absl::StatusOr<TlsConfig::Identity> TlsConfig::ReadIdentity(
    const TlsFiles& files) {
  PSM_ASSIGN_OR_RETURN(const std::string pem,
                       WithReason(ReadPrivateFile(files.identity),
                                  "IDENTITY_UNREADABLE", files.identity));
  const auto unreadable = [&files](absl::string_view why) {
    return Unreadable("IDENTITY_UNREADABLE", files.identity, why);
  };
  Identity identity;
  absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(pem);
  if (!chain.ok()) return unreadable(chain.status().message());
  identity.chain = *std::move(chain);
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  identity.key = OpenSslPtr<EVP_PKEY>(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (identity.key == nullptr) return unreadable("no private key is in it");
  if (X509_check_private_key(identity.chain.front().get(),
                             identity.key.get()) != 1) {
    ERR_clear_error();
    return unreadable("its key and its first certificate do not match");
  }
  absl::StatusOr<std::string> system = SystemOf(identity.chain.front());
  if (!system.ok()) return unreadable(system.status().message());
  identity.system = *std::move(system);
  return identity;
}

absl::StatusOr<TlsConfig::Beliefs> TlsConfig::ReadBeliefs(
    const TlsFiles& files) {
  Beliefs beliefs;
  PSM_ASSIGN_OR_RETURN(
      beliefs.roots,
      WithReason(ReadFile(files.trust), "TRUST_UNREADABLE", files.trust));
  PSM_ASSIGN_OR_RETURN(beliefs.lists, WithReason(ReadFile(files.crl),
                                                 "CRL_UNREADABLE", files.crl));
  absl::StatusOr<RevokedSerials> revoked = RevokedSerials::Parse(beliefs.lists);
  if (!revoked.ok())
    return Unreadable("CRL_UNREADABLE", files.crl, revoked.status().message());
  beliefs.revoked = *std::move(revoked);
  absl::StatusOr<std::shared_ptr<const Trust>> trust =
      Trust::Create(beliefs.roots, beliefs.lists);
  if (!trust.ok())
    return Unreadable("TRUST_UNREADABLE", files.trust,
                      trust.status().message());
  beliefs.trust = *std::move(trust);
  return beliefs;
}

std::shared_ptr<const TlsConfig> TlsConfig::Make(
    const Identity& identity, Beliefs beliefs,
    std::shared_ptr<RevocationListNumbers> numbers,
    std::shared_ptr<PeersInUse> peers) {
  std::shared_ptr<TlsConfig> config(new TlsConfig);
  config->system_ = identity.system;
  config->chain_ = identity.chain;
  config->key_ = identity.key;
  config->roots_ = std::move(beliefs.roots);
  config->trust_ = std::move(beliefs.trust);
  config->revoked_ = std::move(beliefs.revoked);
  config->numbers_ = std::move(numbers);
  config->peers_ = std::move(peers);
  config->server_ = NewContext(TLS_server_method(), config->chain_,
                               config->key_.get(), *config->trust_);
  SSL_CTX_set_alpn_select_cb(config->server_, SelectAlpn, nullptr);
  config->client_ = NewContext(TLS_client_method(), config->chain_,
                               config->key_.get(), *config->trust_);
  CheckOpenSsl(  // zero is success here, alone in OpenSSL
      SSL_CTX_set_alpn_protos(config->client_, kAlpn, sizeof kAlpn) == 0,
      "SSL_CTX_set_alpn_protos");
  SetPeersInUse(config->server_, config->peers_);
  SetPeersInUse(config->client_, config->peers_);
  return config;
}

absl::StatusOr<std::shared_ptr<const TlsConfig>> TlsConfig::Load(
    const TlsFiles& files, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(const Identity identity, ReadIdentity(files));
  PSM_ASSIGN_OR_RETURN(Beliefs beliefs, ReadBeliefs(files));
  PSM_RETURN_IF_ERROR(
      beliefs.trust->Verify(identity.chain, PeerRole::kServer, now));
  auto numbers = std::make_shared<RevocationListNumbers>();
  PSM_RETURN_IF_ERROR(
      numbers->Take(beliefs.lists, IssuersOf(identity.chain, beliefs.roots)));
  return Make(identity, std::move(beliefs), std::move(numbers),
              std::make_shared<PeersInUse>());
}

std::shared_ptr<const TlsConfig> TlsConfig::RefuseAll(const TlsConfig& before) {
  Beliefs none;
  none.roots = before.roots_;
  // They parsed when they were put in force.
  none.trust = *Trust::CreateWithoutLists(before.roots_);
  return Make({before.system_, before.chain_, before.key_}, std::move(none),
              before.numbers_, before.peers_);
}

TlsConfig::Reloaded TlsConfig::Reload(const TlsFiles& files,
                                      const TlsConfig& before, absl::Time now) {
  absl::StatusOr<Beliefs> beliefs = ReadBeliefs(files);
  if (!beliefs.ok()) return {RefuseAll(before), beliefs.status()};
  Identity kept{before.system_, before.chain_, before.key_};
  absl::StatusOr<Identity> identity = ReadIdentity(files);
  absl::Status problem = identity.status();
  if (problem.ok())
    problem = beliefs->trust->Verify(identity->chain, PeerRole::kServer, now);
  // Whoever has a bad certificate of his own still learns from it whether the
  // lists are of any use.
  const absl::Status lists =
      problem.ok() || identity.ok()
          ? problem
          : beliefs->trust->Verify(kept.chain, PeerRole::kServer, now);
  if (ReasonOf(lists) == "REVOCATION_STATE_STALE")
    return {RefuseAll(before), lists};
  const Identity& used = problem.ok() ? *identity : kept;
  const absl::Status newest = before.numbers_->Take(
      beliefs->lists, IssuersOf(used.chain, beliefs->roots));
  if (!newest.ok()) return {RefuseAll(before), newest};
  return {Make(used, *std::move(beliefs), before.numbers_, before.peers_),
          problem};
}

TlsConfig::~TlsConfig() {
  SSL_CTX_free(server_);
  SSL_CTX_free(client_);
}

absl::Status TlsConfig::CheckPeer(const PeerIdentity& peer,
                                  absl::Time now) const {
  if (now < peer.not_before || now >= peer.not_after + absl::Seconds(1)) {
    return NotTrusted("CERTIFICATE_EXPIRED",
                      "the certificate is not valid now; use a new one");
  }
  return revoked_.Check(peer, now);
}

bool TlsConfig::ShouldReconnect(const PeerIdentity& peer,
                                const TlsConfig& before) const {
  return certificate().serial() != before.certificate().serial() &&
         chain_.size() > 1 && peer.chain.size() > 1 &&
         peer.chain[1].serial != chain_[1].serial();
}

absl::StatusOr<std::shared_ptr<const PeerIdentity>> TlsConfig::PeerOf(
    SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size != 2 || protocol[0] != 'h' || protocol[1] != '2')
    return NotTrusted("ALPN_REQUIRED", "the peer did not agree to h2");
  STACK_OF(X509)* verified = SSL_get0_verified_chain(ssl);
  if (SSL_get_verify_result(ssl) != X509_V_OK || verified == nullptr ||
      sk_X509_num(verified) == 0)
    return NotTrusted("CERTIFICATE_NOT_TRUSTED", "no certificate was verified");

  auto peer = std::make_shared<PeerIdentity>();
  peer->not_before = absl::InfinitePast();
  peer->not_after = absl::InfiniteFuture();
  for (int i = 0; i < sk_X509_num(verified); ++i) {
    absl::StatusOr<Certificate> certificate =
        Certificate::FromX509(sk_X509_value(verified, i));
    if (!certificate.ok())
      return NotTrusted("CERTIFICATE_NOT_TRUSTED",
                        certificate.status().message());
    if (i == 0) {
      absl::StatusOr<std::string> system = SystemOf(*certificate);
      if (!system.ok())
        return NotTrusted("CERTIFICATE_NOT_TRUSTED", system.status().message());
      peer->system = *std::move(system);
      peer->serial = certificate->serial();
    }
    peer->not_before = std::max(peer->not_before, certificate->not_before());
    peer->not_after = std::min(peer->not_after, certificate->not_after());
    peer->chain.push_back({DerOf(X509_get_issuer_name(certificate->get())),
                           certificate->serial()});
  }
  const auto* peers = static_cast<const SharedPeers*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), PeersIndex()));
  // A system's own certificate is no authority: there is one above it.
  if (peers != nullptr && peer->chain.size() > 1)
    peer->counted = (*peers)->Count(peer->chain[1].serial, peer->system);
  return peer;
}

SSL* TlsConfig::NewServerSession(absl::Time now) const {
  SSL* ssl = NewSession(server_, now);
  SSL_set_accept_state(ssl);
  return ssl;
}

SSL* TlsConfig::NewClientSession(absl::Time now) const {
  SSL* ssl = NewSession(client_, now);
  SSL_set_connect_state(ssl);
  return ssl;
}

}  // namespace psm::edge
