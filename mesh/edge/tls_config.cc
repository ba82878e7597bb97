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
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
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

absl::StatusOr<std::shared_ptr<const TlsConfig>> TlsConfig::Load(
    const TlsFiles& files, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(const std::string identity,
                       WithReason(ReadPrivateFile(files.identity),
                                  "IDENTITY_UNREADABLE", files.identity));
  PSM_ASSIGN_OR_RETURN(
      const std::string roots,
      WithReason(ReadFile(files.trust), "TRUST_UNREADABLE", files.trust));
  PSM_ASSIGN_OR_RETURN(
      const std::string lists,
      WithReason(ReadFile(files.crl), "CRL_UNREADABLE", files.crl));
  std::shared_ptr<TlsConfig> config(new TlsConfig);

  absl::StatusOr<RevokedSerials> revoked = RevokedSerials::Parse(lists);
  if (!revoked.ok())
    return Unreadable("CRL_UNREADABLE", files.crl, revoked.status().message());
  config->revoked_ = *std::move(revoked);
  absl::StatusOr<std::shared_ptr<const Trust>> trust =
      Trust::Create(roots, lists);
  if (!trust.ok())
    return Unreadable("TRUST_UNREADABLE", files.trust,
                      trust.status().message());
  config->trust_ = *std::move(trust);

  absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(identity);
  if (!chain.ok())
    return Unreadable("IDENTITY_UNREADABLE", files.identity,
                      chain.status().message());
  OpenSslPtr<BIO> bio = ReadingBio(identity);
  OpenSslPtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (key == nullptr)
    return Unreadable("IDENTITY_UNREADABLE", files.identity,
                      "no private key is in it");
  if (X509_check_private_key(chain->front().get(), key.get()) != 1) {
    ERR_clear_error();
    return Unreadable("IDENTITY_UNREADABLE", files.identity,
                      "its key and its first certificate do not match");
  }
  absl::StatusOr<std::string> system = SystemOf(chain->front());
  if (!system.ok())
    return Unreadable("IDENTITY_UNREADABLE", files.identity,
                      system.status().message());
  config->system_ = *std::move(system);
  config->not_after_ = chain->front().not_after();
  PSM_RETURN_IF_ERROR(config->trust_->Verify(*chain, PeerRole::kServer, now));

  config->server_ =
      NewContext(TLS_server_method(), *chain, key.get(), *config->trust_);
  SSL_CTX_set_alpn_select_cb(config->server_, SelectAlpn, nullptr);
  config->client_ =
      NewContext(TLS_client_method(), *chain, key.get(), *config->trust_);
  CheckOpenSsl(  // zero is success here, alone in OpenSSL
      SSL_CTX_set_alpn_protos(config->client_, kAlpn, sizeof kAlpn) == 0,
      "SSL_CTX_set_alpn_protos");
  return config;
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
